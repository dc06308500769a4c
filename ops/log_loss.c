/*
 * log_loss: minus the logarithm of the probability that was given to what is true.
 *
 * Operands are those of class_counts.h; the result is a scalar. A composite.
 */
#include "build.h"
#include "class_counts.h"
#include "class_index.h"
#include "class_rows.h"
#include "registry.h"

#include <float.h>
#include <math.h>

enum { IGNORE };

/* log p, of p moved away from 0 and 1 */
static yg_node logarithm(yg_graph *graph, yg_node p) {
    const yg_dtype dtype = yg_node_type(graph, p)->dtype;
    const double least = dtype == YG_F64 ? DBL_EPSILON : (double)FLT_EPSILON;
    const yg_node above = yg_maximum(graph, p, yg_scalar(graph, dtype, least));
    return yg_log(graph, yg_minimum(graph, above, yg_scalar(graph, dtype, 1 - least)));
}

static yg_node opposite(yg_graph *graph, yg_node x) {
    return yg_offset(graph, yg_negative(graph, x), 1);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_class_answers_of a;
    if (!yg_class_answers(graph, call, operands, 0.5, call->attrs[IGNORE].i, &a))
        return 0;
    yg_node elements;
    if (a.indices) { /* only the probabilities of the targets are looked at */
        const yg_node pair[] = {operands[1], a.score};
        const yg_attr ignore = call->attrs[IGNORE];
        const yg_node p = yg_negative(graph, yg_apply(graph, &yg_op_index_nll, pair, 2, &ignore));
        elements = yg_class_column(graph, logarithm(graph, p));
    } else {
        elements = yg_add(graph, yg_multiply(graph, a.truth, logarithm(graph, a.score)),
                          yg_multiply(graph, opposite(graph, a.truth),
                                      logarithm(graph, opposite(graph, a.score))));
    }
    results[0] = yg_negative(graph, yg_class_mean(graph, &a, elements));
    return results[0] != YG_NONE;
}

static double row_value(yg_class_row *row) {
    double sum = 0;
    for (int64_t c = 0; c < row->classes; c++) {
        const double truth = yg_class_row_truth(row, c), p = yg_class_row_score(row, c);
        sum -= truth * log(p) + (row->label < 0 ? (1 - truth) * log(1 - p) : 0);
    }
    return row->label < 0 ? sum / (double)row->classes : sum;
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

const yg_op yg_op_log_loss = {
    .name = "log_loss",
    .formula = "y = mean(-log p_target)",
    .doc = "Cross-entropy of probabilities. Each is first moved into [e, 1 - e], e being the "
           "distance from 1 to the next number of the type. Targets are class indices, or 0 and 1 "
           "for each prediction.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"probability", "target", "weight"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{0.05, 0.95}, {0, 2}, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
