/*
 * The references of metrics of a ranking: see ranking.h.
 */
#include "class_counts.h"
#include "ranking.h"

#include <math.h>

/* Over pairs: how often a positive example is above a negative one; a tie counts half. */
static double roc(const yg_ranked *e, int64_t count) {
    double above = 0, pairs = 0;
    for (int64_t i = 0; i < count; i++)
        for (int64_t k = 0; k < count; k++) {
            const double pair = e[i].weight * e[i].truth * e[k].weight * (1 - e[k].truth);
            above += pair * ((e[i].score > e[k].score) + 0.5 * (e[i].score == e[k].score));
            pairs += pair;
        }
    return above / pairs;
}

static double precision(const yg_ranked *e, int64_t count) {
    double sum = 0, positives = 0;
    for (int64_t i = 0; i < count; i++) {
        double hits = 0, passed = 0;
        for (int64_t k = 0; k < count; k++)
            if (e[k].score >= e[i].score) {
                hits += e[k].weight * e[k].truth;
                passed += e[k].weight;
            }
        sum += passed > 0 ? e[i].weight * e[i].truth * hits / passed : 0;
        positives += e[i].weight * e[i].truth;
    }
    return positives == 0 ? 0 : sum / positives;
}

double yg_ranking_area(const yg_ranked *examples, int64_t count, int area) {
    return area == YG_AREA_ROC ? roc(examples, count) : precision(examples, count);
}

/* The examples of one class, written to `to`; returns how many. */
static int64_t examples_of(const yg_reference *r, int64_t class_index, yg_ranked *to) {
    yg_type rows = r->call->operands[0];
    const bool indices = rows.rank > r->call->operands[1].rank;
    const int last = indices || rows.rank > 1 ? rows.rank - 1 : rows.rank;
    int64_t strides[YG_MAX_RANK], at[YG_MAX_RANK + 1];
    rows.rank = last;
    yg_type_strides(&rows, strides);
    const int64_t count = yg_type_count(&rows);
    for (int64_t i = 0; i < count; i++) {
        for (int d = 0; d < last; d++)
            at[d] = i / strides[d] % rows.shape[d];
        at[last] = class_index;
        const double target = yg_at(r, 1, at);
        /* The first attribute of areas and of curves. */
        const bool ignored = indices && target == (double)r->call->attrs[YG_RANKING_IGNORE].i;
        const double weight = r->call->operand_count > 2 ? yg_at(r, 2, at) : 1;
        to[i] = (yg_ranked){.score = yg_at(r, 0, at),
                            .truth = indices ? target == (double)class_index : target,
                            .weight = ignored ? 0 : weight};
    }
    return count;
}

/* One versus one: the examples of two classes, by the score of the first. */
static double pair_area(const yg_reference *r, int64_t a, int64_t b, double *weight) {
    yg_ranked of_a[YG_RANKING_MOST], of_b[YG_RANKING_MOST];
    const int64_t count = examples_of(r, a, of_a);
    examples_of(r, b, of_b);
    *weight = 0;
    for (int64_t i = 0; i < count; i++) {
        of_a[i].weight *= of_a[i].truth + of_b[i].truth;
        *weight += of_a[i].weight;
    }
    return yg_ranking_area(of_a, count, YG_AREA_ROC);
}

static double pairs_reference(const yg_reference *r) {
    const int64_t classes = yg_class_reference_classes(r);
    const bool weighted = r->call->attrs[YG_RANKING_AVERAGE].i == YG_AVERAGE_WEIGHTED;
    double sum = 0, weights = 0;
    for (int64_t a = 0; a < classes; a++)
        for (int64_t b = 0; b < classes; b++) {
            double rows;
            const double area = a == b ? (double)NAN : pair_area(r, a, b, &rows);
            if (isnan(area))
                continue;
            sum += (weighted ? rows : 1) * area;
            weights += weighted ? rows : 1;
        }
    return sum / weights;
}

