/*
 * The pass `early_effects`: moves each node with effects to right behind what it reads.
 *
 * A training step by several processes sends its gradients. The nodes that send are appended when
 * all gradients have been built, so in the order of the graph nothing would be sent before the
 * backward pass has ended. Sent as soon as it is known, a gradient travels while others are
 * computed. Its memory is free earlier, too.
 *
 * Nodes with effects keep their order: a node also waits for the one before it. Leaves that they
 * read are moved to the beginning. Only the order of the nodes changes, so no bit changes. The cost
 * is linear in the nodes, and nothing is copied where no node has effects.
 */
#include "clone.h"

#include <stdlib.h>
#include <string.h>

typedef struct order {
    yg_request request;
    bool *live;    /* by node: an output, an update or an effect needs it */
    bool *first;   /* by node: a leaf that is moved to the beginning */
    bool *moves;   /* by node: it is moved to behind another one */
    yg_node *due;  /* by node: the first node that is moved to behind it, or YG_NONE */
    yg_node *last; /* by node: the last of these */
    yg_node *next; /* by moved node: the next one behind the same node, or YG_NONE */
} order;

static void release(order *o) {
    free(o->live);
    free(o->first);
    free(o->moves);
    free(o->due);
    free(o->last);
    free(o->next);
}

static yg_node *new_nodes(size_t size) {
    yg_node *nodes = malloc(size * sizeof *nodes);
    if (nodes)
        memset(nodes, 0xff, size * sizeof *nodes); /* YG_NONE */
    return nodes;
}

static bool prepare(order *o, yg_compiler *c) {
    const size_t size = c->graph->size + 1;
    *o = (order){.request = yg_clone_request(c)};
    o->live = calloc(size, sizeof *o->live);
    o->first = calloc(size, sizeof *o->first);
    o->moves = calloc(size, sizeof *o->moves);
    o->due = new_nodes(size);
    o->last = new_nodes(size);
    o->next = new_nodes(size);
    if (!o->live || !o->first || !o->moves || !o->due || !o->last || !o->next)
        return yg_fail_memory(c->error);
    yg_clone_live(&o->request, o->live);
    return true;
}

static bool is_leaf(const yg_graph *graph, yg_node node) {
    return (graph->records[node].op->flags & YG_OP_LEAF) != 0;
}

/* The last node that a node with effects waits for; YG_NONE: there is none. `before`: where the one
 * with effects before it will stand. */
static yg_node waits_for(const order *o, yg_node node, yg_node before) {
    const yg_record *record = &o->request.graph->records[node];
    yg_node latest = before;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        const yg_node operand = record->operands[k];
        if (!is_leaf(o->request.graph, operand) && !o->moves[operand] &&
            (latest == YG_NONE || latest < operand))
            latest = operand;
    }
    return latest;
}

static void move(order *o, yg_node node, yg_node to) {
    const yg_record *record = &o->request.graph->records[node];
    if (o->due[to] == YG_NONE)
        o->due[to] = node;
    else
        o->next[o->last[to]] = node;
    o->last[to] = node;
    o->moves[node] = true;
    for (uint32_t k = 0; k < record->operand_count; k++)
        o->first[record->operands[k]] |= is_leaf(o->request.graph, record->operands[k]);
}

/* Lists which nodes are moved to where. False if none is. */
static bool find_moves(order *o) {
    bool any = false;
    yg_node before = YG_NONE;
    for (yg_node node = 0; node < o->request.graph->size; node++) {
        if (!yg_has_effects(o->request.graph, node))
            continue;
        const yg_node to = waits_for(o, node, before);
        if (to != YG_NONE && to + 1 < node) {
            move(o, node, to);
            any = true;
        }
        before = to != YG_NONE && to + 1 < node ? to : node;
    }
    return any;
}

static bool copy_graph(const order *o, yg_clone *d) {
    const size_t size = o->request.graph->size;
    for (yg_node node = 0; node < size; node++)
        if (o->first[node] && !yg_clone_copy(d, node))
            return false;
    for (yg_node node = 0; node < size; node++) {
        if (o->live[node] && !o->first[node] && !o->moves[node] && !yg_clone_copy(d, node))
            return false;
        for (yg_node due = o->due[node]; due != YG_NONE; due = o->next[due])
            if (!yg_clone_copy(d, due))
                return false;
    }
    return yg_clone_end(d) && yg_clone_adopt(d);
}

static bool any_effects(const yg_graph *graph) {
    for (yg_node node = 0; node < graph->size; node++)
        if (yg_has_effects(graph, node))
            return true;
    return false;
}

bool yg_plan_early_effects(yg_compiler *c) {
    order o;
    if (!any_effects(c->graph))
        return true;
    bool done = prepare(&o, c);
    if (done && find_moves(&o)) {
        yg_clone d;
        done = yg_clone_begin(&d, c, &o.request) && copy_graph(&o, &d);
        yg_clone_drop(&d);
    }
    release(&o);
    return done;
}
