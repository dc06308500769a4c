/*
 * Rankings: see ranking.h.
 */
#include "ranking.h"

#include "build.h"
#include "class_counts.h"
#include "class_index.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const averages[] = {[YG_AVERAGE_MACRO] = "macro",
                                       [YG_AVERAGE_MICRO] = "micro",
                                       [YG_AVERAGE_WEIGHTED] = "weighted",
                                       NULL};

static const char *const ways[] = {
    [YG_ONE_VS_REST] = "one_vs_rest", [YG_ONE_VS_ONE] = "one_vs_one", NULL};

const yg_attr_spec yg_ranking_attrs[YG_RANKING_ATTRS] = {
    [YG_RANKING_IGNORE] = YG_IGNORE_INDEX_ATTR,
    [YG_RANKING_AVERAGE] = {.name = "average",
                            .kind = YG_ATTR_CHOICE,
                            .choices = averages,
                            .doc = "macro: the mean over classes, each against all others; micro: "
                                   "all in one ranking; weighted: by the rows of each class"},
    [YG_RANKING_CLASS] = {.name = "class_index",
                          .kind = YG_ATTR_INT,
                          .fallback = {.i = -1},
                          .min = -1,
                          .max = INT32_MAX,
                          .doc = "this class against all others; -1: the average"},
    [YG_RANKING_PAIRS] = {.name = "multi_class",
                          .kind = YG_ATTR_CHOICE,
                          .choices = ways,
                          .doc = "of class indices: each class against all others, or against each "
                                 "other class, weighted by the rows of both"},
};

/* Examples by class, [N, C]; or all in one column. */
static yg_node columns(yg_graph *graph, yg_node x, const yg_type *like, int64_t classes) {
    const yg_node whole = yg_broadcast(graph, x, like);
    const yg_type type = {
        .dtype = like->dtype, .rank = 2, .shape = {yg_type_count(like) / classes, classes}};
    return yg_reshape(graph, whole, &type);
}

/* In the order of the ranking. */
static yg_node ranked(yg_graph *graph, yg_node x, yg_node order) {
    const yg_attr dim = {.i = 0};
    return yg_apply(graph, &yg_op_gather, (const yg_node[]){x, order}, 2, &dim);
}

static yg_node total(yg_graph *graph, yg_node x) {
    return yg_sum(graph, x, NULL, 0, false);
}

/* Columns of one ranking each, sorted by score. */
typedef struct rankings {
    yg_node truth, weight, score;
} rankings;

/* Each class against each other: [N, C] becomes [N, C · C]. The column of the classes a and b has
 * the order of a's scores, and its weights leave the examples of a and b. A column of a class with
 * itself has no negative example, and so no area. */
static rankings in_pairs(yg_graph *graph, const rankings *by_class, yg_node truth, yg_node order,
                         int64_t classes) {
    const yg_dtype dtype = yg_node_type(graph, by_class->score)->dtype;
    const int64_t rows = yg_node_type(graph, by_class->score)->shape[0];
    const yg_type first = {.dtype = dtype, .rank = 3, .shape = {rows, classes, 1}};
    const yg_type second = {.dtype = dtype, .rank = 3, .shape = {rows, 1, classes}};
    const yg_type both = {.dtype = dtype, .rank = 3, .shape = {rows, classes, classes}};
    const yg_type flat = {.dtype = dtype, .rank = 2, .shape = {rows, classes * classes}};
    const yg_node places = yg_broadcast(graph, yg_reshape(graph, order, &first), &both);
    const yg_node other = yg_broadcast(graph, yg_reshape(graph, truth, &second), &both);
    const yg_node own = yg_reshape(graph, by_class->truth, &first);
    const yg_node counts = yg_add(graph, ranked(graph, other, places), own);
    const yg_node weight = yg_multiply(graph, counts, yg_reshape(graph, by_class->weight, &first));
    const yg_node score = yg_reshape(graph, by_class->score, &first);
    return (rankings){.truth = yg_reshape(graph, yg_broadcast(graph, own, &both), &flat),
                      .weight = yg_reshape(graph, weight, &flat),
                      .score = yg_reshape(graph, yg_broadcast(graph, score, &both), &flat)};
}

