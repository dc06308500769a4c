/*
 * Lists of any length: concat, stack and split of 10,000 tensors, built in C and read from a model
 * file. Values, first and second derivatives are compared with their formulas; every way to compile
 * gives the same bits.
 */
#include "graph/program.h"
#include "model_text.h"
#include "network_run.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 10000 };

/* Two leaves are split into count / 2 parts each, which are cubed and joined in turns. The parts of
 * leaf l have sizes[l] elements along dimension `dim` of two. */
typedef struct list_case {
    const char *op;
    int64_t along; /* the joining operator's `dim` */
    int dim;
    int64_t sizes[2];
    int count; /* even */
} list_case;

static const list_case list_cases[] = {
    {"concat", 0, 0, {1, 2}, MANY},       {"concat", 1, 1, {2, 1}, MANY / 10},
    {"concat", -1, 1, {1, 1}, MANY / 10}, {"stack", 0, 0, {1, 1}, MANY / 10},
    {"stack", 1, 1, {1, 1}, MANY},        {"stack", -1, 0, {1, 1}, MANY / 10},
};

typedef struct list_graph {
    yg_graph *graph;
    yg_node leaves[2], weights, tangents[2];
    yg_node outputs[5]; /* y, first and second derivatives */
} list_graph;

static yg_type matrix(int dim, int64_t length) {
    yg_type type;
    const int64_t shape[2] = {dim == 0 ? length : 2, dim == 0 ? 2 : length};
    cr_assert(yg_type_make(YG_F64, 2, shape, &type, NULL));
    return type;
}

static yg_node all(yg_graph *graph, yg_node a, yg_node b) {
    return yg_sum(graph, yg_multiply(graph, a, b), NULL, 0, false);
}

static list_graph build(const list_case *c) {
    list_graph l = {.graph = yg_graph_new(yg_ops(), YG_GRAPH_F64)};
    yg_graph *g = l.graph;
    yg_node *parts = calloc((size_t)c->count, sizeof *parts),
            *half = calloc((size_t)c->count / 2, sizeof *half);
    cr_assert(g && parts && half);
    const yg_attr attrs[] = {{.count = 1, .ints = {c->count / 2}}, {.i = c->dim}};
    for (int s = 0; s < 2; s++) {
        const yg_type type = matrix(c->dim, c->count / 2 * c->sizes[s]);
        l.leaves[s] = yg_input(g, s ? "b" : "a", &type);
        l.tangents[s] = yg_input(g, s ? "v" : "u", &type);
        const size_t results = (size_t)c->count / 2;
        cr_assert_eq(yg_result_count(g, &yg_op_split, &l.leaves[s], 1, attrs), results);
        cr_assert_eq(yg_apply_all(g, &yg_op_split, &l.leaves[s], 1, attrs, half, results), results);
        for (int i = 0; i < c->count / 2; i++)
            parts[2 * i + s] = yg_multiply(g, yg_square(g, half[i]), half[i]);
    }
    const yg_attr along = {.i = c->along};
    const yg_node y = yg_apply(g, yg_op_find(yg_ops(), c->op), parts, (size_t)c->count, &along);
    cr_assert_neq(y, YG_NONE, "%s", yg_graph_error(g)->message);
    l.weights = yg_input(g, "w", yg_node_type(g, y));
    yg_node first[2], second[2];
    cr_assert(yg_grad(g, all(g, y, l.weights), YG_NONE, l.leaves, 2, first));
    const yg_node along_both =
        yg_add(g, all(g, first[0], l.tangents[0]), all(g, first[1], l.tangents[1]));
    cr_assert(yg_grad(g, along_both, YG_NONE, l.leaves, 2, second));
    memcpy(l.outputs, (const yg_node[]){y, first[0], first[1], second[0], second[1]},
           sizeof l.outputs);
    free(parts);
    free(half);
    return l;
}

static double value(yg_node leaf, int64_t i) {
    return (double)((i * 37 + (int64_t)leaf * 11) % 64 - 32) / 16;
}

static void fill(const list_graph *l, yg_program *program, yg_node leaf) {
    double *data = yg_program_data(program, leaf);
    cr_assert(data);
    const int64_t count = yg_type_count(yg_node_type(l->graph, leaf));
    for (int64_t i = 0; i < count; i++)
        data[i] = value(leaf, i);
}

