/*
 * The pass `early_updates`: computes a parameter's update as soon as its gradient is there.
 *
 * An optimizer's nodes are appended when all gradients are. In that order every gradient waits in
 * memory for the last one, and is in no cache any more when its update reads it. Here the nodes
 * between a gradient and the update of its parameter, its *cone*, are moved to where the last of
 * what they read is computed, and the last reader of the parameter has run, so that the update can
 * still be written over it.
 *
 * What such an update reads that is small or a leaf (the learning rate, the number of the step, the
 * optimizer's state) is moved to the beginning. Nodes are only put in another order, so not a bit
 * changes; each step is linear in the nodes.
 */
#include "clone.h"

#include <stdlib.h>
#include <string.h>

/* A gradient of fewer bytes stays in the cache anyway. */
#define LEAST_BYTES (64 * 1024)

typedef struct order {
    yg_compiler *compiler;
    yg_request request;
    bool *live, *first;  /* by node: `first` are moved to the beginning … */
    bool *needed;        /* … if they are `needed` there */
    bool *fixed;         /* by node: read by something outside of every cone */
    bool *value;         /* by node: of an update */
    bool *large;         /* by cone: with an update that is worth moving */
    yg_node *cone;       /* by node: its cone, named by one of its nodes (see find()); YG_NONE */
    yg_node *root;       /* by node: through views and broadcasts, what it may be a part of */
    yg_node *ready;      /* by cone: the last node that must come before it */
    yg_node *due, *next; /* by node: the first cone's member that follows it, and the one after */
} order;

static void release(order *o) {
    free(o->live);
    free(o->first);
    free(o->needed);
    free(o->fixed);
    free(o->value);
    free(o->large);
    free(o->cone);
    free(o->root);
    free(o->ready);
    free(o->due);
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
    *o = (order){.compiler = c, .request = yg_clone_request(c)};
    o->live = calloc(size, sizeof *o->live);
    o->first = calloc(size, sizeof *o->first);
    o->needed = calloc(size, sizeof *o->needed);
    o->fixed = calloc(size, sizeof *o->fixed);
    o->value = calloc(size, sizeof *o->value);
    o->large = calloc(size, sizeof *o->large);
    o->cone = new_nodes(size);
    o->root = new_nodes(size);
    o->ready = new_nodes(size);
    o->due = new_nodes(size);
    o->next = new_nodes(size);
    if (!o->live || !o->first || !o->needed || !o->fixed || !o->value || !o->large || !o->cone ||
        !o->root || !o->ready || !o->due || !o->next)
        return yg_fail_memory(c->error);
    yg_clone_live(&o->request, o->live);
    return true;
}

static const yg_record *record_of(const order *o, yg_node node) {
    return &o->request.graph->records[node];
}

/* What depends on leaves only and takes next to nothing: elementwise on scalars, and stretched. */
static void find_first(order *o) {
    const yg_op *broadcast = o->request.graph->ops->broadcast;
    for (yg_node node = 0; node < o->request.graph->size; node++) {
        const yg_record *record = record_of(o, node);
        bool first = record->op->flags & YG_OP_LEAF || record->op == broadcast ||
                     (record->op->flags & YG_OP_ELEMENTWISE && yg_type_count(record->type) == 1);
        for (uint32_t k = 0; k < record->operand_count && first; k++)
            first = o->first[record->operands[k]];
        o->first[node] = first;
    }
}

/* Whether a node may be a stretch of a parameter's bytes. Of others nobody needs to know. */
static bool lies_in_parameter(const order *o, yg_node node) {
    const yg_graph *graph = o->request.graph;
    const yg_record *record = &graph->records[node];
    return record->operand_count > 0 && record->op->plan &&
           yg_node_is_parameter(graph, o->root[record->operands[0]]) &&
           yg_plan_of_node(graph, node, false).view >= 0;
}

static void find_roots(order *o) {
    for (yg_node node = 0; node < o->request.graph->size; node++) {
        const yg_record *record = record_of(o, node);
        const bool shares = record->op->flags & YG_OP_VIEW ||
                            record->op == o->request.graph->ops->broadcast ||
                            lies_in_parameter(o, node);
        o->root[node] = shares ? o->root[record->operands[0]] : node;
    }
}

/* The cone's name. A name is a member or was one, and leads to a lower one or to itself. */
static yg_node find(order *o, yg_node node) {
    while (o->cone[node] != node) {
        o->cone[node] = o->cone[o->cone[node]];
        node = o->cone[node];
    }
    return node;
}

/* Makes the cones of two nodes one. */
static void join(order *o, yg_node node, yg_node user) {
    const yg_node own = find(o, node), other = find(o, user);
    o->cone[own > other ? own : other] = own > other ? other : own;
}

/* What an update is made of: elementwise nodes, and at last perhaps a kernel that writes over the
 * parameter. */
static bool may_move(const order *o, yg_node node) {
    const unsigned flags = record_of(o, node)->op->flags;
    const bool is_update = flags & YG_OP_ELEMENTWISE || (flags & YG_OP_IN_PLACE && o->value[node]);
    return is_update && !o->fixed[node] && !o->first[node];
}

/* From the updates down: what only updates read, each a cone of its own for now. Users come before
 * operands, so when a node has its turn all of its readers have had theirs. */
