/*
 * Rewriting rules: what they make of a graph is equal to it, and they match where they should.
 */
#include "graph/profile.h"
#include "graph/program.h"
#include "graph/random.h"
#include "graph/rewrite.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static yg_type matrix(int64_t rows, int64_t columns) {
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 2, (int64_t[]){rows, columns}, &type, NULL));
    return type;
}

static yg_program *compile(const yg_graph *g, yg_node output, unsigned flags,
                           const char *const *without, size_t without_count) {
    yg_error error = {0};
    const yg_compile_options options = {
        .flags = flags, .threads = 1, .without = without, .without_count = without_count};
    yg_program *program = yg_compile(g, &output, 1, NULL, 0, &options, &error);
    cr_assert(program, "%s", error.message);
    return program;
}

static int count_of(const yg_program *program, const char *op) {
    int count = 0;
    const size_t instructions = yg_program_get_stats(program).instructions;
    for (size_t i = 0; i < instructions; i++) {
        const size_t nodes = yg_program_instruction(program, i).node_count;
        for (size_t k = 0; k < nodes; k++)
            count += strcmp(yg_program_instruction_op(program, i, k)->name, op) == 0;
    }
    return count;
}

/* Every input of the graph gets the same numbers in each program. */
static void run(const yg_graph *g, yg_program *program) {
    for (size_t node = 0; node < yg_graph_size(g); node++) {
        double *data =
            yg_node_is_input(g, (yg_node)node) ? yg_program_data(program, (yg_node)node) : NULL;
        for (int64_t i = 0; data && i < yg_type_count(yg_node_type(g, (yg_node)node)); i++)
            data[i] = yg_random_normal(7, node, (uint64_t)i);
    }
    yg_error error = {0};
    cr_assert(yg_program_run(program, 1, 0, &error), "%s", error.message);
}

/* The names of all passes but `dead`, which leaves nothing of planning. */
static size_t list_planning(const char **names) {
    size_t count, listed = 0;
    const yg_compile_pass *passes = yg_compile_passes(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(passes[i].name, "dead") != 0)
            names[listed++] = passes[i].name;
    }
    return listed;
}

/* With rules and without: equal to rounding. With rules, planned and not: equal to the bit. */
static void check_equal(const yg_graph *g, yg_node y, const char *what) {
    yg_program *rewritten = compile(g, y, 0, NULL, 0);
    const char *planning[32];
    yg_program *unplanned = compile(g, y, 0, planning, list_planning(planning));
    yg_program *plain = compile(g, y, YG_PROGRAM_NO_PLAN, NULL, 0);
    run(g, rewritten);
    run(g, unplanned);
    run(g, plain);
    const double *a = yg_program_data(rewritten, y), *b = yg_program_data(plain, y);
    const int64_t count = yg_type_count(yg_node_type(g, y));
    for (int64_t i = 0; i < count; i++)
        cr_assert_float_eq(a[i], b[i], 1e-12 * (1 + fabs(b[i])), "%s: [%d] is %g, not %g", what,
                           (int)i, a[i], b[i]);
    cr_expect_eq(memcmp(a, yg_program_data(unplanned, y), (size_t)count * sizeof *a), 0,
                 "%s: planned, the rewritten graph has other bits", what);
    yg_program_free(rewritten);
    yg_program_free(unplanned);
    yg_program_free(plain);
}

/* ------------------------------------------------------------------------- sums of products -- */

static yg_node product(yg_graph *g, int64_t n, int64_t k, int64_t m, int transposed) {
    const yg_type a = transposed & 1 ? matrix(k, n) : matrix(n, k);
    const yg_type b = transposed & 2 ? matrix(m, k) : matrix(k, m);
    const yg_node x = yg_input(g, "a", &a), w = yg_input(g, "b", &b);
    return yg_matmul(g, x, w, transposed & 1, transposed & 2);
}

static yg_node product_of_computed(yg_graph *g, int64_t n, int64_t k, int64_t m, int transposed) {
    const yg_node p = product(g, n, k, m, transposed);
    return yg_matmul(g, yg_tanh(g, yg_node_operand(g, p, 0)), yg_tanh(g, yg_node_operand(g, p, 1)),
                     transposed & 1, transposed & 2);
}

