/*
 * Growth of what a program in C does with a graph: each step of the way, from the first node to the
 * last run, on graphs of several shapes.
 */
#include "graph/loop.h"
#include "graph/profile.h"
#include "graph/program.h"
#include "ops/ops.h"
#include "work.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#define GROWTH 2.3
#define LEAST  4000 /* nodes, of the smallest of three graphs */

/* A graph under construction: of `leaves`, every one is asked for its gradient, updated and bound.
 */
typedef struct growing {
    yg_graph *graph;
    int n;
    yg_node *leaves;
    size_t leaf_count;
    yg_node *outputs;
    size_t output_count;
    yg_node loss;
} growing;

static yg_type vector(void) {
    yg_type type;
    cr_assert(yg_type_make(YG_F32, 1, (const int64_t[]){4}, &type, NULL));
    return type;
}

static yg_node leaf(growing *g) {
    const yg_type type = vector();
    char name[32];
    snprintf(name, sizeof name, "w%zu", g->leaf_count);
    return g->leaves[g->leaf_count++] = yg_parameter(g->graph, name, &type);
}

static yg_node call(growing *g, const char *op, yg_node a, yg_node b) {
    return yg_call(g->graph, op, (const yg_node[]){a, b}, b == YG_NONE ? 1 : 2);
}

/* -------------------------------------------------------------------------------- the shapes -- */

static void chain(growing *g) {
    yg_node at = leaf(g);
    for (int i = 0; i < g->n; i++)
        at = call(g, "sin", at, YG_NONE);
    g->loss = call(g, "sum", at, YG_NONE);
}

static void many_leaves(growing *g) {
    yg_node at = leaf(g);
    for (int i = 0; i < g->n; i++)
        at = call(g, "multiply", at, leaf(g));
    g->loss = call(g, "sum", at, YG_NONE);
}

static void one_with_many_users(growing *g) {
    const yg_node w = leaf(g);
    yg_node sum = w;
    for (int i = 0; i < g->n; i++) {
        const yg_node factor = yg_scalar(g->graph, YG_F32, i + 2);
        sum = call(g, "add", sum, call(g, "sin", call(g, "multiply", w, factor), YG_NONE));
    }
    g->loss = call(g, "sum", sum, YG_NONE);
}

static void many_outputs(growing *g) {
    const yg_node w = leaf(g);
    for (int i = 0; i < g->n; i++)
        g->outputs[g->output_count++] = call(g, "add", w, yg_scalar(g->graph, YG_F32, i + 1));
    g->loss = call(g, "sum", call(g, "sin", w, YG_NONE), YG_NONE);
}

/* Each value is read right after it is made, and once more at the very end. */
static void long_lives(growing *g) {
    yg_node at = leaf(g), *kept = calloc((size_t)g->n, sizeof *kept);
    cr_assert(kept);
    for (int i = 0; i < g->n; i++)
        kept[i] = at = call(g, "sum", call(g, "multiply", at, leaf(g)), YG_NONE);
    for (int i = g->n; i-- > 0;)
        at = call(g, "multiply", at, kept[i]);
    g->loss = at;
    free(kept);
}

static void neighbours(growing *g) {
    yg_node before = leaf(g), at = leaf(g);
    for (int i = 0; i < g->n; i++) {
        const yg_node next = call(g, "add", call(g, "tanh", at, YG_NONE), before);
        before = at;
        at = next;
    }
    g->loss = call(g, "sum", at, YG_NONE);
}

/* As many operands, each computed. */
static yg_node *computed_parts(growing *g) {
    yg_node *parts = calloc((size_t)g->n, sizeof *parts);
    const yg_node w = leaf(g);
    cr_assert(parts);
    for (int i = 0; i < g->n; i++)
        parts[i] = call(g, "multiply", w, yg_scalar(g->graph, YG_F32, i + 2));
    return parts;
}

static void join_with(growing *g, const char *op, int64_t dim) {
    yg_node *parts = computed_parts(g);
    const yg_attr attr = {.i = dim};
    const yg_node joined = yg_apply(g->graph, yg_op_find(yg_ops(), op), parts, (size_t)g->n, &attr);
    g->loss = call(g, "sum", call(g, "sin", joined, YG_NONE), YG_NONE);
    free(parts);
}