double yg_ranking_reference(const yg_reference *r, int area) {
    const int64_t average = r->call->attrs[YG_RANKING_AVERAGE].i;
    const int64_t index = r->call->attrs[YG_RANKING_CLASS].i;
    const int64_t classes = yg_class_reference_classes(r);
    yg_ranked examples[YG_RANKING_MOST];
    double sum = 0, weights = 0;
    int64_t count = 0;
    if (r->call->op->attr_count > YG_RANKING_PAIRS &&
        r->call->attrs[YG_RANKING_PAIRS].i == YG_ONE_VS_ONE)
        return pairs_reference(r);
    for (int64_t c = 0; c < classes; c++) {
        yg_ranked *first = average == YG_AVERAGE_MICRO && index < 0 ? examples + count : examples;
        const int64_t here = examples_of(r, c, first);
        double actual = 0;
        for (int64_t i = 0; i < here; i++)
            actual += first[i].weight * first[i].truth;
        const double value = yg_ranking_area(first, here, area);
        if (c == index)
            return value;
        const double weight = average == YG_AVERAGE_WEIGHTED ? actual : 1;
        sum += isnan(value) ? 0 : weight * value;
        weights += isnan(value) ? 0 : weight;
        count += here;
    }
    if (average == YG_AVERAGE_MICRO)
        return yg_ranking_area(examples, count, area);
    return sum / weights;
}

/* The highest point of a curve at `place`, or a straight line between the nearest ones. The places
 * of the points are false positive rates; they begin at (0, 0). */
static double roc_height(const yg_ranked *e, int64_t count, double place) {
    double all = 0, none = 0, here = -1, low = 0, low_height = 0, high = 2, high_height = 0;
    for (int64_t i = 0; i < count; i++) {
        all += e[i].weight * e[i].truth;
        none += e[i].weight * (1 - e[i].truth);
    }
    for (int64_t i = -1; i < count; i++) {
        double hits = 0, misses = 0;
        for (int64_t k = 0; i >= 0 && k < count; k++)
            if (e[k].score >= e[i].score) {
                hits += e[k].weight * e[k].truth;
                misses += e[k].weight * (1 - e[k].truth);
            }
        const double at = misses / none, height = hits / all;
        if (at == place && height > here)
            here = height;
        if (at < place && (at > low || (at == low && height > low_height))) {
            low = at;
            low_height = height;
        }
        if (at > place && (at < high || (at == high && height < high_height))) {
            high = at;
            high_height = height;
        }
    }
    if (here >= 0 || isnan(all / all) || isnan(none / none))
        return here >= 0 && none > 0 && all > 0 ? here : (double)NAN;
    return low_height + (high_height - low_height) * (place - low) / (high - low);
}

/* The precision of the first point whose recall is at least `place`. */
static double precision_height(const yg_ranked *e, int64_t count, double place) {
    double all = 0, best = 2, fewest = 0, height = 1;
    for (int64_t i = 0; i < count; i++)
        all += e[i].weight * e[i].truth;
    for (int64_t i = 0; i < count && place > 0; i++) {
        double hits = 0, misses = 0;
        for (int64_t k = 0; k < count; k++)
            if (e[k].score >= e[i].score) {
                hits += e[k].weight * e[k].truth;
                misses += e[k].weight * (1 - e[k].truth);
            }
        const double recall = hits / all;
        if (recall < place || recall > best || (recall == best && misses >= fewest))
            continue;
        best = recall;
        fewest = misses;
        height = hits / (hits + misses);
    }
    return all > 0 ? height : (double)NAN;
}

double yg_ranking_height(const yg_ranked *examples, int64_t count, int curve, double place) {
    return curve == YG_CURVE_ROC ? roc_height(examples, count, place)
                                 : precision_height(examples, count, place);
}

double yg_curve_reference(const yg_reference *r, const int64_t *index, int curve) {
    const int64_t chosen = r->call->attrs[YG_CURVE_CLASS].i;
    const double place = (double)index[0] / (double)(r->call->attrs[YG_CURVE_POINTS].i - 1);
    yg_ranked examples[YG_RANKING_MOST];
    if (index[1] == 0)
        return place;
    const int64_t count = examples_of(r, chosen < 0 ? index[1] - 1 : chosen, examples);
    return yg_ranking_height(examples, count, curve, place);
}
