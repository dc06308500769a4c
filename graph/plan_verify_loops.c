/*
 * Verifies row loops and stages: see plan_verify.h. Nothing has bytes yet, so it asks which unit
 * computes what another unit reads, and whether the two may run side by side.
 */
#include "plan_verify.h"

#include <inttypes.h>
#include <stdlib.h>

#define IS_WRONG(c, unit, ...) yg_plan_is_wrong((c)->program, unit, (c)->error, __VA_ARGS__)

typedef struct order {
    const yg_compiler *c;
    yg_node *writer; /* by parameter: the value that is written over it, or YG_NONE */
    bool has_stages; /* stages are known, not only row loops */
} order;

/* Whether the two units run one after the other: nothing of the second starts before the first is
 * done. Row loops run one after the other until they are put into stages. */
static bool runs_after(const order *o, uint32_t second, uint32_t first) {
    const yg_unit *a = &o->c->program->units[first], *b = &o->c->program->units[second];
    return o->has_stages ? a->stage < b->stage : a->row_loop < b->row_loop;
}

/* In a row loop, row r of the reader may need only row r of what the row loop computes. */
static bool reads_own_row(const yg_compiler *c, const yg_read *r) {
    const yg_unit *unit = &c->program->units[r->unit], *maker = &c->program->units[r->maker];
    const yg_row_loop *loop = &c->program->row_loops[unit->row_loop];
    if (maker->kind == YG_UNIT_KERNEL && maker->kernel.parts.count > 0)
        return false; /* a sum is complete when all rows are done */
    if (yg_plan_is_part(c, r->operand))
        return false;
    if (r->stretched)
        return yg_rows_in_step(c->graph->records[r->operand].type,
                               c->graph->records[r->broadcast].type) %
                   loop->rows ==
               0;
    if (unit->kind == YG_UNIT_KERNEL && unit->kernel.parts.count > 0)
        return r->k == 0;
    return unit->kind != YG_UNIT_KERNEL || !(unit->kernel.whole >> r->k & 1);
}

static bool check_read(void *context, const yg_read *r) {
    const order *o = context;
    const yg_compiler *c = o->c;
    const yg_node value = o->writer[r->root];
    const uint32_t writer = value == YG_NONE ? YG_NO_UNIT : c->nodes[value].unit;
    if (writer != YG_NO_UNIT && writer > r->unit && !runs_after(o, writer, r->unit))
        return IS_WRONG(c, writer, "it writes over %%%" PRIu32 " while unit %" PRIu32 " reads it",
                        r->root, r->unit);
    if (r->maker == YG_NO_UNIT || r->maker == r->unit || runs_after(o, r->unit, r->maker))
        return true;
    if (c->program->units[r->maker].row_loop != c->program->units[r->unit].row_loop)
        return IS_WRONG(c, r->unit,
                        "it reads %%%" PRIu32 " of unit %" PRIu32
                        ", which is in another row loop of its stage",
                        r->operand, r->maker);
    return reads_own_row(c, r) ||
           IS_WRONG(c, r->unit, "it reads other rows of %%%" PRIu32 ", which its row loop computes",
                    r->operand);
}

/* Whether a unit can run by the rows of its row loop. A chunk must hold whole parts of a reduction.
 */
static bool check_rows(const yg_compiler *c, uint32_t u, const yg_row_loop *loop) {
    const yg_unit *unit = &c->program->units[u];
    const bool in_parts = unit->kind == YG_UNIT_KERNEL && unit->kernel.parts.count > 0;
    if (loop->rows == 0)
        return !in_parts || IS_WRONG(c, u, "it runs alone, and in parts");
    if (c->units[u].rows % loop->rows != 0 || c->units[u].rows == 0)
        return IS_WRONG(c, u, "it cannot run in %" PRId64 " rows", loop->rows);
    return !in_parts ||
           unit->kernel.reduced / loop->rows * loop->chunk % unit->kernel.parts.elements == 0 ||
           IS_WRONG(c, u, "a part is split between two chunks of %" PRId64 " rows", loop->chunk);
}

/* Checks that the row loops cover the units in order. */
static bool check_loops(const yg_compiler *c) {
    const yg_program *p = c->program;
    uint32_t unit = 0;
    for (uint32_t l = 0; l < p->row_loop_count; l++) {
        const yg_row_loop *loop = &p->row_loops[l];
        if (loop->begin != unit || loop->end <= unit || loop->end > p->unit_count ||
            (loop->rows == 0 ? loop->end != unit + 1 : loop->chunk < 1 || loop->chunk > loop->rows))
            return IS_WRONG(c, unit, "row loop %" PRIu32 " is [%" PRIu32 ", %" PRIu32 ")", l,
                            loop->begin, loop->end);
        for (; unit < loop->end; unit++) {
            if (p->units[unit].row_loop != l)
                return IS_WRONG(c, unit, "it is not in the row loop that it names");
            if (!check_rows(c, unit, loop))
                return false;
        }
    }
    return unit == p->unit_count || IS_WRONG(c, unit, "no row loop runs it");
}

static bool check_reads(yg_compiler *c, bool has_stages) {
    order o = {.c = c, .writer = yg_find_writers(c), .has_stages = has_stages};
    const bool good = o.writer && yg_each_read(c, check_read, &o);
    free(o.writer);
    return good;
}

bool yg_verify_row_loops(yg_compiler *c) {
    return check_loops(c) && check_reads(c, false);
}

bool yg_verify_stages(yg_compiler *c) {
    return check_loops(c) && yg_plan_is_covered(c->program, c->error) && check_reads(c, true) &&
           yg_plan_effects_are_right(c->program, true, c->error);
}
