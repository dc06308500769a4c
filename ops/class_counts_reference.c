/*
 * The references of metrics that count answers by class: see class_counts.h.
 */
#include "class_counts.h"

static bool has_indices(const yg_reference *r) {
    return r->call->operands[0].rank > r->call->operands[1].rank;
}

static bool is_single(const yg_reference *r) {
    return !has_indices(r) && r->call->operands[0].rank < 2;
}

int64_t yg_class_reference_classes(const yg_reference *r) {
    const yg_type *type = &r->call->operands[0];
    return is_single(r) ? 1 : type->shape[type->rank - 1];
}

static int64_t largest(const yg_reference *r, int64_t *at, int last, int64_t classes) {
    int64_t best = 0;
    double highest = 0;
    for (at[last] = 0; at[last] < classes; at[last]++) {
        const double value = yg_at(r, 0, at);
        if (at[last] == 0 || value > highest) {
            best = at[last];
            highest = value;
        }
    }
    return best;
}

double yg_class_pair_reference(const yg_reference *r, int64_t class_index, int64_t answer) {
    yg_type rows = r->call->operands[0];
    const int64_t classes = yg_class_reference_classes(r);
    const int last = is_single(r) ? rows.rank : rows.rank - 1;
    rows.rank = last;
    int64_t strides[YG_MAX_RANK], at[YG_MAX_RANK + 1];
    yg_type_strides(&rows, strides);
    double sum = 0;
    for (int64_t i = 0; i < yg_type_count(&rows); i++) {
        for (int d = 0; d < last; d++)
            at[d] = i / strides[d] % rows.shape[d];
        at[last] = 0;
        const int64_t truth = (int64_t)yg_at(r, 1, at);
        const bool yes = yg_at(r, 0, at) > r->call->attrs[YG_COUNT_THRESHOLD].f;
        const double weight = r->call->operand_count > 2 ? yg_at(r, 2, at) : 1;
        const int64_t guess = has_indices(r) ? largest(r, at, last, classes) : yes;
        const bool ignored = has_indices(r) && truth == r->call->attrs[YG_COUNT_IGNORE].i;
        sum += !ignored && truth == class_index && guess == answer ? weight : 0;
    }
    return sum;
}

yg_class_count yg_class_count_reference(const yg_reference *r, int64_t class_index) {
    yg_type rows = r->call->operands[0];
    const int64_t classes = yg_class_reference_classes(r);
    const int last = is_single(r) ? rows.rank : rows.rank - 1;
    rows.rank = last;
    int64_t strides[YG_MAX_RANK], at[YG_MAX_RANK + 1];
    yg_type_strides(&rows, strides);
    yg_class_count count = {0};
    for (int64_t i = 0; i < yg_type_count(&rows); i++) {
        for (int d = 0; d < last; d++)
            at[d] = i / strides[d] % rows.shape[d];
        double guess, truth, weight = r->call->operand_count > 2 ? yg_at(r, 2, at) : 1;
        if (has_indices(r)) {
            const double label = yg_at(r, 1, at);
            if ((int64_t)label == r->call->attrs[YG_COUNT_IGNORE].i)
                weight = 0;
            truth = (int64_t)label == class_index;
            guess = largest(r, at, last, classes) == class_index;
        } else {
            at[last] = class_index;
            truth = yg_at(r, 1, at);
            guess = yg_at(r, 0, at) > r->call->attrs[YG_COUNT_THRESHOLD].f;
        }
        count.hits += weight * guess * truth;
        count.predicted += weight * guess;
        count.actual += weight * truth;
    }
    return count;
}

static double ratio(double numerator, double denominator, double fallback) {
    return denominator == 0 ? fallback : numerator / denominator;
}

double yg_class_average_reference(const yg_reference *r, const int64_t *index, double hits,
                                  double predicted, double actual) {
    const yg_attr *attrs = r->call->attrs;
    const double fallback = attrs[YG_COUNT_ZERO].f;
    const int64_t classes = yg_class_reference_classes(r);
    double numerators = 0, denominators = 0, values = 0, weighted = 0, rows = 0, met = 0;
    for (int64_t c = 0; c < classes; c++) {
        const yg_class_count count = yg_class_count_reference(r, c);
        const double numerator = hits * count.hits;
        const double denominator = predicted * count.predicted + actual * count.actual;
        const double value = ratio(numerator, denominator, fallback);
        const bool each =
            attrs[YG_COUNT_CLASS].i < 0 && attrs[YG_COUNT_AVERAGE].i == YG_AVERAGE_NONE;
        if (c == attrs[YG_COUNT_CLASS].i || (each && c == index[0]))
            return value;
        const bool counted = !has_indices(r) || count.predicted + count.actual > 0;
        numerators += numerator;
        denominators += denominator;
        values += counted ? value : 0;
        met += counted;
        weighted += value * count.actual;
        rows += count.actual;
    }
    if (attrs[YG_COUNT_AVERAGE].i == YG_AVERAGE_MICRO)
        return ratio(numerators, denominators, fallback);
    if (attrs[YG_COUNT_AVERAGE].i == YG_AVERAGE_WEIGHTED)
        return ratio(weighted, rows, fallback);
    return ratio(values, met, fallback);
}
