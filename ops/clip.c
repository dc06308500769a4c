/*
 * clip: y = min(max(x, min), max), elementwise.
 *
 * vjp: dx = dy where min < x < max, else 0: none at a bound, as in PyTorch 2.15.
 */
#include "build.h"
#include "elementwise.h"
#include "piecewise_gradient.h"
#include "registry.h"

/* A bound as an integer, kept within [lowest, highest]. infer() has checked that it is a whole
 * number or infinite. */
static int64_t whole(double bound, int64_t lowest, int64_t highest) {
    if (bound <= (double)lowest)
        return lowest;
    return bound >= (double)highest ? highest : (int64_t)bound;
}

/* The upper bound is applied last, so that it wins if min > max, as in PyTorch. NaN stays NaN. */
YG_UNARY_TILES_WITH(clip, const real low = (real)attrs[0].f;
                    const real high = (real)attrs[1].f,
                    (x < low ? low : x) > high ? high : (x < low ? low : x))
YG_UNARY_TILE_WITH(clip_i32, int32_t, int32_t,
                   const real low = (real)whole(attrs[0].f, INT32_MIN, INT32_MAX);
                   const real high = (real)whole(attrs[1].f, INT32_MIN, INT32_MAX),
                   (x < low ? low : x) > high ? high : (x < low ? low : x))
YG_UNARY_TILE_WITH(clip_i64, int64_t, int64_t,
                   const real low = whole(attrs[0].f, INT64_MIN, INT64_MAX);
                   const real high = whole(attrs[1].f, INT64_MIN, INT64_MAX),
                   (x < low ? low : x) > high ? high : (x < low ? low : x))

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const bool is_float = yg_dtype_is_float(call->operands[0].dtype);
    for (size_t i = 0; i < 2; i++) {
        const double bound = call->attrs[i].f;
        if (isnan(bound))
            return yg_fail(error, YG_ERROR_ARGUMENT, call->origin, "clip: %s is not a number",
                           call->op->attrs[i].name);
        if (!is_float && isfinite(bound) && bound != floor(bound))
            return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                           "clip: %s = %g is not whole, but the operand is %s; cast it to a float",
                           call->op->attrs[i].name, bound, yg_dtype_name(call->operands[0].dtype));
    }
    *result = call->operands[0];
    return true;
}

/* An infinite bound is none: the cotangent passes there, too. */
static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const double low = yg_node_attrs(graph, y)[0].f, high = yg_node_attrs(graph, y)[1].f;
    if (isinf(low) && isinf(high))
        return dy;
    const yg_piecewise_slopes slopes = {.low = low,
                                        .high = high,
                                        .below = isinf(low) ? 1 : 0,
                                        .middle = 1,
                                        .above = isinf(high) ? 1 : 0};
    return yg_piecewise_gradient(graph, dy, yg_node_operand(graph, y, k), &slopes);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return fmin(fmax(yg_at(r, 0, index), r->call->attrs[0].f), r->call->attrs[1].f);
}

static const yg_attr_spec attrs[] = {
    {.name = "min",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = -INFINITY},
     .doc = "the lower bound; none if left out"},
    {.name = "max",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = INFINITY},
     .doc = "the upper bound; none if left out"},
};

static const yg_attr inner[] = {{.f = -1}, {.f = 1}};
static const yg_attr below[] = {{.f = -INFINITY}, {.f = 0.25}};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, inner}, {{"f[3, 1367]"}, inner}, {{"f[3, 1367]"}, below},
    {{"f[]"}, NULL},      {{"f[0, 3]"}, inner},    {{"i[7, 5]"}, inner},
};

const yg_op yg_op_clip = {
    .name = "clip",
    .formula = "y = min(max(x, min), max)",
    .doc = "Keeps values between two bounds; NaN stays NaN. The gradient passes between them, "
           "not at a bound or beyond. Where min > max everything becomes max. Integers need whole "
           "bounds. For bounds that are tensors see clamp.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE,
    .infer = infer,
    .tile = {[YG_I32] = clip_i32, [YG_I64] = clip_i64, [YG_F32] = clip_f32, [YG_F64] = clip_f64},
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(samples),
};
