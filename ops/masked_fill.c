/*
 * masked_fill: y = value where the mask is true, else x. The mask broadcasts to x.
 */
#include "build.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0], *mask = &call->operands[1];
    const double value = call->attrs[0].f;
    yg_type both;
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (mask->dtype != YG_BOOL)
        yg_graph_fail(graph, YG_ERROR_DTYPE,
                      "masked_fill: the mask is %s, not bool; compare it with something",
                      yg_type_text(mask, b));
    else if (!yg_shape_broadcast(x, mask, &both) || !yg_shape_equal(x, &both))
        yg_graph_fail(graph, YG_ERROR_SHAPE, "masked_fill: mask %s does not broadcast to x %s",
                      yg_type_text(mask, b), yg_type_text(x, a));
    else if (!yg_dtype_is_float(x->dtype) && value != floor(value))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "masked_fill: %s cannot hold the value %g",
                      yg_type_text(x, a), value);
    else
        results[0] = yg_where(graph, operands[1], yg_scalar(graph, x->dtype, value), operands[0]);
    return yg_graph_error(graph) ? 0 : 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *mask = &r->call->operands[1];
    const int added = r->out_type->rank - mask->rank;
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < mask->rank; d++)
        at[d] = mask->shape[d] == 1 ? 0 : index[added + d];
    return yg_at(r, 1, at) != 0 ? r->call->attrs[0].f : yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {
    {.name = "value",
     .kind = YG_ATTR_FLOAT,
     .required = true,
     .doc = "what stands where the mask is true; -inf removes scores before a softmax"},
};

static const yg_sample samples[] = {
    {{"f[2, 3]", "b[2, 3]"}, (const yg_attr[]){{.f = 0.5}}},
    {{"f[2, 3, 2]", "b[3, 1]"}, (const yg_attr[]){{.f = -7}}},
    {{"f[]", "b[]"}, (const yg_attr[]){{.f = 1}}},
    {{"f[0, 3]", "b[3]"}, (const yg_attr[]){{.f = 1}}},
    {{"i[5]", "b[5]"}, (const yg_attr[]){{.f = 9}}},
};

const yg_op yg_op_masked_fill = {
    .name = "masked_fill",
    .formula = "y = value if mask, else x",
    .doc = "Replaces the elements where a mask is true. They have no gradient.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "mask"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {0, 1}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
