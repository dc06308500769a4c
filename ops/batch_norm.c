/*
 * batch_norm: y = (x - mean[c]) / sqrt(var[c] + eps) · weight[c] + bias[c], where dimension 1 of x
 * is that of the channels.
 *
 * mean and var are operands: those of the batch (batch_mean, batch_var) while training, and the
 * running ones otherwise. A composite of channel_affine.
 */
#include "build.h"
#include "channels.h"
#include "registry.h"
#include "row_normalize.h"

#include <math.h>

enum { X, MEAN, VAR, WEIGHT, BIAS }; /* operands */

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_check_normalizable(graph, call, 2))
        return 0;
    const yg_type *x = &call->operands[X];
    for (size_t k = MEAN; k < call->operand_count; k++)
        if (!yg_check_affine(graph, call, k, 1, &x->shape[1]))
            return 0;
    const yg_type channels = {.dtype = x->dtype, .rank = 1, .shape = {x->shape[1]}};
    yg_node scale = yg_rsqrt(graph, yg_offset(graph, operands[VAR], call->attrs[0].f));
    if (call->operand_count > WEIGHT)
        scale = yg_multiply(graph, scale, operands[WEIGHT]);
    const yg_node shift =
        call->operand_count > BIAS ? operands[BIAS] : yg_full(graph, &channels, 0);
    const yg_node all[] = {operands[X], operands[MEAN], scale, shift};
    const yg_attr attr = yg_channels_attr(x);
    results[0] = yg_apply(graph, &yg_op_channel_affine, all, 4, &attr);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t *channel = &index[1];
    double y = (yg_at(r, X, index) - yg_at(r, MEAN, channel)) /
               sqrt(yg_at(r, VAR, channel) + r->call->attrs[0].f);
    if (r->call->operand_count > WEIGHT)
        y *= yg_at(r, WEIGHT, channel);
    if (r->call->operand_count > BIAS)
        y += yg_at(r, BIAS, channel);
    return y;
}

static const yg_attr_spec attrs[] = {
    {.name = "eps",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1e-5},
     .max = 1e30,
     .doc = "added to the variance"},
};

static const yg_sample samples[] = {
    {{"f[4, 3]", "f[3]", "f[3]", "f[3]", "f[3]"}, NULL},
    {{"f[2, 3, 4]", "f[3]", "f[3]", "f[3]"}, (const yg_attr[]){{.f = 0.1}}},
    {{"f[2, 2, 3, 2]", "f[2]", "f[2]"}, NULL},
    {{"f[0, 2, 3]", "f[2]", "f[2]"}, NULL},
};

const yg_op yg_op_batch_norm = {
    .name = "batch_norm",
    .formula = "y = (x - mean[c]) / sqrt(var[c] + eps) · weight[c] + bias[c]",
    .doc = "Batch normalisation with given statistics, as PyTorch's batch_norm in evaluation; with "
           "batch_mean(x) and batch_var(x) as statistics it is that of training. The channels are "
           "dimension 1. weight and bias may be left out.",
    .group = "normalisation",
    .min_operands = 3,
    .max_operands = 5,
    .operand_names = {"x", "mean", "var", "weight"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {-2, 2}, {0.2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
