/*
 * gru_cell_gradient: the cotangents of x, w and h of gru_cell, from what it keeps (r, z, n and m),
 * the state h and the cotangent of h'.
 *
 *     s = dh' · (1 - z) · (1 - n²)
 *     dr, dz = s · m · r · (1 - r), dh' · (h - n) · z · (1 - z)
 *     dx, dw = [dr, dz, s], [dr, dz, s · r]
 *     dh = dh' · z
 *
 * Its derivative is that of its definition.
 */
#include "build.h"
#include "cells.h"
#include "gru_cell.h"
#include "multiversion.h"
#include "registry.h"

enum { KEPT, STATE, DH_NEXT }; /* operands */
enum { DX, DW, DH };           /* results */

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *kept = &call->operands[KEPT], *h = &call->operands[STATE];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_cell_fits(kept, h, YG_GRU_KEPT) || !yg_type_equal(&call->operands[DH_NEXT], h))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "gru_cell_gradient: kept [..., 4 n] and two tensors [..., n] of one float "
                       "type are expected, found %s and %s",
                       yg_type_text(kept, a), yg_type_text(h, b));
    int64_t shape[YG_MAX_RANK];
    for (int d = 0; d < h->rank; d++)
        shape[d] = h->shape[d];
    shape[h->rank - 1] *= YG_GRU_GATES; /* less than in `kept` */
    results[DH] = *h;
    return yg_type_make(h->dtype, h->rank, shape, &results[DX], error) &&
           yg_type_make(h->dtype, h->rank, shape, &results[DW], error);
}

/* Any result but the first may be without a reader; it is then computed all the same. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_cell_plan(&call->operands[STATE], 12, YG_GRU_GATES + 1, plan);
}

#define KERNEL(suffix, real)                                                                       \
    YG_MULTIVERSION static void row_##suffix(                                                      \
        int64_t n, const real *restrict kept, const real *restrict h,                              \
        const real *restrict dh_next, real *restrict dx, real *restrict dw, real *restrict dh) {   \
        _Pragma("omp simd") for (int64_t j = 0; j < n; j++) {                                      \
            const real r = kept[j], z = kept[n + j], fresh = kept[2 * n + j], d = dh_next[j];      \
            const real s = d * (1 - z) * (1 - fresh * fresh);                                      \
            const real dr = s * kept[3 * n + j] * (r * (1 - r));                                   \
            const real dz = d * (h[j] - fresh) * (z * (1 - z));                                    \
            dx[j] = dr;                                                                            \
            dx[n + j] = dz;                                                                        \
            dx[2 * n + j] = s;                                                                     \
            dw[j] = dr;                                                                            \
            dw[n + j] = dz;                                                                        \
            dw[2 * n + j] = s * r;                                                                 \
            dh[j] = d * z;                                                                         \
        }                                                                                          \
    }                                                                                              \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        const int64_t n = yg_cell_length(call->in_types[STATE]);                                   \
        real *scratch = (real *)call->scratch;                                                     \
        real *dx = (real *)call->outs[DX], *dw = (real *)call->outs[DW];                           \
        real *dh = (real *)call->outs[DH];                                                         \
        for (int64_t r = call->begin; r < call->end; r++)                                          \
            row_##suffix(n, (const real *)call->in[KEPT] + 4 * r * n,                              \
                         (const real *)call->in[STATE] + r * n,                                    \
                         (const real *)call->in[DH_NEXT] + r * n, dx + 3 * r * n,                  \
                         dw ? dw + 3 * r * n : scratch, dh ? dh + r * n : scratch + 3 * n);        \
        return true;                                                                               \
    }
KERNEL(f32, float)
KERNEL(f64, double)

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node one = yg_scalar(graph, yg_node_type(graph, operands[STATE])->dtype, 1);
    const yg_node d = operands[DH_NEXT];
    yg_node own[YG_GRU_KEPT], left[YG_GRU_GATES], parts[YG_GRU_GATES]; /* left: 1 - y */
    for (yg_gru_gate k = 0; k < YG_GRU_KEPT; k++)
        own[k] = yg_cell_part(graph, operands[KEPT], YG_GRU_KEPT, (int)k);
    for (yg_gru_gate k = 0; k < YG_GRU_GATES; k++)
        left[k] = yg_subtract(graph, one, k == YG_GRU_NEW ? yg_square(graph, own[k]) : own[k]);
    const yg_node s =
        yg_multiply(graph, yg_multiply(graph, d, left[YG_GRU_UPDATE]), left[YG_GRU_NEW]);
    parts[YG_GRU_RESET] = yg_multiply(graph, yg_multiply(graph, s, own[YG_GRU_INNER]),
                                      yg_multiply(graph, own[YG_GRU_RESET], left[YG_GRU_RESET]));
    parts[YG_GRU_UPDATE] = yg_multiply(
        graph, yg_multiply(graph, d, yg_subtract(graph, operands[STATE], own[YG_GRU_NEW])),
        yg_multiply(graph, own[YG_GRU_UPDATE], left[YG_GRU_UPDATE]));
    parts[YG_GRU_NEW] = s;
    results[DX] = yg_cell_join(graph, parts, YG_GRU_GATES);
    parts[YG_GRU_NEW] = yg_multiply(graph, s, own[YG_GRU_RESET]);
    results[DW] = yg_cell_join(graph, parts, YG_GRU_GATES);
    results[DH] = yg_multiply(graph, d, own[YG_GRU_UPDATE]);
    return 3;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *h = &r->call->operands[STATE];
    const int64_t n = yg_cell_length(h);
    const int last = h->rank - 1;
    int64_t at[YG_MAX_RANK], in_kept[YG_MAX_RANK];
    double own[YG_GRU_KEPT];
    for (int d = 0; d <= last; d++)
        at[d] = in_kept[d] = index[d];
    at[last] %= n;
    for (int k = 0; k < YG_GRU_KEPT; k++) {
        in_kept[last] = at[last] + k * n;
        own[k] = yg_at(r, KEPT, in_kept);
    }
    const double reset = own[YG_GRU_RESET], z = own[YG_GRU_UPDATE], fresh = own[YG_GRU_NEW];
    const double d = yg_at(r, DH_NEXT, at), s = d * (1 - z) * (1 - fresh * fresh);
    if (r->result == DH)
        return d * z;
    switch ((yg_gru_gate)(index[last] / n)) {
    case YG_GRU_RESET:
        return s * own[YG_GRU_INNER] * reset * (1 - reset);
    case YG_GRU_UPDATE:
        return d * (yg_at(r, STATE, at) - fresh) * z * (1 - z);
    default:
        return r->result == DX ? s : s * reset;
    }
}

static const yg_sample samples[] = {
    {{"f[3, 8]", "f[3, 2]", "f[3, 2]"}, NULL},
    {{"f[2, 76]", "f[2, 19]", "f[2, 19]"}, NULL},
    {{"f[4]", "f[1]", "f[1]"}, NULL},
    {{"f[0, 8]", "f[0, 2]", "f[0, 2]"}, NULL},
};

const yg_op yg_op_gru_cell_gradient = {
    .name = "gru_cell_gradient",
    .formula =
        "s = dh' · (1 - z) · (1 - n²), dh = dh' · z, dx = [s·m·r·(1-r), dh'·(h-n)·z·(1-z), s]",
    .doc = "The cotangents of gru_cell's x, w and h.",
    .group = "recurrence",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"kept", "h", "dh_next"},
    .flags = YG_OP_INTERNAL,
    .results = 3,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
