/*
 * Verifies what is decided of units before they are put into an order of row loops and stages: see
 * plan_verify.h. Everything is worked out again from the graph and the members of the units.
 */
#include "plan_verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IS_WRONG(c, unit, ...) yg_plan_is_wrong((c)->program, unit, (c)->error, __VA_ARGS__)

/* ----------------------------------------------------------------------------------- views -- */

/* Where the node may begin in its operand 0, in elements; -1: it is no view. */
static int64_t view_of(const yg_compiler *c, yg_node node) {
    const yg_op *op = c->graph->records[node].op;
    if (op->flags & YG_OP_VIEW)
        return 0;
    return op->plan && !(op->flags & (YG_OP_ELEMENTWISE | YG_OP_LEAF))
               ? yg_plan_of_node(c->graph, node, false).view
               : -1;
}

/* Whether another node stands for the same result of the same kernel. */
static bool is_same_result(const yg_compiler *c, yg_node node, yg_node other) {
    const yg_record *a = &c->graph->records[node], *b = &c->graph->records[other];
    return yg_is_result(b) && a->operands[0] == b->operands[0] && a->attrs[0].i == b->attrs[0].i;
}

/* Whether a node that has no bytes of its own shares the right bytes of its root. */
static bool check_view(const yg_compiler *c, yg_node index) {
    const yg_plan_node *node = &c->nodes[index];
    const yg_record *record = &c->graph->records[index];
    if (node->root > index || c->nodes[node->root].root != node->root)
        return IS_WRONG(c, YG_NO_UNIT,
                        "views: %%%" PRIu32 " has the bytes of %%%" PRIu32
                        ", which has none of its own",
                        index, node->root);
    if (node->unit != YG_NO_UNIT)
        return IS_WRONG(c, node->unit,
                        "views: it computes %%%" PRIu32 ", which has the bytes of %%%" PRIu32,
                        index, node->root);
    if (yg_is_result(record))
        return is_same_result(c, index, node->root) ||
               IS_WRONG(c, YG_NO_UNIT, "views: %%%" PRIu32 " has the bytes of another result",
                        index);
    const int64_t view = view_of(c, index);
    const yg_plan_node *operand = view < 0 ? NULL : &c->nodes[record->operands[0]];
    const int64_t offset =
        operand ? operand->offset + view * (int64_t)yg_dtype_size(record->type->dtype) : 0;
    if (!operand || node->root != operand->root || node->offset != offset ||
        offset + yg_type_bytes(record->type) > yg_type_bytes(c->graph->records[node->root].type))
        return IS_WRONG(c, YG_NO_UNIT,
                        "views: %%%" PRIu32 " does not lie at byte %" PRId64 " of %%%" PRIu32,
                        index, node->offset, node->root);
    return !node->lasting || c->nodes[node->root].lasting ||
           IS_WRONG(c, YG_NO_UNIT, "views: the bytes of output %%%" PRIu32 " are not kept", index);
}

/* --------------------------------------------------------------------------------- members -- */

/* Notes that unit `u` computes a node. No other unit can: the node names only one. */
static bool note_member(const yg_compiler *c, uint32_t u, yg_node node, bool *computed) {
    if (node >= c->graph->size || c->nodes[node].unit != u || !c->nodes[node].live)
        return IS_WRONG(c, u, "it computes %%%" PRIu32 ", which it must not", node);
    computed[node] = true;
    return true;
}

/* Notes what a unit computes. The members of a group are elementwise, of one shape and in order.
 */
static bool note_members(const yg_compiler *c, uint32_t u, bool *computed) {
    const yg_unit *unit = &c->program->units[u];
    const yg_plan_unit *known = &c->units[u];
    yg_node node = known->first, last = YG_NONE;
    if (unit->kind == YG_UNIT_COPY && !unit->copy.is_view)
        return true;
    for (uint32_t i = 0; i < known->member_count; i++, node = c->nodes[node].next) {
        if (!note_member(c, u, node, computed))
            return false;
        const yg_record *record = &c->graph->records[node];
        if (unit->kind == YG_UNIT_GROUP &&
            (!(record->op->flags & YG_OP_ELEMENTWISE) || (i > 0 && node <= last) ||
             !yg_shape_equal(record->type, c->graph->records[unit->node].type)))
            return IS_WRONG(c, u, "%%%" PRIu32 " cannot be a member", node);
        last = node;
    }
    for (uint32_t i = 1; unit->kind == YG_UNIT_KERNEL && i < unit->kernel.result_count; i++) {
        if (unit->kernel.results[i] != YG_NONE &&
            !note_member(c, u, unit->kernel.results[i], computed))
            return false;
    }
    return last == unit->node || IS_WRONG(c, u, "its last member is %%%" PRIu32, last);
}

