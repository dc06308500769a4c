/*
 * Building, differentiating, compiling and running, with each allocation failing once: a clean
 * error or the right result, and nothing left behind.
 */
#include "compiled.h"
#include "fault_injection.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LEAVES = 4, RESULTS = 8 };

/* One way through the library. The caller frees what is not NULL. */
typedef struct passage {
    yg_graph *graph;
    yg_program *program;
    char *texts[3];
    yg_node leaves[LEAVES], outputs[RESULTS];
    uint64_t built; /* allocations for the graph alone */
    yg_error error;
} passage;

static yg_node call(yg_graph *g, const char *name, yg_node x) {
    return yg_call(g, name, &x, 1);
}

static yg_node call_with(yg_graph *g, const char *name, const yg_node *operands, size_t count,
                         const char *attr, yg_attr value) {
    const yg_op *op = yg_op_find(yg_graph_ops(g), name);
    yg_attr attrs[16];
    yg_op_defaults(op, attrs);
    attrs[yg_op_attr(op, attr)] = value;
    return yg_apply(g, op, operands, count, attrs);
}

/* Uses every family of operators: products, rows, reductions, shapes, indices, losses, random
 * numbers and folded constants. There are more nodes than the first arrays hold. */
static yg_node build(passage *p) {
    yg_graph *g = p->graph;
    const yg_type matrix = type_of(YG_F32, 2, (int64_t[]){6, 8});
    const yg_type weight = type_of(YG_F32, 2, (int64_t[]){8, 8});
    const yg_type classes = type_of(YG_I32, 1, (int64_t[]){6});
    const yg_node x = p->leaves[0] = yg_input(g, "x", &matrix);
    const yg_node w = p->leaves[1] = yg_parameter(g, "w", &weight);
    const yg_node c = p->leaves[2] = yg_input(g, "c", &classes);
    const yg_node v = p->leaves[3] = yg_parameter(g, "v", &weight);
    yg_node h = yg_add(g, yg_matmul(g, x, w, false, false), yg_matmul(g, x, v, false, true));
    h = call_with(g, "dropout", &h, 1, "p", (yg_attr){.f = 0.25});
    for (int64_t t = 0; t < 3; t++) {
        const yg_node row =
            yg_slice(g, h, (int64_t[]){t, 0}, (int64_t[]){t + 1, 8}, (int64_t[]){1, 1});
        h = yg_add(g, h, call(g, t % 2 ? "tanh" : "gelu", yg_multiply(g, row, row)));
    }
    const yg_node joined[] = {yg_softmax(g, h, 1),
                              call_with(g, "cumsum", &h, 1, "dim", (yg_attr){.i = 1}),
                              yg_log_softmax(g, h, 0)};
    h = yg_concat(g, joined, 3, 0);
    const yg_node looked_up[] = {c, h};
    h = yg_add(g, yg_call(g, "embedding", looked_up, 2),
               yg_permute(g, yg_permute(g, x, (int64_t[]){1, 0}), (int64_t[]){1, 0}));
    const yg_node scores[] = {h, c};
    const yg_node loss = yg_call(g, "cross_entropy", scores, 2);
    const yg_node others[] = {call(g, "logsumexp", h), call(g, "prod", h), call(g, "var", h),
                              call(g, "max", h), yg_call(g, "accuracy", scores, 2)};
    yg_node sum = yg_add(g, loss, yg_multiply(g, yg_scalar(g, YG_F32, 2), yg_scalar(g, YG_F32, 3)));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        sum = yg_add(g, sum, others[i]);
    return sum;
}

static bool compile_and_run(passage *p, const yg_compile_options *options, yg_node loss,
                            const yg_node *slopes) {
    yg_graph *g = p->graph;
    const yg_update updates[] = {
        {p->leaves[1], yg_subtract(g, p->leaves[1], yg_scale(g, slopes[0], 0.1))},
        {p->leaves[3], yg_subtract(g, p->leaves[3], yg_scale(g, slopes[1], 0.1))}};
    p->outputs[0] = loss;
    p->program = yg_compile(g, p->outputs, 1, updates, 2, options, &p->error);
    if (!p->program)
        return false;
    for (int i = 0; i < LEAVES; i++) {
        const yg_type *type = yg_node_type(g, p->leaves[i]);
        void *values = yg_program_data(p->program, p->leaves[i]);
        for (int64_t e = 0; e < yg_type_count(type); e++)
            yg_element_set(type->dtype, values, e,
                           type->dtype == YG_I32 ? (double)(e % 6) : 0.1 * (double)(e % 7) - 0.2);
    }
    for (uint64_t step = 0; step < 2; step++)
        if (!yg_program_run(p->program, 1, step, &p->error))
            return false;
    p->texts[0] = yg_program_text(p->program);
    p->texts[1] = yg_graph_text(g, p->outputs, 1);
    p->texts[2] = yg_graph_dot(g, NULL, 0);
    return (p->texts[0] && p->texts[1] && p->texts[2]) || yg_fail_memory(&p->error);
}

