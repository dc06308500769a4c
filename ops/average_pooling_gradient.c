/*
 * average_pooling_gradient: dx[n, p, c] = Σ dy[n, o, c] / divisor over the windows o that have
 * pixel p.
 *
 * Channels last; see pooling.h. Terms are added in the order of the windows.
 * vjp: average_pooling.
 */
#include "copy.h"
#include "multiversion.h"
#include "pooling.h"
#include "registry.h"

#include <string.h>

/* Adds an element of each channel, divided, to each pixel of one window. */
#define WINDOW(function, real)                                                                     \
    static inline __attribute__((always_inline)) void function(                                    \
        const yg_pooling *p, const yg_window window[YG_POOLING_DIMS], const real *dy, real *dx) {  \
        const int64_t columns = p->dim[2].input, rows = p->dim[1].input, channels = p->channels;   \
        const real divisor = (real)yg_pooling_divisor(p, window);                                  \
        for (int64_t i = window[0].start; i < window[0].end; i += window[0].step)                  \
            for (int64_t j = window[1].start; j < window[1].end; j += window[1].step)              \
                for (int64_t k = window[2].start; k < window[2].end; k += window[2].step) {        \
                    real *to = dx + ((i * rows + j) * columns + k) * channels;                     \
                    _Pragma("omp simd") for (int64_t c = 0; c < channels; c++) to[c] +=            \
                        dy[c] / divisor;                                                           \
                }                                                                                  \
    }
WINDOW(window_f32, float)
WINDOW(window_f64, double)

/* Images [begin, end). */
#define IMAGES(function, real, add_window)                                                         \
    YG_MULTIVERSION static void function(const yg_pooling *p, const real *dy, real *dx,            \
                                         int64_t begin, int64_t end) {                             \
        const int64_t image = yg_pooling_pixels(p) * p->channels;                                  \
        const int64_t windows = yg_pooling_windows(p) * p->channels;                               \
        for (int64_t n = begin; n < end; n++) {                                                    \
            const real *from = dy + n * windows;                                                   \
            memset(dx + n * image, 0, (size_t)image * sizeof *dx);                                 \
            for (int64_t i = 0; i < p->dim[0].output; i++)                                         \
                for (int64_t j = 0; j < p->dim[1].output; j++)                                     \
                    for (int64_t k = 0; k < p->dim[2].output; k++, from += p->channels) {          \
                        const yg_window window[] = {yg_pooling_window(&p->dim[0], i),              \
                                                    yg_pooling_window(&p->dim[1], j),              \
                                                    yg_pooling_window(&p->dim[2], k)};             \
                        add_window(p, window, from, dx + n * image);                               \
                    }                                                                              \
        }                                                                                          \
    }
IMAGES(images_f32, float, window_f32)
IMAGES(images_f64, double, window_f64)

enum { LANES = 16 }; /* pixels that are summed together */

#define POOL_GRADIENT
#define POOL_REAL       float
#define POOL_NAME(name) name##_f32
#include "pooling_lines.h"
#define POOL_GRADIENT
#define POOL_REAL       double
#define POOL_NAME(name) name##_f64
#include "pooling_lines.h"

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_pooling p = yg_pooling_of(call->attrs, results);
    yg_pooling_plan_images(call, results, plan);
    plan->scratch_bytes = yg_pooling_lines_bytes(&p, yg_dtype_size(results->dtype));
}

#define KERNEL(function, real, images, lines)                                                      \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_pooling p = yg_pooling_of(call->attrs, call->out_type);                           \
        if (p.channels == 1)                                                                       \
            lines(&p, (const real *)call->in[0], (real *)call->out, (real *)call->scratch,         \
                  call->begin, call->end);                                                         \
        else                                                                                       \
            images(&p, (const real *)call->in[0], (real *)call->out, call->begin, call->end);      \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, images_f32, spread_images_f32)
KERNEL(kernel_f64, double, images_f64, spread_images_f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_apply(graph, &yg_op_average_pooling, &dy, 1, yg_node_attrs(graph, y));
}

