/*
 * adaptive_avg_pool2d: the averages of a given number of windows. A composite of average_pooling.
 */
#include "pooling.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    return yg_avg_pool(graph, call, operands, results, 2);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_avg_pool_reference(r, index, 2);
}

static const yg_sample samples[] = {
    {{"f[2, 3, 6, 5]"}, (const yg_attr[]){{.count = 1, .ints = {2}}}},
    {{"f[3, 6, 5]"}, (const yg_attr[]){{.count = 2, .ints = {4, 3}}}},
    {{"f[2, 3, 6, 5]"}, (const yg_attr[]){{.count = 2, .ints = {7, 3}}}},
    {{"f[0, 3, 6, 5]"}, (const yg_attr[]){{.count = 1, .ints = {1}}}},
};

const yg_op yg_op_adaptive_avg_pool2d = {
    .name = "adaptive_avg_pool2d",
    .formula = "y = (Σ x) / n over each of output_size windows, of n elements",
    .doc = "The average of each of output_size windows that share x out, as PyTorch's "
           "adaptive_avg_pool2d: window i reaches from floor(i · size / output_size) to ceil((i + "
           "1) · size / output_size).",
    .group = "pooling",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_adaptive_pool_attrs,
    .attr_count = 1,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
