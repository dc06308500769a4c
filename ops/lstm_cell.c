/*
 * lstm_cell: one step of a long short-term memory, from what goes into its gates.
 *
 *     u = x + r + bias                                     u = [u_i, u_f, u_g, u_o]
 *     i, f, g, o = σ(u_i), σ(u_f), tanh(u_g), σ(u_o)
 *     c' = f · c + i · g
 *     h = o · tanh(c')
 *
 * r and bias may be left out. The third result has the four gates, for the gradient. One pass in
 * place of ten or twelve; the gradient (lstm_cell_gradient) is one pass too.
 */
#include "lstm_cell.h"

#include "build.h"
#include "cells.h"
#include "exp_range.h"
#include "multiversion.h"
#include "registry.h"

#include <tgmath.h>

enum { X, C, R, BIAS };    /* operands */
enum { H, C_NEXT, GATES }; /* results */

/* ---------------------------------------------------------------------------------- the kernel --
 */

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[X], *c = &call->operands[C];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_cell_fits(x, c, YG_LSTM_GATES))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "lstm_cell: x [..., 4 n] and c [..., n] of one float type are expected, "
                       "found %s and %s",
                       yg_type_text(x, a), yg_type_text(c, b));
    if (call->operand_count > R && !yg_type_equal(&call->operands[R], x))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "lstm_cell: r has the shape of x, which is %s, found %s", yg_type_text(x, a),
                       yg_type_text(&call->operands[R], b));
    const yg_type *bias = &call->operands[BIAS];
    if (call->operand_count > BIAS && !yg_cell_fits_bias(bias, x))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "lstm_cell: bias has the last dimension of x, which is %s, found %s",
                       yg_type_text(x, a), yg_type_text(bias, b));
    results[H] = results[C_NEXT] = *c;
    results[GATES] = *x;
    return true;
}

/* `gates` may be NULL, `next` too. The condition is constant in each inlined copy. */
#define ROW(name, real)                                                                            \
    static inline __attribute__((always_inline)) void name(                                        \
        const bool keeps, int64_t n, const real *restrict x, const real *restrict c,               \
        real *restrict h, real *restrict next, real *restrict gates) {                             \
        _Pragma("omp simd") for (int64_t j = 0; j < n; j++) {                                      \
            const real i = 1 / (1 + YG_EXP_WITHIN(-x[j])), f = 1 / (1 + YG_EXP_WITHIN(-x[n + j])); \
            const real g = tanh(x[2 * n + j]), o = 1 / (1 + YG_EXP_WITHIN(-x[3 * n + j]));         \
            const real c_next = f * c[j] + i * g;                                                  \
            h[j] = o * tanh(c_next);                                                               \
            next[j] = c_next;                                                                      \
            if (keeps) {                                                                           \
                gates[j] = i;                                                                      \
                gates[n + j] = f;                                                                  \
                gates[2 * n + j] = g;                                                              \
                gates[3 * n + j] = o;                                                              \
            }                                                                                      \
        }                                                                                          \
    }

/* What a call computes with, for rows of n units. `r`, `bias` and `gates` may be NULL. */
#define KERNEL(suffix, real)                                                                       \
    ROW(row_##suffix, real)                                                                        \
    typedef struct cell_##suffix {                                                                 \
        int64_t n;                                                                                 \
        const real *x, *c, *r, *bias;                                                              \
        real *h, *next, *gates, *scratch;                                                          \
    } cell_##suffix;                                                                               \
    YG_MULTIVERSION static void rows_##suffix(const cell_##suffix *cell, int64_t begin,            \
                                              int64_t end) {                                       \
        const int64_t n = cell->n;                                                                 \
        real *restrict sum = cell->scratch + n;                                                    \
        for (int64_t row = begin; row < end; row++) {                                              \
            const real *restrict x = cell->x + 4 * row * n, *restrict bias = cell->bias;           \
            const real *restrict r = cell->r ? cell->r + 4 * row * n : NULL;                       \
            /* Without a reader c' goes to the scratch. */                                         \
            real *next = cell->next ? cell->next + row * n : cell->scratch;                        \
            for (int64_t j = 0; r && j < 4 * n; j++)                                               \
                sum[j] = bias ? x[j] + r[j] + bias[j] : x[j] + r[j];                               \
            if (cell->gates)                                                                       \
                row_##suffix(true, n, r ? sum : x, cell->c + row * n, cell->h + row * n, next,     \
                             cell->gates + 4 * row * n);                                           \
            else                                                                                   \
                row_##suffix(false, n, r ? sum : x, cell->c + row * n, cell->h + row * n, next,    \
                             NULL);                                                                \
        }                                                                                          \
    }                                                                                              \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        const size_t count = call->operand_count;                                                  \
        const cell_##suffix cell = {.n = yg_cell_length(call->out_type),                           \
                                    .x = (const real *)call->in[X],                                \
                                    .c = (const real *)call->in[C],                                \
                                    .r = count > R ? (const real *)call->in[R] : NULL,             \
                                    .bias = count > BIAS ? (const real *)call->in[BIAS] : NULL,    \
                                    .h = (real *)call->outs[H],                                    \
                                    .next = (real *)call->outs[C_NEXT],                            \
                                    .gates = (real *)call->outs[GATES],                            \
                                    .scratch = (real *)call->scratch};                             \
        rows_##suffix(&cell, call->begin, call->end);                                              \
        return true;                                                                               \
    }
KERNEL(f32, float)
KERNEL(f64, double)

/* The scratch has a row of c' and a row of u. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_cell_plan(&call->operands[C], 25, 1 + YG_LSTM_GATES, plan);
    plan->whole = 1U << BIAS;
}

/* -------------------------------------------------------------------------------- derivation -- */

