/*
 * The common code of losses: a check that both operands have one shape, and the reduction from one
 * loss for each element to a single number.
 */
#ifndef YG_OPS_LOSS_H
#define YG_OPS_LOSS_H

#include "../graph/graph.h"

/* Values of the attribute `reduction`. */
enum {
    YG_REDUCTION_MEAN,      /* the sum divided by the number of elements */
    YG_REDUCTION_SUM,       /* the sum */
    YG_REDUCTION_NONE,      /* no reduction: one loss for each element */
    YG_REDUCTION_BATCHMEAN, /* the sum divided by the size of dimension 0 */
};

/* Their names "mean", "sum", "none", "batchmean", in the order of the enum; then NULL. */
extern const char *const yg_reductions[];

/* The attribute of every loss, by convention its first. */
#define YG_REDUCTION_ATTR                                                                          \
    {                                                                                              \
        .name = "reduction", .kind = YG_ATTR_CHOICE, .fallback = {.i = YG_REDUCTION_MEAN},         \
        .choices = yg_reductions,                                                                  \
        .doc = "mean over all elements, their sum, none of both, or batchmean: the sum divided "   \
               "by the size of dimension 0"                                                        \
    }
/* The attributes of a loss without further ones. */
extern const yg_attr_spec yg_loss_attrs[1];

/* Fails in the graph and returns false unless operand 0 is a float tensor and operand 1 has its
 * shape. Losses do not broadcast: a [B] against a [B, 1] would silently become [B, B]. */
bool yg_loss_check(yg_graph *graph, const yg_infer *call);

/* The same for all operands of the call: each has operand 0's shape. */
bool yg_loss_check_all(yg_graph *graph, const yg_infer *call);

/* Reduces `elements` as YG_REDUCTION_… says. The mean over no elements is NaN, as 0 / 0 is. Fails
 * in the graph for BATCHMEAN of a scalar. */
yg_node yg_loss_reduce(yg_graph *graph, yg_node elements, int64_t reduction);

/* The reference of a loss with one term for each element of operand 0, given the reference of one
 * term, `element`. Attribute 0 must be the reduction. */
double yg_loss_reference(const yg_reference *reference, const int64_t *index,
                         double (*element)(const yg_reference *, const int64_t *));

/* The same for a loss with `rows` terms: without reduction the result has one dimension, or none.
 */
double yg_loss_reference_rows(const yg_reference *reference, const int64_t *index, int64_t rows,
                              double (*row)(const yg_reference *, int64_t));

/* max(logarithm, -100), but NaN stays NaN. A probability that was rounded to 0 then has a finite
 * loss. The bound is PyTorch's (binary_cross_entropy). */
#define YG_BOUNDED(logarithm)                                                                      \
    _Generic((logarithm), float : yg_bounded_f32, double : yg_bounded_f64)(logarithm)
static inline float yg_bounded_f32(float logarithm) {
    return logarithm < -100 ? -100 : logarithm;
}
static inline double yg_bounded_f64(double logarithm) {
    return logarithm < -100 ? -100 : logarithm;
}

/* Samples for losses with two operands of one shape and `reduction` as the only attribute. */
extern const yg_sample yg_loss_samples[7];

#endif
