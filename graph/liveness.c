/*
 * Estimated lifetimes: see liveness.h.
 */
#include "liveness.h"

#include <stdlib.h>
#include <string.h>

/* A value whose last reader is further away than this many nodes is assumed to be in memory: the
 * two will hardly be in one fused group. */
#define NEAR YG_GROUP_STEPS

static bool is_elementwise(const yg_record *record) {
    return (record->op->flags & YG_OP_ELEMENTWISE) != 0;
}

/* By node: whether it must be in memory as a whole tensor, because an output or another operator
 * than an elementwise one or a broadcast reads it. Freed by the caller; NULL when out of memory. */
static bool *mark_whole(const yg_request *request, const yg_liveness *l) {
    bool *whole = calloc(l->graph->size + 1, sizeof *whole);
    for (yg_node node = 0; whole && node < l->graph->size; node++) {
        const yg_record *record = &l->graph->records[node];
        if (!l->live[node] || is_elementwise(record) || record->op == l->graph->ops->broadcast)
            continue;
        for (uint32_t k = 0; k < record->operand_count; k++)
            whole[record->operands[k]] = true;
    }
    for (size_t i = 0; whole && i < request->output_count; i++)
        whole[request->outputs[i]] = true;
    return whole;
}

/* Fills in `root`, and lets `last` start at the node itself. */
static void find_roots(yg_liveness *l, const bool *whole) {
    for (yg_node node = 0; node < l->graph->size; node++) {
        const yg_record *record = &l->graph->records[node];
        const bool shares = record->op->flags & YG_OP_VIEW ||
                            (record->op == l->graph->ops->broadcast && !whole[node]);
        l->root[node] = shares ? l->root[record->operands[0]] : node;
        l->last[node] = node;
    }
}

static void find_last(const yg_request *request, yg_liveness *l) {
    const yg_node end = (yg_node)l->graph->size;
    for (yg_node node = 0; node < end; node++) {
        const yg_record *record = &l->graph->records[node];
        for (uint32_t k = 0; l->live[node] && k < record->operand_count; k++)
            l->last[l->root[record->operands[k]]] = node;
    }
    for (size_t i = 0; i < request->output_count; i++)
        l->last[l->root[request->outputs[i]]] = end;
    for (size_t i = 0; i < request->update_count; i++)
        l->last[l->root[request->updates[i].value]] = end;
}

static void find_bytes(const yg_request *request, yg_liveness *l, const bool *whole) {
    for (yg_node node = 0; node < l->graph->size; node++) {
        const yg_record *record = &l->graph->records[node];
        const bool in_registers =
            is_elementwise(record) && !whole[node] && l->last[node] - node <= NEAR;
        if (l->live[node] && l->root[node] == node && !(record->op->flags & YG_OP_LEAF) &&
            !in_registers)
            l->bytes[node] = yg_type_bytes(record->type);
    }
    /* An elementwise update is written over its parameter, so it takes no bytes of its own. */
    for (size_t i = 0; i < request->update_count; i++) {
        const yg_node value = request->updates[i].value;
        if (is_elementwise(&l->graph->records[value]) && !whole[value])
            l->bytes[value] = 0;
    }
}

/* Whether a result is written over an operand that is not read again, and so takes no new bytes. An
 * elementwise node can do so with any operand of its size, a kernel with the flag YG_OP_IN_PLACE
 * with its first. */
static bool takes_over(const yg_liveness *l, yg_node node) {
    const yg_record *record = &l->graph->records[node];
    const uint32_t count = is_elementwise(record)               ? record->operand_count
                           : record->op->flags & YG_OP_IN_PLACE ? 1
                                                                : 0;
    for (uint32_t k = 0; k < count; k++) {
        const yg_node root = l->root[record->operands[k]];
        if (l->last[root] == node && l->bytes[root] == l->bytes[node])
            return true;
    }
    return false;
}

/* Goes through the nodes and adds up what is in memory. `freed` is false for each node; it becomes
 * true with the value's last reader. A reader may list an operand twice, which is freed once. */
static void find_peak(yg_liveness *l, bool *freed) {
    int64_t now = 0;
    for (yg_node node = 0; node < l->graph->size; node++) {
        const yg_record *record = &l->graph->records[node];
        if (!l->live[node])
            continue;
        const int64_t at_once = now + (takes_over(l, node) ? 0 : l->bytes[node]);
        now += l->bytes[node];
        if (at_once > l->peak) {
            l->peak = at_once;
            l->at = node;
        }
        for (uint32_t k = 0; k < record->operand_count; k++) {
            const yg_node root = l->root[record->operands[k]];
            if (l->last[root] != node || freed[root])
                continue;
            now -= l->bytes[root];
            freed[root] = true;
        }
        if (l->last[node] == node) /* it has no reader */
            now -= l->bytes[node];
    }
}

bool yg_liveness_make(const yg_request *request, yg_liveness *l, yg_error *error) {
    const size_t size = request->graph->size + 1;
    *l = (yg_liveness){.graph = request->graph};
    l->live = calloc(size, sizeof *l->live);
    l->root = calloc(size, sizeof *l->root);
    l->last = calloc(size, sizeof *l->last);
    l->bytes = calloc(size, sizeof *l->bytes);
    if (!l->live || !l->root || !l->last || !l->bytes)
        return yg_fail_memory(error);
    yg_clone_live(request, l->live);
    bool *whole = mark_whole(request, l), *freed = calloc(size, sizeof *freed);
    if (whole && freed) {
        find_roots(l, whole);
        find_last(request, l);
        find_bytes(request, l, whole);
        find_peak(l, freed);
    }
    const bool done = whole && freed;
    free(whole);
    free(freed);
    return done || yg_fail_memory(error);
}

void yg_liveness_free(yg_liveness *l) {
    free(l->live);
    free(l->root);
    free(l->last);
    free(l->bytes);
    *l = (yg_liveness){0};
}
