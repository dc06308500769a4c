/*
 * resample: interpolates x along one dimension: y[…, o, …] = Σ_t w(o, t) · x[…, i(o, t), …].
 *
 * What interpolate is made of, one dimension after the other. vjp: the transpose,
 * resample_gradient.
 */
#include "build.h"
#include "multiversion.h"
#include "registry.h"
#include "resample_taps.h"

#include <string.h>

/* `count` elements of a result in a row; x is the row that the indices count in. */
#define ALONG(name, real)                                                                          \
    YG_MULTIVERSION static void name(const yg_resample_block *block, const real *x, real *to) {    \
        const int64_t *index = block->index;                                                       \
        const double *weight = block->weight;                                                      \
        if (block->taps == 1)                                                                      \
            for (int64_t i = 0; i < block->count; i++)                                             \
                to[i] = x[index[i]];                                                               \
        else if (block->taps == 2)                                                                 \
            for (int64_t i = 0; i < block->count; i++)                                             \
                to[i] = (real)weight[2 * i] * x[index[2 * i]] +                                    \
                        (real)weight[2 * i + 1] * x[index[2 * i + 1]];                             \
        else if (block->taps != 4)                                                                 \
            for (int64_t i = 0; i < block->count; i++) {                                           \
                real sum = 0;                                                                      \
                for (int64_t t = i * block->taps; t < (i + 1) * block->taps; t++)                  \
                    sum += (real)weight[t] * x[index[t]];                                          \
                to[i] = sum;                                                                       \
            }                                                                                      \
        else                                                                                       \
            for (int64_t i = 0; i < block->count; i++)                                             \
                to[i] = (real)weight[4 * i] * x[index[4 * i]] +                                    \
                        (real)weight[4 * i + 1] * x[index[4 * i + 1]] +                            \
                        (real)weight[4 * i + 2] * x[index[4 * i + 2]] +                            \
                        (real)weight[4 * i + 3] * x[index[4 * i + 3]];                             \
    }

/* Element number i of the block, `inner` numbers at once. */
#define ACROSS(name, real)                                                                         \
    YG_MULTIVERSION static void name(const yg_resample_block *block, int64_t i, const real *x,     \
                                     real *to, int64_t inner) {                                    \
        const int64_t *index = block->index + i * block->taps;                                     \
        const double *weight = block->weight + i * block->taps;                                    \
        const real *a = x + index[0] * inner;                                                      \
        if (block->taps == 1) {                                                                    \
            memcpy(to, a, (size_t)inner * sizeof *to);                                             \
            return;                                                                                \
        }                                                                                          \
        const real *b = x + index[1] * inner;                                                      \
        const real u = (real)weight[0], v = (real)weight[1];                                       \
        if (block->taps == 2) {                                                                    \
            for (int64_t j = 0; j < inner; j++)                                                    \
                to[j] = u * a[j] + v * b[j];                                                       \
            return;                                                                                \
        }                                                                                          \
        if (block->taps != 4) {                                                                    \
            for (int64_t j = 0; j < inner; j++)                                                    \
                to[j] = u * a[j] + v * b[j];                                                       \
            for (int t = 2; t < block->taps; t++)                                                  \
                for (int64_t j = 0; j < inner; j++)                                                \
                    to[j] += (real)weight[t] * x[index[t] * inner + j];                            \
            return;                                                                                \
        }                                                                                          \
        const real *c = x + index[2] * inner, *d = x + index[3] * inner;                           \
        const real w = (real)weight[2], z = (real)weight[3];                                       \
        for (int64_t j = 0; j < inner; j++)                                                        \
            to[j] = u * a[j] + v * b[j] + w * c[j] + z * d[j];                                     \
    }

