/*
 * Products of matrices: see product.h.
 */
#include "product.h"

#include "build.h"
#include "gemm.h"
#include "gemm_amx.h"
#include "gemm_library.h"
#include "shape.h"
#include "strides.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const yg_attr_spec yg_product_attrs[2] = {
    {.name = "transpose_a",
     .kind = YG_ATTR_BOOL,
     .doc = "exchange a's last two dimensions before multiplying"},
    {.name = "transpose_b",
     .kind = YG_ATTR_BOOL,
     .doc = "exchange b's last two dimensions before multiplying"},
};

/* The product [batch…, n, k] · [batch…, k, m]. */
typedef struct product {
    int64_t n, k, m;            /* sizes after transposing */
    yg_type a, b;               /* types before transposing; a vector is a matrix here */
    int batch_rank;             /* dimensions of the result before the last two */
    int64_t batch[YG_MAX_RANK]; /* their sizes, after broadcasting */
} product;

/* The type with a vector turned into a matrix: one row if it is the left operand, else one column.
 */
static yg_type as_matrix(const yg_type *type, bool left) {
    yg_type matrix = *type;
    if (type->rank != 1)
        return matrix;
    matrix.rank = 2;
    matrix.shape[left ? 1 : 0] = type->shape[0];
    matrix.shape[left ? 0 : 1] = 1;
    return matrix;
}

static bool fail(const yg_infer *call, size_t first, yg_code code, const char *why,
                 yg_error *error) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    yg_fail(error, code, call->origin, "%s: %s: %s%s · %s%s", call->op->name, why,
            yg_type_text(&call->operands[first], a), call->attrs[0].i ? "ᵀ" : "",
            yg_type_text(&call->operands[first + 1], b), call->attrs[1].i ? "ᵀ" : "");
    return false;
}

/* Reads shapes and attributes of a call. Fails where the operands do not multiply. */
static bool read_product(const yg_infer *call, size_t first, product *p, yg_error *error) {
    const yg_type *a = &call->operands[first], *b = &call->operands[first + 1];
    const bool transpose_a = call->attrs[0].i, transpose_b = call->attrs[1].i;
    if (a->rank == 0 || b->rank == 0)
        return fail(call, first, YG_ERROR_SHAPE, "a scalar is no matrix; `*` multiplies by it",
                    error);
    if ((transpose_a && a->rank == 1) || (transpose_b && b->rank == 1))
        return fail(call, first, YG_ERROR_SHAPE, "a vector cannot be transposed", error);
    if (a->dtype != b->dtype)
        return fail(call, first, YG_ERROR_DTYPE, "the element types differ", error);
    if (!yg_dtype_is_float(a->dtype))
        return fail(call, first, YG_ERROR_DTYPE, "only f32 and f64 are multiplied", error);

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
                "%s: inner dimensions differ: %s%s · %s%s (%" PRId64 " and %" PRId64 ")",
                call->op->name, yg_type_text(a, left), transpose_a ? "ᵀ" : "",
                yg_type_text(b, right), transpose_b ? "ᵀ" : "", p->k, k);
        return false;
    }
    yg_type a_batch = p->a, b_batch = p->b, batch;
    a_batch.rank -= 2;
    b_batch.rank -= 2;
    if (!yg_shape_broadcast(&a_batch, &b_batch, &batch))
        return fail(call, first, YG_ERROR_SHAPE,
                    "the batch dimensions, all but the last two, do not broadcast", error);
    p->batch_rank = batch.rank;
    memcpy(p->batch, batch.shape, sizeof p->batch);
    return true;
}

/* The result's type with vectors as matrices, [batch…, n, m]. */
static bool full_type(const product *p, yg_type *result, yg_error *error) {
    int64_t shape[YG_MAX_RANK];
    memcpy(shape, p->batch, sizeof shape);
    shape[p->batch_rank] = p->n;
    shape[p->batch_rank + 1] = p->m;
    return yg_type_make(p->a.dtype, p->batch_rank + 2, shape, result, error);
}

bool yg_product_infer(const yg_infer *call, size_t first, yg_type *result, yg_error *error) {
    product p;
    yg_type full;
    if (!read_product(call, first, &p, error) || !full_type(&p, &full, error))
        return false;
    int rank = p.batch_rank;
    if (call->operands[first].rank > 1)
        full.shape[rank++] = p.n;
    if (call->operands[first + 1].rank > 1)
        full.shape[rank++] = p.m;
    return yg_type_make(full.dtype, rank, full.shape, result, error);
}

