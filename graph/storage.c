/*
 * Gives every node in memory a storage, and decides where an update writes: over its parameter, or
 * to bytes of its own that are copied at the end.
 */
#include "plan.h"

#include <stdlib.h>

/* `first` and `last`: see yg_plan_storage; both are meant for results only. */
static uint32_t add_storage(yg_compiler *c, yg_storage storage, uint32_t first, uint32_t last) {
    yg_program *program = c->program;
    yg_storage *storages = yg_plan_grow(c, program->storages, program->storage_count,
                                        &c->storage_capacity, sizeof *storages);
    if (!storages)
        return YG_NO_STORAGE;
    program->storages = storages;
    yg_plan_storage *known =
        yg_plan_grow(c, c->storages, program->storage_count, &c->known_storages, sizeof *known);
    if (!known)
        return YG_NO_STORAGE;
    c->storages = known;
    c->storages[program->storage_count] = (yg_plan_storage){.first = first,
                                                            .last = last,
                                                            .over = YG_NO_STORAGE,
                                                            .free_after = YG_NO_UNIT,
                                                            .seen_by = YG_NO_UNIT};
    program->storages[program->storage_count] = storage;
    return (uint32_t)program->storage_count++;
}

static bool add_leaves(yg_compiler *c) {
    for (yg_node node = 0; node < c->graph->size; node++) {
        if (!c->nodes[node].live || c->nodes[node].unit != YG_NO_UNIT)
            continue;
        const yg_record *record = &c->graph->records[node];
        if (!(record->op->flags & YG_OP_LEAF))
            continue;
        c->program->visible[node] = !record->data;
        yg_storage storage = {.kind = YG_STORAGE_LEAF, .owner = node};
        storage.bytes = yg_type_bytes(record->type);
        if (record->data) {
            storage.kind = YG_STORAGE_CONSTANT;
            storage.constant = record->data;
        }
        const uint32_t s = add_storage(c, storage, YG_NO_UNIT, YG_NO_UNIT);
        c->program->storage_of[node] = s;
        if (s == YG_NO_STORAGE)
            return false;
    }
    return true;
}

/* A view has the storage of its root, or a new one that is a part of it. */
static bool share_storage(yg_compiler *c, yg_node node) {
    const uint32_t whole = c->program->storage_of[c->nodes[node].root];
    uint32_t *own = &c->program->storage_of[node];
    *own = whole;
    if (whole == YG_NO_STORAGE || c->nodes[node].offset == 0)
        return true;
    const yg_storage part = {.kind = YG_STORAGE_PART,
                             .owner = node,
                             .bytes = yg_type_bytes(c->graph->records[node].type),
                             .part = {.of = whole, .shift = c->nodes[node].offset}};
    *own = add_storage(c, part, YG_NO_UNIT, YG_NO_UNIT);
    return *own != YG_NO_STORAGE;
}

/* Adds a storage in the arena, whose offset is not known yet. */
static uint32_t add_result(yg_compiler *c, yg_node owner, int64_t bytes, uint32_t first,
                           uint32_t last) {
    const yg_storage storage = {.kind = YG_STORAGE_ARENA, .owner = owner, .bytes = bytes};
    return add_storage(c, storage, first, last);
}

static bool add_results(yg_compiler *c) {
    yg_program *program = c->program;
    for (yg_node node = 0; node < c->graph->size; node++) {
        const bool root = c->nodes[node].root == node;
        if (!c->nodes[node].live || program->storage_of[node] != YG_NO_STORAGE)
            continue;
        if (!root) {
            if (!share_storage(c, node))
                return false;
            continue;
        }
        const uint32_t unit = c->nodes[node].unit;
        if (unit == YG_NO_UNIT)
            continue;
        const int64_t bytes = yg_type_bytes(c->graph->records[node].type);
        if (__builtin_add_overflow(program->stats.unplanned_bytes, bytes,
                                   &program->stats.unplanned_bytes))
            program->stats.unplanned_bytes = INT64_MAX; /* only a figure: it is never allocated */
        if (!c->nodes[node].in_memory)
            continue;
        const uint32_t reader = c->nodes[node].last_unit;
        const uint32_t stage = program->units[reader == YG_NO_UNIT ? unit : reader].stage;
        const uint32_t s =
            add_result(c, node, bytes, unit, c->nodes[node].lasting ? YG_NO_UNIT : stage);
        program->storage_of[node] = s;
        if (s == YG_NO_STORAGE)
            return false;
    }
    return true;
}

/* Adds storages for the results of parts, of reductions that run in parts (yg_parts). */
static bool add_partials(yg_compiler *c) {
    yg_program *program = c->program;
    for (uint32_t u = 0; u < program->unit_count; u++) {
        yg_unit *unit = &program->units[u];
        if (unit->kind != YG_UNIT_KERNEL || unit->kernel.parts.count == 0)
            continue;
        const int64_t bytes = unit->kernel.parts.count * unit->kernel.parts.bytes;
        unit->kernel.partial = add_result(c, unit->node, bytes, u, unit->stage);
        if (unit->kernel.partial == YG_NO_STORAGE)
            return false;
    }
    return true;
}

static bool add_copy(yg_compiler *c, uint32_t target, uint32_t source, yg_node node) {
    yg_unit *unit = yg_plan_add_unit(c, YG_UNIT_COPY, node);
    if (!unit)
        return false;
    unit->copy = (yg_copy){.target = target,
                           .source = source,
                           .from = node,
                           .bytes = (size_t)yg_type_bytes(c->graph->records[node].type)};
    if (!yg_plan_add_alone(c))
        return false;
    const uint32_t stage = (uint32_t)(c->program->stage_count - 1);
    const yg_storage *from = &c->program->storages[source];
    const uint32_t whole = from->kind == YG_STORAGE_PART ? from->part.of : source;
    if (c->program->storages[whole].kind == YG_STORAGE_ARENA && c->storages[whole].last < stage)
        c->storages[whole].last = stage;
    return true;
}

/* Adds copies, after all other units, for updates that are not written over their parameters. If
 * the value is itself a parameter, it is copied to bytes of its own first, so that two parameters
 * can be exchanged. */
static bool add_copies(yg_compiler *c) {
    yg_program *program = c->program;
    uint32_t *sources = malloc((c->update_count + 1) * sizeof *sources);
    if (!sources)
        return yg_fail_memory(c->error);
    bool done = true;
    for (size_t i = 0; i < c->update_count && done; i++) {
        const yg_node value = c->updates[i].value;
        sources[i] = program->storage_of[value];
        if (!yg_node_is_parameter(c->graph, c->nodes[value].root))
            continue;
        const uint32_t own =
            add_result(c, value, yg_type_bytes(c->graph->records[value].type),
                       (uint32_t)program->unit_count, (uint32_t)program->stage_count);
        done = own != YG_NO_STORAGE && add_copy(c, own, sources[i], value);
        sources[i] = own;
    }
    for (size_t i = 0; i < c->update_count && done; i++) {
        const uint32_t target = program->storage_of[c->updates[i].parameter];
        if (sources[i] != target)
            done = add_copy(c, target, sources[i], c->updates[i].value);
    }
    free(sources);
    return done;
}

bool yg_plan_storages(yg_compiler *c) {
    if (!add_leaves(c))
        return false;
    for (size_t i = 0; i < c->update_count; i++) {
        const yg_update *update = &c->updates[i];
        if (c->nodes[update->value].overwrites == update->parameter)
            c->program->storage_of[update->value] = c->program->storage_of[update->parameter];
    }
    return add_results(c) && add_partials(c) && add_copies(c);
}
