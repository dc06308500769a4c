/*
 * What happens to gradients before the optimizer gets them: penalties on the parameters are added,
 * and large gradients are made smaller. Private to train/.
 *
 *   l1: 1e-5                     adds  1e-5 · Σ |w|  over all trainable parameters to the loss
 *   l2: {"*.weight": 1e-4}       adds  1e-4 · Σ w²   over those whose names match
 *   clip_grad_value: 0.5         each element of a gradient is cut to [-0.5, 0.5]
 *   clip_grad_norm: 1            the norm of all together is at most 1
 *
 * In this order. Penalties appear in gradients only: the loss that is told is that of the examples,
 * so that training and validation losses can be compared.
 */
#ifndef YG_TRAIN_GRADIENT_TERMS_H
#define YG_TRAIN_GRADIENT_TERMS_H

#include "../graph/graph.h"
#include "../graph/text.h"
#include "../models/loader/document.h"

typedef struct yg_gradient_terms {
    const yg_value *l1, *l2;      /* a number, or a mapping from patterns to numbers; NULL: none.
                                     They must live as long as this is used. */
    double clip_value, clip_norm; /* 0: none */
} yg_gradient_terms;

/* Fails where `value`, that of the key `name`, is no penalty. */
bool yg_penalty_check(const yg_value *value, const char *name, yg_error *error);
/* Adds lines "l1 …" that tell all terms, for a run's identity. */
void yg_gradient_terms_describe(const yg_gradient_terms *terms, yg_text *text);
/* Whether there are any. */
bool yg_gradient_terms_any(const yg_gradient_terms *terms);

/* Replaces gradients[0..count), those that are not YG_NONE. A pattern that matches no parameter is
 * an error. */
bool yg_gradient_terms_apply(const yg_gradient_terms *terms, yg_graph *graph,
                             const yg_node *parameters, yg_node *gradients, size_t count,
                             yg_error *error);

#endif
