/*
 * The rule finish_convolution: a normalisation with given statistics, and relu, become a part of
 * the convolution that they alone read.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"

#include <math.h>

static const struct {
    const char *what;
    bool bias, norm, relu, read; /* read: something else reads the convolution */
    int64_t groups;
    int rectified, affine; /* nodes afterwards */
} cases[] = {
    {"relu", false, false, true, false, 1, 1, 0},
    {"a norm", true, true, false, false, 1, 0, 0},
    {"a norm without a bias before it, and relu", false, true, true, false, 1, 1, 0},
    {"both, in groups", true, true, true, false, 2, 1, 0},
    {"both, depthwise", true, true, true, false, 4, 1, 0},
    {"a convolution that is read twice", true, true, true, true, 1, 0, 1},
};

static yg_node input_of(yg_graph *g, int rank, const int64_t *shape) {
    const yg_type type = type_of(YG_F64, rank, shape);
    return yg_input(g, "x", &type);
}

static yg_node build_case(yg_graph *g, size_t c) {
    enum { CHANNELS = 4 };
    static const int64_t channels[] = {CHANNELS};
    const yg_op *conv2d = yg_op_find(yg_ops(), "conv2d");
    yg_attr attrs[16];
    yg_op_defaults(conv2d, attrs);
    attrs[yg_op_attr(conv2d, "padding")].ints[0] = 1;
    attrs[yg_op_attr(conv2d, "groups")].i = cases[c].groups;
    const yg_node operands[] = {
        input_of(g, 4, (const int64_t[]){2, CHANNELS, 7, 6}),
        input_of(g, 4, (const int64_t[]){CHANNELS, CHANNELS / cases[c].groups, 3, 3}),
        cases[c].bias ? input_of(g, 1, channels) : YG_NONE};
    const yg_node conv = yg_apply(g, conv2d, operands, cases[c].bias ? 3 : 2, attrs);
    yg_node y = conv;
    if (cases[c].norm) {
        const yg_node var = yg_offset(g, yg_square(g, input_of(g, 1, channels)), 0.5);
        const yg_node with[] = {y, input_of(g, 1, channels), var, input_of(g, 1, channels),
                                input_of(g, 1, channels)};
        yg_attr eps = {.f = 1e-5};
        y = yg_apply(g, &yg_op_batch_norm, with, 5, &eps);
    }
    y = cases[c].relu ? yg_relu(g, y) : y;
    return cases[c].read ? yg_multiply(g, y, conv) : y;
}

Test(finish_convolution, what_follows_becomes_a_part_of_it) {
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_node y = build_case(g, c);
        cr_assert_neq(y, YG_NONE, "%s", cases[c].what);
        yg_program *with = compile_without(g, &y, 1, NULL, 0, NULL, 1);
        yg_program *without = compile_without(g, &y, 1, NULL, 0, "finish_convolution", 1);
        for (yg_node node = 0; node < yg_graph_size(g); node++) {
            if (!yg_node_is_input(g, node))
                continue;
            fill_leaf(g, with, node);
            fill_leaf(g, without, node);
        }
        run(with);
        run(without);
        cr_expect_eq(count_of(with, "convolution_relu"), cases[c].rectified, "%s", cases[c].what);
        cr_expect_eq(count_of(with, "channel_affine"), cases[c].affine, "%s", cases[c].what);
        cr_expect_eq(count_of(without, "convolution_relu"), 0, "%s", cases[c].what);
        const double *a = yg_program_data(with, y), *b = yg_program_data(without, y);
        for (int64_t i = 0; i < yg_type_count(yg_node_type(g, y)); i++)
            cr_assert(fabs(a[i] - b[i]) <= 1e-12 * (1 + fabs(b[i])), "%s [%d]: %.17g, %.17g",
                      cases[c].what, (int)i, a[i], b[i]);
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}
