/*
 * Row loops and stages: instructions that run a chunk of rows at a time, and work that threads
 * share, give the bits of a program that runs each node by itself.
 */
#include "graph/program.h"
#include "graph/random.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "plan_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define NODES 16

/* A graph under test: x and y are [rows, columns], w is [columns], labels are class indices.
 * p and q are parameters like x and w. */
typedef struct subject {
    yg_graph *g;
    yg_dtype dtype;
    int64_t rows, columns;
    yg_node x, y, w, labels, p, q;
    void *values[5]; /* of x, y, w, p, q */
    yg_node outputs[NODES];
    yg_update updates[NODES];
    size_t output_count, update_count;
} subject;

static const int64_t FIRST[] = {0}, LAST[] = {1};

static void output(subject *s, yg_node node) {
    cr_assert_neq(node, YG_NONE, "%s", yg_graph_error(s->g) ? yg_graph_error(s->g)->message : "");
    s->outputs[s->output_count++] = node;
}

static void update(subject *s, yg_node parameter, yg_node value) {
    cr_assert_neq(value, YG_NONE, "%s", yg_graph_error(s->g) ? yg_graph_error(s->g)->message : "");
    s->updates[s->update_count++] = (yg_update){parameter, value};
}

static yg_type shaped(const subject *s, int rank, const int64_t *shape) {
    yg_type type;
    cr_assert(yg_type_make(s->dtype, rank, shape, &type, NULL));
    return type;
}

/* ------------------------------------------------------------------------------------ graphs -- */

static void column_sums(subject *s) {
    const yg_node h = yg_tanh(s->g, yg_multiply(s->g, s->x, s->w));
    output(s, yg_sum(s->g, h, FIRST, 1, false));
    output(s, yg_sum(s->g, yg_square(s->g, h), FIRST, 1, true));
}

static void full_sums(subject *s) {
    const yg_node h = yg_sin(s->g, yg_add(s->g, s->x, s->y));
    const yg_node total = yg_sum(s->g, yg_square(s->g, h), NULL, 0, false);
    output(s, total);
    output(s, yg_mean(s->g, yg_abs(s->g, h), NULL, 0, false));
    /* Needs the total, so it comes after the row loop that makes it. */
    output(s, yg_sum(s->g, yg_divide(s->g, h, total), FIRST, 1, false));
}

static void row_sums(subject *s) {
    const yg_node h = yg_exp(s->g, yg_scale(s->g, s->x, 0.1));
    const yg_node sums = yg_sum(s->g, h, LAST, 1, true);
    const yg_node share = yg_divide(s->g, h, sums);
    output(s, share);
    output(s, yg_max(s->g, share, LAST, 1, false));
    output(s, yg_sum(s->g, yg_multiply(s->g, share, s->y), FIRST, 1, false));
}

/* Two sums of one input, which is then read once. */
static void both_sums(subject *s) {
    const yg_node square = yg_square(s->g, s->x);
    output(s, yg_sum(s->g, square, LAST, 1, true));
    output(s, yg_sum(s->g, square, FIRST, 1, true));
}

/* Normalises rows, twice. A result for each row is broadcast over that row. */
static void normalised_rows(subject *s) {
    yg_node h = s->x;
    for (int i = 0; i < 2; i++) {
        const yg_node centred = yg_subtract(s->g, h, yg_mean(s->g, h, LAST, 1, true));
        const yg_node variance = yg_mean(s->g, yg_square(s->g, centred), LAST, 1, true);
        h = yg_multiply(s->g,
                        yg_multiply(s->g, centred, yg_rsqrt(s->g, yg_offset(s->g, variance, 1e-3))),
                        s->w);
        h = yg_tanh(s->g, h);
    }
    output(s, h);
    output(s, yg_sum(s->g, h, NULL, 0, false));
}

static void softmax_rows(subject *s) {
    const yg_node a = yg_softmax(s->g, yg_add(s->g, s->x, s->w), -1);
    const yg_node b = yg_log_softmax(s->g, yg_multiply(s->g, a, s->y), -1);
    output(s, yg_sum(s->g, yg_multiply(s->g, a, b), LAST, 1, false));
    output(s, yg_sum(s->g, b, FIRST, 1, false));
}

