/*
 * kl_div: the Kullback-Leibler divergence of predictions from targets, t·(log t - log p), reduced.
 * As in PyTorch the first operand is log p, and the target is t, or log t with log_target. The
 * operands have one shape; the result is a scalar, or has that shape (reduction none).
 *
 * A composite of elementwise operators, then the reduction.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

/* t·log t, and 0 at t = 0. There t is replaced by 1, because log 0 is infinite: 0 · infinity would
 * make value and gradient NaN. */
static yg_node entropy_term(yg_graph *graph, yg_node t) {
    if (t == YG_NONE)
        return YG_NONE;
    const yg_dtype dtype = yg_node_type(graph, t)->dtype;
    const yg_node is_zero = yg_equal(graph, t, yg_scalar(graph, dtype, 0));
    const yg_node safe = yg_where(graph, is_zero, yg_scalar(graph, dtype, 1), t);
    return yg_multiply(graph, safe, yg_log(graph, safe));
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_node log_p = operands[0];
    const yg_node target = yg_cast(graph, operands[1], call->operands[0].dtype);
    yg_node elements;
    if (call->attrs[1].i)
        elements = yg_multiply(graph, yg_exp(graph, target), yg_subtract(graph, target, log_p));
    else
        elements =
            yg_subtract(graph, entropy_term(graph, target), yg_multiply(graph, target, log_p));
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return 1;
}

static double element(const yg_reference *r, const int64_t *index) {
    const double log_p = yg_at(r, 0, index), target = yg_at(r, 1, index);
    if (r->call->attrs[1].i)
        return exp(target) * (target - log_p);
    return target == 0 ? 0 : target * (log(target) - log_p);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    {
        .name = "log_target",
        .kind = YG_ATTR_BOOL,
        .doc = "the target holds logarithms of probabilities too",
    },
};

static const yg_attr batchmean[] = {{.i = YG_REDUCTION_BATCHMEAN}, {.i = 0}},
                     none[] = {{.i = YG_REDUCTION_NONE}, {.i = 0}},
                     log_sum[] = {{.i = YG_REDUCTION_SUM}, {.i = 1}},
                     log_batchmean[] = {{.i = YG_REDUCTION_BATCHMEAN}, {.i = 1}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = batchmean},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = none},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = log_sum},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = log_batchmean},
    {.operands = {"f[]", "f[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]"}, .attrs = log_sum},
};

const yg_op yg_op_kl_div = {
    .name = "kl_div",
    .formula = "l = t·(log t - log p)",
    .doc = "Kullback-Leibler divergence. The first operand is log p (of log_softmax, say), as in "
           "PyTorch; 0·log 0 is 0. batchmean gives the mathematical divergence for each sample.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"log_prediction", "target"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-3, -0.1}, {0.1, 1}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