static yg_program *compute(const list_graph *l, const yg_compile_options *options) {
    yg_error error = {0};
    yg_program *program = yg_compile(l->graph, l->outputs, 5, NULL, 0, options, &error);
    cr_assert(program, "%s", error.message);
    for (int s = 0; s < 2; s++) {
        fill(l, program, l->leaves[s]);
        fill(l, program, l->tangents[s]);
    }
    fill(l, program, l->weights);
    cr_assert(yg_program_run(program, 1, 0, &error), "%s", error.message);
    return program;
}

/* Where element [a, b] of part `i` lies in the joined tensor; `before`: elements along the
 * dimension in the parts before it, `total`: in all parts. */
static int64_t place_in_joined(const list_case *c, int64_t i, int64_t a, int64_t b, int64_t before,
                               int64_t total) {
    if (c->op[0] == 's' && c->along == -1) /* [1, 2, c->count] */
        return b * c->count + i;
    if (c->op[0] == 's' && c->along == 1) /* [2, c->count, 1] */
        return a * c->count + i;
    return c->dim == 0 ? (before + a) * 2 + b : a * total + before + b;
}

/* y = x³ · w: 3x² · w, and 6x · w · u. */
static void check_values(const list_case *c, const list_graph *l, yg_program *program) {
    const double *found[5];
    for (int o = 0; o < 5; o++)
        found[o] = yg_program_data(program, l->outputs[o]);
    const int64_t total = c->count / 2 * (c->sizes[0] + c->sizes[1]);
    int64_t before = 0, wrong = 0;
    for (int64_t i = 0; i < c->count; before += c->sizes[i++ % 2]) {
        const int s = (int)(i % 2);
        const int64_t size = c->sizes[s], rows = c->dim == 0 ? size : 2;
        for (int64_t e = 0; e < 2 * size; e++) {
            const int64_t columns = 2 * size / rows, a = e / columns, b = e % columns;
            const int64_t at = c->dim == 0 ? (i / 2 * size + a) * 2 + b
                                           : a * (c->count / 2 * size) + i / 2 * size + b;
            const int64_t to = place_in_joined(c, i, a, b, before, total);
            const double x = value(l->leaves[s], at), w = value(l->weights, to);
            wrong += found[0][to] != x * x * x || found[1 + s][at] != 3 * x * x * w ||
                     found[3 + s][at] != 6 * x * w * value(l->tangents[s], at);
        }
    }
    cr_expect_eq(wrong, 0, "%s along %d: %d of %d elements are wrong", c->op, (int)c->along,
                 (int)wrong, (int)(2 * total));
}

static void check(const list_case *c, const yg_compile_options *options) {
    list_graph l = build(c);
    yg_program *program = compute(&l, options);
    check_values(c, &l, program);
    yg_program_free(program);
    yg_graph_free(l.graph);
}

/* All values are small multiples of powers of two, so that no order of adding rounds. */
Test(lists, join_and_split_ten_thousand_tensors, .timeout = 120) {
    for (size_t i = 0; i < sizeof list_cases / sizeof *list_cases; i++)
        check(&list_cases[i], &(yg_compile_options){.threads = 1});
}

/* Of fewer tensors: without passes each sum of cotangents has a buffer of its own. */
Test(lists, are_the_same_however_they_are_compiled) {
    const yg_compile_options ways[] = {
        {.threads = 3, .flags = YG_PROGRAM_SMALL_PIECES},
        {.threads = 1, .flags = YG_PROGRAM_NO_PLAN},
        {.threads = 1, .recompute = true},
        {.threads = 1, .without = (const char *const[]){"views"}, .without_count = 1},
    };
    for (size_t i = 0; i < sizeof list_cases / sizeof *list_cases; i++) {
        list_case c = list_cases[i];
        c.count = 200;
        for (size_t k = 0; k < sizeof ways / sizeof *ways; k++)
            check(&c, &ways[k]);
    }
}

