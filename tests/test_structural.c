/*
 * What the descriptors' samples do not reach of reductions, matmul and the operators on shapes and
 * indices: edge cases in values and gradients, indices that are not there, simplifications, and
 * that a kernel's bits do not depend on how its work is shared. Wrong calls are in test_refusals.c.
 */
#include "graph/program.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static yg_type make(yg_dtype dtype, int rank, const int64_t *shape) {
    yg_type type;
    cr_assert(yg_type_make(dtype, rank, shape, &type, NULL));
    return type;
}

#define SHAPE(...)                                                                                 \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]) {                 \
        __VA_ARGS__                                                                                \
    }

/* ------------------------------------------------------------- values and gradients at edges -- */

/* Computes y = op(x) and the gradient of y's sum, in f64. */
typedef struct edge {
    const char *op;
    yg_attr attrs[3];
    int64_t rows, columns;
    double x[6], y[6], dx[6];
} edge;

#define LAST                                                                                       \
    {                                                                                              \
        {                                                                                          \
            .count = 1, .ints = { -1 }                                                             \
        }                                                                                          \
    }
#define INF  INFINITY
#define HALF 0.5
static const edge edges[] = {
    /* prod beside one zero and two */
    {"prod", LAST, 1, 3, {2, 0, 3}, {0}, {0, 6, 0}},
    {"prod", LAST, 1, 3, {0, 0, 3}, {0}, {0, 0, 0}},
    {"prod", {{.count = 1, .ints = {0}}}, 2, 2, {2, 3, 0, 5}, {0, 15}, {0, 5, 2, 3}},
    /* ties share, NaN passes */
    {"max", LAST, 1, 3, {2, 7, 7}, {7}, {0, HALF, HALF}},
    {"min", LAST, 1, 3, {-2, -2, 7}, {-2}, {HALF, HALF, 0}},
    {"max", LAST, 1, 3, {2, NAN, 7}, {NAN}, {NAN, NAN, NAN}},
    {"min", LAST, 1, 3, {NAN, 2, 7}, {NAN}, {NAN, NAN, NAN}},
    {"max", LAST, 1, 2, {-INF, -INF}, {-INF}, {HALF, HALF}},
    /* no overflow, no infinity - infinity */
    {"logsumexp", LAST, 1, 2, {1000, 1000}, {1000.693147180559945}, {HALF, HALF}},
    {"logsumexp", LAST, 1, 2, {-1000, -1000}, {-999.306852819440055}, {HALF, HALF}},
    {"logsumexp", LAST, 1, 2, {-INF, -INF}, {-INF}, {0, 0}},
    {"logsumexp", LAST, 1, 2, {-INF, 3}, {3}, {0, 1}},
    {"logsumexp", LAST, 2, 2, {0, -INF, -INF, -INF}, {0, -INF}, {1, 0, 0, 0}},
    {"logsumexp",
     {{.count = 1, .ints = {0}}},
     2,
     2,
     {0, -INF, -INF, -INF},
     {0, -INF},
     {1, 0, 0, 0}},
    /* the divisor is never negative */
    {"var", {{.count = 1, .ints = {-1}}, {.i = 1}}, 1, 1, {3}, {NAN}, {NAN}},
    {"var", {{.count = 1, .ints = {-1}}, {.i = 0}}, 1, 1, {3}, {0}, {0}},
    {"var", {{.count = 1, .ints = {-1}}, {.i = 1}}, 1, 2, {1, 3}, {2}, {-2, 2}},
    /* over no elements */
    {"sum", LAST, 2, 0, {0}, {0, 0}, {0}},
    {"prod", LAST, 2, 0, {0}, {1, 1}, {0}},
    {"mean", LAST, 2, 0, {0}, {NAN, NAN}, {0}},
    {"logsumexp", LAST, 2, 0, {0}, {-INF, -INF}, {0}},
};

static bool agree(double a, double b) {
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-13 * fabs(b);
}

