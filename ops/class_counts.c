/*
 * Counts of answers by class: see class_counts.h.
 */
#include "class_counts.h"

#include "build.h"
#include "class_index.h"
#include "registry.h"
#include "shape.h"

static const char *const averages[] = {[YG_AVERAGE_MACRO] = "macro",
                                       [YG_AVERAGE_MICRO] = "micro",
                                       [YG_AVERAGE_WEIGHTED] = "weighted",
                                       [YG_AVERAGE_NONE] = "none",
                                       NULL};

const yg_attr_spec yg_class_count_attrs[YG_COUNT_ATTRS] = {
    [YG_COUNT_THRESHOLD] = {.name = "threshold",
                            .kind = YG_ATTR_FLOAT,
                            .fallback = {.f = 0.5},
                            .doc = "of yes or no: predictions above it stand for yes"},
    [YG_COUNT_IGNORE] = YG_IGNORE_INDEX_ATTR,
    [YG_COUNT_ZERO] = {.name = "zero_division",
                       .kind = YG_ATTR_FLOAT,
                       .min = 0,
                       .max = 1,
                       .doc = "the value of a class where it would be 0 / 0"},
    [YG_COUNT_AVERAGE] = {.name = "average",
                          .kind = YG_ATTR_CHOICE,
                          .choices = averages,
                          .doc = "macro: the mean over classes; micro: of the sums over classes; "
                                 "weighted: by the rows of each class; none: no mean, but a number "
                                 "for each class"},
    [YG_COUNT_CLASS] = {.name = "class_index",
                        .kind = YG_ATTR_INT,
                        .fallback = {.i = -1},
                        .min = -1,
                        .max = INT32_MAX,
                        .doc = "this class alone; -1: the average over all"},
};

/* -------------------------------------------------------------------------------- answers ---- */

static bool starts_with(const yg_type *type, const yg_type *part, int rank) {
    bool same = part->rank == rank;
    for (int d = 0; same && d < rank; d++)
        same = type->shape[d] == part->shape[d];
    return same;
}

static bool check(yg_graph *graph, const yg_infer *call, bool *indices) {
    const yg_type *prediction = &call->operands[0], *target = &call->operands[1];
    const int rows = prediction->rank > 0 ? prediction->rank - 1 : 0;
    char text[3][YG_TYPE_TEXT];
    *indices = (target->dtype == YG_I32 || target->dtype == YG_I64) && prediction->rank > 0 &&
               starts_with(prediction, target, rows);
    if (!yg_dtype_is_float(prediction->dtype) ||
        (!*indices && !yg_shape_equal(prediction, target))) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: target %s does not fit prediction %s: it must be class indices (i32 or "
                      "i64) of that shape without the last dimension, or 0 and 1 of that shape",
                      call->op->name, yg_type_text(target, text[0]),
                      yg_type_text(prediction, text[1]));
        return false;
    }
    const bool single = !*indices && prediction->rank < 2;
    if (call->operand_count > 2 &&
        !starts_with(prediction, &call->operands[2], single ? prediction->rank : rows)) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: weight is %s, but there must be one for each row of prediction %s",
                      call->op->name, yg_type_text(&call->operands[2], text[2]),
                      yg_type_text(prediction, text[1]));
        return false;
    }
    return true;
}

static void answer_by_index(yg_graph *graph, const yg_node *operands, int64_t ignore_index,
                            yg_class_answers_of *a) {
    yg_attr attrs[2] = {{.count = 1, .ints = {-1}}, {.i = 0}}; /* dim, keepdim */
    a->score = operands[0];
    const yg_node best = yg_apply(graph, &yg_op_argmax, &a->score, 1, attrs);
    if (best == YG_NONE)
        return;
    const yg_type type = *yg_node_type(graph, a->score);
    const yg_attr one_hot[2] = {{.i = type.shape[type.rank - 1]}, {.i = type.dtype}};
    a->guess = yg_apply(graph, &yg_op_one_hot, &best, 1, one_hot);
    a->truth = yg_class_one_hot(graph, operands[1], &type, ignore_index);
    const yg_node counts = yg_class_counts(graph, operands[1], ignore_index);
    a->weight = yg_class_column(graph, yg_cast(graph, counts, type.dtype));
}

static void answer_yes_or_no(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                             double threshold, yg_class_answers_of *a) {
    const yg_type *type = &call->operands[0];
    const bool single = type->rank < 2;
    a->score = single ? yg_class_column(graph, operands[0]) : operands[0];
    const yg_node target = single ? yg_class_column(graph, operands[1]) : operands[1];
    const yg_node limit = yg_scalar(graph, type->dtype, threshold);
    a->guess = yg_cast(graph, yg_greater(graph, a->score, limit), type->dtype);
    a->truth = yg_cast(graph, target, type->dtype);
}

bool yg_class_answers(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      double threshold, int64_t ignore_index, yg_class_answers_of *answers) {
    const yg_type *type = &call->operands[0];
    *answers = (yg_class_answers_of){.guess = YG_NONE, .truth = YG_NONE, .weight = YG_NONE};
    if (!check(graph, call, &answers->indices))
        return false;
    if (answers->indices)
        answer_by_index(graph, operands, ignore_index, answers);
    else
        answer_yes_or_no(graph, call, operands, threshold, answers);
    answers->classes = answers->indices || type->rank > 1 ? type->shape[type->rank - 1] : 1;
    if (call->operand_count > 2) {
        const yg_node weight = yg_cast(graph, yg_class_column(graph, operands[2]), type->dtype);
        answers->weight =
            answers->weight == YG_NONE ? weight : yg_multiply(graph, answers->weight, weight);
    }
    return answers->guess != YG_NONE && answers->truth != YG_NONE && !yg_graph_error(graph);
}

