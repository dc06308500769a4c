/*
 * When a result may not be written over an operand: somebody still reads it, in another order than
 * it is written.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 40 };

typedef struct example {
    yg_graph *g;
    yg_node h, b; /* h is made by a kernel and lies in the arena; b is an input */
    yg_node outputs[2];
    size_t count;
} example;

static yg_node rows(yg_graph *g, yg_node x, int64_t begin, int64_t end) {
    return yg_slice(g, x, (int64_t[]){begin, 0}, (int64_t[]){end, SIDE}, (int64_t[]){1, 1});
}

static yg_node apply(yg_graph *g, const char *op, yg_node a, yg_node b, yg_node c) {
    const yg_node operands[] = {a, b, c};
    return yg_apply(g, yg_op_find(yg_ops(), op), operands, c == YG_NONE ? 2 : 3, NULL);
}

static yg_node add_rows(yg_graph *g, yg_node x, yg_node part, int64_t start) {
    const yg_attr attrs[] = {{.count = 2, .ints = {start, 0}}, {.count = 2, .ints = {1, 1}}};
    const yg_node operands[] = {x, part};
    return yg_apply(g, yg_op_find(yg_ops(), "add_to_slice"), operands, 2, attrs);
}

/* A group reads the first row again for every row. In place it would have overwritten that row. */
static void a_row_for_all(example *e) {
    const yg_type *type = yg_node_type(e->g, e->h);
    e->outputs[0] =
        yg_exp(e->g, yg_subtract(e->g, e->h, yg_broadcast(e->g, rows(e->g, e->h, 0, 1), type)));
}

/* All rows read one row in the middle. In place, rows before it would be right and rows after it
 * wrong. */
static void a_middle_row_for_all(example *e) {
    const yg_type *type = yg_node_type(e->g, e->h);
    e->outputs[0] =
        yg_multiply(e->g, yg_broadcast(e->g, rows(e->g, e->h, 7, 8), type), yg_square(e->g, e->h));
}

/* In place, the kernel would add rows that it has just written. */
static void rows_to_the_next(example *e) {
    e->outputs[0] = add_rows(e->g, e->h, rows(e->g, e->h, 0, SIDE - 1), 1);
}

/* The same, for a part of h that does not begin where h does. */
static void later_rows_to_the_next(example *e) {
    e->outputs[0] = add_rows(e->g, e->h, rows(e->g, e->h, 1, SIDE - 1), 2);
}

/* In place, the kernel would read rows of h for the product while it writes over them. */
static void a_product_with_itself(example *e) {
    e->outputs[0] = apply(e->g, "addmm", e->h, e->h, e->b);
}

static void a_product_with_a_part(example *e) {
    const yg_node part = rows(e->g, e->h, 0, SIDE);
    const yg_type flat = type_of(YG_F64, 2, (int64_t[]){SIDE, SIDE});
    e->outputs[0] = apply(e->g, "addmm", e->h, yg_reshape(e->g, part, &flat), e->b);
}

/* h is read again afterwards, or is an output. */
static void read_later(example *e) {
    const yg_node sum = add_rows(e->g, e->h, rows(e->g, e->b, 0, 3), 5);
    e->outputs[0] = yg_matmul(e->g, yg_sin(e->g, sum), e->h, false, false);
}

static void an_output(example *e) {
    e->outputs[0] = add_rows(e->g, e->h, rows(e->g, e->b, 0, 3), 5);
    e->outputs[1] = e->h;
    e->count = 2;
}

static void a_smaller_result(example *e) {
    e->outputs[0] = yg_exp(e->g, rows(e->g, e->h, 3, 9));
    e->outputs[1] = yg_sum(e->g, yg_square(e->g, e->h), NULL, 0, false);
    e->count = 2;
}

/* One row loop makes h and reads it twice. The second reader needs the rows that the first one
 * read.
 */
static void read_again_in_the_row_loop(example *e) {
    e->outputs[0] = yg_exp(e->g, e->h);
    e->outputs[1] = yg_softmax(e->g, e->h, 1);
    e->count = 2;
}