static void concat(growing *g) {
    join_with(g, "concat", 0);
}

static void stack(growing *g) {
    join_with(g, "stack", 1);
}

static void split(growing *g) {
    yg_type type;
    cr_assert(yg_type_make(YG_F32, 1, (const int64_t[]){2 * g->n}, &type, NULL));
    const yg_node x = call(g, "exp", yg_input(g->graph, "x", &type), YG_NONE);
    const yg_attr attrs[] = {{.count = 1, .ints = {g->n}}, {.i = 0}};
    const yg_node w = leaf(g);
    const yg_node scaled = call(g, "multiply", x, call(g, "sum", w, YG_NONE));
    yg_node *parts = calloc((size_t)g->n, sizeof *parts);
    cr_assert(parts);
    const yg_op *op = yg_op_find(yg_ops(), "split");
    cr_assert_eq(yg_result_count(g->graph, op, &scaled, 1, attrs), (size_t)g->n);
    cr_assert_eq(yg_apply_all(g->graph, op, &scaled, 1, attrs, parts, (size_t)g->n), (size_t)g->n);
    yg_node sum = parts[0];
    for (int i = 1; i < g->n; i++)
        sum = call(g, "add", call(g, "sin", sum, YG_NONE), parts[i]);
    g->loss = call(g, "sum", sum, YG_NONE);
    free(parts);
}

/* To compute tanh of one of the parts again takes all that was joined. */
static void split_of_stack(growing *g) {
    yg_node *parts = calloc((size_t)g->n, sizeof *parts);
    cr_assert(parts);
    int64_t *sizes = calloc((size_t)g->n, sizeof *sizes);
    cr_assert(sizes);
    for (int i = 0; i < g->n; i++) {
        parts[i] = leaf(g);
        sizes[i] = 1;
    }
    const yg_op *ops[] = {yg_op_find(yg_ops(), "stack"), yg_op_find(yg_ops(), "split")};
    const yg_attr dim = {.i = 1}, attrs[] = {{.count = g->n, .many = sizes}, {.i = 1}};
    const yg_node joined = yg_apply(g->graph, ops[0], parts, (size_t)g->n, &dim);
    yg_apply_all(g->graph, ops[1], &joined, 1, attrs, parts, (size_t)g->n);
    yg_node sum = parts[0];
    for (int i = 1; i < g->n; i++)
        sum = call(g, "add", call(g, "sin", sum, YG_NONE), call(g, "tanh", parts[i], YG_NONE));
    g->loss = call(g, "sum", sum, YG_NONE);
    free(parts);
    free(sizes);
}

/* n / 4 iterations of h = sin(h w) + x. */
static void loop(growing *g, yg_loop_unroll unroll) {
    const yg_type row = vector();
    yg_type rows;
    cr_assert(yg_type_make(YG_F32, 2, (const int64_t[]){g->n / 4, 4}, &rows, NULL));
    yg_graph *body = yg_graph_new(yg_ops(), 0);
    const yg_node h = yg_input(body, "h", &row), x = yg_input(body, "x", &row),
                  w = yg_input(body, "w", &row);
    const yg_node product[] = {h, w}, sine = yg_call(body, "multiply", product, 2);
    const yg_node terms[] = {yg_call(body, "sin", &sine, 1), x};
    const yg_node next = yg_call(body, "add", terms, 2);
    const yg_loop_spec spec = {.body = body,
                               .carries = &h,
                               .next = &next,
                               .carry_count = 1,
                               .slices = &x,
                               .slice_count = 1,
                               .captured = &w,
                               .captured_count = 1,
                               .outputs = &next,
                               .output_count = 1,
                               .iterations = g->n / 4,
                               .unroll = unroll};
    const yg_node start = leaf(g), weight = leaf(g), sequence = yg_input(g->graph, "x", &rows);
    yg_node last, all;
    cr_assert(yg_loop(g->graph, &spec, &start, &sequence, &weight, &last, &all));
    g->loss = call(g, "sum", call(g, "sin", all, YG_NONE), YG_NONE);
}

static void loop_as_a_unit(growing *g) {
    loop(g, YG_UNROLL_NEVER);
}

static void unrolled_loop(growing *g) {
    loop(g, YG_UNROLL_ALWAYS);
}

