/*
 * The common code of uniform and normal: see draw.h.
 */
#include "draw.h"

#include "build.h"
#include "registry.h"
#include "streams.h"

#include <string.h>

static int64_t choice(const char *distribution) {
    const yg_attr_spec *spec =
        &yg_op_random_numbers.attrs[yg_op_attr(&yg_op_random_numbers, "distribution")];
    int64_t i = 0;
    while (strcmp(spec->choices[i], distribution) != 0)
        i++;
    return i;
}

/* Writes the type that is asked for; false after a failure. */
static bool find_type(yg_graph *graph, const yg_infer *call, yg_type *type) {
    const yg_attr *shape = &call->attrs[YG_DRAW_SHAPE];
    const bool like = call->operand_count > 0;
    yg_error error = {0};
    char text[YG_TYPE_TEXT];
    if (like && shape->count > 0)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "%s: give either `like` or `shape`, not both",
                      call->op->name);
    else if (like && !yg_dtype_is_float(call->operands[0].dtype))
        yg_graph_fail(graph, YG_ERROR_DTYPE, "%s: like is %s, not a float tensor", call->op->name,
                      yg_type_text(&call->operands[0], text));
    else if (!like && !yg_dtype_is_float((yg_dtype)call->attrs[YG_DRAW_DTYPE].i))
        yg_graph_fail(graph, YG_ERROR_DTYPE, "%s: dtype is %s, not a float type", call->op->name,
                      yg_dtype_name((yg_dtype)call->attrs[YG_DRAW_DTYPE].i));
    else if (!like && !yg_type_make((yg_dtype)call->attrs[YG_DRAW_DTYPE].i, (int)shape->count,
                                    shape->ints, type, &error))
        yg_graph_fail(graph, error.code, "%s: %s", call->op->name, error.message);
    else
        return true;
    return false;
}

yg_node yg_draw(yg_graph *graph, const yg_infer *call, const char *distribution, double scale,
                double offset) {
    yg_type type;
    if (!find_type(graph, call, &type))
        return YG_NONE;
    if (call->operand_count > 0)
        type = call->operands[0];
    const yg_op *op = &yg_op_random_numbers;
    yg_attr attrs[4];
    yg_op_defaults(op, attrs);
    yg_attr *shape = &attrs[yg_op_attr(op, "shape")];
    shape->count = type.rank;
    memcpy(shape->ints, type.shape, sizeof shape->ints);
    attrs[yg_op_attr(op, "dtype")].i = type.dtype;
    attrs[yg_op_attr(op, "distribution")].i = choice(distribution);
    attrs[yg_op_attr(op, "stream")].i = yg_next_stream(graph, op);
    yg_node y = yg_apply(graph, op, NULL, 0, attrs);
    if (scale != 1)
        y = yg_scale(graph, y, scale);
    return offset != 0 ? yg_offset(graph, y, offset) : y;
}

double yg_draw_reference(const yg_reference *reference, const int64_t *index,
                         const char *distribution) {
    const yg_op *op = &yg_op_random_numbers;
    yg_attr attrs[4];
    yg_op_defaults(op, attrs);
    attrs[yg_op_attr(op, "distribution")].i = choice(distribution);
    const yg_infer call = {.op = op, .attrs = attrs};
    const yg_reference inner = {.call = &call, .out_type = reference->out_type};
    return op->reference(&inner, index);
}
