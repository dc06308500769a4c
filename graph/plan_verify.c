/*
 * Verifies which bytes hold which node: see plan_verify.h.
 *
 * Each stage is checked in two ways:
 * 1. Conflicts. The row loops of a stage run at the same time, and the rows of a row loop in any
 *    order. So no write may touch bytes that another row loop or another row uses.
 * 2. Replay. The units are gone through one after the other. Each read must find the node that it
 *    needs in its bytes.
 * Without conflicts, every order gives what this one order gives. So the two together prove that
 * each read is right in every order.
 */
#include "plan_verify.h"

#include <inttypes.h>
#include <stdlib.h>

/* A write: bytes of `node`, from its byte `offset` on, stand at address `begin` and after. */
typedef struct event {
    yg_node node;
    int64_t offset, begin;
} event;

typedef struct verifier {
    const yg_program *program;
    yg_error *error;
    yg_addresses addresses;
    yg_access_list accesses; /* of the stage that is checked */
    yg_access *sorted;       /* the same, sorted by address */
    size_t sorted_capacity;
    yg_written *written; /* for each byte, the index of the event that wrote it */
    event *events;       /* all writes so far */
    size_t event_count, event_capacity;
} verifier;

static void release(verifier *v) {
    yg_addresses_free(&v->addresses);
    free(v->accesses.items);
    free(v->sorted);
    yg_written_free(v->written);
    free(v->events);
}

/* -------------------------------------------------------------------------------- the order -- */

bool yg_plan_is_covered(const yg_program *p, yg_error *error) {
    uint32_t unit = 0, loop = 0;
    for (uint32_t b = 0; b < p->stage_count; b++) {
        if (p->stages[b].begin != loop || p->stages[b].end <= loop)
            return yg_plan_is_wrong(p, YG_NO_UNIT, error,
                                    "stage %" PRIu32 " does not begin where the one before ends",
                                    b);
        for (; loop < p->stages[b].end && loop < p->row_loop_count; loop++) {
            const yg_row_loop *l = &p->row_loops[loop];
            if (l->begin != unit || l->end <= unit || l->end > p->unit_count ||
                (l->rows == 0 ? l->end != l->begin + 1 : l->chunk < 1 || l->chunk > l->rows))
                return yg_plan_is_wrong(p, unit, error,
                                        "row loop %" PRIu32 " is [%" PRIu32 ", %" PRIu32 ")", loop,
                                        l->begin, l->end);
            for (; unit < l->end; unit++) {
                if (p->units[unit].row_loop != loop || p->units[unit].stage != b)
                    return yg_plan_is_wrong(p, unit, error,
                                            "it is not in the row loop and stage that it names");
            }
        }
    }
    return (unit == p->unit_count && loop == p->row_loop_count) ||
           yg_plan_is_wrong(p, unit, error, "no stage runs it");
}

/* Checks that the kernels of a row loop have scratch that does not overlap: they keep it from one
 * chunk to the next. */
static bool check_scratch(const verifier *v, const yg_row_loop *loop) {
    const yg_program *p = v->program;
    size_t end = 0;
    for (uint32_t u = loop->begin; u < loop->end; u++) {
        const yg_unit *unit = &p->units[u];
        if (unit->kind != YG_UNIT_KERNEL || unit->kernel.scratch_end == 0)
            continue;
        if (unit->kernel.scratch < end || unit->kernel.scratch_end > p->scratch_bytes)
            return yg_plan_is_wrong(p, u, v->error,
                                    "its scratch [%zu, %zu) is another's of the row loop, or "
                                    "beyond its end",
                                    unit->kernel.scratch, unit->kernel.scratch_end);
        end = unit->kernel.scratch_end;
    }
    return true;
}

/* ------------------------------------------------------------------------------- conflicts -- */

