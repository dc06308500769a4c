/*
 * prelu: y = x if x > 0, else weight · x. The weight is one number, or one for each channel, the
 * size of dimension 1.
 *
 * A composite: leaky_by.
 */
#include "build.h"
#include "registry.h"

#include <inttypes.h>

/* The weight with its channels in dimension 1 of x; YG_NONE after a failure. */
static yg_node by_channel(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_type *x = &call->operands[0], *weight = &call->operands[1];
    char text[2][YG_TYPE_TEXT];
    const int64_t count = weight->rank == 1 ? weight->shape[0] : 1;
    const int64_t channels = x->rank > 1 ? x->shape[1] : 1;
    if (weight->rank > 1 || (count != 1 && count != channels))
        return yg_graph_fail(graph, YG_ERROR_SHAPE,
                             "prelu: the weight is %s; for x of %s it has 1 number%s%" PRId64
                             " channels",
                             yg_type_text(weight, text[0]), yg_type_text(x, text[1]),
                             channels == 1 ? ", as x has " : ", or one for each of ", channels);
    yg_type shape = {.dtype = weight->dtype, .rank = count == 1 ? 0 : x->rank};
    for (int d = 0; d < shape.rank; d++)
        shape.shape[d] = d == 1 ? count : 1;
    return yg_reshape(graph, operands[1], &shape);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    char text[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(call->operands[0].dtype)) {
        yg_graph_fail(graph, YG_ERROR_DTYPE, "prelu takes a float tensor, not %s",
                      yg_type_text(&call->operands[0], text));
        return 0;
    }
    const yg_node pair[] = {operands[0], by_channel(graph, call, operands)};
    results[0] = yg_apply(graph, &yg_op_leaky_by, pair, 2, NULL);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    const yg_type *weight = &r->call->operands[1];
    const int64_t channel = weight->rank == 1 && weight->shape[0] > 1 ? index[1] : 0;
    return x > 0 ? x : yg_at(r, 1, &channel) * x;
}

static const yg_sample samples[] = {
    {{"f[2, 3, 4]", "f[3]"}, NULL}, {{"f[2, 3]", "f[1]"}, NULL}, {{"f[2, 3]", "f[3]"}, NULL},
    {{"f[4]", "f[1]"}, NULL},       {{"f[]", "f[]"}, NULL},      {{"f[0, 3]", "f[3]"}, NULL},
};

const yg_op yg_op_prelu = {
    .name = "prelu",
    .formula = "y = x if x > 0, else weight · x",
    .doc = "leaky_relu with a slope that is learned. The weight has 1 number, or one for each "
           "channel: the size of dimension 1. The gradient at 0 is that of the negative side.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "weight"},
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
