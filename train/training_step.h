/*
 * One training step by itself: forward, backward and update in one program, as a run repeats it.
 * `show --plan` prints it, and `profile` times it.
 */
#ifndef YG_TRAIN_TRAINING_STEP_H
#define YG_TRAIN_TRAINING_STEP_H

#include "../data/data.h"
#include "../graph/program.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_training_step_options {
    int64_t batch_size; /* 0: `train: batch_size`, or 32; at most the number of examples */
    yg_dtype dtype;     /* as yg_evaluate_options.dtype */
    int threads;        /* 0: all cores */
    /* Sizes of symbolic dimensions, for a model without data. A dimension that is not listed has
     * the size 16. */
    const yg_dim *dims;
    size_t dim_count;
    /* Plan only: no data are read, and the program has no memory and cannot be run. `dims` must
     * then list every symbolic dimension, the batch's too, and batch_size is not used. */
    bool unfilled;
    unsigned graph_flags;       /* YG_GRAPH_NO_ALGEBRA, YG_GRAPH_NO_FOLD, both or 0 */
    const char *const *without; /* passes to leave out, as yg_compile_options.without */
    size_t without_count;
} yg_training_step_options;

typedef struct yg_training_step {
    int64_t batch_size;
    yg_dtype dtype;
    bool random_data;     /* the model has no `data:`; random values stand in the inputs */
    double build_seconds; /* from the model to the program: building, differentiating, compiling */
    const yg_graph *graph;
    /* Nodes below forward_end are the model's own, those from there to backward_end are what
     * differentiation added, and the rest is the optimizer's. */
    yg_node forward_end, backward_end;
    yg_program *program;
    uint64_t seed; /* for yg_program_run() */
    struct yg_training_step_parts *parts;
} yg_training_step;

/* Makes the step with the optimizer of `train:`; for a model without one the gradients are the
 * program's outputs. The inputs hold the first training examples, repeated if the batch is larger.
 * The parameters hold their initial values. They keep them however often the step is run, because
 * the learning rate is 0.
 *
 * `options` NULL: the defaults. False on failure; a model without a loss is one. After success the
 * caller frees with yg_training_step_free(). The model must outlive the step. */
bool yg_training_step_make(const yg_model *model, const yg_training_step_options *options,
                           yg_training_step *step, yg_error *error);
void yg_training_step_free(yg_training_step *step); /* what it holds, not the struct */

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
