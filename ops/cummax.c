/*
 * cummax: y[…, i, …] = max x[…, j, …] over j ≤ i, along dimension `dim`, and where it is.
 *
 * See running_extreme.h. vjp: dx = dy, each element added where it came from (scatter_add).
 */
#include "running_extreme.h"
#include "shape.h"

YG_RUNNING_KERNELS(>=)

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_running_reference(r, index, 1);
}

const yg_op yg_op_cummax = {
    .name = "cummax",
    .formula = "y[i] = max x[j] over j ≤ i, along dim, and y[i] = x[indices[i]]",
    .doc = "The largest element so far. Two results: `values, indices: cummax(x, 0)`. Of equal "
           "elements the last one is taken, and gets the gradient. From a NaN on all is NaN.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_running_attrs,
    .attr_count = YG_RUNNING_ATTRS,
    .results = 2,
    .infer = yg_running_infer,
    .kernel = {[YG_BOOL] = kernel_bool,
               [YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .plan = yg_running_plan,
    .vjp_all = yg_running_vjp,
    .reference = reference,
    .samples = yg_running_samples,
    .sample_count = YG_RUNNING_SAMPLES,
};