typedef struct shape {
    const char *name;
    void (*build)(growing *g);
    bool takes_passes; /* without, every sum of cotangents is a buffer as large as what was split */
} shape;

static const shape shapes[] = {
    {"a chain", chain, false},
    {"a loop as a unit", loop_as_a_unit, false},
    {"an unrolled loop", unrolled_loop, false},
    {"many leaves", many_leaves, false},
    {"one node with many users", one_with_many_users, false},
    {"many outputs", many_outputs, false},
    {"values that live long", long_lives, false},
    {"nodes that read two before", neighbours, false},
    {"operands of concat", concat, false},
    {"operands of stack", stack, false},
    {"results of split", split, true},
    {"results of a split of stack", split_of_stack, true},
};

#define SHAPES (sizeof shapes / sizeof *shapes)

/* ----------------------------------------------------------------------------------- the way -- */

typedef enum stage {
    BUILD,
    DIFFERENTIATE,
    DIFFERENTIATE_AGAIN,
    VERIFY,
    TEXT,
    DOT,
    COMPILE,
    COMPILE_PLAIN,
    COMPILE_RECOMPUTING,
    BIND,
    RUN,
    PROFILE,
    PROGRAM_TEXT,
    FREE,
    STAGES
} stage;

static const char *const stage_names[STAGES] = {
    [BUILD] = "building",
    [DIFFERENTIATE] = "differentiating",
    [DIFFERENTIATE_AGAIN] = "differentiating twice",
    [VERIFY] = "verifying",
    [TEXT] = "printing the graph",
    [DOT] = "printing the graph as DOT",
    [COMPILE] = "compiling",
    [COMPILE_PLAIN] = "compiling without passes",
    [COMPILE_RECOMPUTING] = "compiling with recomputation",
    [BIND] = "binding",
    [RUN] = "running",
    [PROFILE] = "profiling",
    [PROGRAM_TEXT] = "printing the program",
    [FREE] = "freeing",
};

/* The work since the last call. */
static uint64_t lap(void) {
    const uint64_t work = work_done();
    work_reset();
    return work;
}

static yg_program *compile(const growing *g, const yg_update *updates, unsigned flags,
                           bool recompute) {
    yg_error error = {0};
    const yg_compile_options options = {.flags = flags, .threads = 1, .recompute = recompute};
    yg_program *program =
        yg_compile(g->graph, g->outputs, g->output_count, updates, g->leaf_count, &options, &error);
    cr_assert(program, "%s", error.message);
    return program;
}

/* Second derivatives of the shape: those of the sum of all gradients. */
static void differentiate_twice(const shape *shape, int n, uint64_t *work) {
    growing g = {.n = n, .graph = yg_graph_new(yg_ops(), 0)};
    g.leaves = calloc((size_t)n + 2, sizeof *g.leaves);
    g.outputs = calloc((size_t)n + 2, sizeof *g.outputs);
    yg_node *gradients = calloc((size_t)n + 2, sizeof *gradients), sum = YG_NONE;
    cr_assert(g.graph && g.leaves && g.outputs && gradients);
    shape->build(&g);
    cr_assert(yg_grad(g.graph, g.loss, YG_NONE, g.leaves, g.leaf_count, gradients));
    for (size_t i = 0; i < g.leaf_count; i++)
        sum = sum == YG_NONE ? gradients[i] : call(&g, "add", sum, gradients[i]);
    sum = call(&g, "sum", sum, YG_NONE);
    lap();
    cr_assert(yg_grad(g.graph, sum, YG_NONE, g.leaves, g.leaf_count, gradients));
    work[DIFFERENTIATE_AGAIN] = lap();
    yg_graph_free(g.graph);
    free(g.leaves);
    free(g.outputs);
    free(gradients);
    lap();
}

/* As `yamlgrad profile` does. */
static void list_instructions(yg_program *program) {
    yg_error error = {0};
    const size_t count = yg_program_get_stats(program).instructions;
    yg_time *times = calloc(count, sizeof *times);
    size_t nodes = 0;
    cr_assert(times);
    cr_assert(yg_program_run_timed(program, 1, 2, times, &error));
    for (size_t i = 0; i < count; i++) {
        const yg_instruction instruction = yg_program_instruction(program, i);
        for (size_t k = 0; k < instruction.node_count; k++, nodes++)
            cr_assert_not_null(yg_program_instruction_op(program, i, k));
    }
    cr_assert_gt(nodes, 0);
    free(times);
}

