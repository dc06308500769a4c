/*
 * Definitions: see definition.h.
 *
 * A definition is differentiated in a small graph of its own, where operands and cotangents are
 * inputs. Then the nodes that the derivative needs are built again in the caller's graph. Two
 * things would go wrong if the definition were built there at once. The builder simplifies: the
 * logarithm of an operand exp(a) becomes a, so that no path leads to the operand any more. And a
 * walk from the end of the caller's graph down to the operands takes time in proportion to all that
 * lies between them.
 */
#include "definition.h"

#include "store.h"

#include <stdlib.h>
#include <string.h>

/* A definition may use an operator that has to be defined in turn. One that uses itself would do so
 * for ever. */
#define MAX_DEPTH 16

static bool check_results(yg_graph *graph, const yg_op *op, const yg_type *types,
                          const yg_node *results, size_t made) {
    const size_t count = yg_op_result_count(op);
    char found[YG_TYPE_TEXT], wanted[YG_TYPE_TEXT];
    if (made != count) {
        yg_graph_fail(graph, YG_ERROR_INTERNAL, "%s: its definition has %zu results, not %zu",
                      op->name, made, count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const yg_type *type = graph->records[results[i]].type;
        if (yg_type_equal(type, &types[i]))
            continue;
        yg_graph_fail(graph, YG_ERROR_INTERNAL, "%s: its definition gives %s, not %s", op->name,
                      yg_type_text(type, found), yg_type_text(&types[i], wanted));
        return false;
    }
    return true;
}

size_t yg_definition_build(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                           const yg_type *types, yg_node *results) {
    if (graph->depth >= MAX_DEPTH) {
        yg_graph_fail(graph, YG_ERROR_INTERNAL, "%s: its definition is made of itself",
                      call->op->name);
        return 0;
    }
    graph->depth++;
    const size_t made = call->op->compose(graph, call, operands, results);
    graph->depth--;
    return !graph->error.code && check_results(graph, call->op, types, results, made) ? made : 0;
}

/* One definition in its small graph. */
typedef struct definition {
    yg_graph *graph, *caller;
    yg_record y;   /* a copy: the caller's records move when its graph grows */
    yg_node first; /* y's index */
    yg_type *operand_types;
    yg_node *operands;                     /* by operand of y: the input for it */
    yg_node *targets;                      /* those inputs that are wanted … */
    yg_node *slopes;                       /* … and their derivatives */
    yg_node results[YG_OP_MAX_RESULTS];    /* of the definition */
    yg_node cotangents[YG_OP_MAX_RESULTS]; /* by result: the input for its cotangent, or YG_NONE */
    yg_node *stands_for; /* by node: what it is in the caller's graph, or YG_NONE */
    bool *needed;        /* by node */
} definition;

static bool open_graph(definition *d, yg_graph *caller, yg_node y) {
    const yg_record *record = &caller->records[y];
    const size_t count = record->operand_count + (size_t)1;
    *d = (definition){.caller = caller, .y = *record, .first = y};
    d->graph = yg_graph_new(caller->ops, caller->flags);
    d->operand_types = malloc(count * sizeof *d->operand_types);
    d->operands = malloc(3 * count * sizeof *d->operands);
    if (!d->graph || !d->operand_types || !d->operands)
        return yg_fail_memory(&caller->error);
    d->targets = d->operands + count;
    d->slopes = d->targets + count;
    d->graph->depth = caller->depth + 1;
    d->graph->at = caller->at;
    return true;
}

static void close_graph(definition *d) {
    yg_graph_free(d->graph);
    free(d->operand_types);
    free(d->operands);
    free(d->stands_for);
    free(d->needed);
}

/* The definition, with inputs for operands. */
static bool define(definition *d) {
    const yg_record *y = &d->y;
    const size_t count = yg_op_result_count(y->op);
    yg_type types[YG_OP_MAX_RESULTS];
    for (size_t i = 0; i < count; i++)
        types[i] = *d->caller->records[d->first + i].type;
    for (uint32_t k = 0; k < y->operand_count; k++) {
        d->operand_types[k] = *d->caller->records[y->operands[k]].type;
        d->operands[k] = yg_input(d->graph, "operand", &d->operand_types[k]);
    }
    const yg_infer call = {.op = y->op,
                           .operands = d->operand_types,
                           .operand_count = y->operand_count,
                           .attrs = y->attrs,
                           .origin = d->graph->at};
    return yg_definition_build(d->graph, &call, d->operands, types, d->results) == count;
}

/* Cotangents for the wanted operands, in `slopes`. */
static bool differentiate(definition *d, const yg_node *cotangents, const bool *wanted) {
    const size_t count = yg_op_result_count(d->y.op);
    size_t targets = 0;
    for (size_t i = 0; i < count; i++) {
        d->cotangents[i] = YG_NONE;
        if (cotangents[i] != YG_NONE)
            d->cotangents[i] =
                yg_input(d->graph, "cotangent", d->caller->records[d->first + i].type);
    }
    for (uint32_t k = 0; k < d->y.operand_count; k++) {
        if (wanted[k])
            d->targets[targets++] = d->operands[k];
    }
    return yg_grad_of_several(d->graph, d->results, d->cotangents, count, d->targets, targets,
                              d->slopes);
}

/* What is known of the small graph's nodes. The definition's results are those of y: a derivative
 * that is written in terms of them need not compute them again. */
static bool identify(definition *d, const yg_node *cotangents) {
    const size_t size = d->graph->size;
    d->stands_for = malloc(size * sizeof *d->stands_for);
    d->needed = calloc(size, sizeof *d->needed);
    if (!d->stands_for || !d->needed)
        return yg_fail_memory(&d->caller->error);
    memset(d->stands_for, 0xff, size * sizeof *d->stands_for); /* YG_NONE */
    for (size_t i = 0; i < yg_op_result_count(d->y.op); i++) {
        d->stands_for[d->results[i]] = d->first + (yg_node)i;
        if (d->cotangents[i] != YG_NONE)
            d->stands_for[d->cotangents[i]] = cotangents[i];
    }
    for (uint32_t k = 0; k < d->y.operand_count; k++)
        d->stands_for[d->operands[k]] = d->y.operands[k];
    return true;
}

static void mark_needed(definition *d, size_t targets) {
    for (size_t i = 0; i < targets; i++) {
        if (d->slopes[i] != YG_NONE)
            d->needed[d->slopes[i]] = true;
    }
    for (size_t next = d->graph->size; next > 0; next--) {
        const yg_record *record = &d->graph->records[next - 1];
        if (!d->needed[next - 1] || d->stands_for[next - 1] != YG_NONE)
            continue;
        for (uint32_t k = 0; k < record->operand_count; k++)
            d->needed[record->operands[k]] = true;
    }
}

/* Builds a node of the small graph again in the caller's. Its operands have been. */
static bool rebuild(definition *d, yg_node node, yg_node *operands) {
    const yg_record *record = &d->graph->records[node];
    yg_node made[YG_OP_MAX_RESULTS];
    if (record->op == &yg_leaf_constant) {
        d->stands_for[node] = yg_constant(d->caller, record->type, record->data);
        return !d->caller->error.code;
    }
    if (record->op->flags & (YG_OP_LEAF | YG_APART)) {
        yg_graph_fail(d->caller, YG_ERROR_INTERNAL, "%s: its definition has a node of %s",
                      d->y.op->name, record->op->name);
        return false;
    }
    for (uint32_t k = 0; k < record->operand_count; k++)
        operands[k] = d->stands_for[record->operands[k]];
    const size_t count = yg_apply_all(d->caller, record->op, operands, record->operand_count,
                                      record->attrs, made, YG_OP_MAX_RESULTS);
    for (size_t i = 0; i < count; i++)
        d->stands_for[node + i] = made[i];
    return count > 0;
}

static bool rebuild_all(definition *d) {
    uint32_t most = 0;
    for (size_t node = 0; node < d->graph->size; node++) {
        const uint32_t count = d->graph->records[node].operand_count;
        most = count > most ? count : most;
    }
    yg_node *operands = malloc((most + (size_t)1) * sizeof *operands);
    bool good = operands || yg_fail_memory(&d->caller->error);
    for (yg_node node = 0; good && node < d->graph->size; node++) {
        if (d->needed[node] && d->stands_for[node] == YG_NONE)
            good = rebuild(d, node, operands);
    }
    free(operands);
    return good;
}

static bool pull_back(definition *d, const yg_node *cotangents, const bool *wanted,
                      yg_node *parts) {
    size_t targets = 0;
    if (!define(d) || !differentiate(d, cotangents, wanted))
        return yg_fail_as(&d->caller->error, &d->graph->error);
    for (uint32_t k = 0; k < d->y.operand_count; k++)
        targets += wanted[k];
    if (!identify(d, cotangents))
        return false;
    mark_needed(d, targets);
    if (!rebuild_all(d))
        return false;
    for (uint32_t k = 0, i = 0; k < d->y.operand_count; k++) {
        const yg_node slope = wanted[k] ? d->slopes[i++] : YG_NONE;
        parts[k] = slope == YG_NONE ? YG_NONE : d->stands_for[slope];
    }
    return true;
}

bool yg_definition_pull_back(yg_graph *graph, yg_node y, const yg_node *cotangents,
                             const bool *wanted, yg_node *parts) {
    definition d;
    const bool good = open_graph(&d, graph, y) && pull_back(&d, cotangents, wanted, parts);
    close_graph(&d);
    return good;
}
