/*
 * lp_pool1d: the p-norm of each window. A composite of average_pooling.
 */
#include "pooling.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    return yg_lp_pool(graph, call, operands, results, 1);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_lp_pool_reference(r, index, 1);
}

static const yg_sample samples[] = {
    {{"f[2, 3, 7]"}, (const yg_attr[]){{.f = 2}, {.count = 1, .ints = {2}}, {0}, {.i = 0}}},
    {{"f[2, 3, 7]"},
     (const yg_attr[]){{.f = 3}, {.count = 1, .ints = {2}}, {.count = 1, .ints = {1}}, {.i = 1}}},
    {{"f[3, 7]"},
     (const yg_attr[]){{.f = 1.5}, {.count = 1, .ints = {2}}, {.count = 1, .ints = {1}}, {.i = 0}}},
    {{"f[0, 3, 7]"}, (const yg_attr[]){{.f = 2}, {.count = 1, .ints = {2}}, {0}, {.i = 0}}},
};

const yg_op yg_op_lp_pool1d = {
    .name = "lp_pool1d",
    .formula = "y = (Σ x^p)^(1/p) over each window",
    .doc = "The p-th root of the sum of p-th powers of each window, as PyTorch's lp_pool1d. A "
           "window that reaches past the end counts as a full one of the same average.",
    .group = "pooling",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_lp_pool_attrs,
    .attr_count = YG_LP_POOL_ATTRS,
    .compose = compose,
    .reference = reference,
    .domain = {{0.2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
