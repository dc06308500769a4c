/*
 * bce_with_logits: the binary cross-entropy of sigmoid(z) with targets t of z's shape,
 * -[w·t·log sigmoid(z) + (1 - t)·log(1 - sigmoid(z))], reduced.
 *
 * A composite. w is an optional weight of the positive targets; it broadcasts to z. Without it the
 * loss is logistic_loss(z, t). With it, (1 - t)·z + (1 + (w - 1)·t)·softplus(-z), which is
 * PyTorch's form.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static yg_node weighted(yg_graph *graph, yg_node z, yg_node target, yg_node weight) {
    const yg_node negative_part =
        yg_multiply(graph, yg_offset(graph, yg_negative(graph, target), 1), z);
    const yg_node factor =
        yg_offset(graph, yg_multiply(graph, yg_offset(graph, weight, -1), target), 1);
    const yg_node positive_part =
        yg_multiply(graph, factor, yg_softplus(graph, yg_negative(graph, z)));
    return yg_add(graph, negative_part, positive_part);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    /* The result of sigmoid is never meant as logits: sigmoid would be applied twice. */
    if (yg_node_op(graph, operands[0]) == &yg_op_sigmoid) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "bce_with_logits takes logits, not what sigmoid makes of them, since sigmoid "
                      "is part of it: leave sigmoid out here, or write bce");
        return 0;
    }
    const yg_type *logits = &call->operands[0];
    yg_node elements;
    if (call->operand_count == 2) {
        elements = yg_apply(graph, &yg_op_logistic_loss, operands, 2, NULL);
    } else {
        yg_type shape;
        if (!yg_shape_broadcast(logits, &call->operands[2], &shape) ||
            !yg_shape_equal(&shape, logits)) {
            char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
            yg_graph_fail(graph, YG_ERROR_SHAPE,
                          "bce_with_logits: pos_weight %s does not broadcast to logits %s",
                          yg_type_text(&call->operands[2], a), yg_type_text(logits, b));
            return 0;
        }
        elements = weighted(graph, operands[0], yg_cast(graph, operands[1], logits->dtype),
                            yg_cast(graph, operands[2], logits->dtype));
    }
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return 1;
}

/* In the samples the weight has the last dimensions of the logits. */
static double element(const yg_reference *r, const int64_t *index) {
    const double p = 1 / (1 + exp(-yg_at(r, 0, index))), t = yg_at(r, 1, index);
    double weight = 1;
    if (r->call->operand_count == 3)
        weight = yg_at(r, 2, index + r->call->operands[0].rank - r->call->operands[2].rank);
    return -weight * t * log(p) - (1 - t) * log(1 - p);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

static const yg_attr none[] = {{.i = YG_REDUCTION_NONE}},
                     batchmean[] = {{.i = YG_REDUCTION_BATCHMEAN}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = none},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = batchmean},
    {.operands = {"f[4, 3]", "f[4, 3]", "f[3]"}},
    {.operands = {"f[2, 4, 3]", "f[2, 4, 3]", "f[4, 3]"}, .attrs = none},
    {.operands = {"f[]", "f[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]"}, .attrs = none},
};

const yg_op yg_op_bce_with_logits = {
    .name = "bce_with_logits",
    .formula = "l = -[w·t·log sigmoid(z) + (1 - t)·log(1 - sigmoid(z))]",
    .doc = "Binary cross-entropy of logits. pos_weight, optional, multiplies the loss of positive "
           "targets and broadcasts to the logits.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"logits", "target", "pos_weight"},
    .attrs = yg_loss_attrs,
    .attr_count = 1,
    .compose = compose,
    .reference = reference,
    .domain = {{-6, 6}, {0, 1}, {0.5, 3}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
