/*
 * Areas under curves of a ranking: the common code of roc_auc and average_precision.
 *
 * Examples are ranked by their score, the largest first. Going down the ranking, P(k) and N(k) are
 * the weights of the positive and of the negative examples so far. Examples of equal score are
 * passed together.
 *
 *   roc_auc            the area under the points (N, P), divided by all of N and all of P
 *   average_precision  the sum of P / (P + N) over the steps of P, divided by all of P
 *
 * With several classes there are several rankings, by the score of each class:
 *
 *   one versus rest    the class against all others
 *   one versus one     the class against each other class by itself, by the examples of both
 *
 * The curves themselves are roc_curve and precision_recall_curve: their heights at places in even
 * steps.
 *
 * Operands are those of class_counts.h. These metrics need the scores of all examples at once. They
 * are step functions of the scores, and no gradient passes through them, to weights neither.
 */
#ifndef YG_OPS_RANKING_H
#define YG_OPS_RANKING_H

#include "../graph/graph.h"

/* The attributes, in this order. average_precision has all but the last. */
enum {
    YG_RANKING_IGNORE,
    YG_RANKING_AVERAGE,
    YG_RANKING_CLASS,
    YG_RANKING_PAIRS, /* multi_class: YG_ONE_VS_REST or YG_ONE_VS_ONE */
    YG_RANKING_ATTRS
};
enum { YG_ONE_VS_REST, YG_ONE_VS_ONE };
extern const yg_attr_spec yg_ranking_attrs[YG_RANKING_ATTRS];

/* The results of the operator ranking_areas. */
enum { YG_AREA_ROC, YG_AREA_PRECISION };

/* Builds the areas of all rankings, and their average as the attributes say. A ranking without area
 * does not count. YG_NONE after yg_graph_fail(). */
yg_node yg_ranking_average(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                           int area);

/* The attributes of curves. */
enum { YG_CURVE_IGNORE, YG_CURVE_CLASS, YG_CURVE_POINTS, YG_CURVE_ATTRS };
extern const yg_attr_spec yg_curve_attrs[YG_CURVE_ATTRS];

/* The results of the operator ranking_curves. */
enum { YG_CURVE_ROC, YG_CURVE_PRECISION };

/* Builds the points of a curve, [points, 1 + rankings]: the places 0 … 1 in even steps, and the
 * height of each curve there. YG_NONE after yg_graph_fail(). */
yg_node yg_ranking_curve(yg_graph *graph, const yg_infer *call, const yg_node *operands, int curve);

/* For references: the area by its definition, over pairs of examples. */
typedef struct yg_ranked {
    double score, truth, weight;
} yg_ranked;
double yg_ranking_area(const yg_ranked *examples, int64_t count, int area);
double yg_ranking_reference(const yg_reference *reference, int area);

/* For references: the height of a curve at `place`. */
double yg_ranking_height(const yg_ranked *examples, int64_t count, int curve, double place);
double yg_curve_reference(const yg_reference *reference, const int64_t *index, int curve);

#define YG_RANKING_MOST 256 /* examples times classes that a reference takes */

extern const yg_sample yg_ranking_samples[8], yg_curve_samples[6];

#endif
