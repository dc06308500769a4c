/*
 * The rules that rewrite sums: what they make of a graph is equal to it, and they match where they
 * should.
 */
#include "compiled.h"
#include "graph/rewrite.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <math.h>
#include <stdlib.h>

static yg_type matrix(int64_t rows, int64_t columns) {
    return type_of(YG_F64, 2, (const int64_t[]){rows, columns});
}

/* Compiles without the pass or rule `without`. NULL: with all. */
static yg_program *compile_one(const yg_graph *g, yg_node output, const char *without) {
    return compile_without(g, &output, 1, NULL, 0, without, 1);
}

/* Compiles with rules, but without any pass except `dead`, so that nothing is planned. */
static yg_program *compile_unplanned(const yg_graph *g, yg_node output) {
    const char *names[32];
    size_t count, listed = 0;
    const yg_compile_pass *passes = yg_compile_passes(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(passes[i].name, "dead") != 0)
            names[listed++] = passes[i].name;
    }
    yg_error error = {0};
    const yg_compile_options options = {.threads = 1, .without = names, .without_count = listed};
    yg_program *program = yg_compile(g, &output, 1, NULL, 0, &options, &error);
    cr_assert(program, "%s", error.message);
    return program;
}

/* Gives every input the same numbers in each program, and runs. */
static void run_filled(const yg_graph *g, yg_program *program) {
    for (yg_node node = 0; node < yg_graph_size(g); node++) {
        if (yg_node_is_input(g, node))
            fill_leaf(g, program, node);
    }
    run(program);
}

/* Results with and without rules must be equal up to rounding. With rules, planned and not, they
 * must be equal to the bit. */
static void check_equal(const yg_graph *g, yg_node y, const char *what) {
    yg_program *rewritten = compile_one(g, y, NULL);
    yg_program *unplanned = compile_unplanned(g, y);
    yg_program *plain = compile(g, &y, 1, NULL, 0, YG_PROGRAM_NO_PLAN, 1);
    run_filled(g, rewritten);
    run_filled(g, unplanned);
    run_filled(g, plain);
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
    {"very many", 40, 40, 2, 300, {1, 1}, 1, 1, false},
    {"too deep for their size", 16, 16, 12, 4, {1, 1}, 0, 4, false},
    {"operands that are computed in place", 16, 16, 12, 4, {1, 1}, 0, 1, true},
    {"operands whose pieces do not lie together", 16, 16, 12, 4, {2, 2}, 0, 4, true},
    {"deep enough by themselves", 256, 256, 40, 2, {1, 1}, 0, 2, false},
    {"a single product", 64, 64, 2, 1, {0, 0}, 2, 1, false},
};

Test(sum_rules, sums_of_products_are_one_product) {
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
        yg_program *with = compile_one(g, y, NULL), *without = compile_one(g, y, name);
        cr_expect_eq(count_of(with, "matmul") + count_of(with, "addmm"), s->left, "%s: %d products",
                     s->what, count_of(with, "matmul"));
        cr_expect_eq(count_of(without, "matmul") + count_of(without, "addmm"), s->products, "%s",
                     s->what);
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}

/* A product or partial sum that another node reads too is still computed. */
Test(sum_rules, sums_that_are_seen_stay) {
    for (int seen = 0; seen < 2; seen++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_node first = product(g, 32, 2, 32, 0);
        const yg_node partial = yg_add(g, first, product(g, 32, 2, 32, 0));
        const yg_node sum = yg_add(g, partial, product(g, 32, 2, 32, 0));
        const yg_node y = yg_multiply(g, sum, seen ? partial : first);
        check_equal(g, y, seen ? "a partial sum" : "a product");
        yg_program *program = compile_one(g, y, NULL);
        cr_expect_eq(count_of(program, "matmul") + count_of(program, "addmm"), 2);
        yg_program_free(program);
        yg_graph_free(g);
    }
}

/* A graph under construction: sums of random terms, shared and repeated. */
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

/* One of the last few terms. */
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

Test(sum_rules, random_sums) {
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
        yg_program *program = compile_one(s.graph, y, NULL);
        rewritten += count_of(program, "concat") > 0;
        yg_program_free(program);
        yg_graph_free(s.graph);
    }
    cr_expect_gt(rewritten, 50, "only %d graphs were rewritten", rewritten);
}

/* -------------------------------------------------------------------------------- accumulate -- */

/* Sums with two to five products p of inputs. */
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

Test(sum_rules, products_are_added_to_what_is_there) {
    for (size_t i = 0; i < sizeof accumulations / sizeof *accumulations; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const char *what = accumulations[i].what;
        const yg_node y = build_shape(g, accumulations[i].shape);
        check_equal(g, y, what);
        yg_program *program = compile_one(g, y, NULL);
        cr_expect_eq(count_of(program, "matmul"), accumulations[i].matmul, "%s: %d matmul", what,
                     count_of(program, "matmul"));
        cr_expect_eq(count_of(program, "addmm"), accumulations[i].addmm, "%s: %d addmm", what,
                     count_of(program, "addmm"));
        yg_program_free(program);
        yg_graph_free(g);
    }
}

