/*
 * huber_elements: y = d² / 2 where |d| <= delta, and delta · (|d| - delta / 2) beyond, elementwise.
 *
 * With c = d kept within [-delta, delta], both are c · (d - c / 2): one step where the composite
 * has five. vjp: dd = dy · c.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

#include <math.h>

YG_UNARY_TILES_WITH(huber_elements, const real high = (real)attrs[0].f;
                    const real low = -high,
                    ((x < low ? low : x) > high ? high : (x < low ? low : x)) *
                        (x - (real)0.5 * ((x < low ? low : x) > high ? high : (x < low ? low : x))))

static yg_node kept_within(yg_graph *graph, yg_node d, double delta) {
    const yg_attr bounds[] = {{.f = -delta}, {.f = delta}};
    return yg_apply(graph, &yg_op_clip, &d, 1, bounds);
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node d = yg_node_operand(graph, y, k);
    return yg_multiply(graph, dy, kept_within(graph, d, yg_node_attrs(graph, y)[0].f));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node c = kept_within(graph, operands[0], call->attrs[0].f);
    results[0] = yg_multiply(graph, c, yg_subtract(graph, operands[0], yg_scale(graph, c, 0.5)));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double d = fabs(yg_at(r, 0, index)), delta = r->call->attrs[0].f;
    return d <= delta ? d * d / 2 : delta * (d - delta / 2);
}

static const yg_attr_spec attrs[] = {
    {.name = "delta",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1},
     .max = 1e30,
     .doc = "where the values turn from quadratic to linear"},
};

static const yg_sample samples[] = {
    {{"f[3, 1367]"}, NULL},
    {{"f[3, 4]"}, (const yg_attr[]){{.f = 0.5}}},
    {{"f[]"}, NULL},
};

const yg_op yg_op_huber_elements = {
    .name = "huber_elements",
    .formula = "y = d²/2 where |d| <= delta, else delta·(|d| - delta/2)",
    .doc = "The terms of huber and smooth_l1, of a difference d.",
    .group = "loss",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"d"},
    .attrs = attrs,
    .attr_count = 1,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(huber_elements),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-3, 3}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
