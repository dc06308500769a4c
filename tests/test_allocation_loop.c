/*
 * Building, differentiating, compiling and running loops, with allocations that fail: a clean error
 * or the right result, and nothing left behind. A run allocates nothing.
 */
#include "fault_injection.h"
#include "loop_cells.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <string.h>

/* One way through the library: a loop is built, differentiated, compiled and run. */
typedef struct passage {
    yg_graph *g;
    yg_program *program;
    yg_node leaves[MOST], shown[2];
    size_t leaf_count;
    double found;      /* a sum that depends on all gradients */
    uint64_t in_a_run; /* allocations during the run */
    yg_error error;
} passage;

static yg_node sum_of(yg_graph *g, const yg_node *nodes, size_t count) {
    yg_node sum = yg_scalar(g, loop_real, 0);
    for (size_t i = 0; i < count; i++)
        sum = yg_add(g, sum, yg_sum(g, yg_square(g, nodes[i]), NULL, 0, false));
    return sum;
}

static void build(passage *p, const cell *c, yg_graph *body, yg_loop_unroll unroll) {
    const char *letters[] = {c->carries, c->slices, c->captured};
    const size_t carries = strlen(c->carries), slices = strlen(c->slices);
    yg_node in[MOST], next[MOST], outputs[MOST], finals[MOST], collected[MOST];
    yg_node slopes[MOST], bent[MOST];
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; letters[kind][i]; i++) {
            const yg_type type = loop_type(letters[kind][i]);
            const yg_type rows = type_of(loop_real, 3, (int64_t[]){2, BATCH, WIDTH});
            p->leaves[p->leaf_count] = yg_parameter(p->g, "leaf", kind == 1 ? &rows : &type);
            in[p->leaf_count++] = yg_input(body, "in", &type);
        }
    }
    c->build(body, in, -1, next, outputs);
    const yg_loop_spec spec = {.body = body,
                               .carries = in,
                               .next = next,
                               .carry_count = carries,
                               .slices = in + carries,
                               .slice_count = slices,
                               .captured = in + carries + slices,
                               .captured_count = strlen(c->captured),
                               .outputs = outputs,
                               .output_count = strlen(c->outputs),
                               .iterations = 2,
                               .unroll = unroll};
    if (!yg_loop(p->g, &spec, p->leaves, p->leaves + carries, p->leaves + carries + slices, finals,
                 collected))
        return;
    p->shown[0] = sum_of(p->g, collected, strlen(c->outputs));
    if (!yg_grad(p->g, p->shown[0], YG_NONE, p->leaves, p->leaf_count, slopes))
        return;
    p->shown[1] = sum_of(p->g, slopes, p->leaf_count);
    if (yg_grad(p->g, p->shown[1], YG_NONE, p->leaves, p->leaf_count, bent))
        p->shown[1] = sum_of(p->g, bent, p->leaf_count);
}

static bool go(passage *p, const cell *c, yg_loop_unroll unroll) {
    const yg_compile_options options = {.threads = 1};
    *p = (passage){.g = yg_graph_new(yg_ops(), 0)};
    yg_graph *body = yg_graph_new(yg_ops(), 0);
    if (!p->g || !body) {
        yg_graph_free(body);
        return yg_fail_memory(&p->error);
    }
    build(p, c, body, unroll);
    p->program = yg_compile(p->g, p->shown, 2, NULL, 0, &options, &p->error);
    if (!p->program)
        return false;
    for (size_t i = 0; i < p->leaf_count; i++)
        fill_leaf(p->g, p->program, p->leaves[i]);
    const uint64_t before = fault_injection_asked();
    const bool done = yg_program_run(p->program, 1, 0, &p->error);
    p->in_a_run = fault_injection_asked() - before;
    if (done)
        p->found = *data(p->program, p->shown[1]);
    return done;
}

static fault_report leave(passage *p) {
    yg_program_free(p->program);
    yg_graph_free(p->g);
    return fault_injection_end();
}

/* Each allocation fails once. Most of those of the first 200 belong to the body alone, so later
 * ones are tried more rarely. */
static void fail_each(const cell *c, yg_loop_unroll unroll) {
    passage p;
    fault_injection_begin(0);
    cr_assert(go(&p, c, unroll), "%s: %s", c->name, p.error.message);
    const double wanted = p.found;
    cr_expect_eq(p.in_a_run, 0, "%s: a run allocates", c->name);
    const fault_report all = leave(&p);
    cr_expect_eq(all.left, 0, "%s: %d left without a failure", c->name, (int)all.left);
    for (uint64_t n = 1; n <= all.asked; n += n < 200 ? 3 : 7) {
        fault_injection_begin(n);
        const bool done = go(&p, c, unroll);
        const fault_report report = leave(&p);
        cr_expect(!done || p.found == wanted, "%s, %d: another result", c->name, (int)n);
        cr_expect(done || (p.error.code == YG_ERROR_MEMORY && p.error.message[0]),
                  "%s, allocation %d: '%s'", c->name, (int)n, p.error.message);
        cr_expect_eq(report.left, 0, "%s, allocation %d: %d left", c->name, (int)n,
                     (int)report.left);
    }
}

Test(allocation_loop, each_failure_of_memory_is_a_clean_error) {
    for (size_t i = 0; i < loop_cell_count; i++) {
        const cell *c = &loop_cells[i];
        if (strcmp(c->name, "shared") != 0 && strcmp(c->name, "nested") != 0)
            continue;
        fail_each(c, YG_UNROLL_NEVER);
        fail_each(c, YG_UNROLL_ALWAYS);
    }
}
