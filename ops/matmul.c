/*
 * matmul: y[…, i, j] = Σ_k a[…, i, k] · b[…, k, j].
 *
 * a [batch…, n, k], b [batch…, k, m] → y [batch…, n, m]; batch dimensions broadcast. A vector a is
 * a row, a vector b a column, which the result then lacks, as in NumPy. With transpose_a, a is
 * [batch…, k, n]; with transpose_b, b is [batch…, m, k].
 * vjp: da = dy · bᵀ, db = aᵀ · dy, summed over the batch dimensions that were broadcast.
 */
#include "build.h"
#include "gemm.h"
#include "gemm_library.h"
#include "registry.h"
#include "shape.h"
#include "strides.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The shapes, with vectors made matrices. */
typedef struct product {
    int64_t n, k, m;
    yg_type a, b; /* as stored */
    int batch_rank;
    int64_t batch[YG_MAX_RANK];
} product;

/* A vector as a matrix: a row on the left, a column on the right. */
static yg_type as_matrix(const yg_type *type, bool left) {
    yg_type matrix = *type;
    if (type->rank != 1)
        return matrix;
    matrix.rank = 2;
    matrix.shape[left ? 1 : 0] = type->shape[0];
    matrix.shape[left ? 0 : 1] = 1;
    return matrix;
}

static bool fail(const yg_infer *call, yg_code code, const char *why, yg_error *error) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    yg_fail(error, code, call->origin, "matmul: %s: %s%s · %s%s", why,
            yg_type_text(&call->operands[0], a), call->attrs[0].i ? "ᵀ" : "",
            yg_type_text(&call->operands[1], b), call->attrs[1].i ? "ᵀ" : "");
    return false;
}

static bool read_product(const yg_infer *call, product *p, yg_error *error) {
    const yg_type *a = &call->operands[0], *b = &call->operands[1];
    const bool transpose_a = call->attrs[0].i, transpose_b = call->attrs[1].i;
    if (a->rank == 0 || b->rank == 0)
        return fail(call, YG_ERROR_SHAPE, "a scalar is no matrix; `*` multiplies by it", error);
    if ((transpose_a && a->rank == 1) || (transpose_b && b->rank == 1))
        return fail(call, YG_ERROR_SHAPE, "a vector cannot be transposed", error);
    if (a->dtype != b->dtype)
        return fail(call, YG_ERROR_DTYPE, "the element types differ", error);
    if (!yg_dtype_is_float(a->dtype))
        return fail(call, YG_ERROR_DTYPE, "only f32 and f64 are multiplied", error);

    p->a = as_matrix(a, true);
    p->b = as_matrix(b, false);
    const int64_t *a_last = p->a.shape + p->a.rank - 2, *b_last = p->b.shape + p->b.rank - 2;
    p->n = a_last[transpose_a ? 1 : 0];
    p->k = a_last[transpose_a ? 0 : 1];
    p->m = b_last[transpose_b ? 0 : 1];
    const int64_t k = b_last[transpose_b ? 1 : 0];
    if (p->k != k) {
        char left[YG_TYPE_TEXT], right[YG_TYPE_TEXT];
        yg_fail(error, YG_ERROR_SHAPE, call->origin,
                "matmul: inner dimensions differ: %s%s · %s%s (%" PRId64 " and %" PRId64 ")",
                yg_type_text(a, left), transpose_a ? "ᵀ" : "", yg_type_text(b, right),
                transpose_b ? "ᵀ" : "", p->k, k);
        return false;
    }
    yg_type a_batch = p->a, b_batch = p->b, batch;
    a_batch.rank -= 2;
    b_batch.rank -= 2;
    if (!yg_shape_broadcast(&a_batch, &b_batch, &batch))
        return fail(call, YG_ERROR_SHAPE,
                    "the batch dimensions, all but the last two, do not broadcast", error);
    p->batch_rank = batch.rank;
    memcpy(p->batch, batch.shape, sizeof p->batch);
    return true;
}

/* The result with both operands as matrices: the row and column that vectors lack are kept. */
static bool full_type(const product *p, yg_type *result, yg_error *error) {
    int64_t shape[YG_MAX_RANK];
    memcpy(shape, p->batch, sizeof shape);
    shape[p->batch_rank] = p->n;
    shape[p->batch_rank + 1] = p->m;
    return yg_type_make(p->a.dtype, p->batch_rank + 2, shape, result, error);
}

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    product p;
    yg_type full;
    if (!read_product(call, &p, error) || !full_type(&p, &full, error))
        return false;
    int rank = p.batch_rank;
    if (call->operands[0].rank > 1)
        full.shape[rank++] = p.n;
    if (call->operands[1].rank > 1)
        full.shape[rank++] = p.m;
    return yg_type_make(full.dtype, rank, full.shape, result, error);
}

/* -------------------------------------------------------------------------------------- kernel --
 */

