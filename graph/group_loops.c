/*
 * Finds the steps of a group that a fused loop computes (fused_loop.h): neighbouring steps of the
 * same operators, wired in the same way. A group that is nothing but such loops, all of whose
 * tensors are in memory, runs them over all of its elements at once.
 */
#include "fused_loop.h"
#include "plan.h"
#include "rewrite.h"

#include <string.h>

/* Steps of a group that are compared with a loop. */
typedef struct comparison {
    const yg_compiler *c;
    const yg_group *group;
    const yg_fused_loop *loop;
    bool by_rows;                         /* operands may be broadcasts that are not uniform */
    uint32_t first;                       /* step */
    yg_node bound[YG_LOOP_VALUES];        /* by value: the node that it is, or YG_NONE */
    yg_loop_place places[YG_LOOP_VALUES]; /* place_count of them */
    uint32_t place_count;
} comparison;

/* The load that gives a place its tiles, or YG_NO_LOAD. */
static uint32_t load_at(const yg_group *group, const yg_place *place) {
    for (uint32_t i = 0; i < group->load_count && place->reg != YG_NO_REGISTER; i++) {
        if (group->loads[i].target == place->reg)
            return i;
    }
    return YG_NO_LOAD;
}

/* True if the place holds one and the same element for all elements of the group, or of a row of
 * it. */
static bool is_uniform(const comparison *m, const yg_place *place) {
    if (place->constant)
        return place->advance == 0;
    const uint32_t i = load_at(m->group, place);
    if (i == YG_NO_LOAD)
        return false;
    const yg_load *load = &m->group->loads[i];
    return load->uniform || (m->by_rows && load->strides[load->rank - 1] == 0);
}

/* True if the place is a broadcast whose rows lie in its operand. */
static bool is_row(const comparison *m, const yg_place *place) {
    const uint32_t i = m->by_rows ? load_at(m->group, place) : YG_NO_LOAD;
    const yg_load *load = i == YG_NO_LOAD ? NULL : &m->group->loads[i];
    return load && !load->uniform && load->strides[load->rank - 1] == 1;
}

/* True if the node is a view of what the loop has computed before step `i`. The loop would read the
 * bytes before it writes them. */
static bool is_view_of_result(const comparison *m, yg_node node, uint32_t i) {
    for (uint32_t k = m->first; k < i; k++) {
        if (m->c->nodes[node].root == m->group->steps[k].node)
            return true;
    }
    return false;
}

/* Whether a node that step `i` reads at a place can be that value. */
static bool is_operand(const comparison *m, yg_node node, uint32_t i, const yg_place *place,
                       uint8_t value) {
    const yg_compiler *c = m->c;
    const yg_dtype dtype = c->graph->records[node].type->dtype;
    const bool in_place = yg_plan_reads_in_place(c, node);
    switch ((yg_loop_kind)m->loop->kinds[value]) {
    case YG_LOOP_VECTOR:
        return dtype == m->loop->dtype && (!in_place || is_row(m, place)) &&
               !is_view_of_result(m, node, i);
    case YG_LOOP_UNIFORM:
        return dtype == m->loop->dtype && in_place && is_uniform(m, place);
    case YG_LOOP_FLAG:
        return dtype == YG_BOOL && in_place && is_uniform(m, place);
    default:
        return false; /* the result of a step, which is bound by that step */
    }
}

static void bind(comparison *m, uint8_t value, yg_node node, bool is_result, uint32_t index,
                 yg_place *place) {
    m->bound[value] = node;
    const uint32_t load = is_result ? YG_NO_LOAD : load_at(m->group, place);
    m->places[m->place_count++] = (yg_loop_place){value, is_result, (uint16_t)index, load, place};
}

/* `at` is the number of the step's first operand among those of the group. */
static bool matches_step(comparison *m, uint32_t i, uint32_t at) {
    const yg_loop_step *wanted = &m->loop->steps[i - m->first];
    yg_step *step = &m->group->steps[i];
    const yg_record *record = &m->c->graph->records[step->node];
    if (record->op != wanted->op || (record->op->attr_count && step->attrs[0].i != wanted->form))
        return false;
    for (uint32_t k = 0; k < step->operand_count; k++) {
        const yg_node node = record->operands[k];
        const uint8_t value = wanted->operands[k];
        if (m->bound[value] == YG_NONE && is_operand(m, node, i, &step->in[k], value))
            bind(m, value, node, false, at + k, &step->in[k]);
        if (m->bound[value] != node)
            return false;
    }
    if (m->loop->kinds[wanted->result] == YG_LOOP_STORED)
        bind(m, wanted->result, step->node, true, i, &step->out);
    m->bound[wanted->result] = step->node;
    return true;
}

