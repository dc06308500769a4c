/*
 * The common code of matmul and addmm: shapes, planning and computation of a product of matrices.
 *
 * Operand `first` of a call is a, [batch…, n, k]; operand `first` + 1 is b, [batch…, k, m]. A
 * vector a is one row, a vector b one column. Attributes 0 and 1 are transpose_a and transpose_b.
 */
#ifndef YG_OPS_PRODUCT_H
#define YG_OPS_PRODUCT_H

#include "../graph/op.h"

/* yg_op.infer: the result's type, [batch…, n, m]. It lacks n if a is a vector, and m if b is one.
 * Fails on shapes that do not multiply, and on element types other than f32 and f64. */
bool yg_product_infer(const yg_infer *call, size_t first, yg_type *result, yg_error *error);

/* yg_op.plan. `add` says that the kernel adds the product to an addend, as addmm does. */
void yg_product_plan(const yg_infer *call, size_t first, bool add, yg_op_plan *plan);

/* yg_kernel: computes units [call->begin, call->end). Each matrix of the batch is cut into the same
 * number of pieces; unit u is piece u % pieces of matrix u / pieces. `addend` is NULL, or a tensor
 * of the result's type that the product is added to; it may be call->out. Without call->prepared
 * the work is prepared here, and our own kernel runs, never a library's. */
bool yg_product_run(const yg_kernel_call *call, const yg_op *op, size_t first, const void *addend,
                    yg_error *error);

/* yg_op.vjp for a (k = 0) or b (k = 1): the cotangent of that operand of node y. */
yg_node yg_product_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k);

/* yg_op.reference: Σ_p a[…, row, p] · b[…, p, column] for the element `index` of the result. */
double yg_product_reference(const yg_reference *reference, size_t first, const int64_t *index);

/* transpose_a, transpose_b */
extern const yg_attr_spec yg_product_attrs[2];

#endif
