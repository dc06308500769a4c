/*
 * Lists the direct calls of a program: what a run does, one call after the other, with all
 * arguments known. A small program would otherwise spend most of its time on finding out what to
 * call next.
 *
 * A group that fits one tile becomes one call for each of its loads and steps. A kernel that
 * threads do not share becomes one call. Any other stage stays a single call of run_stage() in
 * run.c.
 */
#include "fused_loop.h"
#include "runtime.h"

#include <stdlib.h>

typedef struct list {
    yg_direct_call *calls;
    size_t count, capacity;
    bool failed; /* out of memory */
} list;

static void add(list *l, yg_direct_call call) {
    if (!l->calls || l->count == l->capacity) {
        const size_t capacity = l->capacity ? l->capacity * 2 : 16;
        yg_direct_call *calls = realloc(l->calls, capacity * sizeof *calls);
        if (!calls) {
            l->failed = true;
            return;
        }
        l->calls = calls;
        l->capacity = capacity;
    }
    l->calls[l->count++] = call;
}

static bool is_simple(const yg_program *program, const yg_row_loop *row_loop) {
    const yg_unit *unit = &program->units[row_loop->begin];
    if (row_loop->rows > 0)
        return false;
    return unit->kind == YG_UNIT_KERNEL ||
           (unit->kind == YG_UNIT_GROUP && unit->group.count <= YG_TILE);
}

static size_t round_up(size_t count, size_t element) {
    const size_t line = YG_ALIGN / element;
    return (count + line - 1) / line * line;
}

/* True if the step may use whole cache lines at the place, beyond the last element: a register, or
 * a buffer of its own. A buffer of the caller's may end there, and a part of another storage is
 * followed by other elements. */
static bool is_roomy(const yg_program *program, const yg_place *place) {
    if (place->storage != YG_NO_STORAGE) {
        const yg_storage *storage = &program->storages[place->storage];
        return storage->kind != YG_STORAGE_CONSTANT && storage->kind != YG_STORAGE_PART &&
               !storage->bound;
    }
    return place->advance == 0;
}

/* How many elements a step of a small group computes. Where all of its places allow it, the count
 * is rounded up to whole vectors: that is faster than computing the last few elements one by one.
 * The extra results are never read. */
static size_t step_count(const yg_program *program, const yg_step *step, size_t count) {
    bool roomy = is_roomy(program, &step->out);
    size_t widest = step->out.advance > 4 ? step->out.advance : 4;
    for (uint32_t k = 0; k < step->operand_count; k++) {
        roomy = roomy && is_roomy(program, &step->in[k]);
        widest = step->in[k].advance > widest ? step->in[k].advance : widest;
    }
    return roomy ? round_up(count, widest) : count;
}

/* True if a step before `at` reads or writes the storage. */
static bool met_before(const yg_unit *unit, uint32_t at, uint32_t storage) {
    for (uint32_t i = 0; i < at; i++) {
        const yg_step *step = &unit->group.steps[i];
        if (step->out.storage == storage)
            return true;
        for (uint32_t k = 0; k < step->operand_count; k++) {
            if (step->in[k].storage == storage)
                return true;
        }
    }
    return false;
}

/* Adds a call that fills elements [begin, end) of `to` with the element at `from`. */
static void add_fill(char *to, size_t begin, size_t end, const char *from, size_t element,
                     list *l) {
    if (begin < end)
        add(l, (yg_direct_call){.kind = YG_DIRECT_FILL,
                                .from = from,
                                .element = element,
                                .out = to + begin * element,
                                .count = end - begin});
}

/* Whether the operator is defined for a part of the numbers only, as log is. Outside of it the
 * function may be slow. */
static bool has_border(const yg_op *op) {
    return op->domain[0].low > -1 && op->domain[0].low < op->domain[0].high;
}

/* True if the storage of a place ends after `count` elements, so that the rest of its last cache
 * line may be written. False for registers. */
static bool ends_with(const yg_program *program, const yg_place *place, size_t count) {
    return place->storage != YG_NO_STORAGE && is_roomy(program, place) &&
           program->storages[place->storage].bytes == (int64_t)(count * place->advance);
}

/* A step that computes more elements than there are reads whatever lies behind the last one. For
 * such operators that could be slow, so their operands are padded with their first element. */
