/*
 * Compiling and running in tests: a failure fails the test.
 */
#ifndef YG_TESTS_COMPILED_H
#define YG_TESTS_COMPILED_H

#include "graph/profile.h"
#include "graph/program.h"
#include "graph/random.h"

#include <criterion/criterion.h>
#include <string.h>

static inline yg_type type_of(yg_dtype dtype, int rank, const int64_t *shape) {
    yg_type type;
    cr_assert(yg_type_make(dtype, rank, shape, &type, NULL));
    return type;
}

static inline yg_program *compile(const yg_graph *g, const yg_node *outputs, size_t output_count,
                                  const yg_update *updates, size_t update_count, unsigned flags,
                                  int threads) {
    yg_error error = {0};
    const yg_compile_options options = {.flags = flags, .threads = threads};
    yg_program *program =
        yg_compile(g, outputs, output_count, updates, update_count, &options, &error);
    cr_assert(program, "%s", error.message);
    return program;
}

/* Compiles without one pass; `pass` NULL: with all. */
static inline yg_program *compile_without(const yg_graph *g, const yg_node *outputs,
                                          size_t output_count, const yg_update *updates,
                                          size_t update_count, const char *pass, int threads) {
    yg_error error = {0};
    const yg_compile_options options = {
        .threads = threads, .without = &pass, .without_count = pass != NULL};
    yg_program *program =
        yg_compile(g, outputs, output_count, updates, update_count, &options, &error);
    cr_assert(program, "%s", error.message);
    return program;
}

/* Fills an input or a parameter with random numbers, different for each node. Does nothing if the
 * program does not have it. */
static inline void fill_leaf(const yg_graph *g, yg_program *program, yg_node leaf) {
    const yg_type *type = yg_node_type(g, leaf);
    void *values = yg_program_data(program, leaf);
    for (int64_t i = 0; values && i < yg_type_count(type); i++)
        yg_element_set(type->dtype, values, i, yg_random_normal(3, leaf, (uint64_t)i));
}

static inline void expect_same(const yg_graph *g, yg_program *a, yg_program *b, yg_node node,
                               const char *what) {
    const void *values = yg_program_data(a, node), *others = yg_program_data(b, node);
    cr_assert(values && others);
    cr_expect_eq(memcmp(values, others, (size_t)yg_type_bytes(yg_node_type(g, node))), 0,
                 "%s: node %u differs", what, node);
}

/* How many nodes of the program are computed by the operator. */
static inline int count_of(const yg_program *program, const char *op) {
    int count = 0;
    const size_t instructions = yg_program_get_stats(program).instructions;
    for (size_t i = 0; i < instructions; i++) {
        const size_t nodes = yg_program_instruction(program, i).node_count;
        for (size_t k = 0; k < nodes; k++)
            count += strcmp(yg_program_instruction_op(program, i, k)->name, op) == 0;
    }
    return count;
}

static inline void run(yg_program *program) {
    yg_error error = {0};
    cr_assert(yg_program_run(program, 1, 0, &error), "%s", error.message);
}

static inline double *data(yg_program *program, yg_node node) {
    double *values = yg_program_data(program, node);
    cr_assert(values);
    return values;
}

#endif