static void find_members(order *o) {
    const yg_request *r = &o->request;
    for (size_t i = 0; i < r->output_count; i++)
        o->fixed[r->outputs[i]] = true;
    for (size_t i = 0; i < r->update_count; i++) {
        o->cone[r->updates[i].value] = r->updates[i].value;
        o->value[r->updates[i].value] = true;
    }
    for (size_t next = r->graph->size; next > 0; next--) {
        const yg_node node = (yg_node)(next - 1);
        const yg_record *record = record_of(o, node);
        if (!o->live[node])
            continue;
        const bool moves = o->cone[node] != YG_NONE && may_move(o, node);
        if (!moves)
            o->fixed[node] = true;
        for (uint32_t k = 0; k < record->operand_count; k++) {
            const yg_node operand = record->operands[k];
            if (moves)
                o->cone[operand] = operand;
            else
                o->fixed[operand] = true;
        }
    }
}

static bool is_member(const order *o, yg_node node) {
    return o->live[node] && o->cone[node] != YG_NONE && !o->fixed[node];
}

/* What members read of each other makes them one cone. What else they have in common, a learning
 * rate stretched to their shape or the input of several layers, does not. */
static void find_cones(order *o) {
    for (yg_node node = 0; node < o->request.graph->size; node++) {
        const yg_record *record = record_of(o, node);
        for (uint32_t k = 0; k < record->operand_count && is_member(o, node); k++) {
            if (is_member(o, record->operands[k]))
                join(o, record->operands[k], node);
        }
    }
}

static void wait_for(order *o, yg_node cone, yg_node node) {
    if (o->ready[cone] == YG_NONE || o->ready[cone] < node)
        o->ready[cone] = node;
}

/* What each cone waits for: its operands, and the readers of the parameters that it updates. */
static void find_ready(order *o) {
    const yg_request *r = &o->request;
    yg_node *updater = o->due; /* by parameter, for now: its cone */
    for (size_t i = 0; i < r->update_count; i++) {
        const yg_node value = r->updates[i].value;
        if (!is_member(o, value))
            continue;
        updater[r->updates[i].parameter] = find(o, value);
        o->large[find(o, value)] |= yg_type_bytes(record_of(o, value)->type) >= LEAST_BYTES;
    }
    for (yg_node node = 0; node < r->graph->size; node++) {
        const yg_record *record = record_of(o, node);
        const yg_node cone = is_member(o, node) ? find(o, node) : YG_NONE;
        for (uint32_t k = 0; o->live[node] && k < record->operand_count; k++) {
            const yg_node operand = record->operands[k], root = o->root[operand];
            if (cone != YG_NONE && !o->first[operand] &&
                (!is_member(o, operand) || find(o, operand) != cone))
                wait_for(o, cone, operand);
            if (updater[root] != YG_NONE && updater[root] != cone)
                wait_for(o, updater[root], node);
        }
    }
    for (size_t i = 0; i < r->update_count; i++)
        updater[r->updates[i].parameter] = YG_NONE;
}

/* Lists members behind the nodes that their cones wait for, in order. False if none moves. */
static bool find_due(order *o) {
    bool any = false;
    for (size_t next = o->request.graph->size; next > 0; next--) {
        const yg_node node = (yg_node)(next - 1);
        if (!is_member(o, node))
            continue;
        const yg_node cone = find(o, node), ready = o->ready[cone];
        /* A cone that waits for another's member stays: that may move itself. */
        if (!o->large[cone] || ready == YG_NONE || is_member(o, ready)) {
            o->cone[node] = YG_NONE;
            continue;
        }
        o->next[node] = o->due[ready];
        o->due[ready] = node;
        any |= node > ready + 1;
    }
    return any;
}

/* Of what could be moved to the beginning, members' operands are, and what those need: anything
 * else would only take memory for longer. */
static void keep_first(order *o) {
    for (size_t next = o->request.graph->size; next > 0; next--) {
        const yg_node node = (yg_node)(next - 1);
        const yg_record *record = record_of(o, node);
        o->first[node] &= o->needed[node];
        for (uint32_t k = 0; k < record->operand_count; k++)
            o->needed[record->operands[k]] |= o->first[node] || is_member(o, node);
    }
}

static bool copy_graph(const order *o, yg_clone *d) {
    const size_t size = o->request.graph->size;
    for (yg_node node = 0; node < size; node++) {
        if (o->live[node] && o->first[node] && !yg_clone_copy(d, node))
            return false;
    }
    for (yg_node node = 0; node < size; node++) {
        if (o->live[node] && !o->first[node] && !is_member(o, node) && !yg_clone_copy(d, node))
            return false;
        for (yg_node due = o->due[node]; due != YG_NONE; due = o->next[due]) {
            if (!yg_clone_copy(d, due))
                return false;
        }
    }
    return yg_clone_end(d) && yg_clone_adopt(d);
}

bool yg_plan_early_updates(yg_compiler *c) {
    if (c->update_count == 0)
        return true;
    order o;
    bool done = prepare(&o, c);
    if (done) {
        find_first(&o);
        find_roots(&o);
        find_members(&o);
        find_cones(&o);
        find_ready(&o);
        if (find_due(&o)) {
            yg_clone d;
            keep_first(&o);
            done = yg_clone_begin(&d, c, &o.request) && copy_graph(&o, &d);
            yg_clone_drop(&d);
        }
    }
    release(&o);
    return done;
}