typedef struct sum_case {
    const char *what;
    int64_t n, m, k;
    int products;
    int transposed[2]; /* of even and odd ones; bit 0: a, bit 1: b */
    int others;        /* summands that are no products */
    int left;          /* matmuls afterwards */
    bool computed;     /* their operands are, so that they need no copy */
} sum_case;

static const sum_case sum_cases[] = {
    {"a weight's gradient over two steps", 64, 48, 8, 2, {1, 1}, 0, 1, false},
    {"not transposed", 32, 32, 4, 5, {0, 0}, 0, 1, false},
    {"the right one transposed", 32, 32, 4, 5, {2, 2}, 0, 1, false},
    {"both transposed", 32, 32, 4, 5, {3, 3}, 0, 1, false},
    {"transposed now and then", 32, 24, 3, 4, {1, 2}, 0, 1, false},
    {"other summands too", 32, 32, 4, 3, {1, 1}, 3, 1, false},
    {"more than a list operator takes", 40, 40, 2, YG_MAX_OPERANDS + 6, {1, 1}, 1, 2, false},
    {"one left over", 40, 40, 2, YG_MAX_OPERANDS + 1, {1, 1}, 0, 2, false},
    {"too deep for their size", 16, 16, 12, 4, {1, 1}, 0, 4, false},
    {"operands that are computed in place", 16, 16, 12, 4, {1, 1}, 0, 1, true},
    {"operands whose pieces do not lie together", 16, 16, 12, 4, {2, 2}, 0, 4, true},
    {"deep enough by themselves", 256, 256, 40, 2, {1, 1}, 0, 2, false},
    {"a single product", 64, 64, 2, 1, {0, 0}, 2, 1, false},
};

Test(rewriting, sums_of_products_are_one_product) {
    for (size_t c = 0; c < sizeof sum_cases / sizeof *sum_cases; c++) {
        const sum_case *s = &sum_cases[c];
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type type = matrix(s->n, s->m);
        yg_node (*const make)(yg_graph *, int64_t, int64_t, int64_t, int) =
            s->computed ? product_of_computed : product;
        yg_node y = make(g, s->n, s->k, s->m, s->transposed[0]);
        for (int i = 1; i < s->products; i++)
            y = yg_add(g, y, make(g, s->n, s->k, s->m, s->transposed[i % 2]));
        for (int i = 0; i < s->others; i++)
            y = yg_add(g, yg_input(g, "c", &type), y);
        check_equal(g, y, s->what);
        const char *name = "sum_of_products";
        yg_program *with = compile(g, y, 0, NULL, 0), *without = compile(g, y, 0, &name, 1);
        cr_expect_eq(count_of(with, "matmul") + count_of(with, "addmm"), s->left, "%s: %d products",
                     s->what, count_of(with, "matmul"));
        cr_expect_eq(count_of(without, "matmul") + count_of(without, "addmm"), s->products, "%s",
                     s->what);
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}

/* What somebody else reads too is still computed: a product, a partial sum. */
Test(rewriting, sums_that_are_seen_stay) {
    for (int seen = 0; seen < 2; seen++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_node first = product(g, 32, 2, 32, 0);
        const yg_node partial = yg_add(g, first, product(g, 32, 2, 32, 0));
        const yg_node sum = yg_add(g, partial, product(g, 32, 2, 32, 0));
        const yg_node y = yg_multiply(g, sum, seen ? partial : first);
        check_equal(g, y, seen ? "a partial sum" : "a product");
        yg_program *program = compile(g, y, 0, NULL, 0);
        cr_expect_eq(count_of(program, "matmul") + count_of(program, "addmm"), 2);
        yg_program_free(program);
        yg_graph_free(g);
    }
}

/* A graph in the making: sums of whatever, shared, repeated. */
typedef struct sums {
    yg_graph *graph;
    uint64_t seed, draws;
    int64_t n, m;
    yg_node pool[64];
    int count;
} sums;

static int64_t roll(sums *s, int64_t bound) {
    return (int64_t)yg_random_below(s->seed, 3, s->draws++, (uint64_t)bound);
}

/* One of the last few. */
static yg_node draw(sums *s) {
    return s->pool[s->count - 1 - roll(s, s->count < 4 ? s->count : 4)];
}

static yg_node random_term(sums *s) {
    const yg_type row = matrix(1, s->m);
    const yg_node x = draw(s);
    switch (roll(s, 8)) {
    case 0:
        return yg_tanh(s->graph, x);
    case 1:
        return yg_add(s->graph, x, yg_input(s->graph, "bias", &row));
    case 2:
        return yg_add(s->graph, x, draw(s));
    default:
        return yg_add(s->graph, x, product(s->graph, s->n, 1 + roll(s, 6), s->m, (int)roll(s, 4)));
    }
}

Test(rewriting, random_sums) {
    int rewritten = 0;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        sums s = {.graph = yg_graph_new(yg_ops(), 0), .seed = seed};
        s.n = 2 + roll(&s, 20);
        s.m = 2 + roll(&s, 20);
        const yg_type type = matrix(s.n, s.m);
        s.pool[s.count++] = yg_input(s.graph, "c", &type);
        for (int i = 0; i < 20; i++) {
            const yg_node term = random_term(&s);
            s.pool[s.count++] = term;
        }
        yg_node y = s.pool[s.count - 1];
        for (int i = 2; i < 5; i++)
            y = yg_add(s.graph, s.pool[s.count - i], y);
        check_equal(s.graph, y, "a random sum");
        yg_program *program = compile(s.graph, y, 0, NULL, 0);
        rewritten += count_of(program, "concat") > 0;
        yg_program_free(program);
        yg_graph_free(s.graph);
    }
    cr_expect_gt(rewritten, 50, "only %d graphs were rewritten", rewritten);
}

