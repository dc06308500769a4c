/*
 * triplet_margin: max(0, d(a, p) - d(a, n) + margin) of an anchor a, a positive p that is like it
 * and a negative n that is not, reduced. d(x, y) is the p-norm of x - y + eps along the last
 * dimension. The operands have one shape; without reduction the result has that shape less the last
 * dimension.
 *
 * A composite. With swap, d(a, n) is the smaller of d(a, n) and d(p, n) (Balntas et al., "Learning
 * shallow convolutional feature descriptors with triplet losses", 2016).
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

enum { REDUCTION, MARGIN, P, EPS, SWAP };

static const int64_t last = -1;

/* (Σ |x|^p)^(1/p). The slope of the root at 0 is infinite; there it is taken of 1, and a norm of 0
 * has the gradient 0. */
static yg_node root_of_sum(yg_graph *graph, yg_node x, double p) {
    const yg_node size = yg_abs(graph, x);
    const yg_node power =
        p == 2 ? yg_square(graph, x)
               : yg_pow(graph, size, yg_scalar(graph, yg_node_type(graph, x)->dtype, p));
    const yg_node sum = yg_sum(graph, power, &last, 1, false);
    if (sum == YG_NONE)
        return YG_NONE;
    const yg_dtype dtype = yg_node_type(graph, sum)->dtype;
    const yg_node zero = yg_scalar(graph, dtype, 0);
    const yg_node is_zero = yg_equal(graph, sum, zero);
    const yg_node safe = yg_where(graph, is_zero, yg_scalar(graph, dtype, 1), sum);
    return yg_where(graph, is_zero, zero, yg_pow(graph, safe, yg_scalar(graph, dtype, 1 / p)));
}

static yg_node distance(yg_graph *graph, const yg_attr *attrs, yg_node x, yg_node y) {
    const yg_node d = yg_offset(graph, yg_subtract(graph, x, y), attrs[EPS].f);
    if (d == YG_NONE)
        return YG_NONE;
    if (attrs[P].f == 1)
        return yg_sum(graph, yg_abs(graph, d), &last, 1, false);
    if (attrs[P].f == (double)INFINITY)
        return yg_max(graph, yg_abs(graph, d), &last, 1, false);
    return root_of_sum(graph, d, attrs[P].f);
}

static bool check(yg_graph *graph, const yg_infer *call) {
    const yg_type *anchor = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (!yg_loss_check_all(graph, call))
        return false;
    if (!(call->attrs[P].f > 0))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "triplet_margin: p = %g is not above 0",
                      call->attrs[P].f);
    else if (!(call->attrs[MARGIN].f > 0))
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "triplet_margin: margin = %g is not above 0",
                      call->attrs[MARGIN].f);
    else if (anchor->rank == 0)
        yg_graph_fail(graph, YG_ERROR_SHAPE, "triplet_margin: %s has no dimension of features",
                      yg_type_text(anchor, text));
    else
        return true;
    return false;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_attr *attrs = call->attrs;
    if (!check(graph, call))
        return 0;
    const yg_node near = distance(graph, attrs, operands[0], operands[1]);
    yg_node far = distance(graph, attrs, operands[0], operands[2]);
    if (attrs[SWAP].i)
        far = yg_minimum(graph, far, distance(graph, attrs, operands[1], operands[2]));
    const yg_node lead = yg_offset(graph, yg_subtract(graph, near, far), attrs[MARGIN].f);
    results[0] = yg_loss_reduce(graph, yg_relu(graph, lead), attrs[REDUCTION].i);
    return results[0] != YG_NONE;
}

/* The distance of row n of operands i and j. */
static double row_distance(const yg_reference *r, int64_t n, size_t i, size_t j) {
    const yg_type *type = &r->call->operands[0];
    const double p = r->call->attrs[P].f;
    double sum = 0;
    for (int64_t d = 0; d < type->shape[type->rank - 1]; d++) {
        const int64_t at[] = {type->rank == 2 ? n : d, d};
        const double size = fabs(yg_at(r, i, at) - yg_at(r, j, at) + r->call->attrs[EPS].f);
        sum = isinf(p) ? fmax(sum, size) : sum + pow(size, p);
    }
    return isinf(p) ? sum : pow(sum, 1 / p);
}

static double row_loss(const yg_reference *r, int64_t n) {
    double far = row_distance(r, n, 0, 2);
    if (r->call->attrs[SWAP].i)
        far = fmin(far, row_distance(r, n, 1, 2));
    return fmax(0, row_distance(r, n, 0, 1) - far + r->call->attrs[MARGIN].f);
}

/* In the samples the operands have one or two dimensions. */
static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *type = &r->call->operands[0];
    return yg_loss_reference_rows(r, index, type->rank == 2 ? type->shape[0] : 1, row_loss);
}

static const yg_attr_spec attrs[] = {
    [REDUCTION] = YG_REDUCTION_ATTR,
    [MARGIN] = {.name = "margin",
                .kind = YG_ATTR_FLOAT,
                .fallback = {.f = 1},
                .doc = "how much nearer the positive must be; above 0"},
    [P] = {.name = "p",
           .kind = YG_ATTR_FLOAT,
           .fallback = {.f = 2},
           .doc = "the norm: 2 for the Euclidean one, 1, any number above 0, or inf"},
    [EPS] = {.name = "eps",
             .kind = YG_ATTR_FLOAT,
             .fallback = {.f = 1e-6},
             .doc = "is added to each difference before the norm is taken"},
    [SWAP] = {.name = "swap",
              .kind = YG_ATTR_BOOL,
              .doc = "uses the distance of positive and negative where it is the smaller one"},
};

static const yg_attr
    swapped[] = {{.i = YG_REDUCTION_SUM}, {.f = 2}, {.f = 2}, {.f = 1e-6}, {.i = 1}},
    absolute[] = {{.i = YG_REDUCTION_NONE}, {.f = 0.5}, {.f = 1}, {.f = 1e-6}, {.i = 0}},
    cubic[] = {{.i = YG_REDUCTION_MEAN}, {.f = 1.5}, {.f = 3}, {.f = 1e-6}, {.i = 1}},
    largest[] = {{.i = YG_REDUCTION_MEAN}, {.f = 1}, {.f = INFINITY}, {.f = 1e-6}, {.i = 0}};

static const yg_sample samples[] = {
    {.operands = {"f[5, 3]", "f[5, 3]", "f[5, 3]"}},
    {.operands = {"f[5, 3]", "f[5, 3]", "f[5, 3]"}, .attrs = swapped},
    {.operands = {"f[5, 3]", "f[5, 3]", "f[5, 3]"}, .attrs = absolute},
    {.operands = {"f[5, 3]", "f[5, 3]", "f[5, 3]"}, .attrs = cubic},
    {.operands = {"f[5, 3]", "f[5, 3]", "f[5, 3]"}, .attrs = largest},
    {.operands = {"f[4]", "f[4]", "f[4]"}},
    {.operands = {"f[0, 3]", "f[0, 3]", "f[0, 3]"}, .attrs = swapped},
};

const yg_op yg_op_triplet_margin = {
    .name = "triplet_margin",
    .formula = "l = max(0, ‖a - p‖ - ‖a - n‖ + margin)",
    .doc = "Brings an anchor nearer to its positive than to its negative, by the margin. Norms are "
           "along the last dimension.",
    .group = "loss",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"anchor", "positive", "negative"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
