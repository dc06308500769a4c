/*
 * balanced_accuracy: the mean over classes of the fraction of their rows that was answered right.
 *
 * Operands are those of class_counts.h. A single question of yes or no has two classes. Several
 * questions have no common meaning here. The result is a scalar. A composite. Only the weights
 * have a derivative: the rest is a step function.
 */
#include "build.h"
#include "class_counts.h"
#include "registry.h"

#include <math.h>

enum { THRESHOLD, IGNORE };

static yg_node total(yg_graph *graph, yg_node x) {
    return yg_sum(graph, x, NULL, 0, false);
}

static yg_node opposite(yg_graph *graph, yg_node x) {
    return x == YG_NONE ? x : yg_offset(graph, yg_negative(graph, x), 1);
}

/* Adds the sum of the recalls of the classes in [C], and how many of them have rows. */
static void add_recalls(yg_graph *graph, yg_node hits, yg_node actual, yg_node *sum,
                        yg_node *count) {
    const yg_node recalls = total(graph, yg_ratio_or(graph, hits, actual, 0));
    if (recalls == YG_NONE)
        return;
    const yg_dtype dtype = yg_node_type(graph, recalls)->dtype;
    const yg_node met = yg_greater(graph, actual, yg_scalar(graph, dtype, 0));
    const yg_node classes = total(graph, yg_cast(graph, met, dtype));
    *sum = *sum == YG_NONE ? recalls : yg_add(graph, *sum, recalls);
    *count = *count == YG_NONE ? classes : yg_add(graph, *count, classes);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_class_answers_of a;
    yg_node sum = YG_NONE, count = YG_NONE;
    if (!yg_class_answers(graph, call, operands, call->attrs[THRESHOLD].f, call->attrs[IGNORE].i,
                          &a))
        return 0;
    if (!a.indices && a.classes != 1) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "balanced_accuracy: each row has several questions of yes or no; take one of "
                      "them, as in p[:, 0]");
        return 0;
    }
    add_recalls(graph, yg_class_sum(graph, &a, a.guess, a.truth),
                yg_class_sum(graph, &a, a.truth, YG_NONE), &sum, &count);
    if (!a.indices) {
        const yg_node no = opposite(graph, a.truth);
        add_recalls(graph, yg_class_sum(graph, &a, opposite(graph, a.guess), no),
                    yg_class_sum(graph, &a, no, YG_NONE), &sum, &count);
    }
    results[0] = yg_divide(graph, sum, count);
    return results[0] != YG_NONE;
}

/* Of a single question: the weighted rows, and those with the target and the answer no. */
static void count_no(const yg_reference *r, double *rows, double *hits) {
    const int64_t count = yg_type_count(&r->call->operands[0]);
    const bool column = r->call->operands[0].rank > 1;
    for (int64_t i = 0; i < count; i++) {
        const int64_t at[] = {i, column ? 0 : i};
        const double weight = r->call->operand_count > 2 ? yg_at(r, 2, at) : 1;
        const bool yes = yg_at(r, 0, at) > r->call->attrs[THRESHOLD].f;
        *rows += weight * (1 - yg_at(r, 1, at));
        *hits += yes ? 0 : weight * (1 - yg_at(r, 1, at));
    }
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    double sum = 0, met = 0;
    for (int64_t c = 0; c < yg_class_reference_classes(r); c++) {
        const yg_class_count count = yg_class_count_reference(r, c);
        sum += count.actual > 0 ? count.hits / count.actual : 0;
        met += count.actual > 0;
    }
    if (r->call->operands[0].rank == r->call->operands[1].rank) {
        double rows = 0, hits = 0;
        count_no(r, &rows, &hits);
        sum += rows > 0 ? hits / rows : 0;
        met += rows > 0;
    }
    return sum / met;
}

static const yg_attr ignores[] = {{.f = 0.5}, {.i = 1}}, logits[] = {{.f = 0}, {.i = -100}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 3]", "i[9]"}},
    {.operands = {"f[9, 3]", "i[9]", "f[9]"}, .attrs = ignores},
    {.operands = {"f[8, 1]", "b[8, 1]"}},
    {.operands = {"f[8]", "b[8]", "f[8]"}, .attrs = logits},
    {.operands = {"f[0, 3]", "i[0]"}},
};

static const yg_attr_spec attrs[] = {
    [THRESHOLD] = {.name = "threshold",
                   .kind = YG_ATTR_FLOAT,
                   .fallback = {.f = 0.5},
                   .doc = "of yes or no: predictions above it stand for yes"},
    [IGNORE] = {.name = "ignore_index",
                .kind = YG_ATTR_INT,
                .fallback = {.i = -100},
                .min = INT32_MIN,
                .max = INT32_MAX,
                .doc = "rows with this target do not count"},
};

const yg_op yg_op_balanced_accuracy = {
    .name = "balanced_accuracy",
    .formula = "y = mean over classes of hits / rows",
    .doc =
        "The mean of the recalls of the classes that have rows: a rare class counts as much as a "
        "frequent one. Targets are class indices, or 0 and 1 for a single prediction a row.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"prediction", "target", "weight"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-1, 2}, {0, 2}, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