/* ---------------------------------------------------------------------------------- accumulate --
 */

/* Two to five products of inputs are `p`; the rest is said case by case. */
typedef enum shape_of_sum {
    CHAIN,    /* ((p + p) + p) + … */
    BALANCED, /* (p + p) + (p + p) */
    OTHERS,   /* a whole-tensor operator's result + p, then p + that */
    FUSED,    /* tanh(c) + p: the group that computes the one adds the other */
    BIAS,     /* p + a row */
    LEAF,     /* p + an input */
    SEEN,     /* (p + p) · tanh(the first p) */
    READ,     /* (another kernel's result + p) · tanh(p) */
    TWICE,    /* p + p, the same */
    BATCHED,  /* products of batches of matrices */
} shape_of_sum;

static yg_node batched(yg_graph *g) {
    yg_type a, b;
    cr_assert(yg_type_make(YG_F64, 3, (int64_t[]){2, 8, 40}, &a, NULL));
    cr_assert(yg_type_make(YG_F64, 3, (int64_t[]){2, 40, 9}, &b, NULL));
    return yg_matmul(g, yg_input(g, "a", &a), yg_input(g, "b", &b), false, false);
}

static yg_node build_shape(yg_graph *g, shape_of_sum shape) {
    const yg_type type = matrix(12, 9), row = matrix(1, 9);
    const yg_node c = yg_input(g, "c", &type);
    yg_node p[5];
    for (int i = 0; i < 5; i++)
        p[i] = shape == BATCHED ? batched(g) : product(g, 12, 40, 9, i % 4);
    switch (shape) {
    case CHAIN:
        for (int i = 1; i < 5; i++)
            p[0] = yg_add(g, i % 2 ? p[0] : p[i], i % 2 ? p[i] : p[0]);
        return p[0];
    case BALANCED:
        return yg_add(g, yg_add(g, p[0], p[1]), yg_add(g, p[2], p[3]));
    case OTHERS:
        return yg_add(g, p[1], yg_add(g, yg_softmax(g, c, 1), p[0]));
    case FUSED:
        return yg_add(g, yg_tanh(g, c), p[0]);
    case BIAS:
        return yg_add(g, p[0], yg_input(g, "bias", &row));
    case LEAF:
        return yg_add(g, p[0], c);
    case SEEN:
        return yg_multiply(g, yg_add(g, p[0], p[1]), yg_tanh(g, p[0]));
    case READ:
        return yg_multiply(g, yg_add(g, yg_softmax(g, c, 1), p[0]), yg_tanh(g, p[0]));
    case TWICE:
        return yg_tanh(g, yg_add(g, p[0], p[0]));
    case BATCHED:
        return yg_add(g, p[0], p[1]);
    }
    return YG_NONE;
}

