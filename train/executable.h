/*
 * An executable: a network that is compiled for one batch size. Its inputs are filled from a
 * stream of examples. Its parameters are bound to tensors that several executables share, so all of
 * them see the same training. Private to train/.
 */
#ifndef YG_TRAIN_EXECUTABLE_H
#define YG_TRAIN_EXECUTABLE_H

#include "../data/safetensors.h"
#include "../data/stream.h"
#include "accumulate.h"
#include "average.h"
#include "evaluate.h"
#include "gradient_terms.h"
#include "gradients.h"
#include "optimizer.h"
#include "random_loss.h"
#include "score_plan.h"
#include "shard_operators.h"

/* What every executable of a set has in common. */
typedef struct yg_executable_options {
    const yg_model *model;
    const yg_data *data; /* for its dims */
    int64_t length;      /* steps that sequences are padded to; 0: no port takes sequences */
    yg_dtype dtype;
    int threads;
    bool training;                 /* build the network for training: dropout drops */
    bool outputs_only;             /* compute only the model's outputs, for predict */
    bool gradients;                /* compute the gradients of the loss as results */
    bool random_loss;              /* a model without a loss gets one: see yg_random_loss_build() */
    const yg_optimizer *optimizer; /* NULL: no updates */
    yg_gradient_terms terms;       /* of the updates' gradients */
    int64_t phase;                 /* of yg_optimizer_phase(); 0: all groups are trained */
    const yg_average *average;     /* of the weights; NULL: none */
    yg_batch_role role;            /* in a step */
    yg_exchange *exchange;         /* of a step's shards; NULL: there are none */
    const yg_score_plan *plan;     /* compute the parts of its scores too; NULL: do not */
    bool recompute;                /* as yg_compile_options.recompute */
    const yg_program *beside;      /* as yg_compile_options.beside; its memory is used too, */
    bool own_memory;               /* unless this is set */
    unsigned graph_flags;          /* as yg_network_options.graph_flags */
    unsigned compile_flags;        /* as yg_compile_options.flags */
    const char *const *without;    /* passes to leave out, as yg_compile_options.without */
    size_t without_count;
} yg_executable_options;

/* A tensor of the program, for reading after a run. */
typedef struct yg_result {
    const char *name;
    yg_node node; /* YG_NONE: a gradient that does not exist, or a part that was not found */
    yg_type type;
    const void *data; /* the value to read; NULL before yg_executable_bind(), and for a gradient
                         that does not exist */
    yg_origin origin;
    const void *source; /* the program's own bytes */
    void *copy;         /* of `source`, made before each run; then `data` points here. NULL: none.
                           Needed where the program writes over the result: a parameter, or a view
                           of one, that it updates. */
} yg_result;

typedef struct yg_executable {
    int64_t batch;             /* examples */
    int64_t length;            /* as in the options */
    yg_batch_role role;        /* as in the options */
    int64_t phase;             /* as in the options */
    uint64_t used;             /* when a set of executables gave it last */
    const yg_score_plan *plan; /* or NULL */
    yg_network *network;
    yg_node forward_end, backward_end; /* where the gradients' nodes begin and end */
    yg_program *program;
    size_t feed_count;
    yg_feed *feeds;
    yg_node loss_node; /* of the network, or the random loss */
    yg_random_loss random_loss;
    yg_result loss;
    size_t metric_count;
    yg_result *metrics;
    size_t trainable_count; /* trainable parameters; 0 where no gradients are computed */
    size_t unreached_count; /* trainable parameters that the loss does not depend on through
                               differentiable operators */
    const char **unreached; /* the names of these, which belong to the network */
    size_t part_count;      /* of the plan, or 0 */
    yg_result *parts;
    size_t output_count; /* outputs_only: the model's outputs */
    yg_result *outputs;
    size_t gradient_count; /* gradients: one for each trainable parameter */
    yg_result *gradients;
    yg_optimizer_graph updates; /* those of the model's own states too */
    yg_optimizer_graph sums;    /* the states of yg_accumulate_build(), for YG_BATCH_LAST */
    double *lr;                 /* input of the program: the learning rate; NULL: it is not used */
    double *t; /* input of the program: the number of the step, from 1; NULL: it is not used */
    double *average_rate;   /* input of the program: see average.h; NULL: it is not used */
    int64_t *exchange;      /* input of the program: see shard_operators.h; NULL: it is not used */
    double *first, *weight; /* inputs of the program: see accumulate.h, shard_operators.h; NULL:
                               they are not used */
} yg_executable;

/* The network that an executable of that batch size is made of. NULL on failure; freed by the
 * caller. */
yg_network *yg_executable_network(const yg_executable_options *options, int64_t batch,
                                  yg_error *error);

/* Builds and compiles an executable. `batch` 0: the data's dims give the batch dimension too, and
 * there are no feeds to fill. NULL on failure; freed by yg_executable_free(). */
yg_executable *yg_executable_new(const yg_executable_options *options, int64_t batch,
                                 yg_error *error);
void yg_executable_free(yg_executable *executable); /* NULL is allowed */

/* The tensor that is evaluated and kept in place of a parameter: an average of its values, if the
 * optimizer has one, else the parameter's own. NULL on failure. */
const yg_tensor *yg_evaluated_tensor(const yg_tensor_file *store, const char *parameter,
                                     yg_error *error);

/* Binds parameters and optimizer state to the store's tensors of the same names. State that the
 * store lacks is added to it, as zeros. An executable without an optimizer gets what is evaluated.
 * Results can be read only after this call, because one of
 * them may be a parameter. False on failure. */
bool yg_executable_bind(yg_executable *executable, yg_tensor_file *store, yg_error *error);

/* Whether the last run's loss is finite, or the parts that it is computed from. A batch in which no
 * example counts, as when all labels are ignored, has the loss 0 / 0: its parts are finite, so that
 * is no failure. */
bool yg_executable_is_finite(const yg_executable *executable);

/* Fails where there is nothing to train: no trainable parameter, or none that the loss depends on.
 */
bool yg_executable_check_trainable(const yg_executable *executable, const yg_model *model,
                                   yg_error *error);

/* Fills the inputs with the next examples of a stream, as many as the batch holds. */
bool yg_executable_fill(const yg_executable *executable, yg_stream *stream, yg_error *error);

/* One run, as yg_program_run(). */
bool yg_executable_run(yg_executable *executable, uint64_t seed, uint64_t step, yg_error *error);

/* Goes on with a run that has failed, as yg_program_go_on(). */
bool yg_executable_go_on(yg_executable *executable, yg_error *error);

/* Where the model file states the loss. */
yg_origin yg_executable_loss_origin(const yg_executable *executable);

/* The value of a scalar result, at the parameters that the last run read. */
double yg_result_scalar(const yg_result *result);

/* The seed that the options give, or that training would use. */
bool yg_gradients_seed(const yg_model *model, const yg_gradients_options *options, uint64_t *seed,
                       yg_error *error);

/* Fills the store with the parameters at which a gradient is asked for: initial values, or the
 * weights that the options name. */
bool yg_gradients_parameters(const yg_model *model, const yg_gradients_options *options,
                             const yg_executable *executable, yg_tensor_file *store,
                             yg_error *error);

#endif
