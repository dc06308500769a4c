/*
 * What matmul and addmm share: the shapes of a product of matrices, and its computation.
 *
 * In a call's operands the matrices are `first` and `first` + 1; both operators have the attributes
 * transpose_a and transpose_b, in that order. A vector is a row on the left and a column on the
 * right.
 */
#ifndef YG_OPS_PRODUCT_H
#define YG_OPS_PRODUCT_H

#include "../graph/op.h"

/* As the descriptor's functions of these names. With `add` the product is added to the result. */
bool yg_product_infer(const yg_infer *call, size_t first, yg_type *result, yg_error *error);
void yg_product_plan(const yg_infer *call, size_t first, bool add, yg_op_plan *plan);

/* Units [call->begin, call->end). Without `prepared`, by our own kernel. With `addend`, a tensor of
 * the result's type or the result itself, the product is added to it. */
bool yg_product_run(const yg_kernel_call *call, const yg_op *op, size_t first, const void *addend,
                    yg_error *error);

/* The cotangent of matrix k, 0 or 1, of node y. */
yg_node yg_product_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t first, size_t k);

/* Σ_p a[…, row, p] · b[…, p, column], by the definition; `index` is the result's. */
double yg_product_reference(const yg_reference *reference, size_t first, const int64_t *index);

extern const yg_attr_spec yg_product_attrs[2];

#endif