/* ------------------------------------------------------------------------------- computation -- */

/* The number of matrix products in the batch. */
static int64_t matrices_of(const product *p) {
    return yg_shape_product(p->batch, 0, p->batch_rank);
}

/* One matrix product of the batch. It may be computed in bands of rows (gemm.h) if the batch has no
 * other matrix, and if our own kernel computes it. */
static yg_gemm gemm_of(const product *p, const yg_attr *attrs) {
    yg_gemm gemm = {.rows = p->n, .columns = p->m, .depth = p->k, .c_stride = p->m};
    gemm.a_stride[0] = attrs[0].i ? 1 : p->k;
    gemm.a_stride[1] = attrs[0].i ? p->n : 1;
    gemm.b_stride[0] = attrs[1].i ? 1 : p->m;
    gemm.b_stride[1] = attrs[1].i ? p->k : 1;
    gemm.by_amx = p->a.dtype == YG_F32 && yg_gemm_amx_suits(&gemm);
    gemm.by_library = !gemm.by_amx && p->a.dtype == YG_F32 && yg_gemm_library_suits(&gemm);
    if (matrices_of(p) == 1 && !gemm.by_library && !gemm.by_amx)
        gemm.in_bands = yg_gemm_suits_bands(&gemm, yg_dtype_size(p->a.dtype), yg_gemm_isa_best());
    return gemm;
}

/* The operand's strides over the batch dimensions, in elements. Stride 0 along a dimension that the
 * operand is broadcast over. */
static void batch_strides(const product *p, const yg_type *type, int64_t strides[YG_MAX_RANK]) {
    int64_t own[YG_MAX_RANK];
    yg_type_strides(type, own);
    const int lead = p->batch_rank - (type->rank - 2);
    for (int d = 0; d < p->batch_rank; d++)
        strides[d] = d < lead || type->shape[d - lead] == 1 ? 0 : own[d - lead];
}

/* The distance between neighbours of the batch, or -1 if it differs. */
static int64_t even_step(const product *p, const int64_t strides[YG_MAX_RANK]) {
    for (int d = 0; d + 1 < p->batch_rank; d++)
        if (strides[d] != p->batch[d + 1] * strides[d + 1])
            return -1;
    return p->batch_rank > 0 ? strides[p->batch_rank - 1] : 0;
}

/* yg_op_plan.prepared: everything that a run needs, worked out once. A small product takes less
 * time than working it out. */
typedef struct prepared_product {
    product p;
    yg_gemm gemm;                   /* one matrix of the batch */
    size_t element;                 /* bytes of an element */
    bool transpose_a;               /* the attribute */
    int64_t pieces;                 /* units of one matrix */
    int64_t units;                  /* of the whole batch */
    int64_t a_strides[YG_MAX_RANK]; /* of a over the batch: batch_strides() */
    int64_t b_strides[YG_MAX_RANK]; /* of b over the batch */
    int64_t a_step, b_step;   /* from matrix to matrix of the batch; -1: not always the same */
    yg_gemm_kernel multiply;  /* our own kernel; used if `library` is NULL */
    yg_gemm_library *library; /* a library's product, or NULL; owned */
} prepared_product;

/* Fills in *prepared, with no library open. */
static bool prepare_product(const yg_infer *call, size_t first, bool add,
                            prepared_product *prepared, yg_error *error) {
    product *p = &prepared->p;
    if (!read_product(call, first, p, error))
        return false;
    prepared->gemm = gemm_of(p, call->attrs);
    prepared->gemm.add = add;
    prepared->transpose_a = call->attrs[0].i != 0;
    prepared->element = yg_dtype_size(p->a.dtype);
    prepared->pieces = yg_gemm_pieces(&prepared->gemm);
    prepared->units = prepared->pieces * matrices_of(p);
    prepared->multiply = yg_gemm_choose(&prepared->gemm, prepared->element, yg_gemm_isa_best());
    if (prepared->gemm.by_amx && yg_gemm_amx_allowed())
        prepared->multiply = yg_gemm_amx_f32;
    prepared->library = NULL;
    batch_strides(p, &p->a, prepared->a_strides);
    batch_strides(p, &p->b, prepared->b_strides);
    prepared->a_step = even_step(p, prepared->a_strides);
    prepared->b_step = even_step(p, prepared->b_strides);
    return true;
}

