/*
 * pixel_unshuffle: x [..., C, H · r, W · r] → y [..., C · r², H, W]: the pixels (i, j) of each
 * square of side r become channels. pixel_shuffle is its inverse.
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
    if (x->rank < 3 || x->shape[x->rank - 2] % r != 0 || x->shape[x->rank - 1] % r != 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "pixel_unshuffle: height and width of %s, the last two dimensions, are no "
                      "multiples of %" PRId64,
                      yg_type_text(x, text), r);
        return 0;
    }
    const int64_t *size = &x->shape[x->rank - 3];
    const yg_type parts = {.dtype = x->dtype,
                           .rank = 6,
                           .shape = {yg_shape_product(x->shape, 0, x->rank - 3), size[0],
                                     size[1] / r, r, size[2] / r, r}};
    yg_type y = *x;
    if (__builtin_mul_overflow(r, r, &y.shape[x->rank - 3]) ||
        __builtin_mul_overflow(y.shape[x->rank - 3], size[0], &y.shape[x->rank - 3])) {
        yg_graph_fail(graph, YG_ERROR_MEMORY, "pixel_unshuffle: %s has too many channels",
                      yg_type_text(x, text));
        return 0;
    }
    y.shape[x->rank - 2] = size[1] / r;
    y.shape[x->rank - 1] = size[2] / r;
    const yg_node apart = yg_reshape(graph, operands[0], &parts);
    const yg_node moved = yg_permute(graph, apart, (const int64_t[]){0, 1, 3, 5, 2, 4});
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
    at[rank - 3] = c[0] / (r * r);
    at[rank - 2] = c[1] * r + c[0] / r % r;
    at[rank - 1] = c[2] * r + c[0] % r;
    return yg_at(ref, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "downscale_factor",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = 1,
     .max = (double)INT64_MAX,
     .doc = "how many times smaller height and width become"},
};

static const yg_attr two[] = {{.i = 2}}, three[] = {{.i = 3}}, one[] = {{.i = 1}};

static const yg_sample samples[] = {
    {{"f[1, 2, 4, 6]"}, two}, {{"f[1, 3, 6]"}, three},  {{"f[2, 1, 1, 2, 4]"}, two},
    {{"f[2, 3, 2]"}, one},    {{"f[0, 1, 4, 4]"}, two},
};

const yg_op yg_op_pixel_unshuffle = {
    .name = "pixel_unshuffle",
    .formula = "y[c · r² + i · r + j, h, w] = x[c, h · r + i, w · r + j]",
    .doc = "Makes channels of pixels: [..., C, H · r, W · r] becomes [..., C · r², H, W].",
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
