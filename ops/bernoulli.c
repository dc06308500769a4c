/*
 * bernoulli: y is 1 with probability p, element by element, else 0.
 *
 * A composite: bernoulli_numbers with a stream of its own.
 */
#include "build.h"
#include "registry.h"
#include "streams.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)call;
    const yg_attr stream = {.i = yg_next_stream(graph, &yg_op_bernoulli_numbers)};
    results[0] = yg_apply(graph, &yg_op_bernoulli_numbers, operands, 1, &stream);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_attr stream = {.i = 0};
    const yg_infer call = {.op = &yg_op_bernoulli_numbers,
                           .operands = r->call->operands,
                           .operand_count = 1,
                           .attrs = &stream};
    const yg_reference inner = {.call = &call, .out_type = r->out_type, .in = r->in};
    return yg_op_bernoulli_numbers.reference(&inner, index);
}

static const yg_sample samples[] = {{{"f[30, 40]"}, NULL}, {{"f[]"}, NULL}, {{"f[0, 3]"}, NULL}};

const yg_op yg_op_bernoulli = {
    .name = "bernoulli",
    .formula = "y = 1 with probability p, else 0",
    .doc = "Draws each element by its own probability; one outside [0, 1] is an error. The result "
           "has the type of p. It is drawn in training and in evaluation. The same seed and step "
           "give the same result.",
    .group = "random",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"p"},
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .domain = {{0, 1}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
