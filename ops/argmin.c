/*
 * argmin: y[…] = the i with the smallest x[…, i, …] along dimension `dim`, or the row-major
 * position of the smallest of all.
 *
 * If several elements are the smallest, the first of them. If there is a NaN, the first NaN. An
 * empty dimension `dim` is an error. No derivative: a step function.
 */
#include "arg_kernel.h"
#include "registry.h"

#define NUMBER_BEFORE(a, b) ((a) < (b))
#define NUMBER_SAME(a, b)   ((a) == (b))
#define FLOAT_BEFORE(a, b)  (((a) < (b)) | (((a) != (a)) & ((b) == (b))))
#define FLOAT_SAME(a, b)    (((a) == (b)) | (((a) != (a)) & ((b) != (b))))
YG_ARG_KERNEL(kernel_bool, uint8_t, NUMBER_BEFORE, NUMBER_SAME)
YG_ARG_KERNEL(kernel_i32, int32_t, NUMBER_BEFORE, NUMBER_SAME)
YG_ARG_KERNEL(kernel_i64, int64_t, NUMBER_BEFORE, NUMBER_SAME)
YG_ARG_KERNEL(kernel_f32, float, FLOAT_BEFORE, FLOAT_SAME)
YG_ARG_KERNEL(kernel_f64, double, FLOAT_BEFORE, FLOAT_SAME)

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t count = yg_reduction_count(&r->call->operands[0], &r->call->attrs[0]);
    int64_t best = 0;
    double best_value = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(r, index, i, at);
        const double value = yg_at(r, 0, at);
        if (i > 0 && !FLOAT_BEFORE(value, best_value))
            continue;
        best = i;
        best_value = value;
    }
    return (double)best;
}

const yg_op yg_op_argmin = {
    .name = "argmin",
    .formula = "y = arg min x along dim",
    .doc =
        "Where the smallest element stands, as i64: the first of equal ones, and the first NaN if "
        "there is one.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_arg_attrs,
    .attr_count = sizeof yg_arg_attrs / sizeof *yg_arg_attrs,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_arg_infer,
    .kernel = {[YG_BOOL] = kernel_bool,
               [YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .plan = yg_reduction_plan_pieces,
    .reference = reference,
    .samples = yg_arg_samples,
    .sample_count = YG_ARG_SAMPLES,
};