/* Operators along dimension 0 do not run by rows: every result needs all rows. */
static void softmax_columns(subject *s) {
    const yg_node a = yg_softmax(s->g, yg_sin(s->g, s->x), 0);
    const yg_node b = yg_softmax(s->g, yg_multiply(s->g, a, s->y), -1);
    output(s, yg_sum(s->g, yg_subtract(s->g, b, a), FIRST, 1, false));
    output(s, yg_subtract(s->g, a, yg_max(s->g, b, FIRST, 1, true)));
}

/* A reduction's result is broadcast back over all rows, so its readers wait. */
static void centred_columns(subject *s) {
    const yg_node h = yg_cos(s->g, s->x);
    const yg_node centred = yg_subtract(s->g, h, yg_mean(s->g, h, FIRST, 1, true));
    const yg_node variance = yg_mean(s->g, yg_square(s->g, centred), FIRST, 1, true);
    const yg_node y = yg_divide(s->g, centred, yg_sqrt(s->g, yg_offset(s->g, variance, 1e-3)));
    output(s, yg_sum(s->g, yg_multiply(s->g, y, s->y), LAST, 1, false));
    output(s, yg_sum(s->g, y, NULL, 0, false));
}

/* Three dimensions: sums of the two leading ones, and rows in between. */
static void three_dimensions(subject *s) {
    if (s->rows % 4 != 0)
        return column_sums(s);
    const yg_type deep = shaped(s, 3, (int64_t[]){s->rows / 4, 4, s->columns});
    const int64_t leading[] = {0, 1}, trailing[] = {1, 2};
    const yg_node h = yg_tanh(s->g, yg_reshape(s->g, s->x, &deep));
    const yg_node sums = yg_sum(s->g, h, trailing, 2, true);
    const yg_node middle = yg_softmax(s->g, h, 1);
    const yg_node rest =
        yg_multiply(s->g, yg_divide(s->g, middle, yg_offset(s->g, yg_square(s->g, sums), 1)), s->w);
    output(s, yg_sum(s->g, rest, leading, 2, false));
    output(s, yg_sum(s->g, rest, LAST, 1, false));
}

static void losses(subject *s) {
    const yg_op *op = yg_op_find(yg_ops(), "cross_entropy");
    const yg_node scores = yg_add(s->g, yg_multiply(s->g, s->p, s->q), s->x);
    const yg_node loss = yg_apply(s->g, op, (yg_node[]){scores, s->labels}, 2, NULL);
    const yg_node wrt[] = {s->p, s->q, s->x};
    yg_node slopes[3];
    cr_assert(yg_grad(s->g, loss, YG_NONE, wrt, 3, slopes));
    output(s, loss);
    output(s, slopes[2]);
    for (int i = 0; i < 2; i++)
        update(s, wrt[i], yg_subtract(s->g, wrt[i], yg_scale(s->g, slopes[i], 0.5)));
}

/* p is written over in place. That must wait for the operators that read all of it: the sum over
 * rows, the softmax along dimension 0, a product. */
static void updates_after_whole_readers(subject *s) {
    const yg_node next = yg_subtract(s->g, s->p, yg_scale(s->g, s->x, 0.1));
    update(s, s->p, next);
    output(s, yg_sum(s->g, yg_multiply(s->g, yg_softmax(s->g, s->p, 0), s->y), FIRST, 1, false));
    output(s, yg_matmul(s->g, s->p, s->x, true, false));
    const yg_node norm = yg_sum(s->g, yg_square(s->g, s->p), NULL, 0, false);
    update(s, s->q, yg_divide(s->g, s->q, yg_offset(s->g, norm, 1)));
    output(s, yg_sum(s->g, yg_multiply(s->g, s->x, s->q), FIRST, 1, false));
}

/* p's new value is computed in the row loop that reads p by rows. A row of the old p is broadcast
 * too. */