/* Fills in the plan's rows, whole, min_rows and prefetches. In a batch, a row (yg_op_plan.rows) is
 * one matrix. An operand without all of the batch's dimensions is then needed whole, because
 * several matrices read the same elements of it. A single product has its pieces as rows. Then b is
 * needed whole, and so is a transposed a: its rows are not contiguous. */
static void plan_rows(const prepared_product *made, size_t first, yg_op_plan *plan) {
    const product *p = &made->p;
    const int64_t matrices = matrices_of(p), piece_rows = yg_gemm_piece_rows(&made->gemm);
    bool a_whole = made->transpose_a, b_whole = true;
    if (matrices > 1) {
        a_whole = yg_shape_product(p->a.shape, 0, p->a.rank - 2) != matrices;
        b_whole = yg_shape_product(p->b.shape, 0, p->b.rank - 2) != matrices;
    }
    plan->whole = (uint64_t)a_whole << first | (uint64_t)b_whole << (first + 1);
    plan->min_rows = made->gemm.in_bands ? yg_gemm_band_rows() : 1;
    plan->prefetches = made->gemm.in_bands;
    if (matrices != 1)
        plan->rows = matrices;
    else if (made->gemm.in_bands || (made->gemm.by_library && piece_rows >= YG_GEMM_PIECE_ROWS))
        plan->rows = p->n / piece_rows;
}

/* Bytes of scratch that are enough for any part, computed by either of our kernels or by a library.
 */
static int64_t scratch_bytes(const prepared_product *made) {
    const yg_gemm *gemm = &made->gemm;
    int64_t own = yg_gemm_scratch_bytes(gemm, made->element, yg_gemm_isa_best());
    if (gemm->by_amx && yg_gemm_amx_scratch_bytes(gemm) > own)
        own = yg_gemm_amx_scratch_bytes(gemm);
    if (!gemm->by_library)
        return own;
    int64_t offsets[3]; /* the library computes one piece a call; the first piece is the largest */
    const yg_gemm piece = yg_gemm_part(gemm, 0, 1, offsets);
    const int64_t library = yg_gemm_library_scratch_bytes(&piece);
    return library > own ? library : own;
}

static void release(void *prepared) {
    yg_gemm_library_close(((prepared_product *)prepared)->library);
    free(prepared);
}

void yg_product_plan(const yg_infer *call, size_t first, bool add, yg_op_plan *plan) {
    prepared_product made;
    if (!prepare_product(call, first, add, &made, NULL))
        return;
    const product *p = &made.p;
    plan->units = made.units;
    plan_rows(&made, first, plan);
    plan->scratch_bytes = scratch_bytes(&made);
    plan->flops = 2 * (double)matrices_of(p) * (double)p->n * (double)p->m * (double)p->k;
    prepared_product *kept = plan->prepare ? malloc(sizeof *kept) : NULL;
    if (!kept)
        return;
    *kept = made;
    if (made.gemm.by_library)
        kept->library = yg_gemm_library_open(yg_gemm_library_preferred());
    plan->prepared = kept;
    plan->release = release;
}

/* Copies the part's elements of the addend to the result; the kernel then adds the product. */
static void copy_addend(const yg_gemm *part, size_t element, char *out, const char *addend) {
    const size_t row = (size_t)part->columns * element, step = (size_t)part->c_stride * element;
    if (row == step) {
        memcpy(out, addend, (size_t)part->rows * row);
        return;
    }
    for (int64_t i = 0; i < part->rows; i++)
        memcpy(out + (size_t)i * step, addend + (size_t)i * step, row);
}

static void run_part(const prepared_product *prepared, const yg_gemm *part, const void *a,
                     const void *b, void *c, void *scratch) {
    if (prepared->library)
        yg_gemm_library_f32(prepared->library, part, a, b, c, scratch);
    else
        prepared->multiply(part, a, b, c, scratch);
}

/* Matrices [begin, end) of a batch of small ones, for which finding the operands would take longer
 * than the product. */
