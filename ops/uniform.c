/*
 * uniform: each element is drawn from [low, high), all values alike likely.
 *
 * A composite: random_numbers, scaled and moved.
 */
#include "build.h"
#include "draw.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)operands;
    const double low = call->attrs[YG_DRAW_FIRST].f, high = call->attrs[YG_DRAW_SECOND].f;
    if (!(low <= high)) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "uniform: low = %g is above high = %g", low, high);
        return 0;
    }
    results[0] = yg_draw(graph, call, "uniform", high - low, low);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double low = r->call->attrs[YG_DRAW_FIRST].f, high = r->call->attrs[YG_DRAW_SECOND].f;
    return low + (high - low) * yg_draw_reference(r, index, "uniform");
}

static const yg_attr_spec attrs[] = {
    [YG_DRAW_SHAPE] = YG_DRAW_SHAPE_ATTR,
    [YG_DRAW_FIRST] = {.name = "low",
                       .kind = YG_ATTR_FLOAT,
                       .fallback = {.f = 0},
                       .doc = "the smallest value"},
    [YG_DRAW_SECOND] = {.name = "high",
                        .kind = YG_ATTR_FLOAT,
                        .fallback = {.f = 1},
                        .doc = "the bound above all values"},
    [YG_DRAW_DTYPE] = YG_DRAW_DTYPE_ATTR,
};

static const yg_attr moved[] = {{.count = 1, .ints = {50}}, {.f = -2}, {.f = 3}, {.i = YG_F64}};

static const yg_sample samples[] = {{.operands = {"f[3, 4]"}}, {.attrs = moved}};

const yg_op yg_op_uniform = {
    .name = "uniform",
    .formula = "y ~ uniform on [low, high)",
    .doc =
        "Random numbers, of a shape, `uniform([B, 3])`, or of the shape and type of a tensor, "
        "`uniform(x)`. They are drawn in training and in evaluation. The same seed and step give "
        "the same numbers.",
    .group = "random",
    .min_operands = 0,
    .max_operands = 1,
    .operand_names = {"like"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
