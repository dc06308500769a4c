/*
 * batch_mean: the mean of each channel, dimension 1 of x, over the batch and all other dimensions.
 *
 * A composite of channel_moments.
 */
#include "channels.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_node moments[2];
    if (!yg_channels_moments(graph, call, operands[0], call->attrs[0].i, moments))
        return 0;
    results[0] = moments[0];
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_channels_reference(r, index[0], false);
}

static const yg_attr_spec attrs[] = {
    {.name = "sync",
     .kind = YG_ATTR_BOOL,
     .doc = "where a batch is cut into shards, the mean is that of the whole batch"},
};

static const yg_sample samples[] = {
    {{"f[4, 3]"}, NULL},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[2, 2, 3, 2]"}, NULL},
};

const yg_op yg_op_batch_mean = {
    .name = "batch_mean",
    .formula = "y[c] = Σ x[…, c, …] / n",
    .doc = "The mean of each channel, dimension 1, for batch_norm. A channel of a single value is "
           "an error, "
           "since normalising would always give 0.",
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
