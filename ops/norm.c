/*
 * norm: y[…] = (Σ |x[…, i, …]|^p)^(1/p) over the dimensions `dim`, or over all of them.
 *
 * p = inf is the largest |x|, -inf the smallest, and 0 counts the elements other than 0. A
 * composite. Where powers have no finite derivative, at 0, PyTorch's is 0; `where` sees to that: it
 * puts 1 in place of 0 before the power is taken, and the right value behind it.
 */
#include "build.h"
#include "reduction.h"
#include "registry.h"

#include <math.h>

enum { P, DIM, KEEPDIM };

typedef struct norm_call {
    yg_graph *graph;
    yg_dtype dtype;
    double p;
    const yg_attr *dim;
    bool keepdim;
} norm_call;

static yg_node number(const norm_call *c, double value) {
    return yg_scalar(c->graph, c->dtype, value);
}

static yg_node sum(const norm_call *c, yg_node x) {
    return yg_sum(c->graph, x, c->dim->ints, (size_t)c->dim->count, c->keepdim);
}

/* x ^ power for x ≥ 0, with the derivative 0 at 0. */
static yg_node power_from_zero(const norm_call *c, yg_node x, double power) {
    const yg_node zero = yg_equal(c->graph, x, number(c, 0));
    const yg_node safe = yg_where(c->graph, zero, number(c, 1), x);
    const yg_node root =
        power == 0.5 ? yg_sqrt(c->graph, safe) : yg_pow(c->graph, safe, number(c, power));
    return yg_where(c->graph, zero, number(c, power > 0 ? 0 : INFINITY), root);
}

static yg_node extreme(const norm_call *c, yg_node x) {
    const yg_node size = yg_abs(c->graph, x);
    const yg_attr attrs[] = {*c->dim, {.i = c->keepdim}};
    return yg_apply(c->graph, c->p > 0 ? &yg_op_max : &yg_op_min, &size, 1, attrs);
}

static yg_node build(const norm_call *c, yg_node x) {
    if (isinf(c->p))
        return extreme(c, x);
    if (c->p == 0)
        return sum(c, yg_cast(c->graph, yg_not_equal(c->graph, x, number(c, 0)), c->dtype));
    if (c->p == 1)
        return sum(c, yg_abs(c->graph, x));
    if (c->p == 2)
        return power_from_zero(c, sum(c, yg_square(c->graph, x)), 0.5);
    const yg_node powers = power_from_zero(c, yg_abs(c->graph, x), c->p);
    return power_from_zero(c, sum(c, powers), 1 / c->p);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const norm_call c = {graph, x->dtype, call->attrs[P].f, &call->attrs[DIM],
                         call->attrs[KEEPDIM].i != 0};
    char text[YG_TYPE_TEXT];
    bool reduced[YG_MAX_RANK];
    yg_error error = {0};
    if (!yg_reduction_dims(call, c.dim, reduced, &error))
        yg_graph_fail(graph, error.code, "%s", error.message);
    else if (!yg_dtype_is_float(x->dtype))
        yg_graph_fail(graph, YG_ERROR_DTYPE, "norm: takes a float tensor, not %s",
                      yg_type_text(x, text));
    else if (isnan(c.p))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "norm: p must be a number, not NaN");
    else
        results[0] = build(&c, operands[0]);
    return yg_graph_error(graph) ? 0 : 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double p = r->call->attrs[P].f;
    double total = isinf(p) ? (p > 0 ? 0 : INFINITY) : 0;
    yg_infer call = *r->call;
    /* The helpers of reductions find `dim` first, and `keepdim` in its place. */
    const yg_attr moved[] = {r->call->attrs[DIM], r->call->attrs[P], r->call->attrs[KEEPDIM]};
    call.attrs = moved;
    yg_reference inner = *r;
    inner.call = &call;
    const int64_t count = yg_reduction_count(&call.operands[0], call.attrs);
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(&inner, index, i, at);
        const double size = fabs(yg_at(r, 0, at));
        if (isinf(p))
            total = p > 0 ? fmax(total, size) : fmin(total, size);
        else
            total += p == 0 ? size != 0 : pow(size, p);
    }
    return isinf(p) || p == 0 ? total : pow(total, 1 / p);
}

static const yg_attr_spec attrs[] = {
    [P] = {.name = "p",
           .kind = YG_ATTR_FLOAT,
           .fallback = {.f = 2},
           .doc = "the power: 2 is the length, 1 the sum of sizes, inf the largest size"},
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INTS,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimensions to reduce, negative from the end; none: all of them"},
    [KEEPDIM] = {.name = "keepdim",
                 .kind = YG_ATTR_BOOL,
                 .doc = "keep each reduced dimension with size 1"},
};

#define NORM(p, keepdim, ...)                                                                      \
    (const yg_attr[]) {                                                                            \
        {.f = (p)}, {__VA_ARGS__}, {                                                               \
            .i = (keepdim)                                                                         \
        }                                                                                          \
    }
#define ALONG(d) .count = 1, .ints = {d}
static const yg_sample samples[] = {
    {{"f[7]"}, NULL},
    {{"f[2, 3, 4]"}, NORM(2, 1, .count = 2, .ints = {0, -1})},
    {{"f[3, 5]"}, NORM(1, 0, ALONG(1))},
    {{"f[3, 5]"}, NORM(INFINITY, 0, ALONG(0))},
    {{"f[3, 5]"}, NORM(-INFINITY, 1, ALONG(1))},
    {{"f[3, 5]"}, NORM(0, 0, ALONG(1))},
    {{"f[3, 5]"}, NORM(3, 0, ALONG(1))},
    {{"f[3, 5]"}, NORM(0.5, 0, ALONG(0))},
    {{"f[3, 5]"}, NORM(-1.5, 0, ALONG(1))},
    {{"f[]"}, NULL},
    {{"f[0, 3]"}, NORM(2, 0, ALONG(1))},
};

const yg_op yg_op_norm = {
    .name = "norm",
    .formula = "y = (Σ |x|^p)^(1/p) over the dimensions dim",
    .doc = "The length of vectors along dimensions, as torch.linalg.vector_norm. The gradient is 0 "
           "where the norm is 0.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
