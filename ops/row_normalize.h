/*
 * What row_normalize and its gradient share. Layer, group, instance and root mean square
 * normalisation are composites of them.
 *
 * Both work on rows: x is [rows, length], statistics are [rows], weight and bias are [length].
 */
#ifndef YG_OPS_ROW_NORMALIZE_H
#define YG_OPS_ROW_NORMALIZE_H

#include "../graph/graph.h"

/* Results of row_normalize. */
enum { YG_ROW_NORMAL, YG_ROW_MEAN, YG_ROW_SCALE };

/* Attributes of row_normalize; its gradient has the first of them only. */
enum { YG_ROW_CENTERED, YG_ROW_EPS };

/* The gradients of weight and bias are summed over blocks of so many rows: one row of partial sums
 * a block. So threads share the blocks, and the bits do not depend on their number. */
enum { YG_ROW_BLOCK = 32 };

/* So many short rows are computed at a time, one in each lane of a vector. */
enum { YG_ROW_SIDE = 16 };

/* [rows] as [rows, 1], so that it broadcasts along the rows. */
yg_node yg_as_column(yg_graph *graph, yg_node x);

/* Applies row_normalize to x seen as rows of its last `dims` dimensions, which weight and bias have
 * too; either may be YG_NONE, but not the weight alone. The result has x's shape. */
yg_node yg_normalize_last(yg_graph *graph, yg_node x, yg_node weight, yg_node bias, int dims,
                          bool centered, double eps);

/* For a composite with the operands x, weight, bias. The last ones may be left out. Operand k, or
 * YG_NONE if it is left out. */
static inline yg_node yg_optional_operand(const yg_infer *call, const yg_node *operands, size_t k) {
    return k < call->operand_count ? operands[k] : YG_NONE;
}

/* For a composite: fails, and returns false, unless operand k is float like x and has `rank`
 * dimensions of the sizes `shape`. True if the call has no operand k. */
bool yg_check_affine(yg_graph *graph, const yg_infer *call, size_t k, int rank,
                     const int64_t *shape);

/* For a composite: fails, and returns false, unless operand 0 is float and has at least `rank`
 * dimensions. */
bool yg_check_normalizable(yg_graph *graph, const yg_infer *call, int rank);

/* The two composites: layer_norm, which takes the mean off, and rms_norm, which does not. Attribute
 * 0 is normalized_shape. */
size_t yg_normalize_shape(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                          yg_node *results, bool centered, double eps);
double yg_normalize_shape_reference(const yg_reference *r, const int64_t *index, bool centered,
                                    double eps);

/* The composite of group_norm and instance_norm. The channels are dimension 1 of x. */
size_t yg_normalize_groups(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                           yg_node *results, int64_t groups, double eps);
double yg_normalize_groups_reference(const yg_reference *r, const int64_t *index, int64_t groups,
                                     double eps);

#endif
