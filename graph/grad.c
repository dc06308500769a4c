/*
 * Reverse mode: one loop down the node array, appending each node's vector-Jacobian products.
 *
 * After Griewank and Walther, "Evaluating Derivatives" (2nd ed., SIAM 2008), chapter 3: the adjoint
 * of a node is complete when all its users, which have larger indices, have been visited.
 */
#include "definition.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

/* Whether a derivative passes through operand k. It must be of a float type. But the operand of a
 * `result` node only stands for the kernel, so its type does not matter. */
static bool passes(const yg_graph *graph, const yg_record *record, size_t k) {
    return yg_is_result(record) ||
           yg_dtype_is_float(graph->records[record->operands[k]].type->dtype);
}

/* Sets active[i] if node i depends on a target, by operators that have a derivative. A node with
 * several results is active if any of them is. No node before the first target, `first`, is. */
static void mark_active(const yg_graph *graph, yg_node first, yg_node last, const yg_node *wrt,
                        size_t count, bool *active) {
    for (size_t i = 0; i < count; i++) {
        if (wrt[i] <= last && yg_dtype_is_float(graph->records[wrt[i]].type->dtype))
            active[wrt[i]] = true;
    }
    for (yg_node node = first; node <= last; node++) {
        const yg_record *record = &graph->records[node];
        if (record->op->flags & YG_OP_NON_DIFFERENTIABLE ||
            (!yg_dtype_is_float(record->type->dtype) && record->op->results < 2))
            continue;
        for (uint32_t k = 0; k < record->operand_count && !active[node]; k++)
            active[node] = active[record->operands[k]] && passes(graph, record, k);
    }
}

static yg_node sum(yg_graph *graph, yg_node a, yg_node b) {
    const yg_node both[2] = {a, b};
    return a == YG_NONE ? b : yg_apply(graph, graph->ops->add, both, 2, NULL);
}

/* Fails unless a cotangent has the type of its operand. If it has another, the operator's vjp is
 * wrong. */
static bool check_type(yg_graph *graph, yg_node node, size_t k, yg_node cotangent) {
    const yg_record *record = &graph->records[node];
    const yg_type *type = graph->records[record->operands[k]].type;
    char found[YG_TYPE_TEXT], wanted[YG_TYPE_TEXT];
    if (yg_type_equal(graph->records[cotangent].type, type))
        return true;
    yg_graph_fail(graph, YG_ERROR_INTERNAL, "%s: the cotangent of operand %zu is %s, not %s",
                  record->op->name, k, yg_type_text(graph->records[cotangent].type, found),
                  yg_type_text(type, wanted));
    return false;
}

/* Adds node's contribution to the cotangent of its operand k, by the operator's own derivative. */
static void propagate(yg_graph *graph, yg_node node, size_t k, yg_node *cotangents) {
    const yg_op *op = graph->records[node].op;
    yg_node *total = &cotangents[graph->records[node].operands[k]];
    if (!op->vjp) {
        yg_graph_fail(graph, YG_ERROR_GRADIENT, "%s has no derivative", op->name);
        return;
    }
    const bool added = op->vjp_add && *total != YG_NONE;
    const yg_node part = op->results > 1 ? op->vjp_all(graph, node, &cotangents[node], k)
                         : added         ? op->vjp_add(graph, node, cotangents[node], k, *total)
                                         : op->vjp(graph, node, cotangents[node], k);
    if (part != YG_NONE && check_type(graph, node, k, part))
        *total = added ? part : sum(graph, *total, part);
}

/* Whether a node has cotangents to pass on: at least one of its results has one. The results of a
 * node directly follow it, and so do their cotangents in the array. */
static bool passes_on(const yg_record *record, const yg_node *cotangents) {
    if (yg_is_result(record) || record->op->flags & YG_OP_NON_DIFFERENTIABLE)
        return false; /* a target may be such a node itself, and so have a cotangent */
    for (size_t i = 0; i < yg_op_result_count(record->op); i++) {
        if (cotangents[i] != YG_NONE)
            return true;
    }
    return false;
}

/* Finds all operands' cotangents at once, by vjp_list or by the operator's definition. wanted[k]
 * says whether operand k is asked for; `parts` has room for a node an operand. */
static bool find_parts(yg_graph *graph, yg_node node, const bool *wanted, const yg_node *cotangents,
                       yg_node *parts) {
    const yg_op *op = graph->records[node].op;
    if (!op->vjp_list)
        return yg_definition_pull_back(graph, node, &cotangents[node], wanted, parts);
    op->vjp_list(graph, node, cotangents[node], wanted, parts);
    return !graph->error.code;
}

