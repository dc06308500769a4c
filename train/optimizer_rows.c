/*
 * Updates of a table's rows: see optimizer_rows.h.
 */
#include "optimizer_rows.h"

#include "../ops/registry.h"

enum { INDEX, COTANGENT }; /* operands of embedding_gradient */

bool yg_update_rows_found(const yg_graph *graph, yg_node gradient) {
    return yg_node_op(graph, gradient) == &yg_op_embedding_gradient;
}

/* The rows are gathered and put back: about as much as to go through twice as many. */
bool yg_update_rows_pay(const yg_graph *graph, yg_node gradient) {
    const int64_t looked_up =
        yg_type_count(yg_node_type(graph, yg_node_operand(graph, gradient, INDEX)));
    return looked_up <= yg_node_type(graph, gradient)->shape[0] / 2;
}

static yg_node rows_of(yg_graph *graph, yg_node index, yg_node table) {
    const yg_node operands[] = {index, table};
    return yg_apply(graph, &yg_op_embedding, operands, 2, NULL);
}

yg_update_rows yg_update_rows_begin(yg_update_call *call, size_t count) {
    yg_graph *graph = call->graph;
    const yg_node *lookup = yg_node_operands(graph, call->gradient);
    const yg_node operands[] = {lookup[INDEX], lookup[COTANGENT]};
    yg_update_rows rows = {.index = operands[INDEX], .table = call->parameter};
    for (size_t k = 0; k < count; k++) {
        rows.tables[k] = call->state[k];
        call->state[k] = rows_of(graph, rows.index, call->state[k]);
    }
    call->parameter = rows_of(graph, rows.index, call->parameter);
    call->gradient = yg_apply(graph, &yg_op_sum_equal_rows, operands, 2, NULL);
    return rows;
}

yg_node yg_update_rows_put(yg_graph *graph, const yg_update_rows *rows, yg_node table,
                           yg_node value) {
    const yg_node operands[] = {table, rows->index, value};
    return yg_apply(graph, &yg_op_put_rows, operands, 3, NULL);
}
