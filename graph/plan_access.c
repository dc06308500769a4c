/*
 * Lists what each unit of a plan reads and writes, as bytes of an imaginary memory: see
 * plan_verify.h.
 *
 * The verifier must not believe the passes that it checks. So nothing here reads their notes
 * (yg_plan_node): views are worked out again from the operators, and places from the units that
 * will be run.
 */
#include "plan_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool yg_plan_is_wrong(const yg_program *program, uint32_t unit, yg_error *error, const char *format,
                      ...) {
    char what[256];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    if (unit >= program->unit_count)
        return yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "the plan is wrong: %s", what);
    const yg_node node = program->units[unit].node;
    return yg_fail(error, YG_ERROR_INTERNAL, yg_node_origin(program->graph, node),
                   "the plan is wrong: unit %" PRIu32 " (%s, %%%" PRIu32 " %s): %s", unit,
                   yg_node_op(program->graph, node)->name, node, yg_node_name(program->graph, node),
                   what);
}

/* ------------------------------------------------------------------------------ addresses -- */

static int64_t kept_bytes(const yg_program *program, const yg_storage *storage) {
    if (storage->kind != YG_STORAGE_CHUNK)
        return storage->bytes;
    return storage->chunk.row * program->row_loops[storage->chunk.row_loop].chunk;
}

/* A storage in the arena that has no offset yet: it has bytes of its own, unless it takes over
 * those of another storage. */
static bool place_planned(const yg_program *program, const yg_plan_storage *planned,
                          yg_addresses *a, uint32_t s, yg_error *error) {
    uint32_t from = s;
    for (size_t i = 0; planned[from].over != YG_NO_STORAGE; i++) {
        const uint32_t over = planned[from].over;
        if (over >= program->storage_count || i > program->storage_count ||
            program->storages[over].kind != YG_STORAGE_ARENA ||
            program->storages[over].bytes < program->storages[s].bytes)
            return yg_plan_is_wrong(program, YG_NO_UNIT, error,
                                    "storage %" PRIu32 " cannot take over the bytes of %" PRIu32,
                                    from, over);
        from = over;
    }
    if (a->of[from] < 0) {
        a->of[from] = a->end;
        a->end += program->storages[from].bytes;
    }
    a->of[s] = a->of[from];
    return true;
}

static bool place_storage(const yg_program *program, const yg_plan_storage *planned,
                          yg_addresses *a, uint32_t s, yg_error *error) {
    const yg_storage *storage = &program->storages[s];
    const int64_t bytes = kept_bytes(program, storage);
    if (storage->kind == YG_STORAGE_PART)
        return true; /* place_part() does it, when the storage that it is a part of has its place */
    if (storage->kind == YG_STORAGE_CHUNK) {
        const int64_t shift = storage->chunk.shift;
        a->of[s] = program->arena_bytes + shift;
        return (shift >= 0 && shift + bytes <= program->chunk_bytes) ||
               yg_plan_is_wrong(program, YG_NO_UNIT, error,
                                "storage %" PRIu32 " lies outside of the chunks", s);
    }
    if (storage->kind == YG_STORAGE_ARENA && planned)
        return place_planned(program, planned, a, s, error);
    if (storage->kind == YG_STORAGE_ARENA) {
        a->of[s] = storage->offset;
        return (storage->offset >= 0 && storage->offset % YG_ALIGN == 0 &&
                storage->offset + bytes <= program->arena_bytes) ||
               yg_plan_is_wrong(program, YG_NO_UNIT, error,
                                "storage %" PRIu32 ", %" PRId64 " bytes at %" PRId64
                                ", lies outside of the arena or is not aligned",
                                s, bytes, storage->offset);
    }
    a->of[s] = a->end;
    a->end += bytes;
    return true;
}

static bool place_part(const yg_program *program, yg_addresses *a, uint32_t s, yg_error *error) {
    const yg_storage *part = &program->storages[s];
    if (part->kind != YG_STORAGE_PART)
        return true;
    const uint32_t of = part->part.of;
    const int64_t shift = part->part.shift;
    if (of >= program->storage_count || program->storages[of].kind == YG_STORAGE_PART ||
        program->storages[of].kind == YG_STORAGE_CHUNK || shift < 0 ||
        shift + part->bytes > program->storages[of].bytes)
        return yg_plan_is_wrong(program, YG_NO_UNIT, error,
                                "storage %" PRIu32 " is no part of storage %" PRIu32, s, of);
    a->of[s] = a->of[of] + shift;
    return true;
}

