/*
 * The pass `chunk_buffers`: of a result that is read only within its row loop, one chunk of rows is
 * kept for each thread. Any other result is kept whole. No bit changes.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "plan_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES 8

/* A prime number of rows, which no chunk divides, and columns for a product that runs in bands. */
enum { ROWS = 401, DEPTH = 4 };

typedef struct subject {
    yg_graph *g;
    yg_dtype dtype;
    int64_t columns;
    yg_node x, y, a, b, p, m; /* x, y and the parameters p, m: [rows, columns]; aᵀ · b is, too */
    yg_node outputs[NODES];
    yg_update updates[NODES];
    size_t output_count, update_count;
} subject;

static const int64_t FIRST[] = {0}, LAST[] = {1};

static void output(subject *s, yg_node node) {
    cr_assert_neq(node, YG_NONE);
    s->outputs[s->output_count++] = node;
}

static void update(subject *s, yg_node parameter, yg_node value) {
    cr_assert_neq(value, YG_NONE);
    s->updates[s->update_count++] = (yg_update){parameter, value};
}

static yg_node product(subject *s) {
    return yg_matmul(s->g, s->a, s->b, true, false);
}

static yg_node row_sums(subject *s, yg_node node) {
    return yg_sum(s->g, node, LAST, 1, false);
}

static yg_node reshaped(subject *s, yg_node node, int rank, const int64_t *shape) {
    const yg_type type = type_of(s->dtype, rank, shape);
    return yg_reshape(s->g, node, &type);
}

static yg_node first_rows(subject *s, yg_node node, int64_t begin) {
    const int64_t start[] = {begin, 0}, step[] = {1, 1}, stop[] = {begin + 64, s->columns};
    return yg_slice(s->g, node, start, stop, step);
}

/* ------------------------------------------------------------------------------------ graphs -- */

/* A gradient that is a product, and two updates that use it. */
static void gradient(subject *s) {
    const yg_node m = yg_add(s->g, yg_scale(s->g, s->m, 0.9), product(s));
    update(s, s->m, m);
    update(s, s->p, yg_subtract(s->g, s->p, yg_scale(s->g, m, 0.1)));
}

/* Two products in one row loop, with scratch of their own; the second is added to the first. */
static void sum_of_products(subject *s) {
    const yg_op *addmm = yg_op_find(yg_ops(), "addmm");
    const yg_attr transpose_a[] = {{.i = 1}, {.i = 0}};
    const yg_node other = yg_sin(s->g, s->a), operands[] = {product(s), other, s->b};
    const yg_node sum = yg_apply(s->g, addmm, operands, 3, transpose_a);
    output(s, row_sums(s, yg_tanh(s->g, sum)));
}

static void chain(subject *s) {
    const yg_node h = yg_softmax(s->g, yg_multiply(s->g, s->x, s->y), -1);
    const yg_node k = yg_softmax(s->g, yg_sin(s->g, h), -1);
    output(s, row_sums(s, yg_multiply(s->g, k, h)));
}

/* The row loop ends with a sum over all rows, which is computed in parts. */
static void column_sums(subject *s) {
    output(s, yg_sum(s->g, yg_softmax(s->g, s->x, -1), FIRST, 1, false));
}

static void an_output(subject *s) {
    const yg_node h = yg_softmax(s->g, s->x, -1);
    output(s, row_sums(s, h));
    output(s, h);
}

static void the_view_of_an_output(subject *s) {
    const yg_node h = yg_softmax(s->g, s->x, -1);
    output(s, row_sums(s, h));
    output(s, reshaped(s, h, 1, (int64_t[]){ROWS * s->columns}));
}

static void read_by_a_later_row_loop(subject *s) {
    const yg_node h = yg_softmax(s->g, s->x, -1);
    output(s, row_sums(s, h));
    output(s, yg_softmax(s->g, yg_tanh(s->g, s->y), 0));
    output(s, yg_max(s->g, h, FIRST, 1, false));
    output(s, yg_matmul(s->g, h, h, true, false));
}