static const struct {
    const char *what;
    shape_of_sum shape;
    int matmul, addmm;
} accumulations[] = {
    {"a chain", CHAIN, 1, 4},
    {"a balanced tree", BALANCED, 2, 2},
    {"to what another kernel made", OTHERS, 0, 2},
    {"to what a fused group makes", FUSED, 1, 0},
    {"to a row", BIAS, 1, 0},
    {"to an input", LEAF, 1, 0},
    {"to a product that is seen", SEEN, 2, 0},
    {"of a product that is seen", READ, 1, 0},
    {"of a product to itself", TWICE, 1, 0},
    {"in batches", BATCHED, 1, 1},
};

Test(rewriting, products_are_added_to_what_is_there) {
    for (size_t i = 0; i < sizeof accumulations / sizeof *accumulations; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const char *what = accumulations[i].what;
        const yg_node y = build_shape(g, accumulations[i].shape);
        check_equal(g, y, what);
        yg_program *program = compile(g, y, 0, NULL, 0);
        cr_expect_eq(count_of(program, "matmul"), accumulations[i].matmul, "%s: %d matmul", what,
                     count_of(program, "matmul"));
        cr_expect_eq(count_of(program, "addmm"), accumulations[i].addmm, "%s: %d addmm", what,
                     count_of(program, "addmm"));
        yg_program_free(program);
        yg_graph_free(g);
    }
}

/* A chain of them is one buffer, the output's. */
Test(rewriting, a_sum_of_products_is_one_buffer) {
    const char *in_place = "in_place";
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node y = build_shape(g, CHAIN);
    yg_program *program = compile(g, y, 0, NULL, 0), *copies = compile(g, y, 0, &in_place, 1);
    const int64_t result = yg_type_bytes(yg_node_type(g, y)); /* 864, in steps of 64 */
    cr_expect_lt(yg_program_get_stats(program).arena_bytes, 64 + result + 64);
    cr_expect_geq(yg_program_get_stats(copies).arena_bytes, 64 + 2 * result);
    yg_program_free(program);
    yg_program_free(copies);
    yg_graph_free(g);
}

/* -------------------------------------------------------------------------------- multiply_add --
 */

/* Sums of products of a, b, c and d, each of several tiles. */
typedef enum form_of_sum {
    PLUS,         /* a·b + c */
    PLUS_BEFORE,  /* c + a·b */
    MINUS,        /* c - a·b */
    MINUS_AFTER,  /* a·b - c */
    TWO,          /* a·b + c·d */
    TWO_MINUS,    /* a·b - c·d */
    NESTED,       /* (a·b + c)·d - c */
    SCALED,       /* c - s·a, s a scalar and then a row */
    OF_KERNEL,    /* softmax(a)·b + c */
    WITH_SEEN,    /* (a·b + c) / (a·b) */
    ITSELF,       /* a·b + a·b */
    FOR_KERNEL,   /* a·b + softmax(c) */
    OF_SCALARS,   /* a·b + c for scalars */
    OF_INTEGERS,  /* a·b + c for integers */
    OF_STRETCHED, /* a·b + c, the product stretched */
} form_of_sum;

static yg_node draw_input(yg_graph *g, int64_t rows, int64_t columns, yg_dtype dtype) {
    const yg_type type = matrix(rows, columns);
    return yg_cast(g, yg_input(g, "x", &type), dtype);
}

static yg_node build_form(yg_graph *g, form_of_sum form, yg_dtype dtype) {
    const int64_t rows = form == OF_SCALARS ? 1 : 7, columns = form == OF_SCALARS ? 1 : 150;
    yg_node x[4];
    for (int i = 0; i < 4; i++)
        x[i] = draw_input(g, i < 2 && form == OF_STRETCHED ? 1 : rows, columns,
                          form == OF_INTEGERS ? YG_I32 : dtype);
    const yg_node a = x[0], b = x[1], c = x[2], d = x[3], ab = yg_multiply(g, a, b);
    switch (form) {
    case PLUS:
    case OF_SCALARS:
    case OF_INTEGERS:
    case OF_STRETCHED:
        return yg_add(g, ab, c);
    case PLUS_BEFORE:
        return yg_add(g, c, ab);
    case MINUS:
        return yg_subtract(g, c, ab);
    case MINUS_AFTER:
        return yg_subtract(g, ab, c);
    case TWO:
        return yg_add(g, ab, yg_multiply(g, c, d));
    case TWO_MINUS:
        return yg_subtract(g, ab, yg_multiply(g, c, d));
    case NESTED:
        return yg_subtract(g, yg_multiply(g, yg_add(g, ab, c), d), c);
    case SCALED:
        return yg_subtract(g, yg_subtract(g, c, yg_multiply(g, a, draw_input(g, 1, 1, dtype))),
                           yg_multiply(g, draw_input(g, 1, columns, dtype), yg_tanh(g, a)));
    case OF_KERNEL:
        return yg_add(g, yg_multiply(g, yg_softmax(g, a, 1), b), c);
    case WITH_SEEN:
        return yg_divide(g, yg_add(g, ab, c), ab);
    case ITSELF:
        return yg_add(g, ab, ab);
    case FOR_KERNEL:
        return yg_add(g, ab, yg_softmax(g, c, 1));
    }
    return YG_NONE;
}

