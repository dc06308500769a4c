/*
 * One operator's samples under every plan: see plan_check.h.
 */
#include "plan_check.h"

#include "graph/program.h"
#include "graph/rewrite.h"
#include "ops/build.h"
#include "plan_text.h"
#include "sample.h"

#include <string.h>

/* A graph of the call and its gradients. `outputs` holds the results, then the gradients. */
typedef struct whole {
    yg_graph *graph;
    yg_node inputs[YG_SAMPLE_OPERANDS], cotangent, one; /* the last two may be YG_NONE */
    yg_node outputs[2 * (SAMPLE_RESULTS + YG_SAMPLE_OPERANDS)];
    size_t count;
} whole;

/* Applies the operator. With `between`, each float operand is multiplied by an input that holds 1.
 * That keeps the values and puts an elementwise operator before the tested one, so that both can
 * run in one row loop. The first operand comes last: it is the one that falls into rows where
 * others, such as a weight, are needed whole. */
static size_t apply(whole *w, const sample_call *call, bool between) {
    if (!between)
        return sample_apply(call, w->graph, w->inputs, w->outputs);
    yg_node operands[YG_SAMPLE_OPERANDS];
    for (size_t k = call->count; k-- > 0;) {
        const yg_type *type = &call->types[k];
        const yg_type scalar = yg_type_scalar(type->dtype);
        operands[k] = w->inputs[k] = yg_input(w->graph, "operand", type);
        if (!yg_dtype_is_float(type->dtype))
            continue;
        if (w->one == YG_NONE)
            w->one = yg_input(w->graph, "one", &scalar);
        operands[k] = yg_multiply(w->graph, w->inputs[k], w->one);
    }
    return yg_apply_all(w->graph, call->op, operands, call->count, call->attrs, w->outputs,
                        SAMPLE_RESULTS);
}

/* Adds the square of each float output, so that an elementwise operator follows in the row loop. */
static void add_readers(whole *w) {
    const size_t count = w->count;
    for (size_t o = 0; o < count; o++)
        if (yg_dtype_is_float(yg_node_type(w->graph, w->outputs[o])->dtype))
            w->outputs[w->count++] = yg_square(w->graph, w->outputs[o]);
}

static bool build_whole(whole *w, const yg_op_set *ops, const sample_call *call, unsigned flags,
                        bool between, char *why) {
    *w = (whole){.cotangent = YG_NONE, .one = YG_NONE};
    w->graph = yg_graph_new(ops, flags);
    if (!w->graph)
        return fail(why, "%s", graph_reason(NULL));
    w->count = apply(w, call, between);
    if (w->count == 0)
        return fail(why, "cannot be built: %s", graph_reason(w->graph));
    const yg_type *type = yg_node_type(w->graph, w->outputs[0]);
    if (!yg_dtype_is_float(type->dtype))
        return true;
    yg_node slopes[YG_SAMPLE_OPERANDS];
    w->cotangent = yg_input(w->graph, "cotangent", type);
    if (!yg_grad(w->graph, w->outputs[0], w->cotangent, w->inputs, call->count, slopes))
        return fail(why, "%s", graph_reason(w->graph));
    for (size_t k = 0; k < call->count; k++) {
        if (slopes[k] != YG_NONE && yg_type_count(&call->types[k]) > 0)
            w->outputs[w->count++] = slopes[k];
    }
    if (between)
        add_readers(w);
    return true;
}

static yg_program *run_whole(const whole *w, const sample_call *call,
                             const yg_compile_options *options, char *why) {
    yg_error error = {0};
    yg_program *program = yg_compile(w->graph, w->outputs, w->count, NULL, 0, options, &error);
    if (!program) {
        fail(why, "cannot be compiled: %s", error.message);
        return NULL;
    }
    sample_fill(call, w->inputs, program);
    const yg_type *type = yg_node_type(w->graph, w->outputs[0]);
    void *one = w->one == YG_NONE ? NULL : yg_program_data(program, w->one);
    if (one)
        yg_element_set(yg_node_type(w->graph, w->one)->dtype, one, 0, 1);
    void *cotangent = w->cotangent == YG_NONE ? NULL : yg_program_data(program, w->cotangent);
    for (int64_t i = 0; cotangent && i < yg_type_count(type); i++)
        yg_element_set(type->dtype, cotangent, i, 1 + (double)(i % 7) / 8);
    if (!yg_program_run(program, 0, 0, &error)) {
        fail(why, "cannot be run: %s", error.message);
        yg_program_free(program);
        return NULL;
    }
    return program;
}

/* Compares two runs: to `tolerance`, or bit by bit where that is 0. */
static bool compare_whole(const whole *a, yg_program *run_a, const whole *b, yg_program *run_b,
                          double tolerance, const char *what, operator_counts *counts, char *why) {
    if (!run_a || !run_b)
        return false;
    if (a->count != b->count)
        return fail(why, "%s: %zu gradients and results against %zu", what, a->count, b->count);
    for (size_t o = 0; o < a->count; o++) {
        const yg_type *type = yg_node_type(a->graph, a->outputs[o]);
        if (!yg_type_equal(type, yg_node_type(b->graph, b->outputs[o])))
            return fail(why, "%s: output %zu has two types", what, o);
        const char *x = yg_program_data(run_a, a->outputs[o]);
        const char *y = yg_program_data(run_b, b->outputs[o]);
        const size_t size = yg_dtype_size(type->dtype);
        for (int64_t i = 0; i < yg_type_count(type); i++) {
            counts->plans++;
            const double found = yg_element_get(type->dtype, x, i);
            const double wanted = yg_element_get(type->dtype, y, i);
            const bool equal = tolerance > 0
                                   ? sample_close(found, wanted, tolerance)
                                   : memcmp(x + (size_t)i * size, y + (size_t)i * size, size) == 0;
            if (!equal)
                return fail(why, "%s: element %lld of output %zu is %.17g against %.17g", what,
                            (long long)i, o, found, wanted);
        }
    }
    return true;
}