/* Sorts by row loop of a chunk, then by address. 0 for the same interval. */
static int compare_places(const yg_access *x, const yg_access *y) {
    if (x->chunk_of != y->chunk_of)
        return x->chunk_of < y->chunk_of ? -1 : 1;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int compare(const void *a, const void *b) {
    const yg_access *x = a, *y = b;
    const int places = compare_places(x, y);
    return places ? places : (x->unit > y->unit) - (x->unit < y->unit);
}

/* Reports a conflict. Always returns false. */
static bool in_the_way(const verifier *v, const yg_access *a, const yg_access *b) {
    const yg_program *p = v->program;
    const bool same = p->units[a->unit].row_loop == p->units[b->unit].row_loop;
    return yg_plan_is_wrong(p, a->unit, v->error,
                            "it %s bytes [%" PRId64 ", %" PRId64 ") of %%%" PRIu32
                            " while unit %" PRIu32 " %s [%" PRId64 ", %" PRId64 ") of %%%" PRIu32
                            ", in %s",
                            a->writes ? "writes" : "reads", a->begin, a->end, a->node, b->unit,
                            b->writes ? "writes" : "reads", b->begin, b->end, b->node,
                            same ? "other rows of the row loop" : "the same stage");
}

/* Checks the sorted accesses [begin, end), which all touch one interval. If one of them writes, all
 * must belong to one row loop and touch only row r for row r. */
static bool check_interval(const verifier *v, size_t begin, size_t end) {
    const yg_access *writer = NULL;
    for (size_t i = begin; i < end; i++)
        writer = v->sorted[i].writes ? &v->sorted[i] : writer;
    for (size_t i = begin; i < end && writer; i++) {
        const yg_access *other = &v->sorted[i];
        if (other == writer)
            continue;
        if (v->program->units[other->unit].row_loop != v->program->units[writer->unit].row_loop ||
            !other->in_step)
            return in_the_way(v, writer, other);
    }
    return true;
}

/* Checks intervals that overlap without being equal: none of them may be written. Of the intervals
 * before the current one, those that end last are enough to compare with. */
static bool check_overlaps(const verifier *v, size_t count) {
    const yg_access *any = NULL, *written = NULL; /* the access, and the write, that end last */
    for (size_t begin = 0, end; begin < count; begin = end) {
        const yg_access *writer = NULL, *first = &v->sorted[begin];
        for (end = begin; end < count && compare_places(&v->sorted[end], first) == 0; end++)
            writer = v->sorted[end].writes ? &v->sorted[end] : writer;
        if (any && any->chunk_of != first->chunk_of)
            any = written = NULL; /* a thread runs one row loop at a time: chunks may overlap */
        if (!check_interval(v, begin, end))
            return false;
        if (written && written->end > first->begin)
            return in_the_way(v, written, first);
        if (writer && any && any->end > first->begin)
            return in_the_way(v, writer, any);
        any = !any || any->end < first->end ? first : any;
        written = writer && (!written || written->end < writer->end) ? writer : written;
    }
    return true;
}

/* Checks the stage for conflicts. Two kinds of access cannot conflict and are left out: those at
 * the end of the stage, and operands that lie in the result of their only reader. */
static bool check_conflicts(verifier *v) {
    size_t count = 0;
    if (v->sorted_capacity < v->accesses.count) {
        free(v->sorted);
        v->sorted_capacity = v->accesses.capacity;
        v->sorted = malloc(v->sorted_capacity * sizeof *v->sorted);
        if (!v->sorted) {
            v->sorted_capacity = 0;
            return yg_fail_memory(v->error);
        }
    }
    for (size_t i = 0; i < v->accesses.count; i++) {
        if (!v->accesses.items[i].at_end && !v->accesses.items[i].joined)
            v->sorted[count++] = v->accesses.items[i];
    }
    if (count > 1)
        qsort(v->sorted, count, sizeof *v->sorted, compare);
    return check_overlaps(v, count);
}

/* --------------------------------------------------------------------------------- replaying -- */

/* Records a write. */
static bool note_write(verifier *v, yg_node node, int64_t offset, int64_t begin, int64_t end) {
    if (v->event_count == v->event_capacity) {
        const size_t capacity = v->event_capacity ? 2 * v->event_capacity : 64;
        event *events = realloc(v->events, capacity * sizeof *events);
        if (!events)
            return yg_fail_memory(v->error);
        v->events = events;
        v->event_capacity = capacity;
    }
    v->events[v->event_count] = (event){node, offset, begin};
    yg_written_note(v->written, begin, end, (uint32_t)v->event_count++);
    return true;
}

/* Whether the bytes hold the node that the access needs, from the right offset on. */
static bool holds(const verifier *v, const yg_access *a) {
    const uint32_t by = yg_written_by(v->written, a->begin, a->end);
    if (by >= v->event_count)
        return false;
    const event *e = &v->events[by];
    return e->node == a->node && e->offset + (a->begin - e->begin) == a->offset;
}

/* Checks a read. Reports what the bytes hold instead. */
static bool read(const verifier *v, const yg_access *a) {
    if (holds(v, a))
        return true;
    const yg_graph *graph = v->program->graph;
    const uint32_t by = yg_written_by(v->written, a->begin, a->end);
    const yg_node found = by < v->event_count ? v->events[by].node : YG_NONE;
    const char *name = a->node < graph->size ? yg_node_name(graph, a->node) : "(parts)";
    if (by == YG_WRITTEN_BY_NONE)
        return yg_plan_is_wrong(v->program, a->unit, v->error,
                                "bytes [%" PRId64 ", %" PRId64 ") must hold %%%" PRIu32
                                " %s, and nothing has written them",
                                a->begin, a->end, a->node, name);
    if (found == YG_NONE)
        return yg_plan_is_wrong(v->program, a->unit, v->error,
                                "bytes [%" PRId64 ", %" PRId64 ") must hold %%%" PRIu32
                                " %s, and hold several nodes",
                                a->begin, a->end, a->node, name);
    return yg_plan_is_wrong(v->program, a->unit, v->error,
                            "bytes [%" PRId64 ", %" PRId64 ") must hold %%%" PRIu32 " %s from byte "
                            "%" PRId64 " on, and hold %%%" PRIu32 " %s",
                            a->begin, a->end, a->node, name, a->offset, found,
                            found < graph->size ? yg_node_name(graph, found) : "(parts)");
}

static bool replay(verifier *v, bool at_end) {
    for (size_t i = 0; i < v->accesses.count; i++) {
        const yg_access *a = &v->accesses.items[i];
        if (a->at_end != at_end)
            continue;
        if (!(a->writes ? note_write(v, a->node, a->offset, a->begin, a->end) : read(v, a)))
            return false;
    }
    return true;
}

static bool check_stage(verifier *v, const yg_stage *stage) {
    const yg_program *p = v->program;
    v->accesses.count = 0;
    for (uint32_t s = stage->begin; s < stage->end; s++) {
        const yg_row_loop *loop = &p->row_loops[s];
        if (!check_scratch(v, loop))
            return false;
        for (uint32_t u = loop->begin; u < loop->end; u++) {
            if (!yg_list_accesses(&v->addresses, u, &v->accesses, v->error))
                return false;
        }
    }
    return check_conflicts(v) && replay(v, false) && replay(v, true);
}

/* Inputs, parameters and constants are there from the beginning. */
static bool note_leaves(verifier *v) {
    const yg_program *p = v->program;
    for (uint32_t s = 0; s < p->storage_count; s++) {
        const yg_storage *storage = &p->storages[s];
        if ((storage->kind != YG_STORAGE_LEAF && storage->kind != YG_STORAGE_CONSTANT) ||
            storage->bytes == 0)
            continue;
        const int64_t at = v->addresses.of[s];
        if (!note_write(v, storage->owner, 0, at, at + storage->bytes))
            return false;
    }
    return true;
}

static bool must_hold(const verifier *v, yg_access access) {
    access.unit = YG_NO_UNIT;
    return access.begin == access.end || read(v, &access);
}

/* What a run was for is there when it is over. A parameter that is updated holds its new value, as
 * an output too. */
static bool check_results(const verifier *v, const yg_request *request) {
    const yg_addresses *a = &v->addresses;
    yg_node *value = malloc((v->program->graph->size + 1) * sizeof *value);
    if (!value)
        return yg_fail_memory(v->error);
    for (yg_node node = 0; node < v->program->graph->size; node++)
        value[node] = node;
    for (size_t i = 0; i < request->update_count; i++)
        value[request->updates[i].parameter] = request->updates[i].value;
    bool good = true;
    yg_access bytes;
    for (size_t i = 0; i < request->update_count && good; i++) {
        const yg_node from = request->updates[i].value;
        good = yg_node_bytes(a, request->updates[i].parameter, &bytes, v->error);
        bytes.node = a->root[from];
        bytes.offset = a->offset[from];
        good = good && must_hold(v, bytes);
    }
    for (size_t i = 0; i < request->output_count && good; i++) {
        const yg_node node = request->outputs[i];
        good = yg_node_bytes(a, node, &bytes, v->error);
        if (value[node] != node) {
            bytes.node = a->root[value[node]];
            bytes.offset = a->offset[value[node]];
        }
        good = good && must_hold(v, bytes);
    }
    free(value);
    return good;
}

/* Every place where an interval can begin or end. */
static bool make_written(verifier *v) {
    const yg_program *p = v->program;
    const yg_addresses *a = &v->addresses;
    size_t count = 0;
    int64_t *cuts = malloc((2 * p->storage_count + p->graph->size + 2) * sizeof *cuts);
    if (!cuts)
        return yg_fail_memory(v->error);
    for (size_t s = 0; s < p->storage_count; s++) {
        const yg_storage *storage = &p->storages[s];
        cuts[count++] = a->of[s];
        cuts[count++] =
            a->of[s] + (storage->kind == YG_STORAGE_CHUNK
                            ? storage->chunk.row * p->row_loops[storage->chunk.row_loop].chunk
                            : storage->bytes);
    }
    for (yg_node node = 0; node < p->graph->size; node++) { /* the beginning of a storage */
        if (p->storage_of[node] < p->storage_count)
            cuts[count++] =
                a->of[p->storage_of[node]] + yg_type_bytes(p->graph->records[node].type);
    }
    v->written = yg_written_new(cuts, count);
    free(cuts);
    return v->written || yg_fail_memory(v->error);
}

/* -------------------------------------------------------------------------------- effects -- */

static yg_node next_effect(const yg_graph *graph, yg_node node) {
    while (node < graph->size && !yg_has_effects(graph, node))
        node++;
    return node < graph->size ? node : YG_NONE;
}

static bool runs_alone(const yg_program *p, const yg_unit *unit) {
    const yg_stage *stage = &p->stages[unit->stage];
    return stage->end == stage->begin + 1 && p->row_loops[stage->begin].rows == 0 &&
           unit->kernel.work == 1;
}

bool yg_plan_effects_are_right(const yg_program *p, bool has_stages, yg_error *error) {
    yg_node expected = next_effect(p->graph, 0);
    for (uint32_t u = 0; u < p->unit_count; u++) {
        const yg_unit *unit = &p->units[u];
        if (unit->kind == YG_UNIT_KERNEL && unit->kernel.is_alone && has_stages &&
            !runs_alone(p, unit))
            return yg_plan_is_wrong(p, u, error,
                                    "its body uses the threads, and it does not run alone");
        if (unit->kind != YG_UNIT_KERNEL || !yg_has_effects(p->graph, unit->node))
            continue;
        if (unit->node != expected)
            return yg_plan_is_wrong(
                p, u, error, "it has an effect, and that of %%%" PRIu32 " is the next", expected);
        if (has_stages && !runs_alone(p, unit))
            return yg_plan_is_wrong(p, u, error, "it has an effect, and does not run alone");
        expected = next_effect(p->graph, expected + 1);
    }
    return expected == YG_NONE ||
           yg_plan_is_wrong(p, YG_NO_UNIT, error, "no unit has the effect of %%%" PRIu32, expected);
}

/* Whether all storages together can have addresses. A plan that cannot is refused later, for
 * want of memory, with an error that names its largest tensors. */
static bool is_addressable(const yg_program *program) {
    int64_t end = program->arena_bytes;
    bool fits = !__builtin_add_overflow(end, program->chunk_bytes, &end);
    for (uint32_t s = 0; s < program->storage_count && fits; s++)
        fits = !__builtin_add_overflow(end, program->storages[s].bytes, &end);
    return fits;
}

bool yg_plan_verify(const yg_program *program, const yg_request *request,
                    const yg_plan_storage *planned, yg_error *error) {
    verifier v = {.program = program, .error = error};
    if (!is_addressable(program))
        return true;
    bool good = yg_plan_is_covered(program, error) &&
                yg_addresses_make(program, planned, &v.addresses, error) && make_written(&v) &&
                note_leaves(&v);
    for (size_t b = 0; b < program->stage_count && good; b++)
        good = check_stage(&v, &program->stages[b]);
    good = good && check_results(&v, request) && yg_plan_effects_are_right(program, true, error);
    release(&v);
    return good;
}
