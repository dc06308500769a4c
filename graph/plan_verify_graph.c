/*
 * Verifies the passes that work on the graph, before it is cut into units: see plan_verify.h.
 */
#include "plan_verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IS_WRONG(c, ...) yg_plan_is_wrong((c)->program, YG_NO_UNIT, (c)->error, __VA_ARGS__)

/* Whether node `now` of the compiler's graph can stand for `before`. */
static bool has_type_of(const yg_compiler *c, yg_node now, yg_node before, const char *what,
                        size_t i) {
    const yg_graph *graph = c->before->request.graph;
    return (now < c->graph->size &&
            yg_type_equal(c->graph->records[now].type, graph->records[before].type)) ||
           IS_WRONG(c, "%s %zu has no node of its type", what, i);
}

/* Whether the graph has the effects of the graph before the pass, in the same order. */
static bool effects_are_kept(const yg_compiler *c) {
    const yg_graph *graph = c->before->request.graph;
    yg_node before = 0;
    for (yg_node now = 0; now <= c->graph->size; now++) {
        if (now < c->graph->size && !yg_has_effects(c->graph, now))
            continue;
        while (before < graph->size && !yg_has_effects(graph, before))
            before++;
        if (now == c->graph->size)
            break;
        if (before >= graph->size || c->before->source[now] != before)
            return IS_WRONG(c, "the effect of %%%" PRIu32 " comes too early, too late or twice",
                            now);
        before++;
    }
    return before == graph->size || IS_WRONG(c, "the effect of %%%" PRIu32 " is lost", before);
}

bool yg_verify_rewritten(yg_compiler *c) {
    const yg_request *r = &c->before->request;
    for (size_t i = 0; i < r->output_count; i++) {
        if (!has_type_of(c, c->outputs[i], r->outputs[i], "output", i))
            return false;
    }
    for (size_t i = 0; i < r->update_count; i++) {
        const yg_update *now = &c->updates[i], *before = &r->updates[i];
        if (!has_type_of(c, now->value, before->value, "the value of update", i) ||
            !has_type_of(c, now->parameter, before->parameter, "the parameter of update", i))
            return false;
        if (strcmp(yg_node_name(c->graph, now->parameter),
                   yg_node_name(r->graph, before->parameter)) != 0)
            return IS_WRONG(c, "update %zu has another parameter", i);
    }
    return c->graph == r->graph || (effects_are_kept(c) && yg_graph_verify(c->graph, c->error));
}

/* Whether node `now` computes what its source does: the same operator on copies of the operands. */
static bool is_copy(const yg_compiler *c, yg_node now) {
    const yg_graph *graph = c->before->request.graph;
    const yg_node source = c->before->source[now];
    const yg_record *a = &c->graph->records[now];
    if (source >= graph->size)
        return IS_WRONG(c, "%%%" PRIu32 " is a copy of nothing", now);
    const yg_record *b = &graph->records[source];
    if (a->op != b->op || a->attrs != b->attrs || a->data != b->data ||
        a->operand_count != b->operand_count || !yg_type_equal(a->type, b->type))
        return IS_WRONG(c, "%%%" PRIu32 " is no copy of %%%" PRIu32, now, source);
    for (uint32_t k = 0; k < a->operand_count; k++) {
        if (c->before->source[a->operands[k]] != b->operands[k])
            return IS_WRONG(c,
                            "operand %" PRIu32 " of %%%" PRIu32 " is no copy of that of %%%" PRIu32,
                            k, now, source);
    }
    return true;
}

static bool stands_for(const yg_compiler *c, yg_node now, yg_node before, const char *what,
                       size_t i) {
    return c->before->source[now] == before ||
           IS_WRONG(c, "%s %zu is no copy of what it was", what, i);
}

bool yg_verify_copied(yg_compiler *c) {
    const yg_request *r = &c->before->request;
    if (!yg_verify_rewritten(c))
        return false;
    if (c->graph == r->graph)
        return true;
    for (yg_node node = 0; node < c->graph->size; node++) {
        if (!is_copy(c, node))
            return false;
    }
    for (size_t i = 0; i < r->output_count; i++) {
        if (!stands_for(c, c->outputs[i], r->outputs[i], "output", i))
            return false;
    }
    for (size_t i = 0; i < r->update_count; i++) {
        if (!stands_for(c, c->updates[i].value, r->updates[i].value, "the value of update", i) ||
            !stands_for(c, c->updates[i].parameter, r->updates[i].parameter,
                        "the parameter of update", i))
            return false;
    }
    return true;
}

bool yg_verify_reordered(yg_compiler *c) {
    if (!yg_verify_copied(c))
        return false;
    if (c->graph == c->before->request.graph)
        return true;
    bool *seen = calloc(c->before->request.graph->size + 1, sizeof *seen);
    if (!seen)
        return yg_fail_memory(c->error);
    bool good = true;
    for (yg_node node = 0; node < c->graph->size && good; node++) {
        const yg_node source = c->before->source[node];
        good = !seen[source] || IS_WRONG(c, "%%%" PRIu32 " is computed twice", source);
        seen[source] = true;
    }
    free(seen);
    return good;
}

/* Whether what must be in memory is marked so: everything that a whole-tensor kernel or a view
 * reads or writes. */
static bool is_marked(const yg_compiler *c, yg_node node) {
    const yg_record *record = &c->graph->records[node];
    if (record->op->flags & YG_OP_ELEMENTWISE || record->op == c->graph->ops->broadcast)
        return true;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        if (!c->nodes[record->operands[k]].in_memory)
            return IS_WRONG(c, "%%%" PRIu32 " reads %%%" PRIu32 ", which is not kept in memory",
                            node, record->operands[k]);
    }
    return c->nodes[node].in_memory || IS_WRONG(c, "%%%" PRIu32 " is not kept in memory", node);
}

static bool check_wanted(const yg_compiler *c) {
    for (size_t i = 0; i < c->output_count; i++) {
        const yg_plan_node *node = &c->nodes[c->outputs[i]];
        if (!node->in_memory || !node->lasting)
            return IS_WRONG(c, "output %zu is not kept", i);
    }
    for (size_t i = 0; i < c->update_count; i++) {
        if (!c->nodes[c->updates[i].value].in_memory || !c->nodes[c->updates[i].parameter].updated)
            return IS_WRONG(c, "the value of update %zu is not kept", i);
    }
    return true;
}

bool yg_verify_live(yg_compiler *c) {
    const yg_request request = yg_clone_request(c);
    bool *needed = calloc(c->graph->size + 1, sizeof *needed);
    if (!needed)
        return yg_fail_memory(c->error);
    yg_clone_live(&request, needed);
    bool good = true;
    for (yg_node node = 0; node < c->graph->size && good; node++) {
        good = c->nodes[node].live == needed[node] ||
               IS_WRONG(c, "%%%" PRIu32 " is %s", node,
                        needed[node] ? "needed, and left out" : "not needed, and computed");
        good = good && (!needed[node] || is_marked(c, node));
    }
    free(needed);
    return good && check_wanted(c);
}
