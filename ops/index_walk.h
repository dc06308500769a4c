/*
 * How gather and the scatters go through an index tensor: row by row, a row being its last
 * dimension. The element at column c of a row belongs to the element
 *
 *     start + c · column + index · stride
 *
 * of the tensor that the index counts in. `start` is yg_index_walk_seek() of the row.
 */
#ifndef YG_OPS_INDEX_WALK_H
#define YG_OPS_INDEX_WALK_H

#include "shape.h"
#include "strides.h"

typedef struct yg_index_walk {
    int rank; /* dimensions of the rows: those of the index but the last */
    int64_t size[YG_MAX_RANK];
    int64_t strides[YG_MAX_RANK]; /* of `size` in the tensor; 0 for the dimension `dim` */
    int64_t columns;              /* elements of a row */
    int64_t rows;                 /* rows of the index */
    int64_t limit;                /* an index is below this */
    int64_t stride, column;
} yg_index_walk;

/* For an index that counts along dimension `dim` of a tensor x of the same rank. */
yg_index_walk yg_index_walk_of(const yg_type *x, const yg_type *index, int64_t dim);

/* Sets `at`, which has room for YG_MAX_RANK entries, to row `row`, and returns where it starts; 0
 * if there are no rows. */
static inline int64_t yg_index_walk_seek(const yg_index_walk *walk, int64_t *at, int64_t row) {
    return walk->rows == 0 ? 0 : yg_strides_seek(walk->rank, walk->size, walk->strides, at, row);
}

/* The same for the row behind the one at `at`, which starts at `start`. */
static inline int64_t yg_index_walk_next(const yg_index_walk *walk, int64_t *at, int64_t start) {
    return yg_strides_next(walk->rank, walk->size, walk->strides, at, start);
}

/* Rows of a single element, as an index that picks one element of each row has: those along the
 * last dimension of the rows are taken together, `count` of them. Element c of them belongs to the
 * element start + c · column + index · stride, and to element c · src of a tensor of other strides.
 * Other rows are taken one by one. */
typedef struct yg_index_run {
    int64_t rows, count, column, src;
} yg_index_run;

/* The run that begins at `at`, of `left` rows at most. `src_strides` may be NULL. */
static inline yg_index_run yg_index_run_at(const yg_index_walk *walk, const int64_t *at,
                                           int64_t left, const int64_t *src_strides) {
    if (walk->columns != 1 || walk->rank == 0)
        return (yg_index_run){1, walk->columns, walk->column, 1};
    const int last = walk->rank - 1;
    const int64_t most = walk->size[last] - at[last], rows = most < left ? most : left;
    return (yg_index_run){rows, rows, walk->strides[last], src_strides ? src_strides[last] : 1};
}

/* Moves on by a run: `at` to its last row, and returns the start of that. */
static inline int64_t yg_index_run_last(int rank, const int64_t *strides, int64_t rows, int64_t *at,
                                        int64_t start) {
    if (rows == 1)
        return start;
    at[rank - 1] += rows - 1;
    return start + (rows - 1) * strides[rank - 1];
}

/* Fails if one of the `count` elements of operand `k` from `first` on, an index tensor, does not
 * lie in [0, limit): see yg_index_read(). */
bool yg_index_check(const yg_kernel_call *call, const char *name, size_t k, int64_t first,
                    int64_t count, int64_t limit, yg_error *error);

/* Shape rule of the scatters: operands x, index and src, attribute 0 is `dim`. The index may be
 * larger than x in dimension `dim` only, and nowhere than src. The result has x's type. */
bool yg_scatter_infer(const yg_infer *call, yg_type *result, yg_error *error);

/* yg_op.plan of the scatters. A unit of work is one index into the dimensions before `dim`, if the
 * index covers them: what units write is then apart. */
void yg_scatter_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* For a kernel of a scatter: copies the part of x that the units of the call write, unless the
 * result is in x's place, and tells which rows of the index they are. */
typedef struct yg_scatter_part {
    yg_index_walk walk;
    int64_t first_row, end_row;
    int64_t src_strides[YG_MAX_RANK]; /* of walk.size, in src */
} yg_scatter_part;
yg_scatter_part yg_scatter_begin(const yg_kernel_call *call);

/* How many units a kernel computes before it begins with the next ones: what it has copied of x for
 * them stays in the cache until src is combined with it. */
int64_t yg_scatter_block(const yg_kernel_call *call);

/* Sets `at` to the first of those rows, and returns where it starts in src. */
static inline int64_t yg_scatter_seek(const yg_scatter_part *part, int64_t *at) {
    return part->walk.rows == 0 ? 0
                                : yg_strides_seek(part->walk.rank, part->walk.size,
                                                  part->src_strides, at, part->first_row);
}

/* The attribute `dim` of gather and the scatters, and calls of a scatter for the tests; indices are
 * 0 to 2. */
extern const yg_attr_spec yg_index_walk_dim[1];
#define YG_SCATTER_SAMPLES 6
extern const yg_sample yg_scatter_samples[YG_SCATTER_SAMPLES];

/* For a reference of a scatter: whether element `at` of the index is inside it and points to the
 * element `index` of the result. `at` differs from `index` in dimension `dim` only. */
bool yg_scatter_meets(const yg_reference *reference, const int64_t *at, const int64_t *index,
                      int dim);

#endif
