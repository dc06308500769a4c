/*
 * gru_cell: one step of a gated recurrent unit, from what goes into its gates.
 *
 *     r, z = σ(x_r + w_r + b_r + c_r), σ(x_z + w_z + b_z + c_z)      x = [x_r, x_z, x_n]
 *     m = w_n + c_n                                                  w = [w_r, w_z, w_n]
 *     n = tanh(x_n + b_n + r · m)
 *     h' = n + z · (h - n)
 *
 * The biases b and c may be left out. The second result has r, z, n and m, for the gradient. One
 * pass in place of a dozen; the gradient (gru_cell_gradient) is one pass too.
 */
#include "gru_cell.h"

#include "build.h"
#include "cells.h"
#include "exp_range.h"
#include "multiversion.h"
#include "registry.h"

#include <tgmath.h>

enum { X, STATE, W, BIAS_X, BIAS_W }; /* operands */
enum { NEXT, KEPT };                  /* results */

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[X], *h = &call->operands[STATE];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_cell_fits(x, h, YG_GRU_GATES))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "gru_cell: x [..., 3 n] and h [..., n] of one float type are expected, "
                       "found %s and %s",
                       yg_type_text(x, a), yg_type_text(h, b));
    if (!yg_type_equal(&call->operands[W], x))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "gru_cell: w has the shape of x, which is %s, found %s", yg_type_text(x, a),
                       yg_type_text(&call->operands[W], b));
    for (size_t k = BIAS_X; k < call->operand_count; k++) {
        if (!yg_cell_fits_bias(&call->operands[k], x))
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "gru_cell: a bias has the last dimension of x, which is %s, found %s",
                           yg_type_text(x, a), yg_type_text(&call->operands[k], b));
    }
    int64_t shape[YG_MAX_RANK];
    for (int d = 0; d < h->rank; d++)
        shape[d] = h->shape[d];
    if (__builtin_mul_overflow(shape[h->rank - 1], YG_GRU_KEPT, &shape[h->rank - 1]))
        shape[h->rank - 1] = INT64_MAX;
    results[NEXT] = *h;
    return yg_type_make(h->dtype, h->rank, shape, &results[KEPT], error);
}

/* `u` has what goes into r and z, then the two parts of n. `kept` may be NULL: the condition is
 * constant in each inlined copy. */
#define ROW(name, real)                                                                            \
    static inline __attribute__((always_inline)) void name(                                        \
        const bool keeps, int64_t n, const real *restrict u, const real *restrict h,               \
        real *restrict next, real *restrict kept) {                                                \
        _Pragma("omp simd") for (int64_t j = 0; j < n; j++) {                                      \
            const real r = 1 / (1 + YG_EXP_WITHIN(-u[j])), z = 1 / (1 + YG_EXP_WITHIN(-u[n + j])); \
            const real m = u[3 * n + j], fresh = tanh(u[2 * n + j] + r * m);                       \
            next[j] = fresh + z * (h[j] - fresh);                                                  \
            if (keeps) {                                                                           \
                kept[j] = r;                                                                       \
                kept[n + j] = z;                                                                   \
                kept[2 * n + j] = fresh;                                                           \
                kept[3 * n + j] = m;                                                               \
            }                                                                                      \
        }                                                                                          \
    }