static const struct {
    const char *what;
    form_of_sum form;
    int steps, products; /* multiply_add, and multiply afterwards */
} forms[] = {
    {"a·b + c", PLUS, 1, 0},
    {"c + a·b", PLUS_BEFORE, 1, 0},
    {"c - a·b", MINUS, 1, 0},
    {"a·b - c", MINUS_AFTER, 1, 0},
    {"a·b + c·d", TWO, 1, 1},
    {"a·b - c·d", TWO_MINUS, 1, 1},
    {"of one another", NESTED, 2, 0},
    {"scaled", SCALED, 2, 0},
    {"of what a kernel made", OF_KERNEL, 1, 0},
    {"with a product that is seen", WITH_SEEN, 0, 1},
    {"of a product and itself", ITSELF, 0, 1},
    {"that waits for a kernel", FOR_KERNEL, 0, 1},
    {"of scalars", OF_SCALARS, 0, 1},
    {"of integers", OF_INTEGERS, 0, 1},
    {"of a row", OF_STRETCHED, 0, 1},
};

/* One step where it pays, and the same bits as two. */
Test(rewriting, a_product_is_added_in_one_step) {
    const char *rule = "multiply_add";
    for (size_t i = 0; i < 2 * sizeof forms / sizeof *forms; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const char *what = forms[i / 2].what;
        const yg_node y = build_form(g, forms[i / 2].form, i % 2 ? YG_F64 : YG_F32);
        yg_program *with = compile(g, y, 0, NULL, 0), *without = compile(g, y, 0, &rule, 1);
        run(g, with);
        run(g, without);
        cr_expect_eq(memcmp(yg_program_data(with, y), yg_program_data(without, y),
                            (size_t)yg_type_bytes(yg_node_type(g, y))),
                     0, "%s: other bits than without the rule", what);
        cr_expect_eq(count_of(with, "multiply_add"), forms[i / 2].steps, "%s: %d in one step", what,
                     count_of(with, "multiply_add"));
        cr_expect_eq(count_of(with, "multiply"), forms[i / 2].products, "%s: %d products", what,
                     count_of(with, "multiply"));
        cr_expect_eq(count_of(without, "multiply_add"), 0, "%s", what);
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}

/* ------------------------------------------------------------------------------- the framework --
 */

/* a - b = a + (-b), which has the same bits. */
static bool matches_subtract(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == yg_op_find(yg_ops(), "subtract");
}

static yg_node build_sum(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const yg_node *operands = yg_node_operands(r->graph, node);
    return yg_add(to, made[operands[0]], yg_negative(to, made[operands[1]]));
}

static yg_node build_scalar(const yg_rewriting *r, yg_graph *to, yg_node node,
                            const yg_node *made) {
    (void)r, (void)node, (void)made;
    return yg_scalar(to, YG_F64, 1);
}

/* A second rule, so that a derived graph is derived from: a + b = b + a. */
static bool matches_add(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == yg_op_find(yg_ops(), "add");
}

static yg_node build_swapped(const yg_rewriting *r, yg_graph *to, yg_node node,
                             const yg_node *made) {
    const yg_node *operands = yg_node_operands(r->graph, node);
    return yg_add(to, made[operands[1]], made[operands[0]]);
}

Test(rewriting, a_program_answers_for_the_callers_nodes) {
    const yg_rule first = {.name = "subtraction",
                           .doc = "",
                           .op = yg_op_find(yg_ops(), "subtract"),
                           .matches = matches_subtract,
                           .build = build_sum};
    const yg_rule second = {.name = "exchange",
                            .doc = "",
                            .op = yg_op_find(yg_ops(), "add"),
                            .matches = matches_add,
                            .build = build_swapped};
    const yg_rule *const rules[] = {&first, &second};
    yg_op_set set = *yg_ops();
    set.rules = rules;
    set.rule_count = 2;
    yg_graph *g = yg_graph_new(&set, YG_GRAPH_NO_SIMPLIFY); /* which would undo the rule */
    const yg_type type = matrix(1, 2);
    const yg_node unused = yg_input(g, "unused", &type);
    const yg_node x = yg_input(g, "x", &type), p = yg_parameter(g, "p", &type);
    yg_graph_at(g, (yg_origin){"model.yaml", 7, 3});
    const yg_node d = yg_subtract(g, p, x);
    yg_node_set_name(g, d, "difference");
    yg_graph_at(g, YG_NOWHERE);
    const yg_node outputs[] = {d, p, yg_subtract(g, x, p), d};
    const yg_update update = {p, yg_multiply(g, d, d)};
    yg_error error = {0};
    yg_program *program = yg_compile(g, outputs, 4, &update, 1, NULL, &error);
    cr_assert(program, "%s", error.message);

    cr_expect_eq(count_of(program, "subtract"), 0);
    cr_expect_eq(count_of(program, "add"), 2);
    cr_expect_null(yg_program_data(program, unused));
    cr_expect_null(yg_program_data(program, update.value));
    cr_expect_not(yg_program_bind(program, d, yg_program_data(program, d), &error));
    _Alignas(64) double bound[8] = {5, 6};
    cr_assert(yg_program_bind(program, x, bound, NULL));
    memcpy(yg_program_data(program, p), (double[]){1, 10}, 2 * sizeof(double));
    cr_assert(yg_program_run(program, 1, 0, NULL));
    const double *difference = yg_program_data(program, d);
    const double *opposite = yg_program_data(program, outputs[2]);
    const double *parameter = yg_program_data(program, p);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(difference[i], i ? 4 : -4);
        cr_expect_eq(opposite[i], i ? -4 : 4);
        cr_expect_eq(parameter[i], 16);
    }

    char *text = yg_program_text(program);
    cr_expect(strstr(text, "difference line 7"), "%s", text);
    int found = 0;
    for (size_t i = 0; i < yg_program_get_stats(program).instructions; i++) {
        const size_t nodes = yg_program_instruction(program, i).node_count;
        for (size_t k = 0; k < nodes; k++)
            found += yg_program_instruction_node(program, i, k) == d;
    }
    cr_expect_eq(found, 2, "an addition and a negative were made of %%%u, not %d nodes:\n%s", d,
                 found, text);
    free(text);
    yg_program_free(program);
    yg_graph_free(g);
}

