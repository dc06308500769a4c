/*
 * Plans a fused group: for each member, which tile kernel runs, and where it reads and writes. A
 * result that only later members read stays in a register; the register is used again after the
 * last of them.
 */
#include "plan.h"

#include <string.h>

/* The registers of a group. A load keeps its register for the whole group. A result gives its back
 * after its last reader. */
typedef struct registers {
    uint16_t count;                /* registers in all */
    uint16_t free[YG_GROUP_STEPS]; /* the first free_count entries are free to use again */
    uint16_t free_count;
} registers;

#define NO_STEP UINT32_MAX /* ends a list of steps */

typedef struct group {
    yg_compiler *c;
    yg_unit *unit;
    registers registers;
    yg_node members[YG_GROUP_STEPS];
    uint32_t last_use[YG_GROUP_STEPS];   /* by step: the last step that reads its result */
    uint32_t dying[YG_GROUP_STEPS];      /* by step: the first in the list of steps whose results it
                                            is the last to read; NO_STEP: none */
    uint32_t next_dying[YG_GROUP_STEPS]; /* by step: the next in that list */
    yg_node *load_of;                    /* by load: the broadcast node */
    yg_place *places;                    /* for the operands of the next step */
    const void **bases;                  /* for the same: yg_step.bases */
} group;

static bool is_member(const group *g, yg_node node) {
    const yg_compiler *c = g->c;
    return c->nodes[node].unit == (uint32_t)(g->unit - c->program->units);
}

static uint16_t take_register(registers *r) {
    return r->free_count ? r->free[--r->free_count] : r->count++;
}

static uint8_t element_size(const yg_compiler *c, yg_node node) {
    return (uint8_t)yg_dtype_size(c->graph->records[node].type->dtype);
}

/* Fills in a load's shape and strides. Neighbouring dimensions are merged if the source is dense
 * along both or stretched along both, so that fewer and longer runs are left. */
static void collapse(yg_load *load, const yg_type *source, const yg_type *target) {
    int64_t dense[YG_MAX_RANK];
    yg_type_strides(source, dense);
    load->rank = 0;
    for (int i = 0; i < target->rank; i++) {
        const int k = i - (target->rank - source->rank);
        const int64_t size = target->shape[i];
        if (size == 1)
            continue;
        const int64_t stride = k >= 0 && source->shape[k] != 1 ? dense[k] : 0;
        const int top = load->rank - 1;
        if (load->rank > 0 && load->strides[top] == stride * size) {
            load->shape[top] *= size;
            load->strides[top] = stride;
        } else {
            load->shape[load->rank] = size;
            load->strides[load->rank++] = stride;
        }
    }
    load->uniform = load->rank == 0 || (load->rank == 1 && load->strides[0] == 0);
}

/* A row that is repeated, as a bias is, is the same in all tiles if whole rows fill a tile. */
static bool is_steady(const yg_load *load, int64_t tile) {
    return load->uniform || (load->rank == 2 && load->strides[0] == 0 && load->shape[1] > 0 &&
                             tile % load->shape[1] == 0);
}

/* The bytes of a constant, or of a view of one; NULL for any other node. */
static const void *constant_of(const yg_compiler *c, yg_node node) {
    const char *data = c->graph->records[c->nodes[node].root].data;
    return data ? data + c->nodes[node].offset : NULL;
}

/* A tile in which every element is the same constant. It is filled when the program is compiled, so
 * that no run has to. */
struct yg_filled {
    struct yg_filled *next;
    const void *constant; /* the element */
    size_t element;       /* its bytes */
    char *tile;           /* YG_TILE of them */
};

/* A group fetches ahead if it touches at least this many bytes: they are then hardly in the L2
 * cache. */
#define STREAMED_BYTES (512 * 1024)

/* But not if a step would fetch more than this many cache lines: they would wait for each other. */
#define STEP_LINES 20

