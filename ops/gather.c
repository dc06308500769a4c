/*
 * gather: y[i, j, …] = x[i, …, index[i, j, …], …], with the index in place of dimension `dim`.
 *
 * x and index have the same number of dimensions. The result has the shape of the index, which must
 * not be larger than x in the dimensions other than `dim`.
 * vjp: dx = dy, each element added at the place that y was read from (scatter_add).
 */
#include "build.h"
#include "index_walk.h"
#include "multiversion.h"
#include "registry.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0], *index = &call->operands[1];
    int dim;
    if (!yg_shape_need_index(call, 1, error) ||
        !yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    bool fits = x->rank == index->rank;
    for (int d = 0; fits && d < x->rank; d++)
        fits = d == dim || index->shape[d] <= x->shape[d];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "gather: index %s does not fit x %s: it needs the same rank, and may be "
                       "larger in dimension %d only",
                       yg_type_text(index, a), yg_type_text(x, b), dim);
    return yg_type_make(x->dtype, index->rank, index->shape, result, error);
}

/* A unit of work is a row of the index. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_index_walk walk =
        yg_index_walk_of(&call->operands[0], &call->operands[1], call->attrs[0].i);
    (void)results;
    plan->units = walk.rows;
}

/* The first `columns` elements of a row: `from` is where it starts in x. */
#define ROW(name, element, number)                                                                 \
    YG_MULTIVERSION static void name(int64_t stride, int64_t column, element *to,                  \
                                     const element *from, const number *index, int64_t columns) {  \
        if (stride == 1 && column == 0)                                                            \
            for (int64_t c = 0; c < columns; c++)                                                  \
                to[c] = from[index[c]];                                                            \
        else                                                                                       \
            for (int64_t c = 0; c < columns; c++)                                                  \
                to[c] = from[c * column + index[c] * stride];                                      \
    }

/* So many elements are read together. Meanwhile their share of x's next row is fetched: its
 * elements are asked for in any order, which the processor does not foresee. */
enum { BLOCK = 128, MOST_FETCHED = 32 * 1024 };

/* The bytes of x's next row that are worth fetching: it must fit the L1 cache, and most of its
 * lines must be read. */
static int64_t fetched_bytes(const yg_index_walk *walk, size_t element) {
    const int64_t bytes = walk->limit * (int64_t)element;
    return walk->column == 0 && walk->stride == 1 && bytes <= MOST_FETCHED &&
                   walk->columns >= walk->limit / 8
               ? bytes
               : 0;
}

static inline void fetch(const char *at, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += 64)
        __builtin_prefetch(at + i);
}

#define KERNEL(function, row, element, number)                                                     \
    ROW(row, element, number)                                                                      \
    static bool function(const yg_kernel_call *call, const yg_index_walk *walk, yg_error *error) { \
        const number *index = (const number *)call->in[1] + call->begin * walk->columns;           \
        element *to = (element *)call->out + call->begin * walk->columns;                          \
        const int64_t fetched = fetched_bytes(walk, sizeof(element));                              \
        const int64_t share = walk->columns == 0 ? 0 : fetched * BLOCK / walk->columns / 64 * 64;  \
        int64_t at[YG_MAX_RANK] = {0};                                                             \
        int64_t start = yg_index_walk_seek(walk, at, call->begin);                                 \
        yg_index_run run;                                                                          \
        for (int64_t r = call->begin; r < call->end; r += run.rows) {                              \
            run = yg_index_run_at(walk, at, call->end - r, NULL);                                  \
            const element *from = (const element *)call->in[0] + start;                            \
            start = yg_index_run_last(walk->rank, walk->strides, run.rows, at, start);             \
            start = yg_index_walk_next(walk, at, start);                                           \
            const char *next = (const char *)((const element *)call->in[0] + start);               \
            if (!yg_index_check(call, "gather", 1, r * walk->columns, run.count, walk->limit,      \
                                error))                                                            \
                return false;                                                                      \
            for (int64_t c = 0, done = 0; c < run.count; c += BLOCK, done += share) {              \
                const int64_t left = run.count - c;                                                \
                if (r + run.rows < call->end)                                                      \
                    fetch(next, done,                                                              \
                          left > BLOCK && done + share < fetched ? done + share : fetched);        \
                row(walk->stride, run.column, to + c, from + c * run.column, index + c,            \
                    left < BLOCK ? left : BLOCK);                                                  \
            }                                                                                      \
            to += run.count;                                                                       \
            index += run.count;                                                                    \
        }                                                                                          \
        return true;                                                                               \
    }
