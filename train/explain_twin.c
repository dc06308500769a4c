/*
 * The numeric twins of gradients. In a copy of the graph a displacement, which is 0, is added to
 * each node. Two runs with one element of it a little above and below 0 give the derivative of the
 * loss by that element of the node.
 */
#include "../graph/result.h"
#include "../ops/build.h"
#include "explain_work.h"
#include "spread.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 64 };

/* Each comparison runs the whole graph twice. So of a large graph fewer elements of each node are
 * compared: about as many as so many floating-point operations allow. */
static const double WORK = 5e9, NODE_WORK = 300;

/* A step that crosses a kink gives a difference that is no slope of the loss. So where a gradient
 * disagrees, smaller steps are asked. */
static const double STEPS[] = {1e-5, 1e-6, 1e-7};
enum { STEP_COUNT = sizeof STEPS / sizeof *STEPS };

typedef struct twins {
    yg_explain_work *work;
    yg_graph *graph;
    yg_node *made;         /* by node of the network: its copy, displaced */
    yg_node *held;         /* by node: the input that holds its value; YG_NONE: it is computed */
    yg_node *displacement; /* by node; YG_NONE: it has none */
    yg_node loss;
    yg_program *program;
    double base;
} twins;

static yg_node add_input(twins *t, char kind, size_t i) {
    char name[32];
    snprintf(name, sizeof name, "%c%zu", kind, i);
    return yg_input(t->graph, name, yg_node_type(t->work->graph, (yg_node)i));
}

/* Copies an operator, with all of its results. */
static bool copy_operator(twins *t, yg_node node) {
    const yg_graph *from = t->work->graph;
    const yg_op *op = yg_node_op(from, node);
    const size_t count = yg_node_operand_count(from, node);
    const size_t room = op->results > 1 ? (size_t)op->results : 1;
    yg_node *operands = calloc(count + room + 1, sizeof *operands), *results = operands + count;
    if (!operands)
        return yg_fail_memory(t->work->error);
    for (size_t k = 0; k < count; k++)
        operands[k] = t->made[yg_node_operand(from, node, k)];
    const size_t given =
        yg_apply_all(t->graph, op, operands, count, yg_node_attrs(from, node), results, room);
    for (size_t k = 0; k < given && node + k < t->work->size; k++)
        t->made[node + k] = results[k];
    free(operands);
    return given > 0 || yg_fail_as(t->work->error, yg_graph_error(t->graph));
}

static bool copy_node(twins *t, yg_node node) {
    const yg_explain_work *work = t->work;
    const yg_type *type = yg_node_type(work->graph, node);
    const void *constant = yg_node_constant(work->graph, node);
    yg_node first;
    const bool result = yg_node_result_index(work->graph, node, &first) > 0;
    if (constant) {
        t->made[node] = yg_constant(t->graph, type, constant);
        return true;
    }
    if (!yg_explain_is_function(work, node))
        t->made[node] = t->held[node] = add_input(t, 'v', node);
    else if (!result && !copy_operator(t, node))
        return false;
    if (work->gradients[node] != YG_NONE) {
        t->displacement[node] = add_input(t, 'd', node);
        t->made[node] = yg_add(t->graph, t->made[node], t->displacement[node]);
    }
    return true;
}

static bool build(twins *t) {
    yg_explain_work *work = t->work;
    const size_t bytes = work->size * sizeof *t->made;
    t->graph = yg_graph_new(yg_graph_ops(work->graph), YG_GRAPH_NO_SIMPLIFY);
    t->made = yg_pool_take(work->pool, bytes);
    t->held = yg_pool_take(work->pool, bytes);
    t->displacement = yg_pool_take(work->pool, bytes);
    if (!t->graph || !t->made || !t->held || !t->displacement)
        return yg_fail_memory(work->error);
    for (size_t i = 0; i < work->size; i++)
        t->held[i] = t->displacement[i] = YG_NONE;
    for (size_t i = 0; i < work->count; i++)
        if (!copy_node(t, work->node_of[i]))
            return false;
    t->loss = t->made[work->loss];
    if (yg_graph_error(t->graph))
        return yg_fail_as(work->error, yg_graph_error(t->graph));
    const yg_compile_options options = {.threads = 1};
    t->program = yg_compile(t->graph, &t->loss, 1, NULL, 0, &options, work->error);
    return t->program != NULL;
}

static bool loss(twins *t, double *value) {
    if (!yg_program_run(t->program, 0, 0, t->work->error))
        return false;
    *value = *(const double *)yg_program_data(t->program, t->loss);
    return true;
}

