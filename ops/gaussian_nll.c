/*
 * gaussian_nll: minus the log-likelihood of targets t under normal distributions with the predicted
 * mean p and variance v, reduced. v has p's shape, or 1 or nothing in place of the last dimension.
 *
 * A composite of elementwise operators, then the reduction. As in PyTorch, v is kept at or above
 * eps, and the gradient passes as if it were not: otherwise a variance below eps could never grow
 * again.
 */
#include "bounded.h"
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

enum { REDUCTION, FULL, EPS };

static const double two_pi = 6.28318530717958647693;

/* The variance with the rank of the prediction; YG_NONE after a failure. */
static yg_node shaped_variance(yg_graph *graph, const yg_infer *call, yg_node variance) {
    const yg_type *p = &call->operands[0];
    yg_type shape = call->operands[2];
    if (shape.rank == p->rank - 1) {
        shape.shape[shape.rank++] = 1;
        variance = yg_reshape(graph, variance, &shape);
    }
    yg_type wide = shape;
    if (wide.rank > 0 && wide.rank == p->rank && wide.shape[wide.rank - 1] == 1)
        wide.shape[wide.rank - 1] = p->shape[p->rank - 1];
    if (yg_shape_equal(&wide, p))
        return yg_cast(graph, variance, p->dtype);
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    return yg_graph_fail(graph, YG_ERROR_SHAPE,
                         "gaussian_nll: variance is %s but prediction is %s; it must have the same "
                         "shape, or 1 or nothing in place of the last dimension",
                         yg_type_text(&call->operands[2], a), yg_type_text(p, b));
}

/* max(v, eps), with the gradient of v */
static yg_node at_least(yg_graph *graph, yg_node v, double eps) {
    if (v == YG_NONE)
        return YG_NONE;
    const yg_node least = yg_scalar(graph, yg_node_type(graph, v)->dtype, eps);
    const yg_node lift = yg_subtract(graph, yg_maximum(graph, v, least), v);
    return yg_add(graph, v, yg_apply(graph, &yg_op_stop_gradient, &lift, 1, NULL));
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_node given = yg_bounded(graph, operands[2], 0, (double)INFINITY, YG_BOUNDED_VARIANCE);
    const yg_node variance =
        at_least(graph, shaped_variance(graph, call, given), call->attrs[EPS].f);
    const yg_node square = yg_square(graph, yg_subtract(graph, operands[0], operands[1]));
    const yg_node misfit = yg_divide(graph, square, variance);
    yg_node elements = yg_scale(graph, yg_add(graph, yg_log(graph, variance), misfit), 0.5);
    if (call->attrs[FULL].i)
        elements = yg_offset(graph, elements, log(two_pi) / 2);
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return results[0] != YG_NONE;
}

/* The variance of the element of p at `index`. */
static double variance_at(const yg_reference *r, const int64_t *index) {
    const yg_type *p = &r->call->operands[0], *v = &r->call->operands[2];
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < v->rank; d++)
        at[d] = d == p->rank - 1 && v->shape[d] == 1 ? 0 : index[d];
    return fmax(yg_at(r, 2, at), r->call->attrs[EPS].f);
}

static double element(const yg_reference *r, const int64_t *index) {
    const double d = yg_at(r, 0, index) - yg_at(r, 1, index), v = variance_at(r, index);
    return (log(v) + d * d / v) / 2 + (r->call->attrs[FULL].i ? log(two_pi) / 2 : 0);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    {.name = "full", .kind = YG_ATTR_BOOL, .fallback = {.i = 0}, .doc = "adds log(2π)/2"},
    {.name = "eps",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1e-6},
     .min = 1e-30,
     .max = 1e30,
     .doc = "the least variance"},
};

static const yg_attr full[] = {{.i = YG_REDUCTION_SUM}, {.i = 1}, {.f = 1e-6}},
                     none[] = {{.i = YG_REDUCTION_NONE}, {.i = 0}, {.f = 1e-6}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 3]", "f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "f[4, 3]", "f[4, 1]"}, .attrs = full},
    {.operands = {"f[4, 3]", "f[4, 3]", "f[4]"}, .attrs = none},
    {.operands = {"f[]", "f[]", "f[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]", "f[0]"}, .attrs = full},
};

const yg_op yg_op_gaussian_nll = {
    .name = "gaussian_nll",
    .formula = "l = (log v + (p - t)²/v) / 2",
    .doc = "The log-likelihood of numbers whose uncertainty is predicted too. `full` adds "
           "log(2π)/2. Variances below eps count as eps; a negative one stops the run.",
    .group = "loss",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"prediction", "target", "variance"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {-2, 2}, {0.3, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