static void check_edge(const edge *e, unsigned flags) {
    yg_graph *graph = yg_graph_new(yg_ops(), flags);
    const yg_type type = make(YG_F64, SHAPE(e->rows, e->columns));
    const yg_node x = yg_input(graph, "x", &type);
    const yg_node y = yg_apply(graph, yg_op_find(yg_ops(), e->op), &x, 1, e->attrs);
    const yg_node loss = yg_sum(graph, y, NULL, 0, false);
    yg_node outputs[2] = {y, YG_NONE};
    cr_assert(yg_grad(graph, loss, YG_NONE, &x, 1, &outputs[1]), "%s: %s", e->op,
              yg_graph_error(graph)->message);
    yg_error error = {0};
    const size_t count = outputs[1] == YG_NONE ? 1 : 2;
    yg_program *program = yg_compile(graph, outputs, count, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    if (type.shape[1] > 0)
        memcpy(yg_program_data(program, x), e->x, (size_t)yg_type_bytes(&type));
    cr_assert(yg_program_run(program, 1, 0, &error), "%s", error.message);
    const double *const expected[2] = {e->y, e->dx};
    for (size_t k = 0; k < count; k++) {
        const double *found = yg_program_data(program, outputs[k]);
        const int64_t n = yg_type_count(yg_node_type(graph, outputs[k]));
        for (int64_t i = 0; i < n; i++)
            cr_expect(agree(found[i], expected[k][i]),
                      "edge %td, %s, %s[%d]: %.17g, expected %.17g", e - edges, e->op,
                      k ? "dx" : "y", (int)i, found[i], expected[k][i]);
    }
    cr_expect(count == 2 || type.shape[1] == 0, "%s has no gradient", e->op);
    yg_program_free(program);
    yg_graph_free(graph);
}

Test(structural, edges) {
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        check_edge(&edges[i], 0);
        check_edge(&edges[i], YG_GRAPH_NO_SIMPLIFY);
    }
}

/* ----------------------------------------------------------------------------------- kernels -- */

/* A single call of a kernel. */
typedef struct job {
    const yg_op *op;
    const yg_attr *attrs;
    size_t count;
    yg_type types[2], out;
    void *in[2];
} job;

static void job_start(job *j, const yg_op *op, const yg_attr *attrs) {
    j->op = op;
    j->attrs = attrs;
    const yg_infer call = {
        .op = op, .operands = j->types, .operand_count = j->count, .attrs = attrs};
    yg_error error = {0};
    cr_assert(op->infer(&call, &j->out, &error), "%s", error.message);
    uint64_t state = 1;
    for (size_t k = 0; k < j->count; k++) {
        j->in[k] = malloc((size_t)yg_type_bytes(&j->types[k]));
        for (int64_t i = 0; i < yg_type_count(&j->types[k]); i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            yg_element_set(j->types[k].dtype, j->in[k], i, (double)(state >> 40) * 0x1p-23 - 1);
        }
    }
}

/* Computes the result in `parts` calls, which share the units. The caller frees it. */
static char *job_run(const job *j, int64_t parts) {
    const yg_infer call = {
        .op = j->op, .operands = j->types, .operand_count = j->count, .attrs = j->attrs};
    const yg_type *const types[2] = {&j->types[0], &j->types[1]};
    const void *const in[2] = {j->in[0], j->in[1]};
    const yg_op_plan plan = yg_op_plan_of(&call, &j->out, false);
    void *scratch = aligned_alloc(64, ((size_t)plan.scratch_bytes + 64) / 64 * 64);
    char *out = malloc((size_t)yg_type_bytes(&j->out));
    const int64_t units = plan.units;
    for (int64_t part = 0; part < parts; part++) {
        const yg_kernel_call kernel_call = {
            .out = out,
            .in = in,
            .out_type = &j->out,
            .in_types = types,
            .operand_count = j->count,
            .attrs = j->attrs,
            .scratch = scratch,
            .begin = units * part / parts,
            .end = units * (part + 1) / parts,
        };
        yg_error error = {0};
        cr_assert(j->op->kernel[j->types[j->count - 1].dtype](&kernel_call, &error), "%s",
                  error.message);
    }
    free(scratch);
    return out;
}

static void job_free(job *j) {
    free(j->in[0]);
    free(j->in[1]);
}

static void expect_same_bits(job *j, const yg_op *op, const yg_attr *attrs) {
    job_start(j, op, attrs);
    char *whole = job_run(j, 1);
    for (int64_t parts = 2; parts <= 7; parts++) {
        char *shared = job_run(j, parts);
        cr_expect_arr_eq(shared, whole, (size_t)yg_type_bytes(&j->out), "%s in %d parts", op->name,
                         (int)parts);
        free(shared);
    }
    free(whole);
    job_free(j);
}

