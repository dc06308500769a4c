/*
 * Compiling and running without ifs and buts: what fails, fails the test.
 */
#ifndef YG_TESTS_COMPILED_H
#define YG_TESTS_COMPILED_H

#include "graph/program.h"

#include <criterion/criterion.h>

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
