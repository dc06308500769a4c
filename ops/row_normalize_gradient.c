/*
 * row_normalize_gradient: of row_normalize by x, weight and bias, with m and s as they were.
 *
 *     g = dy · weight,  h = (x - m) · s
 *     dx = s · (g - mean(g) - h · mean(g · h)), without mean(g) if m is not taken off
 *     dweight[b] = Σ dy · h and dbias[b] = Σ dy over the rows of block b
 *
 * Whoever wants the gradient of weight or bias adds up the blocks. weight may be left out.
 * Its derivative is that of its definition.
 */
#include "build.h"
#include "multiversion.h"
#include "registry.h"
#include "row_normalize.h"
#include "turn.h"

#include <math.h>
#include <string.h>

enum { DY, X, MEAN, SCALE, WEIGHT }; /* operands */
enum { DX, DWEIGHT, DBIAS };         /* results */
enum { LANES = 64, BLOCK = 1024 };

static int64_t block_count(int64_t rows) {
    return rows / YG_ROW_BLOCK + (rows % YG_ROW_BLOCK != 0);
}

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *dy = &call->operands[DY];
    bool fits =
        yg_dtype_is_float(dy->dtype) && dy->rank == 2 && yg_type_equal(dy, &call->operands[X]);
    for (size_t k = MEAN; fits && k < call->operand_count; k++)
        fits = call->operands[k].dtype == dy->dtype && call->operands[k].rank == 1 &&
               call->operands[k].shape[0] == dy->shape[k == WEIGHT];
    char text[YG_TYPE_TEXT];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "row_normalize_gradient: the operands do not fit dy %s",
                       yg_type_text(dy, text));
    const int64_t sums[] = {block_count(dy->shape[0]), dy->shape[1]};
    results[DX] = *dy;
    return yg_type_make(dy->dtype, 2, sums, &results[DWEIGHT], error) &&
           yg_type_make(dy->dtype, 2, sums, &results[DBIAS], error);
}

/* Blocks are rows of the plan if all have the same size. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = block_count(results[DX].shape[0]);
    plan->rows = results[DX].shape[0] % YG_ROW_BLOCK == 0 ? plan->units : 0;
    plan->whole = 1U << WEIGHT;
    plan->flops = 16 * (double)yg_type_count(results);
}

#define ROW_REAL       float
#define ROW_NAME(name) name##_f32
#include "row_normalize_gradient_kernel.h"
#define ROW_REAL       double
#define ROW_NAME(name) name##_f64
#include "row_normalize_gradient_kernel.h"

#define KERNEL(function, real, gradient)                                                           \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const real *weight = call->operand_count > WEIGHT ? (const real *)call->in[WEIGHT] : NULL; \
        gradient(call->out_type->shape[0], call->out_type->shape[1],                               \
                 call->attrs[YG_ROW_CENTERED].i != 0, (const real *)call->in[DY],                  \
                 (const real *)call->in[X], (const real *)call->in[MEAN],                          \
                 (const real *)call->in[SCALE], weight, (real *)call->outs[DX],                    \
                 (real *)call->outs[DWEIGHT], (real *)call->outs[DBIAS], call->begin, call->end);  \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, gradient_f32)
KERNEL(kernel_f64, double, gradient_f64)

/* The sums over the blocks of rows. The last block is filled up with rows of zeros. */
static yg_node sum_blocks(yg_graph *graph, yg_node x) {
    if (x == YG_NONE)
        return YG_NONE;
    const yg_type type = *yg_node_type(graph, x);
    const int64_t blocks = block_count(type.shape[0]), length = type.shape[1];
    const yg_type rest = {
        .dtype = type.dtype, .rank = 2, .shape = {blocks * YG_ROW_BLOCK - type.shape[0], length}};
    const yg_node parts[] = {x, yg_full(graph, &rest, 0)};
    const yg_type cut = {.dtype = type.dtype, .rank = 3, .shape = {blocks, YG_ROW_BLOCK, length}};
    const yg_node filled = rest.shape[0] == 0 ? x : yg_concat(graph, parts, 2, 0);
    return yg_sum(graph, yg_reshape(graph, filled, &cut), (const int64_t[]){1}, 1, false);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const bool centered = call->attrs[YG_ROW_CENTERED].i != 0;
    const yg_node dy = operands[DY], scale = yg_as_column(graph, operands[SCALE]);
    const yg_node g = call->operand_count > WEIGHT ? yg_multiply(graph, dy, operands[WEIGHT]) : dy;
    const yg_node off = centered
                            ? yg_subtract(graph, operands[X], yg_as_column(graph, operands[MEAN]))
                            : operands[X];
    const yg_node h = yg_multiply(graph, off, scale);
    const int64_t last = 1;
    const yg_node slope = yg_mean(graph, yg_multiply(graph, g, h), &last, 1, true);
    yg_node rest = yg_subtract(graph, g, yg_multiply(graph, h, slope));
    if (centered)
        rest = yg_subtract(graph, rest, yg_mean(graph, g, &last, 1, true));
    results[DX] = yg_multiply(graph, scale, rest);
    results[DWEIGHT] = sum_blocks(graph, yg_multiply(graph, dy, h));
    results[DBIAS] = sum_blocks(graph, dy);
    return 3;
}