static yg_node zero_unless(yg_graph *graph, yg_node dy, const yg_type *type) {
    return dy != YG_NONE ? dy : yg_full(graph, type, 0);
}

/* The cotangent of x that comes from the third result. */
static yg_node from_gates(yg_graph *graph, yg_node gates, yg_node dgates) {
    const yg_node one = yg_scalar(graph, yg_node_type(graph, gates)->dtype, 1);
    yg_node slopes[YG_LSTM_GATES];
    for (yg_lstm_gate k = 0; k < YG_LSTM_GATES; k++) {
        const yg_node y = yg_cell_part(graph, gates, YG_LSTM_GATES, (int)k);
        slopes[k] = k == YG_LSTM_CELL ? yg_subtract(graph, one, yg_square(graph, y))
                                      : yg_multiply(graph, y, yg_subtract(graph, one, y));
    }
    return yg_multiply(graph, dgates, yg_cell_join(graph, slopes, YG_LSTM_GATES));
}

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    const yg_node gates = yg_node_result(graph, y, GATES), next = yg_node_result(graph, y, C_NEXT);
    const yg_type *type = yg_node_type(graph, y);
    yg_node cotangents[2] = {YG_NONE, YG_NONE}; /* of u and c */
    if (dy[H] != YG_NONE || dy[C_NEXT] != YG_NONE) {
        const yg_node operands[] = {gates, yg_node_operand(graph, y, C), next,
                                    zero_unless(graph, dy[H], type),
                                    zero_unless(graph, dy[C_NEXT], type)};
        if (yg_apply_all(graph, &yg_op_lstm_cell_gradient, operands, 5, NULL, cotangents, 2) != 2)
            return YG_NONE;
    }
    if (k != C && dy[GATES] != YG_NONE) {
        const yg_node part = from_gates(graph, gates, dy[GATES]);
        cotangents[X] = cotangents[X] == YG_NONE ? part : yg_add(graph, cotangents[X], part);
    }
    if (k == BIAS)
        return yg_sum_to(graph, cotangents[X], yg_node_type(graph, yg_node_operand(graph, y, k)));
    return cotangents[k == C ? C : X];
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    yg_node gates[YG_LSTM_GATES], u = operands[X];
    for (size_t k = R; k < call->operand_count; k++)
        u = yg_add(graph, u, operands[k]);
    for (yg_lstm_gate k = 0; k < YG_LSTM_GATES; k++) {
        const yg_node x = yg_cell_part(graph, u, YG_LSTM_GATES, (int)k);
        gates[k] = k == YG_LSTM_CELL ? yg_tanh(graph, x) : yg_sigmoid(graph, x);
    }
    results[C_NEXT] = yg_add(graph, yg_multiply(graph, gates[YG_LSTM_FORGET], operands[C]),
                             yg_multiply(graph, gates[YG_LSTM_INPUT], gates[YG_LSTM_CELL]));
    results[H] = yg_multiply(graph, gates[YG_LSTM_OUTPUT], yg_tanh(graph, results[C_NEXT]));
    results[GATES] = yg_cell_join(graph, gates, YG_LSTM_GATES);
    return 3;
}

/* ------------------------------------------------------------------------------- description -- */

static double gate_at(const yg_reference *r, const int64_t *index, yg_lstm_gate gate) {
    const yg_type *c = &r->call->operands[C];
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < c->rank; d++)
        at[d] = index[d];
    at[c->rank - 1] += gate * yg_cell_length(c);
    double x = yg_at(r, X, at) + (r->call->operand_count > R ? yg_at(r, R, at) : 0);
    x += r->call->operand_count > BIAS ? yg_at(r, BIAS, &at[c->rank - 1]) : 0;
    return gate == YG_LSTM_CELL ? tanh(x) : 1 / (1 + exp(-x));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *c = &r->call->operands[C];
    if (r->result == GATES) {
        int64_t at[YG_MAX_RANK];
        const int64_t n = yg_cell_length(c);
        for (int d = 0; d < c->rank; d++)
            at[d] = index[d];
        at[c->rank - 1] %= n;
        return gate_at(r, at, (yg_lstm_gate)(index[c->rank - 1] / n));
    }
    const double next = gate_at(r, index, YG_LSTM_FORGET) * yg_at(r, C, index) +
                        gate_at(r, index, YG_LSTM_INPUT) * gate_at(r, index, YG_LSTM_CELL);
    return r->result == C_NEXT ? next : gate_at(r, index, YG_LSTM_OUTPUT) * tanh(next);
}

static const yg_sample samples[] = {
    {{"f[3, 8]", "f[3, 2]"}, NULL},
    {{"f[4]", "f[1]"}, NULL},
    {{"f[2, 2, 12]", "f[2, 2, 3]", "f[2, 2, 12]"}, NULL},
    {{"f[5, 76]", "f[5, 19]", "f[5, 76]", "f[76]"}, NULL},
    {{"f[0, 8]", "f[0, 2]", "f[0, 8]", "f[8]"}, NULL},
    {{"f[2, 0]", "f[2, 0]"}, NULL},
};

const yg_op yg_op_lstm_cell = {
    .name = "lstm_cell",
    .formula = "u = x + r + bias, c' = σ(u_f) · c + σ(u_i) · tanh(u_g), h = σ(u_o) · tanh(c')",
    .doc =
        "One step of an LSTM. The parts of u, [..., 4 n], go into the gates i, f, g, o; r and "
        "bias, "
        "[4 n], may be left out; c, [..., n], is the state. `h, c_next, gates: lstm_cell(x, c)`: "
        "gates are the values of i, f, g, o side by side.",
    .group = "recurrence",
    .min_operands = 2,
    .max_operands = 4,
    .operand_names = {"x", "c", "r", "bias"},
    .results = 3,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp_all = vjp,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
