/*
 * The loss of rows of class scores against targets: what cross_entropy and nll have in common.
 *
 * Operands of a call: scores with the classes in dimension `dim`; the target, either class indices
 * of the scores' shape without that dimension (i32 or i64), or probabilities of the scores' shape
 * (float); optionally a weight for each class, [C].
 *
 * With log-probabilities l, target probabilities t (one-hot for class indices, then smoothed as
 * t·(1 - e) + e / C) and weights w, a row's loss is -sum_c w_c·t_c·l_c. Rows whose class is
 * ignore_index have loss 0. The mean of class indices' losses divides by the sum of w_c over the
 * rows that count, the mean of others by the number of rows. Source: PyTorch's CrossEntropyLoss.
 */
#ifndef YG_OPS_CLASS_LOSS_H
#define YG_OPS_CLASS_LOSS_H

#include "../graph/graph.h"

/* What the scores are. The first two are the choices of cross_entropy's attribute, in order. */
typedef enum yg_scores { YG_LOGITS, YG_PROBABILITIES, YG_LOG_PROBABILITIES } yg_scores;

typedef struct yg_class_options {
    yg_scores scores;
    int64_t reduction; /* YG_REDUCTION_… */
    int64_t ignore_index;
    double label_smoothing;
    int64_t dim;
} yg_class_options;

yg_node yg_class_loss(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      const yg_class_options *options);

double yg_class_loss_reference(const yg_reference *reference, const int64_t *index,
                               const yg_class_options *options);

#endif
