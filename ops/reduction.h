/*
 * The common parts of the reductions (sum, max, var, …): the attributes `dim` and `keepdim`, the
 * shape rule, the order in which a kernel visits the elements, and gradients. The kernel itself is
 * a template, reduction_kernel.h.
 */
#ifndef YG_OPS_REDUCTION_H
#define YG_OPS_REDUCTION_H

#include "../graph/graph.h"

/* The attributes `dim` (empty: all dimensions) and `keepdim`. An operator with more attributes must
 * list `dim` first: the functions below read attribute 0. `keepdim` is found by its name. */
#define YG_REDUCTION_ATTRS                                                                         \
    {.name = "dim",                                                                                \
     .kind = YG_ATTR_INTS,                                                                         \
     .min = -YG_MAX_RANK,                                                                          \
     .max = YG_MAX_RANK - 1,                                                                       \
     .doc = "the dimensions to reduce, negative from the end; none: all of them"},                 \
    {                                                                                              \
        .name = "keepdim", .kind = YG_ATTR_BOOL, .doc = "keep each reduced dimension with size 1"  \
    }

extern const yg_attr_spec yg_reduction_attrs[2];

/* Calls for the tests: no dimension given, one, several, negative ones, kept ones, a scalar. No
 * reduced dimension is empty, so they suit max and min too. */
#define YG_REDUCTION_SAMPLES 10
extern const yg_sample yg_reduction_samples[YG_REDUCTION_SAMPLES];

/* Sets reduced[d] for each dimension d that `dim` names. Fails on a dimension that operand 0 does
 * not have, and on one that is named twice. */
bool yg_reduction_dims(const yg_infer *call, const yg_attr *dim, bool reduced[YG_MAX_RANK],
                       yg_error *error);

/* Shape rule: the type of x without the reduced dimensions, or with size 1 in their place if
 * keepdim is set. */
bool yg_reduction_infer(const yg_infer *call, yg_type *result, yg_error *error);

/* The same for max and its kin, which have no value over zero elements: fails if a reduced
 * dimension is 0. */
bool yg_reduction_infer_some(const yg_infer *call, yg_type *result, yg_error *error);

/* The same, but i32 and bool become i64, as in PyTorch's sum. */
bool yg_reduction_infer_widened(const yg_infer *call, yg_type *result, yg_error *error);

/* The number of elements of x behind each element of the result. `dim` must have passed
 * yg_reduction_dims(); invalid entries are ignored silently. */
int64_t yg_reduction_count(const yg_type *x, const yg_attr *dim);

/* For a vjp: broadcasts `value`, which has the shape of y, back to the shape of y's operand. y is a
 * node of a reduction. */
yg_node yg_reduction_expand(yg_graph *graph, yg_node y, yg_node value);

/* The vjp of max and min: elements equal to the result share its cotangent equally. */
yg_node yg_reduction_vjp_of_chosen(yg_graph *graph, yg_node y, yg_node dy, size_t k);

/* yg_op.simplify for reductions whose value over equal elements is that element (max, min).
 * Over one element the node becomes a reshape; of a constant tensor it becomes a smaller one. */
yg_node yg_reduction_simplify_idempotent(yg_graph *graph, const yg_infer *call,
                                         const yg_node *operands);

/* ------------------------------------------------------------------------------- for kernels -- */

/* The order in which a kernel goes through x. Dimensions of size 1 are dropped, and neighbouring
 * dimensions are merged if both are kept or both are reduced. The innermost dimension that is left
 * is contiguous. It is described by `inner` and `inner_reduced`; the arrays hold the others, outer
 * dimensions first. Strides are in elements. */
typedef struct yg_reduction {
    int kept_rank;
    int64_t kept_size[YG_MAX_RANK], kept_stride[YG_MAX_RANK];
    int reduced_rank;
    int64_t reduced_size[YG_MAX_RANK], reduced_stride[YG_MAX_RANK];
    int64_t rows;       /* the product of reduced_size */
    int64_t inner;      /* the size of the innermost dimension */
    bool inner_reduced; /* the innermost dimension is reduced; otherwise it is kept */
    int64_t count;      /* elements of x behind each element of the result */
} yg_reduction;

