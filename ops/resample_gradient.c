/*
 * resample_gradient: y[…, i, …] = Σ w(o, t) · x[…, o, …] over all taps (o, t) with i(o, t) = i: the
 * transpose of resample, which turns `size` elements along the dimension into those of x.
 *
 * Terms are added in the order of o. vjp: resample.
 */
#include "build.h"
#include "multiversion.h"
#include "registry.h"
#include "resample_taps.h"

#include <string.h>

#define ADD(name, real)                                                                            \
    YG_MULTIVERSION static void name(real *to, const real *from, real weight, int64_t count) {     \
        for (int64_t j = 0; j < count; j++)                                                        \
            to[j] += weight * from[j];                                                             \
    }

/* A row of the block where `inner` is 1. With one tap, neighbours mostly go to the same element:
 * they are added up before it is touched. */
#define ALONG(name, real)                                                                          \
    static void name(const yg_resample_block *block, const real *x, real *out) {                   \
        const int64_t taps = block->taps;                                                          \
        if (taps > 1) {                                                                            \
            for (int64_t i = 0; i < block->count; i++)                                             \
                for (int64_t t = i * taps; t < (i + 1) * taps; t++)                                \
                    out[block->index[t]] += (real)block->weight[t] * x[i];                         \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < block->count;) {                                                   \
            const int64_t to = block->index[i];                                                    \
            real sum = out[to];                                                                    \
            for (; i < block->count && block->index[i] == to; i++)                                 \
                sum += x[i];                                                                       \
            out[to] = sum;                                                                         \
        }                                                                                          \
    }

#define KERNEL(function, real)                                                                     \
    ADD(function##_add, real)                                                                      \
    ALONG(function##_along, real)                                                                  \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_resample_walk walk =                                                              \
            yg_resample_walk_of(call->in_types[0], call->out_type, call->attrs, true);             \
        const int64_t inner = walk.inner, size = walk.sizes.from * inner;                          \
        const int64_t elements = (call->end - call->begin) * size;                                 \
        yg_resample_block block;                                                                   \
        if (elements > 0)                                                                          \
            memset((real *)call->out + call->begin * size, 0, (size_t)elements * sizeof(real));    \
        for (int64_t first = 0; first < walk.sizes.to; first += block.count) {                     \
            yg_resample_block_at(&walk.sizes, first, &block);                                      \
            const int64_t taps = block.taps, count = block.count * taps;                           \
            for (int64_t u = call->begin; u < call->end; u++) {                                    \
                const real *x = (const real *)call->in[0] + (u * walk.sizes.to + first) * inner;   \
                real *out = (real *)call->out + u * size;                                          \
                if (inner == 1)                                                                    \
                    function##_along(&block, x, out);                                              \
                for (int64_t t = 0; inner > 1 && t < count; t++)                                   \
                    function##_add(out + block.index[t] * inner, x + t / taps * inner,             \
                                   (real)block.weight[t], inner);                                  \
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
    return yg_apply(graph, &yg_op_resample, &dy, 1, attrs);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_resample_walk walk = yg_resample_walk_of(x, r->out_type, r->call->attrs, true);
    int dim = 0;
    yg_dimension(r->call->attrs[YG_RESAMPLE_DIM].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double sum = 0;
    for (at[dim] = 0; at[dim] < x->shape[dim]; at[dim]++) {
        yg_resample_block block;
        yg_resample_block_at(&walk.sizes, at[dim], &block);
        for (int t = 0; t < block.taps; t++)
            sum += block.index[t] == index[dim] ? block.weight[t] * yg_at(r, 0, at) : 0;
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
    {{"f[9]"}, CALL(0, 5, YG_RESAMPLE_NEAREST, 0, 0)},
    {{"f[2, 9]"}, CALL(-1, 4, YG_RESAMPLE_LINEAR, 0, 0)},
    {{"f[2, 7, 3]"}, CALL(1, 4, YG_RESAMPLE_LINEAR, 1, 0)},
    {{"f[2, 70]"}, CALL(1, 3, YG_RESAMPLE_CUBIC, 0, 0)},
    {{"f[5, 2]"}, CALL(0, 3, YG_RESAMPLE_CUBIC, 1, 0)},
    {{"f[2, 4, 3]"}, CALL(1, 9, YG_RESAMPLE_LINEAR_SMOOTH, 0, 0)},
    {{"f[2, 3]"}, CALL(1, 40, YG_RESAMPLE_CUBIC_SMOOTH, 0, 0)},
    {{"f[0, 3]"}, CALL(1, 2, YG_RESAMPLE_LINEAR, 0, 0)},
};

const yg_op yg_op_resample_gradient = {
    .name = "resample_gradient",
    .formula = "y[i] = Σ w · x[o] over the o that resample makes of i, along dim",
    .doc = "The transpose of resample: its gradient.",
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
