/*
 * max_pool2d: the largest element of each window. A composite of max_pooling.
 */
#include "pooling.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    return yg_max_pool(graph, call, operands, results, 2);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_max_pool_reference(r, index, 2);
}

static const yg_sample samples[] = {
    {{"f[2, 3, 6, 5]"},
     (const yg_attr[]){{.count = 1, .ints = {2}},
                       {0},
                       {.count = 1, .ints = {0}},
                       {.count = 1, .ints = {1}},
                       {.i = 0},
                       {.i = 0}}},
    {{"f[2, 3, 6, 5]"},
     (const yg_attr[]){{.count = 2, .ints = {3, 2}},
                       {.count = 2, .ints = {2, 3}},
                       {.count = 2, .ints = {1, 1}},
                       {.count = 1, .ints = {1}},
                       {.i = 1},
                       {.i = 0}}},
    {{"f[3, 6, 5]"},
     (const yg_attr[]){{.count = 1, .ints = {2}},
                       {.count = 1, .ints = {1}},
                       {.count = 1, .ints = {1}},
                       {.count = 1, .ints = {2}},
                       {.i = 0},
                       {.i = 0}}},
    {{"f[0, 3, 6, 5]"},
     (const yg_attr[]){{.count = 1, .ints = {2}},
                       {0},
                       {.count = 1, .ints = {0}},
                       {.count = 1, .ints = {1}},
                       {.i = 0},
                       {.i = 1}}},
};

const yg_op yg_op_max_pool2d = {
    .name = "max_pool2d",
    .formula = "y = max x over each window",
    .doc = "The largest element of each window, as PyTorch's max_pool2d. The gradient goes to the "
           "first of equal elements.",
    .group = "pooling",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_max_pool_attrs,
    .attr_count = YG_MAX_POOL_ATTRS,
    .result_count = yg_max_pool_results,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