/* A view of the whole result is read by rows, as the result is. */
static void viewed_as_a_whole(subject *s) {
    const yg_node h = yg_softmax(s->g, s->x, -1);
    const yg_node deep = reshaped(s, h, 3, (int64_t[]){ROWS, s->columns / 4, 4});
    output(s, row_sums(s, reshaped(s, yg_exp(s->g, deep), 2, (int64_t[]){ROWS, s->columns})));
}

static void viewed_in_part(subject *s) {
    const yg_node h = yg_softmax(s->g, s->x, -1);
    output(s, row_sums(s, h));
    output(s, row_sums(s, yg_exp(s->g, first_rows(s, h, 0))));
    output(s, row_sums(s, yg_sin(s->g, first_rows(s, h, 3))));
}

/* A sum for each row is broadcast over the row, so rows of its reader are not rows of the sum. */
static void stretched(subject *s) {
    const yg_node h = yg_softmax(s->g, s->x, -1);
    const yg_node sums = yg_sum(s->g, yg_multiply(s->g, h, s->y), LAST, 1, true);
    output(s, row_sums(s, yg_divide(s->g, h, sums)));
}

static void joined(subject *s) {
    const yg_node before = yg_sin(s->g, s->y), parts[] = {yg_softmax(s->g, s->x, -1), before};
    output(s, row_sums(s, parts[0]));
    output(s, row_sums(s, yg_concat(s->g, parts, 2, 0)));
}

/* An update that cannot be written in place is copied when everything has run. */
static void copied_at_the_end(subject *s) {
    const yg_node value = yg_softmax(s->g, s->x, -1);
    update(s, s->p, value);
    output(s, row_sums(s, value));
}

static void a_product_copied_at_the_end(subject *s) {
    const yg_node value = product(s);
    update(s, s->p, value);
    output(s, row_sums(s, value));
}

/* The last nodes join groups of the first row loop after the second one was made. So the nodes of
 * the first row loop are not neighbours in the graph. */
static void two_row_loops_in_turn(subject *s) {
    const int64_t deep[] = {ROWS, s->columns / 4, 4}, flat[] = {ROWS * s->columns};
    const yg_node a = yg_softmax(s->g, s->x, -1);
    const yg_node b = yg_softmax(s->g, yg_tanh(s->g, a), -1);
    const yg_node c = yg_exp(s->g, reshaped(s, yg_sin(s->g, b), 1, flat));
    output(s, row_sums(s, reshaped(s, c, 2, (int64_t[]){ROWS, s->columns})));
    const yg_node d = yg_tanh(s->g, yg_softmax(s->g, reshaped(s, s->y, 3, deep), -1));
    output(s, yg_softmax(s->g, d, -1));
    const yg_node late = yg_cos(s->g, a);
    output(s, yg_multiply(s->g, reshaped(s, late, 1, flat), reshaped(s, a, 1, flat)));
}

/* ------------------------------------------------------------------------------------- cases -- */

typedef struct chunk_case {
    const char *name;
    void (*build)(subject *s);
    const char *chunk, *whole; /* operators of whose results a chunk is kept, or all; or NULL */
    bool bands;                /* with a product that runs in bands */
} chunk_case;

static const chunk_case cases[] = {
    {"gradient", gradient, "matmul", NULL, true},
    {"sum of products", sum_of_products, "addmm", NULL, true},
    {"chain", chain, "softmax", NULL, false},
    {"column sums", column_sums, "softmax", NULL, false},
    {"an output", an_output, NULL, "softmax", false},
    {"the view of an output", the_view_of_an_output, NULL, "softmax", false},
    {"read by a later row loop", read_by_a_later_row_loop, NULL, "softmax", false},
    {"viewed as a whole", viewed_as_a_whole, "softmax", NULL, false},
    {"viewed in part", viewed_in_part, NULL, "softmax", false},
    {"stretched", stretched, "softmax", "sum", false},
    {"joined", joined, NULL, "softmax", false},
    {"copied at the end", copied_at_the_end, NULL, "softmax", false},
    {"a product copied at the end", a_product_copied_at_the_end, NULL, "matmul", true},
    {"two row loops in turn", two_row_loops_in_turn, "softmax", NULL, false},
};

#define CASES (sizeof cases / sizeof *cases)