static bool is_wide(const yg_graph *graph, yg_node node) {
    return yg_type_count(yg_node_type(graph, node)) > 4;
}

/* A rule may say what a graph must have for it to be tried, which is not asked for another rule. */
Test(rewriting, a_graph_without_a_candidate_stays) {
    const yg_rule any = {.name = "subtraction",
                         .doc = "",
                         .op = yg_op_find(yg_ops(), "subtract"),
                         .matches = matches_subtract,
                         .build = build_sum};
    yg_rule wide = any;
    wide.candidate = is_wide;
    const yg_rule *const rules[] = {&wide, &any};
    static const struct {
        int64_t width;
        size_t rule_count;
        int left;
    } cases[] = {{4, 1, 1}, {5, 1, 0}, {4, 2, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_op_set set = *yg_ops();
        set.rules = rules;
        set.rule_count = cases[i].rule_count;
        yg_graph *g = yg_graph_new(&set, YG_GRAPH_NO_SIMPLIFY);
        const yg_type type = matrix(1, cases[i].width);
        const yg_node y = yg_subtract(g, yg_input(g, "a", &type), yg_input(g, "b", &type));
        yg_program *program = compile(g, y, 0, NULL, 0);
        cr_expect_eq(count_of(program, "subtract"), cases[i].left, "case %zu", i);
        yg_program_free(program);
        yg_graph_free(g);
    }
}

Test(rewriting, a_wrong_equivalent_is_an_error) {
    const yg_rule wrong = {.name = "wrong",
                           .doc = "",
                           .op = yg_op_find(yg_ops(), "subtract"),
                           .matches = matches_subtract,
                           .build = build_scalar};
    const yg_rule *const rules[] = {&wrong};
    yg_op_set set = *yg_ops();
    set.rules = rules;
    set.rule_count = 1;
    yg_graph *g = yg_graph_new(&set, 0);
    const yg_type type = matrix(1, 2);
    const yg_node x = yg_input(g, "x", &type), y = yg_subtract(g, x, yg_tanh(g, x));
    yg_error error = {0};
    cr_expect_null(yg_compile(g, &y, 1, NULL, 0, NULL, &error));
    cr_expect_str_eq(error.message, "the rule wrong has no equivalent of the same type");

    const char *name = "wrung";
    const yg_compile_options options = {.without = &name, .without_count = 1};
    error = (yg_error){0};
    cr_expect_null(yg_compile(g, &y, 1, NULL, 0, &options, &error));
    cr_expect_str_eq(error.message, "there is no pass 'wrung'; did you mean 'wrong'?");
    yg_graph_free(g);
}

/* Two rules; the first matches only what the second makes. They are wrong on purpose, so that the
 * operators show what they have done. */
static bool is_exp_of_tanh(const yg_rewriting *r, yg_node node) {
    return strcmp(yg_node_op(r->graph, node)->name, "exp") == 0 &&
           strcmp(yg_node_op(r->graph, yg_node_operand(r->graph, node, 0))->name, "tanh") == 0;
}

static yg_node make_cos(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    return yg_cos(to, made[yg_node_operand(r->graph, node, 0)]);
}

static bool is_sin(const yg_rewriting *r, yg_node node) {
    return strcmp(yg_node_op(r->graph, node)->name, "sin") == 0;
}

static yg_node make_tanh(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    return yg_tanh(to, made[yg_node_operand(r->graph, node, 0)]);
}

static yg_node make_permuted(const yg_rewriting *r, yg_graph *to, yg_node node,
                             const yg_node *made) {
    return yg_permute(to, made[yg_node_operand(r->graph, node, 0)], (const int64_t[]){1, 0});
}

Test(rewriting, a_rule_uses_what_a_later_one_makes) {
    const yg_op_set *all = yg_ops();
    const yg_rule first = {.name = "exp_of_tanh",
                           .op = yg_op_find(all, "exp"),
                           .matches = is_exp_of_tanh,
                           .build = make_cos};
    const yg_rule second = {
        .name = "sin", .op = yg_op_find(all, "sin"), .matches = is_sin, .build = make_tanh};
    const yg_rule *const rules[] = {&first, &second};
    yg_op_set set = *all;
    set.rules = rules;
    set.rule_count = 2;
    const yg_type type = matrix(3, 4);
    yg_graph *g = yg_graph_new(&set, 0);
    const yg_node x = yg_input(g, "x", &type);
    /* The tanh that the second rule makes is there already: one is left. */
    const yg_node y =
        yg_add(g, yg_add(g, yg_exp(g, yg_sin(g, x)), yg_sin(g, x)), yg_sqrt(g, yg_tanh(g, x)));
    yg_program *program = compile(g, y, 0, NULL, 0);
    cr_expect_eq(count_of(program, "cos"), 1);
    cr_expect_eq(count_of(program, "exp"), 0);
    cr_expect_eq(count_of(program, "sin"), 0);
    cr_expect_eq(count_of(program, "tanh"), 1);
    yg_program_free(program);
    yg_graph_free(g);
}

/* What reads an equivalent is built again: the permutation that a rule makes cancels another. */
Test(rewriting, permutations_that_a_rule_makes_neighbours_cancel) {
    const yg_op_set *all = yg_ops();
    const yg_rule rule = {
        .name = "sin", .op = yg_op_find(all, "sin"), .matches = is_sin, .build = make_permuted};
    const yg_rule *const rules[] = {&rule};
    yg_op_set set = *all;
    set.rules = rules;
    set.rule_count = 1;
    const yg_type type = matrix(3, 3);
    yg_graph *g = yg_graph_new(&set, 0);
    const yg_node x = yg_input(g, "x", &type);
    const yg_node y = yg_exp(g, yg_permute(g, yg_sin(g, x), (const int64_t[]){1, 0}));
    yg_program *program = compile(g, y, 0, NULL, 0);
    cr_expect_eq(count_of(program, "permute"), 0);
    cr_expect_eq(count_of(program, "exp"), 1);
    yg_program_free(program);
    yg_graph_free(g);
}
