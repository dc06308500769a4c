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

/* ------------------------------------------------------------------------- rows of a table -- */

/* The shape of all dimensions but the last. */
static yg_type without_last(const yg_type *type) {
    yg_type rest = *type;
    rest.rank--;
    rest.shape[rest.rank] = 0;
    return rest;
}

/* Whether a node only moves rows, and leaves each as it is. */
static bool moves_rows(const yg_graph *graph, yg_node node) {
    const yg_type *type = yg_node_type(graph, node);
    const yg_op *op = yg_node_op(graph, node);
    if (type->rank == 0 || (op != &yg_op_reshape && op != &yg_op_permute))
        return false;
    const int last = type->rank - 1;
    if (op == &yg_op_permute) {
        const int64_t d = yg_node_attrs(graph, node)[0].ints[last];
        return d == last || d == -1;
    }
    const yg_type *from = yg_node_type(graph, yg_node_operand(graph, node, 0));
    return from->rank > 0 && from->shape[from->rank - 1] == type->shape[last];
}

/* The embedding whose rows a node has, perhaps in another order; YG_NONE if it has others. */
static yg_node embedding_of(const yg_graph *graph, yg_node node) {
    while (moves_rows(graph, node))
        node = yg_node_operand(graph, node, 0);
    return yg_node_op(graph, node) == &yg_op_embedding ? node : YG_NONE;
}

/* The indices of the rows that a node has, whose embedding is known. */
static yg_node index_of(yg_graph *graph, yg_node node) {
    if (yg_node_op(graph, node) == &yg_op_embedding)
        return yg_node_operand(graph, node, 0);
    const yg_type rows = without_last(yg_node_type(graph, node));
    const yg_attr order = yg_node_attrs(graph, node)[0];
    const bool permutes = yg_node_op(graph, node) == &yg_op_permute;
    const yg_node index = index_of(graph, yg_node_operand(graph, node, 0));
    int64_t dims[YG_MAX_RANK] = {0};
    for (int d = 0; permutes && d < rows.rank; d++)
        dims[d] = order.ints[d] < 0 ? order.ints[d] + rows.rank + 1 : order.ints[d];
    return permutes ? yg_permute(graph, index, dims) : yg_reshape(graph, index, &rows);
}

enum {
    OFTEN = 2,       /* how often a row of the table is read at least, on average */
    LEAST_DEPTH = 8, /* a shallower product costs no more than reading its result */
};

/* Rows of a table times a matrix are rows of the product. If there are fewer rows in the table than
 * are read, that product is smaller, and so are those of its gradient: an embedding of 96
 * characters, say, at 64 steps of 32 texts. */
static yg_node product_of_table(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_type *a = &call->operands[0];
    const yg_node rows = a->rank > 1 ? embedding_of(graph, operands[0]) : YG_NONE;
    if (rows == YG_NONE || call->operands[1].rank != 2 || call->attrs[0].i)
        return YG_NONE;
    const yg_node table = yg_node_operand(graph, rows, 1);
    const yg_type *type = yg_node_type(graph, table);
    const yg_type read = without_last(a);
    if (type->shape[1] < LEAST_DEPTH || yg_type_count(&read) / OFTEN < type->shape[0])
        return YG_NONE;
    const yg_node product = yg_matmul(graph, table, operands[1], false, call->attrs[1].i != 0);
    const yg_node parts[] = {index_of(graph, operands[0]), product};
    return yg_apply(graph, &yg_op_embedding, parts, 2, NULL);
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
    const yg_node looked_up = product_of_table(graph, call, operands);
    if (looked_up != YG_NONE)
        return looked_up;
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