static void find_made(const yg_program *program, bool *made) {
    for (size_t u = 0; u < program->unit_count; u++) {
        const yg_unit *unit = &program->units[u];
        for (uint32_t i = 0; unit->kind == YG_UNIT_GROUP && i < unit->group.step_count; i++)
            made[unit->group.steps[i].node] = true;
        if (unit->kind == YG_UNIT_KERNEL || (unit->kind == YG_UNIT_COPY && unit->copy.is_view))
            made[unit->node] = true;
        for (uint32_t i = 1; unit->kind == YG_UNIT_KERNEL && i < unit->kernel.result_count; i++) {
            if (unit->kernel.results[i] != YG_NONE)
                made[unit->kernel.results[i]] = true;
        }
    }
}

/* Two nodes may stand for the same result of a kernel; the second shares the bytes of the first.
 * Returns the first one, or `node` if there is none before it. */
static yg_node result_made(const yg_program *program, const yg_addresses *a, yg_node node) {
    const yg_graph *graph = program->graph;
    for (yg_node other = graph->records[node].operands[0] + 1; other < node; other++) {
        const yg_record *record = &graph->records[other];
        if (a->made[other] && yg_is_result(record) &&
            record->operands[0] == graph->records[node].operands[0] &&
            record->attrs[0].i == graph->records[node].attrs[0].i)
            return other;
    }
    return node;
}

static void find_roots(const yg_program *program, yg_addresses *a) {
    const yg_graph *graph = program->graph;
    for (yg_node node = 0; node < graph->size; node++) {
        const yg_record *record = &graph->records[node];
        const yg_op *op = record->op;
        a->root[node] = node;
        if (yg_is_result(record) && !a->made[node]) {
            a->root[node] = result_made(program, a, node);
            continue;
        }
        if (a->made[node] || op->flags & YG_OP_LEAF || !(op->flags & YG_OP_VIEW || op->plan))
            continue;
        const int64_t at = op->flags & YG_OP_VIEW ? 0 : yg_plan_of_node(graph, node, false).view;
        if (at < 0)
            continue;
        a->root[node] = a->root[record->operands[0]];
        a->offset[node] =
            a->offset[record->operands[0]] + at * (int64_t)yg_dtype_size(record->type->dtype);
    }
}

bool yg_addresses_make(const yg_program *program, const yg_plan_storage *planned, yg_addresses *a,
                       yg_error *error) {
    const size_t nodes = program->graph->size + 1;
    *a = (yg_addresses){.program = program, .end = program->arena_bytes + program->chunk_bytes};
    a->of = malloc((program->storage_count + 1) * sizeof *a->of);
    a->made = calloc(nodes, sizeof *a->made);
    a->root = calloc(nodes, sizeof *a->root);
    a->offset = calloc(nodes, sizeof *a->offset);
    a->held = calloc(program->register_count + 1, sizeof *a->held);
    a->joined_in = malloc((program->storage_count + 1) * sizeof *a->joined_in);
    if (!a->of || !a->made || !a->root || !a->offset || !a->held || !a->joined_in)
        return yg_fail_memory(error);
    memset(a->joined_in, 0xff, (program->storage_count + 1) * sizeof *a->joined_in);
    memset(a->of, 0xff, (program->storage_count + 1) * sizeof *a->of); /* -1 */
    for (uint32_t s = 0; s < program->storage_count; s++) {
        if (!place_storage(program, planned, a, s, error))
            return false;
    }
    for (uint32_t s = 0; s < program->storage_count; s++) {
        if (!place_part(program, a, s, error))
            return false;
    }
    find_made(program, a->made);
    find_roots(program, a);
    return true;
}

void yg_addresses_free(yg_addresses *a) {
    free(a->of);
    free(a->made);
    free(a->root);
    free(a->offset);
    free(a->held);
    free(a->joined_in);
    *a = (yg_addresses){0};
}

/* --------------------------------------------------------------------------------- accesses -- */

/* The list of one unit while it is being made. */
typedef struct listing {
    const yg_addresses *a;
    const yg_program *program;
    uint32_t index;
    const yg_unit *unit;
    const yg_row_loop *row_loop;
    yg_access_list *list;
    yg_error *error;
} listing;