static yg_gemm gemm_of(const product *p, const yg_attr *attrs) {
    yg_gemm gemm = {.rows = p->n, .columns = p->m, .depth = p->k, .c_stride = p->m};
    gemm.a_stride[0] = attrs[0].i ? 1 : p->k;
    gemm.a_stride[1] = attrs[0].i ? p->n : 1;
    gemm.b_stride[0] = attrs[1].i ? 1 : p->m;
    gemm.b_stride[1] = attrs[1].i ? p->k : 1;
    return gemm;
}

/* The pieces of each matrix of the batch. */
static int64_t units(const yg_infer *call, const yg_type *result) {
    (void)result;
    product p;
    if (!read_product(call, &p, NULL))
        return 0;
    const yg_gemm gemm = gemm_of(&p, call->attrs);
    return yg_shape_product(p.batch, 0, p.batch_rank) * yg_gemm_pieces(&gemm);
}

/* Enough for any piece, by our own kernel or by a library: the first is the largest. */
static int64_t scratch_bytes(const yg_infer *call, const yg_type *result) {
    product p;
    if (!read_product(call, &p, NULL))
        return 0;
    const yg_gemm gemm = gemm_of(&p, call->attrs);
    const int64_t own = yg_gemm_scratch_bytes(&gemm, (int64_t)yg_dtype_size(result->dtype));
    int64_t offsets[3];
    const yg_gemm piece = yg_gemm_piece(&gemm, 0, offsets);
    if (result->dtype != YG_F32 || !yg_gemm_library_suits(&gemm))
        return own;
    const int64_t library = yg_gemm_library_scratch_bytes(&piece);
    return library > own ? library : own;
}

static double flops(const yg_infer *call, const yg_type *result) {
    product p;
    if (!read_product(call, &p, NULL))
        return 0;
    return 2 * (double)yg_type_count(result) * (double)p.k;
}

/* Strides over the batch, in elements; 0 where an operand is repeated. */
static void batch_strides(const product *p, const yg_type *type, int64_t strides[YG_MAX_RANK]) {
    int64_t own[YG_MAX_RANK];
    yg_type_strides(type, own);
    const int lead = p->batch_rank - (type->rank - 2);
    for (int d = 0; d < p->batch_rank; d++)
        strides[d] = d < lead || type->shape[d - lead] == 1 ? 0 : own[d - lead];
}

/* All that a run needs to know of a product: small ones take less time than finding it out. */
typedef struct prepared_product {
    product p;
    yg_gemm gemm;
    int64_t pieces;
    int64_t a_strides[YG_MAX_RANK], b_strides[YG_MAX_RANK];
    yg_gemm_library *library; /* where it beats our own kernel */
} prepared_product;

static bool prepare_product(const yg_infer *call, prepared_product *product, yg_error *error) {
    if (!read_product(call, &product->p, error))
        return false;
    product->gemm = gemm_of(&product->p, call->attrs);
    product->pieces = yg_gemm_pieces(&product->gemm);
    product->library = NULL;
    batch_strides(&product->p, &product->p.a, product->a_strides);
    batch_strides(&product->p, &product->p.b, product->b_strides);
    return true;
}

static void *prepare(const yg_infer *call, const yg_type *result) {
    prepared_product *product = malloc(sizeof *product);
    if (!product || !prepare_product(call, product, NULL)) {
        free(product);
        return NULL;
    }
    if (result->dtype == YG_F32 && yg_gemm_library_suits(&product->gemm))
        product->library = yg_gemm_library_open();
    return product;
}

static void release(void *prepared) {
    yg_gemm_library_close(((prepared_product *)prepared)->library);
    free(prepared);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const prepared_product *product = call->prepared;
    prepared_product here;
    if (!product) {
        const yg_type types[2] = {*call->in_types[0], *call->in_types[1]};
        const yg_infer of = {
            .op = &yg_op_matmul, .operands = types, .operand_count = 2, .attrs = call->attrs};
        if (!prepare_product(&of, &here, error))
            return false;
        product = &here;
    }
    const struct product *p = &product->p;
    int64_t index[YG_MAX_RANK];
    for (int64_t unit = call->begin; unit < call->end; unit++) {
        const int64_t matrix = unit / product->pieces;
        int64_t at[3];
        const yg_gemm piece = yg_gemm_piece(&product->gemm, unit % product->pieces, at);
        if (matrix > 0) {
            at[0] += yg_strides_seek(p->batch_rank, p->batch, product->a_strides, index, matrix);
            at[1] += yg_strides_seek(p->batch_rank, p->batch, product->b_strides, index, matrix);
            at[2] += matrix * p->n * p->m;
        }
        if (call->out_type->dtype == YG_F64)
            yg_gemm_f64(&piece, (const double *)call->in[0] + at[0],
                        (const double *)call->in[1] + at[1], (double *)call->out + at[2],
                        call->scratch);
        else if (product->library)
            yg_gemm_library_f32(product->library, &piece, (const float *)call->in[0] + at[0],
                                (const float *)call->in[1] + at[1], (float *)call->out + at[2],
                                call->scratch);
        else
            yg_gemm_f32(&piece, (const float *)call->in[0] + at[0],
                        (const float *)call->in[1] + at[1], (float *)call->out + at[2],
                        call->scratch);
    }
    return true;
}

