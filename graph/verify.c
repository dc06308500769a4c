/*
 * The verifier of graphs: checks every invariant of the node array again.
 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

static bool verify_leaf(const yg_record *record, yg_node node, yg_error *error) {
    const bool constant = record->op == &yg_leaf_constant;
    if (record->operand_count != 0 || constant != (record->data != NULL))
        return yg_fail(error, YG_ERROR_INTERNAL, record->origin, "%%%u: a malformed %s", node,
                       record->op->name);
    return true;
}

static bool verify_operands(const yg_graph *graph, yg_node node, yg_error *error) {
    const yg_record *record = &graph->records[node];
    const yg_op *op = record->op;
    if (record->operand_count < (uint32_t)op->min_operands ||
        record->operand_count > (uint32_t)op->max_operands ||
        record->operand_count > graph->operand_room)
        return yg_fail(error, YG_ERROR_INTERNAL, record->origin, "%%%u: %s has %u operands", node,
                       op->name, record->operand_count);
    for (uint32_t k = 0; k < record->operand_count; k++) {
        if (record->operands[k] >= node)
            return yg_fail(error, YG_ERROR_INTERNAL, record->origin,
                           "%%%u: %s uses %%%u, which is not before it", node, op->name,
                           record->operands[k]);
        const yg_type *type = graph->records[record->operands[k]].type;
        if ((op->flags & YG_OP_ELEMENTWISE) && !yg_shape_equal(type, record->type)) {
            char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
            return yg_fail(error, YG_ERROR_INTERNAL, record->origin,
                           "%%%u: elementwise %s has %s from an operand %s", node, op->name,
                           yg_type_text(record->type, a), yg_type_text(type, b));
        }
    }
    return true;
}

/* Asks the shape rule again for the types of all results. */
static bool infer_again(const yg_graph *graph, yg_node node, yg_type *results, yg_error *error) {
    const yg_record *record = &graph->records[node];
    if (!verify_operands(graph, node, error) ||
        !yg_op_check_attrs(record->op, record->attrs, record->origin, error))
        return false;
    const yg_infer call = yg_store_call(graph, node);
    if (record->op->infer)
        return record->op->infer(&call, results, error);
    *results = call.operands[record->operand_count - 1];
    return true;
}

static bool verify_type(const yg_graph *graph, yg_node node, const yg_type *again,
                        yg_error *error) {
    const yg_record *record = &graph->records[node];
    char found[YG_TYPE_TEXT], wanted[YG_TYPE_TEXT];
    return yg_type_equal(again, record->type) ||
           yg_fail(error, YG_ERROR_INTERNAL, record->origin, "%%%u: %s is %s, stored as %s", node,
                   record->op->name, yg_type_text(again, found),
                   yg_type_text(record->type, wanted));
}

/* The result types of the kernel that was looked at last. Its result nodes mostly follow it, so
 * they need not be inferred for each again. */
typedef struct latest {
    yg_node first; /* the kernel's node, or YG_NONE */
    yg_type *types;
    size_t capacity; /* room of types */
} latest;

static bool infer_results(const yg_graph *graph, yg_node first, latest *l, yg_error *error) {
    const size_t count = yg_op_result_count(graph->records[first].op);
    if (l->first == first)
        return true;
    l->first = YG_NONE;
    if (count > l->capacity) {
        yg_type *types = realloc(l->types, count * sizeof *types);
        if (!types)
            return yg_fail_memory(error);
        l->types = types;
        l->capacity = count;
    }
    memset(l->types, 0, count * sizeof *l->types);
    if (!infer_again(graph, first, l->types, error))
        return false;
    l->first = first;
    return true;
}

/* Checks a `result` node: a further result of the kernel of its operand. */
static bool verify_result(const yg_graph *graph, yg_node node, latest *l, yg_error *error) {
    const yg_record *record = &graph->records[node];
    const yg_node first = record->operands[0];
    if (first >= node || record->attrs[0].i < 1 ||
        record->attrs[0].i >= graph->records[first].op->results)
        return yg_fail(error, YG_ERROR_INTERNAL, record->origin, "%%%u: %%%u has no such result",
                       node, first);
    return infer_results(graph, first, l, error) &&
           verify_type(graph, node, &l->types[record->attrs[0].i], error);
}

static bool verify_node(const yg_graph *graph, yg_node node, latest *l, yg_error *error) {
    const yg_record *record = &graph->records[node];
    const yg_op *op = record->op;
    if (op->flags & YG_OP_LEAF)
        return verify_leaf(record, node, error);
    if (yg_op_is_composite(op))
        return yg_fail(error, YG_ERROR_INTERNAL, record->origin, "%%%u: the composite %s is a node",
                       node, op->name);
    if (yg_is_result(record))
        return verify_result(graph, node, l, error);
    if (op->flags & YG_OP_EFFECTS && record->hash != 0)
        return yg_fail(error, YG_ERROR_INTERNAL, record->origin,
                       "%%%u: %s has effects, but could be merged with an equal node", node,
                       op->name);
    return infer_results(graph, node, l, error) && verify_type(graph, node, &l->types[0], error);
}

bool yg_graph_verify(const yg_graph *graph, yg_error *error) {
    if (graph->error.code)
        return yg_fail_as(error, &graph->error);
    latest l = {.first = YG_NONE};
    bool good = true;
    for (yg_node node = 0; node < graph->size && good; node++)
        good = verify_node(graph, node, &l, error);
    free(l.types);
    return good;
}
