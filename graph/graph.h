/*
 * The graph: a Wengert list of tensor operations.
 *
 * Nodes live in one append-only array and an operand's index is smaller than its user's, so the
 * array is its own topological order. Adding a node that exists returns the existing one. The
 * builder is sticky: after a failed call, which returns YG_NONE, every later call returns YG_NONE
 * too, and yg_graph_error() tells the first failure. So a chain of calls needs one check, at its
 * end.
 *
 * A graph is used by one thread at a time. Everything it holds is freed by yg_graph_free().
 */
#ifndef YG_GRAPH_GRAPH_H
#define YG_GRAPH_GRAPH_H

#include "op.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

enum {
    YG_GRAPH_TRAINING = 1 << 0,   /* dropout drops: see yg_graph_training() */
    YG_GRAPH_NO_ALGEBRA = 1 << 1, /* yg_op.simplify is not asked: no identities, no stable forms */
    YG_GRAPH_F64 = 1 << 2,        /* an operator that needs floats turns integers into f64
                                     rather than f32 */
    YG_GRAPH_NO_FOLD = 1 << 3,    /* do not evaluate operators on constants */
    /* Nodes are added exactly as asked for. Equal nodes are still merged. */
    YG_GRAPH_NO_SIMPLIFY = YG_GRAPH_NO_ALGEBRA | YG_GRAPH_NO_FOLD,
};

/* An empty graph; `flags` are YG_GRAPH_…. `ops` must outlive the graph. NULL when out of memory. */
yg_graph *yg_graph_new(const yg_op_set *ops, unsigned flags);
void yg_graph_free(yg_graph *graph); /* NULL is allowed */

const yg_op_set *yg_graph_ops(const yg_graph *graph);
bool yg_graph_training(const yg_graph *graph);

/* The first failure of any call on this graph, or NULL. After a failure all builders return
 * YG_NONE, so it is enough to check once at the end. */
const yg_error *yg_graph_error(const yg_graph *graph);

