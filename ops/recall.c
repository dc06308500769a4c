/*
 * recall: of the rows of a class, the fraction that was answered so.
 *
 * Operands and attributes are those of class_counts.h; the result is a scalar. A composite.
 * Only the weights have a derivative: the rest is a step function.
 */
#include "build.h"
#include "class_counts.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_class_counts_of counts;
    if (!yg_class_counts_make(graph, call, operands, &counts))
        return 0;
    results[0] = yg_class_average(graph, call, &counts, counts.hits, counts.actual);
    return results[0] != YG_NONE;
}

static void fraction(const yg_class_count *count, double *numerator, double *denominator) {
    *numerator = count->hits;
    *denominator = count->actual;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    return yg_class_average_reference(r, fraction);
}

/* threshold, ignore_index, zero_division, average, class_index */
static const yg_attr
    micro[] = {{.f = 0.2}, {.i = 1}, {.f = 0}, {.i = YG_AVERAGE_MICRO}, {.i = -1}},
    weighted[] = {{.f = 0}, {.i = 2}, {.f = 1}, {.i = YG_AVERAGE_WEIGHTED}, {.i = -1}},
    one[] = {{.f = 0.5}, {.i = -100}, {.f = 0.25}, {.i = YG_AVERAGE_MACRO}, {.i = 1}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 3]", "i[9]"}},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}, .attrs = micro},
    {.operands = {"f[8, 3]", "i[8]", "f[8]"}, .attrs = weighted},
    {.operands = {"f[8, 3]", "i[8]"}, .attrs = one},
    {.operands = {"f[8, 3]", "b[8, 3]"}},
    {.operands = {"f[8, 3]", "b[8, 3]", "f[8]"}, .attrs = micro},
    {.operands = {"f[8, 1]", "b[8, 1]"}},
    {.operands = {"f[8]", "b[8]", "f[8]"}, .attrs = weighted},
    {.operands = {"f[3]", "i[]"}},
    {.operands = {"f[0, 3]", "i[0]"}},
};

const yg_op yg_op_recall = {
    .name = "recall",
    .formula = "y = hits / rows, by class, averaged",
    .doc = "Of the rows of a class, the fraction that was found. Targets are class indices, or 0 "
           "and 1 for each prediction. A class that neither occurs nor is answered does not count "
           "in the macro mean.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"prediction", "target", "weight"},
    .attrs = yg_class_count_attrs,
    .attr_count = YG_COUNT_ATTRS,
    .compose = compose,
    .reference = reference,
    .domain = {{-1, 2}, {0, 2}, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
