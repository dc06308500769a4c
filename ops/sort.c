/*
 * sort: sorts each row along dimension `dim`, smallest first (or largest first), and tells the
 * position that each element had in its row.
 *
 * Two results of one kernel, as in PyTorch: values, of x's type, and indices, i64. Equal elements
 * keep their order. NaN counts as larger than any number.
 * vjp: dx = dy of the values, each put back to the place it came from (scatter_add).
 */
#include "build.h"
#include "registry.h"
#include "rows.h"
#include "shape.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { DIM, DESCENDING };    /* attributes */
enum { VALUES, INDICES };    /* results */
enum { BYTES_AN_ITEM = 16 }; /* the size of the largest struct …_item of the kernels */

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[0];
    int dim;
    if (!yg_shape_dim(call, call->attrs[DIM].i, x->rank, &dim, error))
        return false;
    results[VALUES] = *x;
    return yg_type_make(YG_I64, x->rank, x->shape, &results[INDICES], error);
}

/* A unit of work is a row. Its scratch holds two lists of items: sorting reads one and writes the
 * other. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    yg_rows_plan(call, results, plan);
    const int64_t length = yg_rows_along(results, call->attrs[DIM].i).length;
    if (__builtin_mul_overflow(length, 2 * BYTES_AN_ITEM, &plan->scratch_bytes))
        plan->scratch_bytes = INT64_MAX / 2; /* cannot be allocated: compiling reports it */
    plan->flops = 16 * (double)yg_type_count(results); /* four passes or more */
}

/* An element is sorted by a key: an unsigned number that is smaller where the element must stand
 * before another, and equal where both count as equal. An item is a key and the position of its
 * element. That of a key of 32 bits is one number, with the key in its upper half. */
typedef uint64_t narrow_item;
typedef struct wide_item {
    uint64_t key;
    int64_t index;
} wide_item;
_Static_assert(sizeof(wide_item) <= BYTES_AN_ITEM, "scratch");

enum {
    DIGIT = 8, /* bits of a key that one pass sorts by */
    DIGITS = 1 << DIGIT,
    INSERTED = 40, /* rows of so many items are sorted by insertion */
};

/* Radix sort: for each digit of the keys, from the lowest on, the items are dealt out from one list
 * to the other in the order of that digit. A pass in which all have one digit is left out. Items of
 * equal digits keep their order, so the sort is stable. */
#define SORT_ITEMS(name, bytes, KEY)                                                               \
    static void name##_insert(name##_item *items, int64_t length) {                                \
        for (int64_t i = 1; i < length; i++) {                                                     \
            const name##_item item = items[i];                                                     \
            int64_t at = i;                                                                        \
            for (; at > 0 && KEY(item) < KEY(items[at - 1]); at--)                                 \
                items[at] = items[at - 1];                                                         \
            items[at] = item;                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static const name##_item *name##_sort(name##_item *from, name##_item *to, int64_t length) {    \
        if (length <= INSERTED) {                                                                  \
            name##_insert(from, length);                                                           \
            return from;                                                                           \
        }                                                                                          \
        int64_t counts[bytes][DIGITS] = {{0}};                                                     \
        for (int64_t i = 0; i < length; i++)                                                       \
            for (int d = 0; d < (bytes); d++)                                                      \
                counts[d][KEY(from[i]) >> (d * DIGIT) & (DIGITS - 1)]++;                           \
        for (int d = 0; d < (bytes); d++) {                                                        \
            if (counts[d][KEY(from[0]) >> (d * DIGIT) & (DIGITS - 1)] == length)                   \
                continue;                                                                          \
            for (int64_t k = 0, next = 0; k < DIGITS; k++) {                                       \
                const int64_t count = counts[d][k];                                                \
                counts[d][k] = next;                                                               \
                next += count;                                                                     \
            }                                                                                      \
            for (int64_t i = 0; i < length; i++)                                                   \
                to[counts[d][KEY(from[i]) >> (d * DIGIT) & (DIGITS - 1)]++] = from[i];             \
            name##_item *const sorted = to;                                                        \
            to = from;                                                                             \
            from = sorted;                                                                         \
        }                                                                                          \
        return from;                                                                               \
    }
#define NARROW_KEY(item) ((item) >> 32)
#define WIDE_KEY(item)   ((item).key)
SORT_ITEMS(narrow, 4, NARROW_KEY)
SORT_ITEMS(wide, 8, WIDE_KEY)

static uint32_t key_of_bool(uint8_t x) {
    return x;
}

static uint32_t key_of_i32(int32_t x) {
    return (uint32_t)x ^ UINT32_C(1) << 31;
}

static uint64_t key_of_i64(int64_t x) {
    return (uint64_t)x ^ UINT64_C(1) << 63;
}

/* Larger numbers have larger bits, apart from the sign. 0 equals -0, and NaN is the largest. */
#define KEY_OF_FLOAT(function, real, word, sign)                                                   \
    static word function(real x) {                                                                 \
        word bits;                                                                                 \
        x = x == 0 ? 0 : x;                                                                        \
        memcpy(&bits, &x, sizeof bits);                                                            \
        return x != x ? (word)-1 : bits & (sign) ? (word)~bits : bits | (sign);                    \
    }
KEY_OF_FLOAT(key_of_f32, float, uint32_t, UINT32_C(1) << 31)
KEY_OF_FLOAT(key_of_f64, double, uint64_t, UINT64_C(1) << 63)

/* Where the results of a row go. */
typedef struct row_results {
    char *values;
    int64_t *indices; /* NULL if nobody reads them */
    int64_t stride;
} row_results;

