/*
 * smooth_l1: with d = p - t, d²/(2·beta) where |d| < beta and |d| - beta/2 beyond, reduced. The
 * operands have one shape; the result is a scalar, or has that shape (reduction none).
 *
 * A composite of huber_elements, divided by beta after they are summed. With beta = 0 it is |d|.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_attr beta = call->attrs[1];
    const yg_node d = yg_subtract(graph, operands[0], operands[1]);
    const yg_node elements =
        beta.f == 0 ? yg_abs(graph, d) : yg_apply(graph, &yg_op_huber_elements, &d, 1, &beta);
    const yg_node loss = yg_loss_reduce(graph, elements, call->attrs[0].i);
    results[0] = beta.f == 0 || beta.f == 1 ? loss : yg_scale(graph, loss, 1 / beta.f);
    return results[0] != YG_NONE;
}

static double element(const yg_reference *r, const int64_t *index) {
    const double d = fabs(yg_at(r, 0, index) - yg_at(r, 1, index)), beta = r->call->attrs[1].f;
    return d < beta ? d * d / (2 * beta) : d - beta / 2;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    {.name = "beta",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1},
     .min = 0,
     .max = 1e30,
     .doc = "where the loss turns from quadratic to linear"},
};

static const yg_attr narrow[] = {{.i = YG_REDUCTION_SUM}, {.f = 0.5}},
                     wide[] = {{.i = YG_REDUCTION_NONE}, {.f = 2.5}},
                     sharp[] = {{.i = YG_REDUCTION_BATCHMEAN}, {.f = 0}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = narrow},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = wide},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = sharp},
    {.operands = {"f[]", "f[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]"}, .attrs = narrow},
};

const yg_op yg_op_smooth_l1 = {
    .name = "smooth_l1",
    .formula = "l = d²/(2·beta) where |d| < beta, else |d| - beta/2; d = p - t",
    .doc = "huber divided by beta: with a small beta it comes close to l1, where the slope of "
           "huber would vanish.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"prediction", "target"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