/* ---------------------------------------------------------------------------------- derivation --
 */

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node operands[2] = {yg_node_operand(graph, y, 0), yg_node_operand(graph, y, 1)};
    const yg_type types[2] = {*yg_node_type(graph, operands[0]), *yg_node_type(graph, operands[1])};
    const yg_attr *attrs = yg_node_attrs(graph, y);
    const yg_infer call = {
        .op = &yg_op_matmul, .operands = types, .operand_count = 2, .attrs = attrs};
    const bool transpose_a = attrs[0].i, transpose_b = attrs[1].i;
    product p;
    yg_type full;
    if (!read_product(&call, &p, NULL) || !full_type(&p, &full, NULL))
        return YG_NONE;
    const yg_node a = yg_reshape(graph, operands[0], &p.a);
    const yg_node b = yg_reshape(graph, operands[1], &p.b);
    dy = yg_reshape(graph, dy, &full);

    yg_node gradient;
    if (k == 0)
        gradient = transpose_a ? yg_matmul(graph, b, dy, transpose_b, true)
                               : yg_matmul(graph, dy, b, false, !transpose_b);
    else
        gradient = transpose_b ? yg_matmul(graph, dy, a, true, transpose_a)
                               : yg_matmul(graph, a, dy, !transpose_a, false);
    gradient = yg_sum_to(graph, gradient, k == 0 ? &p.a : &p.b);
    return yg_reshape(graph, gradient, &types[k]);
}

/* Whether a node is a permutation that exchanges the last two dimensions only. */
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
    /* A batch of matrices by one matrix is one long matrix by it; so then is the gradient. */
    if (a->rank > 2 && b->rank == 2 && !transpose_a && a->shape[a->rank - 1] > 0) {
        const int64_t depth = a->shape[a->rank - 1];
        const yg_type rows = {
            .dtype = a->dtype, .rank = 2, .shape = {yg_type_count(a) / depth, depth}};
        const yg_node flat = yg_reshape(graph, operands[0], &rows);
        return yg_reshape(graph, yg_matmul(graph, flat, operands[1], false, transpose_b), &result);
    }
    return YG_NONE;
}

/* --------------------------------------------------------------------------------- description --
 */

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *a = &r->call->operands[0], *b = &r->call->operands[1];
    const bool transpose_a = r->call->attrs[0].i, transpose_b = r->call->attrs[1].i;
    const int rank = r->out_type->rank;
    const int batch = rank - (a->rank > 1) - (b->rank > 1);
    const int64_t row = a->rank > 1 ? index[batch] : 0;
    const int64_t column = b->rank > 1 ? index[rank - 1] : 0;
    int64_t at_a[YG_MAX_RANK] = {0}, at_b[YG_MAX_RANK] = {0};
    for (int d = 0; d < a->rank - 2; d++)
        at_a[d] = a->shape[d] == 1 ? 0 : index[batch - (a->rank - 2) + d];
    for (int d = 0; d < b->rank - 2; d++)
        at_b[d] = b->shape[d] == 1 ? 0 : index[batch - (b->rank - 2) + d];
    const int a_row = a->rank - (transpose_a ? 1 : 2), a_depth = a->rank - (transpose_a ? 2 : 1);
    const int b_depth = b->rank == 1 ? 0 : b->rank - (transpose_b ? 1 : 2);
    const int b_column = b->rank - (transpose_b ? 2 : 1);
    if (a->rank > 1)
        at_a[a_row] = row;
    if (b->rank > 1)
        at_b[b_column] = column;
    double sum = 0;
    for (int64_t p = 0; p < a->shape[a_depth]; p++) {
        at_a[a_depth] = at_b[b_depth] = p;
        sum += yg_at(r, 0, at_a) * yg_at(r, 1, at_b);
    }
    return sum;
}

static const yg_attr_spec attrs[] = {
    {.name = "transpose_a",
     .kind = YG_ATTR_BOOL,
     .doc = "exchange a's last two dimensions before multiplying"},
    {.name = "transpose_b",
     .kind = YG_ATTR_BOOL,
     .doc = "exchange b's last two dimensions before multiplying"},
};

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
    {{"f[31, 23]", "f[23, 19]"}, NULL}, /* over the borders of blocks and tiles */
    {{"f[23, 31]", "f[23, 19]"}, FLAGS(1, 0)},
    {{"f[31, 23]", "f[19, 23]"}, FLAGS(0, 1)},
    {{"f[8, 300]", "f[300, 9]"}, NULL}, /* over the border of a block of the depth */
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
    {{"f[130, 90]", "f[90, 200]"}, NULL}, /* several pieces, and a library's where there is one */
    {{"f[90, 200]", "f[90, 130]"}, FLAGS(1, 0)},
    {{"f[33, 8]", "f[8, 512]"}, NULL}, /* rows a multiple of a page apart, which are copied */
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
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .units = units,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .release = release,
    .flops = flops,
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