/* A filled tile is looked for among this many recent ones, so that equal constants share it. */
#define FILLED_WINDOW 16

static const char *filled_tile(yg_compiler *c, const yg_load *load) {
    struct yg_filled *filled = c->filled;
    for (int i = 0; filled && i < FILLED_WINDOW; i++, filled = filled->next) {
        if (filled->constant == load->constant && filled->element == load->element)
            return filled->tile;
    }
    const size_t bytes = YG_TILE * load->element;
    filled = yg_pool_take_unset(c->program->pool, sizeof *filled);
    char *memory = yg_pool_take_unset(c->program->pool, bytes + YG_ALIGN);
    if (!filled || !memory) {
        yg_fail_memory(c->error);
        return NULL;
    }
    char *tile = memory + (YG_ALIGN - (uintptr_t)memory % YG_ALIGN);
    yg_load_run(load, tile, 0, YG_TILE);
    *filled = (struct yg_filled){c->filled, load->constant, load->element, tile};
    c->filled = filled;
    return tile;
}

/* Where a step reads a broadcast: from the register of a load, which is added if the group has none
 * for it; or from a filled tile, if it is one constant element. */
static bool read_broadcast(group *g, yg_node node, yg_place *place) {
    yg_compiler *c = g->c;
    yg_unit *unit = g->unit;
    for (uint32_t i = 0; i < unit->group.load_count; i++) {
        if (g->load_of[i] == node) {
            place->reg = unit->group.loads[i].target;
            return true;
        }
    }
    const yg_record *record = &c->graph->records[node];
    const yg_node source = record->operands[0];
    const void *constant = constant_of(c, source);
    yg_load load = {.storage = constant ? YG_NO_STORAGE : c->program->storage_of[source],
                    .constant = constant,
                    .source = constant,
                    .element = element_size(c, node)};
    collapse(&load, c->graph->records[source].type, record->type);
    if (constant && load.uniform) {
        place->constant = filled_tile(c, &load);
        return place->constant != NULL;
    }
    place->reg = load.target = g->registers.count++;
    g->load_of[unit->group.load_count] = node;
    unit->group.loads[unit->group.load_count++] = load;
    return true;
}

/* Where a step reads an operand. */
static bool read_place(group *g, yg_node operand, yg_place *place) {
    yg_compiler *c = g->c;
    const yg_node root = c->nodes[operand].root;
    *place = (yg_place){.storage = YG_NO_STORAGE, .reg = YG_NO_REGISTER};
    if (yg_plan_reads_in_place(c, operand))
        return read_broadcast(g, operand, place);
    if (c->graph->records[root].data) {
        place->constant = constant_of(c, operand);
        place->advance = element_size(c, operand);
    } else if (is_member(g, root) && !c->nodes[root].in_memory) {
        place->reg = g->unit->group.steps[c->nodes[root].step].out.reg;
    } else {
        place->storage = c->program->storage_of[operand];
        place->advance = element_size(c, operand);
    }
    return true;
}

static void list_members(group *g) {
    yg_compiler *c = g->c;
    yg_node node = yg_plan_of_unit(c, g->unit)->first;
    for (uint32_t i = 0; i < g->unit->group.step_count; i++, node = c->nodes[node].next) {
        g->members[i] = node;
        g->last_use[i] = i;
        c->nodes[node].step = (uint8_t)i;
        const yg_record *record = &c->graph->records[node];
        for (uint32_t k = 0; k < record->operand_count; k++) {
            const yg_node root = c->nodes[record->operands[k]].root;
            if (is_member(g, root))
                g->last_use[c->nodes[root].step] = i;
        }
    }
    for (uint32_t i = 0; i < g->unit->group.step_count; i++)
        g->dying[i] = NO_STEP;
    for (uint32_t i = g->unit->group.step_count; i-- > 0;) {
        g->next_dying[i] = g->dying[g->last_use[i]];
        g->dying[g->last_use[i]] = i;
    }
}

