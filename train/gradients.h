/*
 * The gradients of a model's loss: computed once for `yamlgrad grad`, or compared with differences
 * for `yamlgrad check`.
 */
#ifndef YG_TRAIN_GRADIENTS_H
#define YG_TRAIN_GRADIENTS_H

#include "../data/data.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_gradients_options {
    const char *weights; /* a safetensors file; NULL: the model's initial values */
    uint64_t seed;       /* of the initial values, if has_seed */
    bool has_seed;       /* false: `train: seed`, or 0 without that */
    yg_dtype dtype;      /* as yg_evaluate_options.dtype */
    int threads;         /* 0: all cores */
    /* Compute as training step 0 does, with dropout as the seed draws it and the statistics of the
     * batch. false: as evaluation does. */
    bool training;
    /* For yg_check_gradients(): the most elements of a parameter to compare, spread over each of
     * its dimensions; 0: 64, and fewer in a network of more than 16 parameters. */
    int64_t elements;
} yg_gradients_options;

typedef struct yg_parameter_gradient {
    char *name;
    yg_type type;
    void *data; /* row-major, of `type`; zeros where the loss does not depend on the parameter */
    int32_t line, column; /* of the parameter's declaration in the model file */
} yg_parameter_gradient;

typedef struct yg_gradients {
    double loss;
    size_t count; /* trainable parameters, in the network's order */
    yg_parameter_gradient *parameters;
} yg_gradients;

/* Computes the loss and its gradients on the model's training data as one batch. Nothing is
 * updated: a state such as a running mean stays as it is. `options` NULL: the defaults. False on
 * failure; freed by yg_gradients_free() after success. */
bool yg_loss_gradients(const yg_model *model, const yg_gradients_options *options,
                       yg_gradients *gradients, yg_error *error);
void yg_gradients_free(yg_gradients *gradients); /* what it holds, not the struct */

typedef struct yg_gradient_check {
    char *name;
    bool passed;
    int64_t compared; /* elements, without those that were left out */
    int64_t elements;
    double worst;                /* the largest |gradient - difference| / max(1, |difference|) */
    int64_t worst_index;         /* the element of `worst`, row-major; -1: none was compared */
    double gradient, difference; /* of the element of `worst` */
    bool nearby;   /* they are those of a point nearby, because the place itself is a kink */
    int64_t kinks; /* elements that were left out, because the loss has a kink there, such as relu's
                      at 0: the slopes to both sides differ. Their gradients were compared at a
                      point nearby, and agreed. */
    int64_t stopped;  /* elements that were left out, because they lie before a stop_gradient, and
                         differences have the part of the derivative that it stops */
    const char *file; /* of the parameter's declaration; belongs to the model */
    int32_t line, column; /* of the parameter's declaration */
} yg_gradient_check;

typedef struct yg_gradient_checks {
    bool passed;      /* all parameters passed */
    bool has_loss;    /* false: the loss is the sum of the outputs times random numbers */
    char *advice;     /* as yg_train_result.advice; NULL: the model has no training */
    bool random_data; /* the model has no data that can be read; random values were used */
    int64_t examples;
    double loss;
    size_t count;
    yg_gradient_check *parameters;
} yg_gradient_checks;

/* Compares the gradient of every trainable parameter with central differences, in float64, on at
 * most 8 training examples (random ones for a model without data). What yg_train() would
 * refuse before its first step is refused first, with the same words, where the model has both
 * sections `train:` and `data:`. True also where gradients disagree: see `passed`.
 * Freed by yg_gradient_checks_free() after success. */
bool yg_check_gradients(const yg_model *model, const yg_gradients_options *options,
                        yg_gradient_checks *checks, yg_error *error);
void yg_gradient_checks_free(yg_gradient_checks *checks); /* what it holds, not the struct */

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