/* Adds node's contributions to the cotangents of all its operands at once. */
static void propagate_at_once(yg_graph *graph, yg_node node, const bool *active,
                              yg_node *cotangents) {
    const size_t count = graph->records[node].operand_count;
    const yg_node *operands = graph->records[node].operands;
    bool *wanted = malloc(count * sizeof *wanted);
    yg_node *parts = malloc(count * sizeof *parts);
    if (!wanted || !parts)
        yg_fail_memory(&graph->error);
    bool any = false; /* stays false for a target whose operands no other target needs */
    for (size_t k = 0; wanted && parts && k < count; k++) {
        wanted[k] = active[operands[k]] && passes(graph, &graph->records[node], k);
        parts[k] = YG_NONE;
        any = any || wanted[k];
    }
    if (any && find_parts(graph, node, wanted, cotangents, parts)) {
        for (size_t k = 0; k < count; k++) {
            if (parts[k] != YG_NONE && check_type(graph, node, k, parts[k]))
                cotangents[operands[k]] = sum(graph, cotangents[operands[k]], parts[k]);
        }
    }
    free(wanted);
    free(parts);
}

/* The same, by the operator's own derivative if it has one, and else by its definition. */
static void propagate_all(yg_graph *graph, yg_node node, const bool *active, yg_node *cotangents) {
    const yg_op *op = graph->records[node].op;
    if (op->vjp_list || (!op->vjp && op->compose)) {
        propagate_at_once(graph, node, active, cotangents);
        return;
    }
    for (size_t k = 0; k < graph->records[node].operand_count && !graph->error.code; k++) {
        const yg_record *record = &graph->records[node];
        if (active[record->operands[k]] && passes(graph, record, k))
            propagate(graph, node, k, cotangents);
    }
}

/* Walks from y to the first target. When a node's turn comes, all its users have had theirs, so its
 * cotangent is complete. */
static void pull_back(yg_graph *graph, yg_node first, yg_node y, const bool *active,
                      yg_node *cotangents) {
    const yg_origin before = graph->at;
    for (yg_node next = y + 1; next > first && !graph->error.code; next--) {
        const yg_node node = next - 1;
        if (!active[node] || !passes_on(&graph->records[node], &cotangents[node]))
            continue;
        graph->at = graph->records[node].origin;
        propagate_all(graph, node, active, cotangents);
    }
    graph->at = before;
}

static bool is_node(yg_graph *graph, yg_node node, const char *what) {
    if (node < graph->size)
        return true;
    yg_graph_fail(graph, YG_ERROR_ARGUMENT, "the %s is not a node of this graph", what);
    return false;
}

/* Fails unless `given` is a node with the type of node `of`. */
static bool is_along(yg_graph *graph, yg_node given, const char *what, yg_node of) {
    if (!is_node(graph, given, what))
        return false;
    const yg_type *type = graph->records[given].type, *needed = graph->records[of].type;
    char found[YG_TYPE_TEXT], wanted[YG_TYPE_TEXT];
    if (!yg_type_equal(type, needed))
        yg_graph_fail(graph, YG_ERROR_SHAPE, "the %s is %s, of a tensor %s", what,
                      yg_type_text(type, found), yg_type_text(needed, wanted));
    return !graph->error.code;
}

/* The cotangent of y to start from: the given one, or ones for a scalar y. */
static yg_node seed(yg_graph *graph, yg_node y, yg_node cotangent) {
    char found[YG_TYPE_TEXT];
    const yg_type *type = graph->records[y].type;
    if (!yg_dtype_is_float(type->dtype))
        return yg_graph_fail(graph, YG_ERROR_GRADIENT, "%s cannot be differentiated: not a float",
                             yg_type_text(type, found));
    if (cotangent == YG_NONE) {
        if (yg_type_count(type) != 1)
            return yg_graph_fail(graph, YG_ERROR_GRADIENT,
                                 "%s is not a scalar: its gradient needs a cotangent",
                                 yg_type_text(type, found));
        return yg_full(graph, type, 1);
    }
    return is_along(graph, cotangent, "cotangent", y) ? cotangent : YG_NONE;
}

