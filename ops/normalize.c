/*
 * normalize: y = x / max(‖x‖, eps), the p-norm along dimension `dim`.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <math.h>

enum { P, DIM, EPS };

#define LEAST_INVERTED 1e-30

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    int dim;
    if (!yg_compose_dim(graph, call, call->attrs[DIM].i, call->operands[0].rank, &dim))
        return 0;
    const yg_attr norm[] = {
        call->attrs[P], {.count = 1, .ints = {call->attrs[DIM].i}}, {.i = true}};
    const yg_node length = yg_apply(graph, &yg_op_norm, operands, 1, norm);
    if (length == YG_NONE)
        return 0;
    const yg_node least = yg_scalar(graph, call->operands[0].dtype, call->attrs[EPS].f);
    const yg_node divisor = yg_where(graph, yg_less(graph, length, least), least, length);
    /* One division a vector. Not where 1 / eps would be infinite: 0 times that is NaN. */
    if (call->attrs[EPS].f >= LEAST_INVERTED)
        results[0] = yg_multiply(graph, operands[0], yg_reciprocal(graph, divisor));
    else
        results[0] = yg_divide(graph, operands[0], divisor);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const double p = r->call->attrs[P].f;
    int dim = 0;
    yg_dimension(r->call->attrs[DIM].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double total = 0;
    const int64_t length = x->rank == 0 ? 1 : x->shape[dim];
    for (at[dim] = 0; at[dim] < length; at[dim]++) {
        const double size = fabs(yg_at(r, 0, at));
        total = isinf(p) ? fmax(total, size) : total + pow(size, p);
    }
    const double norm = isinf(p) ? total : pow(total, 1 / p);
    return yg_at(r, 0, index) / fmax(norm, r->call->attrs[EPS].f);
}

static const yg_attr_spec attrs[] = {
    [P] = {.name = "p",
           .kind = YG_ATTR_FLOAT,
           .fallback = {.f = 2},
           .doc = "the power of the norm"},
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .fallback = {.i = 1},
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension along which a vector lies"},
    [EPS] = {.name = "eps",
             .kind = YG_ATTR_FLOAT,
             .fallback = {.f = 1e-12},
             .doc = "the smallest number to divide by"},
};

static const yg_sample samples[] = {
    {{"f[3, 4]"}, NULL},
    {{"f[3, 4]"}, (const yg_attr[]){{.f = 1}, {.i = 0}, {.f = 1e-12}}},
    {{"f[2, 3, 2]"}, (const yg_attr[]){{.f = 3}, {.i = -1}, {.f = 1e-12}}},
    {{"f[5]"}, (const yg_attr[]){{.f = INFINITY}, {.i = 0}, {.f = 1e-12}}},
    {{"f[5]"}, (const yg_attr[]){{.f = 2}, {.i = 0}, {.f = 100}}},
    {{"f[3, 4]"}, (const yg_attr[]){{.f = 2}, {.i = 1}, {.f = 0}}},
    {{"f[0, 4]"}, NULL},
};

const yg_op yg_op_normalize = {
    .name = "normalize",
    .formula = "y = x / max(‖x‖, eps) along dim",
    .doc = "Vectors of length 1 along a dimension; a vector of zeros stays one. As "
           "torch.nn.functional.normalize.",
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