/* Makes the rankings by class, or all in one, or in pairs. False after yg_graph_fail(). */
static bool rank(yg_graph *graph, const yg_class_answers_of *a, int64_t classes, bool pairs,
                 rankings *out) {
    const yg_attr order[] = {{.i = 0}, {.i = 1}}; /* dim, descending */
    const yg_type like = *yg_node_type(graph, a->score);
    const yg_node weight = a->weight == YG_NONE ? yg_scalar(graph, like.dtype, 1) : a->weight;
    const yg_node score = columns(graph, a->score, &like, classes);
    const yg_node truth = columns(graph, a->truth, &like, classes);
    yg_node sorted[2];
    if (score == YG_NONE || yg_apply_all(graph, &yg_op_sort, &score, 1, order, sorted, 2) == 0)
        return false;
    *out = (rankings){.truth = ranked(graph, truth, sorted[1]),
                      .weight = ranked(graph, columns(graph, weight, &like, classes), sorted[1]),
                      .score = sorted[0]};
    if (pairs)
        *out = in_pairs(graph, out, truth, sorted[1], classes);
    return !yg_graph_error(graph);
}

/* The mean of the areas that are numbers, by weight. */
static yg_node mean_of(yg_graph *graph, yg_node areas, yg_node weights) {
    const yg_dtype dtype = yg_node_type(graph, areas)->dtype;
    const yg_node lacks = yg_isnan(graph, areas), zero = yg_scalar(graph, dtype, 0);
    const yg_node weight = yg_where(graph, lacks, zero, weights);
    const yg_node value = yg_where(graph, lacks, zero, areas);
    return yg_divide(graph, total(graph, yg_multiply(graph, value, weight)), total(graph, weight));
}

static yg_node fail_class(yg_graph *graph, const yg_infer *call, int64_t index, int64_t classes) {
    return yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                         "%s: class_index is %" PRId64 ", but the prediction has %" PRId64
                         " classes",
                         call->op->name, index, classes);
}

static bool check(yg_graph *graph, const yg_infer *call, const yg_class_answers_of *a, bool pairs) {
    const int64_t average = call->attrs[YG_RANKING_AVERAGE].i;
    const int64_t index = call->attrs[YG_RANKING_CLASS].i;
    if (index >= a->classes)
        fail_class(graph, call, index, a->classes);
    else if (pairs && (!a->indices || index >= 0 || average == YG_AVERAGE_MICRO))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "%s: multi_class=one_vs_one goes with class indices as target, and with "
                      "average=macro or weighted",
                      call->op->name);
    return !yg_graph_error(graph);
}

yg_node yg_ranking_average(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                           int area) {
    const int64_t average = call->attrs[YG_RANKING_AVERAGE].i;
    const int64_t index = call->attrs[YG_RANKING_CLASS].i;
    const bool pairs =
        call->op->attr_count > YG_RANKING_PAIRS && call->attrs[YG_RANKING_PAIRS].i == YG_ONE_VS_ONE;
    const int64_t along = 0;
    yg_class_answers_of a;
    yg_node areas[2];
    rankings r;
    if (!yg_class_answers(graph, call, operands, 0.5, call->attrs[YG_RANKING_IGNORE].i, &a) ||
        !check(graph, call, &a, pairs) ||
        !rank(graph, &a, index < 0 && average == YG_AVERAGE_MICRO ? 1 : a.classes, pairs, &r))
        return YG_NONE;
    const yg_node inputs[] = {r.truth, r.weight, r.score};
    if (yg_apply_all(graph, &yg_op_ranking_areas, inputs, 3, NULL, areas, 2) == 0)
        return YG_NONE;
    const yg_dtype dtype = yg_node_type(graph, areas[area])->dtype;
    const yg_node weights = average != YG_AVERAGE_WEIGHTED ? yg_scalar(graph, dtype, 1)
                            : pairs ? yg_sum(graph, r.weight, &along, 1, false)
                                    : yg_class_sum(graph, &a, a.truth, YG_NONE);
    const yg_node value =
        index >= 0 ? total(graph, yg_slice_along(graph, areas[area], 0, index, index + 1))
                   : mean_of(graph, areas[area], weights);
    return yg_apply(graph, &yg_op_stop_gradient, &value, 1, NULL);
}

/* --------------------------------------------------------------------------------- curves ---- */

