/*
 * confusion_matrix: how often each class was answered with each class.
 *
 * Operands are those of class_counts.h, with class indices or one question of yes or no. The result
 * is [C, C]: a row for each class, a column for each answer. A composite: a product of two tensors
 * of zeros and ones, so counts of batches add up.
 */
#include "build.h"
#include "class_counts.h"
#include "class_index.h"
#include "registry.h"
#include "shape.h"

enum { THRESHOLD, IGNORE, NORMALIZE, ATTRS };
enum { NONE, TRUE, PRED, ALL };

/* Rows of zeros and ones, [N, C]. Yes or no becomes the classes 0 and 1. */
static yg_node rows_of(yg_graph *graph, yg_node x, bool indices, yg_dtype dtype) {
    if (x == YG_NONE)
        return YG_NONE;
    const yg_type *type = yg_node_type(graph, x);
    const int64_t classes = type->shape[type->rank - 1];
    if (classes == 0)
        return yg_graph_fail(graph, YG_ERROR_SHAPE, "confusion_matrix: there are no classes");
    const yg_type rows = {
        .dtype = dtype, .rank = 2, .shape = {yg_type_count(type) / classes, classes}};
    const yg_node flat = yg_reshape(graph, x, &rows);
    if (indices)
        return flat;
    const yg_node no = yg_subtract(graph, yg_scalar(graph, dtype, 1), flat);
    return yg_concat(graph, (const yg_node[]){no, flat}, 2, 1);
}

/* Divides by the sums over rows, columns or all. A row or column without examples stays 0. */
static yg_node normalized(yg_graph *graph, yg_node counts, int64_t how) {
    const int64_t dim = how == TRUE ? 1 : 0;
    if (how == NONE || counts == YG_NONE)
        return counts;
    const yg_node sums =
        how == ALL ? yg_sum(graph, counts, NULL, 0, false) : yg_sum(graph, counts, &dim, 1, true);
    return yg_ratio_or(graph, counts, sums, 0);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_class_answers_of a;
    if (!yg_class_answers(graph, call, operands, call->attrs[THRESHOLD].f, call->attrs[IGNORE].i,
                          &a))
        return 0;
    if (!a.indices && a.classes != 1) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: %lld questions of yes or no have %lld matrices; choose one of them, as "
                      "in p[:, 0:1]",
                      call->op->name, (long long)a.classes, (long long)a.classes);
        return 0;
    }
    const yg_dtype dtype = call->operands[0].dtype;
    const yg_node guess = rows_of(graph, a.guess, a.indices, dtype);
    yg_node truth = rows_of(graph, a.truth, a.indices, dtype);
    if (guess != YG_NONE && truth != YG_NONE && a.weight != YG_NONE) {
        const yg_type column = {
            .dtype = dtype, .rank = 2, .shape = {yg_node_type(graph, truth)->shape[0], 1}};
        truth = yg_multiply(graph, truth, yg_reshape(graph, a.weight, &column));
    }
    const yg_node counts = yg_matmul(graph, truth, guess, true, false);
    const yg_node value = normalized(graph, counts, call->attrs[NORMALIZE].i);
    results[0] = yg_apply(graph, &yg_op_stop_gradient, &value, 1, NULL);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t how = r->call->attrs[NORMALIZE].i;
    const int64_t classes = yg_class_reference_classes(r);
    const int64_t size = classes == 1 ? 2 : classes;
    const double count = yg_class_pair_reference(r, index[0], index[1]);
    double sum = 0;
    for (int64_t i = 0; i < size; i++)
        for (int64_t k = 0; k < size; k++)
            if (how == ALL || (how == TRUE && i == index[0]) || (how == PRED && k == index[1]))
                sum += yg_class_pair_reference(r, i, k);
    return how == NONE ? count : sum == 0 ? 0 : count / sum;
}

static const char *const ways[] = {
    [NONE] = "none", [TRUE] = "true", [PRED] = "pred", [ALL] = "all", NULL};

static const yg_attr_spec attrs[ATTRS] = {
    [THRESHOLD] = {.name = "threshold",
                   .kind = YG_ATTR_FLOAT,
                   .fallback = {.f = 0.5},
                   .doc = "of yes or no: predictions above it stand for yes"},
    [IGNORE] = YG_IGNORE_INDEX_ATTR,
    [NORMALIZE] = {.name = "normalize",
                   .kind = YG_ATTR_CHOICE,
                   .choices = ways,
                   .doc = "none: counts; true: fractions of the rows of a class; pred: of the "
                          "answers for a class; all: of all rows"},
};

static const yg_attr rows[] = {{.f = 0.5}, {.i = 1}, {.i = TRUE}},
                     columns[] = {{.f = 0}, {.i = -100}, {.i = PRED}},
                     all[] = {{.f = 0.5}, {.i = 2}, {.i = ALL}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 3]", "i[9]"}},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}, .attrs = rows},
    {.operands = {"f[8, 3]", "i[8]", "f[8]"}, .attrs = columns},
    {.operands = {"f[8, 1]", "b[8, 1]"}},
    {.operands = {"f[8]", "b[8]", "f[8]"}, .attrs = all},
    {.operands = {"f[0, 3]", "i[0]"}},
    {.operands = {"f[3]", "i[]"}},
};

const yg_op yg_op_confusion_matrix = {
    .name = "confusion_matrix",
    .formula = "y_ij = rows of class i that were answered with j",
    .doc = "A row for each class and a column for each answer. Targets are class indices, or 0 and "
           "1 for a single question, whose classes are no and yes. As a metric it is a table.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"prediction", "target", "weight"},
    .attrs = attrs,
    .attr_count = ATTRS,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .domain = {{-1, 2}, {0, 2}, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