static void updates_in_the_row_loop(subject *s) {
    const yg_node rows = yg_sum(s->g, yg_multiply(s->g, s->p, s->x), LAST, 1, true);
    const yg_node next = yg_add(s->g, s->p, yg_multiply(s->g, rows, s->w));
    update(s, s->p, next);
    output(s, yg_sum(s->g, yg_multiply(s->g, yg_tanh(s->g, rows), s->p), FIRST, 1, false));
    update(s, s->q, yg_sum(s->g, yg_multiply(s->g, s->p, s->q), FIRST, 1, false));
}

/* q's new value does not depend on its readers' results. It must wait for them only because they
 * read q. */
static void updates_beside_readers(subject *s) {
    const yg_node h = yg_tanh(s->g, yg_multiply(s->g, s->x, s->q));
    update(s, s->q, yg_scale(s->g, s->q, 0.5));
    output(s, yg_sum(s->g, h, FIRST, 1, false));
    output(s, h);
}

/* Results that are needed for one step of the row loop only. They take over each other's memory. */
static void long_chains(subject *s) {
    yg_node h = s->x, kept = YG_NONE;
    for (int i = 0; i < 7; i++) {
        h = yg_softmax(s->g, yg_scale(s->g, yg_add(s->g, h, s->y), 1.5), -1);
        if (i == 2)
            kept = h;
    }
    output(s, yg_sum(s->g, yg_multiply(s->g, h, kept), FIRST, 1, false));
    output(s, yg_max(s->g, h, LAST, 1, false));
}

/* The first `rows` rows of y, or all. */
static yg_node first_rows(subject *s, int64_t rows) {
    const int64_t start[] = {0, 0}, step[] = {1, 1};
    const int64_t stop[] = {rows < s->rows ? rows : s->rows, s->columns};
    return yg_slice(s->g, s->y, start, stop, step);
}

/* A product with many rows, and operators on its result. */
static void tall_products(subject *s) {
    const yg_node a = yg_matmul(s->g, s->x, first_rows(s, 40), false, true);
    const yg_node h = yg_tanh(s->g, yg_scale(s->g, a, 0.1));
    output(s, yg_sum(s->g, h, FIRST, 1, false));
    output(s, yg_sum(s->g, yg_square(s->g, h), LAST, 1, false));
}

/* A batch of products. They run by rows of one operand, but need all of the other, which is
 * computed just before. */
static void batches_of_products(subject *s) {
    const int64_t n = s->rows % 16 == 0 ? 16 : 1, m = s->rows < 64 ? s->rows : 64;
    const yg_type batch = shaped(s, 3, (int64_t[]){s->rows / n, n, s->columns});
    const yg_type one = shaped(s, 3, (int64_t[]){1, m, s->columns});
    const yg_node b = yg_reshape(s->g, yg_sin(s->g, first_rows(s, m)), &one);
    const yg_node a = yg_matmul(s->g, yg_reshape(s->g, s->x, &batch), b, false, true);
    output(s, yg_softmax(s->g, a, -1));
}

/* Chains that do not depend on each other, and updates of both parameters. */
static void independent_chains(subject *s) {
    yg_node a = s->x, b = s->y;
    for (int i = 0; i < 3; i++) {
        a = yg_softmax(s->g, yg_multiply(s->g, a, s->w), 0);
        b = yg_softmax(s->g, yg_sin(s->g, b), 0);
    }
    output(s, yg_sum(s->g, a, FIRST, 1, false));
    output(s, yg_sum(s->g, b, LAST, 1, false));
    update(s, s->p, yg_add(s->g, s->p, a));
    update(s, s->q, yg_multiply(s->g, s->q, yg_sum(s->g, b, FIRST, 1, false)));
}

/* ------------------------------------------------------------------------------------- cases -- */

typedef struct graph_case {
    const char *name;
    void (*build)(subject *s);
    int chunked; /* at least so many row loops in several chunks, where there are rows enough */
} graph_case;

static const graph_case cases[] = {
    {"column sums", column_sums, 1},
    {"full sums", full_sums, 1},
    {"row sums", row_sums, 1},
    {"sums of rows and of columns", both_sums, 1},
    {"normalised rows", normalised_rows, 1},
    {"softmax of rows", softmax_rows, 1},
    {"softmax of columns", softmax_columns, 0},
    {"centred columns", centred_columns, 1},
    {"three dimensions", three_dimensions, 1},
    {"losses", losses, 1},
    {"updates after whole readers", updates_after_whole_readers, 0},
    {"updates in the row loop", updates_in_the_row_loop, 1},
    {"updates beside readers", updates_beside_readers, 0},
    {"long chains", long_chains, 1},
    {"tall products", tall_products, 1},
    {"batches of products", batches_of_products, 0},
    {"independent chains", independent_chains, 0},
};

