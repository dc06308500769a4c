/*
 * Executables: a network at one batch size, compiled, with its inputs filled from examples and its
 * parameters bound to tensors that executables share. Private to train/.
 */
#ifndef YG_TRAIN_EXECUTABLE_H
#define YG_TRAIN_EXECUTABLE_H

#include "evaluate.h"
#include "gradients.h"
#include "optimizer.h"
#include "safetensors.h"
#include "score_plan.h"
#include "stream.h"

/* What every executable of a set has in common. */
typedef struct yg_executable_options {
    const yg_model *model;
    const yg_data *data; /* for its dims */
    yg_dtype dtype;
    int threads;
    bool training;                 /* dropout drops */
    bool outputs_only;             /* inputs to outputs: predict */
    bool gradients;                /* of the loss, as outputs */
    const yg_optimizer *optimizer; /* NULL: no updates */
    double clip_grad_norm;         /* 0: none */
    const yg_score_plan *plan;     /* NULL: the parts of scores are not asked for */
    bool recompute;                /* as yg_compile_options.recompute */
    const yg_program *beside;      /* yg_compile_options.beside */
    unsigned graph_flags;          /* as yg_network_options.graph_flags */
    unsigned compile_flags;        /* as yg_compile_options.flags … */
    const char *const *without;    /* … and its passes that are left out */
    size_t without_count;
} yg_executable_options;

/* A tensor of the program, for reading after a run. */
typedef struct yg_result {
    const char *name;
    yg_node node; /* YG_NONE: a gradient that does not exist */
    yg_type type;
    const void *data; /* NULL until yg_executable_bind(), and for a gradient that does not exist */
    yg_origin origin;
    /* The program's own bytes. `data` is the copy, where there is one: of a parameter, or a view
     * of one, that the program updates, and that is read as it was before the run. */
    const void *source;
    void *copy;
} yg_result;

typedef struct yg_executable {
    int64_t batch;
    const yg_score_plan *plan; /* or NULL */
    yg_network *network;
    yg_node forward_end, backward_end; /* where the gradients' nodes begin and end */
    yg_program *program;
    size_t feed_count;
    yg_feed *feeds;
    yg_result loss;
    size_t metric_count;
    yg_result *metrics;
    size_t trainable_count; /* where gradients are computed … */
    size_t unreached_count; /* … and of those the parameters that the loss does not depend on, or by
                               no differentiable path */
    const char **unreached; /* their names, which belong to the network */
    size_t part_count;      /* of the plan, or 0 */
    yg_result *parts;
    size_t output_count; /* outputs_only: the model's outputs */
    yg_result *outputs;
    size_t gradient_count; /* gradients: one for each trainable parameter */
    yg_result *gradients;
    yg_optimizer_graph updates;
    double *lr, *t; /* NULL: the optimizer has no use for it */
} yg_executable;

/* The network that an executable of that batch size is made of. NULL on failure; freed by the
 * caller. */
yg_network *yg_executable_network(const yg_executable_options *options, int64_t batch,
                                  yg_error *error);

/* NULL on failure. `batch` 0: the data's dims have the batch dimension too, and there are no feeds
 * to fill. */
yg_executable *yg_executable_new(const yg_executable_options *options, int64_t batch,
                                 yg_error *error);
void yg_executable_free(yg_executable *executable); /* NULL is allowed */

/* Binds parameters and optimizer state to store's tensors of the same names. State that the store
 * lacks is added to it, as zeros. Only from then on can results be read: one of them may be a
 * parameter. */
bool yg_executable_bind(yg_executable *executable, yg_tensor_file *store, yg_error *error);

/* Whether what the last run came to is finite. A loss that is not, because no example of the batch
 * counts (0 / 0), is no failure: its parts are. */
bool yg_executable_is_finite(const yg_executable *executable);

/* Fails where there is nothing to train: no trainable parameter, or none that the loss reaches. */
bool yg_executable_check_trainable(const yg_executable *executable, const yg_model *model,
                                   yg_error *error);

/* Fills the inputs with the next examples of a stream, as many as the batch holds. */
void yg_executable_fill(const yg_executable *executable, yg_stream *stream);

/* One run, as yg_program_run(). */
bool yg_executable_run(yg_executable *executable, uint64_t seed, uint64_t step, yg_error *error);

/* The value of a scalar result, at the parameters that the last run read. */
double yg_result_scalar(const yg_result *result);

/* The parameters that a gradient is asked at: initial values, or the weights given. */
bool yg_gradients_parameters(const yg_model *model, const yg_gradients_options *options,
                             const yg_executable *executable, yg_tensor_file *store,
                             yg_error *error);

#endif
