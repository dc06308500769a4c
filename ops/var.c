/*
 * var: y[…] = Σ (x[…, i, …] - mean)² / (n - correction) over the dimensions `dim`, or over all of
 * them, n elements each.
 *
 * Computed in two passes, the mean first. n - correction is taken as 0 if it is negative, as in
 * PyTorch: the result is then NaN or infinity.
 * vjp: dx = dy · 2 · (x - mean) / (n - correction).
 */
#include "build.h"
#include "reduction.h"
#include "registry.h"

#define REDUCE_START           0
#define REDUCE_MAP(x, base)    (x)
#define REDUCE_COMBINE(a, b)   ((a) + (b))
#define REDUCE_FINISH(a, base) ((a) / (REDUCE_TYPE)order->count)
#define REDUCE_BASED           0
#define REDUCE_FUNCTIONS       0
#define REDUCE_TYPE            float
#define REDUCE_NAME            mean_f32
#define REDUCE_INPUT           float
#define REDUCE_RESULT          float
#include "reduction_kernel.h"
#undef REDUCE_TYPE
#define REDUCE_TYPE   double
#define REDUCE_NAME   mean_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

#undef REDUCE_MAP
#undef REDUCE_FINISH
#undef REDUCE_BASED
#undef REDUCE_FUNCTIONS
#define REDUCE_MAP(x, base)    (((x) - (base)) * ((x) - (base)))
#define REDUCE_FINISH(a, base) (a)
#define REDUCE_BASED           1
#define REDUCE_FUNCTIONS       0
#define REDUCE_NAME            deviations_f32
#define REDUCE_INPUT           float
#define REDUCE_RESULT          float
#include "reduction_kernel.h"
#define REDUCE_NAME   deviations_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

static double divisor(const yg_type *x, const yg_attr *attrs) {
    const double rest = (double)yg_reduction_count(x, &attrs[0]) - (double)attrs[1].i;
    return rest > 0 ? rest : 0;
}

#define KERNEL(function, real, mean, deviations)                                                   \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        const yg_reduction *order = yg_reduction_prepared(call, &here);                            \
        real *out = call->out;                                                                     \
        mean(order, call->in[0], out, call->begin, call->end);                                     \
        deviations(order, call->in[0], out, call->begin, call->end);                               \
        const real by = (real)divisor(call->in_types[0], call->attrs);                             \
        for (int64_t o = call->begin; o < call->end; o++)                                          \
            out[o] /= by;                                                                          \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, mean_f32, deviations_f32)
KERNEL(kernel_f64, double, mean_f64, deviations_f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_attr *attrs = yg_node_attrs(graph, y);
    const yg_node mean = yg_mean(graph, x, attrs[0].ints, (size_t)attrs[0].count, true);
    const yg_node by =
        yg_scalar(graph, yg_node_type(graph, y)->dtype, 2 / divisor(yg_node_type(graph, x), attrs));
    return yg_multiply(graph, yg_reduction_expand(graph, y, yg_multiply(graph, dy, by)),
                       yg_subtract(graph, x, mean));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_attr *dim = &call->attrs[0];
    const size_t dims = (size_t)dim->count;
    const yg_type *type = &call->operands[0];
    const yg_node mean = yg_mean(graph, operands[0], dim->ints, dims, true);
    const yg_node squares = yg_square(graph, yg_subtract(graph, operands[0], mean));
    results[0] = yg_divide(graph, yg_sum(graph, squares, dim->ints, dims, call->attrs[2].i),
                           yg_scalar(graph, type->dtype, divisor(type, call->attrs)));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int64_t count = yg_reduction_count(x, &r->call->attrs[0]);
    double mean = 0, sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < count; i++) {
            int64_t at[YG_MAX_RANK];
            yg_reduction_at(r, index, i, at);
            const double value = yg_at(r, 0, at);
            if (pass == 0)
                mean += value / (double)count;
            else
                sum += (value - mean) * (value - mean);
        }
    return sum / divisor(x, r->call->attrs);
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INTS,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimensions to reduce, negative from the end; none: all of them"},
    {.name = "correction",
     .kind = YG_ATTR_INT,
     .fallback = {.i = 1},
     .max = 1e9,
     .doc = "what is taken off n in the divisor: 1 for an unbiased estimate, 0 for the average"},
    {.name = "keepdim", .kind = YG_ATTR_BOOL, .doc = "keep each reduced dimension with size 1"},
};

static const yg_sample samples[] = {
    {{"f[7]"}, NULL},
    {{"f[2, 3, 4]"}, NULL},
    {{"f[5, 37]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}, {.i = 0}, {0}}},
    {{"f[70, 5]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.i = 1}, {.i = 1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 2, .ints = {0, -1}}, {.i = 2}, {0}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {.i = 1}, {0}}},
};

const yg_op yg_op_var = {
    .name = "var",
    .formula = "y = Σ (x - mean)² / (n - correction) over the dimensions dim",
    .doc = "The variance along dimensions. With no more elements than `correction` it is NaN or "
           "infinity, as in PyTorch.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .infer = yg_reduction_infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = yg_reduction_plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