#define CASES (sizeof cases / sizeof *cases)

/* Numbers of rows that divide well, badly, and not at all; columns that fill tiles, that do not,
 * and a single one. `chunks`: row loops have several chunks. */
static const struct {
    int64_t rows, columns;
    bool chunks;
} shapes[] = {
    {640, 96, true},  {200, 37, false}, {101, 64, false},
    {2048, 1, false}, {12, 5, false},   {1, 700, false},
};

#define SHAPES (sizeof shapes / sizeof *shapes)

static void make(subject *s, const graph_case *test, size_t shape, yg_dtype dtype) {
    *s = (subject){.g = yg_graph_new(yg_ops(), dtype == YG_F64 ? YG_GRAPH_F64 : 0),
                   .dtype = dtype,
                   .rows = shapes[shape].rows,
                   .columns = shapes[shape].columns};
    const yg_type table = shaped(s, 2, (int64_t[]){s->rows, s->columns});
    const yg_type row = shaped(s, 1, &s->columns);
    yg_type labels;
    cr_assert(yg_type_make(YG_I32, 1, &s->rows, &labels, NULL));
    s->x = yg_input(s->g, "x", &table);
    s->y = yg_input(s->g, "y", &table);
    s->w = yg_input(s->g, "w", &row);
    s->labels = yg_input(s->g, "labels", &labels);
    s->p = yg_parameter(s->g, "p", &table);
    s->q = yg_parameter(s->g, "q", &row);
    test->build(s);
    cr_assert(yg_graph_verify(s->g, NULL));
    const yg_node leaves[] = {s->x, s->y, s->w, s->p, s->q};
    for (uint64_t k = 0; k < 5; k++) {
        const yg_type *type = yg_node_type(s->g, leaves[k]);
        cr_assert(s->values[k] = malloc((size_t)yg_type_bytes(type)));
        for (int64_t i = 0; i < yg_type_count(type); i++)
            yg_element_set(dtype, s->values[k], i, yg_random_normal(3, k, (uint64_t)i));
    }
}

static void drop(subject *s) {
    for (int k = 0; k < 5; k++)
        free(s->values[k]);
    yg_graph_free(s->g);
}

static void fill_input(const subject *s, yg_program *program, yg_node input, const void *values,
                       bool backwards) {
    void *data = yg_program_data(program, input);
    const int64_t count = yg_type_count(yg_node_type(s->g, input));
    for (int64_t i = 0; data && i < count; i++)
        yg_element_set(s->dtype, data, i,
                       yg_element_get(s->dtype, values, backwards ? count - 1 - i : i));
}

static yg_program *compute(const subject *s, const char *name, unsigned flags, int threads,
                           const char *without) {
    yg_error error = {0};
    const yg_compile_options options = {
        .flags = flags, .threads = threads, .without = &without, .without_count = without != NULL};
    yg_program *program = yg_compile(s->g, s->outputs, s->output_count, s->updates, s->update_count,
                                     &options, &error);
    cr_assert(program, "%s: %s", name, error.message);
    const yg_node leaves[] = {s->x, s->y, s->w, s->p, s->q};
    for (int k = 0; k < 5; k++) {
        void *data = yg_program_data(program, leaves[k]);
        if (data)
            memcpy(data, s->values[k], (size_t)yg_type_bytes(yg_node_type(s->g, leaves[k])));
    }
    int32_t *labels = yg_program_data(program, s->labels);
    for (int64_t i = 0; labels && i < s->rows; i++)
        labels[i] = (int32_t)(i * 7 % s->columns);
    /* First on other inputs, so that what a run leaves behind is not what the next one needs. */
    for (uint64_t step = 0; step < 2; step++) {
        for (int k = 0; k < 3; k++)
            fill_input(s, program, leaves[k], s->values[k], step == 0);
        cr_assert(yg_program_run(program, 1, step, &error), "%s: %s", name, error.message);
    }
    return program;
}

