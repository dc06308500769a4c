/*
 * poisson_nll: minus the log-likelihood of counts t under a Poisson distribution, reduced. Its mean
 * is exp(x), or x itself without log_input. The operands have one shape; the result is a scalar, or
 * has that shape (reduction none).
 *
 * A composite of elementwise operators, then the reduction. Source of the form, of eps and of
 * Stirling's approximation of log(t!): PyTorch's PoissonNLLLoss.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

enum { REDUCTION, LOG_INPUT, FULL, EPS };

static const double two_pi = 6.28318530717958647693;

/* Stirling's approximation t·log(t) - t + log(2πt)/2 where t > 1, else 0. Elsewhere it is computed
 * of 1, so that no logarithm of 0 makes the gradient NaN. */
static yg_node log_factorial(yg_graph *graph, yg_node t, yg_dtype dtype) {
    const yg_node one = yg_scalar(graph, dtype, 1);
    const yg_node is_large = yg_greater(graph, t, one);
    const yg_node safe = yg_where(graph, is_large, t, one);
    const yg_node logarithm = yg_log(graph, safe);
    const yg_node main = yg_subtract(graph, yg_multiply(graph, safe, logarithm), safe);
    const yg_node rest = yg_offset(graph, yg_scale(graph, logarithm, 0.5), log(two_pi) / 2);
    return yg_where(graph, is_large, yg_add(graph, main, rest), yg_scalar(graph, dtype, 0));
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_dtype dtype = call->operands[0].dtype;
    const yg_node x = operands[0], target = yg_cast(graph, operands[1], dtype);
    const bool log_input = call->attrs[LOG_INPUT].i != 0;
    const yg_node rate = log_input ? yg_exp(graph, x) : x;
    const yg_node log_rate = log_input ? x : yg_log(graph, yg_offset(graph, x, call->attrs[EPS].f));
    yg_node elements = yg_subtract(graph, rate, yg_multiply(graph, target, log_rate));
    if (call->attrs[FULL].i)
        elements = yg_add(graph, elements, log_factorial(graph, target, dtype));
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return results[0] != YG_NONE;
}

static double element(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index), t = yg_at(r, 1, index);
    const yg_attr *attrs = r->call->attrs;
    const double term = attrs[LOG_INPUT].i ? exp(x) - t * x : x - t * log(x + attrs[EPS].f);
    return attrs[FULL].i && t > 1 ? term + t * log(t) - t + log(two_pi * t) / 2 : term;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    {.name = "log_input",
     .kind = YG_ATTR_BOOL,
     .fallback = {.i = 1},
     .doc = "the prediction is the logarithm of the mean"},
    {.name = "full",
     .kind = YG_ATTR_BOOL,
     .fallback = {.i = 0},
     .doc = "adds the approximation of log(t!)"},
    {.name = "eps",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1e-8},
     .min = 0,
     .max = 1e30,
     .doc = "is added to the mean before its logarithm is taken, without log_input"},
};

static const yg_attr full[] = {{.i = YG_REDUCTION_SUM}, {.i = 1}, {.i = 1}, {.f = 1e-8}},
                     direct[] = {{.i = YG_REDUCTION_NONE}, {.i = 0}, {.i = 0}, {.f = 1e-8}},
                     direct_full[] = {
                         {.i = YG_REDUCTION_BATCHMEAN}, {.i = 0}, {.i = 1}, {.f = 0.5}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = full},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = direct},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = direct_full},
    {.operands = {"f[]", "f[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]"}, .attrs = full},
};

const yg_op yg_op_poisson_nll = {
    .name = "poisson_nll",
    .formula = "l = exp(x) - t·x, or x - t·log(x + eps) without log_input",
    .doc = "The log-likelihood of counts. `full` adds Stirling's approximation of log(t!) where t "
           "> 1; it changes no gradient of the prediction.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"prediction", "target"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{0.2, 2}, {0, 4}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
