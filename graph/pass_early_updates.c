/*
 * The pass `early_updates`: moves the update of a parameter to right behind its gradient.
 *
 * The graph has all gradients first, then all updates, because an optimizer appends its nodes last.
 * Run in that order, every gradient waits in memory for the last gradient, and is no longer in the
 * cache when its update reads it.
 *
 * The nodes between a gradient and the update are called a cone. They belong to that update alone.
 * A cone is moved up to the earliest place where
 * - everything that it reads has been computed, and
 * - all other readers of the parameter have run, so that the update can still be written over the
 *   parameter.
 * An update often also reads scalars and leaves: the learning rate, the number of the step, the
 * optimizer's state. They would hold a cone back, so they are moved to the beginning.
 *
 * Only the order of the nodes changes, so no bit changes. Each step below is linear in the nodes.
 */
#include "clone.h"

#include <stdlib.h>
#include <string.h>

/* A cone moves only if its update has at least this many bytes. A smaller gradient stays in the
 * cache anyway. */
#define LEAST_BYTES (64 * 1024)

typedef struct order {
    yg_compiler *compiler;
    yg_request request;
    bool *live;    /* by node: an output or an update needs it */
    bool *first;   /* by node: it is moved to the beginning */
    bool *needed;  /* by node: a member of a cone, or a node in `first`, reads it */
    bool *fixed;   /* by node: it belongs to no cone, because something outside of cones reads it */
    bool *value;   /* by node: it is the value of an update */
    bool *large;   /* by cone: an update in it has LEAST_BYTES or more */
    yg_node *cone; /* by node: leads to the node that names its cone, see find(); YG_NONE: none */
    yg_node *root; /* by node: the node whose bytes it may share, through views and broadcasts */
    yg_node *latest; /* by cone: the last node that must come before it; YG_NONE: there is none */
    yg_node *due;  /* by node: the first member of a cone that is moved to behind it, or YG_NONE */
    yg_node *next; /* by member: the next member in that list, or YG_NONE */
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
    free(o->latest);
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
    o->latest = new_nodes(size);
    o->due = new_nodes(size);
    o->next = new_nodes(size);
    if (!o->live || !o->first || !o->needed || !o->fixed || !o->value || !o->large || !o->cone ||
        !o->root || !o->latest || !o->due || !o->next)
        return yg_fail_memory(c->error);
    yg_clone_live(&o->request, o->live);
    return true;
}

static const yg_record *record_of(const order *o, yg_node node) {
    return &o->request.graph->records[node];
}

/* Finds nodes that can be moved to the beginning, because they depend on leaves only, and that cost
 * next to nothing there: leaves, elementwise nodes of one element, and broadcasts of them. */
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

/* Whether the pass `views` may let a node share bytes of a parameter. Of no other node does this
 * pass need to know. */
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

/* The node that names the cone of a member. Union-find: `cone` leads from each member to a lower
 * node of the same cone, and from the lowest one to itself. */
static yg_node find(order *o, yg_node node) {
    while (o->cone[node] != node) {
        o->cone[node] = o->cone[o->cone[node]];
        node = o->cone[node];
    }
    return node;
}

/* Merges the cones of two members. */
static void join(order *o, yg_node node, yg_node user) {
    const yg_node own = find(o, node), other = find(o, user);
    o->cone[own > other ? own : other] = own > other ? other : own;
}

/* Whether a node can be a member of a cone: it is elementwise, or it is the update itself, by a
 * kernel that can write over the parameter. A node with effects stays where it is. */
static bool may_move(const order *o, yg_node node) {
    const unsigned flags = record_of(o, node)->op->flags;
    const bool is_update = flags & YG_OP_ELEMENTWISE || (flags & YG_OP_IN_PLACE && o->value[node]);
    return is_update && !(flags & YG_OP_EFFECTS) && !o->fixed[node] && !o->first[node];
}

/* Finds the members of cones: nodes that only updates need. Each becomes a cone of its own for now.
 * Goes from the last node to the first, so that all users of a node are settled before it. */
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

/* Merges the cones of members that read each other. Two cones that merely read the same node (the
 * learning rate, the input of several layers) stay apart. */
static void find_cones(order *o) {
    for (yg_node node = 0; node < o->request.graph->size; node++) {
        const yg_record *record = record_of(o, node);
        for (uint32_t k = 0; k < record->operand_count && is_member(o, node); k++) {
            if (is_member(o, record->operands[k]))
                join(o, record->operands[k], node);
        }
    }
}

/* The cone must come after `node`. */
static void wait_for(order *o, yg_node cone, yg_node node) {
    if (o->latest[cone] == YG_NONE || o->latest[cone] < node)
        o->latest[cone] = node;
}

/* Fills in `latest` and `large`. A cone waits for what it reads from outside, and for the other
 * readers of the parameters that it updates. */
static void find_latest(order *o) {
    const yg_request *r = &o->request;
    yg_node *updater = o->due; /* by parameter: the cone that updates it; `due` is still unused */
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

/* Fills in `due` and `next`: lists the members of each cone, in order, behind the node that the
 * cone waits for. False if no node moves. */
static bool find_due(order *o) {
    bool any = false;
    for (size_t next = o->request.graph->size; next > 0; next--) {
        const yg_node node = (yg_node)(next - 1);
        if (!is_member(o, node))
            continue;
        const yg_node cone = find(o, node), latest = o->latest[cone];
        /* A cone that waits for a member of another cone stays: that member may move itself. */
        if (!o->large[cone] || latest == YG_NONE || is_member(o, latest)) {
            o->cone[node] = YG_NONE;
            continue;
        }
        o->next[node] = o->due[latest];
        o->due[latest] = node;
        any |= node > latest + 1;
    }
    return any;
}

/* Leaves in `first` only what cones need, directly or not. Anything else would gain nothing at the
 * beginning and only take memory for longer. */
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
        find_latest(&o);
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
