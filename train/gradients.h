/*
 * A model's gradients, to look at and to check.
 */
#ifndef YG_TRAIN_GRADIENTS_H
#define YG_TRAIN_GRADIENTS_H

#include "data.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_gradients_options {
    const char *weights; /* a safetensors file; NULL: the model's initial values */
    uint64_t seed;       /* of the initial values, if has_seed; otherwise `train: seed`, or 0 */
    bool has_seed;
    yg_dtype dtype; /* as yg_evaluate_options.dtype */
    int threads;    /* 0: all cores */
    /* yg_check_gradients() only: at most so many elements of each parameter are compared, one drawn
     * from each of so many equal stretches; 0: 64 */
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

/* The loss and its gradients on the model's training data as one batch, dropout off. Without
 * `options` (NULL) the defaults. Freed by yg_gradients_free() after success. */
bool yg_loss_gradients(const yg_model *model, const yg_gradients_options *options,
                       yg_gradients *gradients, yg_error *error);
void yg_gradients_free(yg_gradients *gradients); /* what it holds, not the struct */

typedef struct yg_gradient_check {
    char *name;
    bool passed;
    int64_t compared, elements;
    double worst;                /* the largest |gradient - difference| / max(1, |difference|) */
    int64_t worst_index;         /* of that element, row-major; -1 if none was compared */
    double gradient, difference; /* there */
    int64_t kinks; /* elements at a kink: the slopes to both sides differ, and the gradient is one
                      of them or between them */
    const char *file; /* of the parameter's declaration; belongs to the model */
    int32_t line, column;
} yg_gradient_check;

typedef struct yg_gradient_checks {
    bool passed;
    bool has_loss;
    bool random_data; /* the model has no `data:` with rows to be read; random values were used */
    int64_t examples;
    double loss;
    size_t count;
    yg_gradient_check *parameters;
} yg_gradient_checks;

/* Every trainable parameter's gradient against central differences, in float64, dropout off, on at
 * most 8 training examples (random ones for a model without data). The sections `train:` and
 * `data:` are read first, as training reads them. A model without a loss has no gradients: none is
 * compared. True also where gradients disagree: see `passed`. Freed by yg_gradient_checks_free()
 * after success. */
bool yg_check_gradients(const yg_model *model, const yg_gradients_options *options,
                        yg_gradient_checks *checks, yg_error *error);
void yg_gradient_checks_free(yg_gradient_checks *checks); /* what it holds, not the struct */

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
