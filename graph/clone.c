/*
 * Clones of a graph: see clone.h.
 */
#include "clone.h"

#include <stdlib.h>
#include <string.h>

yg_request yg_clone_request(const yg_compiler *c) {
    return (yg_request){.graph = c->graph,
                        .outputs = c->outputs,
                        .output_count = c->output_count,
                        .updates = c->updates,
                        .update_count = c->update_count,
                        .keeps_dead = !c->drops_dead};
}

void yg_clone_live(const yg_request *request, bool *live) {
    if (request->keeps_dead) {
        memset(live, true, request->graph->size);
        return;
    }
    for (size_t i = 0; i < request->output_count; i++)
        live[request->outputs[i]] = true;
    for (size_t i = 0; i < request->update_count; i++)
        live[request->updates[i].parameter] = live[request->updates[i].value] = true;
    for (size_t next = request->graph->size; next > 0; next--) {
        const yg_record *record = &request->graph->records[next - 1];
        live[next - 1] |= yg_has_effects(request->graph, (yg_node)(next - 1));
        for (uint32_t k = 0; live[next - 1] && k < record->operand_count; k++)
            live[record->operands[k]] = true;
    }
}

bool yg_clone_begin(yg_clone *d, yg_compiler *c, const yg_request *from) {
    const size_t size = from->graph->size;
    *d = (yg_clone){.compiler = c, .from = *from};
    d->to = yg_store_new(from->graph->ops, from->graph->flags, c->program->pool);
    d->made = malloc((size + 1) * sizeof *d->made);
    if (!d->to || !d->made) {
        yg_clone_drop(d);
        return yg_fail_memory(c->error);
    }
    memset(d->made, 0xff, (size + 1) * sizeof *d->made); /* YG_NONE */
    return true;
}

bool yg_clone_note(yg_clone *d, yg_node node) {
    if (d->to->error.code)
        return yg_fail_as(d->compiler->error, &d->to->error);
    const size_t size = d->to->size;
    if (size > d->source_capacity) {
        const size_t capacity = d->to->capacity;
        yg_node *source = realloc(d->source, capacity * sizeof *source);
        if (!source)
            return yg_fail_memory(d->compiler->error);
        d->source = source;
        d->source_capacity = capacity;
    }
    while (d->noted < size)
        d->source[d->noted++] = node;
    return true;
}

bool yg_clone_copy(yg_clone *d, yg_node node) {
    yg_record record = d->from.graph->records[node];
    if (record.operand_count) {
        yg_node *operands =
            yg_pool_take_unset(d->compiler->program->pool, record.operand_count * sizeof *operands);
        if (!operands)
            return yg_fail_memory(d->compiler->error);
        for (uint32_t k = 0; k < record.operand_count; k++)
            operands[k] = d->made[record.operands[k]];
        record.operands = operands;
    }
    const bool mergeable = d->merges && record.hash != 0;
    d->made[node] =
        mergeable ? yg_store_append_merged(d->to, &record) : yg_store_append(d->to, &record);
    return yg_clone_note(d, node);
}

bool yg_clone_end(yg_clone *d) {
    yg_compiler *c = d->compiler;
    yg_pool *pool = c->program->pool;
    yg_node *outputs = yg_pool_take_unset(pool, d->from.output_count * sizeof *outputs + 1);
    yg_update *updates = yg_pool_take_unset(pool, d->from.update_count * sizeof *updates + 1);
    if (!outputs || !updates)
        return yg_fail_memory(c->error);
    for (size_t i = 0; i < d->from.output_count; i++)
        outputs[i] = d->made[d->from.outputs[i]];
    for (size_t i = 0; i < d->from.update_count; i++)
        updates[i] = (yg_update){.parameter = d->made[d->from.updates[i].parameter],
                                 .value = d->made[d->from.updates[i].value]};
    d->result = (yg_request){.graph = d->to,
                             .outputs = outputs,
                             .output_count = d->from.output_count,
                             .updates = updates,
                             .update_count = d->from.update_count,
                             .keeps_dead = d->from.keeps_dead};
    return true;
}

/* Makes the program's maps between the caller's graph and the clone. If the clone was made from
 * another clone, composes its maps with that one's. */
static bool compose_maps(yg_clone *d) {
    yg_program *program = d->compiler->program;
    yg_node *node_of = program->node_of;
    yg_node *source_of = yg_pool_take_unset(program->pool, (d->to->size + 1) * sizeof *source_of);
    if (!node_of)
        node_of = yg_pool_take_unset(program->pool, (program->node_count + 1) * sizeof *node_of);
    if (!node_of || !source_of)
        return yg_fail_memory(d->compiler->error);
    for (size_t i = 0; i < d->to->size; i++)
        source_of[i] = program->source_of ? program->source_of[d->source[i]] : d->source[i];
    for (size_t i = 0; i < program->node_count; i++) {
        const yg_node before = program->node_of ? node_of[i] : (yg_node)i;
        node_of[i] = before == YG_NONE ? YG_NONE : d->made[before];
    }
    program->node_of = node_of;
    program->source_of = source_of;
    return true;
}

/* Keeps the sources of the clone's nodes for the verifier. If the pass has adopted a clone before,
 * they are that clone's nodes, so their own sources take their place. */
static bool note_sources(yg_before *before, yg_clone *d) {
    for (size_t i = 0; before->source && i < d->to->size; i++)
        d->source[i] = before->source[d->source[i]];
    free(before->source);
    before->source = d->source;
    d->source = NULL;
    return before->source || yg_fail_memory(d->compiler->error);
}

bool yg_clone_adopt(yg_clone *d) {
    yg_compiler *c = d->compiler;
    if (!compose_maps(d) || (c->before && !note_sources(c->before, d)))
        return false;
    if (!c->before || c->before->own != c->program->own)
        yg_store_free(c->program->own);
    c->program->graph = c->program->own = d->to;
    d->to = NULL;
    c->graph = d->result.graph;
    c->outputs = d->result.outputs;
    c->updates = d->result.updates;
    return true;
}

void yg_clone_drop(yg_clone *d) {
    yg_store_free(d->to);
    free(d->made);
    free(d->source);
    *d = (yg_clone){0};
}
