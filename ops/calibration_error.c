/*
 * calibration_error: how far confidence is from the fraction of right answers.
 *
 * Operands are those of class_counts.h; the result is a scalar. A composite. Only the
 * weights and the confidence have a derivative.
 */
#include "build.h"
#include "class_counts.h"
#include "class_index.h"
#include "class_rows.h"
#include "registry.h"

#include <math.h>
#include <stdlib.h>

enum { IGNORE, BINS };

/* The ends of the bins but one, [bins]: the lower ends, or the upper ones. */
static yg_node ends(yg_graph *graph, yg_dtype dtype, int64_t bins, bool upper) {
    const yg_type type = {.dtype = YG_F64, .rank = 1, .shape = {bins}};
    double *values = malloc((size_t)bins * sizeof *values);
    if (!values)
        return yg_graph_fail(graph, YG_ERROR_MEMORY, "out of memory");
    for (int64_t b = 0; b < bins; b++)
        values[b] = (double)(b + upper) / (double)bins;
    if (upper)
        values[bins - 1] = INFINITY;
    else
        values[0] = -INFINITY;
    const yg_node made = yg_constant(graph, &type, values);
    free(values);
    return yg_cast(graph, made, dtype);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_class_answers_of a;
    if (!yg_class_answers(graph, call, operands, 0.5, call->attrs[IGNORE].i, &a))
        return 0;
    if (!a.indices && a.classes != 1) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "calibration_error: each row has several questions of yes or no; take one of "
                      "them, as in p[:, 0]");
        return 0;
    }
    const int64_t last = -1, bins = call->attrs[BINS].i;
    const yg_dtype dtype = call->operands[0].dtype;
    const yg_node confidence = a.indices ? yg_max(graph, a.score, &last, 1, true) : a.score;
    const yg_node right =
        a.indices ? yg_sum(graph, yg_multiply(graph, a.guess, a.truth), &last, 1, true) : a.truth;
    const yg_node inside =
        yg_logical_and(graph, yg_greater(graph, confidence, ends(graph, dtype, bins, false)),
                       yg_less_equal(graph, confidence, ends(graph, dtype, bins, true)));
    const yg_node error = yg_subtract(graph, right, confidence);
    const yg_node by_bin =
        yg_class_sum(graph, &a, yg_multiply(graph, yg_cast(graph, inside, dtype), error), YG_NONE);
    const yg_node sum = yg_sum(graph, yg_abs(graph, by_bin), NULL, 0, false);
    const double rows = (double)yg_type_count(&call->operands[0]) / (double)a.classes;
    results[0] = a.weight == YG_NONE
                     ? yg_scale(graph, sum, 1 / rows)
                     : yg_divide(graph, sum, yg_sum(graph, a.weight, NULL, 0, false));
    return results[0] != YG_NONE;
}

/* The error of a row in the bin row->which; 0 if the row is in another bin. */
static double row_value(yg_class_row *row) {
    const double bins = (double)row->reference->call->attrs[BINS].i;
    const double bin = (double)row->which;
    int64_t best = 0;
    for (int64_t c = 1; c < row->classes; c++)
        if (yg_class_row_score(row, c) > yg_class_row_score(row, best))
            best = c;
    const double confidence = yg_class_row_score(row, best);
    const bool inside = confidence > bin / bins && confidence <= (bin + 1) / bins;
    return inside ? yg_class_row_truth(row, best) - confidence : 0;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    double sum = 0;
    for (int64_t b = 0; b < r->call->attrs[BINS].i; b++)
        sum += fabs(yg_class_rows_mean(r, r->call->attrs[IGNORE].i, b, row_value));
    return sum;
}

static const yg_attr_spec attrs[] = {
    [IGNORE] = YG_IGNORE_INDEX_ATTR,
    [BINS] = {.name = "bins",
              .kind = YG_ATTR_INT,
              .fallback = {.i = 15},
              .min = 1,
              .max = 10000,
              .doc = "the number of stretches of equal length from 0 to 1"},
};

static const yg_attr ignores[] = {{.i = 1}, {.i = 4}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 3]", "i[9]"}},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}, .attrs = ignores},
    {.operands = {"f[8, 3]", "i[8]", "f[8]"}, .attrs = ignores},
    {.operands = {"f[3]", "i[]"}},
    {.operands = {"f[8, 1]", "b[8, 1]"}},
    {.operands = {"f[8]", "b[8]", "f[8]"}},
    {.operands = {"f[0, 3]", "i[0]"}},
};

const yg_op yg_op_calibration_error = {
    .name = "calibration_error",
    .formula = "y = sum over bins |sum of (right - confidence)| / rows",
    .doc = "The expected calibration error. The confidence is the largest probability of a row, or "
           "with 0 and 1 as targets the single prediction itself, compared with how often the "
           "target is 1. A bin holds its upper end.",
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