#define IS_WRONG(l, ...) yg_plan_is_wrong((l)->program, (l)->index, (l)->error, __VA_ARGS__)

static bool append(const listing *l, yg_access access) {
    yg_access_list *list = l->list;
    if (access.begin == access.end)
        return true;
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 64;
        yg_access *items = realloc(list->items, capacity * sizeof *items);
        if (!items)
            return yg_fail_memory(l->error);
        list->items = items;
        list->capacity = capacity;
    }
    access.unit = l->index;
    list->items[list->count++] = access;
    return true;
}

static bool has_storage(const listing *l, uint32_t s, yg_node node) {
    return s < l->program->storage_count ||
           IS_WRONG(l, "%%%" PRIu32 " has no memory to be read from or written to", node);
}

/* Fills in an access to the first `bytes` bytes of a storage, which hold `node`. Fails if the
 * storage is too small, or if only a chunk of it is kept and this unit cannot do with that. */
static bool in_storage(const listing *l, uint32_t s, yg_node node, int64_t bytes, yg_access *out) {
    if (!has_storage(l, s, node))
        return false;
    const yg_storage *storage = &l->program->storages[s];
    if (bytes > storage->bytes)
        return IS_WRONG(l, "%%%" PRIu32 " takes %" PRId64 " bytes of %" PRId64, node, bytes,
                        storage->bytes);
    out->begin = l->a->of[s];
    out->end =
        out->begin + (storage->kind == YG_STORAGE_CHUNK ? kept_bytes(l->program, storage) : bytes);
    out->node = l->a->root[node];
    out->offset = l->a->offset[node];
    out->chunk_of = storage->kind == YG_STORAGE_CHUNK ? l->unit->row_loop : YG_NO_UNIT;
    if (storage->kind != YG_STORAGE_CHUNK)
        return true;
    if (storage->chunk.row_loop != l->unit->row_loop)
        return IS_WRONG(l, "%%%" PRIu32 " is kept by chunks of another row loop", node);
    return out->in_step ||
           IS_WRONG(l, "%%%" PRIu32 " is kept by chunks, but every row is needed", node);
}

static int64_t node_bytes(const listing *l, yg_node node) {
    return yg_type_bytes(l->program->graph->records[node].type);
}

bool yg_node_bytes(const yg_addresses *a, yg_node node, yg_access *out, yg_error *error) {
    const yg_program *program = a->program;
    const uint32_t s = program->storage_of[node];
    *out = (yg_access){.node = a->root[node], .offset = a->offset[node]};
    if (s >= program->storage_count || program->storages[s].kind == YG_STORAGE_CHUNK)
        return yg_plan_is_wrong(program, YG_NO_UNIT, error,
                                "%%%" PRIu32 " %s is asked for and has no memory", node,
                                yg_node_name(program->graph, node));
    out->begin = a->of[s];
    out->end = out->begin + yg_type_bytes(program->graph->records[node].type);
    return true;
}

/* ----------------------------------------------------------------------------------- groups -- */

/* `held` names a load by a number that no node has. */
static yg_node held_load(uint32_t load) {
    return YG_NONE - 1 - load;
}

int64_t yg_rows_in_step(const yg_type *source, const yg_type *target) {
    int64_t rows = 1;
    const int missing = target->rank - source->rank;
    for (int i = 0; i < target->rank; i++) {
        if (i < missing ? target->shape[i] != 1 : source->shape[i - missing] != target->shape[i])
            break;
        rows *= target->shape[i];
    }
    return rows;
}

static const void *constant_of(const listing *l, yg_node node) {
    const char *data = l->program->graph->records[l->a->root[node]].data;
    return data ? data + l->a->offset[node] : NULL;
}

static bool read_constant(const listing *l, yg_node node, const void *found) {
    const void *wanted = constant_of(l, node);
    return (wanted && wanted == found) ||
           IS_WRONG(l, "%%%" PRIu32 " is read from another constant", node);
}

/* Checks a step's operand k, a broadcast that is never computed: a register must hold it as a load
 * of the group, or a filled tile its constant. */
