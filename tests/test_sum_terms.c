/*
 * The rule sum_terms: which sums it takes, and that it changes no bit of them.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"

#include <string.h>

typedef yg_node (*terms)(yg_graph *g, yg_node x, yg_node z);

static yg_node squares(yg_graph *g, yg_node x, yg_node z) {
    (void)z;
    return yg_square(g, x);
}

static yg_node magnitudes(yg_graph *g, yg_node x, yg_node z) {
    (void)z;
    return yg_abs(g, x);
}

static yg_node products(yg_graph *g, yg_node x, yg_node z) {
    return yg_multiply(g, x, z);
}

static yg_node squared_distances(yg_graph *g, yg_node x, yg_node z) {
    return yg_square(g, yg_subtract(g, x, z));
}

static yg_node distances(yg_graph *g, yg_node x, yg_node z) {
    return yg_abs(g, yg_subtract(g, x, z));
}

/* One operand is computed in a group, the other is there. */
static yg_node products_of_computed(yg_graph *g, yg_node x, yg_node z) {
    return yg_multiply(g, x, yg_tanh(g, z));
}

static yg_node squares_of_computed(yg_graph *g, yg_node x, yg_node z) {
    return yg_square(g, yg_sin(g, yg_add(g, x, z)));
}

/* Both are computed in a group, which would have to store both. */
static yg_node products_of_two_computed(yg_graph *g, yg_node x, yg_node z) {
    return yg_multiply(g, yg_sin(g, x), yg_tanh(g, z));
}

/* A broadcast would have to be stored. */
static yg_node products_with_a_number(yg_graph *g, yg_node x, yg_node z) {
    return yg_multiply(g, yg_sin(g, yg_add(g, x, z)), yg_scalar(g, yg_node_type(g, x)->dtype, 0.7));
}

static const struct {
    const char *what;
    terms make;
    int taken;
} cases[] = {
    {"squares", squares, 1},
    {"magnitudes", magnitudes, 1},
    {"products", products, 1},
    {"squared distances", squared_distances, 1},
    {"distances", distances, 1},
    {"products of computed", products_of_computed, 1},
    {"squares of computed", squares_of_computed, 1},
    {"products of two computed", products_of_two_computed, 0},
    {"products with a number", products_with_a_number, 0},
};

static const struct {
    int64_t shape[3], dims[3];
    size_t dim_count;
} sums[] = {
    {{3, 50, 40}, {0}, 0},    {{3, 7, 10}, {2}, 1},     {{2, 9, 333}, {2}, 1},
    {{2, 5, 1300}, {2}, 1},   {{70, 3, 45}, {0, 1}, 2}, {{4, 70, 45}, {1}, 1},
    {{4, 70, 45}, {0, 2}, 2},
};

static void check(size_t c, size_t s, yg_dtype dtype) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(dtype, 3, sums[s].shape);
    const yg_node x = yg_input(g, "x", &type), z = yg_input(g, "z", &type);
    const yg_node y = yg_sum(g, cases[c].make(g, x, z), sums[s].dims, sums[s].dim_count, false);
    yg_program *with = compile_without(g, &y, 1, NULL, 0, NULL, 1);
    yg_program *without = compile_without(g, &y, 1, NULL, 0, "sum_terms", 1);
    yg_program *const both[] = {with, without};
    for (int i = 0; i < 2; i++) {
        fill_leaf(g, both[i], x);
        fill_leaf(g, both[i], z);
        run(both[i]);
    }
    cr_expect_eq(count_of(with, "sum_terms"), cases[c].taken, "%s, sum %zu: %d are taken",
                 cases[c].what, s, count_of(with, "sum_terms"));
    cr_expect_eq(count_of(without, "sum_terms"), 0);
    cr_expect_eq(memcmp(yg_program_data(with, y), yg_program_data(without, y),
                        (size_t)yg_type_bytes(yg_node_type(g, y))),
                 0, "%s, sum %zu: other bits", cases[c].what, s);
    yg_program_free(with);
    yg_program_free(without);
    yg_graph_free(g);
}

Test(sum_terms, the_bits_are_those_of_the_sum) {
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (size_t s = 0; s < sizeof sums / sizeof *sums; s++) {
            check(c, s, YG_F32);
            check(c, s, YG_F64);
        }
}

/* Terms that something else reads are stored anyway. */
Test(sum_terms, terms_that_are_read_stay) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F32, 1, (const int64_t[]){5000});
    const yg_node x = yg_input(g, "x", &type), square = yg_square(g, x);
    const yg_node outputs[] = {yg_sum(g, square, NULL, 0, false), square};
    yg_program *program = compile_without(g, outputs, 2, NULL, 0, NULL, 1);
    cr_expect_eq(count_of(program, "sum_terms"), 0);
    yg_program_free(program);
    yg_graph_free(g);
}

/* The terms of two sums are computed twice where they have one operand. */
Test(sum_terms, terms_of_two_sums_are_computed_twice) {
    static const int64_t first = 0, last = 1;
    for (int products = 0; products < 2; products++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type type = type_of(YG_F32, 2, (const int64_t[]){300, 170});
        const yg_node x = yg_input(g, "x", &type), z = yg_input(g, "z", &type);
        const yg_node terms = products ? yg_multiply(g, x, z) : yg_square(g, x);
        const yg_node outputs[] = {yg_sum(g, terms, &last, 1, true),
                                   yg_sum(g, terms, &first, 1, true)};
        yg_program *with = compile_without(g, outputs, 2, NULL, 0, NULL, 1);
        yg_program *without = compile_without(g, outputs, 2, NULL, 0, "sum_terms", 1);
        yg_program *const both[] = {with, without};
        for (int i = 0; i < 2; i++) {
            fill_leaf(g, both[i], x);
            fill_leaf(g, both[i], z);
            run(both[i]);
        }
        cr_expect_eq(count_of(with, "sum_terms"), products ? 0 : 2);
        for (int i = 0; i < 2; i++)
            expect_same(g, without, with, outputs[i], "terms of two sums");
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}
