/*
 * argsort: the positions that sort each row along dimension `dim`: x[y[k]] is in order.
 *
 * A composite: the second result of sort.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <math.h>

enum { DIM, DESCENDING };

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_node sorted[2];
    int dim;
    if (!yg_compose_dim(graph, call, call->attrs[DIM].i, call->operands[0].rank, &dim))
        return 0;
    if (yg_apply_all(graph, &yg_op_sort, operands, 1, call->attrs, sorted, 2) == 0)
        return 0;
    results[0] = sorted[1];
    return 1;
}

static bool comes_before(double a, double b, bool descending) {
    const double first = descending ? b : a, second = descending ? a : b;
    return first < second || (isnan(second) && !isnan(first));
}

/* The position of the element that has exactly index[dim] elements before it. */
static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const bool descending = r->call->attrs[DESCENDING].i != 0;
    int dim = 0;
    yg_dimension(r->call->attrs[DIM].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0}, other[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = other[d] = index[d];
    for (at[dim] = 0; x->rank > 0 && at[dim] < x->shape[dim]; at[dim]++) {
        const double value = yg_at(r, 0, at);
        int64_t before = 0;
        for (other[dim] = 0; other[dim] < x->shape[dim]; other[dim]++) {
            const double earlier = yg_at(r, 0, other);
            before += comes_before(earlier, value, descending) ||
                      (!comes_before(value, earlier, descending) && other[dim] < at[dim]);
        }
        if (before == index[dim])
            return (double)at[dim];
    }
    return 0;
}

static const yg_attr_spec attrs[] = {
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .fallback = {.i = -1},
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension whose elements are sorted"},
    [DESCENDING] = {.name = "descending", .kind = YG_ATTR_BOOL, .doc = "largest first"},
};

static const yg_attr first[] = {{.i = 0}, {.i = 0}}, downwards[] = {{.i = -1}, {.i = 1}};

static const yg_sample samples[] = {
    {{"f[7]"}, NULL},    {{"f[5, 3]"}, first},     {{"f[2, 9]"}, downwards}, {{"f[]"}, NULL},
    {{"f[0, 3]"}, NULL}, {{"i[3, 9]"}, downwards}, {{"b[9]"}, NULL},
};

const yg_op yg_op_argsort = {
    .name = "argsort",
    .formula = "x[y[k]] in order along dim",
    .doc = "The positions that sort x. Equal elements keep their order, as in PyTorch with stable. "
           "NaN counts as larger than any number.",
    .group = "indexing",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
