/*
 * piecewise_gradient: dy times the slope at x of a function of straight lines: clip, leaky_relu and
 * their like. The slope is `below` for x <= low, `middle` between the two, `above` for x >= high;
 * of NaN it is `below`. Where the slope is 0, so is the result, whatever dy is.
 *
 * One pass in place of four or five. Its own derivative is that of its definition.
 */
#include "piecewise_gradient.h"

#include "elementwise.h"
#include "registry.h"

enum { LOW, HIGH, BELOW, MIDDLE, ABOVE, UNDEFINED, ATTRS };

/* a is dy, b is x. */
static inline __attribute__((always_inline)) float times_f32(float a, float slope) {
    return slope == 0 ? 0 : a * slope;
}

static inline __attribute__((always_inline)) double times_f64(double a, double slope) {
    return slope == 0 ? 0 : a * slope;
}

#define SETUP                                                                                      \
    const real low = (real)attrs[LOW].f, high = (real)attrs[HIGH].f;                               \
    const real below = (real)attrs[BELOW].f, middle = (real)attrs[MIDDLE].f;                       \
    const real above = (real)attrs[ABOVE].f, undefined = (real)attrs[UNDEFINED].f
#define SLOPE (b > low ? (b < high ? middle : above) : b <= low ? below : undefined)
YG_BINARY_TILE_WITH(piecewise_gradient_f32, float, float, SETUP, times_f32(a, SLOPE))
YG_BINARY_TILE_WITH(piecewise_gradient_f64, double, double, SETUP, times_f64(a, SLOPE))

yg_node yg_piecewise_gradient(yg_graph *graph, yg_node dy, yg_node x,
                              const yg_piecewise_slopes *slopes) {
    const yg_attr attrs[ATTRS] = {
        [LOW] = {.f = slopes->low},     [HIGH] = {.f = slopes->high},
        [BELOW] = {.f = slopes->below}, [MIDDLE] = {.f = slopes->middle},
        [ABOVE] = {.f = slopes->above}, [UNDEFINED] = {.f = slopes->undefined},
    };
    return yg_apply(graph, &yg_op_piecewise_gradient, (const yg_node[]){dy, x}, 2, attrs);
}

/* dy times one of the slopes; without 0 · infinity, and without 1 · dy. */
static yg_node scaled(yg_graph *graph, yg_node dy, double slope) {
    return slope == 0 ? yg_scalar(graph, yg_node_type(graph, dy)->dtype, 0)
                      : yg_scale(graph, dy, slope);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node dy = operands[0], x = operands[1];
    const yg_dtype dtype = call->operands[1].dtype;
    const yg_node low = yg_scalar(graph, dtype, call->attrs[LOW].f);
    const yg_node high = yg_scalar(graph, dtype, call->attrs[HIGH].f);
    yg_node parts[ATTRS];
    for (int i = BELOW; i < ATTRS; i++)
        parts[i] = scaled(graph, dy, call->attrs[i].f);
    const yg_node right = yg_where(graph, yg_less(graph, x, high), parts[MIDDLE], parts[ABOVE]);
    const yg_node left =
        yg_where(graph, yg_less_equal(graph, x, low), parts[BELOW], parts[UNDEFINED]);
    results[0] = yg_where(graph, yg_greater(graph, x, low), right, left);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 1, index);
    const yg_attr *attrs = r->call->attrs;
    const int left = x <= attrs[LOW].f ? BELOW : UNDEFINED;
    const int piece = !(x > attrs[LOW].f) ? left : x < attrs[HIGH].f ? MIDDLE : ABOVE;
    return attrs[piece].f == 0 ? 0 : yg_at(r, 0, index) * attrs[piece].f;
}

static const yg_attr_spec attrs[] = {
    [LOW] = {.name = "low", .kind = YG_ATTR_FLOAT, .required = true, .doc = "the first bend"},
    [HIGH] = {.name = "high", .kind = YG_ATTR_FLOAT, .required = true, .doc = "the second bend"},
    [BELOW] = {.name = "below", .kind = YG_ATTR_FLOAT, .required = true, .doc = "the slope there"},
    [MIDDLE] = {.name = "middle",
                .kind = YG_ATTR_FLOAT,
                .required = true,
                .doc = "the slope there"},
    [ABOVE] = {.name = "above", .kind = YG_ATTR_FLOAT, .required = true, .doc = "the slope there"},
    [UNDEFINED] = {.name = "undefined",
                   .kind = YG_ATTR_FLOAT,
                   .required = true,
                   .doc = "the slope where x is NaN"},
};

static const yg_attr band[] = {{.f = -1}, {.f = 1}, {.f = 0}, {.f = 1}, {.f = 0}, {.f = 1}};
static const yg_attr bent[] = {{.f = 0}, {.f = INFINITY}, {.f = 0.3},
                               {.f = 1}, {.f = 1},        {.f = 0.3}};
static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]"}, band},  {{"f[3, 1367]", "f[3, 1367]"}, band},
    {{"f[3, 167]", "f[167]"}, bent}, {{"f[]", "f[]"}, bent},
    {{"f[0, 3]", "f[3]"}, band},
};

const yg_op yg_op_piecewise_gradient = {
    .name = "piecewise_gradient",
    .formula = "dx = dy · (below if x ≤ low, above if x ≥ high, else middle)",
    .doc = "The gradient of a function of straight lines.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"dy", "x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(piecewise_gradient),
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(samples),
};
