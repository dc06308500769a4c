/*
 * other_products: y[…, i, …] = Π x[…, j, …] over j ≠ i, along dimension `dim`.
 *
 * The derivative of a product. It is the product of all elements before i times that of all after
 * i: two running products, in linear time. The shorter Π x / x[i] would be 0 / 0 where an element
 * is zero.
 */
#include "build.h"
#include "registry.h"
#include "scan.h"
#include "shape.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    int dim;
    char text[YG_TYPE_TEXT];
    if (!yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    if (!yg_dtype_is_float(x->dtype))
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       "other_products: takes a float tensor, not %s", yg_type_text(x, text));
    *result = *x;
    return true;
}

/* A unit of work is one index into the dimensions before `dim`. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[0].i, results->rank, &dim);
    plan->units = plan->rows = yg_shape_product(results->shape, 0, dim);
    plan->flops = 3 * (double)yg_type_count(results);
}

/* First forwards, y[i] = Π x[j] over j < i; then backwards, y[i] times the product over j > i. The
 * state is the product so far, in double precision. `second` is y in the second scan. */
#define STEPS(function, real, value)                                                               \
    static inline __attribute__((always_inline)) void function##_width(                            \
        double *state, const real *x, const real *second, real *y, int64_t stride, int64_t steps,  \
        int64_t width, bool reverse) {                                                             \
        for (int64_t s = 0; s < steps; s++) {                                                      \
            const int64_t row = (reverse ? steps - 1 - s : s) * stride;                            \
            (void)second;                                                                          \
            _Pragma("omp simd") for (int64_t j = 0; j < width; j++) {                              \
                const double other = (value);                                                      \
                state[j] *= (double)x[row + j];                                                    \
                y[row + j] = (real)other;                                                          \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    YG_MULTIVERSION static void function(void *state, const void *const *x, void *const *y,        \
                                         int64_t stride, int64_t first, int64_t steps,             \
                                         int64_t width, bool reverse) {                            \
        double *states = state, own[YG_SCAN_LANES];                                                \
        const bool few = width == 1 || width == YG_SCAN_LANES;                                     \
        for (int64_t j = 0; j < width && first == 0; j++)                                          \
            states[j] = 1;                                                                         \
        for (int64_t j = 0; j < width && few; j++)                                                 \
            own[j] = states[j];                                                                    \
        if (width == 1)                                                                            \
            function##_width(own, x[0], x[1], y[0], stride, steps, 1, reverse);                    \
        else if (width == YG_SCAN_LANES)                                                           \
            function##_width(own, x[0], x[1], y[0], stride, steps, YG_SCAN_LANES, reverse);        \
        else                                                                                       \
            function##_width(states, x[0], x[1], y[0], stride, steps, width, reverse);             \
        for (int64_t j = 0; j < width && few; j++)                                                 \
            states[j] = own[j];                                                                    \
    }

/* A few units at a time, so that the second scan finds what the first has written in the cache. */
#define KERNEL(function, real)                                                                     \
    STEPS(function##_before, real, state[j])                                                       \
    STEPS(function##_after, real, (double)second[row + j] * state[j])                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        static const yg_scan before = {                                                            \
            .steps = function##_before, .x_size = {sizeof(real)}, .y_size = {sizeof(real)}};       \
        static const yg_scan after = {.steps = function##_after,                                   \
                                      .x_size = {sizeof(real), sizeof(real)},                      \
                                      .y_size = {sizeof(real)},                                    \
                                      .reverse = true};                                            \
        const void *in[] = {call->in[0], call->out};                                               \
        yg_kernel_call part = *call;                                                               \
        (void)error;                                                                               \
        part.in = in;                                                                              \
        for (; part.begin < call->end; part.begin = part.end) {                                    \
            part.end =                                                                             \
                call->end - part.begin < YG_SCAN_LANES ? call->end : part.begin + YG_SCAN_LANES;   \
            yg_scan_run(&before, &part);                                                           \
            yg_scan_run(&after, &part);                                                            \
        }                                                                                          \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float)
KERNEL(kernel_f64, double)

/* x, of a type, with `by` elements less at one end of dimension `dim` and as many ones at the
 * other: at the first if x is moved towards the last. */
static yg_node shift(yg_graph *graph, yg_node x, const yg_type *type, int dim, int64_t by,
                     bool backwards) {
    const int64_t size = type->shape[dim];
    const yg_node kept = backwards ? yg_slice_along(graph, x, dim, by, size)
                                   : yg_slice_along(graph, x, dim, 0, size - by);
    yg_attr pad[4] = {{.count = type->rank}, {.count = type->rank}, {.f = 1}, {0}};
    pad[backwards ? 1 : 0].ints[dim] = by;
    return yg_apply(graph, &yg_op_constant_pad, &kept, 1, pad);
}

/* The products of all elements before each one, or of all behind it. After round r each is the
 * product of the 2^r nearest neighbours on that side. So log2(n) rounds do. */
static yg_node products_on_a_side(yg_graph *graph, yg_node x, const yg_type *type, int dim,
                                  bool backwards) {
    yg_node y = shift(graph, x, type, dim, 1, backwards);
    for (int64_t window = 1; window < type->shape[dim]; window *= 2)
        y = yg_multiply(graph, y, shift(graph, y, type, dim, window, backwards));
    return y;
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type *x = &call->operands[0];
    int dim = 0;
    yg_dimension(call->attrs[0].i, x->rank, &dim);
    if (x->rank == 0)
        results[0] = yg_full(graph, x, 1);
    else if (yg_type_count(x) == 0)
        results[0] = operands[0];
    else
        results[0] = yg_multiply(graph, products_on_a_side(graph, operands[0], x, dim, false),
                                 products_on_a_side(graph, operands[0], x, dim, true));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    int dim = 0;
    yg_dimension(r->call->attrs[0].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double product = 1;
    for (at[dim] = 0; x->rank > 0 && at[dim] < x->shape[dim]; at[dim]++)
        product *= at[dim] == index[dim] ? 1 : yg_at(r, 0, at);
    return product;
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to multiply along"},
};

static const yg_attr first[] = {{.i = 0}}, second[] = {{.i = 1}}, last[] = {{.i = -1}};

static const yg_sample samples[] = {
    {{"f[7]"}, first},    {{"f[2, 3, 4]"}, second}, {{"f[3, 5]"}, last},
    {{"f[5, 6]"}, last},  {{"f[]"}, first},         {{"f[3, 0]"}, second},
    {{"f[18, 9]"}, last}, {{"f[1]"}, first},        {{"f[4, 3]"}, first},
};

const yg_op yg_op_other_products = {
    .name = "other_products",
    .formula = "y[i] = Π x[j] over j ≠ i, along dim",
    .doc = "For each element the product of all others along a dimension: the derivative of prod.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .domain = {{-1.5, 1.5}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
