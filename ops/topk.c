/*
 * topk: the k largest (or smallest) elements of each row along dimension `dim`, and their positions
 * in the row.
 *
 * Two results of one kernel, as in PyTorch: values, of x's type, and indices, i64. Of equal
 * elements the first ones are taken. NaN counts as larger than any number. With sorted = false the
 * elements stand in the order that they have in x.
 * vjp: dx = dy of the values, each put back to the place it came from (scatter_add).
 */
#include "build.h"
#include "registry.h"
#include "rows.h"
#include "shape.h"

#include <inttypes.h>
#include <math.h>

enum { K, DIM, LARGEST, SORTED }; /* attributes */
enum { VALUES, INDICES };         /* results */
enum { BYTES_AN_ITEM = 16 };      /* the size of the largest struct …_item of the kernels */

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[0];
    const int64_t k = call->attrs[K].i;
    int dim;
    char text[YG_TYPE_TEXT];
    if (!yg_shape_dim(call, call->attrs[DIM].i, x->rank, &dim, error))
        return false;
    if (k > (x->rank == 0 ? 1 : x->shape[dim]))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "topk: there are no %" PRId64 " elements along dimension %d of %s", k, dim,
                       yg_type_text(x, text));
    if (x->rank == 0 && k == 0)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "topk: of a number, k = 1 is the only choice");
    results[VALUES] = *x;
    if (x->rank > 0)
        results[VALUES].shape[dim] = k;
    return yg_type_make(YG_I64, x->rank, results[VALUES].shape, &results[INDICES], error) &&
           yg_type_make(x->dtype, x->rank, results[VALUES].shape, &results[VALUES], error);
}

/* A unit of work is a row. Its scratch holds the best k items so far. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    const yg_rows rows = yg_rows_along(&call->operands[0], call->attrs[DIM].i);
    plan->units = rows.count;
    plan->rows = rows.count / (rows.stride > 0 ? rows.stride : 1);
    if (__builtin_mul_overflow(call->attrs[K].i, BYTES_AN_ITEM, &plan->scratch_bytes))
        plan->scratch_bytes = INT64_MAX / 2; /* cannot be allocated: compiling reports it */
    plan->flops = 2 * (double)yg_type_count(&call->operands[0]);
}

/* Whether a is smaller than b. False for equal ones. */
#define NUMBER_LESS(a, b) ((a) < (b))
#define FLOAT_LESS(a, b)  ((a) < (b) || (isnan(b) && !isnan(a)))

/* The best k items so far are a heap: an item comes after the two below it, 2i + 1 and 2i + 2, in
 * the order of the result. The last of all is the root. A new element has only to be compared with
 * that; it replaces the root if it comes before. So most elements of a long row cost a comparison.
 * Equal elements come in the order of their positions. */
