/*
 * The common parts of conv1d, conv2d, conv3d and of their transposed forms, which are composites:
 * channels to the end, a primitive of convolution.h, the bias, and channels back to the front.
 */
#ifndef YG_OPS_CONV_H
#define YG_OPS_CONV_H

#include "../graph/graph.h"

enum { YG_CONV_ATTRS = 5, YG_CONV_TRANSPOSE_ATTRS = 5 };
extern const yg_attr_spec yg_conv_attrs[YG_CONV_ATTRS];
extern const yg_attr_spec yg_conv_transpose_attrs[YG_CONV_TRANSPOSE_ATTRS];

/* yg_op.compose for `dims` spatial dimensions. */
size_t yg_conv_compose(yg_graph *graph, const yg_infer *call, const yg_node *operands, int dims,
                       yg_node *results);
size_t yg_conv_transpose_compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                 int dims, yg_node *results);

/* yg_op.reference, for any number of spatial dimensions. */
double yg_conv_reference(const yg_reference *r, const int64_t *index);
double yg_conv_transpose_reference(const yg_reference *r, const int64_t *index);

/* A list attribute of a sample that has one entry or two. */
#define YG_ONE(a)                                                                                  \
    {                                                                                              \
        .count = 1, .ints = { a }                                                                  \
    }
#define YG_TWO(a, b)                                                                               \
    {                                                                                              \
        .count = 2, .ints = { a, b }                                                               \
    }

/* The descriptor of conv1d, conv2d or conv3d. The macros leave their operators' own files with what
 * differs: the number of dimensions and the samples. */
#define YG_CONV(n, sum)                                                                             \
    static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,           \
                          yg_node *results) {                                                       \
        return yg_conv_compose(graph, call, operands, n, results);                                  \
    }                                                                                               \
    const yg_op yg_op_conv##n##d = {                                                                \
        .name = "conv" #n "d",                                                                      \
        .formula = sum,                                                                             \
        .doc = "A convolution over " #n " spatial dimension(s): x [N, C, …] or [C, …], weight " \
               "[filters, C / groups, …], bias [filters]. Outside of x is zero; padding may be "  \
               "numbers, `same` or `valid`.",                                                       \
        .group = "convolution",                                                                     \
        .min_operands = 2,                                                                          \
        .max_operands = 3,                                                                          \
        .operand_names = {"x", "weight", "bias"},                                                   \
        .attrs = yg_conv_attrs,                                                                     \
        .attr_count = YG_CONV_ATTRS,                                                                \
        .compose = compose,                                                                         \
        .reference = yg_conv_reference,                                                             \
        .samples = samples,                                                                         \
        .sample_count = sizeof samples / sizeof *samples,                                           \
    };

/* The same for a transposed form. */
#define YG_CONV_TRANSPOSE(n, sum)                                                                     \
    static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,             \
                          yg_node *results) {                                                         \
        return yg_conv_transpose_compose(graph, call, operands, n, results);                          \
    }                                                                                                 \
    const yg_op yg_op_conv_transpose##n##d = {                                                        \
        .name = "conv_transpose" #n "d",                                                              \
        .formula = sum,                                                                               \
        .doc = "The transpose of conv" #n "d as a function of its input: x [N, C, …] or [C, …], " \
               "weight [C, filters / groups, …], bias [filters]. A stride spreads x out; padding "  \
               "cuts the result off.",                                                                \
        .group = "convolution",                                                                       \
        .min_operands = 2,                                                                            \
        .max_operands = 3,                                                                            \
        .operand_names = {"x", "weight", "bias"},                                                     \
        .attrs = yg_conv_transpose_attrs,                                                             \
        .attr_count = YG_CONV_TRANSPOSE_ATTRS,                                                        \
        .compose = compose,                                                                           \
        .reference = yg_conv_transpose_reference,                                                     \
        .samples = samples,                                                                           \
        .sample_count = sizeof samples / sizeof *samples,                                             \
    };

#endif
