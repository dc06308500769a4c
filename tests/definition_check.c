/*
 * A primitive against its definition: see definition_check.h.
 */
#include "definition_check.h"

#include "graph/definition.h"
#include "graph/random.h"
#include "ops/build.h"

#include <string.h>

/* Both sides compute in f64; they differ by rounding. */
static const double TOLERANCE = 1e-10;

enum { MOST = YG_SAMPLE_OPERANDS };

/* One result, and what is derived from it: YG_NONE is zero. */
typedef struct side {
    yg_node y;
    yg_node slopes[MOST];     /* by operand: the first derivative along the cotangent */
    yg_node curves[MOST + 1]; /* of the first derivatives along the probes: by operand, and last by
                                 the cotangent */
} side;

typedef struct check {
    yg_graph *graph;
    const sample_call *call;
    yg_node inputs[MOST], probes[MOST], cotangent;
    side kernel, definition;
    size_t *values, *slopes;
    char *why;
} check;

static bool fail_graph(check *c) {
    return fail(c->why, "the definition: %s", graph_reason(c->graph));
}

/* The operator's node, and its definition for the node's operands. Returns how many results. */
static size_t build(check *c, yg_node *made, yg_node *defined) {
    const size_t count = sample_apply(c->call, c->graph, c->inputs, made);
    if (count == 0)
        return 0;
    yg_type operands[MOST], types[YG_OP_MAX_RESULTS];
    for (size_t i = 0; i < count; i++)
        types[i] = *yg_node_type(c->graph, made[i]);
    for (size_t k = 0; k < c->call->count; k++)
        operands[k] = *yg_node_type(c->graph, yg_node_operand(c->graph, made[0], k));
    const yg_infer call = {.op = c->call->op,
                           .operands = operands,
                           .operand_count = c->call->count,
                           .attrs = yg_node_attrs(c->graph, made[0])};
    return yg_definition_build(c->graph, &call, yg_node_operands(c->graph, made[0]), types,
                               defined);
}

/* Derives `s` from s->y. */
static bool differentiate(check *c, side *s) {
    yg_node wrt[MOST + 1], pulled = YG_NONE;
    const size_t count = c->call->count;
    memcpy(wrt, c->inputs, count * sizeof *wrt);
    wrt[count] = c->cotangent;
    if (!yg_grad(c->graph, s->y, c->cotangent, wrt, count, s->slopes))
        return fail_graph(c);
    for (size_t k = 0; k < count; k++) {
        if (s->slopes[k] == YG_NONE)
            continue;
        const yg_node product = yg_multiply(c->graph, s->slopes[k], c->probes[k]);
        const yg_node term = yg_sum(c->graph, product, NULL, 0, false);
        pulled = pulled == YG_NONE ? term : yg_add(c->graph, pulled, term);
    }
    if (pulled != YG_NONE && !yg_grad(c->graph, pulled, YG_NONE, wrt, count + 1, s->curves))
        return fail_graph(c);
    return yg_graph_error(c->graph) == NULL || fail_graph(c);
}

static size_t collect(const side *s, yg_node *outputs) {
    size_t count = 0;
    outputs[count++] = s->y;
    for (size_t k = 0; k < MOST; k++) {
        if (s->slopes[k] != YG_NONE)
            outputs[count++] = s->slopes[k];
    }
    for (size_t k = 0; k <= MOST; k++) {
        if (s->curves[k] != YG_NONE)
            outputs[count++] = s->curves[k];
    }
    return count;
}

static void draw(const check *c, yg_program *program, yg_node node, uint64_t seed,
                 uint64_t stream) {
    double *data = yg_program_data(program, node); /* NULL: not needed */
    const int64_t count = yg_type_count(yg_node_type(c->graph, node));
    for (int64_t i = 0; data && i < count; i++)
        data[i] = 2 * yg_random_uniform(seed, stream, (uint64_t)i) - 1;
}

