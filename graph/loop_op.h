/*
 * A loop as an operator of its own. Private to graph/: loop.c builds it, loop_run.c runs it,
 * loop_grad.c differentiates it.
 */
#ifndef YG_GRAPH_LOOP_OP_H
#define YG_GRAPH_LOOP_OP_H

#include "loop.h"
#include "store.h"

/* A stretch of the loop's result, which is one flat tensor: finals, then what was carried into each
 * iteration, then outputs. Stretches begin at multiples of 64 bytes. */
typedef struct yg_loop_part {
    int64_t offset; /* elements */
    yg_type type;
} yg_loop_part;

typedef struct yg_loop_op {
    yg_op op; /* first: a descriptor is cast to its loop */
    yg_loop_spec spec;
    yg_type result;                           /* flat */
    yg_loop_part *finals, *carried, *outputs; /* by carry, by carry, by output */
    double flops;                             /* of an iteration */
    bool is_random;                           /* the body draws numbers */
    struct yg_loop_op *gradient;              /* built when it is asked for first */
    /* The gradient's node is built once for y and its cotangent in a graph, and is asked for again
     * for each operand. */
    const yg_graph *in;
    yg_node y, dy, gradient_of;
    struct yg_loop_op *next; /* of the graph's loops */
} yg_loop_op;

/* What has no loop's plan is no loop: NULL. */
yg_loop_op *yg_loop_of(const yg_op *op);

/* Makes the operator; the graph frees it. NULL after a failure, which is the graph's. */
yg_loop_op *yg_loop_op_new(yg_graph *graph, const yg_loop_spec *spec);
void yg_loop_ops_free(yg_loop_op *first);

/* A stretch of a flat tensor, without a copy; and zeros but for the stretch. */
yg_node yg_loop_take(yg_graph *graph, yg_node flat, const yg_loop_part *part);

/* The kernel, and what it needs from one run to the next. */
bool yg_loop_run(const yg_kernel_call *call, yg_error *error);
void *yg_loop_prepare(const yg_loop_op *loop, yg_error *error);
void yg_loop_release(void *prepared);

/* The vector-Jacobian product. */
yg_node yg_loop_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k);

#endif
