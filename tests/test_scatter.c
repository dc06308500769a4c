/*
 * Products of scatter_reduce beside an infinity: what goes to one place does not reach another.
 */
#include "graph/program.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"

#include <criterion/criterion.h>
#include <math.h>

static yg_type vector(yg_dtype dtype, int64_t length) {
    const yg_type type = {.dtype = dtype, .rank = 1, .shape = {length}};
    return type;
}

/* The products ∞ · 2 and 0 · 0 · 5 · 3, with their gradients by all factors: those of the other
 * place are as if there were no infinity, and those of zeros are the products of the others. */
Test(scatter, an_infinite_product_stays_in_its_place) {
    static const double factors[] = {INFINITY, 5, 2, 3, 0}, x_values[] = {1, 0};
    static const int32_t places[] = {0, 1, 0, 1, 1};
    static const double slopes[] = {2, 0, INFINITY, 0, 0};
    const yg_type five = vector(YG_F64, 5), two = vector(YG_F64, 2), whole = vector(YG_I32, 5);
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_node operands[] = {yg_input(graph, "x", &two), yg_constant(graph, &whole, places),
                                yg_input(graph, "src", &five)};
    yg_attr attrs[3];
    yg_op_defaults(&yg_op_scatter_reduce, attrs);
    attrs[1].i = 1; /* prod */
    const yg_node y = yg_apply(graph, &yg_op_scatter_reduce, operands, 3, attrs);
    const yg_node by[] = {operands[0], operands[2]};
    yg_node outputs[] = {y, YG_NONE, YG_NONE};
    cr_assert(yg_grad(graph, yg_sum(graph, y, NULL, 0, false), YG_NONE, by, 2, &outputs[1]));
    yg_error error = {0};
    yg_program *program = yg_compile(graph, outputs, 3, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    for (size_t i = 0; i < 5; i++)
        ((double *)yg_program_data(program, operands[2]))[i] = factors[i];
    for (size_t i = 0; i < 2; i++)
        ((double *)yg_program_data(program, operands[0]))[i] = x_values[i];
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    const double *found = yg_program_data(program, y);
    cr_expect(isinf(found[0]) && found[1] == 0);
    const double *dx = yg_program_data(program, outputs[1]);
    cr_expect(isinf(dx[0]) && dx[1] == 0, "%g %g", dx[0], dx[1]);
    const double *dsrc = yg_program_data(program, outputs[2]);
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(dsrc[i], slopes[i], "factor %zu: %g, not %g", i, dsrc[i], slopes[i]);
    yg_program_free(program);
    yg_graph_free(graph);
}
