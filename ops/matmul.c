/*
 * matmul: y[…, i, j] = Σ_k a[…, i, k] · b[…, k, j].
 *
 * a [batch…, n, k], b [batch…, k, m] → y [batch…, n, m]; batch dimensions broadcast. As in NumPy, a
 * vector a is one row and a vector b one column; the result does not have that dimension. With
 * transpose_a, a is [batch…, k, n]; with transpose_b, b is [batch…, m, k].
 * vjp: da = dy · bᵀ, db = aᵀ · dy, summed over the batch dimensions that were broadcast.
 */
#include "build.h"
#include "product.h"
#include "registry.h"
#include "shape.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    return yg_product_infer(call, 0, result, error);
}

/* ------------------------------------------------------------------------------------ kernel -- */

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_product_plan(call, 0, false, plan);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    return yg_product_run(call, &yg_op_matmul, 0, NULL, error);
}

/* -------------------------------------------------------------------------------- derivation -- */

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    return yg_product_vjp(graph, y, dy, k);
}

/* Whether a node is a permutation that exchanges the last two dimensions and moves no other. */
static bool is_transpose(const yg_graph *graph, yg_node node) {
    if (yg_node_op(graph, node) != &yg_op_permute)
        return false;
    const yg_attr *order = &yg_node_attrs(graph, node)[0];
    const int64_t rank = order->count;
    for (int64_t i = 0; i < rank; i++) {
        const int64_t d = order->ints[i] < 0 ? order->ints[i] + rank : order->ints[i];
        if (d != (i < rank - 2 ? i : i == rank - 2 ? rank - 1 : rank - 2))
            return false;
    }
    return rank >= 2;
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_type *a = &call->operands[0], *b = &call->operands[1];
    const bool transpose_a = call->attrs[0].i, transpose_b = call->attrs[1].i;
    yg_type result;
    if (!infer(call, &result, NULL))
        return YG_NONE;
    if (is_transpose(graph, operands[0]))
        return yg_matmul(graph, yg_node_operand(graph, operands[0], 0), operands[1], !transpose_a,
                         transpose_b);
    if (is_transpose(graph, operands[1]))
        return yg_matmul(graph, operands[0], yg_node_operand(graph, operands[1], 0), transpose_a,
                         !transpose_b);
    /* A batch of matrices a times a single matrix b is one product: stack the matrices to one long
     * a. The gradients are then single products too. */
    if (a->rank > 2 && b->rank == 2 && !transpose_a && a->shape[a->rank - 1] > 0) {
        const int64_t depth = a->shape[a->rank - 1];
        const yg_type rows = {
            .dtype = a->dtype, .rank = 2, .shape = {yg_type_count(a) / depth, depth}};
        const yg_node flat = yg_reshape(graph, operands[0], &rows);
        return yg_reshape(graph, yg_matmul(graph, flat, operands[1], false, transpose_b), &result);
    }
    return YG_NONE;
}

/* ------------------------------------------------------------------------------- description -- */

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_product_reference(r, 0, index);
}

#define FLAGS(a, b)                                                                                \
    (const yg_attr[]) {                                                                            \
        {.i = (a)}, {                                                                              \
            .i = (b)                                                                               \
        }                                                                                          \
    }
static const yg_sample samples[] = {
    {{"f[2, 3]", "f[3, 4]"}, NULL},
    {{"f[3, 2]", "f[3, 4]"}, FLAGS(1, 0)},
    {{"f[2, 3]", "f[4, 3]"}, FLAGS(0, 1)},
    {{"f[3, 2]", "f[4, 3]"}, FLAGS(1, 1)},
    {{"f[31, 23]", "f[23, 19]"}, NULL}, /* sizes are not multiples of blocks and tiles */
    {{"f[23, 31]", "f[23, 19]"}, FLAGS(1, 0)},
    {{"f[31, 23]", "f[19, 23]"}, FLAGS(0, 1)},
    {{"f[8, 300]", "f[300, 9]"}, NULL}, /* the depth is not a multiple of a block */
    {{"f[3]", "f[3]"}, NULL},
    {{"f[40]", "f[40, 5]"}, NULL},
    {{"f[5, 40]", "f[40]"}, NULL},
    {{"f[40, 5]", "f[40]"}, FLAGS(1, 0)},
    {{"f[2, 3, 4]", "f[4]"}, NULL},
    {{"f[4]", "f[2, 4, 3]"}, NULL},
    {{"f[2, 3, 4]", "f[4, 5]"}, NULL},
    {{"f[2, 4, 3]", "f[5, 4]"}, FLAGS(1, 1)},
    {{"f[3, 4]", "f[2, 4, 2]"}, NULL},
    {{"f[2, 1, 3, 4]", "f[3, 4, 2]"}, NULL},
    {{"f[1, 3, 2]", "f[2, 3, 4]"}, FLAGS(1, 0)},
    {{"f[130, 90]", "f[90, 200]"}, NULL}, /* several pieces; by a library if one is installed */
    {{"f[90, 200]", "f[90, 130]"}, FLAGS(1, 0)},
    {{"f[33, 8]", "f[8, 512]"}, NULL}, /* rows lie a multiple of a page apart: they are copied */
    {{"f[8, 512]", "f[8, 33]"}, FLAGS(1, 0)},
    {{"f[2, 0]", "f[0, 3]"}, NULL},
    {{"f[0, 2]", "f[2, 3]"}, NULL},
};

const yg_op yg_op_matmul = {
    .name = "matmul",
    .formula = "y[…, i, j] = Σ_k a[…, i, k] · b[…, k, j]",
    .doc = "The product of matrices, written a @ b in a model. Leading dimensions are a batch and "
           "broadcast; a vector is a row on the left and a column on the right, as in NumPy.",
    .group = "linear algebra",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .attrs = yg_product_attrs,
    .attr_count = sizeof yg_product_attrs / sizeof *yg_product_attrs,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
