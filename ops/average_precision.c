/*
 * average_precision: the area under the precision-recall curve, as a sum of steps.
 *
 * Operands are those of class_counts.h; the result is a scalar. A composite of sort and
 * ranking_areas: see ranking.h. No derivative: only the order of the scores counts.
 */
#include "ranking.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    results[0] = yg_ranking_average(graph, call, operands, YG_AREA_PRECISION);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    return yg_ranking_reference(r, YG_AREA_PRECISION);
}

const yg_op yg_op_average_precision = {
    .name = "average_precision",
    .formula = "y = Σ precision · Δrecall",
    .doc = "The area under the precision-recall curve (PR-AUC), as a sum of steps. It is 0 for a "
           "class without positive examples. Targets are class indices, each class against all "
           "others, or 0 and 1 for each prediction. It needs the scores of all examples at once.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"prediction", "target", "weight"},
    .attrs = yg_ranking_attrs,
    .attr_count = YG_RANKING_PAIRS,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .domain = {{-1, 2}, {0, 2}, {0.5, 2}},
    .samples = yg_ranking_samples,
    .sample_count = sizeof yg_ranking_samples / sizeof *yg_ranking_samples,
};
