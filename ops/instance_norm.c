/*
 * instance_norm: y = (x - mean) / sqrt(var + eps) · weight[c] + bias[c], where mean and variance
 * are those of one channel of one example.
 *
 * A composite of row_normalize.
 */
#include "registry.h"
#include "row_normalize.h"
#include "shape.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    if (!yg_check_normalizable(graph, call, 3))
        return 0;
    if (yg_shape_product(x->shape, 2, x->rank) == 1) {
        char text[YG_TYPE_TEXT];
        yg_graph_fail(graph, YG_ERROR_SHAPE, "instance_norm: a channel of %s is a single value",
                      yg_type_text(x, text));
        return 0;
    }
    return yg_normalize_groups(graph, call, operands, results, x->shape[1] ? x->shape[1] : 1,
                               call->attrs[0].f);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_normalize_groups_reference(r, index, r->call->operands[0].shape[1],
                                         r->call->attrs[0].f);
}

static const yg_attr_spec attrs[] = {
    {.name = "eps",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1e-5},
     .max = 1e30,
     .doc = "added to the variance"},
};

static const yg_sample samples[] = {
    {{"f[2, 4, 3]", "f[4]", "f[4]"}, NULL},
    {{"f[2, 2, 2, 2]", "f[2]"}, (const yg_attr[]){{.f = 0.1}}},
    {{"f[1, 3, 2, 2, 2]"}, NULL},
    {{"f[0, 4, 3]", "f[4]", "f[4]"}, NULL},
};

const yg_op yg_op_instance_norm = {
    .name = "instance_norm",
    .formula =
        "y = (x - mean) / sqrt(var + eps) · weight[c] + bias[c] over each channel of each example",
    .doc = "Instance normalisation, as PyTorch's instance_norm: mean and variance (biased) are "
           "those of "
           "each channel, dimension 1 of x, of each example. weight and bias may be left out.",
    .group = "normalisation",
    .min_operands = 1,
    .max_operands = 3,
    .operand_names = {"x", "weight", "bias"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