bool yg_grad_of_several(yg_graph *graph, const yg_node *outputs, const yg_node *seeds,
                        size_t output_count, const yg_node *wrt, size_t count, yg_node *out) {
    yg_node last = 0, begin = YG_NONE; /* begin: the first target */
    for (size_t i = 0; i < output_count; i++)
        last = outputs[i] > last ? outputs[i] : last;
    for (size_t i = 0; i < count; i++)
        begin = wrt[i] < begin ? wrt[i] : begin;
    /* Room for all results of the last operator. `last` may be any of them. The ones behind it have
     * no cotangent. */
    const yg_record *end = &graph->records[last];
    const yg_node first = yg_is_result(end) ? end->operands[0] : last;
    const size_t room = (size_t)first + yg_op_result_count(graph->records[first].op);
    bool *active = calloc(room, sizeof *active);
    yg_node *cotangents = malloc(room * sizeof *cotangents);
    if (!active || !cotangents) {
        yg_fail_memory(&graph->error);
    } else {
        /* What lies before the first target is neither written nor read: many gradients of a few
         * nodes each must not cost the whole graph each. */
        if (begin < room)
            memset(cotangents + begin, 0xff, (room - begin) * sizeof *cotangents); /* YG_NONE */
        mark_active(graph, begin, last, wrt, count, active);
        for (size_t i = 0; i < output_count; i++) {
            if (seeds[i] != YG_NONE && outputs[i] >= begin)
                // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): set from `begin` on
                cotangents[outputs[i]] = sum(graph, cotangents[outputs[i]], seeds[i]);
        }
        pull_back(graph, begin, last, active, cotangents);
        for (size_t i = 0; i < count && !graph->error.code; i++)
            out[i] = wrt[i] <= last ? cotangents[wrt[i]] : YG_NONE;
    }
    free(active);
    free(cotangents);
    return !graph->error.code;
}

bool yg_grad(yg_graph *graph, yg_node y, yg_node cotangent, const yg_node *wrt, size_t count,
             yg_node *out) {
    for (size_t i = 0; i < count; i++)
        out[i] = YG_NONE;
    if (graph->error.code || !is_node(graph, y, "gradient's output"))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_node(graph, wrt[i], "gradient's target"))
            return false;
    }
    const yg_node start = seed(graph, y, cotangent);
    return start != YG_NONE && yg_grad_of_several(graph, &y, &start, 1, wrt, count, out);
}

/* Fails if a node from `first` on has effects. A cotangent that is only a probe would be their
 * operand in each run. */
static bool check_no_effects(yg_graph *graph, yg_node first) {
    for (yg_node node = first; node < graph->size; node++) {
        if (!yg_has_effects(graph, node))
            continue;
        yg_graph_fail(graph, YG_ERROR_GRADIENT,
                      "the gradient has effects (%s): there is no derivative along tangents",
                      graph->records[node].op->name);
        return false;
    }
    return true;
}

/* The derivative of y along the tangents of targets[0 .. count). Reverse mode gives the cotangents
 * of the targets as a linear function of a cotangent v of y. The gradient of their product with the
 * tangents by v is the derivative (Townsend, "A new trick for calculating Jacobian vector
 * products", 2017). */
static yg_node forward(yg_graph *graph, yg_node y, const yg_node *targets, const yg_node *tangents,
                       size_t count, yg_node *pulled) {
    yg_node derivative = YG_NONE;
    const yg_node probe = yg_input(graph, "cotangent", graph->records[y].type);
    if (!yg_grad(graph, y, probe, targets, count, pulled) || !check_no_effects(graph, probe))
        return YG_NONE;
    size_t kept = 0;
    yg_node *along = pulled + count;
    for (size_t i = 0; i < count; i++) {
        if (pulled[i] == YG_NONE)
            continue;
        along[kept] = tangents[i];
        pulled[kept++] = pulled[i];
    }
    if (kept > 0)
        yg_grad_of_several(graph, pulled, along, kept, &probe, 1, &derivative);
    return graph->error.code ? YG_NONE : derivative;
}

yg_node yg_jvp(yg_graph *graph, yg_node y, const yg_node *wrt, const yg_node *tangents,
               size_t count) {
    if (graph->error.code || !is_node(graph, y, "output"))
        return YG_NONE;
    yg_node *arrays = calloc(4 * count + 1, sizeof *arrays);
    if (!arrays) {
        yg_fail_memory(&graph->error);
        return YG_NONE;
    }
    yg_node *targets = arrays + 2 * count, *given = arrays + 3 * count;
    size_t kept = 0;
    for (size_t i = 0; i < count && !graph->error.code; i++) {
        if (tangents[i] == YG_NONE || !is_node(graph, wrt[i], "derivative's target") ||
            !is_along(graph, tangents[i], "tangent", wrt[i]))
            continue;
        targets[kept] = wrt[i];
        given[kept++] = tangents[i];
    }
    yg_node derivative = YG_NONE;
    if (kept > 0 && !graph->error.code)
        derivative = forward(graph, y, targets, given, kept, arrays);
    free(arrays);
    return derivative;
}