/* Whether a unit must compute a live node. */
static bool needs_unit(const yg_compiler *c, yg_node node) {
    return !(c->graph->records[node].op->flags & YG_OP_LEAF) && c->nodes[node].root == node &&
           !yg_plan_reads_in_place(c, node);
}

static bool check_members(const yg_compiler *c, bool *computed) {
    for (uint32_t u = 0; u < c->program->unit_count; u++) {
        if (!note_members(c, u, computed))
            return false;
    }
    for (yg_node node = 0; node < c->graph->size; node++) {
        if (c->nodes[node].live && needs_unit(c, node) != computed[node])
            return IS_WRONG(c, c->nodes[node].unit, "%%%" PRIu32 " %s", node,
                            computed[node] ? "is computed for nothing" : "is computed nowhere");
    }
    return true;
}

/* ----------------------------------------------------------------------------------- reads -- */

static bool check_read(void *context, const yg_read *r) {
    const yg_compiler *c = context;
    if (r->maker == YG_NO_UNIT)
        return true;
    if (r->maker > r->unit)
        return IS_WRONG(c, r->unit, "it reads %%%" PRIu32 " of unit %" PRIu32 ", which runs later",
                        r->operand, r->maker);
    if (r->maker == r->unit)
        return (r->root < r->reader && !r->stretched) ||
               IS_WRONG(c, r->unit, "it reads %%%" PRIu32 " before it is complete", r->operand);
    return c->nodes[r->root].in_memory ||
           IS_WRONG(c, r->unit, "it reads %%%" PRIu32 ", which is not kept in memory", r->operand);
}

/* By root: the notes of yg_plan_node, worked out again. */
typedef struct readers {
    const yg_compiler *c;
    yg_plan_node *nodes;
    bool with_costs;
} readers;

/* Units come in order, and so do the members of a unit. */
static bool note_reader(void *context, const yg_read *r) {
    const readers *n = context;
    const yg_compiler *c = n->c;
    yg_plan_node *node = &n->nodes[r->root];
    const yg_unit *unit = &c->program->units[r->unit];
    const bool whole = n->with_costs && unit->kind == YG_UNIT_KERNEL &&
                       (c->units[r->unit].rows == 0 || unit->kernel.whole >> r->k & 1);
    if (node->last_unit != r->unit)
        node->other_unit = node->last_unit;
    node->last_unit = r->unit;
    node->last_reader = r->reader;
    if (r->stretched || whole || yg_plan_is_part(c, r->operand))
        node->skew_unit = r->unit;
    return true;
}

static bool compare_readers(const yg_compiler *c, readers *n) {
    for (yg_node i = 0; i < c->graph->size; i++) {
        n->nodes[i].last_unit = n->nodes[i].other_unit = n->nodes[i].skew_unit = YG_NO_UNIT;
        n->nodes[i].last_reader = c->nodes[i].last_reader;
    }
    yg_each_read(c, note_reader, n);
    for (yg_node i = 0; i < c->graph->size; i++) {
        const yg_plan_node *a = &c->nodes[i], *b = &n->nodes[i];
        if (a->last_unit != b->last_unit || a->other_unit != b->other_unit ||
            a->skew_unit != b->skew_unit || a->last_reader != b->last_reader)
            return IS_WRONG(
                c, b->last_unit,
                "it is the last reader of %%%" PRIu32 ", whose readers are noted otherwise", i);
    }
    return true;
}

/* `with_costs`: the rows of units are known. */
static bool check_readers(const yg_compiler *c, bool with_costs) {
    readers n = {.c = c, .with_costs = with_costs};
    n.nodes = malloc((c->graph->size + 1) * sizeof *n.nodes);
    const bool good = n.nodes ? compare_readers(c, &n) : yg_fail_memory(c->error);
    free(n.nodes);
    return good;
}

