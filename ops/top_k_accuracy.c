/*
 * top_k_accuracy: the fraction of rows whose class is among the k largest scores.
 *
 * Operands are those of class_counts.h, with class indices; the result is a scalar. A composite.
 * Only the weights have a derivative.
 */
#include "build.h"
#include "class_counts.h"
#include "class_index.h"
#include "class_rows.h"
#include "registry.h"

#include <inttypes.h>

enum { IGNORE, K };

/* For each row, how many classes come before its own, [..., 1]: those with a larger score, and
 * later ones with an equal score. */
static yg_node rank_of(yg_graph *graph, const yg_class_answers_of *a) {
    const int64_t last = -1;
    const yg_type type = *yg_node_type(graph, a->score);
    const yg_attr numbers[] = {{.i = a->classes}, {.count = 0}, {.i = 1}, {.i = type.dtype}};
    const yg_node index = yg_apply(graph, &yg_op_arange, NULL, 0, numbers);
    const yg_node own =
        yg_where(graph, yg_greater(graph, a->truth, yg_scalar(graph, type.dtype, 0)), a->score,
                 yg_scalar(graph, type.dtype, 0));
    const yg_node score = yg_sum(graph, own, &last, 1, true);
    const yg_node label = yg_sum(graph, yg_multiply(graph, a->truth, index), &last, 1, true);
    const yg_node later =
        yg_logical_and(graph, yg_equal(graph, a->score, score), yg_greater(graph, index, label));
    const yg_node before = yg_logical_or(graph, yg_greater(graph, a->score, score), later);
    return yg_sum(graph, yg_cast(graph, before, type.dtype), &last, 1, true);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_class_answers_of a;
    if (!yg_class_answers(graph, call, operands, 0.5, call->attrs[IGNORE].i, &a))
        return 0;
    if (!a.indices || call->attrs[K].i > a.classes) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      a.indices ? "top_k_accuracy: k is %" PRId64 ", but there are %" PRId64
                                  " classes"
                                : "top_k_accuracy: the target must be class indices (i32 or i64)",
                      call->attrs[K].i, a.classes);
        return 0;
    }
    const yg_node rank = rank_of(graph, &a);
    if (rank == YG_NONE)
        return 0;
    const yg_dtype dtype = yg_node_type(graph, rank)->dtype;
    const yg_node limit = yg_scalar(graph, dtype, (double)call->attrs[K].i);
    results[0] = yg_class_mean(graph, &a, yg_cast(graph, yg_less(graph, rank, limit), dtype));
    return results[0] != YG_NONE;
}

static double row_value(yg_class_row *row) {
    const double own = yg_class_row_score(row, row->label);
    int64_t before = 0;
    for (int64_t c = 0; c < row->classes; c++) {
        const double score = yg_class_row_score(row, c);
        before += score > own || (score == own && c > row->label);
    }
    return before < row->reference->call->attrs[K].i;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    return yg_class_rows_mean(r, r->call->attrs[IGNORE].i, 0, row_value);
}

static const yg_attr_spec attrs[] = {
    [IGNORE] = YG_IGNORE_INDEX_ATTR,
    [K] = {.name = "k",
           .kind = YG_ATTR_INT,
           .fallback = {.i = 5},
           .min = 1,
           .max = INT32_MAX,
           .doc = "so many of the largest scores count"},
};

static const yg_attr ignores[] = {{.i = 1}, {.i = 1}}, two[] = {{.i = -100}, {.i = 2}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 3]", "i[9]"}, .attrs = two},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}, .attrs = ignores},
    {.operands = {"f[8, 3]", "i[8]", "f[8]"}, .attrs = ignores},
    {.operands = {"f[3]", "i[]"}, .attrs = two},
    {.operands = {"f[0, 7]", "i[0]"}},
};

const yg_op yg_op_top_k_accuracy = {
    .name = "top_k_accuracy",
    .formula = "y = mean(the label is among the k largest scores)",
    .doc = "The fraction of rows whose class has one of the k largest scores. Of equal scores that "
           "of the later class counts as larger, as in scikit-learn.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"scores", "target", "weight"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{0, 0}, {0, 2}, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