/* A way to compile, and what its result is compared with. */
typedef struct way {
    const char *what;
    yg_compile_options options;
} way;

/* Every way gives the bits of the first. */
static bool check_ways(const whole *w, const sample_call *call, const way *ways, size_t count,
                       operator_counts *counts, char *why) {
    yg_program *first = run_whole(w, call, &ways[0].options, why);
    bool good = first != NULL;
    for (size_t i = 1; good && i < count; i++) {
        yg_program *other = run_whole(w, call, &ways[i].options, why);
        good = compare_whole(w, first, w, other, 0, ways[i].what, counts, why);
        if (other) {
            counts->shared += yg_program_get_stats(other).threads > 1;
            counts->chunked += (size_t)plan_shape_of(other).chunked;
        }
        yg_program_free(other);
    }
    yg_program_free(first);
    return good;
}

static const way ways[] = {
    {"planned", {.threads = 1}},
    {"in small pieces", {.flags = YG_PROGRAM_SMALL_PIECES, .threads = 1}},
    {"in small pieces, shared by three threads", {.flags = YG_PROGRAM_SMALL_PIECES, .threads = 3}},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* Without a plan there are no rewriting rules, which may change rounding. So the bits are those of
 * a program that is planned without them. */
static bool check_unplanned(const whole *w, const yg_op_set *ops, const sample_call *call,
                            operator_counts *counts, char *why) {
    enum { MOST_RULES = 32 };
    const char *rules[MOST_RULES];
    if (ops->rule_count > MOST_RULES)
        return fail(why, "there are %zu rules", ops->rule_count);
    for (size_t i = 0; i < ops->rule_count; i++)
        rules[i] = ops->rules[i]->name;
    const yg_compile_options no_plan = {.flags = YG_PROGRAM_NO_PLAN, .threads = 1};
    const yg_compile_options no_rules = {
        .threads = 1, .without = rules, .without_count = ops->rule_count};
    yg_program *planned = run_whole(w, call, &no_rules, why);
    yg_program *plain = planned ? run_whole(w, call, &no_plan, why) : NULL;
    const bool good =
        compare_whole(w, planned, w, plain, 0, "with and without a plan", counts, why);
    yg_program_free(planned);
    yg_program_free(plain);
    return good;
}

/* Counts operators that can be cut into units or rows, so that a test sees that some were. */
static void note_plan(const whole *w, const sample_call *call, operator_counts *counts) {
    const yg_node node = w->outputs[0];
    if (yg_node_op(w->graph, node) != call->op)
        return;
    const yg_infer infer = {.op = call->op,
                            .operands = call->types,
                            .operand_count = call->count,
                            .attrs = call->attrs};
    const yg_op_plan plan = yg_op_plan_of(&infer, yg_node_type(w->graph, node), false);
    counts->has_units |= plan.units > 1;
    counts->has_rows |= plan.rows > 1;
}

/* Simplification changes the graph, so bits may differ: the numbers must agree to a tolerance. */
static bool check_simplification(const whole *plain, const yg_op_set *ops, const sample_call *call,
                                 unsigned flags, operator_counts *counts, char *why) {
    whole exact = {0};
    yg_program *planned = NULL, *asked = NULL;
    bool good = build_whole(&exact, ops, call, flags | YG_GRAPH_NO_SIMPLIFY, false, why);
    if (good) {
        note_plan(&exact, call, counts);
        planned = run_whole(plain, call, &ways[0].options, why);
        asked = run_whole(&exact, call, &ways[0].options, why);
        good = compare_whole(plain, planned, &exact, asked, flags & YG_GRAPH_F64 ? 1e-11 : 1e-4,
                             "with and without simplification", counts, why);
    }
    yg_program_free(planned);
    yg_program_free(asked);
    yg_graph_free(exact.graph);
    return good;
}

bool plan_check(const yg_op_set *ops, const yg_op *op, const yg_sample *sample, yg_dtype real,
                operator_counts *counts, char *why) {
    sample_call call;
    whole plain = {0}, between = {0};
    const unsigned flags = real == YG_F64 ? YG_GRAPH_F64 : 0;
    const bool good = sample_draw(&call, op, sample, real, YG_F32, OPERATOR_CHECK_SEED, why) &&
                      build_whole(&plain, ops, &call, flags, false, why) &&
                      check_ways(&plain, &call, ways, WAYS, counts, why) &&
                      check_unplanned(&plain, ops, &call, counts, why) &&
                      check_simplification(&plain, ops, &call, flags, counts, why) &&
                      build_whole(&between, ops, &call, flags, true, why) &&
                      check_ways(&between, &call, ways, WAYS, counts, why) &&
                      check_unplanned(&between, ops, &call, counts, why);
    yg_graph_free(plain.graph);
    yg_graph_free(between.graph);
    sample_free(&call);
    return good;
}