/* Takes the memory of all lists of the group. The number of loads is an upper bound: a broadcast
 * that several members read is loaded once only. */
static bool take_lists(group *g) {
    const yg_compiler *c = g->c;
    yg_group *own = &g->unit->group;
    size_t loads = 0, operands = 0;
    for (uint32_t i = 0; i < own->step_count; i++) {
        const yg_record *record = &c->graph->records[g->members[i]];
        operands += record->operand_count;
        for (uint32_t k = 0; k < record->operand_count; k++)
            loads += yg_plan_reads_in_place(c, record->operands[k]);
    }
    yg_pool *pool = c->program->pool;
    own->steps = yg_pool_take_unset(pool, own->step_count * sizeof *own->steps);
    own->loads = yg_pool_take_unset(pool, loads * sizeof *own->loads);
    g->load_of = yg_pool_take_unset(pool, loads * sizeof *g->load_of);
    g->places = yg_pool_take_unset(pool, operands * sizeof *g->places);
    g->bases = yg_pool_take_unset(pool, operands * sizeof *g->bases);
    return (own->steps && own->loads && g->load_of && g->places && g->bases) ||
           yg_fail_memory(c->error);
}

static void release_registers(group *g, uint32_t at) {
    for (uint32_t i = g->dying[at]; i != NO_STEP; i = g->next_dying[i]) {
        if (g->unit->group.steps[i].out.storage == YG_NO_STORAGE)
            g->registers.free[g->registers.free_count++] = g->unit->group.steps[i].out.reg;
    }
}

static bool plan_step(group *g, uint32_t at) {
    yg_compiler *c = g->c;
    const yg_node node = g->members[at];
    const yg_record *record = &c->graph->records[node];
    yg_step *step = &g->unit->group.steps[at];
    const uint32_t count = record->operand_count;
    step->in = g->places;
    step->bases = g->bases;
    g->places += count;
    g->bases += count;
    const yg_dtype key = c->graph->records[record->operands[count - 1]].type->dtype;
    step->tile = record->op->tile[key];
    step->attrs = record->attrs;
    step->node = node;
    step->operand_count = count;
    for (uint32_t k = 0; k < count; k++) {
        if (!read_place(g, record->operands[k], &step->in[k]))
            return false;
    }
    step->out = (yg_place){.storage = YG_NO_STORAGE, .reg = YG_NO_REGISTER};
    if (c->nodes[node].in_memory) {
        step->out.storage = c->program->storage_of[node];
        step->out.advance = element_size(c, node);
    } else {
        step->out.reg = take_register(&g->registers);
    }
    release_registers(g, at);
    return true;
}

static void add_stream(yg_unit *unit, const yg_place *place) {
    if (place->storage == YG_NO_STORAGE || unit->group.stream_count == YG_GROUP_STREAMS)
        return;
    for (uint32_t i = 0; i < unit->group.stream_count; i++) {
        if (unit->group.streams[i]->storage == place->storage)
            return;
    }
    unit->group.streams[unit->group.stream_count++] = place;
}

/* Lists the places in memory that the group reads and writes. Leaves the list empty where
 * everything is in the cache. */
static bool list_streams(yg_compiler *c, yg_unit *unit) {
    int64_t element = 0; /* bytes, in all streams */
    unit->group.streams =
        yg_pool_take_unset(c->program->pool, YG_GROUP_STREAMS * sizeof *unit->group.streams);
    if (!unit->group.streams)
        return yg_fail_memory(c->error);
    for (uint32_t i = 0; i < unit->group.step_count; i++) {
        for (uint32_t k = 0; k < unit->group.steps[i].operand_count; k++)
            add_stream(unit, &unit->group.steps[i].in[k]);
        add_stream(unit, &unit->group.steps[i].out);
    }
    for (uint32_t i = 0; i < unit->group.stream_count; i++)
        element += unit->group.streams[i]->advance;
    if ((double)unit->group.count * (double)element < STREAMED_BYTES)
        unit->group.stream_count = 0;
    return true;
}