Test(structural, bits_do_not_depend_on_the_sharing_of_work) {
    static const yg_op *const reductions[] = {&yg_op_sum, &yg_op_max,       &yg_op_min,
                                              &yg_op_var, &yg_op_logsumexp, &yg_op_argmax,
                                              &yg_op_prod};
    for (size_t r = 0; r < sizeof reductions / sizeof *reductions; r++)
        for (int dim = 0; dim < 3; dim++)
            for (int dtype = YG_F32; dtype <= YG_F64; dtype++) {
                const yg_attr attrs[3] = {{.count = 1, .ints = {dim}}};
                for (int longer = 0; longer < 2; longer++) {
                    job j = {.count = 1, .types = {make((yg_dtype)dtype, SHAPE(37, 41, 150))}};
                    if (longer) /* rows side by side, of several blocks */
                        j.types[0] = make((yg_dtype)dtype, SHAPE(3, 7, 1300));
                    expect_same_bits(&j, reductions[r], attrs);
                }
            }
    for (int flags = 0; flags < 4; flags++) {
        const yg_attr attrs[2] = {{.i = flags & 1}, {.i = flags >> 1}};
        job j = {.count = 2};
        j.types[0] = flags & 1 ? make(YG_F32, SHAPE(3, 70, 131)) : make(YG_F32, SHAPE(3, 131, 70));
        j.types[1] = flags & 2 ? make(YG_F32, SHAPE(35, 70)) : make(YG_F32, SHAPE(70, 35));
        expect_same_bits(&j, &yg_op_matmul, attrs);
    }
    for (int columns = 1; columns <= 2; columns++) {
        const yg_attr attrs[2] = {{0}, {0}};
        job j = {.count = 2,
                 .types = {make(YG_F64, SHAPE(131, 70)), make(YG_F64, SHAPE(70, columns))}};
        expect_same_bits(&j, &yg_op_matmul, attrs);
    }
}

/* Compares a product with sums in double precision. The sizes cross the borders of every block. */
static void check_product(yg_dtype dtype, int64_t n, int64_t k, int64_t m, int flags) {
    const yg_attr attrs[2] = {{.i = flags & 1}, {.i = flags >> 1}};
    job j = {.count = 2};
    j.types[0] = flags & 1 ? make(dtype, SHAPE(k, n)) : make(dtype, SHAPE(n, k));
    j.types[1] = flags & 2 ? make(dtype, SHAPE(m, k)) : make(dtype, SHAPE(k, m));
    job_start(&j, &yg_op_matmul, attrs);
    char *out = job_run(&j, 1);
    const double bound = (dtype == YG_F32 ? 0x1p-23 : 0x1p-52) * ((double)k / 2 + 4);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < m; c++) {
            double sum = 0;
            for (int64_t p = 0; p < k; p++)
                sum += yg_element_get(dtype, j.in[0], flags & 1 ? p * n + i : i * k + p) *
                       yg_element_get(dtype, j.in[1], flags & 2 ? c * k + p : p * m + c);
            const double found = yg_element_get(dtype, out, i * m + c);
            cr_assert_lt(fabs(found - sum), bound, "[%d, %d] of %d x %d x %d, flags %d: %g, not %g",
                         (int)i, (int)c, (int)n, (int)k, (int)m, flags, found, sum);
        }
    free(out);
    job_free(&j);
}

Test(structural, products_over_the_borders_of_blocks) {
    static const int64_t shapes[][3] = {{101, 300, 273}, {3, 257, 17}, {4, 600, 3}, {97, 10, 300},
                                        {1, 300, 40},    {40, 300, 1}, {2, 17, 2},  {6, 256, 16}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int flags = 0; flags < 4; flags++) {
            check_product(YG_F32, shapes[i][0], shapes[i][1], shapes[i][2], flags);
            check_product(YG_F64, shapes[i][0], shapes[i][1], shapes[i][2], flags);
        }
}

