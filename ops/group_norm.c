/*
 * group_norm: y = (x - mean) / sqrt(var + eps) · weight[c] + bias[c], where the channels of x are
 * cut into groups and mean and variance are those of a group of one example.
 *
 * A composite of row_normalize: a group is contiguous.
 */
#include "registry.h"
#include "row_normalize.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const int64_t groups = call->attrs[0].i;
    if (!yg_check_normalizable(graph, call, 2))
        return 0;
    if (yg_type_count(x) == groups && groups > 0 && x->shape[0] == 1) {
        char text[YG_TYPE_TEXT];
        yg_graph_fail(graph, YG_ERROR_SHAPE, "group_norm: a group of %s is a single value",
                      yg_type_text(x, text));
        return 0;
    }
    return yg_normalize_groups(graph, call, operands, results, groups, call->attrs[1].f);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_normalize_groups_reference(r, index, r->call->attrs[0].i, r->call->attrs[1].f);
}

static const yg_attr_spec attrs[] = {
    {.name = "num_groups",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = 1,
     .max = (double)INT64_MAX,
     .doc = "how many groups the channels are cut into"},
    {.name = "eps",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1e-5},
     .max = 1e30,
     .doc = "added to the variance"},
};

static const yg_sample samples[] = {
    {{"f[2, 4, 3]", "f[4]", "f[4]"}, (const yg_attr[]){{.i = 2}, {.f = 1e-5}}},
    {{"f[2, 6]", "f[6]"}, (const yg_attr[]){{.i = 3}, {.f = 0.1}}},
    {{"f[2, 3, 2, 2]"}, (const yg_attr[]){{.i = 1}, {.f = 1e-5}}},
    {{"f[0, 4, 3]", "f[4]", "f[4]"}, (const yg_attr[]){{.i = 2}, {.f = 1e-5}}},
};

const yg_op yg_op_group_norm = {
    .name = "group_norm",
    .formula = "y = (x - mean) / sqrt(var + eps) · weight[c] + bias[c] over each group of channels",
    .doc =
        "Group normalisation, as PyTorch's group_norm: mean and variance (biased) are those of "
        "each of num_groups groups of channels, dimension 1 of x, of one example. weight and bias "
        "may be left out.",
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
