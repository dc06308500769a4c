/*
 * pixel_shuffle: x [..., C · r², H, W] → y [..., C, H · r, W · r]: the channels c · r² + i · r + j
 * are the pixels (i, j) of a square of side r.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const int64_t r = call->attrs[0].i;
    char text[YG_TYPE_TEXT];
    if (x->rank < 3 || r > INT32_MAX || x->shape[x->rank - 3] % (r * r) != 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "pixel_shuffle: the channels of %s, the third dimension from the end, are no "
                      "multiple of %" PRId64 "²",
                      yg_type_text(x, text), r);
        return 0;
    }
    const int64_t *size = &x->shape[x->rank - 3];
    const yg_type parts = {.dtype = x->dtype,
                           .rank = 6,
                           .shape = {yg_shape_product(x->shape, 0, x->rank - 3), size[0] / (r * r),
                                     r, r, size[1], size[2]}};
    yg_type y = *x;
    y.shape[x->rank - 3] = size[0] / (r * r);
    if (__builtin_mul_overflow(size[1], r, &y.shape[x->rank - 2]) ||
        __builtin_mul_overflow(size[2], r, &y.shape[x->rank - 1])) {
        yg_graph_fail(graph, YG_ERROR_MEMORY, "pixel_shuffle: %s becomes too large",
                      yg_type_text(x, text));
        return 0;
    }
    const yg_node apart = yg_reshape(graph, operands[0], &parts);
    const yg_node moved = yg_permute(graph, apart, (const int64_t[]){0, 1, 4, 2, 5, 3});
    results[0] = yg_reshape(graph, moved, &y);
    return 1;
}

static double reference(const yg_reference *ref, const int64_t *index) {
    const int rank = ref->out_type->rank;
    const int64_t r = ref->call->attrs[0].i;
    const int64_t *c = &index[rank - 3];
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < rank - 3; d++)
        at[d] = index[d];
    at[rank - 3] = c[0] * r * r + c[1] % r * r + c[2] % r;
    at[rank - 2] = c[1] / r;
    at[rank - 1] = c[2] / r;
    return yg_at(ref, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "upscale_factor",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = 1,
     .max = (double)INT64_MAX,
     .doc = "how many times larger height and width become"},
};

static const yg_attr two[] = {{.i = 2}}, three[] = {{.i = 3}}, one[] = {{.i = 1}};

static const yg_sample samples[] = {
    {{"f[1, 8, 2, 3]"}, two}, {{"f[9, 1, 2]"}, three},  {{"f[2, 1, 4, 1, 2]"}, two},
    {{"f[2, 3, 2]"}, one},    {{"f[0, 4, 2, 2]"}, two},
};

const yg_op yg_op_pixel_shuffle = {
    .name = "pixel_shuffle",
    .formula = "y[c, h · r + i, w · r + j] = x[c · r² + i · r + j, h, w]",
    .doc = "Makes pixels of channels: [..., C · r², H, W] becomes [..., C, H · r, W · r].",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
