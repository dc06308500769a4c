/*
 * What lies before a stop_gradient: see stopped.h.
 */
#include "stopped.h"

#include "../graph/loop.h"
#include "../ops/registry.h"

#include <stdlib.h>

/* Whether a node stops gradients: the operator itself, or a loop with one in its body, which is how
 * a recurrence is truncated. A loop may lie in a loop. */
static bool stops(const yg_graph *graph, yg_node node) {
    if (yg_node_op(graph, node) == &yg_op_stop_gradient)
        return true;
    const yg_loop_spec *loop = yg_loop_spec_of(yg_node_op(graph, node));
    const yg_graph *body = loop ? loop->body : NULL;
    for (yg_node i = 0; body && i < yg_graph_size(body); i++)
        if (stops(body, i))
            return true;
    return false;
}

bool *yg_stopped_nodes(const yg_graph *graph, yg_node end) {
    bool *before = calloc((size_t)end + 1, sizeof *before);
    for (yg_node node = end; before && node-- > 0;) {
        if (!before[node] && !stops(graph, node))
            continue;
        for (size_t k = 0; k < yg_node_operand_count(graph, node); k++)
            before[yg_node_operand(graph, node, k)] = true;
    }
    return before;
}
