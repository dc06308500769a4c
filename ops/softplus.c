/*
 * softplus: y = log(1 + exp(beta · x)) / beta, elementwise; x itself where beta · x > threshold.
 *
 * vjp: dx = dy · sigmoid(beta · x), and dy where beta · x > threshold.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

enum { BETA, THRESHOLD };

/* Computed as max(b, 0) + log(1 + exp(-|b|)) with b = beta · x, where the exponential cannot
 * overflow. */
#define POSITIVE(b) ((b) > 0 ? (b) : 0)
YG_UNARY_MATH_TILES_WITH(softplus, const real beta = (real)attrs[BETA].f;
                         const real threshold = (real)attrs[THRESHOLD].f,
                         beta *x > threshold
                             ? x
                             : (POSITIVE(beta * x) + YG_VECTOR_LOG1P_EXP(-fabs(beta * x))) / beta)

/* Where beta · x > threshold, `above`, else `below`; `below` everywhere if the threshold is
 * infinite. */
static yg_node choose(yg_graph *graph, yg_node scaled, double threshold, yg_node above,
                      yg_node below) {
    if (threshold == (double)INFINITY || scaled == YG_NONE)
        return below;
    const yg_node limit = yg_scalar(graph, yg_node_type(graph, scaled)->dtype, threshold);
    return yg_where(graph, yg_greater(graph, scaled, limit), above, below);
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_attr *attrs = yg_node_attrs(graph, y);
    const yg_node scaled = yg_scale(graph, yg_node_operand(graph, y, k), attrs[BETA].f);
    const yg_node slope = yg_multiply(graph, dy, yg_sigmoid(graph, scaled));
    return choose(graph, scaled, attrs[THRESHOLD].f, dy, slope);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const double beta = call->attrs[BETA].f;
    const yg_node scaled = yg_scale(graph, operands[0], beta);
    const yg_node positive =
        yg_maximum(graph, scaled, yg_scalar(graph, call->operands[0].dtype, 0));
    const yg_node rest = yg_log1p(graph, yg_exp(graph, yg_negative(graph, yg_abs(graph, scaled))));
    const yg_node y = yg_scale(graph, yg_add(graph, positive, rest), 1 / beta);
    results[0] = choose(graph, scaled, call->attrs[THRESHOLD].f, operands[0], y);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index), beta = r->call->attrs[BETA].f, b = beta * x;
    return b > r->call->attrs[THRESHOLD].f ? x : (fmax(b, 0) + log1p(exp(-fabs(b)))) / beta;
}

static const yg_attr_spec attrs[] = {
    [BETA] = {.name = "beta",
              .kind = YG_ATTR_FLOAT,
              .fallback = {.f = 1},
              .doc = "how sharp the bend at 0 is"},
    [THRESHOLD] = {.name = "threshold",
                   .kind = YG_ATTR_FLOAT,
                   .fallback = {.f = INFINITY},
                   .doc = "where beta · x is above it, the result is x; never, if left out "
                          "(PyTorch's default is 20)"},
};

static const yg_attr sharp[] = {{.f = 3}, {.f = INFINITY}}, low[] = {{.f = 2}, {.f = 1.5}};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL},  {{"f[3, 1367]"}, NULL}, {{"f[3, 167]"}, sharp},
    {{"f[3, 167]"}, low}, {{"f[]"}, NULL},        {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_softplus = {
    .name = "softplus",
    .formula = "y = log(1 + exp(beta · x)) / beta",
    .doc = "A smooth relu: x for large x, and it never overflows.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(softplus),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(samples),
};