/* A million tenths, added one after the other in f32, have an error of one in a hundred. */
Test(structural, the_error_of_a_sum_does_not_grow_with_its_length) {
    enum { LENGTH = 1 << 20, COLUMNS = 3 };
    const yg_type types[2] = {make(YG_F32, SHAPE(1, LENGTH)), make(YG_F32, SHAPE(LENGTH, COLUMNS))};
    for (int dim = 0; dim < 2; dim++) {
        job j = {.count = 1, .types = {types[1 - dim]}};
        const yg_attr attrs[2] = {{.count = 1, .ints = {dim}}};
        job_start(&j, &yg_op_sum, attrs);
        for (int64_t i = 0; i < yg_type_count(&j.types[0]); i++)
            ((float *)j.in[0])[i] = 0.1f;
        char *out = job_run(&j, 1);
        const double expected = (double)0.1f * LENGTH;
        cr_expect_lt(fabs(yg_element_get(YG_F32, out, 0) - expected), expected * 4e-7);
        free(out);
        job_free(&j);
    }
}

/* One row of each length for each special value, which stands at a place of its own. */
Test(structural, extremes_find_every_value) {
    static const double special[] = {NAN, -NAN, INFINITY, -INFINITY, 3, -3, 1e-40, -1e-40};
    enum { ROWS = sizeof special / sizeof *special };
    static const int64_t lengths[] = {3, 40, 300, 1300, 2100};
    for (size_t i = 0; i < 8 * sizeof lengths / sizeof *lengths; i++) {
        const int64_t n = lengths[i / 8];
        const int dim = (int)(i & 1), low = i >> 1 & 1;
        const yg_dtype dtype = i & 4 ? YG_F32 : YG_F64;
        const yg_attr attrs[2] = {{.count = 1, .ints = {dim}}};
        job j = {.count = 1,
                 .types = {dim ? make(dtype, SHAPE(ROWS, n)) : make(dtype, SHAPE(n, ROWS))}};
        job_start(&j, low ? &yg_op_min : &yg_op_max, attrs);
        double expected[ROWS];
        for (int64_t r = 0; r < ROWS; r++) {
            const int64_t place = (r * 7 + 2) % n;
            yg_element_set(dtype, j.in[0], dim ? r * n + place : place * ROWS + r, special[r]);
            expected[r] = low ? INFINITY : -INFINITY;
            for (int64_t c = 0; c < n; c++) {
                const double x = yg_element_get(dtype, j.in[0], dim ? r * n + c : c * ROWS + r);
                if (isnan(x) || (low ? x < expected[r] : x > expected[r]))
                    expected[r] = x;
                if (isnan(x))
                    break;
            }
        }
        char *out = job_run(&j, 1);
        for (int64_t r = 0; r < ROWS; r++) {
            const double found = yg_element_get(dtype, out, r);
            cr_expect(isnan(expected[r]) ? isnan(found) : found == expected[r],
                      "%s of %d elements and %g: %g, expected %g", j.op->name, (int)n, special[r],
                      found, expected[r]);
        }
        free(out);
        job_free(&j);
    }
}

Test(structural, arg_takes_the_first_of_equals_and_the_first_nan) {
    const double rows[4][4] = {{1, 5, 5, 2}, {1, NAN, 9, NAN}, {-1, -1, 3, 0}, {7, 7, 7, 7}};
    const int64_t largest[4] = {1, 1, 2, 0}, smallest[4] = {0, 1, 0, 0};
    for (int transposed = 0; transposed < 2; transposed++) {
        const yg_attr attrs[2] = {{.count = 1, .ints = {1 - transposed}}};
        for (int low = 0; low < 2; low++) {
            job j = {.count = 1, .types = {make(YG_F64, SHAPE(4, 4))}};
            job_start(&j, low ? &yg_op_argmin : &yg_op_argmax, attrs);
            for (int r = 0; r < 4; r++)
                for (int c = 0; c < 4; c++)
                    ((double *)j.in[0])[transposed ? c * 4 + r : r * 4 + c] = rows[r][c];
            char *out = job_run(&j, 1);
            cr_expect_arr_eq(out, low ? smallest : largest, sizeof largest);
            free(out);
            job_free(&j);
        }
    }
}

/* ---------------------------------------------------------------------- indices out of range -- */

