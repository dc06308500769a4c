/*
 * tril: y[…, i, j] = x[…, i, j] where j - i ≤ diagonal, else 0: the lower triangle of each matrix.
 */
#include "registry.h"
#include "triangle.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    return yg_triangle(graph, call, operands[0], false, results);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    return yg_triangle_run(call, false);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_triangle_reference(r, index, false);
}

const yg_op yg_op_tril = {
    .name = "tril",
    .formula = "y[…, i, j] = x[…, i, j] if j - i ≤ diagonal, else 0",
    .doc = "The lower triangle of a matrix, or of each matrix of a batch; 0 elsewhere, also where "
           "x is NaN.",
    .group = "linear algebra",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_triangle_attrs,
    .attr_count = 1,
    .infer = yg_triangle_infer,
    .kernel = {[YG_BOOL] = kernel,
               [YG_I32] = kernel,
               [YG_I64] = kernel,
               [YG_F32] = kernel,
               [YG_F64] = kernel},
    .plan = yg_triangle_plan,
    .vjp = yg_triangle_vjp,
    .compose = compose,
    .reference = reference,
    .samples = yg_triangle_samples,
    .sample_count = YG_TRIANGLE_SAMPLES,
};
