/*
 * batch_var: the variance of each channel, dimension 1 of x, over the batch and all other
 * dimensions.
 *
 * A composite of channel_moments.
 */
#include "channels.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_node moments[2];
    const bool unbiased = call->attrs[0].i, sync = call->attrs[1].i;
    if (!yg_channels_moments(graph, call, operands[0], sync, moments))
        return 0;
    results[0] = unbiased ? yg_channels_unbiased(graph, call, sync, moments[1]) : moments[1];
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double n = (double)yg_channels_count(&r->call->operands[0]);
    return yg_channels_reference(r, index[0], true) * (r->call->attrs[0].i ? n / (n - 1) : 1);
}

static const yg_attr_spec attrs[] = {
    {.name = "unbiased",
     .kind = YG_ATTR_BOOL,
     .doc = "divides by n - 1, as for a running variance"},
    {.name = "sync",
     .kind = YG_ATTR_BOOL,
     .doc = "where a batch is cut into shards, the variance is that of the whole batch"},
};

static const yg_sample samples[] = {
    {{"f[4, 3]"}, NULL},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.i = 1}, {.i = 1}}},
    {{"f[2, 2, 3, 2]"}, NULL},
};

const yg_op yg_op_batch_var = {
    .name = "batch_var",
    .formula = "y[c] = Σ (x[…, c, …] - mean[c])² / n",
    .doc = "The variance of each channel, dimension 1, for batch_norm. A channel of a single value "
           "is an "
           "error, since normalising would always give 0.",
    .group = "normalisation",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
