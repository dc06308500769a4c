/*
 * anchor: y = x, as a node of its own. A model file's grad(y, x) needs x to stay where it is: the
 * builder would otherwise simplify past it, and y would no longer depend on it. log(softmax(z)),
 * for one, becomes a function of z. The rule remove_anchor takes anchors out again when a program
 * is compiled, after all gradients have been built.
 *
 * vjp: dx = dy
 */
#include "registry.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)error;
    *result = call->operands[0];
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)graph;
    (void)y;
    (void)k;
    return dy;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

static const yg_sample samples[] = {{{"f[2, 3]"}, NULL}, {{"f[]"}, NULL}, {{"f[0, 3]"}, NULL}};

const yg_op yg_op_anchor = {
    .name = "anchor",
    .formula = "y = x",
    .doc = "The operand as a node of its own, past which nothing is simplified: what a gradient is "
           "asked for.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_VIEW | YG_OP_INTERNAL,
    .infer = infer,
    .vjp = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
