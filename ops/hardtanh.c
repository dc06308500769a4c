/*
 * hardtanh: y = min(max(x, min_val), max_val), elementwise.
 *
 * vjp: dx = dy where min_val < x < max_val, else 0.
 */
#include "build.h"
#include "elementwise.h"
#include "piecewise_gradient.h"
#include "registry.h"

YG_UNARY_TILES_WITH(hardtanh, const real low = (real)attrs[0].f;
                    const real high = (real)attrs[1].f,
                    (x < low ? low : x) > high ? high : (x < low ? low : x))

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const double low = call->attrs[0].f, high = call->attrs[1].f;
    if (!(low <= high))
        return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                       "hardtanh: min_val = %g is above max_val = %g", low, high);
    *result = call->operands[0];
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_attr *bounds = yg_node_attrs(graph, y);
    const yg_piecewise_slopes slopes = {
        .low = bounds[0].f, .high = bounds[1].f, .middle = 1, .undefined = 1};
    return yg_piecewise_gradient(graph, dy, yg_node_operand(graph, y, k), &slopes);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return fmin(fmax(yg_at(r, 0, index), r->call->attrs[0].f), r->call->attrs[1].f);
}

static const yg_attr_spec attrs[] = {
    {.name = "min_val", .kind = YG_ATTR_FLOAT, .fallback = {.f = -1}, .doc = "the lower bound"},
    {.name = "max_val", .kind = YG_ATTR_FLOAT, .fallback = {.f = 1}, .doc = "the upper bound"},
};

static const yg_attr upper[] = {{.f = 0}, {.f = 1.5}};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL},
    {{"f[3, 1367]"}, upper},
    {{"f[]"}, NULL},
    {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_hardtanh = {
    .name = "hardtanh",
    .formula = "y = min(max(x, min_val), max_val)",
    .doc = "tanh of straight lines. The gradient is 0 at the bounds and beyond; NaN stays NaN.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .infer = infer,
    .tile = YG_FLOAT_TILES(hardtanh),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(samples),
};