/* Whether a window has a position. */
static bool has(const yg_window *window, int64_t at) {
    return at >= window->start && at < window->end && (at - window->start) % window->step == 0;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *dy = &r->call->operands[0];
    const yg_pooling p = yg_pooling_of(r->call->attrs, dy);
    const int lead = dy->rank - 1 - YG_POOLING_DIMS; /* operand's dimension of dim[0], or less */
    int64_t at[YG_MAX_RANK] = {0};
    at[0] = index[0];
    at[dy->rank - 1] = index[dy->rank - 1];
    double sum = 0;
    for (int64_t o = 0; o < yg_pooling_windows(&p); o++) {
        yg_window window[YG_POOLING_DIMS];
        bool inside = true;
        int64_t rest = o;
        for (int d = YG_POOLING_DIMS; d-- > 0;) {
            const int64_t which = rest % p.dim[d].output;
            rest /= p.dim[d].output;
            window[d] = yg_pooling_window(&p.dim[d], which);
            inside = inside && has(&window[d], lead + d >= 1 ? index[lead + d] : 0);
            if (lead + d >= 1)
                at[lead + d] = which;
        }
        if (inside)
            sum += yg_at(r, 0, at) / yg_pooling_divisor(&p, window);
    }
    return sum;
}

static const yg_sample samples[] = {
    {{"f[2, 3, 3]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (7), (3))},
    {{"f[2, 3, 4, 18]"}, YG_POOLING_SAMPLE((2, 2), (2, 2), (0, 0), (1, 1), (6, 8), (3, 4))},
    {{"f[2, 3, 4, 5]"},
     YG_POOLING_AVERAGE_SAMPLE((3, 3), (2, 1), (1, 1), (1, 1), (5, 4), (3, 4), 1, 0)},
    {{"f[2, 3, 4, 2]"},
     YG_POOLING_AVERAGE_SAMPLE((3, 3), (2, 1), (1, 1), (1, 1), (5, 4), (3, 4), 0, -3)},
    {{"f[2, 4, 2, 3, 2]"},
     YG_POOLING_SAMPLE((2, 2, 2), (1, 2, 2), (1, 0, 1), (1, 1, 1), (3, 4, 5), (4, 2, 3))},
    {{"f[2, 3, 2, 2]"}, YG_POOLING_ADAPTIVE_SAMPLE((5, 7), (3, 2))},
    {{"f[0, 2, 2]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (4), (2))},
    {{"f[40, 3, 1]"}, YG_POOLING_SAMPLE((3), (2), (0), (1), (8), (3))},
    {{"f[3, 19, 1]"}, YG_POOLING_AVERAGE_SAMPLE((3), (2), (1), (1), (37), (19), 0, 0)},
    {{"f[2, 39, 1]"}, YG_POOLING_SAMPLE((3), (1), (1), (2), (41), (39))},
    {{"f[2, 4, 17, 1]"},
     YG_POOLING_AVERAGE_SAMPLE((3, 3), (2, 2), (1, 1), (1, 1), (7, 34), (4, 17), 1, 0)},
    {{"f[2, 3, 8, 1]"}, YG_POOLING_SAMPLE((2, 5), (2, 4), (0, 0), (1, 1), (6, 36), (3, 8))},
    {{"f[2, 3, 2, 1]"}, YG_POOLING_ADAPTIVE_SAMPLE((5, 70), (3, 2))},
};

const yg_op yg_op_average_pooling_gradient = {
    .name = "average_pooling_gradient",
    .formula = "dx[n, p, c] = Σ dy[n, o, c] / divisor over the windows o that have pixel p",
    .doc = "The gradient of average_pooling.",
    .group = "pooling",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"dy"},
    .attrs = yg_pooling_attrs,
    .attr_count = YG_POOLING_ATTRS,
    .flags = YG_OP_INTERNAL,
    .infer = yg_pooling_infer_pixels,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