KERNEL(gather_1_i32, row_1_i32, uint8_t, int32_t)
KERNEL(gather_4_i32, row_4_i32, uint32_t, int32_t)
KERNEL(gather_8_i32, row_8_i32, uint64_t, int32_t)
KERNEL(gather_1_i64, row_1_i64, uint8_t, int64_t)
KERNEL(gather_4_i64, row_4_i64, uint32_t, int64_t)
KERNEL(gather_8_i64, row_8_i64, uint64_t, int64_t)

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const yg_index_walk walk =
        yg_index_walk_of(call->in_types[0], call->in_types[1], call->attrs[0].i);
    const bool narrow = call->in_types[1]->dtype == YG_I32;
    switch (yg_dtype_size(call->in_types[0]->dtype)) {
    case 1:
        return (narrow ? gather_1_i32 : gather_1_i64)(call, &walk, error);
    case 4:
        return (narrow ? gather_4_i32 : gather_4_i64)(call, &walk, error);
    default:
        return (narrow ? gather_8_i32 : gather_8_i64)(call, &walk, error);
    }
}

/* `sum` plus the cotangent of x: only the elements that were read change. */
static yg_node vjp_add(yg_graph *graph, yg_node y, yg_node dy, size_t k, yg_node sum) {
    (void)k; /* always that of x: the index is an integer tensor and has no cotangent */
    const yg_node operands[] = {sum, yg_node_operand(graph, y, 1), dy};
    return yg_apply(graph, &yg_op_scatter_add, operands, 3, yg_node_attrs(graph, y));
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node zeros = yg_full(graph, yg_node_type(graph, yg_node_operand(graph, y, 0)), 0);
    return vjp_add(graph, y, dy, k, zeros);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->out_type->rank;
    const int64_t given = r->call->attrs[0].i;
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < rank; d++)
        at[d] = index[d];
    if (rank > 0)
        at[given < 0 ? given + rank : given] = (int64_t)yg_at(r, 1, index);
    return yg_at(r, 0, at);
}

/* The tests draw indices from 0 to 2: see `domain`. */
static const yg_sample samples[] = {
    {{"f[3]", "i[5]"}, (const yg_attr[]){{.i = 0}}},
    {{"f[3, 4]", "i[2, 4]"}, (const yg_attr[]){{.i = 0}}},
    {{"f[2, 3]", "i[2, 6]"}, (const yg_attr[]){{.i = -1}}},
    {{"f[2, 4, 3]", "i[1, 5, 2]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[3, 4]", "i[40, 4]"}, (const yg_attr[]){{.i = 0}}},
    {{"f[3, 2]", "i[0, 2]"}, (const yg_attr[]){{.i = 0}}},
};

const yg_op yg_op_gather = {
    .name = "gather",
    .formula = "y[i, j] = x[index[i, j], j] for dim = 0, x[i, index[i, j]] for dim = 1, …",
    .doc = "Picks elements along a dimension, as torch.gather. An index that is not there stops "
           "the run; negative ones are not counted from the end.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "index"},
    .attrs = yg_index_walk_dim,
    .attr_count = 1,
    .infer = infer,
    .kernel = {[YG_I32] = kernel, [YG_I64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .vjp_add = vjp_add,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
