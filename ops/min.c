/*
 * min: y[…] = the smallest x[…, i, …] over the dimensions `dim`, or over all of them.
 *
 * If one of the elements is NaN, the result is NaN. A reduced dimension of size 0 is an error.
 * vjp: dx = dy where x = y, else 0; elements that tie share dy equally.
 */
#include "build.h"
#include "extreme_key.h"
#include "reduction.h"
#include "registry.h"

#include <math.h>

#define REDUCE_BASED     0
#define REDUCE_FUNCTIONS 0

/* The key of -x is the largest where x is the least, or NaN. So the results are turned round, and
 * the largest of them is sought. */
#define REDUCE_COMBINE(a, b)   ((a) > (b) ? (a) : (b))
#define REDUCE_MAP(x, base)    yg_key_f32(-(x))
#define REDUCE_FINISH(a, base) (yg_key_bits_f32(a) ^ INT32_MIN)
#define REDUCE_START           INT32_MIN
#define REDUCE_NAME            min_f32
#define REDUCE_INPUT           float
#define REDUCE_RESULT          yg_key32
#include "reduction_kernel.h"

#undef REDUCE_MAP
#undef REDUCE_FINISH
#undef REDUCE_START
#define REDUCE_MAP(x, base)    yg_key_f64(-(x))
#define REDUCE_FINISH(a, base) (yg_key_bits_f64(a) ^ INT64_MIN)
#define REDUCE_START           INT64_MIN
#define REDUCE_NAME            min_f64
#define REDUCE_INPUT           double
#define REDUCE_RESULT          yg_key64
#include "reduction_kernel.h"

#undef REDUCE_MAP
#undef REDUCE_FINISH
#undef REDUCE_COMBINE
#undef REDUCE_START
#define REDUCE_MAP(x, base)    (x)
#define REDUCE_FINISH(a, base) (a)
#define REDUCE_COMBINE(a, b)   ((a) < (b) ? (a) : (b))
#define REDUCE_START           1
#define REDUCE_NAME            min_bool
#define REDUCE_INPUT           uint8_t
#define REDUCE_RESULT          uint8_t
#include "reduction_kernel.h"

#undef REDUCE_START
#define REDUCE_START  INT32_MAX
#define REDUCE_NAME   min_i32
#define REDUCE_INPUT  int32_t
#define REDUCE_RESULT int32_t
#include "reduction_kernel.h"

#undef REDUCE_START
#define REDUCE_START  INT64_MAX
#define REDUCE_NAME   min_i64
#define REDUCE_INPUT  int64_t
#define REDUCE_RESULT int64_t
#include "reduction_kernel.h"

YG_REDUCTION_KERNEL(kernel_bool, min_bool)
YG_REDUCTION_KERNEL(kernel_i32, min_i32)
YG_REDUCTION_KERNEL(kernel_i64, min_i64)
YG_REDUCTION_KERNEL(kernel_f32, min_f32)
YG_REDUCTION_KERNEL(kernel_f64, min_f64)

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t count = yg_reduction_count(&r->call->operands[0], &r->call->attrs[0]);
    double best = INFINITY;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(r, index, i, at);
        const double value = yg_at(r, 0, at);
        if (isnan(value))
            return value;
        best = fmin(best, value);
    }
    return best;
}

const yg_op yg_op_min = {
    .name = "min",
    .formula = "y = min x over the dimensions dim",
    .doc = "The smallest element along dimensions; NaN if there is one. Equal elements share the "
           "gradient, as PyTorch's amin does.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_reduction_attrs,
    .attr_count = sizeof yg_reduction_attrs / sizeof *yg_reduction_attrs,
    .infer = yg_reduction_infer_some,
    .kernel = {[YG_BOOL] = kernel_bool,
               [YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .plan = yg_reduction_plan,
    .vjp = yg_reduction_vjp_of_chosen,
    .simplify = yg_reduction_simplify_idempotent,
    .reference = reference,
    .samples = yg_reduction_samples,
    .sample_count = YG_REDUCTION_SAMPLES,
};
