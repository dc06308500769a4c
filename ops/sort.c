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

/* A unit of work is a row. Its scratch holds two lists of items: merging reads one and writes the
 * other. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    yg_rows_plan(call, results, plan);
    const int64_t length = yg_rows_along(results, call->attrs[DIM].i).length;
    if (__builtin_mul_overflow(length, 2 * BYTES_AN_ITEM, &plan->scratch_bytes))
        plan->scratch_bytes = INT64_MAX / 2; /* cannot be allocated: compiling reports it */
    plan->flops = (double)yg_type_count(results) * log2((double)length + 1);
}

/* Whether a must stand before b in ascending order. False for equal ones. */
#define NUMBER_BEFORE(a, b)  ((a) < (b))
#define FLOAT_BEFORE(a, b)   ((a) < (b) || (isnan(b) && !isnan(a)))
#define COMES_BEFORE(before) (descending ? before(b, a) : before(a, b))

/* Merge sort: pairs of sorted runs of 1, 2, 4, … items are merged from one list into the other, and
 * back. Of equal items that of the left run goes first, so the sort is stable. */
#define SORT_KERNEL(function, type, before)                                                        \
    typedef struct function##_item {                                                               \
        type value;                                                                                \
        int64_t index;                                                                             \
    } function##_item;                                                                             \
    _Static_assert(sizeof(function##_item) <= BYTES_AN_ITEM, "scratch");                           \
                                                                                                   \
    static bool function##_goes_first(const function##_item *left, const function##_item *right,   \
                                      bool descending) {                                           \
        const type a = right->value, b = left->value;                                              \
        return !COMES_BEFORE(before);                                                              \
    }                                                                                              \
                                                                                                   \
    static void function##_merge(const function##_item *from, function##_item *to, int64_t middle, \
                                 int64_t end, bool descending) {                                   \
        int64_t left = 0, right = middle;                                                          \
        for (int64_t i = 0; i < end; i++) {                                                        \
            const bool takes_left =                                                                \
                left < middle &&                                                                   \
                (right == end || function##_goes_first(&from[left], &from[right], descending));    \
            to[i] = takes_left ? from[left++] : from[right++];                                     \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static const function##_item *function##_sort(function##_item *from, function##_item *to,      \
                                                  int64_t length, bool descending) {               \
        for (int64_t run = 1; run < length; run *= 2) {                                            \
            for (int64_t at = 0; at < length; at += 2 * run) {                                     \
                const int64_t rest = length - at, end = rest < 2 * run ? rest : 2 * run;           \
                function##_merge(from + at, to + at, run < end ? run : end, end, descending);      \
            }                                                                                      \
            function##_item *const sorted = to;                                                    \
            to = from;                                                                             \
            from = sorted;                                                                         \
        }                                                                                          \
        return from;                                                                               \
    }                                                                                              \
                                                                                                   \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_rows rows = yg_rows_along(call->out_type, call->attrs[DIM].i);                    \
        function##_item *items = call->scratch;                                                    \
        for (int64_t row = call->begin; row < call->end; row++) {                                  \
            const int64_t start = yg_row_start(&rows, row);                                        \
            for (int64_t i = 0; i < rows.length; i++)                                              \
                items[i] =                                                                         \
                    (function##_item){((const type *)call->in[0])[start + i * rows.stride], i};    \
            const function##_item *sorted = function##_sort(                                       \
                items, items + rows.length, rows.length, call->attrs[DESCENDING].i != 0);          \
            type *values = (type *)call->outs[VALUES];                                             \
            int64_t *indices = (int64_t *)call->outs[INDICES];                                     \
            for (int64_t i = 0; i < rows.length; i++)                                              \
                values[start + i * rows.stride] = sorted[i].value;                                 \
            for (int64_t i = 0; indices && i < rows.length; i++)                                   \
                indices[start + i * rows.stride] = sorted[i].index;                                \
        }                                                                                          \
        return true;                                                                               \
    }
SORT_KERNEL(sort_bool, uint8_t, NUMBER_BEFORE)
SORT_KERNEL(sort_i32, int32_t, NUMBER_BEFORE)
SORT_KERNEL(sort_i64, int64_t, NUMBER_BEFORE)
SORT_KERNEL(sort_f32, float, FLOAT_BEFORE)
SORT_KERNEL(sort_f64, double, FLOAT_BEFORE)

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
            const bool first = COMES_BEFORE(FLOAT_BEFORE);
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
    {{"b[9]"}, downwards},
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
