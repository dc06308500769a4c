/*
 * avg_pool1d: the average of each window. A composite of average_pooling.
 */
#include "pooling.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    return yg_avg_pool(graph, call, operands, results, 1);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_avg_pool_reference(r, index, 1);
}

static const yg_sample samples[] = {
    {{"f[2, 3, 7]"},
     (const yg_attr[]){
         {.count = 1, .ints = {2}}, {0}, {.count = 1, .ints = {0}}, {.i = 0}, {.i = 1}}},
    {{"f[2, 3, 7]"},
     (const yg_attr[]){{.count = 1, .ints = {2}},
                       {.count = 1, .ints = {1}},
                       {.count = 1, .ints = {1}},
                       {.i = 1},
                       {.i = 1}}},
    {{"f[2, 3, 7]"},
     (const yg_attr[]){{.count = 1, .ints = {2}},
                       {.count = 1, .ints = {1}},
                       {.count = 1, .ints = {1}},
                       {.i = 1},
                       {.i = 0}}},
    {{"f[3, 7]"},
     (const yg_attr[]){{.count = 1, .ints = {2}},
                       {.count = 1, .ints = {1}},
                       {.count = 1, .ints = {1}},
                       {.i = 0},
                       {.i = 0}}},
    {{"f[0, 3, 7]"},
     (const yg_attr[]){
         {.count = 1, .ints = {2}}, {0}, {.count = 1, .ints = {0}}, {.i = 0}, {.i = 1}}},
};

const yg_op yg_op_avg_pool1d = {
    .name = "avg_pool1d",
    .formula = "y = (Σ x) / n over each window, of n elements",
    .doc = "The average of each window, as PyTorch's avg_pool1d.",
    .group = "pooling",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_avg_pool_attrs,
    .attr_count = YG_AVG_POOL_ATTRS - 1,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