const yg_attr_spec yg_curve_attrs[YG_CURVE_ATTRS] = {
    [YG_CURVE_IGNORE] = YG_IGNORE_INDEX_ATTR,
    [YG_CURVE_CLASS] = {.name = "class_index",
                        .kind = YG_ATTR_INT,
                        .fallback = {.i = -1},
                        .min = -1,
                        .max = INT32_MAX,
                        .doc = "this class against all others; -1: a curve for each class"},
    [YG_CURVE_POINTS] = {.name = "points",
                         .kind = YG_ATTR_INT,
                         .fallback = {.i = 101},
                         .min = 2,
                         .max = 100001,
                         .doc = "how many points a curve has"},
};

/* The places 0 … 1, [points, 1]. */
static yg_node places(yg_graph *graph, yg_dtype dtype, int64_t points) {
    const yg_type type = {.dtype = dtype, .rank = 2, .shape = {points, 1}};
    void *data = calloc((size_t)points, yg_dtype_size(dtype));
    if (!data)
        return yg_graph_fail(graph, YG_ERROR_MEMORY, "out of memory");
    for (int64_t i = 0; i < points; i++)
        yg_element_set(dtype, data, i, (double)i / (double)(points - 1));
    const yg_node node = yg_constant(graph, &type, data);
    free(data);
    return node;
}

yg_node yg_ranking_curve(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         int curve) {
    const int64_t index = call->attrs[YG_CURVE_CLASS].i;
    const yg_attr points = call->attrs[YG_CURVE_POINTS];
    yg_class_answers_of a;
    yg_node heights[2];
    rankings r;
    if (!yg_class_answers(graph, call, operands, 0.5, call->attrs[YG_CURVE_IGNORE].i, &a))
        return YG_NONE;
    if (index >= a.classes)
        return fail_class(graph, call, index, a.classes);
    const int64_t classes = a.classes;
    if (!rank(graph, &a, classes, false, &r))
        return YG_NONE;
    const yg_node inputs[] = {r.truth, r.weight, r.score};
    if (yg_apply_all(graph, &yg_op_ranking_curves, inputs, 3, &points, heights, 2) == 0)
        return YG_NONE;
    yg_node height = heights[curve];
    if (index >= 0)
        height = yg_slice_along(graph, height, 1, index, index + 1);
    if (height == YG_NONE)
        return YG_NONE;
    const yg_dtype dtype = yg_node_type(graph, height)->dtype;
    const yg_node both =
        yg_concat(graph, (const yg_node[]){places(graph, dtype, points.i), height}, 2, 1);
    return yg_apply(graph, &yg_op_stop_gradient, &both, 1, NULL);
}

/* ignore_index, average, class_index, multi_class */
static const yg_attr weighted[] = {{.i = 1}, {.i = YG_AVERAGE_WEIGHTED}, {.i = -1}, {.i = 0}},
                     micro[] = {{.i = -100}, {.i = YG_AVERAGE_MICRO}, {.i = -1}, {.i = 0}},
                     last[] = {{.i = -100}, {.i = YG_AVERAGE_MACRO}, {.i = 2}, {.i = 0}};

const yg_sample yg_ranking_samples[8] = {
    {.operands = {"f[9, 3]", "i[9]"}},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}},
    {.operands = {"f[9, 3]", "i[9]", "f[9]"}, .attrs = weighted},
    {.operands = {"f[9, 3]", "i[9]"}, .attrs = micro},
    {.operands = {"f[9, 3]", "i[9]"}, .attrs = last},
    {.operands = {"f[8, 3]", "b[8, 3]", "f[8]"}},
    {.operands = {"f[12]", "b[12]"}},
    {.operands = {"f[12, 1]", "b[12, 1]", "f[12]"}},
};

/* ignore_index, class_index, points */
static const yg_attr few[] = {{.i = -100}, {.i = -1}, {.i = 5}},
                     second[] = {{.i = 2}, {.i = 1}, {.i = 7}};

const yg_sample yg_curve_samples[6] = {
    {.operands = {"f[9, 3]", "i[9]"}, .attrs = few},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}, .attrs = second},
    {.operands = {"f[9, 3]", "i[9]", "f[9]"}, .attrs = few},
    {.operands = {"f[12]", "b[12]"}, .attrs = few},
    {.operands = {"f[12, 1]", "b[12, 1]", "f[12]"}, .attrs = few},
    {.operands = {"f[8, 2]", "b[8, 2]"}, .attrs = few},
};
