/*
 * identity: y = x, elementwise; for `activation: identity`. No node is added.
 */
#include "elementwise.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)graph;
    (void)call;
    results[0] = operands[0];
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

const yg_op yg_op_identity = {
    .name = "identity",
    .formula = "y = x",
    .doc = "The operand itself: the activation that does nothing.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .compose = compose,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
