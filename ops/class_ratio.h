/*
 * Metrics that are a ratio of two sums by class: precision, recall, f1 and their kind.
 *
 *   y = a · hits / (b · answers + c · rows), of each class, averaged
 *
 * Operands and attributes are those of class_counts.h; the result is a scalar. Only the weights
 * have a derivative: the rest is a step function.
 */
#ifndef YG_OPS_CLASS_RATIO_H
#define YG_OPS_CLASS_RATIO_H

#include "class_counts.h"

typedef struct yg_class_ratio {
    double hits;              /* a: of rows that were answered with their class */
    double predicted, actual; /* b and c: of rows that were answered so, and of rows of the class */
} yg_class_ratio;

yg_node yg_class_ratio_build(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                             const yg_class_ratio *ratio);
double yg_class_ratio_reference(const yg_reference *reference, const int64_t *index,
                                const yg_class_ratio *ratio);

enum { YG_CLASS_RATIO_SAMPLES = 12 };
extern const yg_sample yg_class_ratio_samples[YG_CLASS_RATIO_SAMPLES];

/* The whole descriptor of such a metric; the numbers are those of yg_class_ratio. */
#define YG_CLASS_RATIO(NAME, FORMULA, DOC, ...)                                                    \
    static const yg_class_ratio ratio = {__VA_ARGS__};                                             \
    static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,          \
                          yg_node *results) {                                                      \
        results[0] = yg_class_ratio_build(graph, call, operands, &ratio);                          \
        return results[0] != YG_NONE;                                                              \
    }                                                                                              \
    static double reference(const yg_reference *r, const int64_t *index) {                         \
        return yg_class_ratio_reference(r, index, &ratio);                                         \
    }                                                                                              \
    const yg_op yg_op_##NAME = {                                                                   \
        .name = #NAME,                                                                             \
        .formula = FORMULA,                                                                        \
        .doc = DOC " Targets are class indices, or 0 and 1 for each prediction. A class that "     \
                   "neither occurs nor is answered does not count in the macro mean.",             \
        .group = "metric",                                                                         \
        .min_operands = 2,                                                                         \
        .max_operands = 3,                                                                         \
        .operand_names = {"prediction", "target", "weight"},                                       \
        .attrs = yg_class_count_attrs,                                                             \
        .attr_count = YG_COUNT_ATTRS,                                                              \
        .compose = compose,                                                                        \
        .reference = reference,                                                                    \
        .domain = {{-1, 2}, {0, 2}, {0.5, 2}},                                                     \
        .samples = yg_class_ratio_samples,                                                         \
        .sample_count = YG_CLASS_RATIO_SAMPLES,                                                    \
    };

#endif
