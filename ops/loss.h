/*
 * What losses share: operands of one shape, and the reduction of a loss for each element to one
 * number.
 */
#ifndef YG_OPS_LOSS_H
#define YG_OPS_LOSS_H

#include "../graph/graph.h"

enum { YG_REDUCTION_MEAN, YG_REDUCTION_SUM, YG_REDUCTION_NONE, YG_REDUCTION_BATCHMEAN };

/* "mean", "sum", "none", "batchmean": the choices, in the order of the enum. */
extern const char *const yg_reductions[];

/* The attribute of every loss, by convention its first. */
#define YG_REDUCTION_ATTR                                                                          \
    {                                                                                              \
        .name = "reduction", .kind = YG_ATTR_CHOICE, .fallback = {.i = YG_REDUCTION_MEAN},         \
        .choices = yg_reductions,                                                                  \
        .doc = "mean over all elements, their sum, none of both, or batchmean: the sum divided "   \
               "by the size of dimension 0"                                                        \
    }
extern const yg_attr_spec yg_loss_attrs[1]; /* for a loss that has no other */

/* Fails in the graph and returns false unless operand 0 is a float tensor and operand 1 has its
 * shape. Losses do not broadcast: a [B] against a [B, 1] would silently become [B, B]. */
bool yg_loss_check(yg_graph *graph, const yg_infer *call);

/* `elements` reduced as YG_REDUCTION_… says. The mean of nothing is NaN, as 0 / 0. */
yg_node yg_loss_reduce(yg_graph *graph, yg_node elements, int64_t reduction);

/* Reference of a loss over the elements of operand 0, given the reference of one element;
 * attribute 0 is the reduction. */
double yg_loss_reference(const yg_reference *reference, const int64_t *index,
                         double (*element)(const yg_reference *, const int64_t *));

/* PyTorch's bound for the logarithm of a probability, so that one that has been rounded to 0 has a
 * finite loss. NaN stays NaN. */
#define YG_BOUNDED(logarithm)                                                                      \
    _Generic((logarithm), float : yg_bounded_f32, double : yg_bounded_f64)(logarithm)
static inline float yg_bounded_f32(float logarithm) {
    return logarithm < -100 ? -100 : logarithm;
}
static inline double yg_bounded_f64(double logarithm) {
    return logarithm < -100 ? -100 : logarithm;
}

/* Samples for two operands of one shape and the one attribute `reduction`. */
extern const yg_sample yg_loss_samples[7];

#endif
