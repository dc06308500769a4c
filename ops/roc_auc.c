/*
 * roc_auc: the area under the ROC curve.
 *
 * Operands are those of class_counts.h; the result is a scalar. A composite of sort and
 * ranking_areas: see ranking.h. No derivative: only the order of the scores counts.
 */
#include "class_counts.h"
#include "ranking.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    results[0] = yg_ranking_average(graph, call, operands, YG_AREA_ROC);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    return yg_ranking_reference(r, YG_AREA_ROC);
}

static const yg_attr pairs[] = {{.i = -100},
                                {.i = YG_AVERAGE_MACRO},
                                {.i = -1},
                                {.i = YG_ONE_VS_ONE}},
                     by_rows[] = {
                         {.i = 1}, {.i = YG_AVERAGE_WEIGHTED}, {.i = -1}, {.i = YG_ONE_VS_ONE}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 3]", "i[9]"}},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}},
    {.operands = {"f[8, 3]", "b[8, 3]", "f[8]"}},
    {.operands = {"f[12]", "b[12]"}},
    {.operands = {"f[12, 1]", "b[12, 1]", "f[12]"}},
    {.operands = {"f[9, 3]", "i[9]"}, .attrs = pairs},
    {.operands = {"f[11, 4]", "i[11]", "f[11]"}, .attrs = by_rows},
};

const yg_op yg_op_roc_auc = {
    .name = "roc_auc",
    .formula = "y = P(score of a positive > score of a negative)",
    .doc = "The area under the ROC curve: how often a positive example is scored above a negative "
           "one; ties count half. A class without positive or without negative examples does not "
           "count. Targets are class indices, each class against all others, or 0 and 1 for each "
           "prediction. Of several classes, predictions should be probabilities: logits rank the "
           "examples of a class in another order. It needs the scores of all examples at once.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"prediction", "target", "weight"},
    .attrs = yg_ranking_attrs,
    .attr_count = YG_RANKING_ATTRS,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .domain = {{-1, 2}, {0, 2}, {0.5, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
