/*
 * What the operators share that read a class index for each row of scores: operand 0 is the index
 * (i32 or i64), operand 1 the scores, of the index's shape and one more dimension, the classes.
 */
#ifndef YG_OPS_CLASS_INDEX_H
#define YG_OPS_CLASS_INDEX_H

#include "../graph/graph.h"

/* The attribute of those operators: rows with this index count nothing. */
extern const yg_attr_spec yg_class_attrs[1];
#define YG_IGNORE_INDEX_ATTR                                                                       \
    {                                                                                              \
        .name = "ignore_index", .kind = YG_ATTR_INT, .fallback = {.i = -100}, .min = INT32_MIN,    \
        .max = INT32_MAX, .doc = "a target with this value counts neither in sum nor in mean"      \
    }

/* Shape rules: one number for each row, and a result like the scores. */
bool yg_class_infer_rows(const yg_infer *call, yg_type *result, yg_error *error);
bool yg_class_infer_scores(const yg_infer *call, yg_type *result, yg_error *error);

/* A unit of work is a row; each takes a softmax. */
void yg_class_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* For a kernel: the class of a row, -1 for an ignored one. False, and an error with the row's
 * position, for a class that does not exist. */
bool yg_class_read(const yg_kernel_call *call, int64_t row, int64_t *class_index, yg_error *error);

/* Which rows count: bool, of the index's shape. */
yg_node yg_class_counts(yg_graph *graph, yg_node index, int64_t ignore_index);

/* A last dimension of size 1, for broadcasting along the classes. */
yg_node yg_class_column(yg_graph *graph, yg_node rows);

/* 1 at the class of each row, 0 elsewhere and in ignored rows: of the scores' type. */
yg_node yg_class_one_hot(yg_graph *graph, yg_node index, const yg_type *scores,
                         int64_t ignore_index);

/* Reference: the class of the row that index[0 .. rank) names, -1 for an ignored one. */
int64_t yg_class_reference(const yg_reference *reference, const int64_t *index);

/* Samples: five classes, ignored rows, a single row, none. Domain of the index: [0, 4]. */
#define YG_CLASS_DOMAIN                                                                            \
    { 0, 4 }
extern const yg_sample yg_class_samples[5];

#endif