static void expect_same(const subject *s, yg_program *a, yg_program *b, const char *name,
                        const char *what) {
    for (size_t i = 0; i < s->output_count + s->update_count; i++) {
        const yg_node node =
            i < s->output_count ? s->outputs[i] : s->updates[i - s->output_count].parameter;
        const size_t bytes = (size_t)yg_type_bytes(yg_node_type(s->g, node));
        cr_expect_eq(memcmp(yg_program_data(a, node), yg_program_data(b, node), bytes), 0,
                     "%s, [%lld, %lld], %s, %s: result %zu differs", name, (long long)s->rows,
                     (long long)s->columns, yg_dtype_name(s->dtype), what, i);
    }
}

Test(row_loops, do_not_change_a_bit) {
    static const struct {
        const char *what;
        int threads;
        const char *without;
    } ways[] = {{"planned", 1, NULL},
                {"three threads", 3, NULL},
                {"three threads, no row loops", 3, "row_loops"},
                {"three threads, no stages", 3, "stages"},
                {"one thread, no reuse", 1, "reuse"}};
    int row_loops = 0, batches = 0, shared = 0;
    for (size_t c = 0; c < CASES; c++)
        for (size_t shape = 0; shape < SHAPES; shape++)
            for (int narrow = 0; narrow < 2; narrow++) {
                subject s;
                make(&s, &cases[c], shape, narrow ? YG_F32 : YG_F64);
                yg_program *reference = compute(&s, cases[c].name, YG_PROGRAM_NO_PLAN, 1, NULL);
                for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
                    yg_program *program =
                        compute(&s, cases[c].name, 0, ways[w].threads, ways[w].without);
                    expect_same(&s, reference, program, cases[c].name, ways[w].what);
                    const plan_shape plan = plan_shape_of(program);
                    if (w == 0 && shapes[shape].chunks)
                        cr_expect_geq(plan.chunked, cases[c].chunked, "%s: %d row loops in chunks",
                                      cases[c].name, plan.chunked);
                    row_loops += plan.row_loops;
                    batches += plan.stages;
                    shared += yg_program_get_stats(program).threads == 3;
                    yg_program_free(program);
                }
                yg_program_free(reference);
                drop(&s);
            }
    cr_expect_gt(row_loops, (int)(CASES * SHAPES), "%d row loops", row_loops);
    cr_expect_gt(batches, (int)CASES, "%d batches", batches);
    cr_expect_gt(shared, (int)CASES, "%d programs were shared", shared);
}

/* Without the passes nothing runs in one row loop, or at the same time. The plan's text shows it.
 */
Test(row_loops, can_be_left_out) {
    static const char *const names[] = {"row_loops", "stages"};
    for (size_t c = 0; c < CASES; c++)
        for (size_t n = 0; n < 2; n++) {
            subject s;
            make(&s, &cases[c], 0, YG_F64);
            const yg_compile_options options = {
                .threads = 3, .without = &names[n], .without_count = 1};
            yg_program *program = yg_compile(s.g, s.outputs, s.output_count, s.updates,
                                             s.update_count, &options, NULL);
            cr_assert(program);
            const plan_shape plan = plan_shape_of(program);
            cr_expect_eq(n == 0 ? plan.row_loops : plan.stages, 0, "%s without %s", cases[c].name,
                         names[n]);
            yg_program_free(program);
            drop(&s);
        }
}

/* The sums of rows and of columns are in one row loop, so each chunk comes from memory once. */
Test(row_loops, sums_of_one_tensor_run_together) {
    static const graph_case test = {"sums of rows and of columns", both_sums, 1};
    subject s;
    make(&s, &test, 0, YG_F32);
    yg_program *program = compute(&s, test.name, 0, 1, NULL);
    char *text = yg_program_text(program); /* alone the second would go through parts, not rows */
    cr_expect(text && strstr(text, "of 640 rows at a time"), "%s", text);
    free(text);
    yg_program_free(program);
    drop(&s);
}
