/*
 * Copies of nodes: see copies.h.
 */
#include "copies.h"

#include "numbered.h"
#include "store.h"

#include <string.h>

/* Leaves are no copies: each is there for itself. Effects have an order that only builders know. */
static bool can_copy(const yg_record *record) {
    return !(record->op->flags & (YG_OP_LEAF | YG_OP_EFFECTS)) && !record->data;
}

static bool same_attrs(const yg_record *a, const yg_record *b) {
    for (size_t i = 0; i < a->op->attr_count; i++) {
        const yg_attr *one = &a->attrs[i], *two = &b->attrs[i];
        if (memcmp(one, two, sizeof *one) != 0 &&
            (one->count <= YG_MAX_RANK || one->count != two->count ||
             memcmp(one->many, two->many, (size_t)one->count * sizeof *one->many) != 0))
            return false;
    }
    return true;
}

static bool is_copy(const yg_record *before, const yg_record *record) {
    yg_numbered name;
    return can_copy(record) && before->op == record->op && !before->hash == !record->hash &&
           before->operand_count == record->operand_count && same_attrs(before, record) &&
           yg_type_equal(before->type, record->type) &&
           yg_numbered_find(before->name, record->name, &name);
}

/* Whether the operands move on from a to b as they do from b to c. */
static bool move_evenly(const yg_record *a, const yg_record *b, const yg_record *c) {
    for (uint32_t k = 0; k < c->operand_count; k++)
        if (c->operands[k] - b->operands[k] != b->operands[k] - a->operands[k])
            return false;
    return true;
}

bool yg_graph_has_copies(const yg_graph *graph, size_t size, size_t count) {
    if (graph->error.code || size == 0 || count < 2 || size > graph->size / count)
        return false;
    const yg_record *first = graph->records + graph->size - count * size;
    for (const yg_record *r = first + size; r < graph->records + graph->size; r++)
        if (!is_copy(r - size, r) ||
            (r >= first + 2 * size && !move_evenly(r - 2 * size, r - size, r)))
            return false;
    return true;
}

/* Appends the node that is `further` copies on from a node of the pattern. */
static bool add_copy(yg_graph *graph, const yg_record *before, const yg_record *record,
                     const yg_numbered *name, size_t further) {
    yg_record copy = *record;
    yg_node *operands = yg_pool_take_unset(graph->pool, copy.operand_count * sizeof *operands);
    copy.operands = operands;
    copy.name = yg_numbered_text(name, (int64_t)further, graph->pool);
    if (!operands || !copy.name)
        return yg_fail_memory(&graph->error);
    for (uint32_t k = 0; k < copy.operand_count; k++)
        operands[k] =
            record->operands[k] + (yg_node)further * (record->operands[k] - before->operands[k]);
    const size_t size = graph->size;
    if (record->hash)
        yg_store_append_merged(graph, &copy);
    else
        yg_store_append(graph, &copy);
    if (graph->size == size && !graph->error.code)
        yg_graph_fail(graph, YG_ERROR_INTERNAL, "a copy of %s exists already", copy.op->name);
    return graph->size > size;
}

bool yg_graph_add_copies(yg_graph *graph, size_t size, size_t more) {
    const size_t first = graph->size - size;
    yg_numbered *names = yg_pool_take(graph->pool, size * sizeof *names);
    if (!names)
        return yg_fail_memory(&graph->error);
    for (size_t k = 0; k < size; k++)
        yg_numbered_find(graph->records[first + k - size].name, graph->records[first + k].name,
                         &names[k]);
    for (size_t copy = 1; copy <= more; copy++)
        for (size_t k = 0; k < size; k++) {
            /* By value: the array moves when it grows. */
            const yg_record before = graph->records[first + k - size];
            const yg_record record = graph->records[first + k];
            if (!add_copy(graph, &before, &record, &names[k], copy))
                return false;
        }
    return true;
}