static void add_pads(const yg_program *program, const yg_unit *unit, list *l) {
    const size_t count = (size_t)unit->group.count;
    bool border = false;
    for (uint32_t i = 0; i < unit->group.step_count; i++)
        border |= has_border(yg_node_op(program->graph, unit->group.steps[i].node));
    if (!border)
        return;
    for (uint32_t i = 0; i < unit->group.load_count; i++) {
        const yg_load *load = &unit->group.loads[i];
        char *to = yg_program_register(program, load->target);
        if (!load->uniform)
            add_fill(to, count, round_up(count, load->element), to, load->element, l);
    }
    for (uint32_t i = 0; i < unit->group.step_count; i++) {
        for (uint32_t k = 0; k < unit->group.steps[i].operand_count; k++) {
            const yg_place *place = &unit->group.steps[i].in[k];
            if (ends_with(program, place, count) && !met_before(unit, i, place->storage))
                add_fill(place->base, count, round_up(count, place->advance), place->base,
                         place->advance, l);
        }
    }
}

static void add_loads(const yg_program *program, const yg_unit *unit, list *l) {
    const size_t count = (size_t)unit->group.count;
    for (uint32_t i = 0; i < unit->group.load_count; i++) {
        const yg_load *load = &unit->group.loads[i];
        char *to = yg_program_register(program, load->target);
        if (load->uniform)
            add_fill(to, 0, round_up(count, load->element), load->source, load->element, l);
        else
            add(l,
                (yg_direct_call){.kind = YG_DIRECT_LOAD, .load = load, .out = to, .count = count});
    }
}

static void add_group(const yg_program *program, const yg_unit *unit, list *l) {
    if (unit->group.count == 0)
        return;
    add_loads(program, unit, l);
    add_pads(program, unit, l);
    const yg_group_loop *loop = unit->group.loops;
    for (uint32_t i = 0; i < unit->group.step_count; i++) {
        const yg_step *step = &unit->group.steps[i];
        if (loop < unit->group.loops + unit->group.loop_count && loop->first == i) {
            add(l, (yg_direct_call){
                       .kind = YG_DIRECT_LOOP, .loop = loop, .count = (size_t)unit->group.count});
            i += loop->loop->step_count - 1;
            loop++;
            continue;
        }
        add(l, (yg_direct_call){.kind = YG_DIRECT_TILE,
                                .tile = step->tile,
                                .out = step->out.base,
                                .count = step_count(program, step, (size_t)unit->group.count),
                                .in = step->bases,
                                .attrs = step->attrs});
    }
}

static void add_stage(const yg_program *program, const yg_stage *stage, list *l) {
    bool simple = !stage->shared;
    for (uint32_t s = stage->begin; s < stage->end; s++)
        simple = simple && is_simple(program, &program->row_loops[s]);
    if (!simple) {
        add(l, (yg_direct_call){.kind = YG_DIRECT_STAGE, .stage = stage});
        return;
    }
    for (uint32_t s = stage->begin; s < stage->end; s++) {
        yg_unit *unit = &program->units[program->row_loops[s].begin];
        if (unit->kind == YG_UNIT_GROUP)
            add_group(program, unit, l);
        else if (unit->kernel.work > 0)
            add(l, (yg_direct_call){.kind = YG_DIRECT_KERNEL,
                                    .kernel = unit->kernel.run,
                                    .call = &unit->kernel.call});
    }
}

/* Binding a buffer never makes the list longer. So only the first call of this function allocates,
 * and only it can fail. */
bool yg_program_list_direct_calls(yg_program *program) {
    size_t room = 1; /* enough without pads; add() makes more */
    for (size_t u = 0; u < program->unit_count; u++) {
        const yg_unit *unit = &program->units[u];
        room += unit->kind == YG_UNIT_GROUP ? unit->group.step_count + unit->group.load_count : 1;
    }
    if (!program->direct_calls &&
        (program->direct_calls = malloc(room * sizeof *program->direct_calls)))
        program->direct_call_capacity = room;
    list l = {.calls = program->direct_calls, .capacity = program->direct_call_capacity};
    for (size_t b = 0; b < program->stage_count; b++)
        add_stage(program, &program->stages[b], &l);
    program->direct_calls = l.calls;
    program->direct_call_count = l.count;
    program->direct_call_capacity = l.capacity;
    return !l.failed;
}