static void walk(const shape *shape, int n, uint64_t *work) {
    yg_error error = {0};
    growing g = {.n = n, .graph = yg_graph_new(yg_ops(), 0)};
    g.leaves = calloc((size_t)n + 2, sizeof *g.leaves);
    g.outputs = calloc((size_t)n + 2, sizeof *g.outputs);
    yg_node *gradients = calloc((size_t)n + 2, sizeof *gradients);
    yg_update *updates = calloc((size_t)n + 2, sizeof *updates);
    _Alignas(64) static char buffers[1 << 24];
    cr_assert(g.graph && g.leaves && g.outputs && gradients && updates);
    lap();

    shape->build(&g);
    g.outputs[g.output_count++] = g.loss;
    cr_assert(!yg_graph_error(g.graph), "%s", yg_graph_error(g.graph)->message);
    work[BUILD] = lap();

    cr_assert(yg_grad(g.graph, g.loss, YG_NONE, g.leaves, g.leaf_count, gradients));
    work[DIFFERENTIATE] = lap();

    for (size_t i = 0; i < g.leaf_count; i++)
        updates[i] = (yg_update){g.leaves[i], call(&g, "subtract", g.leaves[i], gradients[i])};
    lap();
    cr_assert(yg_graph_verify(g.graph, &error));
    work[VERIFY] = lap();
    free(yg_graph_text(g.graph, NULL, 0));
    work[TEXT] = lap();
    free(yg_graph_dot(g.graph, NULL, 0));
    work[DOT] = lap();

    yg_program_free(compile(&g, updates, YG_PROGRAM_NO_PLAN, false));
    work[COMPILE_PLAIN] = lap();
    yg_program_free(compile(&g, updates, 0, true));
    work[COMPILE_RECOMPUTING] = lap();
    yg_program *program = compile(&g, updates, 0, false);
    work[COMPILE] = lap();

    for (size_t i = 0; i < g.leaf_count && i < sizeof buffers / 64; i++)
        cr_assert(yg_program_bind(program, g.leaves[i], buffers + 64 * i, &error));
    work[BIND] = lap();
    cr_assert(yg_program_run(program, 1, 0, &error)); /* which resolves what was bound */
    lap();
    cr_assert(yg_program_run(program, 1, 1, &error));
    work[RUN] = lap();
    list_instructions(program);
    work[PROFILE] = lap();
    free(yg_program_text(program));
    work[PROGRAM_TEXT] = lap();
    yg_program_free(program);
    yg_graph_free(g.graph);
    work[FREE] = lap();

    free(g.leaves);
    free(g.outputs);
    free(gradients);
    free(updates);
}

ParameterizedTestParameters(growth, of_graphs) {
    static size_t indices[SHAPES];
    for (size_t i = 0; i < SHAPES; i++)
        indices[i] = i;
    return cr_make_param_array(size_t, indices, SHAPES);
}

ParameterizedTest(size_t *index, growth, of_graphs) {
    const shape *shape = &shapes[*index];
    uint64_t work[3][STAGES];
    for (int i = 0; i < 3; i++) {
        differentiate_twice(shape, LEAST << i, work[i]);
        walk(shape, LEAST << i, work[i]);
    }
    for (int k = 0; k < STAGES; k++) {
        if (k == COMPILE_PLAIN && shape->takes_passes)
            continue;
        const double first = (double)work[1][k] - (double)work[0][k];
        const double second = (double)work[2][k] - (double)work[1][k];
        if (getenv("YG_GROWTH"))
            fprintf(stderr, "%-28s %-28s %12.0f %12.0f %6.2f\n", shape->name, stage_names[k],
                    (double)work[2][k], second / (2 * LEAST), second / first);
        cr_expect(second <= GROWTH * first || second < 1000,
                  "%s: the work of %s grows by %.0f from %d to %d nodes, by %.0f from there to %d",
                  shape->name, stage_names[k], first, LEAST, 2 * LEAST, second, 4 * LEAST);
    }
}