#define KERNEL(function, real)                                                                     \
    ALONG(function##_along, real)                                                                  \
    ACROSS(function##_across, real)                                                                \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_resample_walk walk =                                                              \
            yg_resample_walk_of(call->in_types[0], call->out_type, call->attrs, false);            \
        const int64_t inner = walk.inner;                                                          \
        yg_resample_block block;                                                                   \
        for (int64_t first = 0; first < walk.sizes.to; first += block.count) {                     \
            yg_resample_block_at(&walk.sizes, first, &block);                                      \
            for (int64_t u = call->begin; u < call->end; u++) {                                    \
                const real *x = (const real *)call->in[0] + u * walk.sizes.from * inner;           \
                real *to = (real *)call->out + (u * walk.sizes.to + first) * inner;                \
                if (inner == 1)                                                                    \
                    function##_along(&block, x, to);                                               \
                for (int64_t i = 0; inner > 1 && i < block.count; i++)                             \
                    function##_across(&block, i, x, to + i * inner, inner);                        \
            }                                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float)
KERNEL(kernel_f64, double)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_type *x = yg_node_type(graph, yg_node_operand(graph, y, 0));
    const yg_attr *of = yg_node_attrs(graph, y);
    yg_attr attrs[YG_RESAMPLE_ATTRS];
    int dim = 0;
    yg_dimension(of[YG_RESAMPLE_DIM].i, x->rank, &dim);
    memcpy(attrs, of, sizeof attrs);
    attrs[YG_RESAMPLE_SIZE].i = x->shape[dim];
    return yg_apply(graph, &yg_op_resample_gradient, &dy, 1, attrs);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_resample_walk walk = yg_resample_walk_of(x, r->out_type, r->call->attrs, false);
    int dim = 0;
    yg_dimension(r->call->attrs[YG_RESAMPLE_DIM].i, x->rank, &dim);
    yg_resample_block block;
    yg_resample_block_at(&walk.sizes, index[dim], &block);
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double sum = 0;
    for (int t = 0; t < block.taps; t++) {
        at[dim] = block.index[t];
        sum += block.weight[t] * yg_at(r, 0, at);
    }
    return sum;
}

#define CALL(dim, size, mode, align, scale)                                                        \
    (const yg_attr[]) {                                                                            \
        {.i = (dim)}, {.i = (size)}, {.i = (mode)}, {.i = (align)}, {                              \
            .f = (scale)                                                                           \
        }                                                                                          \
    }
static const yg_sample samples[] = {
    {{"f[5]"}, CALL(0, 9, YG_RESAMPLE_NEAREST, 0, 0)},
    {{"f[2, 5]"}, CALL(1, 3, YG_RESAMPLE_NEAREST_EXACT, 0, 0)},
    {{"f[2, 4]"}, CALL(-1, 9, YG_RESAMPLE_LINEAR, 0, 0)},
    {{"f[2, 4, 3]"}, CALL(1, 7, YG_RESAMPLE_LINEAR, 1, 0)},
    {{"f[2, 4, 3]"}, CALL(1, 6, YG_RESAMPLE_LINEAR, 0, 1.7)},
    {{"f[2, 3]"}, CALL(1, 70, YG_RESAMPLE_CUBIC, 0, 0)},
    {{"f[3, 2]"}, CALL(0, 5, YG_RESAMPLE_CUBIC, 1, 0)},
    {{"f[3, 2]"}, CALL(0, 1, YG_RESAMPLE_LINEAR, 1, 0)},
    {{"f[2, 9, 3]"}, CALL(1, 4, YG_RESAMPLE_LINEAR_SMOOTH, 0, 0)},
    {{"f[2, 150]"}, CALL(1, 3, YG_RESAMPLE_CUBIC_SMOOTH, 0, 0)},
    {{"f[0, 2]"}, CALL(1, 3, YG_RESAMPLE_LINEAR, 0, 0)},
};

const yg_op yg_op_resample = {
    .name = "resample",
    .formula = "y[o] = Σ w · x[i] over a few i near o, along dim",
    .doc = "Interpolates along a dimension: what interpolate is made of.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_resample_attrs,
    .attr_count = YG_RESAMPLE_ATTRS,
    .flags = YG_OP_INTERNAL,
    .infer = yg_resample_infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = yg_resample_plan,
    .vjp = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
