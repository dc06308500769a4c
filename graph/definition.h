/*
 * The definition of a primitive in plainer operators: yg_op.compose beside a kernel. Private to
 * graph/ and its tests.
 */
#ifndef YG_GRAPH_DEFINITION_H
#define YG_GRAPH_DEFINITION_H

#include "graph.h"

/* Builds what the call's operator is defined as, and checks that its results have `types`, those
 * of the operator itself. Returns how many results there are, 0 on failure. */
size_t yg_definition_build(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                           const yg_type *types, yg_node *results);

/* Node y's vector-Jacobian products by its operator's definition. cotangents[i] is that of result
 * i, or YG_NONE. parts[k] becomes what operand k's cotangent grows by, or YG_NONE; only operands
 * with wanted[k] are looked at. Takes time in proportion to the definition, not to the graph. */
bool yg_definition_pull_back(yg_graph *graph, yg_node y, const yg_node *cotangents,
                             const bool *wanted, yg_node *parts);

#endif
