/*
 * Groups over tensors that are larger than the near cache: they have shorter tiles, fetch ahead,
 * and load broadcasts a tile at a time. Each must have the bits of the same program without any
 * plan.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <stdio.h>

/* y of x, z, a row and a column; rows and columns are no multiples of a tile. */
typedef enum form {
    SUM,         /* x + z: one step, which fetches nothing */
    UPDATE,      /* x - s · z / (√x² + 1): several streams */
    ROW,         /* x · row + z */
    SHORT_ROW,   /* the same: the row has 64 elements, and fills any tile */
    COLUMN,      /* (x - column) · row */
    BIAS,        /* x · row + z, rows of 10 elements: the tiles are a multiple of them */
    LONG_ROW,    /* the same: a tile of the row is read where it is */
    LONG_COLUMN, /* (x - column) · row: several tiles need the same element of the column */
    MIDDLE,      /* x · row + z, with another row for each of 33 blocks of 128 rows */
    CHAIN,       /* twelve steps: tiles are long */
    FORMS
} form;

static yg_node draw_input(yg_graph *g, yg_dtype dtype, int64_t rows, int64_t columns) {
    const yg_type type = type_of(dtype, 2, (const int64_t[]){rows, columns});
    return yg_input(g, "x", &type);
}

static yg_node build_form(yg_graph *g, form form, yg_dtype dtype) {
    static const int64_t shapes[FORMS][2] = {
        [SHORT_ROW] = {4001, 64},
        [BIAS] = {26001, 10},
        [LONG_ROW] = {65, 4096},
        [LONG_COLUMN] = {33, 8192},
    };
    const int64_t rows = shapes[form][0] ? shapes[form][0] : 263;
    const int64_t columns = shapes[form][1] ? shapes[form][1] : 1001;
    yg_node x = draw_input(g, dtype, rows, columns);
    const yg_node z = draw_input(g, dtype, rows, columns), row = draw_input(g, dtype, 1, columns);
    switch (form) {
    case SUM:
        return yg_add(g, x, z);
    case UPDATE: {
        const yg_node root = yg_offset(g, yg_sqrt(g, yg_square(g, x)), 1);
        return yg_subtract(g, x, yg_multiply(g, draw_input(g, dtype, 1, 1), yg_divide(g, z, root)));
    }
    case ROW:
    case SHORT_ROW:
    case BIAS:
    case LONG_ROW:
        return yg_add(g, yg_multiply(g, x, row), z);
    case COLUMN:
    case LONG_COLUMN:
        return yg_multiply(g, yg_subtract(g, x, draw_input(g, dtype, rows, 1)), row);
    case MIDDLE: {
        const yg_type whole = type_of(dtype, 3, (const int64_t[]){33, 128, 64});
        const yg_type rows_only = type_of(dtype, 3, (const int64_t[]){33, 1, 64});
        const yg_node a = yg_input(g, "a", &whole), b = yg_input(g, "b", &rows_only);
        return yg_add(g, yg_multiply(g, a, b), yg_input(g, "c", &whole));
    }
    default:
        for (int i = 0; i < 12; i++)
            x = i % 2 ? yg_abs(g, x) : yg_offset(g, x, -0.25);
        return x;
    }
}

static yg_program *compile_filled(const yg_graph *g, yg_node y, unsigned flags, int threads) {
    yg_program *program = compile(g, &y, 1, NULL, 0, flags, threads);
    for (yg_node node = 0; node < yg_graph_size(g); node++)
        if (yg_node_is_input(g, node))
            fill_leaf(g, program, node);
    run(program);
    return program;
}

Test(tiles, a_large_group_has_the_bits_of_single_operators) {
    for (int i = 0; i < 2 * FORMS; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_node y = build_form(g, (form)(i / 2), i % 2 ? YG_F64 : YG_F32);
        yg_program *plain = compile_filled(g, y, YG_PROGRAM_NO_PLAN, 1);
        yg_program *alone = compile_filled(g, y, 0, 1), *shared = compile_filled(g, y, 0, 3);
        char what[40];
        snprintf(what, sizeof what, "form %d of %s", i / 2, i % 2 ? "f64" : "f32");
        expect_same(g, plain, alone, y, what);
        expect_same(g, plain, shared, y, what);
        yg_program_free(plain);
        yg_program_free(alone);
        yg_program_free(shared);
        yg_graph_free(g);
    }
}
