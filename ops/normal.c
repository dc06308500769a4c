/*
 * normal: each element is drawn from the normal distribution with a given mean and standard
 * deviation.
 *
 * A composite: random_numbers, scaled and moved.
 */
#include "build.h"
#include "draw.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)operands;
    results[0] =
        yg_draw(graph, call, "normal", call->attrs[YG_DRAW_SECOND].f, call->attrs[YG_DRAW_FIRST].f);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return r->call->attrs[YG_DRAW_FIRST].f +
           r->call->attrs[YG_DRAW_SECOND].f * yg_draw_reference(r, index, "normal");
}

static const yg_attr_spec attrs[] = {
    [YG_DRAW_SHAPE] = YG_DRAW_SHAPE_ATTR,
    [YG_DRAW_FIRST] = {.name = "mean",
                       .kind = YG_ATTR_FLOAT,
                       .fallback = {.f = 0},
                       .doc = "the mean"},
    [YG_DRAW_SECOND] = {.name = "std",
                        .kind = YG_ATTR_FLOAT,
                        .fallback = {.f = 1},
                        .min = 0,
                        .max = 1e300,
                        .doc = "the standard deviation"},
    [YG_DRAW_DTYPE] = YG_DRAW_DTYPE_ATTR,
};

static const yg_attr moved[] = {{.count = 1, .ints = {50}}, {.f = -2}, {.f = 3}, {.i = YG_F64}};

static const yg_sample samples[] = {{.operands = {"f[3, 4]"}}, {.attrs = moved}};

const yg_op yg_op_normal = {
    .name = "normal",
    .formula = "y ~ normal with mean and standard deviation std",
    .doc = "Random numbers, of a shape, `normal([B, 3])`, or of the shape and type of a tensor, "
           "`normal(x)`. They are drawn in training and in evaluation. The same seed and step give "
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
