/*
 * linear_recurrence: y[i] = a[i] · y[i - 1] + b[i] along dimension `dim`, with y[-1] = 0. With
 * `reverse` it runs from the last element to the first: y[i] = a[i] · y[i + 1] + b[i]. Where a is 0
 * it starts anew: not even an infinity or a NaN before it counts.
 *
 * A running sum where a is 1; an average that forgets where a is a decay. Its gradient is another
 * recurrence, which runs the other way, so it costs linear time:
 * vjp: db[i] = dy[i] + a[i + 1] · db[i + 1], da[i] = db[i] · y[i - 1].
 */
#include "build.h"
#include "registry.h"
#include "scan.h"
#include "shape.h"

enum { A, B };         /* operands */
enum { DIM, REVERSE }; /* attributes */

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *a = &call->operands[A], *b = &call->operands[B];
    int dim;
    char text[2][YG_TYPE_TEXT];
    if (!yg_shape_dim(call, call->attrs[DIM].i, a->rank, &dim, error))
        return false;
    if (!yg_type_equal(a, b) || !yg_dtype_is_float(a->dtype))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "linear_recurrence: takes two float tensors of one type, not %s and %s",
                       yg_type_text(a, text[0]), yg_type_text(b, text[1]));
    *result = *a;
    return true;
}

/* A unit of work is one index into the dimensions before `dim`. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[DIM].i, results->rank, &dim);
    plan->units = plan->rows = yg_shape_product(results->shape, 0, dim);
    plan->flops = 2 * (double)yg_type_count(results);
}

/* In double precision, so that rounding errors of a long f32 recurrence do not pile up. */
#define KERNEL(function, real)                                                                     \
    static inline __attribute__((always_inline)) void function##_width(                            \
        double *state, const real *a, const real *b, real *y, int64_t stride, int64_t first,       \
        int64_t steps, int64_t width, bool reverse) {                                              \
        for (int64_t s = 0; s < steps; s++) {                                                      \
            const int64_t row = (reverse ? steps - 1 - s : s) * stride;                            \
            const bool begins = first + s == 0;                                                    \
            _Pragma("omp simd") for (int64_t j = 0; j < width; j++) {                              \
                const double factor = (double)a[row + j], term = (double)b[row + j];               \
                const double next = factor * state[j] + term;                                      \
                state[j] = (begins | (factor == 0)) ? term : next;                                 \
                y[row + j] = (real)state[j];                                                       \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    YG_MULTIVERSION static void function##_steps(void *state, const void *const *x,                \
                                                 void *const *y, int64_t stride, int64_t first,    \
                                                 int64_t steps, int64_t width, bool reverse) {     \
        double *states = state, own[YG_SCAN_LANES];                                                \
        const bool few = width == 1 || width == YG_SCAN_LANES;                                     \
        for (int64_t j = 0; j < width && first == 0; j++)                                          \
            states[j] = 0;                                                                         \
        for (int64_t j = 0; j < width && few; j++)                                                 \
            own[j] = states[j];                                                                    \
        if (width == 1)                                                                            \
            function##_width(own, x[0], x[1], y[0], stride, first, steps, 1, reverse);             \
        else if (width == YG_SCAN_LANES)                                                           \
            function##_width(own, x[0], x[1], y[0], stride, first, steps, YG_SCAN_LANES, reverse); \
        else                                                                                       \
            function##_width(states, x[0], x[1], y[0], stride, first, steps, width, reverse);      \
        for (int64_t j = 0; j < width && few; j++)                                                 \
            states[j] = own[j];                                                                    \
    }                                                                                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const yg_scan scan = {.steps = function##_steps,                                           \
                              .x_size = {sizeof(real), sizeof(real)},                              \
                              .y_size = {sizeof(real)},                                            \
                              .reverse = call->attrs[REVERSE].i != 0};                             \
        (void)error;                                                                               \
        yg_scan_run(&scan, call);                                                                  \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float)
KERNEL(kernel_f64, double)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_attr *attrs = yg_node_attrs(graph, y);
    const yg_type *type = yg_node_type(graph, y);
    const bool reverse = attrs[REVERSE].i != 0;
    int dim = 0;
    yg_dimension(attrs[DIM].i, type->rank, &dim);
    if (type->rank == 0)
        return k == B ? dy : YG_NONE;
    const yg_node a = yg_node_operand(graph, y, A);
    const yg_node operands[] = {yg_shift_along(graph, a, dim, !reverse, 0), dy};
    const yg_attr back[] = {attrs[DIM], {.i = !reverse}};
    const yg_node db = yg_apply(graph, &yg_op_linear_recurrence, operands, 2, back);
    return k == B ? db : yg_multiply(graph, db, yg_shift_along(graph, y, dim, reverse, 0));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *a = &r->call->operands[A];
    const bool reverse = r->call->attrs[REVERSE].i != 0;
    int dim = 0;
    yg_dimension(r->call->attrs[DIM].i, a->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < a->rank; d++)
        at[d] = index[d];
    double state = 0;
    if (a->rank == 0)
        return yg_at(r, B, at);
    const int64_t steps = reverse ? a->shape[dim] - index[dim] : index[dim] + 1;
    for (int64_t step = 0; step < steps; step++) {
        at[dim] = reverse ? a->shape[dim] - 1 - step : step;
        const bool starts = step == 0 || yg_at(r, A, at) == 0;
        state = (starts ? 0 : yg_at(r, A, at) * state) + yg_at(r, B, at);
    }
    return state;
}

static const yg_attr_spec attrs[] = {
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .required = true,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension to run along"},
    [REVERSE] = {.name = "reverse", .kind = YG_ATTR_BOOL, .doc = "from the last to the first"},
};

static const yg_attr first[] = {{.i = 0}, {0}}, second[] = {{.i = 1}, {.i = 1}},
                     last[] = {{.i = -1}, {0}}, back[] = {{.i = 0}, {.i = 1}},
                     last_back[] = {{.i = -1}, {.i = 1}};

static const yg_sample samples[] = {
    {{"f[7]", "f[7]"}, first},
    {{"f[7]", "f[7]"}, back},
    {{"f[2, 3, 4]", "f[2, 3, 4]"}, second},
    {{"f[3, 5]", "f[3, 5]"}, last},
    {{"f[3, 150]", "f[3, 150]"}, first},
    {{"f[]", "f[]"}, first},
    {{"f[3, 0]", "f[3, 0]"}, last},
    {{"f[18, 66]", "f[18, 66]"}, last},
    {{"f[5, 67]", "f[5, 67]"}, last_back},
};

const yg_op yg_op_linear_recurrence = {
    .name = "linear_recurrence",
    .formula = "y[i] = a[i] · y[i - 1] + b[i], y[-1] = 0, along dim",
    .doc =
        "Runs along a dimension: a sum where a is 1, an average that forgets where a is a decay, "
        "a linear state space where a is learnt. Where a is 0 it starts anew, whatever came "
        "before. "
        "The gradient takes linear time too.",
    .group = "reduction",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .domain = {{-1.5, 1.5}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
