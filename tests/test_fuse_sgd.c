/*
 * Steps along a gradient that is a matrix product: the rule `fuse_sgd` matches where it should, the
 * step is the same to rounding, and the parameter is written over.
 */
#include "compiled.h"
#include "graph/profile.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <math.h>

enum { ROWS = 30, COLUMNS = 40, DEPTH = 5 };

typedef enum step_kind {
    PLAIN,     /* w - s·(aᵀ·b) */
    SWAPPED,   /* w - (aᵀ·b)·s */
    CONSTANT,  /* s is a constant */
    SHALLOW,   /* a·b with a the larger operand */
    DEEP,      /* both operands are larger than the product */
    DECAYED,   /* (0.5·w) - s·(aᵀ·b): w is not a parameter */
    SEEN,      /* the gradient is an output */
    ELSEWHERE, /* s is no scalar */
    ITSELF,    /* b is w, which is read as a whole for each element */
    RANKED,    /* s is of rank 2, and the smaller operand of rank 1 */
    LATER,     /* w is read after its update's nodes */
} step_kind;

static const struct {
    const char *what;
    step_kind kind;
    bool matches, in_place;
} cases[] = {
    {"a step", PLAIN, true, true},
    {"the scalar on the right", SWAPPED, true, true},
    {"a constant rate", CONSTANT, true, true},
    {"a larger left side", SHALLOW, true, true},
    {"operands larger than the product", DEEP, false, true},
    {"a decayed parameter", DECAYED, false, true},
    {"a gradient that is seen", SEEN, false, true},
    {"a rate for each element", ELSEWHERE, false, true},
    {"a product of the parameter with itself", ITSELF, false, true},
    {"a rate of rank 2", RANKED, true, true},
    {"a parameter that is read later", LATER, true, false},
};

typedef struct built {
    yg_graph *graph;
    yg_node w, outputs[2];
    size_t output_count;
    yg_update update;
} built;

static yg_node leaf(yg_graph *g, const char *name, bool parameter, int64_t rows, int64_t columns) {
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){rows, columns});
    return parameter ? yg_parameter(g, name, &type) : yg_input(g, name, &type);
}

static built build(step_kind kind) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    if (kind == RANKED) {
        built b = {.graph = g, .w = leaf(g, "w", true, 4, COLUMNS)};
        const yg_type a = type_of(YG_F64, 1, (int64_t[]){8});
        const yg_type right = type_of(YG_F64, 3, (int64_t[]){4, 8, COLUMNS});
        const yg_node left = yg_input(g, "a", &a), rate = leaf(g, "rate", false, 1, 1);
        const yg_node product = yg_matmul(g, left, yg_input(g, "b", &right), false, false);
        b.update = (yg_update){b.w, yg_subtract(g, b.w, yg_multiply(g, rate, product))};
        b.outputs[b.output_count++] = yg_sum(g, left, NULL, 0, false);
        cr_assert_null(yg_graph_error(g));
        return b;
    }
    const int64_t columns = kind == ITSELF ? ROWS : COLUMNS;
    const int64_t depth = kind == DEEP ? 400 : kind == ITSELF ? ROWS : DEPTH;
    built b = {.graph = g, .w = leaf(g, "w", true, ROWS, columns)};
    const yg_type scalar = yg_type_scalar(YG_F64);
    yg_node rate = kind == CONSTANT ? yg_scalar(g, YG_F64, 0.1) : yg_input(g, "rate", &scalar);
    if (kind == ELSEWHERE)
        rate = leaf(g, "rates", false, ROWS, columns);
    const yg_node left = leaf(g, "a", false, depth, ROWS);
    const yg_node right = kind == ITSELF ? b.w : leaf(g, "b", false, depth, columns);
    const yg_node gradient = yg_matmul(g, left, right, true, false);
    const yg_node scaled =
        kind == SWAPPED ? yg_multiply(g, gradient, rate) : yg_multiply(g, rate, gradient);
    const yg_node from = kind == DECAYED ? yg_scale(g, b.w, 0.5) : b.w;
    const yg_node value = yg_subtract(g, from, scaled);
    b.update = (yg_update){b.w, value};
    b.outputs[b.output_count++] = yg_sum(g, left, NULL, 0, false);
    if (kind == SEEN)
        b.outputs[b.output_count++] = gradient;
    if (kind == LATER)
        b.outputs[b.output_count++] = yg_square(g, yg_square(g, b.w));
    cr_assert_null(yg_graph_error(g));
    return b;
}

static yg_program *compile_built(const built *b, const char *without) {
    return compile_without(b->graph, b->outputs, b->output_count, &b->update, 1, without, 1);
}

static void run_filled(const built *b, yg_program *program) {
    for (yg_node node = 0; node < yg_graph_size(b->graph); node++) {
        if (yg_node_is_input(b->graph, node) || yg_node_is_parameter(b->graph, node))
            fill_leaf(b->graph, program, node);
    }
    run(program);
}

Test(fuse_sgd, a_step_is_taken_as_the_product_is_computed) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *what = cases[i].what;
        const built b = build(cases[i].kind);
        yg_program *with = compile_built(&b, NULL), *without = compile_built(&b, "fuse_sgd");
        cr_expect_eq(count_of(with, "addmm") > 0, cases[i].matches, "%s: %d", what,
                     count_of(with, "addmm"));
        cr_expect_eq(count_of(without, "addmm"), 0, "%s", what);
        run_filled(&b, with);
        run_filled(&b, without);
        const double *w = data(with, b.w), *expected = data(without, b.w);
        for (int64_t k = 0; k < yg_type_count(yg_node_type(b.graph, b.w)); k++)
            cr_assert(fabs(w[k] - expected[k]) <= 1e-12 * (1 + fabs(expected[k])), "%s: %g, not %g",
                      what, w[k], expected[k]);
        for (size_t k = 0; k < b.output_count; k++)
            expect_same(b.graph, with, without, b.outputs[k], what);
        yg_program_free(with);
        yg_program_free(without);
        yg_graph_free(b.graph);
    }
}

/* A profile counts the work in the line of the product. */
Test(fuse_sgd, its_work_is_the_products) {
    const built b = build(PLAIN);
    yg_program *program = compile_built(&b, NULL);
    int found = 0;
    for (size_t i = 0; i < yg_program_get_stats(program).instructions; i++) {
        if (yg_program_instruction_op(program, i, 0) != yg_op_find(yg_ops(), "addmm"))
            continue;
        const yg_node node = yg_program_instruction_node(program, i, 0);
        cr_expect_str_eq(yg_node_op(b.graph, node)->name, "matmul");
        found++;
    }
    cr_expect_eq(found, 1);
    yg_program_free(program);
    yg_graph_free(b.graph);
}

/* The step is in place: no buffer is as large as w, except for a result that the caller reads. */
Test(fuse_sgd, the_parameter_is_written_over) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!cases[i].matches)
            continue;
        const built b = build(cases[i].kind);
        yg_program *program = compile_built(&b, NULL);
        const int64_t bytes = yg_type_bytes(yg_node_type(b.graph, b.w));
        const bool in_place = yg_program_get_stats(program).arena_bytes < bytes;
        cr_expect_eq(in_place, cases[i].in_place, "%s: %ld bytes", cases[i].what,
                     (long)yg_program_get_stats(program).arena_bytes);
        yg_program_free(program);
        yg_graph_free(b.graph);
    }
}
