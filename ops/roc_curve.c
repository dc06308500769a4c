/*
 * roc_curve: points of the ROC curve.
 *
 * Operands are those of class_counts.h; the result is [points, 1 + C]. A composite of sort and
 * ranking_curves: see ranking.h. No derivative: only the order of the scores counts.
 */
#include "ranking.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    results[0] = yg_ranking_curve(graph, call, operands, YG_CURVE_ROC);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_curve_reference(r, index, YG_CURVE_ROC);
}

const yg_op yg_op_roc_curve = {
    .name = "roc_curve",
    .formula = "y_k = (k / (points - 1), true positive rate there)",
    .doc = "Points of the ROC curve: in the first column false positive rates from 0 to 1 "
           "in even steps, in the others the true positive rate there, of each class "
           "against all others. A curve without positive or without negative examples is "
           "NaN. As a metric it is a table. It needs the scores of all examples at once.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"prediction", "target", "weight"},
    .attrs = yg_curve_attrs,
    .attr_count = YG_CURVE_ATTRS,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .domain = {{-1, 2}, {0, 2}, {0.5, 2}},
    .samples = yg_curve_samples,
    .sample_count = sizeof yg_curve_samples / sizeof *yg_curve_samples,
};