static void run_small(const prepared_product *prepared, int64_t begin, int64_t end, const char *a,
                      const char *b, char *c, void *scratch) {
    const int64_t size = (int64_t)prepared->element;
    const int64_t a_step = prepared->a_step * size, b_step = prepared->b_step * size;
    const int64_t c_step = prepared->p.n * prepared->p.m * size;
    const yg_gemm gemm = prepared->gemm;
    for (int64_t i = begin; i < end; i++)
        prepared->multiply(&gemm, a + i * a_step, b + i * b_step, c + i * c_step, scratch);
}

bool yg_product_run(const yg_kernel_call *call, const yg_op *op, size_t first, const void *addend,
                    yg_error *error) {
    const prepared_product *prepared = call->prepared;
    prepared_product here;
    if (!prepared) {
        yg_type types[YG_OP_NAMED_OPERANDS];
        for (size_t i = 0; i < call->operand_count; i++)
            types[i] = *call->in_types[i];
        const yg_infer of = {.op = op,
                             .operands = types,
                             .operand_count = call->operand_count,
                             .attrs = call->attrs,
                             .origin = call->origin};
        if (!prepare_product(&of, first, addend != NULL, &here, error))
            return false;
        prepared = &here;
    }
    const char *a = call->in[first], *b = call->in[first + 1];
    char *out = call->out;
    if (addend == out)
        addend = NULL;
    if (prepared->units == 1 && !addend) {
        if (call->begin < call->end)
            run_part(prepared, &prepared->gemm, a, b, out, call->scratch);
        return true;
    }

    if (prepared->pieces == 1 && !addend && !prepared->library && prepared->a_step >= 0 &&
        prepared->b_step >= 0) {
        run_small(prepared, call->begin, call->end, a, b, out, call->scratch);
        return true;
    }

    const product *p = &prepared->p;
    int64_t index[YG_MAX_RANK];
    for (int64_t unit = call->begin; unit < call->end;) {
        const int64_t matrix = unit / prepared->pieces, piece = unit % prepared->pieces;
        /* Several pieces may be computed as one part by our own kernel: the bits are the same. A
         * library may round a larger part in another way, so it gets one piece at a time. */
        int64_t count = prepared->library ? 1 : prepared->pieces - piece;
        if (count > call->end - unit)
            count = call->end - unit;
        int64_t at[3];
        yg_gemm part = yg_gemm_part(&prepared->gemm, piece, piece + count, at);
        part.prefetch = call->prefetch;
        part.prefetch_count = call->prefetch_count;
        if (part.in_bands)
            part.kept = call->kept == YG_SCRATCH_FIRST   ? YG_GEMM_KEPT_FIRST
                        : call->kept == YG_SCRATCH_AGAIN ? YG_GEMM_KEPT_AGAIN
                                                         : YG_GEMM_KEPT_NOT;
        if (matrix > 0) {
            at[0] += yg_strides_seek(p->batch_rank, p->batch, prepared->a_strides, index, matrix);
            at[1] += yg_strides_seek(p->batch_rank, p->batch, prepared->b_strides, index, matrix);
            at[2] += matrix * p->n * p->m;
        }
        const size_t at_c = (size_t)at[2] * prepared->element;
        if (addend)
            copy_addend(&part, prepared->element, out + at_c, (const char *)addend + at_c);
        run_part(prepared, &part, a + (size_t)at[0] * prepared->element,
                 b + (size_t)at[1] * prepared->element, out + at_c, call->scratch);
        unit += count;
    }
    return true;
}

/* -------------------------------------------------------------------------------- derivation -- */

yg_node yg_product_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node operands[2] = {yg_node_operand(graph, y, 0), yg_node_operand(graph, y, 1)};
    const yg_type types[2] = {*yg_node_type(graph, operands[0]), *yg_node_type(graph, operands[1])};
    const yg_attr *attrs = yg_node_attrs(graph, y);
    const yg_infer call = {
        .op = yg_node_op(graph, y), .operands = types, .operand_count = 2, .attrs = attrs};
    const bool transpose_a = attrs[0].i, transpose_b = attrs[1].i;
    product p;
    yg_type full;
    if (!read_product(&call, 0, &p, NULL) || !full_type(&p, &full, NULL))
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

double yg_product_reference(const yg_reference *r, size_t first, const int64_t *index) {
    const yg_type *a = &r->call->operands[first], *b = &r->call->operands[first + 1];
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
        sum += yg_at(r, first, at_a) * yg_at(r, first + 1, at_b);
    }
    return sum;
}