/* Records a failure at the current origin, as the builders do. Always returns YG_NONE. */
yg_node yg_graph_fail(yg_graph *graph, yg_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the place in the model file that new nodes are added for; `origin.file` is copied. Returns
 * the place before. */
yg_origin yg_graph_at(yg_graph *graph, yg_origin origin);

/* ----------------------------------------------------------------------------------- leaves -- */

/* A tensor that the caller fills in before each run. */
yg_node yg_input(yg_graph *graph, const char *name, const yg_type *type);

/* A tensor that keeps its value between runs and that an update can replace: a weight, a momentum
 * buffer, a counter. */
yg_node yg_parameter(yg_graph *graph, const char *name, const yg_type *type);

/* A tensor with a fixed value. `data` has yg_type_bytes(type) bytes and is copied. Equal constants
 * are one node. */
yg_node yg_constant(yg_graph *graph, const yg_type *type, const void *data);

/* A constant scalar (rank 0); `value` is rounded to the element type. */
yg_node yg_scalar(yg_graph *graph, yg_dtype dtype, double value);

/* A tensor with every element equal to `value`: a broadcast scalar, which takes no memory. */
yg_node yg_full(yg_graph *graph, const yg_type *type, double value);

/* ---------------------------------------------------------------------------------- building -- */

/* Applies an operator with one result to operands[0 .. count). `attrs` has op->attr_count entries;
 * NULL means the defaults, if none is required. The operands of an elementwise operator are
 * broadcast and converted first. YG_NONE on failure; the graph then has the error. */
yg_node yg_apply(yg_graph *graph, const yg_op *op, const yg_node *operands, size_t count,
                 const yg_attr *attrs);

/* The same for an operator with any number of results: writes them to `results`, which has room for
 * `room`, and returns how many they are; 0 on failure. More than `room` is a failure. */
size_t yg_apply_all(yg_graph *graph, const yg_op *op, const yg_node *operands, size_t count,
                    const yg_attr *attrs, yg_node *results, size_t room);

/* How many results yg_apply_all() of the same arguments has; 0 after a failure. A caller that does
 * not know asks first, and makes room. Adds nothing to the graph. */
size_t yg_result_count(yg_graph *graph, const yg_op *op, const yg_node *operands, size_t count,
                       const yg_attr *attrs);

/* The same for an operator found by its name, with the default attributes. An unknown name is an
 * error that suggests the nearest known one. */
yg_node yg_call(yg_graph *graph, const char *op, const yg_node *operands, size_t count);

/* Gives a node a name, which messages, dumps and profiles show. The text is copied. If the node has
 * a name already, that one stays. */
void yg_node_set_name(yg_graph *graph, yg_node node, const char *name);

/* ---------------------------------------------------------------------------------- reading -- */

size_t yg_graph_size(const yg_graph *graph); /* nodes; the next one gets this index */

/* Pointers below stay valid until yg_graph_free(). */
const yg_op *yg_node_op(const yg_graph *graph, yg_node node);
const yg_type *yg_node_type(const yg_graph *graph, yg_node node);
size_t yg_node_operand_count(const yg_graph *graph, yg_node node);
const yg_node *yg_node_operands(const yg_graph *graph, yg_node node);
yg_node yg_node_operand(const yg_graph *graph, yg_node node, size_t k);
const yg_attr *yg_node_attrs(const yg_graph *graph, yg_node node);
/* Result `index` of an operator with several results; `node` is the first of them. */
yg_node yg_node_result(const yg_graph *graph, yg_node node, size_t index);
const char *yg_node_name(const yg_graph *graph, yg_node node); /* "" if it has none */
yg_origin yg_node_origin(const yg_graph *graph, yg_node node);

/* Whether a node is a leaf made by yg_input() or yg_parameter(). */
bool yg_node_is_input(const yg_graph *graph, yg_node node);
bool yg_node_is_parameter(const yg_graph *graph, yg_node node);
/* A constant's bytes, or NULL for any other node. */
const void *yg_node_constant(const yg_graph *graph, yg_node node);
/* Whether a node is a scalar constant, or a broadcast of one. Writes its value to *value, which may
 * be NULL. */
bool yg_node_is_scalar(const yg_graph *graph, yg_node node, double *value);

/* --------------------------------------------------------------------------- differentiating -- */

/* Reverse mode. Appends nodes for the gradient of `y` and writes the cotangents of the targets
 * wrt[0 .. count) to out[0 .. count).
 *
 * `cotangent` is the cotangent of y, of y's type. YG_NONE stands for 1; y must then be a scalar.
 * out[i] is YG_NONE if y does not depend on wrt[i] by a path that can be differentiated: "no
 * gradient" is a value, not zeros. A target may be any node, y itself too, and may be repeated.
 * `out` must not be the array `wrt`. A gradient consists of differentiable operators, so it can be
 * differentiated again. False after a failure; the graph then has the error. */
bool yg_grad(yg_graph *graph, yg_node y, yg_node cotangent, const yg_node *wrt, size_t count,
             yg_node *out);

/* Forward mode: the derivative of y, which may have any shape, when each wrt[i] moves along
 * tangents[i]. A tangent has the type of its target; YG_NONE means that the target does not move.
 * It is made by reverse mode applied twice, so it fails if the gradient of y has effects. YG_NONE
 * if y depends on no target that moves, or after a failure. */
yg_node yg_jvp(yg_graph *graph, yg_node y, const yg_node *wrt, const yg_node *tangents,
               size_t count);

/* ----------------------------------------------------------------------------------- looking -- */

/* Checks every node again: the order and number of operands, the attributes, and that the shape
 * rule still gives the stored type. False, with *error set, at the first that is wrong. */
bool yg_graph_verify(const yg_graph *graph, yg_error *error);

/* The graph as text, one node in a line:
 *   %7 = matmul(%2, %5) {transpose_b=true} : f32[64, 10]  # h.z model:9
 * With roots, only the nodes that they need. NULL when out of memory; freed by the caller. */
char *yg_graph_text(const yg_graph *graph, const yg_node *roots, size_t count);

/* The same in Graphviz's DOT. */
char *yg_graph_dot(const yg_graph *graph, const yg_node *roots, size_t count);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
