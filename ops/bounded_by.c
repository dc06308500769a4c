/*
 * bounded_by: y = min(max(x, low), high), elementwise, with bounds that are tensors: what clamp is
 * made of. NaN stays NaN, also that of a bound.
 *
 * vjp: bounded_by_gradient.
 */
#include "bounded_by.h"

#include "elementwise.h"
#include "registry.h"

/* As maximum and minimum: a comparison with NaN is false, so a NaN in the second operand is taken.
 */
#define HIGHER(x, low) (((x) >= (low)) | ((x) != (x)) ? (x) : (low))
#define LOWER(x, high) (((x) <= (high)) | ((x) != (x)) ? (x) : (high))

#define BOUNDED_BY_TILE(function, input, output)                                                   \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        const input *x = in[YG_BOUNDED_X], *low = in[YG_BOUNDED_LOW], *high = in[YG_BOUNDED_HIGH]; \
        output *y = out;                                                                           \
        (void)attrs;                                                                               \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                       \
            const input above = HIGHER(x[i], low[i]);                                              \
            y[i] = (output)LOWER(above, high[i]);                                                  \
        }                                                                                          \
    }

BOUNDED_BY_TILE(bounded_by_bool, uint8_t, int32_t)
BOUNDED_BY_TILE(bounded_by_i32, int32_t, int32_t)
BOUNDED_BY_TILE(bounded_by_i64, int64_t, int64_t)
BOUNDED_BY_TILE(bounded_by_f32, float, float)
BOUNDED_BY_TILE(bounded_by_f64, double, double)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_attr of = {.i = (int64_t)k};
    const yg_node operands[] = {dy, yg_node_operand(graph, y, YG_BOUNDED_X),
                                yg_node_operand(graph, y, YG_BOUNDED_LOW),
                                yg_node_operand(graph, y, YG_BOUNDED_HIGH)};
    return yg_apply(graph, &yg_op_bounded_by_gradient, operands, 4, &of);
}

/* Where both bounds are equal, x gets all of the gradient if it is equal too. */
static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node x = operands[YG_BOUNDED_X], low = operands[YG_BOUNDED_LOW];
    const yg_node high = operands[YG_BOUNDED_HIGH];
    const yg_node apart = yg_minimum(graph, yg_maximum(graph, x, low), high);
    const yg_node below = yg_where(graph, yg_greater(graph, x, high), high, x);
    const yg_node same = yg_where(graph, yg_less(graph, x, low), low, below);
    results[0] = yg_where(graph, yg_equal(graph, low, high), same, apart);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return fmin(fmax(yg_at(r, YG_BOUNDED_X, index), yg_at(r, YG_BOUNDED_LOW, index)),
                yg_at(r, YG_BOUNDED_HIGH, index));
}

static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL}, {{"f[3, 19]", "f[3, 19]", "f[3, 19]"}, NULL},
    {{"f[2, 3]", "f[3]", "f[2, 1]"}, NULL},    {{"f[]", "f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]", "f[3]"}, NULL},       {{"i[7, 5]", "i[5]", "i[]"}, NULL},
};

const yg_op yg_op_bounded_by = {
    .name = "bounded_by",
    .formula = "y = min(max(x, low), high)",
    .doc = "What clamp is made of.",
    .group = "elementwise",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "low", "high"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_INTERNAL,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(bounded_by),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-2, 2}, {-1.5, 0}, {0.1, 1.5}},
    YG_SAMPLES(samples),
};
