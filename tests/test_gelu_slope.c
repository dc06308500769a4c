/*
 * The rule gelu_slope: gelu and its gradient become one pass and a product, where the gradient is
 * the last reader of gelu's operand, in float32; and nowhere else.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/gelu_with_slope.h"
#include "ops/ops.h"
#include "ops/registry.h"

#include <math.h>

static const struct {
    const char *what;
    int64_t form;     /* of gelu: 0 exact, 1 tanh */
    bool value;       /* the value is needed too */
    bool read_behind; /* the operand is needed after the gradient */
    bool twice;       /* a second gradient with another cotangent */
    int pairs;        /* gelu_with_slope afterwards */
} cases[] = {
    {"value and gradient", 0, true, false, false, 1},
    {"two gradients", 0, true, false, true, 1},
    {"the gradient alone", 0, false, false, false, 0},
    {"the cheap form", 1, true, false, false, 0},
    {"an operand that waits anyway", 0, true, true, false, 0},
};

static double element_of(const yg_graph *g, yg_program *program, yg_node node, int64_t i) {
    return yg_element_get(yg_node_type(g, node)->dtype, yg_program_data(program, node), i);
}

static size_t build_case(yg_graph *g, size_t c, yg_dtype dtype, yg_node *outputs) {
    const yg_type type = type_of(dtype, 2, (const int64_t[]){9, 131});
    const yg_node input = yg_input(g, "x", &type), dy = yg_input(g, "dy", &type);
    const yg_node x = yg_scale(g, input, 3);
    const yg_attr form = {.i = cases[c].form};
    const yg_node y = yg_apply(g, &yg_op_gelu, &x, 1, &form);
    size_t count = 0;
    for (int i = 0; i < (cases[c].twice ? 2 : 1); i++) {
        const yg_node cotangent = i ? yg_square(g, dy) : dy;
        cr_assert(yg_grad(g, y, cotangent, &input, 1, &outputs[count++]));
    }
    if (cases[c].value)
        outputs[count++] = y;
    if (cases[c].read_behind)
        outputs[count++] = yg_exp(g, x);
    return count;
}

Test(gelu_slope, value_and_gradient_are_computed_in_one_pass) {
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const size_t c = i / 2;
        const yg_dtype dtype = i % 2 ? YG_F64 : YG_F32;
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        yg_node outputs[4];
        const size_t count = build_case(g, c, dtype, outputs);
        yg_program *with = compile_without(g, outputs, count, NULL, 0, NULL, 1);
        yg_program *without = compile_without(g, outputs, count, NULL, 0, "gelu_slope", 1);
        for (yg_node node = 0; node < yg_graph_size(g); node++) {
            if (!yg_node_is_input(g, node))
                continue;
            fill_leaf(g, with, node);
            fill_leaf(g, without, node);
        }
        run(with);
        run(without);
        const int pairs = dtype == YG_F32 ? cases[c].pairs : 0;
        cr_expect_eq(count_of(with, "gelu_with_slope"), pairs, "%s: %d in one pass", cases[c].what,
                     count_of(with, "gelu_with_slope"));
        cr_expect_eq(count_of(without, "gelu_with_slope"), 0, "%s", cases[c].what);
        for (size_t k = 0; k < count; k++)
            for (int64_t e = 0; e < yg_type_count(yg_node_type(g, outputs[k])); e++) {
                const double a = element_of(g, with, outputs[k], e);
                const double b = element_of(g, without, outputs[k], e);
                /* The same bits: a program that computes values again does without the rule. */
                cr_assert_eq(a, b, "%s: output %zu [%d]: %.17g, %.17g", cases[c].what, k, (int)e, a,
                             b);
            }
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}

/* Where x is far from 0, infinite or not a number: as gelu and gelu_gradient alone. */
Test(gelu_slope, ends_as_gelu_does) {
    static const float at[] = {-INFINITY, -1e30F, -20, -13.2F, -0.0F, 0, 13.2F, 1e30F, INFINITY};
    enum { COUNT = sizeof at / sizeof *at };
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F32, 1, (const int64_t[]){COUNT});
    const yg_node x = yg_input(g, "x", &type), one = yg_full(g, &type, 1);
    yg_node outputs[4];
    cr_assert_eq(yg_apply_all(g, &yg_op_gelu_with_slope, &x, 1, NULL, outputs, 2), 2);
    outputs[2] = yg_apply(g, &yg_op_gelu, &x, 1, NULL);
    outputs[3] = yg_apply(g, &yg_op_gelu_gradient, (const yg_node[]){one, x}, 2, NULL);
    yg_program *program = compile_without(g, outputs, 4, NULL, 0, "gelu_slope", 1);
    memcpy(yg_program_data(program, x), at, sizeof at);
    run(program);
    for (size_t k = 0; k < 2; k++)
        for (int64_t i = 0; i < COUNT; i++) {
            const double a = element_of(g, program, outputs[k], i);
            const double b = element_of(g, program, outputs[k + 2], i);
            cr_expect(a == b || fabs(a - b) <= 1e-7 * fabs(b), "result %zu at %g: %g, not %g", k,
                      at[i], a, b);
        }
    yg_program_free(program);
    yg_graph_free(g);
}