static bool fill(twins *t) {
    for (size_t i = 0; i < t->work->size; i++) {
        void *data = t->held[i] == YG_NONE ? NULL : yg_program_data(t->program, t->held[i]);
        if (data)
            memcpy(data, yg_explain_value(t->work, (yg_node)i),
                   (size_t)yg_type_bytes(yg_node_type(t->work->graph, (yg_node)i)));
    }
    return loss(t, &t->base);
}

/* The slopes of the loss by an element, to its two sides. */
typedef struct slopes {
    double left, right, central;
} slopes;

static bool measure(twins *t, double *displacement, double h, slopes *s) {
    double above, below;
    *displacement = h;
    bool good = loss(t, &above);
    *displacement = -h;
    good = good && loss(t, &below);
    *displacement = 0;
    *s = (slopes){.left = (t->base - below) / h,
                  .right = (above - t->base) / h,
                  .central = (above - below) / (2 * h)};
    return good;
}

static double difference(double gradient, const slopes *s) {
    return fabs(gradient - s->central) / fmax(1, fabs(s->central));
}

/* A gradient at a kink mixes the slopes of several operands, and the two sides show only a part of
 * these. A gradient that is this many times steeper than both sides is no such mixture. */
static const double STEEPER = 4;

/* Whether the place is a kink, and the gradient may be a slope there. The slopes to the two sides
 * of a kink differ as much after a small step as after a large one; those of a bend come closer. */
static bool is_kink(double gradient, const slopes *large, const slopes *small) {
    const double apart = fabs(small->right - small->left);
    const double steepest = fmax(fabs(small->left), fabs(small->right));
    const double allowed = YG_EXPLAIN_TOLERANCE * fmax(1, steepest);
    return apart > fabs(large->right - large->left) / 2 && apart > allowed &&
           fabs(gradient) <= STEEPER * steepest + allowed;
}

/* Compares element `e` of a node. */
static bool compare(twins *t, yg_explained_node *node, double *displacement, int64_t e) {
    const double gradient = node->gradient[e], size = fmax(1, fabs(node->value[e]));
    slopes at[STEP_COUNT];
    size_t best = 0;
    for (size_t i = 0; i < STEP_COUNT; i++) {
        if (!measure(t, &displacement[e], STEPS[i] * size, &at[i]))
            return false;
        best = difference(gradient, &at[i]) < difference(gradient, &at[best]) ? i : best;
        if (difference(gradient, &at[i]) < YG_EXPLAIN_TOLERANCE)
            break;
        if (i + 1 == STEP_COUNT && is_kink(gradient, &at[0], &at[i])) {
            ((double *)node->numeric)[e] = at[0].central;
            node->compared++;
            node->kinks++;
            return true;
        }
    }
    ((double *)node->numeric)[e] = at[best].central;
    node->compared++;
    if (!(difference(gradient, &at[best]) <= node->worst)) /* also where it is no number */
        node->worst = difference(gradient, &at[best]);
    return true;
}

/* The most elements of a node to compare. */
static int64_t limit(const twins *t) {
    const double count = (double)t->work->count;
    const double run = yg_program_get_stats(t->program).flops + NODE_WORK * count;
    const double share = WORK / (2 * run * count);
    if (t->work->options->elements)
        return t->work->options->elements;
    return share > ELEMENTS ? ELEMENTS : share < 1 ? 1 : (int64_t)share;
}

static bool compare_node(twins *t, size_t index, int64_t *chosen) {
    const yg_explain_work *work = t->work;
    yg_explained_node *node = &work->nodes[index];
    const yg_node place = t->displacement[work->node_of[index]];
    const int64_t count = yg_type_count(&node->type);
    const int64_t asked = limit(t), most = count < asked ? count : asked;
    double *displacement = place == YG_NONE ? NULL : yg_program_data(t->program, place);
    if (!displacement || !node->gradient || count == 0)
        return true;
    double *numeric = yg_pool_take(work->pool, (size_t)count * sizeof *numeric);
    if (!numeric || !yg_spread(&node->type, 0, index, most, chosen))
        return yg_fail_memory(work->error);
    for (int64_t i = 0; i < count; i++)
        numeric[i] = (double)NAN;
    node->numeric = numeric;
    for (int64_t i = 0; i < most; i++)
        if (!compare(t, node, displacement, chosen[i]))
            return false;
    return true;
}

bool yg_explain_twins(yg_explain_work *work) {
    twins t = {.work = work};
    int64_t *chosen = NULL;
    bool good = build(&t) && fill(&t);
    if (good && !(chosen = calloc((size_t)limit(&t) + 1, sizeof *chosen)))
        good = yg_fail_memory(work->error);
    for (size_t i = 0; good && i < work->count; i++)
        good = compare_node(&t, i, chosen);
    free(chosen);
    yg_program_free(t.program);
    yg_graph_free(t.graph);
    return good;
}