/* A chain of additions needs one buffer: the output's. */
Test(sum_rules, a_sum_of_products_is_one_buffer) {
    const char *in_place = "in_place";
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node y = build_shape(g, CHAIN);
    yg_program *program = compile_one(g, y, NULL), *copies = compile_one(g, y, in_place);
    const int64_t result = yg_type_bytes(yg_node_type(g, y)); /* 864, in steps of 64 */
    cr_expect_lt(yg_program_get_stats(program).arena_bytes, 64 + result + 64);
    cr_expect_geq(yg_program_get_stats(copies).arena_bytes, 64 + 2 * result);
    yg_program_free(program);
    yg_program_free(copies);
    yg_graph_free(g);
}

/* ------------------------------------------------------------------------------ multiply_add -- */

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
    FOR_KERNEL,   /* |a|·|b| + softmax(c) */
    ROW_FOR,      /* |a|·row + softmax(c) */
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
        return yg_add(g, yg_multiply(g, yg_abs(g, a), yg_abs(g, b)), yg_softmax(g, c, 1));
    case ROW_FOR:
        return yg_add(g, yg_multiply(g, yg_abs(g, a), draw_input(g, 1, columns, dtype)),
                      yg_softmax(g, c, 1));
    }
    return YG_NONE;
}

static const struct {
    const char *what;
    form_of_sum form;
    int steps, pairs, products; /* multiply_add, two_products, and multiply afterwards */
} forms[] = {
    {"a·b + c", PLUS, 1, 0, 0},
    {"c + a·b", PLUS_BEFORE, 1, 0, 0},
    {"c - a·b", MINUS, 1, 0, 0},
    {"a·b - c", MINUS_AFTER, 1, 0, 0},
    {"a·b + c·d", TWO, 0, 1, 0},
    {"a·b - c·d", TWO_MINUS, 0, 1, 0},
    {"of one another", NESTED, 2, 0, 0},
    {"scaled", SCALED, 2, 0, 0},
    {"of what a kernel made", OF_KERNEL, 1, 0, 0},
    {"with a product that is seen", WITH_SEEN, 0, 0, 1},
    {"of a product and itself", ITSELF, 0, 0, 1},
    {"that waits for a kernel", FOR_KERNEL, 0, 0, 1},
    {"of a row, which waits for a kernel", ROW_FOR, 1, 0, 0},
    {"of scalars", OF_SCALARS, 0, 0, 1},
    {"of integers", OF_INTEGERS, 0, 0, 1},
    {"of a row", OF_STRETCHED, 0, 0, 1},
};

/* The rule matches where it pays. One step has the bits of two. */
Test(sum_rules, a_product_is_added_in_one_step) {
    const char *rule = "multiply_add";
    for (size_t i = 0; i < 2 * sizeof forms / sizeof *forms; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const char *what = forms[i / 2].what;
        const yg_node y = build_form(g, forms[i / 2].form, i % 2 ? YG_F64 : YG_F32);
        yg_program *with = compile_one(g, y, NULL), *without = compile_one(g, y, rule);
        run_filled(g, with);
        run_filled(g, without);
        cr_expect_eq(memcmp(yg_program_data(with, y), yg_program_data(without, y),
                            (size_t)yg_type_bytes(yg_node_type(g, y))),
                     0, "%s: other bits than without the rule", what);
        cr_expect_eq(count_of(with, "multiply_add"), forms[i / 2].steps, "%s: %d in one step", what,
                     count_of(with, "multiply_add"));
        cr_expect_eq(count_of(with, "two_products"), forms[i / 2].pairs, "%s: %d pairs", what,
                     count_of(with, "two_products"));
        cr_expect_eq(count_of(with, "multiply"), forms[i / 2].products, "%s: %d products", what,
                     count_of(with, "multiply"));
        cr_expect_eq(count_of(without, "multiply_add"), 0, "%s", what);
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(g);
    }
}

/* A mean that is alone is a sum: one pass. With the variance, both are one operator. */
Test(sum_rules, a_mean_alone_needs_no_moments) {
    static const int64_t shapes[][3] = {{40, 3, 50}, {40, 20, 3}, {700, 6, 1}};
    for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
        const bool alone = i & 1;
        const yg_type type = type_of(YG_F64, shapes[i / 2][2] > 1 ? 3 : 2, shapes[i / 2]);
        yg_graph *graph = yg_graph_new(yg_ops(), 0);
        const yg_node x = yg_input(graph, "x", &type);
        const yg_node outputs[] = {yg_apply(graph, yg_op_find(yg_ops(), "batch_mean"), &x, 1, NULL),
                                   yg_apply(graph, yg_op_find(yg_ops(), "batch_var"), &x, 1, NULL)};
        yg_program *program = compile_without(graph, outputs, alone ? 1 : 2, NULL, 0, NULL, 1);
        cr_expect_eq(count_of(program, "channel_moments"), !alone);
        fill_leaf(graph, program, x);
        run(program);
        const double *in = yg_program_data(program, x),
                     *mean = yg_program_data(program, outputs[0]);
        const int64_t channels = type.shape[1], pixels = type.rank > 2 ? type.shape[2] : 1;
        for (int64_t c = 0; c < channels; c++) {
            double sum = 0;
            for (int64_t n = 0; n < type.shape[0]; n++)
                for (int64_t p = 0; p < pixels; p++)
                    sum += in[(n * channels + c) * pixels + p];
            cr_expect_float_eq(mean[c], sum / (double)(type.shape[0] * pixels), 1e-12);
        }
        yg_program_free(program);
        yg_graph_free(graph);
    }
}