bool yg_verify_units(yg_compiler *c) {
    for (yg_node node = 0; node < c->graph->size; node++) {
        if (c->nodes[node].live && c->nodes[node].root != node && !check_view(c, node))
            return false;
    }
    bool *computed = calloc(c->graph->size + 1, sizeof *computed);
    const bool good = computed ? check_members(c, computed) : yg_fail_memory(c->error);
    free(computed);
    return good && yg_plan_effects_are_right(c->program, false, c->error) &&
           yg_each_read(c, check_read, c) && check_readers(c, false);
}

bool yg_verify_costs(yg_compiler *c) {
    for (uint32_t u = 0; u < c->program->unit_count; u++) {
        const yg_unit *unit = &c->program->units[u];
        const yg_plan_unit *known = &c->units[u];
        const bool by_rows = known->rows > 0;
        if (!(unit->flops >= 0) || !(known->cost >= 0) || known->rows < 0 ||
            (by_rows && known->min_rows < 1) ||
            (by_rows && unit->kind == YG_UNIT_KERNEL && unit->kernel.parts.count == 0 &&
             unit->kernel.work % known->rows != 0))
            return IS_WRONG(c, u, "%" PRId64 " rows at a cost of %g are impossible", known->rows,
                            known->cost);
    }
    return check_readers(c, true);
}

/* ---------------------------------------------------------------- updates that write in place --
 */

/* By parameter: the value that is written over it, or YG_NONE. NULL after a failure. */
yg_node *yg_find_writers(const yg_compiler *c) {
    yg_node *writer = malloc((c->graph->size + 1) * sizeof *writer);
    if (!writer) {
        yg_fail_memory(c->error);
        return NULL;
    }
    memset(writer, 0xff, (c->graph->size + 1) * sizeof *writer); /* YG_NONE */
    for (size_t i = 0; i < c->update_count; i++) {
        const yg_update *update = &c->updates[i];
        if (c->nodes[update->value].overwrites == update->parameter)
            writer[update->parameter] = update->value;
    }
    return writer;
}

typedef struct overwriting {
    const yg_compiler *c;
    const yg_node *writer; /* by parameter */
} overwriting;

/* A value is computed over its parameter, row by row. So no later unit may read the parameter, no
 * later member of the same group, and the group may not read it as a broadcast. A kernel may read
 * it only as the operand that it can write over. */
static bool check_overwritten(void *context, const yg_read *r) {
    const overwriting *o = context;
    const yg_compiler *c = o->c;
    const yg_node value = o->writer[r->root];
    if (value == YG_NONE || r->unit < c->nodes[value].unit)
        return true;
    const yg_record *record = &c->graph->records[r->reader];
    bool good = r->unit == c->nodes[value].unit && r->operand == r->root && !r->stretched;
    if (c->program->units[r->unit].kind == YG_UNIT_GROUP)
        good = good && r->reader <= value;
    else
        good = good && r->k == 0 && record->op->flags & YG_OP_IN_PLACE;
    return good ||
           IS_WRONG(c, r->unit, "it reads %%%" PRIu32 ", over which %%%" PRIu32 " has been written",
                    r->operand, value);
}

bool yg_verify_overwrites(yg_compiler *c) {
    yg_node *writer = yg_find_writers(c);
    if (!writer)
        return false;
    bool good = true;
    for (yg_node node = 0; node < c->graph->size && good; node++) {
        const yg_node over = c->nodes[node].overwrites;
        good = over == YG_NONE ||
               (over < c->graph->size && writer[over] == node && c->nodes[node].root == node &&
                c->nodes[node].unit != YG_NO_UNIT && !c->nodes[node].lasting &&
                !c->nodes[over].late && over == c->nodes[over].root) ||
               IS_WRONG(c, c->nodes[node].unit, "%%%" PRIu32 " cannot be written over %%%" PRIu32,
                        node, over);
    }
    overwriting o = {.c = c, .writer = writer};
    good = good && yg_each_read(c, check_overwritten, &o);
    free(writer);
    return good;
}