static double h_at(const yg_reference *r, int64_t row, int64_t i) {
    const bool centered = r->call->attrs[YG_ROW_CENTERED].i != 0;
    const double x = yg_at(r, X, (const int64_t[]){row, i});
    return (x - (centered ? yg_at(r, MEAN, &row) : 0)) * yg_at(r, SCALE, &row);
}

static double g_at(const yg_reference *r, int64_t row, int64_t i) {
    const double weight = r->call->operand_count > WEIGHT ? yg_at(r, WEIGHT, &i) : 1;
    return yg_at(r, DY, (const int64_t[]){row, i}) * weight;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t rows = r->call->operands[DY].shape[0], n = r->call->operands[DY].shape[1];
    const int64_t row = index[0], column = index[1];
    double sum = 0;
    if (r->result != DX) {
        for (int64_t i = row * YG_ROW_BLOCK; i < rows && i < (row + 1) * YG_ROW_BLOCK; i++) {
            const double dy = yg_at(r, DY, (const int64_t[]){i, column});
            sum += r->result == DWEIGHT ? dy * h_at(r, i, column) : dy;
        }
        return sum;
    }
    for (int64_t i = 0; i < n; i++) {
        const double g = g_at(r, row, i);
        sum += h_at(r, row, column) * g * h_at(r, row, i) / (double)n;
        sum += r->call->attrs[YG_ROW_CENTERED].i ? g / (double)n : 0;
    }
    return yg_at(r, SCALE, &row) * (g_at(r, row, column) - sum);
}

static const yg_attr_spec attrs[] = {
    {.name = "centered",
     .kind = YG_ATTR_BOOL,
     .fallback = {.i = 1},
     .doc = "the mean was taken off"},
};

static const yg_attr not_centered[] = {{.i = 0}};

static const yg_sample samples[] = {
    {{"f[3, 5]", "f[3, 5]", "f[3]", "f[3]", "f[5]"}, NULL},
    {{"f[3, 5]", "f[3, 5]", "f[3]", "f[3]", "f[5]"}, not_centered},
    {{"f[2, 3]", "f[2, 3]", "f[2]", "f[2]"}, NULL},
    {{"f[64, 2]", "f[64, 2]", "f[64]", "f[64]", "f[2]"}, NULL}, /* two blocks */
    {{"f[35, 2]", "f[35, 2]", "f[35]", "f[35]", "f[2]"}, not_centered},
    {{"f[2, 70]", "f[2, 70]", "f[2]", "f[2]", "f[70]"}, NULL},
    {{"f[0, 3]", "f[0, 3]", "f[0]", "f[0]", "f[3]"}, NULL},
};

const yg_op yg_op_row_normalize_gradient = {
    .name = "row_normalize_gradient",
    .formula = "dx = s · (g - mean(g) - h · mean(g · h)); g = dy · weight, h = (x - m) · s",
    .doc = "The gradient of row_normalize by x, by weight and by bias; the last two as sums over "
           "blocks of rows.",
    .group = "normalisation",
    .min_operands = 4,
    .max_operands = 5,
    .operand_names = {"dy", "x", "m", "s"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
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
