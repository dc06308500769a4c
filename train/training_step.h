/*
 * One training step by itself, as a run repeats it: forward, backward and update in one program, to
 * look at and to time.
 */
#ifndef YG_TRAIN_TRAINING_STEP_H
#define YG_TRAIN_TRAINING_STEP_H

#include "../graph/program.h"
#include "data.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_training_step_options {
    int64_t batch_size; /* 0: `train: batch_size`, or 32; at most the number of examples */
    yg_dtype dtype;     /* as yg_evaluate_options.dtype */
    int threads;        /* 0: all cores */
    /* Symbolic dimensions, where no data decide them. One that is missing there has 16. */
    const yg_dim *dims;
    size_t dim_count;
    /* To be looked at only: no data are read, and `dims` has every
     * symbolic dimension, the batch's too; batch_size is not used. The program has no memory and
     * cannot be run. */
    bool unfilled;
    /* What is left out: YG_GRAPH_NO_ALGEBRA and YG_GRAPH_NO_FOLD while the graph is built, and
     * passes, as yg_compile_options.without, when it is compiled. */
    unsigned graph_flags;
    const char *const *without;
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

/* The step with the optimizer of `train:`; without one the gradients are the program's outputs. The
 * inputs hold the first training examples, over again if the batch is larger, the parameters their
 * initial values; the learning rate is 0, so that they keep them, however often the step is run.
 * `options` NULL: the defaults. A model without a loss is an error. After success the caller frees
 * with yg_training_step_free(); the model must outlive the step. */
bool yg_training_step_make(const yg_model *model, const yg_training_step_options *options,
                           yg_training_step *step, yg_error *error);
void yg_training_step_free(yg_training_step *step); /* what it holds, not the struct */

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