/* True if a step behind the loop, or another unit, reads a result that the loop does not store. */
static bool loses_result(const comparison *m) {
    for (uint32_t i = 0; i < m->loop->step_count; i++) {
        const yg_step *step = &m->group->steps[m->first + i];
        if (m->loop->kinds[m->loop->steps[i].result] == YG_LOOP_STORED)
            continue;
        if (step->out.storage != YG_NO_STORAGE)
            return true;
        for (uint32_t k = m->first + m->loop->step_count; k < m->group->step_count; k++) {
            const yg_record *record = &m->c->graph->records[m->group->steps[k].node];
            for (uint32_t o = 0; o < record->operand_count; o++) {
                if (m->c->nodes[record->operands[o]].root == step->node)
                    return true;
            }
        }
    }
    return false;
}

static bool matches(comparison *m, uint32_t at) {
    const yg_record *first = &m->c->graph->records[m->group->steps[m->first].node];
    m->place_count = 0;
    if (m->loop->step_count > m->group->step_count - m->first || m->loop->steps[0].op != first->op)
        return false;
    memset(m->bound, 0xff, sizeof m->bound); /* YG_NONE */
    for (uint32_t i = m->first; i < m->first + m->loop->step_count; i++) {
        if (!matches_step(m, i, at))
            return false;
        at += m->group->steps[i].operand_count;
    }
    return !loses_result(m);
}

/* Appends the loop to those of the group. */
static bool add_loop(yg_compiler *c, yg_group *group, const comparison *m) {
    yg_pool *pool = c->program->pool;
    if (!group->loops)
        group->loops = yg_pool_take_unset(pool, group->step_count * sizeof *group->loops);
    yg_loop_place *places = yg_pool_take_unset(pool, m->place_count * sizeof *places);
    void **at = yg_pool_take_unset(pool, YG_LOOP_VALUES * sizeof *at);
    if (!group->loops || !places || !at)
        return yg_fail_memory(c->error);
    memcpy(places, m->places, m->place_count * sizeof *places);
    memset(at, 0, YG_LOOP_VALUES * sizeof *at); /* NULL: the loop has no such value */
    uint32_t operands = 0;
    for (uint32_t i = 0; i < m->loop->step_count; i++)
        operands += group->steps[m->first + i].operand_count;
    group->loops[group->loop_count++] =
        (yg_group_loop){m->loop, m->first, operands, places, m->place_count, at};
    return true;
}

/* Loops by their first operator. A large graph has hundreds of thousands of steps, and each would
 * otherwise be compared with every loop. */
#define SLOTS 64
typedef struct yg_loop_index {
    const yg_fused_loop *const *loops; /* NULL: there are none, or they are left out */
    uint16_t first[SLOTS]; /* by slot of an operator: 1 + the first loop that begins with it */
    uint16_t *next;        /* by loop: 1 + the next one in its slot; 0: none */
} yg_loop_index;

static size_t slot_of(const yg_op *op) {
    return (size_t)((uint64_t)(uintptr_t)op * 0x9e3779b97f4a7c15u >> 58);
}

static const yg_fused_loop *const *find_loops(const yg_compiler *c) {
    const yg_op_set *set = c->graph->ops;
    for (size_t i = 0; i < set->rule_count; i++) {
        if (set->rules[i]->loops)
            return yg_plan_with_rule(c, set->rules[i]) ? set->rules[i]->loops : NULL;
    }
    return NULL;
}

