/*
 * The loss of rows of class scores against targets: the common code of cross_entropy and nll.
 *
 * Operands of a call:
 *   0  scores: floats, with the C classes in dimension `dim`
 *   1  target: class indices (i32 or i64) of the scores' shape without dimension `dim`,
 *      or probabilities (floats) of the scores' shape
 *   2  weight: optional, one number for each class, [C]
 *
 * The loss of a row is -sum_c w_c·t_c·l_c. Here l are the log-probabilities and w the weights
 * (1 without operand 2). t are the target probabilities, one-hot for class indices; with label
 * smoothing e they become t·(1 - e) + e / C. Rows whose class is ignore_index have loss 0.
 *
 * The mean divides by the number of rows. With class indices it divides by the sum of w_c over the
 * rows that are not ignored, c being the class of the row. Source: PyTorch's CrossEntropyLoss.
 */
#ifndef YG_OPS_CLASS_LOSS_H
#define YG_OPS_CLASS_LOSS_H

#include "../graph/graph.h"

/* What the scores mean. The first two are the choices of cross_entropy's attribute `prediction`, in
 * that order. */
typedef enum yg_scores { YG_LOGITS, YG_PROBABILITIES, YG_LOG_PROBABILITIES } yg_scores;

typedef struct yg_class_options {
    yg_scores scores;
    int64_t reduction;      /* YG_REDUCTION_… */
    int64_t ignore_index;   /* class index of rows that do not count */
    double label_smoothing; /* e above, in [0, 1] */
    int64_t dim;            /* of the classes in the scores; negative from the end */
} yg_class_options;

/* Builds the loss, reduced. Operands that do not fit together fail in the graph: YG_NONE. So does
 * the result of softmax where logits or log-probabilities are expected, unless it can be unwrapped
 * to the logits. */
yg_node yg_class_loss(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      const yg_class_options *options);

/* The same by the definition above, for yg_op.reference. */
double yg_class_loss_reference(const yg_reference *reference, const int64_t *index,
                               const yg_class_options *options);

#endif