static bool read_load(const listing *l, const yg_step *step, uint32_t at, uint32_t k,
                      yg_node node) {
    const yg_graph *graph = l->program->graph;
    const yg_place *place = &step->in[k];
    const yg_node source = graph->records[node].operands[0];
    if (place->constant) /* a whole tile of one element */
        return (constant_of(l, source) &&
                memcmp(place->constant, constant_of(l, source),
                       yg_dtype_size(graph->records[source].type->dtype)) == 0) ||
               IS_WRONG(l, "%%%" PRIu32 " is filled in with another constant", node);
    uint32_t i = 0;
    while (i < l->unit->group.load_count && l->unit->group.loads[i].target != place->reg)
        i++;
    if (i == l->unit->group.load_count || l->a->held[place->reg] != held_load(i))
        return IS_WRONG(l, "register %u does not hold the broadcast %%%" PRIu32, place->reg, node);
    const yg_load *load = &l->unit->group.loads[i];
    if (load->constant)
        return read_constant(l, source, load->constant);
    const int64_t rows = l->row_loop->rows;
    yg_access access = {.step = at};
    access.in_step =
        rows > 0 &&
        yg_rows_in_step(graph->records[source].type, graph->records[node].type) % rows == 0;
    return in_storage(l, load->storage, source, node_bytes(l, source), &access) &&
           append(l, access);
}

/* The same for a place in memory. It must know whether only a chunk is kept. */
static bool in_place(const listing *l, const yg_place *place, yg_node node, yg_access *out) {
    return in_storage(l, place->storage, node, l->unit->group.count * place->advance, out) &&
           (place->by_chunks == (out->chunk_of != YG_NO_UNIT) ||
            IS_WRONG(l, "it does not know whether a chunk of %%%" PRIu32 " is kept", node));
}

static bool read_place(const listing *l, const yg_step *step, uint32_t at, uint32_t k) {
    const yg_graph *graph = l->program->graph;
    const yg_place *place = &step->in[k];
    const yg_node node = graph->records[step->node].operands[k];
    if (graph->records[node].op == graph->ops->broadcast && !l->a->made[node])
        return read_load(l, step, at, k, node);
    if (place->constant)
        return read_constant(l, node, place->constant);
    if (place->storage == YG_NO_STORAGE)
        return (place->reg < l->program->register_count &&
                l->a->held[place->reg] == l->a->root[node]) ||
               IS_WRONG(l, "register %u does not hold %%%" PRIu32, place->reg, node);
    yg_access access = {.step = at, .in_step = true};
    return in_place(l, place, node, &access) && append(l, access);
}

static bool list_group(const listing *l) {
    for (uint32_t i = 0; i < l->unit->group.load_count; i++)
        l->a->held[l->unit->group.loads[i].target] = held_load(i);
    for (uint32_t i = 0; i < l->unit->group.step_count; i++) {
        const yg_step *step = &l->unit->group.steps[i];
        for (uint32_t k = 0; k < step->operand_count; k++) {
            if (!read_place(l, step, i, k))
                return false;
        }
        if (step->out.storage == YG_NO_STORAGE) {
            l->a->held[step->out.reg] = step->node;
            continue;
        }
        yg_access access = {.step = i, .writes = true, .in_step = true};
        if (!in_place(l, &step->out, step->node, &access) || !append(l, access))
            return false;
    }
    /* Registers do not keep values from one group to the next. */
    for (uint32_t i = 0; i < l->unit->group.load_count; i++)
        l->a->held[l->unit->group.loads[i].target] = YG_NONE;
    for (uint32_t i = 0; i < l->unit->group.step_count; i++) {
        if (l->unit->group.steps[i].out.storage == YG_NO_STORAGE)
            l->a->held[l->unit->group.steps[i].out.reg] = YG_NONE;
    }
    return true;
}

/* ---------------------------------------------------------------------------------- kernels -- */

/* Notes operands of concat that lie in its result, at the right place. */
static void note_joined(const listing *l, const yg_access *result) {
    const yg_graph *graph = l->program->graph;
    const yg_record *record = &graph->records[l->unit->node];
    if (!yg_plan_of_node(graph, l->unit->node, false).joins)
        return;
    int64_t at = result->begin;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        const uint32_t s = l->program->storage_of[record->operands[k]];
        if (s < l->program->storage_count && l->a->of[s] == at)
            l->a->joined_in[s] = l->index;
        at += yg_type_bytes(graph->records[record->operands[k]].type);
    }
}

