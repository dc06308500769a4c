/*
 * reshape: y has x's elements in the same row-major order under another shape.
 *
 * One dimension of the new shape may be -1: its size is worked out from the number of elements.
 * vjp: dx = dy in x's shape.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <string.h>

static bool fail(const yg_infer *call, const char *why, yg_error *error) {
    yg_type asked = {.rank = (int32_t)call->attrs[0].count};
    memcpy(asked.shape, call->attrs[0].ints, sizeof asked.shape);
    char from[YG_TYPE_TEXT], to[YG_TYPE_TEXT];
    return yg_fail(error, YG_ERROR_SHAPE, call->origin, "reshape: %s to %s: %s",
                   yg_type_text(&call->operands[0], from), yg_shape_text(&asked, to), why);
}

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    int64_t shape[YG_MAX_RANK] = {0};
    const int rank = (int)call->attrs[0].count;
    int open = -1; /* the dimension whose size is given as -1, or -1 if there is none */
    for (int d = 0; d < rank; d++) {
        shape[d] = call->attrs[0].ints[d];
        if (shape[d] != -1)
            continue;
        if (open >= 0)
            return fail(call, "only one dimension may be -1", error);
        open = d;
        shape[d] = 1;
    }
    if (!yg_type_make(x->dtype, rank, shape, result, error))
        return false;
    const int64_t count = yg_type_count(x), others = yg_type_count(result);
    if (open >= 0) {
        if (others == 0)
            return fail(call, "the dimension -1 could be any number", error);
        result->shape[open] = count / others;
    }
    if (yg_type_count(result) != count)
        return fail(call, "the numbers of elements differ", error);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_reshape(graph, dy, yg_node_type(graph, yg_node_operand(graph, y, 0)));
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    yg_type result = {0};
    if (!infer(call, &result, NULL))
        return YG_NONE;
    if (yg_shape_equal(&call->operands[0], &result))
        return operands[0];
    if (yg_node_op(graph, operands[0]) == &yg_op_reshape)
        return yg_reshape(graph, yg_node_operand(graph, operands[0], 0), &result);
    double value;
    if (result.dtype != YG_I64 && yg_node_is_scalar(graph, operands[0], &value))
        return yg_full(graph, &result, value);
    if (memcmp(result.shape, call->attrs[0].ints, sizeof result.shape) != 0)
        return yg_reshape(graph, operands[0], &result);
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    int64_t position = 0, at[YG_MAX_RANK] = {0};
    for (int d = 0; d < r->out_type->rank; d++)
        position = position * r->out_type->shape[d] + index[d];
    for (int d = x->rank; d-- > 0;) {
        at[d] = position % x->shape[d];
        position /= x->shape[d];
    }
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "shape",
     .kind = YG_ATTR_INTS,
     .required = true,
     .min = -1,
     .max = (double)INT64_MAX,
     .doc = "the new shape; one dimension may be -1, which is worked out"},
};

static const yg_sample samples[] = {
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 2, .ints = {6, 4}}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 3, .ints = {4, -1, 2}}}},
    {{"f[1, 1]"}, (const yg_attr[]){{.count = 0}}},
    {{"f[]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.count = 2, .ints = {5, 0}}}},
    {{"i[6]"}, (const yg_attr[]){{.count = 2, .ints = {2, 3}}}},
};

const yg_op yg_op_reshape = {
    .name = "reshape",
    .formula = "y = x, element for element in row-major order",
    .doc = "Gives the same elements another shape. Costs nothing: the result is x's memory.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_VIEW,
    .infer = infer,
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