/* Sizes 1, 2, 1, 2, … from memory that the caller frees at once. */
Test(lists, are_split_by_any_number_of_sizes) {
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    int64_t *sizes = calloc(MANY, sizeof *sizes), total = 0;
    yg_node *parts = calloc(MANY, sizeof *parts);
    cr_assert(g && sizes && parts);
    for (int i = 0; i < MANY; i++)
        total += sizes[i] = 1 + i % 2;
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 1, &total, &type, NULL));
    const yg_node x = yg_input(g, "x", &type);
    const yg_attr attrs[] = {{.count = MANY, .many = sizes}, {.i = 0}};
    cr_assert_eq(yg_result_count(g, &yg_op_split, &x, 1, attrs), MANY);
    cr_assert_eq(yg_apply_all(g, &yg_op_split, &x, 1, attrs, parts, MANY), MANY);
    free(sizes);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(yg_node_type(g, parts[i])->shape[0], 1 + i % 2);
    for (int i = 0; i < MANY / 2; i++) { /* in reverse */
        const yg_node last = parts[MANY - 1 - i];
        parts[MANY - 1 - i] = parts[i];
        parts[i] = last;
    }
    const yg_node y = yg_concat(g, parts, MANY, 0);
    yg_error error = {0};
    yg_program *program = yg_compile(g, &y, 1, NULL, 0, NULL, &error);
    cr_assert(program, "%s", error.message);
    double *in = yg_program_data(program, x);
    for (int64_t i = 0; i < total; i++)
        in[i] = (double)i;
    cr_assert(yg_program_run(program, 0, 0, &error));
    const double *out = yg_program_data(program, y);
    for (int64_t i = 0; i < total; i++) /* 14998, 14999, 14997, 14995, 14996, … */
        cr_assert_eq(out[i], (double)(total - 1 - i + (i % 3 == 0 ? -1 : i % 3 == 1 ? 1 : 0)));
    yg_program_free(program);
    yg_graph_free(g);
    free(parts);
}

/* Each is refused for what is wrong with it. */
Test(lists, of_sizes_are_checked) {
    enum { COUNT = 20 };
    static const struct {
        int64_t third;
        const char *expected;
    } cases[] = {{2, "the sections do not add up to 20"}, {-1, "sections is at least 0, found -1"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        int64_t sizes[COUNT];
        for (int i = 0; i < COUNT; i++)
            sizes[i] = i == 2 ? cases[c].third : 1;
        yg_type type;
        cr_assert(yg_type_make(YG_F32, 1, (const int64_t[]){COUNT}, &type, NULL));
        const yg_node x = yg_input(g, "x", &type);
        yg_node parts[COUNT];
        const yg_attr attrs[] = {{.count = COUNT, .many = sizes}, {.i = 0}};
        cr_expect_eq(yg_apply_all(g, &yg_op_split, &x, 1, attrs, parts, COUNT), 0);
        cr_expect(strstr(yg_graph_error(g)->message, cases[c].expected), "%s",
                  yg_graph_error(g)->message);
        yg_graph_free(g);
    }
}

/* y = c[0] + c[1] x + c[2] x² + … */
static void polynomial(void *out, const void *const *in, size_t n, const yg_attr *attrs) {
    const int64_t *c = yg_attr_ints(&attrs[0]);
    const double *x = in[0];
    double *y = out;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = attrs[0].count; k-- > 0;)
            sum = sum * x[i] + (double)c[k];
        y[i] = sum;
    }
}

static const yg_attr_spec polynomial_attrs[] = {
    {.name = "c", .kind = YG_ATTR_INTS, .required = true, .any_count = true, .doc = "of powers"},
};

static const yg_op polynomial_op = {
    .name = "polynomial",
    .group = "test",
    .min_operands = 1,
    .max_operands = 1,
    .attrs = polynomial_attrs,
    .attr_count = 1,
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .tile = {[YG_F64] = polynomial},
};