/* Whether an operand in storage `s` may share bytes with the result, and how. */
static bool check_overlap(const listing *l, uint32_t k, uint32_t s, yg_access *read,
                          const yg_access *result) {
    const yg_op *op = l->program->graph->records[l->unit->node].op;
    if (read->begin >= result->end || result->begin >= read->end)
        return true;
    if (op->flags & YG_OP_IN_PLACE && k == 0 && read->begin == result->begin &&
        read->end == result->end) {
        read->in_step = true;
        return true;
    }
    read->joined = l->a->joined_in[s] == l->index;
    return read->joined ||
           IS_WRONG(l, "the result lies over operand %" PRIu32 ", which is read meanwhile", k);
}

/* The results after the first. None shares bytes with an operand. */
static bool list_other_results(const listing *l) {
    const yg_unit *unit = l->unit;
    const yg_record *record = &l->program->graph->records[unit->node];
    for (uint32_t i = 1; i < unit->kernel.result_count; i++) {
        const yg_node node = unit->kernel.results[i];
        yg_access written = {.writes = true, .in_step = true}, read = {.in_step = true};
        if (node == YG_NONE)
            continue;
        if (!in_storage(l, l->program->storage_of[node], node, node_bytes(l, node), &written))
            return false;
        for (uint32_t k = 0; k < record->operand_count; k++) {
            const yg_node from = record->operands[k];
            if (!in_storage(l, l->program->storage_of[from], from, node_bytes(l, from), &read))
                return false;
            if (read.begin < written.end && written.begin < read.end)
                return IS_WRONG(l, "result %" PRIu32 " lies over operand %" PRIu32, i, k);
        }
        if (!append(l, written))
            return false;
    }
    return true;
}

static bool list_kernel(const listing *l) {
    const yg_unit *unit = l->unit;
    const yg_record *record = &l->program->graph->records[unit->node];
    const bool by_rows = l->row_loop->rows > 0, in_parts = by_rows && unit->kernel.parts.count > 0;
    yg_access result = {.writes = true, .in_step = true, .at_end = in_parts};
    if (!in_storage(l, unit->kernel.target, unit->node, node_bytes(l, unit->node), &result))
        return false;
    if (record->op->plan)
        note_joined(l, &result);
    for (uint32_t k = 0; k < record->operand_count; k++) {
        const yg_node node = record->operands[k];
        const uint32_t s = l->program->storage_of[node];
        yg_access read = {.in_step =
                              by_rows && (in_parts ? k == 0 : !(unit->kernel.whole >> k & 1))};
        if (!in_storage(l, s, node, node_bytes(l, node), &read) ||
            (!in_parts && !check_overlap(l, k, s, &read, &result)) || !append(l, read))
            return false;
    }
    if (in_parts) {
        yg_access parts = {.writes = true, .in_step = true};
        if (!in_storage(l, unit->kernel.partial, unit->node,
                        unit->kernel.parts.count * unit->kernel.parts.bytes, &parts))
            return false;
        parts.node = (yg_node)(l->program->graph->size + l->index); /* no node's bytes */
        if (!append(l, parts))
            return false;
        parts.writes = false;
        parts.at_end = true;
        if (!append(l, parts))
            return false;
    }
    return append(l, result) && list_other_results(l);
}

static bool list_copy(const listing *l) {
    const yg_unit *unit = l->unit;
    const int64_t bytes = (int64_t)unit->copy.bytes;
    yg_access read = {0}, written = {.writes = true};
    return in_storage(l, unit->copy.source, unit->copy.from, bytes, &read) && append(l, read) &&
           in_storage(l, unit->copy.target, unit->node, bytes, &written) && append(l, written);
}

bool yg_list_accesses(const yg_addresses *a, uint32_t index, yg_access_list *list,
                      yg_error *error) {
    const yg_program *program = a->program;
    const yg_unit *unit = &program->units[index];
    const listing l = {.a = a,
                       .program = program,
                       .index = index,
                       .unit = unit,
                       .row_loop = &program->row_loops[unit->row_loop],
                       .list = list,
                       .error = error};
    if (unit->kind == YG_UNIT_GROUP)
        return list_group(&l);
    return unit->kind == YG_UNIT_KERNEL ? list_kernel(&l) : list_copy(&l);
}