static void make(subject *s, const chunk_case *test, yg_dtype dtype) {
    *s = (subject){.g = yg_graph_new(yg_ops(), dtype == YG_F64 ? YG_GRAPH_F64 : 0),
                   .dtype = dtype,
                   .columns = dtype == YG_F64 ? 160 : 324};
    const yg_type table = type_of(dtype, 2, (int64_t[]){ROWS, s->columns});
    const yg_type left = type_of(dtype, 2, (int64_t[]){DEPTH, ROWS});
    const yg_type right = type_of(dtype, 2, (int64_t[]){DEPTH, s->columns});
    s->x = yg_input(s->g, "x", &table);
    s->y = yg_input(s->g, "y", &table);
    s->a = yg_input(s->g, "a", &left);
    s->b = yg_input(s->g, "b", &right);
    s->p = yg_parameter(s->g, "p", &table);
    s->m = yg_parameter(s->g, "m", &table);
    test->build(s);
    cr_assert(yg_graph_verify(s->g, NULL));
}

static yg_program *compute(const subject *s, const char *without, int threads) {
    yg_program *program = compile_without(s->g, s->outputs, s->output_count, s->updates,
                                          s->update_count, without, threads);
    const yg_node leaves[] = {s->x, s->y, s->a, s->b, s->p, s->m};
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        fill_leaf(s->g, program, leaves[i]);
    run(program);
    run(program); /* what the first one left behind is not what this one needs */
    return program;
}

/* How many results of an operator are kept by chunks, or how many are not. */
static int count_results(const char *text, const char *op, bool by_chunks) {
    char wanted[32];
    int count = 0;
    snprintf(wanted, sizeof wanted, " = %s(", op);
    for (const char *at = strstr(text, wanted); at; at = strstr(at + 1, wanted)) {
        const char *result = at;
        while (result > text && result[-1] != ' ')
            result--;
        count += (strncmp(result, "chunk@", 6) == 0) == by_chunks;
    }
    return count;
}

/* Asks the operator itself whether its product runs in bands: a library may compute large ones. */
static bool runs_in_bands(const subject *s) {
    const yg_op *op = yg_op_find(yg_ops(), "matmul");
    const yg_type types[] = {*yg_node_type(s->g, s->a), *yg_node_type(s->g, s->b)};
    const yg_attr attrs[] = {{.i = 1}, {.i = 0}};
    const yg_infer call = {.op = op, .operands = types, .operand_count = 2, .attrs = attrs};
    return yg_op_plan_of(&call, yg_node_type(s->g, s->x), false).min_rows > 1;
}

static void check(const subject *s, const chunk_case *test, int threads) {
    yg_program *all = compute(s, "chunk_buffers", threads), *some = compute(s, NULL, threads);
    for (size_t i = 0; i < s->output_count; i++)
        expect_same(s->g, all, some, s->outputs[i], test->name);
    for (size_t i = 0; i < s->update_count; i++)
        expect_same(s->g, all, some, s->updates[i].parameter, test->name);
    cr_expect_eq(yg_program_get_stats(some).threads, threads, "%s", test->name);
    if (!test->bands || runs_in_bands(s)) {
        char *text = yg_program_text(some);
        cr_expect_geq(plan_shape_of(some).chunked, 1, "%s:\n%s", test->name, text);
        if (test->chunk)
            cr_expect(count_results(text, test->chunk, true) > 0 &&
                          yg_program_get_stats(some).arena_bytes <
                              yg_program_get_stats(all).arena_bytes,
                      "%s: no less memory:\n%s", test->name, text);
        if (test->whole)
            cr_expect(count_results(text, test->whole, true) == 0 &&
                          count_results(text, test->whole, false) > 0,
                      "%s: not all of a %s:\n%s", test->name, test->whole, text);
        free(text);
    }
    yg_program_free(all);
    yg_program_free(some);
}

Test(chunk_buffers, keeps_a_chunk_of_what_its_row_loop_reads) {
    for (size_t c = 0; c < CASES; c++)
        for (int wide = 0; wide < 2; wide++) {
            subject s;
            make(&s, &cases[c], wide ? YG_F64 : YG_F32);
            check(&s, &cases[c], 1);
            check(&s, &cases[c], 3);
            yg_graph_free(s.g);
        }
}
