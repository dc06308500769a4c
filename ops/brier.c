/*
 * brier: the squared distance of the probabilities from what is true.
 *
 * Operands are those of class_counts.h; the result is a scalar. A composite.
 */
#include "build.h"
#include "class_counts.h"
#include "class_index.h"
#include "class_rows.h"
#include "registry.h"

enum { IGNORE };

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_class_answers_of a;
    if (!yg_class_answers(graph, call, operands, 0.5, call->attrs[IGNORE].i, &a))
        return 0;
    const int64_t last = -1;
    yg_node elements = yg_square(graph, yg_subtract(graph, a.score, a.truth));
    if (a.indices)
        elements = yg_sum(graph, elements, &last, 1, true);
    if (a.indices && a.classes == 2)
        elements = yg_scale(graph, elements, 0.5);
    results[0] = yg_class_mean(graph, &a, elements);
    return results[0] != YG_NONE;
}

static double row_value(yg_class_row *row) {
    double sum = 0;
    for (int64_t c = 0; c < row->classes; c++) {
        const double distance = yg_class_row_score(row, c) - yg_class_row_truth(row, c);
        sum += distance * distance;
    }
    if (row->label < 0)
        return sum / (double)row->classes;
    return row->classes == 2 ? sum / 2 : sum;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    return yg_class_rows_mean(r, r->call->attrs[IGNORE].i, 0, row_value);
}

static const yg_attr_spec attrs[] = {
    [IGNORE] = YG_IGNORE_INDEX_ATTR,
};

static const yg_attr ignores[] = {{.i = 1}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 3]", "i[9]"}},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}, .attrs = ignores},
    {.operands = {"f[8, 3]", "i[8]", "f[8]"}, .attrs = ignores},
    {.operands = {"f[3]", "i[]"}},
    {.operands = {"f[8, 1]", "b[8, 1]"}},
    {.operands = {"f[8, 2]", "b[8, 2]", "f[8]"}},
    {.operands = {"f[8]", "b[8]"}},
    {.operands = {"f[0, 2]", "b[0, 2]"}},
};

const yg_op yg_op_brier = {
    .name = "brier",
    .formula = "y = mean(sum_c (p_c - t_c)²)",
    .doc = "The Brier score. Targets are class indices, and the squares are summed over the "
           "classes (half of that for two classes); or 0 and 1 for each prediction.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"probability", "target", "weight"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{0, 1}, {0, 2}, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
