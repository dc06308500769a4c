/*
 * Ratios of sums by class: see class_ratio.h.
 */
#include "class_ratio.h"

#include "build.h"

/* factor · x, without a node where the factor is 1. YG_NONE for 0. */
static yg_node times(yg_graph *graph, yg_node x, double factor) {
    return factor == 0 ? YG_NONE : factor == 1 ? x : yg_scale(graph, x, factor);
}

yg_node yg_class_ratio_build(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                             const yg_class_ratio *ratio) {
    yg_class_counts_of counts;
    if (!yg_class_counts_make(graph, call, operands, &counts))
        return YG_NONE;
    const yg_node predicted = times(graph, counts.predicted, ratio->predicted);
    const yg_node actual = times(graph, counts.actual, ratio->actual);
    const yg_node all = predicted == YG_NONE ? actual
                        : actual == YG_NONE  ? predicted
                                             : yg_add(graph, predicted, actual);
    return yg_class_average(graph, call, &counts, times(graph, counts.hits, ratio->hits), all);
}

double yg_class_ratio_reference(const yg_reference *r, const int64_t *index,
                                const yg_class_ratio *ratio) {
    return yg_class_average_reference(r, index, ratio->hits, ratio->predicted, ratio->actual);
}

/* threshold, ignore_index, zero_division, average, class_index */
static const yg_attr
    micro[] = {{.f = 0.2}, {.i = 1}, {.f = 0}, {.i = YG_AVERAGE_MICRO}, {.i = -1}},
    weighted[] = {{.f = 0}, {.i = 2}, {.f = 1}, {.i = YG_AVERAGE_WEIGHTED}, {.i = -1}},
    one[] = {{.f = 0.5}, {.i = -100}, {.f = 0.25}, {.i = YG_AVERAGE_MACRO}, {.i = 1}},
    each[] = {{.f = 0.5}, {.i = 2}, {.f = 0.5}, {.i = YG_AVERAGE_NONE}, {.i = -1}};

const yg_sample yg_class_ratio_samples[YG_CLASS_RATIO_SAMPLES] = {
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
    {.operands = {"f[9, 3]", "i[9]"}, .attrs = each},
    {.operands = {"f[6, 2]", "b[6, 2]", "f[6]"}, .attrs = each},
};