static bool go(passage *p, const yg_compile_options *options) {
    *p = (passage){.graph = yg_graph_new(yg_ops(), YG_GRAPH_TRAINING)};
    if (!p->graph)
        return yg_fail_memory(&p->error);
    const yg_node loss = build(p);
    const yg_node wrt[] = {p->leaves[1], p->leaves[3]};
    yg_node slopes[2] = {YG_NONE, YG_NONE}, bent[2] = {YG_NONE, YG_NONE};
    yg_grad(p->graph, loss, YG_NONE, wrt, 2, slopes);
    const yg_node norm = yg_sum(p->graph, yg_square(p->graph, slopes[0]), NULL, 0, false);
    yg_grad(p->graph, norm, YG_NONE, wrt, 2, bent);
    yg_jvp(p->graph, loss, wrt, slopes, 2);
    p->built = fault_injection_asked();
    const bool done = compile_and_run(p, options, loss, bent);
    if (yg_graph_error(p->graph))
        yg_fail_as(&p->error, yg_graph_error(p->graph));
    return done;
}

static void leave(passage *p) {
    for (int i = 0; i < 3; i++)
        free(p->texts[i]);
    yg_program_free(p->program);
    yg_graph_free(p->graph);
}

static const struct way {
    const char *what;
    yg_compile_options options;
} ways[] = {
    {"as it is", {.threads = 1}},
    {"without a plan", {.flags = YG_PROGRAM_NO_PLAN, .threads = 1}},
    {"shared by threads", {.flags = YG_PROGRAM_SMALL_PIECES, .threads = 3}},
    {"recomputing", {.recompute = true, .threads = 1}},
};

Test(allocation, each_failure_is_a_clean_error) {
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        passage p;
        fault_injection_begin(0);
        cr_assert(go(&p, &ways[w].options), "%s: %s", ways[w].what, p.error.message);
        const float wanted = *(const float *)yg_program_data(p.program, p.outputs[0]);
        const uint64_t built = p.built;
        char *dot = p.texts[2]; /* freed after all */
        p.texts[2] = NULL;
        leave(&p);
        const fault_report all = fault_injection_end();
        cr_assert_gt(all.asked, 100, "%s: %d", ways[w].what, (int)all.asked);
        cr_expect_eq(all.left, 1, "%s: %d left without a failure", ways[w].what, (int)all.left);
        uint64_t survived = 0;
        /* The graph is built the same way each time. */
        for (uint64_t n = w == 0 ? 1 : built + 1; n <= all.asked; n++) {
            fault_injection_begin(n);
            const bool done = go(&p, &ways[w].options);
            const float found = done ? *(const float *)yg_program_data(p.program, p.outputs[0]) : 0;
            cr_expect(!done || strcmp(p.texts[2], dot) == 0, "%s, %d: another text", ways[w].what,
                      (int)n);
            leave(&p);
            const fault_report report = fault_injection_end();
            survived += done;
            cr_expect(!done || found == wanted, "%s, %d: another result", ways[w].what, (int)n);
            cr_expect(done || (p.error.code == YG_ERROR_MEMORY && p.error.message[0]),
                      "%s, allocation %d: '%s'", ways[w].what, (int)n, p.error.message);
            cr_expect_eq(report.left, 0, "%s, allocation %d: %d left", ways[w].what, (int)n,
                         (int)report.left);
        }
        free(dot);
        /* What a kernel prepares is a wish: without memory for it the kernel does without. Without
         * a plan that is a quarter of the few allocations. */
        cr_expect_lt(survived, all.asked / 2, "%s: %d of %d failures went unnoticed", ways[w].what,
                     (int)survived, (int)all.asked);
    }
}
