/*
 * lstm_cell_gradient: the cotangents of x and c of lstm_cell, from its gates i, f, g, o, the states
 * c and c', and the cotangents of h and c'.
 *
 *     t = tanh(c'),  s = dc' + dh · o · (1 - t²)
 *     dx = [s · g · i · (1 - i), s · c · f · (1 - f), s · i · (1 - g²), dh · t · o · (1 - o)]
 *     dc = s · f
 *
 * Its derivative is that of its definition.
 */
#include "build.h"
#include "cells.h"
#include "lstm_cell.h"
#include "multiversion.h"
#include "registry.h"
#include "vector_math.h"

#include <tgmath.h>

enum { ALL, C, C_NEXT, DH, DC_NEXT }; /* operands; ALL: the gates */
enum { DX, DC };                      /* results */

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *all = &call->operands[ALL], *c = &call->operands[C];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    bool fits = yg_cell_fits(all, c, YG_LSTM_GATES);
    for (size_t k = C; fits && k <= DC_NEXT; k++)
        fits = yg_type_equal(&call->operands[k], c);
    if (!fits)
        return yg_fail(
            error, YG_ERROR_SHAPE, call->origin,
            "lstm_cell_gradient: gates [..., 4 n] and four tensors [..., n] of one float "
            "type are expected, found %s and %s",
            yg_type_text(all, a), yg_type_text(c, b));
    results[DX] = *all;
    results[DC] = *c;
    return true;
}

/* Any result but the first may be without a reader; dc is then computed all the same. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_cell_plan(&call->operands[C], 25, 1, plan);
}

#define KERNEL(suffix, real)                                                                       \
    YG_MULTIVERSION static void row_##suffix(                                                      \
        int64_t n, const real *restrict all, const real *restrict c, const real *restrict c_next,  \
        const real *restrict dh, const real *restrict dc_next, real *restrict dx,                  \
        real *restrict dc) {                                                                       \
        _Pragma("omp simd") for (int64_t j = 0; j < n; j++) {                                      \
            const real i = all[j], f = all[n + j], g = all[2 * n + j], o = all[3 * n + j];         \
            const real t = tanh(c_next[j]), s = dc_next[j] + dh[j] * o * (1 - t * t);              \
            dx[j] = s * g * (i * (1 - i));                                                         \
            dx[n + j] = s * c[j] * (f * (1 - f));                                                  \
            dx[2 * n + j] = s * i * (1 - g * g);                                                   \
            dx[3 * n + j] = dh[j] * t * (o * (1 - o));                                             \
            dc[j] = s * f;                                                                         \
        }                                                                                          \
    }                                                                                              \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        const int64_t n = yg_cell_length(call->in_types[C]);                                       \
        real *dc = (real *)call->outs[DC];                                                         \
        for (int64_t r = call->begin; r < call->end; r++)                                          \
            row_##suffix(                                                                          \
                n, (const real *)call->in[ALL] + 4 * r * n, (const real *)call->in[C] + r * n,     \
                (const real *)call->in[C_NEXT] + r * n, (const real *)call->in[DH] + r * n,        \
                (const real *)call->in[DC_NEXT] + r * n, (real *)call->outs[DX] + 4 * r * n,       \
                dc ? dc + r * n : (real *)call->scratch);                                          \
        return true;                                                                               \
    }
KERNEL(f32, float)
KERNEL(f64, double)

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node one = yg_scalar(graph, yg_node_type(graph, operands[C])->dtype, 1);
    yg_node y[YG_LSTM_GATES], slope[YG_LSTM_GATES], dx[YG_LSTM_GATES];
    for (yg_lstm_gate k = 0; k < YG_LSTM_GATES; k++) {
        y[k] = yg_cell_part(graph, operands[ALL], YG_LSTM_GATES, (int)k);
        slope[k] = k == YG_LSTM_CELL ? yg_subtract(graph, one, yg_square(graph, y[k]))
                                     : yg_multiply(graph, y[k], yg_subtract(graph, one, y[k]));
    }
    const yg_node t = yg_tanh(graph, operands[C_NEXT]), dh = operands[DH];
    const yg_node inner = yg_multiply(graph, yg_multiply(graph, dh, y[YG_LSTM_OUTPUT]),
                                      yg_subtract(graph, one, yg_square(graph, t)));
    const yg_node s = yg_add(graph, operands[DC_NEXT], inner);
    dx[YG_LSTM_INPUT] = yg_multiply(graph, s, y[YG_LSTM_CELL]);
    dx[YG_LSTM_FORGET] = yg_multiply(graph, s, operands[C]);
    dx[YG_LSTM_CELL] = yg_multiply(graph, s, y[YG_LSTM_INPUT]);
    dx[YG_LSTM_OUTPUT] = yg_multiply(graph, dh, t);
    for (yg_lstm_gate k = 0; k < YG_LSTM_GATES; k++)
        dx[k] = yg_multiply(graph, dx[k], slope[k]);
    results[DX] = yg_cell_join(graph, dx, YG_LSTM_GATES);
    results[DC] = yg_multiply(graph, s, y[YG_LSTM_FORGET]);
    return 2;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *type = &r->call->operands[C];
    const int64_t n = yg_cell_length(type);
    const int last = type->rank - 1;
    int64_t at[YG_MAX_RANK], in_all[YG_MAX_RANK];
    double y[YG_LSTM_GATES];
    for (int d = 0; d <= last; d++)
        at[d] = in_all[d] = index[d];
    at[last] %= n;
    for (int k = 0; k < YG_LSTM_GATES; k++) {
        in_all[last] = at[last] + k * n;
        y[k] = yg_at(r, ALL, in_all);
    }
    const double t = tanh(yg_at(r, C_NEXT, at)), dh = yg_at(r, DH, at);
    const double s = yg_at(r, DC_NEXT, at) + dh * y[YG_LSTM_OUTPUT] * (1 - t * t);
    if (r->result == DC)
        return s * y[YG_LSTM_FORGET];
    const double slope = y[index[last] / n] * (1 - y[index[last] / n]);
    switch ((yg_lstm_gate)(index[last] / n)) {
    case YG_LSTM_INPUT:
        return s * y[YG_LSTM_CELL] * slope;
    case YG_LSTM_FORGET:
        return s * yg_at(r, C, at) * slope;
    case YG_LSTM_CELL:
        return s * y[YG_LSTM_INPUT] * (1 - y[YG_LSTM_CELL] * y[YG_LSTM_CELL]);
    default:
        return dh * t * slope;
    }
}

static const yg_sample samples[] = {
    {{"f[3, 8]", "f[3, 2]", "f[3, 2]", "f[3, 2]", "f[3, 2]"}, NULL},
    {{"f[2, 76]", "f[2, 19]", "f[2, 19]", "f[2, 19]", "f[2, 19]"}, NULL},
    {{"f[4]", "f[1]", "f[1]", "f[1]", "f[1]"}, NULL},
    {{"f[0, 8]", "f[0, 2]", "f[0, 2]", "f[0, 2]", "f[0, 2]"}, NULL},
};

const yg_op yg_op_lstm_cell_gradient = {
    .name = "lstm_cell_gradient",
    .formula = "s = dc' + dh · o · (1 - tanh(c')²), dc = s · f, dx = [s·g·i·(1-i), …]",
    .doc = "The cotangents of lstm_cell's x and c.",
    .group = "recurrence",
    .min_operands = 5,
    .max_operands = 5,
    .operand_names = {"gates", "c", "c_next", "dh"},
    .flags = YG_OP_INTERNAL,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
