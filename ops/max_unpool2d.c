/*
 * max_unpool2d: elements that max_pool2d took go back to where they were. See unpool.h.
 */
#include "unpool.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    return yg_unpool(graph, call, operands, results, 2);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_unpool_reference(r, index, 2);
}

static const yg_attr twos[] = {{.count = 1, .ints = {2}}, {0}, {.count = 1}, {0}};
static const yg_attr apart[] = {{.count = 1, .ints = {3}},
                                {.count = 1, .ints = {2}},
                                {.count = 1, .ints = {1}},
                                {.count = 1, .ints = {6}}};

static const yg_sample samples[] = {
    {{"f[2, 3, 2, 3]", "i[2, 3, 2, 3]"}, twos},
    {{"f[2, 3, 3]", "i[2, 3, 3]"}, apart},
    {{"f[0, 3, 2, 2]", "i[0, 3, 2, 2]"}, twos},
};

const yg_op yg_op_max_unpool2d = {
    .name = "max_unpool2d",
    .formula = "y[n, c, indices[n, c, o]] = x[n, c, o], and 0 elsewhere",
    .doc = YG_UNPOOL_DOC,
    .group = "pooling",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "indices"},
    .attrs = yg_unpool_attrs,
    .attr_count = YG_UNPOOL_ATTRS,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {0, 5}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
