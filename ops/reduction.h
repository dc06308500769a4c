/*
 * What reductions share: the attributes `dim` and `keepdim`, the shape rule, the order in which a
 * kernel visits the elements, and the step back from the result's shape to the operand's.
 */
#ifndef YG_OPS_REDUCTION_H
#define YG_OPS_REDUCTION_H

#include "../graph/graph.h"

/* The attribute `dim` (empty: all dimensions) comes first; `keepdim` may stand anywhere. These two
 * are all that most reductions have. */
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
 * operand is empty. */
#define YG_REDUCTION_SAMPLES 10
extern const yg_sample yg_reduction_samples[YG_REDUCTION_SAMPLES];

/* Marks the dimensions that `dim` names. Fails on one that x does not have or that is named
 * twice. */
bool yg_reduction_dims(const yg_infer *call, const yg_attr *dim, bool reduced[YG_MAX_RANK],
                       yg_error *error);

/* The result's type: x's, without the reduced dimensions, or with 1 in their place. */
bool yg_reduction_infer(const yg_infer *call, yg_type *result, yg_error *error);

/* The same for an operator that is not defined over no elements (max), which is an error. */
bool yg_reduction_infer_some(const yg_infer *call, yg_type *result, yg_error *error);

/* The same, with i64 in place of the other integers and bool: what PyTorch adds them up in. */
bool yg_reduction_infer_widened(const yg_infer *call, yg_type *result, yg_error *error);

/* How many elements of x each element of the result comes from. `dim` has been checked. */
int64_t yg_reduction_count(const yg_type *x, const yg_attr *dim);

/* Stretches `value`, of the shape of the reduction y's result, back to the shape of y's operand. */
yg_node yg_reduction_expand(yg_graph *graph, yg_node y, yg_node value);

/* The vjp where elements are chosen (max, min): those equal to the result share its cotangent. */
yg_node yg_reduction_vjp_of_chosen(yg_graph *graph, yg_node y, yg_node dy, size_t k);

/* For an operator that over one element, and over equal ones, is that element: a reshape, or a
 * smaller full tensor. */
yg_node yg_reduction_simplify_idempotent(yg_graph *graph, const yg_infer *call,
                                         const yg_node *operands);

/* ------------------------------------------------------------------------------- for kernels -- */

/* Which elements of x make an element of the result. Neighbouring dimensions of one kind are
 * merged and the innermost is set apart: it is contiguous, either reduced or kept. Strides are in
 * elements, outer dimensions first. */
typedef struct yg_reduction {
    int kept_rank;
    int64_t kept_size[YG_MAX_RANK], kept_stride[YG_MAX_RANK];
    int reduced_rank;
    int64_t reduced_size[YG_MAX_RANK], reduced_stride[YG_MAX_RANK];
    int64_t rows;  /* the product of reduced_size */
    int64_t inner; /* the size of the innermost dimension */
    bool inner_reduced;
    int64_t count; /* elements for each element of the result */
} yg_reduction;

/* Of reduction_kernel.h. */
enum {
    REDUCE_LANES = 16,
    REDUCE_BLOCK = 512,    /* elements of a contiguous run */
    REDUCE_ROWS = 32,      /* rows of a block, where columns are kept */
    REDUCE_COLUMNS = 128,  /* columns done at a time */
    REDUCE_LEVELS = 64,    /* 2^64 blocks */
    REDUCE_ROW_LEVELS = 44 /* 2^44 blocks of rows: more than there is memory */
};

yg_reduction yg_reduction_order(const yg_type *x, const yg_attr *dim);

/* Of yg_op.plan: each element of the result is a unit, and the dimensions before the first that is
 * reduced are rows. */
void yg_reduction_plan_pieces(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* The same, and the order of the elements is prepared: small reductions take less time than finding
 * it out. */
void yg_reduction_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* The same, and parts: blocks of neighbours if everything is reduced, of rows if the leading
 * dimensions are. `reduce` and `finish` are a pair of YG_REDUCTION_PART(). */
void yg_reduction_plan_parts(const yg_infer *call, const yg_type *results, yg_kernel reduce,
                             yg_kernel finish, yg_op_plan *plan);

/* The order that was prepared for a kernel call, or one made in *here. */
const yg_reduction *yg_reduction_prepared(const yg_kernel_call *call, yg_reduction *here);

/* Before a loop to be vectorised. clang does so unasked, and warns of each that it cannot. */
#ifdef __clang__
#define REDUCE_SIMD
#else
#define REDUCE_SIMD _Pragma("omp simd")
#endif

/* The kernel that a function of reduction_kernel.h makes by itself. */
#define YG_REDUCTION_KERNEL(function, reduce)                                                      \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        const yg_reduction *plan = yg_reduction_prepared(call, &here);                             \
        reduce(plan, call->in[0], call->out, call->begin, call->end);                              \
        return true;                                                                               \
    }

/* The same for the two kernels of yg_parts. */
#define YG_REDUCTION_PART(function, reduce)                                                        \
    YG_REDUCTION_KERNEL(function##_part, reduce##_part)                                            \
    static bool function##_finish(const yg_kernel_call *call, yg_error *error) {                   \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        const yg_reduction *plan = yg_reduction_prepared(call, &here);                             \
        reduce##_finish(plan, call->in[0], call->out);                                             \
        return true;                                                                               \
    }

/* ----------------------------------------------------------------------------- for the tests -- */

/* Visits the elements behind result[index] in row-major order: the `step`-th of
 * yg_reduction_count(), as a multi-index into operand 0. */
void yg_reduction_at(const yg_reference *reference, const int64_t *index, int64_t step,
                     int64_t at[YG_MAX_RANK]);

#endif