/* Sizes in reduction_kernel.h. REDUCE_LANES, REDUCE_BLOCK and REDUCE_ROWS decide in which order
 * elements are combined: another value changes the rounding of every sum. */
enum {
    REDUCE_LANES = 16,      /* running results of a block: whole vectors on every machine */
    REDUCE_BLOCK = 512,     /* elements in a block, where the innermost dimension is reduced */
    REDUCE_SIDE = 4,        /* rows that are computed at the same time, if they have no more */
    REDUCE_SIDE_ROW = 2048, /* elements than this */
    REDUCE_SHORT_ROW = 256, /* rows of so many elements are computed REDUCE_LANES at a time */
    REDUCE_ROWS = 32,       /* rows in a block, where the innermost dimension is kept */
    REDUCE_COLUMNS = 128,   /* columns that are computed together */
    REDUCE_LEVELS = 64,     /* levels of pairs: enough for 2^64 blocks */
    REDUCE_ROW_LEVELS = 44  /* the same for blocks of rows: 2^44 of them exceed any memory */
};

/* Works out the order for x and the attribute `dim`, which must be valid. */
yg_reduction yg_reduction_order(const yg_type *x, const yg_attr *dim);

/* yg_op.plan: one unit for each element of the result. Rows are the dimensions before the first
 * reduced one. */
void yg_reduction_plan_pieces(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* The same, and prepares the yg_reduction for the kernel: a small reduction takes less time than
 * working its order out. */
void yg_reduction_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* The same, and lets the operand be reduced in parts (yg_op_plan.parts) if all dimensions or the
 * leading ones are reduced. A part is one block of reduction_kernel.h. `reduce` and `finish` are
 * the two functions that YG_REDUCTION_PART() defines. */
void yg_reduction_plan_parts(const yg_infer *call, const yg_type *results, yg_kernel reduce,
                             yg_kernel finish, yg_op_plan *plan);

/* For a kernel: the prepared order of the call. If there is none, works it out into *here. */
const yg_reduction *yg_reduction_prepared(const yg_kernel_call *call, yg_reduction *here);

/* Stands before a loop that is to be vectorised. clang vectorises without being asked, and with the
 * pragma it would warn of each loop that it cannot vectorise. */
#ifdef __clang__
#define REDUCE_SIMD
#else
#define REDUCE_SIMD _Pragma("omp simd")
#endif

/* Stands before a loop over REDUCE_SIDE rows, whose running results then are in registers. */
#define REDUCE_UNROLL _Pragma("GCC unroll 4")

/* Defines the kernel `function` of a descriptor from the function `reduce` that reduction_kernel.h
 * has defined. */
#define YG_REDUCTION_KERNEL(function, reduce)                                                      \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        const yg_reduction *order = yg_reduction_prepared(call, &here);                            \
        reduce(order, call->in[0], call->out, call->begin, call->end);                             \
        return true;                                                                               \
    }

/* Defines the two kernels of yg_parts, function_part and function_finish. `reduce` must have been
 * defined with REDUCE_PARTS. */
#define YG_REDUCTION_PART(function, reduce)                                                        \
    YG_REDUCTION_KERNEL(function##_part, reduce##_part)                                            \
    static bool function##_finish(const yg_kernel_call *call, yg_error *error) {                   \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        const yg_reduction *order = yg_reduction_prepared(call, &here);                            \
        reduce##_finish(order, call->in[0], call->out);                                            \
        return true;                                                                               \
    }

/* ----------------------------------------------------------------------------- for the tests -- */

/* For a reference: writes to `at` the multi-index into operand 0 of the `step`-th element behind
 * result[index], in row-major order. 0 ≤ step < yg_reduction_count(). */
void yg_reduction_at(const yg_reference *reference, const int64_t *index, int64_t step,
                     int64_t at[YG_MAX_RANK]);

#endif
