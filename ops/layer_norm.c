/*
 * layer_norm: y = (x - mean) / sqrt(var + eps) · weight + bias, over the last dimensions of x.
 *
 * weight and bias have the sizes of these dimensions. A composite of row_normalize.
 */
#include "registry.h"
#include "row_normalize.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    return yg_normalize_shape(graph, call, operands, results, true, call->attrs[1].f);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_normalize_shape_reference(r, index, true, r->call->attrs[1].f);
}

static const yg_attr_spec attrs[] = {
    {.name = "normalized_shape",
     .kind = YG_ATTR_INTS,
     .max = (double)INT64_MAX,
     .doc = "the sizes of the last dimensions, which are normalised together; none: the weight's"},
    {.name = "eps",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1e-5},
     .max = 1e30,
     .doc = "added to the variance"},
};

static const yg_sample samples[] = {
    {{"f[3, 4]", "f[4]", "f[4]"}, NULL},
    {{"f[2, 3, 4]", "f[3, 4]"}, (const yg_attr[]){{0}, {.f = 0.1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {4}}, {.f = 1e-5}}},
    {{"f[5]", "f[5]", "f[5]"}, NULL},
    {{"f[0, 4]", "f[4]"}, NULL},
};

const yg_op yg_op_layer_norm = {
    .name = "layer_norm",
    .formula = "y = (x - mean) / sqrt(var + eps) · weight + bias over the last dimensions",
    .doc = "Layer normalisation, as PyTorch's layer_norm: mean and variance (biased) are those of "
           "the last "
           "dimensions, whose sizes are normalized_shape. weight and bias may be left out.",
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