/* The index, made when it is asked for first. NULL when out of memory. */
static const yg_loop_index *loops_of(yg_compiler *c) {
    if (c->loops)
        return c->loops;
    yg_loop_index *index = yg_pool_take(c->program->pool, sizeof *index);
    if (!index)
        return NULL;
    index->loops = find_loops(c);
    size_t count = 0;
    while (index->loops && index->loops[count])
        count++;
    index->next = yg_pool_take(c->program->pool, (count + 1) * sizeof *index->next);
    if (!index->next)
        return NULL;
    for (size_t i = count; i-- > 0;) { /* from the last, so that the first stands first */
        uint16_t *first = &index->first[slot_of(index->loops[i]->steps[0].op)];
        index->next[i] = *first;
        *first = (uint16_t)(i + 1);
    }
    return c->loops = index;
}

/* Rows of fewer elements are not worth a call of a loop each. */
#define LEAST_ROW 128

/* The longest stretch in which each broadcast that the loops read is one element or lies in its
 * operand; 0: all of them are uniform. */
static int64_t row_of(const yg_group *group) {
    int64_t row = 0;
    for (uint32_t i = 0; i < group->loop_count; i++) {
        const yg_group_loop *loop = &group->loops[i];
        for (uint32_t k = 0; k < loop->place_count; k++) {
            const yg_load *load =
                loop->places[k].load == YG_NO_LOAD ? NULL : &group->loads[loop->places[k].load];
            const int64_t own = load && !load->uniform ? load->shape[load->rank - 1] : row;
            row = row == 0 || own < row ? own : row;
        }
    }
    return row;
}

/* True if all steps are computed by loops, and these read and write nothing but memory. */
static bool is_whole(const yg_group *group) {
    uint32_t steps = 0;
    for (uint32_t i = 0; i < group->loop_count; i++) {
        const yg_group_loop *loop = &group->loops[i];
        steps += loop->loop->step_count;
        for (uint32_t k = 0; k < loop->place_count; k++) {
            const uint8_t kind = loop->loop->kinds[loop->places[k].value];
            if (loop->places[k].place->advance == 0 && loop->places[k].load == YG_NO_LOAD &&
                (kind == YG_LOOP_VECTOR || kind == YG_LOOP_STORED))
                return false;
        }
    }
    return steps == group->step_count;
}

/* Finds the first loop that computes the steps from m->first on. */
static bool find_loop(comparison *m, const yg_loop_index *index, uint32_t at) {
    const yg_op *op = m->c->graph->records[m->group->steps[m->first].node].op;
    for (uint16_t i = index->first[slot_of(op)]; i > 0; i = index->next[i - 1]) {
        m->loop = index->loops[i - 1];
        if ((m->by_rows || m->loop->step_count > 1) && matches(m, at))
            return true;
    }
    return false;
}

/* Lists the loops of the group. On a tile a loop of one step gains nothing, and broadcasts of rows
 * are not in one place. So there are such loops only `by_rows`. */
static bool list_loops(yg_compiler *c, yg_group *group, const yg_loop_index *index, bool by_rows) {
    comparison m = {.c = c, .group = group, .by_rows = by_rows};
    uint32_t at = 0;
    group->loop_count = 0;
    for (uint32_t i = 0; i < group->step_count;) {
        m.first = i;
        const bool found = find_loop(&m, index, at);
        if (found && !add_loop(c, group, &m))
            return false;
        for (const uint32_t end = i + (found ? m.loop->step_count : 1); i < end; i++)
            at += group->steps[i].operand_count;
    }
    return true;
}

/* Whether all of a large group can be run by loops, without tiles. */
static bool runs_by_rows(yg_group *group) {
    if (!is_whole(group))
        return false;
    group->row = row_of(group);
    return group->row == 0 || group->row >= LEAST_ROW;
}

bool yg_plan_group_loops(yg_compiler *c, yg_unit *unit) {
    yg_group *group = &unit->group;
    const bool large = group->count > YG_TILE;
    group->loops = NULL;
    group->loop_count = 0;
    group->row = 0;
    if (!large && group->step_count == 1)
        return true;
    const yg_loop_index *index = loops_of(c);
    if (!index)
        return yg_fail_memory(c->error);
    if (!index->loops)
        return true;
    if (!list_loops(c, group, index, large))
        return false;
    if (large && runs_by_rows(group)) {
        group->tile = group->count;
    } else if (large && group->loop_count > 0) {
        group->row = 0;
        if (!list_loops(c, group, index, false))
            return false;
    }
    if (group->loop_count > 0)
        group->stream_count = 0; /* a loop fetches by itself */
    return true;
}
