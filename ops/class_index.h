/*
 * The common parts of the operators that read one class index for each row of scores. Operand 0
 * holds the class indices, [...] of i32 or i64. Operand 1 holds the scores, [..., C] of floats,
 * with the C classes in the last dimension. Attribute 0 is ignore_index.
 */
#ifndef YG_OPS_CLASS_INDEX_H
#define YG_OPS_CLASS_INDEX_H

#include "../graph/graph.h"

/* The attribute ignore_index: rows whose class index equals it do not count. */
extern const yg_attr_spec yg_class_attrs[1];
#define YG_IGNORE_INDEX_ATTR                                                                       \
    {                                                                                              \
        .name = "ignore_index", .kind = YG_ATTR_INT, .fallback = {.i = -100}, .min = INT32_MIN,    \
        .max = INT32_MAX, .doc = "a target with this value counts neither in sum nor in mean"      \
    }

/* Shape rules: the result is one number for each row [...], or has the type of the scores. */
bool yg_class_infer_rows(const yg_infer *call, yg_type *result, yg_error *error);
bool yg_class_infer_scores(const yg_infer *call, yg_type *result, yg_error *error);

/* yg_op.plan: a unit of work is a row, and costs as much as a softmax of it. */
void yg_class_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* For a kernel: writes the class of a row, or -1 if the row is ignored. Fails on a class outside
 * [0, C), with the row's position in the error. */
bool yg_class_read(const yg_kernel_call *call, int64_t row, int64_t *class_index, yg_error *error);

/* A bool tensor of the index's shape: true for rows that count, false for ignored rows. */
yg_node yg_class_counts(yg_graph *graph, yg_node index, int64_t ignore_index);

/* Reshapes [...] to [..., 1], so that a number for each row broadcasts along the classes. */
yg_node yg_class_column(yg_graph *graph, yg_node rows);

/* A tensor of the type `scores`: 1 at the class of each row, 0 elsewhere. Ignored rows are all 0.
 */
yg_node yg_class_one_hot(yg_graph *graph, yg_node index, const yg_type *scores,
                         int64_t ignore_index);

/* For a reference: the class of the row at the multi-index `index` of operand 0, or -1 if the row
 * is ignored. */
int64_t yg_class_reference(const yg_reference *reference, const int64_t *index);

/* Samples with five classes: several rows, ignored rows, a single row, no rows. YG_CLASS_DOMAIN is
 * the domain of the indices, [0, 4]. */
#define YG_CLASS_DOMAIN                                                                            \
    { 0, 4 }
extern const yg_sample yg_class_samples[5];

#endif
