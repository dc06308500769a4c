/*
 * Metrics that are a function of the mean cross-entropy of logits with classes: perplexity and
 * bits_per_character.
 *
 * Operands are logits and target, as of cross_entropy: see class_loss.h. The result is a scalar.
 */
#ifndef YG_OPS_CLASS_LOSS_METRIC_H
#define YG_OPS_CLASS_LOSS_METRIC_H

#include "../graph/graph.h"

/* The mean loss, in nats. YG_NONE after yg_graph_fail(). */
yg_node yg_class_loss_mean(yg_graph *graph, const yg_infer *call, const yg_node *operands);
double yg_class_loss_mean_reference(const yg_reference *reference, const int64_t *index);

enum { YG_CLASS_LOSS_METRIC_ATTRS = 2, YG_CLASS_LOSS_METRIC_SAMPLES = 4 };
extern const yg_attr_spec yg_class_loss_metric_attrs[YG_CLASS_LOSS_METRIC_ATTRS];
extern const yg_sample yg_class_loss_metric_samples[YG_CLASS_LOSS_METRIC_SAMPLES];

/* The whole descriptor of such a metric. NODE is the metric as a node, of `graph` and `loss`; VALUE
 * the same of a number, `loss`. */
#define YG_CLASS_LOSS_METRIC(NAME, FORMULA, DOC, NODE, VALUE)                                      \
    static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,          \
                          yg_node *results) {                                                      \
        const yg_node loss = yg_class_loss_mean(graph, call, operands);                            \
        results[0] = loss == YG_NONE ? YG_NONE : NODE;                                             \
        return results[0] != YG_NONE;                                                              \
    }                                                                                              \
    static double reference(const yg_reference *r, const int64_t *index) {                         \
        const double loss = yg_class_loss_mean_reference(r, index);                                \
        return VALUE;                                                                              \
    }                                                                                              \
    const yg_op yg_op_##NAME = {                                                                   \
        .name = #NAME,                                                                             \
        .formula = FORMULA,                                                                        \
        .doc = DOC,                                                                                \
        .group = "metric",                                                                         \
        .min_operands = 2,                                                                         \
        .max_operands = 2,                                                                         \
        .operand_names = {"logits", "target"},                                                     \
        .attrs = yg_class_loss_metric_attrs,                                                       \
        .attr_count = YG_CLASS_LOSS_METRIC_ATTRS,                                                  \
        .compose = compose,                                                                        \
        .reference = reference,                                                                    \
        .domain = {{-2, 2}, YG_CLASS_DOMAIN},                                                      \
        .samples = yg_class_loss_metric_samples,                                                   \
        .sample_count = YG_CLASS_LOSS_METRIC_SAMPLES,                                              \
    };

#endif
