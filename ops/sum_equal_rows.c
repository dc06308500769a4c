/*
 * sum_equal_rows: y[i, :] = Σ x[j, :] over all j with index[j] = index[i].
 *
 * index [i, …] of integers, x [i, …, d] → y [i, …, d]. If x is the cotangent of embedding(index,
 * weight), y is the gradient of the weight, but only its rows that the index names, each where it
 * is named. So an update of these rows costs nothing for the others (train/optimizer_rows.c). Terms
 * are added in the order of the index. vjp: dx = sum_equal_rows(index, dy), since index[j] =
 * index[i] says the same of i and j.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <string.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *index = &call->operands[0], *x = &call->operands[1];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_shape_need_index(call, 0, error))
        return false;
    bool fits = x->rank == index->rank + 1;
    for (int d = 0; fits && d < index->rank; d++)
        fits = x->shape[d] == index->shape[d];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "sum_equal_rows: index %s and x %s do not fit together",
                       yg_type_text(index, a), yg_type_text(x, b));
    *result = *x;
    return true;
}

/* A unit of work is so many columns of the result: a cache line of f32. */
enum { COLUMNS = 16 };

/* Room for `count` positions in a table that is at most half full: a power of two. 0: too many. */
static int64_t table_size(int64_t count) {
    int64_t size = 4;
    while (size < count * 2 && size < INT64_MAX / 64)
        size *= 2;
    return count < INT64_MAX / 64 ? size : 0;
}

/* The scratch holds that table, and for each index where it comes first. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const int64_t count = yg_type_count(&call->operands[0]), size = table_size(count);
    const int64_t width = results->shape[results->rank - 1];
    plan->units = width / COLUMNS + (width % COLUMNS != 0);
    plan->scratch_bytes = size ? (size + count) * (int64_t)sizeof(int64_t) : INT64_MAX / 2;
    plan->flops = (double)yg_type_count(results);
}

static int64_t index_at(const yg_kernel_call *call, int64_t i) {
    return call->in_types[0]->dtype == YG_I32 ? ((const int32_t *)call->in[0])[i]
                                              : ((const int64_t *)call->in[0])[i];
}

/* Writes to first[i] the first position with the same index as position i. */
static int64_t *find_first(const yg_kernel_call *call) {
    const int64_t count = yg_type_count(call->in_types[0]), size = table_size(count);
    const uint64_t mask = (uint64_t)size - 1;
    int64_t *table = call->scratch, *first = table + size;
    memset(table, 0xff, (size_t)size * sizeof *table); /* -1: free */
    for (int64_t i = 0; i < count; i++) {
        const int64_t index = index_at(call, i);
        /* A multiplication mixes the lower bits into the upper ones. */
        uint64_t at = ((uint64_t)index * 0x9e3779b97f4a7c15u) >> 32 & mask;
        while (table[at] >= 0 && index_at(call, table[at]) != index)
            at = (at + 1) & mask;
        if (table[at] < 0)
            table[at] = i;
        first[i] = table[at];
    }
    return first;
}

/* A sum begins with 0, as that of embedding_gradient does, so that both have the same bits. */
#define KERNEL(function, real)                                                                     \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_type *y = call->out_type;                                                         \
        const int64_t width = y->shape[y->rank - 1], begin = call->begin * COLUMNS;                \
        const int64_t end = call->end * COLUMNS < width ? call->end * COLUMNS : width;             \
        const int64_t count = yg_type_count(call->in_types[0]);                                    \
        const int64_t *first = find_first(call);                                                   \
        const real *from = call->in[1];                                                            \
        real *out = call->out;                                                                     \
        for (int64_t i = 0; i < count; i++, from += width) {                                       \
            real *to = out + first[i] * width;                                                     \
            if (first[i] == i)                                                                     \
                _Pragma("omp simd") for (int64_t k = begin; k < end; k++) to[k] = 0 + from[k];     \
            else                                                                                   \
                _Pragma("omp simd") for (int64_t k = begin; k < end; k++) to[k] += from[k];        \
        }                                                                                          \
        for (int64_t i = 0; i < count && begin < end; i++)                                         \
            if (first[i] != i)                                                                     \
                memcpy(out + i * width + begin, out + first[i] * width + begin,                    \
                       (size_t)(end - begin) * sizeof(real));                                      \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float)
KERNEL(kernel_f64, double)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k; /* always that of x: the index is an integer tensor and has no cotangent */
    const yg_node operands[] = {yg_node_operand(graph, y, 0), dy};
    return yg_apply(graph, &yg_op_sum_equal_rows, operands, 2, NULL);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *from = &r->call->operands[0];
    double sum = 0;
    for (int64_t i = 0; i < yg_type_count(from); i++) {
        int64_t at[YG_MAX_RANK], rest = i;
        for (int d = from->rank; d-- > 0;) {
            at[d] = rest % from->shape[d];
            rest /= from->shape[d];
        }
        at[from->rank] = index[from->rank];
        if ((int64_t)yg_at(r, 0, at) == (int64_t)yg_at(r, 0, index))
            sum += yg_at(r, 1, at);
    }
    return sum;
}

/* The tests draw indices from 0 to 3: see `domain`. */
static const yg_sample samples[] = {
    {{"i[5]", "f[5, 3]"}, NULL}, {{"i[2, 3]", "f[2, 3, 2]"}, NULL},
    {{"i[]", "f[3]"}, NULL},     {{"i[7]", "f[7, 35]"}, NULL}, /* units; the last is narrow */
    {{"i[0]", "f[0, 3]"}, NULL}, {{"i[3]", "f[3, 0]"}, NULL},
};

const yg_op yg_op_sum_equal_rows = {
    .name = "sum_equal_rows",
    .formula = "y[i, :] = Σ x[j, :] where index[j] = index[i]",
    .doc = "Adds up the rows of the same index: the rows of embedding's gradient that are not 0.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"index", "x"},
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .domain = {{0, 3}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