static void expect_outside(const char *op, int index_operand, int64_t index, yg_attr attr,
                           const char *message) {
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_type index_type = make(YG_I64, SHAPE(2, 2)), other = make(YG_F32, SHAPE(10, 2));
    yg_node operands[2];
    operands[index_operand] = yg_input(graph, "index", &index_type);
    operands[1 - index_operand] = yg_input(graph, "other", &other);
    const size_t count = strcmp(op, "one_hot") == 0 ? 1 : 2;
    const yg_attr attrs[2] = {attr, {.i = YG_F32}};
    const yg_node y = yg_apply(graph, yg_op_find(yg_ops(), op), operands, count, attrs);
    yg_error error = {0};
    yg_program *program = yg_compile(graph, &y, 1, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    ((int64_t *)yg_program_data(program, operands[index_operand]))[2] = index;
    cr_expect_not(yg_program_run(program, 1, 0, &error), "%s accepts index %d", op, (int)index);
    cr_expect(strstr(error.message, message), "'%s', expected '%s'", error.message, message);
    yg_program_free(program);
    yg_graph_free(graph);
}

Test(structural, an_index_outside_stops_the_run) {
    expect_outside("embedding", 0, 12, (yg_attr){0}, "index 12 at [1, 0] is outside 0..9");
    expect_outside("embedding", 0, -1, (yg_attr){0}, "index -1 at [1, 0] is outside 0..9");
    expect_outside("gather", 1, 10, (yg_attr){.i = 0}, "index 10 at [1, 0] is outside 0..9");
    expect_outside("one_hot", 0, 4, (yg_attr){.i = 4}, "index 4 at [1, 0] is outside 0..3");
}

/* x of 3 rows, and an index of 2 as operand 1. Its last element is 3, or -1. */
static void expect_row_outside(const char *op, const yg_type *index, const yg_attr *attrs,
                               int64_t row) {
    const yg_type x = make(YG_F32, SHAPE(3, 2)), src = make(YG_F32, SHAPE(2, 2));
    const bool segments = strcmp(op, "segment_sum") == 0;
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_node operands[] = {yg_input(graph, "x", segments ? &src : &x),
                                yg_input(graph, "index", index), yg_input(graph, "src", &src)};
    const yg_op *of = yg_op_find(yg_ops(), op);
    const yg_node y = yg_apply(graph, of, operands, (size_t)of->min_operands, attrs);
    yg_error error = {0};
    yg_program *program = yg_compile(graph, &y, 1, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s: %s", op, error.message);
    const int64_t last = yg_type_count(index) - 1;
    yg_element_set(index->dtype, yg_program_data(program, operands[1]), last, (double)row);
    char message[64];
    snprintf(message, sizeof message, "index %d at [%s] is outside 0..2", (int)row,
             index->rank == 1 ? "1" : "1, 1");
    cr_expect_not(yg_program_run(program, 1, 0, &error), "%s accepts index %d", op, (int)row);
    cr_expect(strstr(error.message, message), "%s: '%s', expected '%s'", op, error.message,
              message);
    yg_program_free(program);
    yg_graph_free(graph);
}

Test(structural, a_row_outside_stops_the_run) {
    static const char *const by_element[] = {"gather", "scatter", "scatter_add"};
    static const char *const by_row[] = {"index_select", "index_add", "segment_sum"};
    const yg_attr dim[] = {{.i = 0}, {.i = 0}}, segments[] = {{.i = 3}, {.i = 0}};
    for (int wide = 0; wide < 2; wide++)
        for (int i = 0; i < 3; i++)
            for (int64_t row = -1; row <= 3; row += 4) {
                const yg_dtype dtype = wide ? YG_I64 : YG_I32;
                const yg_type element = make(dtype, SHAPE(2, 2)), line = make(dtype, SHAPE(2));
                expect_row_outside(by_element[i], &element, dim, row);
                expect_row_outside(by_row[i], &line, i == 2 ? segments : dim, row);
            }
}

/* ---------------------------------------------------------------------------- simplification -- */

Test(structural, simplifications) {
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_type matrix = make(YG_F32, SHAPE(2, 3)), batch = make(YG_F32, SHAPE(4, 5, 3));
    const yg_node x = yg_input(graph, "x", &matrix), z = yg_input(graph, "z", &batch);
    const yg_node xt = yg_call(graph, "transpose", &x, 1);
    cr_expect_eq(yg_call(graph, "transpose", &xt, 1), x, "transpose of transpose");

    const yg_type flat = make(YG_F32, SHAPE(6)), other = make(YG_F32, SHAPE(3, 2));
    const yg_node reshaped = yg_reshape(graph, yg_reshape(graph, x, &other), &flat);
    cr_expect_eq(yg_node_operand(graph, reshaped, 0), x, "reshape of reshape");
    cr_expect_eq(yg_reshape(graph, reshaped, &matrix), x, "reshape back");
    cr_expect_eq(yg_broadcast(graph, x, &matrix), x, "broadcast to the same shape");
    cr_expect_eq(yg_concat(graph, &x, 1, 0), x, "concat of one");
    cr_expect_eq(yg_call(graph, "slice", &x, 1), x, "slice of all");
    cr_expect_eq(yg_call(graph, "pad", &x, 1), x, "pad by nothing");

    const yg_node product = yg_matmul(graph, x, yg_call(graph, "transpose", &x, 1), false, false);
    cr_expect_eq(product, yg_matmul(graph, x, x, false, true), "transpose into the flag");
    const yg_node flattened = yg_matmul(graph, z, x, false, true);
    cr_expect_eq(yg_node_op(graph, flattened), &yg_op_reshape, "a batch by a matrix");

    const yg_node once = yg_sum(graph, z, NULL, 0, false);
    const yg_node twice =
        yg_sum(graph, yg_sum(graph, z, (const int64_t[]){1}, 1, false), NULL, 0, false);
    cr_expect_eq(yg_node_op(graph, twice), &yg_op_sum);
    cr_expect_eq(yg_node_operand(graph, twice, 0), yg_node_operand(graph, once, 0), "sum of sum");

    const yg_node scalar = yg_call(graph, "sum", &x, 1);
    const yg_node stretched = yg_broadcast(graph, scalar, &batch);
    const yg_node back = yg_call(graph, "sum", &stretched, 1);
    cr_expect_eq(yg_node_op(graph, back), &yg_op_multiply, "sum of broadcast");
    cr_expect_null(yg_graph_error(graph));
    yg_graph_free(graph);
}

Test(structural, split_makes_all_its_parts) {
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_type type = make(YG_F32, SHAPE(2, 6));
    const yg_node x = yg_input(graph, "x", &type);
    yg_node parts[64];
    const yg_attr attrs[2] = {{.count = 3, .ints = {1, 2, 3}}, {.i = -1}};
    cr_assert_eq(yg_apply_all(graph, &yg_op_split, &x, 1, attrs, parts, 64), 3);
    const yg_node joined = yg_concat(graph, parts, 3, 1);
    yg_error error = {0};
    yg_program *program = yg_compile(graph, &joined, 1, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    float *in = yg_program_data(program, x);
    for (int i = 0; i < 12; i++)
        in[i] = (float)i;
    cr_assert(yg_program_run(program, 1, 0, &error), "%s", error.message);
    cr_expect_arr_eq(yg_program_data(program, joined), in, 12 * sizeof *in);
    for (int64_t i = 0; i < 3; i++)
        cr_expect_eq(yg_node_type(graph, parts[i])->shape[1], i + 1);
    yg_program_free(program);
    yg_graph_free(graph);
}

/* Two calls of dropout draw twice, even if they are written in the same way. */
Test(structural, each_dropout_draws_for_itself) {
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_TRAINING);
    const yg_type type = make(YG_F32, SHAPE(1000));
    const yg_node x = yg_full(g, &type, 1);
    const yg_node drops[] = {yg_call(g, "dropout", &x, 1), yg_call(g, "dropout", &x, 1)};
    yg_program *program = yg_compile(g, drops, 2, NULL, 0, NULL, NULL);
    cr_assert(program && yg_program_run(program, 1, 0, NULL));
    const float *a = yg_program_data(program, drops[0]), *b = yg_program_data(program, drops[1]);
    int different = 0;
    for (int i = 0; i < 1000; i++)
        different += (a[i] > 0) != (b[i] > 0);
    cr_expect(different > 400 && different < 600, "%d of 1000 elements differ", different);
    yg_program_free(program);
    yg_graph_free(g);
}
