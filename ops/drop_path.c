/*
 * drop_path: in a training graph, each example of a batch is set to 0 with probability p, and the
 * others are divided by 1 - p. In any other graph the result is x itself.
 *
 * A composite: dropout of whole examples.
 */
#include "build.h"
#include "dropout.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_attr attrs[] = {call->attrs[0], {.i = YG_DROP_EXAMPLE}};
    results[0] = yg_apply(graph, &yg_op_dropout, operands, 1, attrs);
    return results[0] != YG_NONE;
}

/* The tests' graphs do not train: y = x. */
static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {{
    .name = "p",
    .kind = YG_ATTR_FLOAT,
    .fallback = {.f = 0.5},
    .min = 0,
    .max = 1,
    .doc = "the probability that an example is dropped",
}};

static const yg_sample samples[] = {{{"f[3, 4]"}, NULL}, {{"f[5]"}, NULL}, {{"f[0, 4]"}, NULL}};

const yg_op yg_op_drop_path = {
    .name = "drop_path",
    .formula = "y[n] = x[n]·m[n] / (1 - p); m = 0 with probability p, else 1",
    .doc =
        "Stochastic depth (Huang et al., 2016): while training, sets whole examples of a residual "
        "branch to 0 at random and scales up the others; otherwise x itself.",
    .group = "random",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
