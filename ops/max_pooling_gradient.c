/*
 * max_pooling_gradient: dx[n, p, c] = Σ dy[n, o, c] over the windows o whose maximum is at pixel p.
 *
 * Channels last; see pooling.h. `pixels` has the number of the pixel for each element of dy; -1
 * stands for none. Terms are added in the order of the windows.
 * vjp: of dy, the elements at those pixels: max_pooling_gather.
 */
#include "pooling.h"
#include "registry.h"
#include "shape.h"

#include <string.h>

enum { DY, PIXELS }; /* operands */

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    return yg_pooling_infer_pixels(call, result, error) && yg_pooling_check_pixels(call, error);
}

/* Images [call->begin, call->end). */
#define KERNEL(function, real)                                                                     \
    static void function(const yg_kernel_call *call) {                                             \
        const yg_pooling p = yg_pooling_of(call->attrs, call->out_type);                           \
        const int64_t pixels = yg_pooling_pixels(&p), windows = yg_pooling_windows(&p);            \
        for (int64_t n = call->begin; n < call->end; n++) {                                        \
            real *dx = (real *)call->out + n * pixels * p.channels;                                \
            const real *dy = (const real *)call->in[DY] + n * windows * p.channels;                \
            const int32_t *at = (const int32_t *)call->in[PIXELS] + n * windows * p.channels;      \
            memset(dx, 0, (size_t)(pixels * p.channels) * sizeof *dx);                             \
            for (int64_t o = 0; o < windows; o++, dy += p.channels, at += p.channels)              \
                for (int64_t c = 0; c < p.channels; c++)                                           \
                    if (at[c] >= 0 && at[c] < pixels)                                              \
                        dx[at[c] * p.channels + c] += dy[c];                                       \
        }                                                                                          \
    }
KERNEL(images_f32, float)
KERNEL(images_f64, double)

/* The descriptor finds a kernel by the type of the last operand, the pixels. */
static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    if (call->out_type->dtype == YG_F32)
        images_f32(call);
    else
        images_f64(call);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k; /* always that of dy: pixels are whole numbers */
    const yg_node operands[] = {dy, yg_node_operand(graph, y, PIXELS)};
    return yg_apply(graph, &yg_op_max_pooling_gather, operands, 2, yg_node_attrs(graph, y));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *dy = &r->call->operands[DY];
    int64_t pixel = 0, at[YG_MAX_RANK];
    for (int d = 1; d < dy->rank - 1; d++)
        pixel = pixel * r->out_type->shape[d] + index[d];
    double sum = 0;
    const int64_t windows = yg_shape_product(dy->shape, 1, dy->rank - 1);
    for (int64_t o = 0; o < windows; o++) {
        yg_pooling_unravel(dy, index, o, at);
        if ((int64_t)yg_at(r, PIXELS, at) == pixel)
            sum += yg_at(r, DY, at);
    }
    return sum;
}

static const yg_sample samples[] = {
    {{"f[2, 3, 3]", "i[2, 3, 3]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (7), (3))},
    {{"f[2, 2, 2, 5]", "i[2, 2, 2, 5]"},
     YG_POOLING_SAMPLE((2, 2), (1, 1), (0, 0), (1, 1), (3, 3), (2, 2))},
    {{"f[1, 1, 2, 1, 17]", "i[1, 1, 2, 1, 17]"}, YG_POOLING_ADAPTIVE_SAMPLE((1, 2, 2), (1, 2, 1))},
    {{"f[0, 2, 2]", "i[0, 2, 2]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (4), (2))},
};

const yg_op yg_op_max_pooling_gradient = {
    .name = "max_pooling_gradient",
    .formula = "dx[n, p, c] = Σ dy[n, o, c] over the windows o with pixels[n, o, c] = p",
    .doc = "The gradient of max_pooling.",
    .group = "pooling",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"dy", "pixels"},
    .attrs = yg_pooling_attrs,
    .attr_count = YG_POOLING_ATTRS,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_I32] = kernel},
    .plan = yg_pooling_plan_images,
    .vjp = vjp,
    .reference = reference,
    .domain = {{-2, 2}, {-1, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