/* The most elements, up to `most`, of a tile for which each short row that is repeated, as a bias
 * is, is the same in all tiles: whole rows fill it. Tiles begin at a cache line, so their elements
 * are a multiple of YG_LINE_ELEMENTS. Longer rows count for nothing. */
static int64_t whole_rows(const yg_group *group, int64_t most) {
    int64_t period = YG_LINE_ELEMENTS;
    for (uint32_t i = 0; i < group->load_count; i++) {
        const yg_load *load = &group->loads[i];
        if (load->rank != 2 || load->strides[0] != 0 || load->shape[1] == 0)
            continue;
        int64_t both = period; /* becomes the least common multiple */
        while (both % load->shape[1] != 0 && both <= most)
            both += period;
        if (both <= most)
            period = both;
    }
    return most / period * period;
}

/* Whether a group rather waits for memory than computes. Its tiles are then shorter: memory is
 * asked for in shorter bursts, which overlap better with the arithmetic. A step costs a call for
 * each tile, and a load that is not steady too. So a group of many steps, or with such a load,
 * would lose more than it gains. */
static bool suits_short_tiles(const yg_group *group) {
    const int64_t tile = whole_rows(group, YG_SHORT_TILE);
    uint32_t bytes = 0; /* of an element, in all streams */
    for (uint32_t i = 0; i < group->stream_count; i++)
        bytes += group->streams[i]->advance;
    for (uint32_t i = 0; i < group->load_count; i++)
        if (!is_steady(&group->loads[i], tile))
            return false;
    return bytes * 2 > group->step_count * 3;
}

/* Rows of so many elements leave tiles of at least half the usual length. */
#define LEAST_TILED_ROW 256

/* The rows at whose ends tiles end: within one, each load is one element or lies in its operand.
 * 0: tiles are of one length, as a load needs that is the same for all tiles. */
static int64_t tiled_row(const yg_group *group) {
    int64_t row = 0;
    for (uint32_t i = 0; i < group->load_count; i++) {
        const yg_load *load = &group->loads[i];
        if (load->uniform)
            continue;
        if (load->steady)
            return 0;
        const int64_t own = load->shape[load->rank - 1];
        row = row == 0 || own < row ? own : row;
    }
    return row >= LEAST_TILED_ROW ? row : 0;
}

bool yg_plan_group(yg_compiler *c, yg_unit *unit) {
    group g; /* not cleared, because it is large: only entries of existing steps are set */
    unit->group.step_count = yg_plan_of_unit(c, unit)->member_count;
    unit->group.count = yg_type_count(c->graph->records[unit->node].type);
    g.c = c;
    g.unit = unit;
    g.registers.count = g.registers.free_count = 0;
    list_members(&g);
    if (!take_lists(&g))
        return false;
    for (uint32_t i = 0; i < unit->group.step_count; i++) {
        if (!plan_step(&g, i))
            return false;
    }
    if (g.registers.count > c->program->register_count)
        c->program->register_count = g.registers.count;
    if (unit->group.count > YG_TILE && !list_streams(c, unit))
        return false;
    unit->group.tile =
        whole_rows(&unit->group, suits_short_tiles(&unit->group) ? YG_SHORT_TILE : YG_TILE);
    if (!yg_plan_group_loops(c, unit))
        return false;
    for (uint32_t i = 0; i < unit->group.load_count; i++)
        unit->group.loads[i].steady = is_steady(&unit->group.loads[i], unit->group.tile);
    if (unit->group.tile <= YG_TILE)
        unit->group.row = tiled_row(&unit->group);
    if (unit->group.stream_count * yg_group_fetched_lines(&unit->group) > STEP_LINES)
        unit->group.stream_count = 0;
    return true;
}
