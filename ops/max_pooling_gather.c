/*
 * max_pooling_gather: y[n, o, c] = x[n, pixels[n, o, c], c], the element at the pixel that window o
 * has taken; 0 where it has taken none, pixel -1.
 *
 * The gradient of max_pooling_gradient. Channels last; see pooling.h.
 * vjp: max_pooling_gradient.
 */
#include "pooling.h"
#include "registry.h"
#include "shape.h"

enum { X, PIXELS }; /* operands */

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    return yg_pooling_infer_windows(call, result, error) && yg_pooling_check_pixels(call, error);
}

/* Images [call->begin, call->end). */
#define KERNEL(function, real)                                                                     \
    static void function(const yg_kernel_call *call) {                                             \
        const yg_pooling p = yg_pooling_of(call->attrs, call->out_type);                           \
        const int64_t pixels = yg_pooling_pixels(&p), windows = yg_pooling_windows(&p);            \
        for (int64_t n = call->begin; n < call->end; n++) {                                        \
            const real *x = (const real *)call->in[X] + n * pixels * p.channels;                   \
            real *y = (real *)call->out + n * windows * p.channels;                                \
            const int32_t *at = (const int32_t *)call->in[PIXELS] + n * windows * p.channels;      \
            for (int64_t o = 0; o < windows; o++, y += p.channels, at += p.channels)               \
                for (int64_t c = 0; c < p.channels; c++)                                           \
                    y[c] = at[c] >= 0 && at[c] < pixels ? x[at[c] * p.channels + c] : 0;           \
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
    (void)k; /* always that of x: pixels are whole numbers */
    const yg_node operands[] = {dy, yg_node_operand(graph, y, PIXELS)};
    return yg_apply(graph, &yg_op_max_pooling_gradient, operands, 2, yg_node_attrs(graph, y));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[X];
    int64_t at[YG_MAX_RANK];
    const int64_t pixel = (int64_t)yg_at(r, PIXELS, index);
    if (pixel < 0)
        return 0;
    yg_pooling_unravel(x, index, pixel, at);
    return yg_at(r, X, at);
}

static const yg_sample samples[] = {
    {{"f[2, 7, 3]", "i[2, 3, 3]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (7), (3))},
    {{"f[2, 3, 3, 5]", "i[2, 2, 2, 5]"},
     YG_POOLING_SAMPLE((2, 2), (1, 1), (0, 0), (1, 1), (3, 3), (2, 2))},
    {{"f[1, 1, 2, 2, 17]", "i[1, 1, 2, 1, 17]"}, YG_POOLING_ADAPTIVE_SAMPLE((1, 2, 2), (1, 2, 1))},
    {{"f[0, 4, 2]", "i[0, 2, 2]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (4), (2))},
};

const yg_op yg_op_max_pooling_gather = {
    .name = "max_pooling_gather",
    .formula = "y[n, o, c] = x[n, pixels[n, o, c], c]",
    .doc = "What max_pooling would give if x had changed and the pixels had not.",
    .group = "pooling",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "pixels"},
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
