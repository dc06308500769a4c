/*
 * cosine_similarity: y = Σ a · b / (max(‖a‖, eps) · max(‖b‖, eps)) along dimension `dim`; a and b
 * broadcast.
 *
 * Each is divided by its length before they are multiplied, so that no product overflows.
 */
#include "build.h"
#include "registry.h"

#include <math.h>

enum { DIM, EPS };

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *a = &call->operands[0], *b = &call->operands[1];
    yg_type both;
    int dim;
    char text[2][YG_TYPE_TEXT];
    if (!yg_shape_broadcast(a, b, &both) || !yg_dimension(call->attrs[DIM].i, both.rank, &dim) ||
        both.rank == 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "cosine_similarity: %s and %s do not broadcast to a tensor with dimension "
                      "%lld",
                      yg_type_text(a, text[0]), yg_type_text(b, text[1]),
                      (long long)call->attrs[DIM].i);
        return 0;
    }
    yg_node unit[2];
    for (int k = 0; k < 2; k++) {
        const yg_attr attrs[] = {{.f = 2}, {.i = dim}, call->attrs[EPS]};
        const yg_node whole = yg_broadcast(graph, operands[k], &both);
        unit[k] = yg_apply(graph, &yg_op_normalize, &whole, 1, attrs);
    }
    results[0] =
        yg_sum(graph, yg_multiply(graph, unit[0], unit[1]), (const int64_t[]){dim}, 1, false);
    return 1;
}

/* The element of operand k at `at`, an index into both, stretched to each other. */
static double stretched(const yg_reference *r, size_t k, const int64_t *at, int rank) {
    const yg_type *type = &r->call->operands[k];
    int64_t own[YG_MAX_RANK] = {0};
    for (int d = 0; d < type->rank; d++)
        own[d] = type->shape[d] == 1 ? 0 : at[d + rank - type->rank];
    return yg_at(r, k, own);
}

static double reference(const yg_reference *r, const int64_t *index) {
    yg_type both;
    int dim = 0;
    yg_shape_broadcast(&r->call->operands[0], &r->call->operands[1], &both);
    yg_dimension(r->call->attrs[DIM].i, both.rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d + 1 < both.rank; d++)
        at[d < dim ? d : d + 1] = index[d];
    double product = 0, a = 0, b = 0;
    for (at[dim] = 0; at[dim] < both.shape[dim]; at[dim]++) {
        const double x = stretched(r, 0, at, both.rank), y = stretched(r, 1, at, both.rank);
        product += x * y;
        a += x * x;
        b += y * y;
    }
    const double eps = r->call->attrs[EPS].f;
    return product / (fmax(sqrt(a), eps) * fmax(sqrt(b), eps));
}

static const yg_attr_spec attrs[] = {
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .fallback = {.i = 1},
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension along which the vectors lie"},
    [EPS] = {.name = "eps",
             .kind = YG_ATTR_FLOAT,
             .fallback = {.f = 1e-8},
             .doc = "the smallest length to divide by"},
};

static const yg_sample samples[] = {
    {{"f[3, 4]", "f[3, 4]"}, NULL},
    {{"f[2, 3, 2]", "f[3, 1]"}, (const yg_attr[]){{.i = -1}, {.f = 1e-8}}},
    {{"f[4]", "f[4]"}, (const yg_attr[]){{.i = 0}, {.f = 1e-8}}},
    {{"f[4]", "f[2, 4]"}, (const yg_attr[]){{.i = 1}, {.f = 50}}},
    {{"f[0, 4]", "f[0, 4]"}, NULL},
};

const yg_op yg_op_cosine_similarity = {
    .name = "cosine_similarity",
    .formula = "y = Σ a · b / (max(‖a‖, eps) · max(‖b‖, eps)) along dim",
    .doc = "The cosine of the angle between vectors: 1 for the same direction, 0 for a right "
           "angle, -1 for opposite ones.",
    .group = "reduction",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