#define SORT_ROW(function, type, key_of, name, make, index_of)                                     \
    static void function(const type *x, int64_t length, bool descending, name##_item *items,       \
                         const row_results *to) {                                                  \
        for (int64_t i = 0; i < length; i++)                                                       \
            items[i] = make(descending ? ~key_of(x[i * to->stride]) : key_of(x[i * to->stride]));  \
        const name##_item *sorted = name##_sort(items, items + length, length);                    \
        type *values = (type *)(void *)to->values;                                                 \
        for (int64_t i = 0; i < length; i++)                                                       \
            values[i * to->stride] = x[index_of(sorted[i]) * to->stride];                          \
        for (int64_t i = 0; to->indices && i < length; i++)                                        \
            to->indices[i * to->stride] = index_of(sorted[i]);                                     \
    }
#define MAKE_NARROW(key)   ((uint64_t)(uint32_t)(key) << 32 | (uint64_t)i)
#define MAKE_WIDE(key)     ((wide_item){(key), i})
#define NARROW_INDEX(item) ((int64_t)((item)&UINT32_MAX))
#define WIDE_INDEX(item)   ((item).index)

#define SORT_KERNEL(function, type, narrow_row, wide_row)                                          \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_rows rows = yg_rows_along(call->out_type, call->attrs[DIM].i);                    \
        const bool descending = call->attrs[DESCENDING].i != 0;                                    \
        int64_t *indices = (int64_t *)call->outs[INDICES];                                         \
        for (int64_t row = call->begin; row < call->end; row++) {                                  \
            const int64_t start = yg_row_start(&rows, row);                                        \
            const type *x = (const type *)call->in[0] + start;                                     \
            const row_results to = {.values = (char *)((type *)call->outs[VALUES] + start),        \
                                    .indices = indices ? indices + start : NULL,                   \
                                    .stride = rows.stride};                                        \
            if (rows.length <= UINT32_MAX)                                                         \
                narrow_row(x, rows.length, descending, call->scratch, &to);                        \
            else                                                                                   \
                wide_row(x, rows.length, descending, call->scratch, &to);                          \
        }                                                                                          \
        return true;                                                                               \
    }

#define NARROW_SORT(name, type)                                                                    \
    SORT_ROW(narrow_##name, type, key_of_##name, narrow, MAKE_NARROW, NARROW_INDEX)                \
    SORT_ROW(wide_##name, type, key_of_##name, wide, MAKE_WIDE, WIDE_INDEX)                        \
    SORT_KERNEL(sort_##name, type, narrow_##name, wide_##name)
#define WIDE_SORT(name, type)                                                                      \
    SORT_ROW(wide_##name, type, key_of_##name, wide, MAKE_WIDE, WIDE_INDEX)                        \
    SORT_KERNEL(sort_##name, type, wide_##name, wide_##name)
NARROW_SORT(bool, uint8_t)
NARROW_SORT(i32, int32_t)
NARROW_SORT(f32, float)
WIDE_SORT(i64, int64_t)
WIDE_SORT(f64, double)

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    (void)k;
    const yg_type *x = yg_node_type(graph, y);
    if (x->rank == 0)
        return dy[VALUES];
    const yg_node operands[] = {yg_full(graph, x, 0), yg_node_result(graph, y, INDICES),
                                dy[VALUES]};
    return yg_apply(graph, &yg_op_scatter_add, operands, 3, &yg_node_attrs(graph, y)[DIM]);
}

/* Finds the element that has exactly index[dim] elements before it. */
static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const bool descending = r->call->attrs[DESCENDING].i != 0;
    int dim = 0;
    yg_dimension(r->call->attrs[DIM].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0}, other[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = other[d] = index[d];
    if (x->rank == 0)
        return r->result == VALUES ? yg_at(r, 0, at) : 0;
    for (at[dim] = 0; at[dim] < x->shape[dim]; at[dim]++) {
        const double b = yg_at(r, 0, at);
        int64_t before = 0;
        for (other[dim] = 0; other[dim] < x->shape[dim]; other[dim]++) {
            const double a = yg_at(r, 0, other);
            const bool larger = a > b || (isnan(a) && !isnan(b));
            const bool smaller = a < b || (isnan(b) && !isnan(a));
            const bool first = descending ? larger : smaller;
            const bool equal = a == b || (isnan(a) && isnan(b));
            before += first || (equal && other[dim] < at[dim]);
        }
        if (before == index[dim])
            return r->result == VALUES ? b : (double)at[dim];
    }
    return NAN;
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

static const yg_attr first[] = {{.i = 0}, {.i = 0}}, middle[] = {{.i = 1}, {.i = 1}},
                     downwards[] = {{.i = -1}, {.i = 1}};

static const yg_sample samples[] = {
    {{"f[7]"}, NULL},          {{"f[5, 3]"}, first}, {{"f[2, 4, 3]"}, middle},
    {{"f[2, 33]"}, downwards}, {{"f[12, 4]"}, NULL}, {{"f[]"}, NULL},
    {{"f[0, 3]"}, NULL},       {{"f[3, 0]"}, NULL},  {{"i[3, 9]"}, NULL},
    {{"b[9]"}, downwards},     {{"f[2, 70]"}, NULL}, {{"i[300]"}, NULL},
    {{"f[90, 2]"}, first},     {{"b[50]"}, NULL},
};

const yg_op yg_op_sort = {
    .name = "sort",
    .formula = "y, i = x in order along dim, and y[k] = x[i[k]]",
    .doc =
        "Two results: `values, indices: sort(x)`. Equal elements keep their order. NaN counts as "
        "larger than any number. The gradient of the values goes back to where they came from.",
    .group = "indexing",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_BOOL] = sort_bool,
               [YG_I32] = sort_i32,
               [YG_I64] = sort_i64,
               [YG_F32] = sort_f32,
               [YG_F64] = sort_f64},
    .plan = plan,
    .vjp_all = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