/* A node has a copy of a long list. Nodes with equal lists are one. */
Test(lists, of_attributes_belong_to_the_graph) {
    enum { COUNT = 30 };
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 1, (const int64_t[]){3}, &type, NULL));
    const yg_node x = yg_input(g, "x", &type);
    yg_node y[4];
    for (int which = 0; which < 4; which++) { /* the third differs, the fourth is shorter */
        int64_t *c = calloc(COUNT, sizeof *c);
        for (int k = 0; k < COUNT; k++)
            c[k] = k % 5 + (which == 2 && k == COUNT - 1);
        const yg_attr attr = {.count = COUNT - (which == 3), .many = c};
        y[which] = yg_apply(g, &polynomial_op, &x, 1, &attr);
        memset(c, 0x55, COUNT * sizeof *c);
        free(c);
    }
    cr_assert_not(yg_graph_error(g));
    cr_expect_eq(y[0], y[1]);
    cr_expect_eq(yg_graph_size(g), 4);
    char *text = yg_graph_text(g, &y[3], 1);
    cr_expect(strstr(text, "c=[0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, "
                           "0, 1, 2, 3, 4, 0, 1, 2, 3]"),
              "%s", text);
    free(text);
    yg_error error = {0};
    yg_program *program = yg_compile(g, y, 4, NULL, 0, NULL, &error);
    cr_assert(program, "%s", error.message);
    memcpy(yg_program_data(program, x), (const double[]){0, 1, -1}, 3 * sizeof(double));
    cr_assert(yg_program_run(program, 0, 0, &error));
    cr_expect_eq(((double *)yg_program_data(program, y[0]))[1], 60);
    cr_expect_eq(((double *)yg_program_data(program, y[2]))[1], 61);
    cr_expect_eq(((double *)yg_program_data(program, y[3]))[1], 56);
    yg_program_free(program);
    yg_graph_free(g);
}

/* Other lists stay as short as a shape. */
Test(lists, of_attributes_are_short_where_nothing_else_is_said) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const int64_t dims[YG_MAX_RANK + 1] = {0};
    yg_type type;
    cr_assert(yg_type_make(YG_F32, 1, (const int64_t[]){3}, &type, NULL));
    const yg_node x = yg_input(g, "x", &type);
    const yg_attr attr = {.count = YG_MAX_RANK + 1, .many = dims};
    cr_expect_eq(yg_apply(g, yg_op_find(yg_ops(), "permute"), &x, 1, &attr), YG_NONE);
    cr_expect(strstr(yg_graph_error(g)->message, "takes at most 8 numbers"), "%s",
              yg_graph_error(g)->message);
    yg_graph_free(g);
}

/* Constants: folded, whatever their number. */
Test(lists, of_constants_are_folded) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_type one;
    cr_assert(yg_type_make(YG_F64, 1, (const int64_t[]){1}, &one, NULL));
    yg_node parts[100];
    for (int i = 0; i < 100; i++)
        parts[i] = yg_constant(g, &one, &(const double){i});
    const yg_node joined = yg_apply(g, &yg_op_concat, parts, 100, NULL);
    const double *data = yg_node_constant(g, joined);
    cr_assert(data);
    for (int i = 0; i < 100; i++)
        cr_expect_eq(data[i], i);
    yg_graph_free(g);
}

/* The caller says how much room there is, and nothing is written beyond it. */
Test(lists, need_room_for_their_results) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_type type;
    cr_assert(yg_type_make(YG_F32, 1, (const int64_t[]){200}, &type, NULL));
    const yg_node x = yg_input(g, "x", &type);
    yg_node results[4] = {77, 77, 77, 77};
    const yg_attr attrs[] = {{.count = 1, .ints = {100}}, {.i = 0}};
    cr_expect_eq(yg_result_count(g, &yg_op_split, &x, 1, attrs), 100);
    cr_expect_eq(yg_apply_all(g, &yg_op_split, &x, 1, attrs, results, 3), 0);
    cr_expect(strstr(yg_graph_error(g)->message, "split has 100 results here, more than"), "%s",
              yg_graph_error(g)->message);
    cr_expect_eq(results[0], 77);
    cr_expect_eq(yg_graph_size(g), 1);
    cr_expect_eq(yg_result_count(g, &yg_op_split, &x, 1, attrs), 0); /* after a failure */
    yg_graph_free(g);
}