/* What a call computes with, for rows of n units. The biases and `kept` may be NULL. */
#define KERNEL(suffix, real)                                                                       \
    ROW(row_##suffix, real)                                                                        \
    typedef struct cell_##suffix {                                                                 \
        int64_t n;                                                                                 \
        const real *x, *h, *w, *bias_x, *bias_w;                                                   \
        real *next, *kept, *scratch;                                                               \
    } cell_##suffix;                                                                               \
    static inline __attribute__((always_inline)) void add_##suffix(                                \
        int64_t n, const real *restrict a, const real *restrict bias, real *restrict to) {         \
        for (int64_t j = 0; j < n; j++)                                                            \
            to[j] = bias ? a[j] + bias[j] : a[j];                                                  \
    }                                                                                              \
    YG_MULTIVERSION static void rows_##suffix(const cell_##suffix *cell, int64_t begin,            \
                                              int64_t end) {                                       \
        const int64_t n = cell->n;                                                                 \
        const real *restrict c = cell->bias_w;                                                     \
        real *restrict u = cell->scratch;                                                          \
        for (int64_t row = begin; row < end; row++) {                                              \
            const real *restrict x = cell->x + 3 * row * n, *restrict w = cell->w + 3 * row * n;   \
            const real *restrict h = cell->h + row * n;                                            \
            add_##suffix(3 * n, x, cell->bias_x, u);                                               \
            add_##suffix(n, w + 2 * n, c ? c + 2 * n : NULL, u + 3 * n);                           \
            for (int64_t j = 0; j < 2 * n; j++)                                                    \
                u[j] += c ? w[j] + c[j] : w[j];                                                    \
            if (cell->kept)                                                                        \
                row_##suffix(true, n, u, h, cell->next + row * n, cell->kept + 4 * row * n);       \
            else                                                                                   \
                row_##suffix(false, n, u, h, cell->next + row * n, NULL);                          \
        }                                                                                          \
    }                                                                                              \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        const size_t count = call->operand_count;                                                  \
        const cell_##suffix cell = {                                                               \
            .n = yg_cell_length(call->out_type),                                                   \
            .x = (const real *)call->in[X],                                                        \
            .h = (const real *)call->in[STATE],                                                    \
            .w = (const real *)call->in[W],                                                        \
            .bias_x = count > BIAS_X ? (const real *)call->in[BIAS_X] : NULL,                      \
            .bias_w = count > BIAS_W ? (const real *)call->in[BIAS_W] : NULL,                      \
            .next = (real *)call->outs[NEXT],                                                      \
            .kept = (real *)call->outs[KEPT],                                                      \
            .scratch = (real *)call->scratch};                                                     \
        rows_##suffix(&cell, call->begin, call->end);                                              \
        return true;                                                                               \
    }
KERNEL(f32, float)
KERNEL(f64, double)

/* The scratch has a row of u. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_cell_plan(&call->operands[STATE], 25, YG_GRU_KEPT, plan);
    plan->whole = 1U << BIAS_X | 1U << BIAS_W;
}

/* -------------------------------------------------------------------------------- derivation -- */

static yg_node kept_of(yg_graph *graph, yg_node y, yg_gru_gate gate) {
    return yg_cell_part(graph, yg_node_result(graph, y, KEPT), YG_GRU_KEPT, (int)gate);
}

/* y · (1 - y) */
static yg_node slope_of_sigmoid(yg_graph *graph, yg_node y) {
    const yg_node one = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1);
    return yg_multiply(graph, y, yg_subtract(graph, one, y));
}

/* The cotangent of x, or of w, that comes from the second result. */
static yg_node from_kept(yg_graph *graph, yg_node y, yg_node dkept, bool of_w) {
    yg_node d[YG_GRU_KEPT], own[YG_GRU_KEPT], parts[YG_GRU_GATES];
    for (yg_gru_gate k = 0; k < YG_GRU_KEPT; k++) {
        d[k] = yg_cell_part(graph, dkept, YG_GRU_KEPT, (int)k);
        own[k] = kept_of(graph, y, k);
    }
    const yg_node one = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1);
    const yg_node inner = yg_multiply(graph, d[YG_GRU_NEW],
                                      yg_subtract(graph, one, yg_square(graph, own[YG_GRU_NEW])));
    const yg_node dr = yg_add(graph, d[YG_GRU_RESET], yg_multiply(graph, inner, own[YG_GRU_INNER]));
    parts[YG_GRU_RESET] = yg_multiply(graph, dr, slope_of_sigmoid(graph, own[YG_GRU_RESET]));
    parts[YG_GRU_UPDATE] =
        yg_multiply(graph, d[YG_GRU_UPDATE], slope_of_sigmoid(graph, own[YG_GRU_UPDATE]));
    parts[YG_GRU_NEW] =
        of_w ? yg_add(graph, d[YG_GRU_INNER], yg_multiply(graph, inner, own[YG_GRU_RESET])) : inner;
    return yg_cell_join(graph, parts, YG_GRU_GATES);
}

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    enum { OF_X, OF_W, OF_STATE };
    const size_t of = k == STATE ? OF_STATE : k == W || k == BIAS_W ? OF_W : OF_X;
    yg_node cotangents[3] = {YG_NONE, YG_NONE, YG_NONE};
    if (dy[NEXT] != YG_NONE) {
        const yg_node operands[] = {yg_node_result(graph, y, KEPT),
                                    yg_node_operand(graph, y, STATE), dy[NEXT]};
        if (yg_apply_all(graph, &yg_op_gru_cell_gradient, operands, 3, NULL, cotangents, 3) != 3)
            return YG_NONE;
    }
    if (of != OF_STATE && dy[KEPT] != YG_NONE) {
        const yg_node part = from_kept(graph, y, dy[KEPT], of == OF_W);
        cotangents[of] = cotangents[of] == YG_NONE ? part : yg_add(graph, cotangents[of], part);
    }
    if (k >= BIAS_X)
        return yg_sum_to(graph, cotangents[of], yg_node_type(graph, yg_node_operand(graph, y, k)));
    return cotangents[of];
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    yg_node x = operands[X], w = operands[W], gates[YG_GRU_KEPT];
    if (call->operand_count > BIAS_X)
        x = yg_add(graph, x, operands[BIAS_X]);
    if (call->operand_count > BIAS_W)
        w = yg_add(graph, w, operands[BIAS_W]);
    for (yg_gru_gate k = YG_GRU_RESET; k <= YG_GRU_UPDATE; k++)
        gates[k] = yg_sigmoid(graph, yg_add(graph, yg_cell_part(graph, x, YG_GRU_GATES, (int)k),
                                            yg_cell_part(graph, w, YG_GRU_GATES, (int)k)));
    gates[YG_GRU_INNER] = yg_cell_part(graph, w, YG_GRU_GATES, YG_GRU_NEW);
    gates[YG_GRU_NEW] =
        yg_tanh(graph, yg_add(graph, yg_cell_part(graph, x, YG_GRU_GATES, YG_GRU_NEW),
                              yg_multiply(graph, gates[YG_GRU_RESET], gates[YG_GRU_INNER])));
    results[NEXT] = yg_add(graph, gates[YG_GRU_NEW],
                           yg_multiply(graph, gates[YG_GRU_UPDATE],
                                       yg_subtract(graph, operands[STATE], gates[YG_GRU_NEW])));
    results[KEPT] = yg_cell_join(graph, gates, YG_GRU_KEPT);
    return 2;
}