/* --------------------------------------------------------------------------------- counts ---- */

yg_node yg_class_sum(yg_graph *graph, const yg_class_answers_of *answers, yg_node x, yg_node y) {
    if (y != YG_NONE)
        x = yg_multiply(graph, x, y);
    if (answers->weight != YG_NONE)
        x = yg_multiply(graph, x, answers->weight);
    if (x == YG_NONE)
        return YG_NONE;
    int64_t dims[YG_MAX_RANK];
    const int rows = yg_node_type(graph, x)->rank - 1;
    for (int d = 0; d < rows; d++)
        dims[d] = d;
    return rows ? yg_sum(graph, x, dims, (size_t)rows, false) : x;
}

yg_node yg_class_mean(yg_graph *graph, const yg_class_answers_of *answers, yg_node elements) {
    if (elements == YG_NONE || answers->weight == YG_NONE)
        return elements == YG_NONE ? YG_NONE : yg_mean(graph, elements, NULL, 0, false);
    const yg_type *type = yg_node_type(graph, elements);
    const double width = (double)type->shape[type->rank - 1];
    const yg_node weighted = yg_multiply(graph, elements, answers->weight);
    const yg_node weights = yg_sum(graph, answers->weight, NULL, 0, false);
    return yg_divide(graph, yg_sum(graph, weighted, NULL, 0, false),
                     yg_scale(graph, weights, width));
}

bool yg_class_counts_make(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                          yg_class_counts_of *counts) {
    yg_class_answers_of a;
    if (!yg_class_answers(graph, call, operands, call->attrs[YG_COUNT_THRESHOLD].f,
                          call->attrs[YG_COUNT_IGNORE].i, &a))
        return false;
    *counts = (yg_class_counts_of){
        .indices = a.indices,
        .classes = a.classes,
        .hits = yg_class_sum(graph, &a, a.guess, a.truth),
        .predicted = yg_class_sum(graph, &a, a.guess, YG_NONE),
        .actual = yg_class_sum(graph, &a, a.truth, YG_NONE),
    };
    return !yg_graph_error(graph);
}

/* -------------------------------------------------------------------------------- averages --- */

yg_node yg_ratio_or(yg_graph *graph, yg_node numerator, yg_node denominator, double fallback) {
    if (numerator == YG_NONE || denominator == YG_NONE)
        return YG_NONE;
    const yg_dtype dtype = yg_node_type(graph, denominator)->dtype;
    const yg_node empty = yg_equal(graph, denominator, yg_scalar(graph, dtype, 0));
    const yg_node safe = yg_where(graph, empty, yg_scalar(graph, dtype, 1), denominator);
    return yg_where(graph, empty, yg_scalar(graph, dtype, fallback),
                    yg_divide(graph, numerator, safe));
}

static yg_node total(yg_graph *graph, yg_node x) {
    return yg_sum(graph, x, NULL, 0, false);
}

static yg_node of_class(yg_graph *graph, const yg_infer *call, const yg_class_counts_of *counts,
                        yg_node values) {
    const int64_t index = call->attrs[YG_COUNT_CLASS].i;
    if (index >= counts->classes)
        return yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                             "%s: class_index is %lld, but the prediction has %lld classes",
                             call->op->name, (long long)index, (long long)counts->classes);
    return total(graph, yg_slice_along(graph, values, 0, index, index + 1));
}

yg_node yg_class_average(yg_graph *graph, const yg_infer *call, const yg_class_counts_of *counts,
                         yg_node numerator, yg_node denominator) {
    const double fallback = call->attrs[YG_COUNT_ZERO].f;
    const int64_t average = call->attrs[YG_COUNT_AVERAGE].i;
    if (numerator == YG_NONE || denominator == YG_NONE)
        return YG_NONE;
    if (call->attrs[YG_COUNT_CLASS].i < 0 && average == YG_AVERAGE_MICRO)
        return yg_ratio_or(graph, total(graph, numerator), total(graph, denominator), fallback);
    const yg_node values = yg_ratio_or(graph, numerator, denominator, fallback);
    if (call->attrs[YG_COUNT_CLASS].i >= 0)
        return of_class(graph, call, counts, values);
    if (average == YG_AVERAGE_NONE)
        return values;
    if (average == YG_AVERAGE_WEIGHTED)
        return yg_ratio_or(graph, total(graph, yg_multiply(graph, values, counts->actual)),
                           total(graph, counts->actual), fallback);
    if (!counts->indices)
        return yg_mean(graph, values, NULL, 0, false);
    /* A class that neither occurs nor is answered does not count, as in scikit-learn. */
    const yg_dtype dtype = yg_node_type(graph, values)->dtype;
    const yg_node met = yg_add(graph, counts->predicted, counts->actual);
    const yg_node counted =
        yg_cast(graph, yg_greater(graph, met, yg_scalar(graph, dtype, 0)), dtype);
    return yg_ratio_or(graph, total(graph, yg_multiply(graph, values, counted)),
                       total(graph, counted), fallback);
}