/* Compares two nodes, and counts their elements. */
static bool same(check *c, yg_program *program, yg_node by_kernel, yg_node by_definition,
                 const char *what, size_t *counted) {
    const yg_node some = by_kernel != YG_NONE ? by_kernel : by_definition;
    if (some == YG_NONE)
        return true;
    const yg_type *type = yg_node_type(c->graph, some);
    const yg_node nodes[] = {by_kernel, by_definition};
    for (int64_t i = 0; i < yg_type_count(type); i++) {
        double value[2] = {0, 0};
        for (size_t s = 0; s < 2; s++) {
            if (nodes[s] != YG_NONE)
                value[s] = yg_element_get(type->dtype, yg_program_data(program, nodes[s]), i);
        }
        ++*counted;
        if (!sample_close(value[0], value[1], TOLERANCE))
            return fail(c->why, "%s, element %lld: %.17g, the definition says %.17g", what,
                        (long long)i, value[0], value[1]);
    }
    return true;
}

static bool compare(check *c, yg_program *program) {
    const side *k = &c->kernel, *d = &c->definition;
    bool good = same(c, program, k->y, d->y, "value", c->values);
    for (size_t i = 0; good && i < MOST; i++)
        good = same(c, program, k->slopes[i], d->slopes[i], "first order", c->slopes);
    for (size_t i = 0; good && i <= MOST; i++)
        good = same(c, program, k->curves[i], d->curves[i], "second order", c->slopes);
    return good;
}

static bool run(check *c, uint64_t seed) {
    yg_node outputs[4 * (MOST + 1)];
    size_t count = collect(&c->kernel, outputs);
    count += collect(&c->definition, outputs + count);
    yg_error error = {0};
    yg_program *program = yg_compile(c->graph, outputs, count, NULL, 0, NULL, &error);
    if (program) {
        sample_fill(c->call, c->inputs, program);
        draw(c, program, c->cotangent, seed, 1);
        for (size_t k = 0; k < c->call->count; k++) {
            if (c->call->types[k].dtype == YG_F64)
                draw(c, program, c->probes[k], seed, 2 + k);
        }
    }
    const bool good = program && yg_program_run(program, 0, 0, &error)
                          ? compare(c, program)
                          : fail(c->why, "the definition: %s", error.message);
    yg_program_free(program);
    return good;
}

static bool check_result(check *c, yg_node made, yg_node defined, uint64_t seed) {
    memset(&c->kernel, 0xff, sizeof c->kernel); /* YG_NONE */
    memset(&c->definition, 0xff, sizeof c->definition);
    c->kernel.y = made;
    c->definition.y = defined;
    const yg_type *type = yg_node_type(c->graph, made);
    c->cotangent = yg_input(c->graph, "cotangent", type);
    for (size_t k = 0; k < c->call->count; k++)
        c->probes[k] = yg_input(c->graph, "probe", &c->call->types[k]);
    const bool smooth =
        yg_dtype_is_float(type->dtype) && !(c->call->op->flags & YG_OP_NON_DIFFERENTIABLE);
    return (!smooth || (differentiate(c, &c->kernel) && differentiate(c, &c->definition))) &&
           run(c, seed);
}

bool definition_check(const yg_op_set *ops, const sample_call *call, uint64_t seed, size_t *values,
                      size_t *slopes, char *why) {
    check c = {.call = call, .values = values, .slopes = slopes, .why = why};
    /* Nodes as they are asked for, so that the kernel is not replaced by something simpler. */
    c.graph = yg_graph_new(ops, YG_GRAPH_NO_SIMPLIFY | YG_GRAPH_F64);
    yg_node made[YG_OP_MAX_RESULTS], defined[YG_OP_MAX_RESULTS];
    const size_t count = c.graph ? build(&c, made, defined) : 0;
    bool good = count > 0 || fail_graph(&c);
    for (size_t i = 0; good && i < count; i++)
        good = check_result(&c, made[i], defined[i], seed);
    yg_graph_free(c.graph);
    return good;
}