/* ------------------------------------------------------------------------------- description -- */

/* Element j of what x or w brings to a gate, with its bias. `at` is an index into h. */
static double part_at(const yg_reference *r, const int64_t *at, yg_gru_gate gate, size_t operand) {
    const yg_type *h = &r->call->operands[STATE];
    const size_t bias = operand == X ? BIAS_X : BIAS_W;
    int64_t index[YG_MAX_RANK];
    for (int d = 0; d < h->rank; d++)
        index[d] = at[d];
    index[h->rank - 1] += (int64_t)gate * yg_cell_length(h);
    return yg_at(r, operand, index) +
           (r->call->operand_count > bias ? yg_at(r, bias, &index[h->rank - 1]) : 0);
}

static double kept_at(const yg_reference *r, const int64_t *at, yg_gru_gate gate) {
    if (gate == YG_GRU_INNER)
        return part_at(r, at, YG_GRU_NEW, W);
    const double x = part_at(r, at, gate, X), w = part_at(r, at, gate, W);
    return gate == YG_GRU_NEW ? tanh(x + kept_at(r, at, YG_GRU_RESET) * w) : 1 / (1 + exp(-x - w));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *h = &r->call->operands[STATE];
    if (r->result == KEPT) {
        int64_t at[YG_MAX_RANK];
        const int64_t n = yg_cell_length(h);
        for (int d = 0; d < h->rank; d++)
            at[d] = index[d];
        at[h->rank - 1] %= n;
        return kept_at(r, at, (yg_gru_gate)(index[h->rank - 1] / n));
    }
    const double z = kept_at(r, index, YG_GRU_UPDATE);
    return (1 - z) * kept_at(r, index, YG_GRU_NEW) + z * yg_at(r, STATE, index);
}

static const yg_sample samples[] = {
    {{"f[3, 6]", "f[3, 2]", "f[3, 6]"}, NULL},
    {{"f[3]", "f[1]", "f[3]"}, NULL},
    {{"f[2, 2, 9]", "f[2, 2, 3]", "f[2, 2, 9]", "f[9]"}, NULL},
    {{"f[5, 57]", "f[5, 19]", "f[5, 57]", "f[57]", "f[57]"}, NULL},
    {{"f[0, 6]", "f[0, 2]", "f[0, 6]", "f[6]", "f[6]"}, NULL},
    {{"f[2, 0]", "f[2, 0]", "f[2, 0]"}, NULL},
};

const yg_op yg_op_gru_cell = {
    .name = "gru_cell",
    .formula = "r, z = σ(x + w), n = tanh(x_n + r · w_n), h' = n + z · (h - n)",
    .doc = "One step of a GRU. The parts of x and w, [..., 3 n], go into r, z and n; their biases, "
           "[3 n], may be left out; h, [..., n], is the state. `h_next, kept: gru_cell(x, h, w)`: "
           "kept are r, z, n and w_n side by side.",
    .group = "recurrence",
    .min_operands = 3,
    .max_operands = 5,
    .operand_names = {"x", "h", "w", "bias_x"},
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp_all = vjp,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