/* A number of parts that no memory holds is refused for what is wrong with it. */
Test(lists, huge_numbers_of_parts_are_refused) {
    const char *text = "format: 1\nname: m\ninputs: {x: [B, 7]}\ngraph:\n"
                       "  a, b: split(x, 1000000000000, dim=1)\noutputs: [a]\n";
    yg_error error = {0};
    const yg_network_options options = {.dims = &(yg_dim){"B", 2}, .dim_count = 1, .dtype = YG_F64};
    yg_model *model = model_from_text(text, &error);
    yg_network *network = model ? yg_network_build(model, &options, &error) : NULL;
    cr_expect_null(network);
    cr_expect(strstr(error.message, "is not divisible into 1000000000000 equal parts"), "%s",
              error.message);
    yg_network_free(network);
    yg_model_free(model);
}

/* Short, since a text in a model file has 64 KiB at most. */
static const char *name_of(int i, char *text) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int k = 0; k < 3; k++, i /= 26)
        text[k] = letters[i % 26];
    text[3] = 0;
    return text;
}

/* "a, b, …: split(x, n, dim=1)", or with a list of n sizes, the key in the long form that YAML has
 * for keys of more than 1,024 characters, then concat and stack of all of them, in reverse. */
static char *model_of(int n, bool sizes) {
    char *text = NULL, name[4];
    size_t size;
    FILE *file = open_memstream(&text, &size);
    cr_assert(file);
    fprintf(file,
            "format: 1\nname: m\ninputs: {x: [B, %d]}\nparams: {w: {shape: [1], init: ones}}\n"
            "graph:\n  ? ",
            n);
    for (int i = 0; i < n; i++)
        fprintf(file, "%s%s", i ? ", " : "", name_of(i, name));
    fputs("\n  : split(x * w, ", file);
    if (!sizes)
        fprintf(file, "%d", n);
    for (int i = 0; sizes && i < n; i++)
        fputs(i ? ", 1" : "[1", file);
    fprintf(file, "%s, dim=1)\n  p: concat([", sizes ? "]" : "");
    for (int i = n; i-- > 0;)
        fprintf(file, "%s%s", name_of(i, name), i ? ", " : "], dim=1)\n  q: stack([");
    for (int i = n; i-- > 0;)
        fprintf(file, "%s%s", name_of(i, name), i ? ", " : "])\n");
    fputs("outputs: [p, q]\nloss: sum(p) + sum(q)\n", file);
    fclose(file);
    return text;
}

static void check_model(bool sizes) {
    char *text = model_of(MANY, sizes);
    yg_error error = {0};
    yg_model *model = model_from_text(text, &error);
    cr_assert(model, "%s", error.message);
    network_run run;
    const yg_network_options options = {.dims = &(yg_dim){"B", 2}, .dim_count = 1, .dtype = YG_F64};
    cr_assert(network_run_open(&run, model, &options, &error), "%s", error.message);
    cr_assert(network_run_initialize(&run, 1, &error), "%s", error.message);
    double *x = calloc(2 * MANY, sizeof *x), sum = 0;
    for (int i = 0; i < 2 * MANY; i++)
        sum += x[i] = i % 128;
    cr_assert(network_run_set(&run, "x", x));
    cr_assert(yg_program_run(run.program, 1, 0, &error), "%s", error.message);
    size_t count;
    double *p = network_run_get(&run, "p", &count);
    cr_assert_eq(count, 2 * MANY);
    for (int i = 0; i < 2 * MANY; i++)
        cr_assert_eq(p[i], x[i / MANY * MANY + MANY - 1 - i % MANY], "p[%d]", i);
    double *q = network_run_get(&run, "q", &count); /* [MANY, B, 1] */
    cr_assert_eq(count, 2 * MANY);
    for (int i = 0; i < 2 * MANY; i++)
        cr_assert_eq(q[i], p[i % 2 * MANY + i / 2], "q[%d]", i);
    double *slope = network_run_get(&run, "gradient w", &count);
    cr_expect_float_eq(slope[0], 2 * sum, 1e-6 * sum);
    free(p);
    free(q);
    free(slope);
    free(x);
    free(text);
    network_run_close(&run);
    yg_model_free(model);
}

Test(lists, are_read_from_model_files, .timeout = 60) {
    check_model(false);
    check_model(true);
}
