/*
 * rms_norm: y = x / sqrt(mean(x²) + eps) · weight, over the last dimensions of x.
 *
 * A composite of row_normalize.
 */
#include "registry.h"
#include "row_normalize.h"

#include <float.h>

/* 0 stands for PyTorch's default, the difference of 1 and the next larger number. */
static double epsilon(const yg_infer *call) {
    const double unit = call->operands[0].dtype == YG_F32 ? FLT_EPSILON : DBL_EPSILON;
    return call->attrs[1].f > 0 ? call->attrs[1].f : unit;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    return yg_normalize_shape(graph, call, operands, results, false, epsilon(call));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_normalize_shape_reference(r, index, false, epsilon(r->call));
}

static const yg_attr_spec attrs[] = {
    {.name = "normalized_shape",
     .kind = YG_ATTR_INTS,
     .max = (double)INT64_MAX,
     .doc = "the sizes of the last dimensions, which are normalised together; none: the weight's"},
    {.name = "eps",
     .kind = YG_ATTR_FLOAT,
     .max = 1e30,
     .doc = "added to the mean of the squares; 0: the difference of 1 and the next number of the "
            "type"},
};

static const yg_sample samples[] = {
    {{"f[3, 4]", "f[4]"}, NULL},
    {{"f[2, 3, 4]", "f[3, 4]"}, (const yg_attr[]){{0}, {.f = 0.1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {4}}, {.f = 1e-5}}},
    {{"f[0, 4]", "f[4]"}, NULL},
};

const yg_op yg_op_rms_norm = {
    .name = "rms_norm",
    .formula = "y = x / sqrt(mean(x²) + eps) · weight over the last dimensions",
    .doc = "Root mean square normalisation, as PyTorch's rms_norm, over the last dimensions, whose "
           "sizes "
           "are normalized_shape. The weight may be left out.",
    .group = "normalisation",
    .min_operands = 1,
    .max_operands = 2,
    .operand_names = {"x", "weight"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