/* The operand of a view must be in memory. Here one group computes both and reads the view. The
 * result cannot take over bytes that its own group has not been given yet. */
static void a_view_of_its_own(example *e) {
    const yg_node root = yg_exp(e->g, e->h);
    e->outputs[0] = yg_sin(e->g, yg_reshape(e->g, root, yg_node_type(e->g, root)));
}

/* The first half of it has as many bytes in a type of twice the size. But element i of the result
 * lies over elements 2i and 2i + 1. */
static void half_of_it_in_a_wider_type(example *e) {
    const yg_node narrow = yg_softmax(e->g, yg_cast(e->g, e->h, YG_F32), 1);
    e->outputs[0] = yg_cast(e->g, rows(e->g, narrow, 0, SIDE / 2), YG_F64);
}

/* An output is a part of h. */
static void a_view_of_it_is_an_output(example *e) {
    const yg_type flat = type_of(YG_F64, 1, (int64_t[]){SIDE * SIDE});
    e->outputs[0] = yg_reshape(e->g, e->h, &flat);
    e->outputs[1] = yg_exp(e->g, e->h);
    e->count = 2;
}

static const struct {
    const char *what;
    void (*build)(example *e);
} cases[] = {
    {"a row for all", a_row_for_all},
    {"a middle row for all", a_middle_row_for_all},
    {"rows to the next", rows_to_the_next},
    {"later rows to the next", later_rows_to_the_next},
    {"a product with itself", a_product_with_itself},
    {"a product with a part", a_product_with_a_part},
    {"read later", read_later},
    {"an output", an_output},
    {"a smaller result", a_smaller_result},
    {"read again in the row loop", read_again_in_the_row_loop},
    {"a view of its own", a_view_of_its_own},
    {"half of it in a wider type", half_of_it_in_a_wider_type},
    {"a view of it is an output", a_view_of_it_is_an_output},
};

/* Each way must give the results of the last one. One way is without chunks of rows: with chunks,
 * every value of a row loop has its own place, which hides that something is overwritten too early.
 */
static const struct {
    unsigned flags;
    const char *without;
} ways[] = {
    {0, NULL},
    {YG_PROGRAM_SMALL_PIECES, NULL},
    {YG_PROGRAM_SMALL_PIECES, "chunk_buffers"},
    {YG_PROGRAM_NO_PLAN, NULL},
};

enum { WAYS = sizeof ways / sizeof *ways, PLAIN = WAYS - 1 };

static yg_program *compile_in_way(const example *e, int way) {
    yg_error error = {0};
    const yg_compile_options options = {.flags = ways[way].flags,
                                        .threads = 1,
                                        .without = &ways[way].without,
                                        .without_count = ways[way].without != NULL};
    yg_program *program = yg_compile(e->g, e->outputs, e->count, NULL, 0, &options, &error);
    cr_assert(program, "%s", error.message);
    return program;
}

Test(in_place, not_while_it_is_read) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        example e = {.g = yg_graph_new(yg_ops(), YG_GRAPH_F64 | YG_GRAPH_NO_SIMPLIFY), .count = 1};
        const yg_type type = type_of(YG_F64, 2, (int64_t[]){SIDE, SIDE});
        const yg_node x = yg_input(e.g, "x", &type);
        e.b = yg_input(e.g, "b", &type);
        e.h = yg_softmax(e.g, x, 1);
        cases[i].build(&e);
        cr_assert_null(yg_graph_error(e.g), "%s: %s", cases[i].what, yg_graph_error(e.g)->message);
        yg_program *programs[WAYS];
        for (int f = 0; f < WAYS; f++) {
            programs[f] = compile_in_way(&e, f);
            fill_leaf(e.g, programs[f], x);
            if (yg_program_data(programs[f], e.b))
                fill_leaf(e.g, programs[f], e.b);
            run(programs[f]);
        }
        for (int f = 0; f < PLAIN; f++)
            for (size_t o = 0; o < e.count; o++)
                expect_same(e.g, programs[f], programs[PLAIN], e.outputs[o], cases[i].what);
        for (int f = 0; f < WAYS; f++)
            yg_program_free(programs[f]);
        yg_graph_free(e.g);
    }
}