#define TOPK_KERNEL(function, type, less)                                                          \
    typedef struct function##_item {                                                               \
        type value;                                                                                \
        int64_t index;                                                                             \
    } function##_item;                                                                             \
    _Static_assert(sizeof(function##_item) <= BYTES_AN_ITEM, "scratch");                           \
                                                                                                   \
    static inline bool function##_better(type a, type b, bool largest) {                           \
        return largest ? less(b, a) : less(a, b);                                                  \
    }                                                                                              \
                                                                                                   \
    static inline bool function##_after(const function##_item *a, const function##_item *b,        \
                                        bool largest) {                                            \
        return function##_better(b->value, a->value, largest) ||                                   \
               (!function##_better(a->value, b->value, largest) && a->index > b->index);           \
    }                                                                                              \
                                                                                                   \
    /* Lets `item`, which replaces the item at `at`, sink to its place. */                         \
    static void function##_sink(function##_item *heap, int64_t count, int64_t at,                  \
                                function##_item item, bool largest) {                              \
        for (int64_t below = 2 * at + 1; below < count; below = 2 * at + 1) {                      \
            if (below + 1 < count && function##_after(&heap[below + 1], &heap[below], largest))    \
                below++;                                                                           \
            if (!function##_after(&heap[below], &item, largest))                                   \
                break;                                                                             \
            heap[at] = heap[below];                                                                \
            at = below;                                                                            \
        }                                                                                          \
        heap[at] = item;                                                                           \
    }                                                                                              \
                                                                                                   \
    static void function##_select(function##_item *heap, int64_t k, const type *x, int64_t length, \
                                  int64_t stride, bool largest) {                                  \
        for (int64_t i = 0; i < k; i++)                                                            \
            heap[i] = (function##_item){x[i * stride], i};                                         \
        for (int64_t i = k / 2; i-- > 0;)                                                          \
            function##_sink(heap, k, i, heap[i], largest);                                         \
        for (int64_t i = k; i < length; i++)                                                       \
            if (function##_better(x[i * stride], heap[0].value, largest))                          \
                function##_sink(heap, k, 0, (function##_item){x[i * stride], i}, largest);         \
    }                                                                                              \
                                                                                                   \
    /* Puts the items in the order of the result. */                                               \
    static void function##_order(function##_item *heap, int64_t k, bool largest) {                 \
        for (int64_t count = k; count-- > 1;) {                                                    \
            const function##_item last = heap[0], item = heap[count];                              \
            function##_sink(heap, count, 0, item, largest);                                        \
            heap[count] = last;                                                                    \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    /* The same in the order of x: what is not after the root is among the best. */                \
    static void function##_order_of_x(function##_item *heap, int64_t k, const type *x,             \
                                      int64_t stride, bool largest) {                              \
        const function##_item root = heap[0];                                                      \
        int64_t count = 0;                                                                         \
        for (int64_t i = 0; count < k; i++) {                                                      \
            const function##_item item = {x[i * stride], i};                                       \
            if (!function##_after(&item, &root, largest))                                          \
                heap[count++] = item;                                                              \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_rows from = yg_rows_along(call->in_types[0], call->attrs[DIM].i);                 \
        const yg_rows to = yg_rows_along(call->out_type, call->attrs[DIM].i);                      \
        const bool largest = call->attrs[LARGEST].i != 0;                                          \
        const int64_t k = to.length;                                                               \
        type *values = call->out;                                                                  \
        int64_t *indices = call->outs[INDICES];                                                    \
        for (int64_t row = call->begin; row < call->end && k > 0; row++) {                         \
            const type *x = (const type *)call->in[0] + yg_row_start(&from, row);                  \
            function##_item *heap = call->scratch;                                                 \
            function##_select(heap, k, x, from.length, from.stride, largest);                      \
            if (call->attrs[SORTED].i)                                                             \
                function##_order(heap, k, largest);                                                \
            else                                                                                   \
                function##_order_of_x(heap, k, x, from.stride, largest);                           \
            const int64_t start = yg_row_start(&to, row);                                          \
            for (int64_t i = 0; values && i < k; i++)                                              \
                values[start + i * to.stride] = heap[i].value;                                     \
            for (int64_t i = 0; indices && i < k; i++)                                             \
                indices[start + i * to.stride] = heap[i].index;                                    \
        }                                                                                          \
        return true;                                                                               \
    }
TOPK_KERNEL(topk_bool, uint8_t, NUMBER_LESS)
TOPK_KERNEL(topk_i32, int32_t, NUMBER_LESS)
TOPK_KERNEL(topk_i64, int64_t, NUMBER_LESS)
TOPK_KERNEL(topk_f32, float, FLOAT_LESS)
TOPK_KERNEL(topk_f64, double, FLOAT_LESS)

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    (void)k;
    const yg_type *x = yg_node_type(graph, yg_node_operand(graph, y, 0));
    if (x->rank == 0)
        return dy[VALUES];
    const yg_node operands[] = {yg_full(graph, x, 0), yg_node_result(graph, y, INDICES),
                                dy[VALUES]};
    return yg_apply(graph, &yg_op_scatter_add, operands, 3, &yg_node_attrs(graph, y)[DIM]);
}

/* Whether the element at position i of a row comes before that at j, of values a and b. */
static bool comes_before(double a, int64_t i, double b, int64_t j, bool largest) {
    const bool less = FLOAT_LESS(a, b), more = FLOAT_LESS(b, a);
    return less == more ? i < j : largest ? more : less;
}

/* How many elements of the row come before the one at `at`. */
static int64_t place_of(const yg_reference *r, const int64_t *at, int dim, bool largest) {
    int64_t other[YG_MAX_RANK] = {0}, place = 0;
    const yg_type *x = &r->call->operands[0];
    for (int d = 0; d < x->rank; d++)
        other[d] = at[d];
    for (other[dim] = 0; other[dim] < x->shape[dim]; other[dim]++)
        place += comes_before(yg_at(r, 0, other), other[dim], yg_at(r, 0, at), at[dim], largest);
    return place;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_attr *attrs = r->call->attrs;
    int dim = 0;
    yg_dimension(attrs[DIM].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0}, found = 0;
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    for (at[dim] = 0; x->rank > 0; at[dim]++) {
        const int64_t place = place_of(r, at, dim, attrs[LARGEST].i != 0);
        if (place < attrs[K].i && (attrs[SORTED].i ? place : found++) == index[dim])
            break;
    }
    return r->result == VALUES ? yg_at(r, 0, at) : (double)at[dim];
}

static const yg_attr_spec attrs[] = {
    [K] = {.name = "k",
           .kind = YG_ATTR_INT,
           .required = true,
           .max = (double)INT64_MAX,
           .doc = "how many elements to take"},
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .fallback = {.i = -1},
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension whose elements are compared"},
    [LARGEST] = {.name = "largest",
                 .kind = YG_ATTR_BOOL,
                 .fallback = {.i = 1},
                 .doc = "the largest ones; otherwise the smallest"},
    [SORTED] = {.name = "sorted",
                .kind = YG_ATTR_BOOL,
                .fallback = {.i = 1},
                .doc = "the best first; otherwise as they stand in x"},
};

#define TOP(k, dim, largest, sorted)                                                               \
    (const yg_attr[]) {                                                                            \
        {.i = (k)}, {.i = (dim)}, {.i = (largest)}, {                                              \
            .i = (sorted)                                                                          \
        }                                                                                          \
    }
static const yg_sample samples[] = {
    {{"f[7]"}, TOP(3, -1, 1, 1)},      {{"f[5, 3]"}, TOP(4, 0, 0, 1)},
    {{"f[2, 6, 3]"}, TOP(2, 1, 1, 0)}, {{"f[2, 33]"}, TOP(33, -1, 1, 1)},
    {{"f[2, 40]"}, TOP(9, 1, 0, 0)},   {{"f[]"}, TOP(1, 0, 1, 1)},
    {{"f[0, 3]"}, TOP(2, 1, 1, 1)},    {{"f[2, 3]"}, TOP(0, 1, 1, 1)},
    {{"i[3, 9]"}, TOP(5, 1, 1, 1)},    {{"i[3, 9]"}, TOP(5, 1, 1, 0)},
    {{"b[9]"}, TOP(4, 0, 1, 1)},
};

const yg_op yg_op_topk = {
    .name = "topk",
    .formula = "y, i = the k largest x along dim, and y[j] = x[i[j]]",
    .doc =
        "Two results: `values, indices: topk(x, 5)`. Of equal elements the first ones are taken. "
        "NaN counts as larger than any number. The gradient of the values goes back to where "
        "they came from.",
    .group = "indexing",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_BOOL] = topk_bool,
               [YG_I32] = topk_i32,
               [YG_I64] = topk_i64,
               [YG_F32] = topk_f32,
               [YG_F64] = topk_f64},
    .plan = plan,
    .vjp_all = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
