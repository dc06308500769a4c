/*
 * bce: the binary cross-entropy of probabilities p with targets t of the same shape,
 * -[t·log p + (1 - t)·log(1 - p)], reduced to a scalar (with reduction none, p's shape stays).
 *
 * A composite: bce_elements, then the reduction. If p = sigmoid(z), the loss is computed from z,
 * and its derivative by z is exactly sigmoid(z) - t.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_node elements = yg_apply(graph, &yg_op_bce_elements, operands, 2, NULL);
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return 1;
}

static double element(const yg_reference *r, const int64_t *index) {
    const double p = yg_at(r, 0, index), t = yg_at(r, 1, index);
    return -t * fmax(log(p), -100) - (1 - t) * fmax(log(1 - p), -100);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

const yg_op yg_op_bce = {
    .name = "bce",
    .formula = "l = -[t·log p + (1 - t)·log(1 - p)]",
    .doc = "Binary cross-entropy of probabilities. Logarithms are kept at or above -100, as "
           "PyTorch does; of sigmoid(z) it is computed from z, without rounding p to 0 or 1.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"prediction", "target"},
    .attrs = yg_loss_attrs,
    .attr_count = 1,
    .compose = compose,
    .reference = reference,
    .domain = {{0.1, 0.9}, {0, 1}},
    .samples = yg_loss_samples,
    .sample_count = sizeof yg_loss_samples / sizeof *yg_loss_samples,
};
