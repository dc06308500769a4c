/*
 * A loop as an operator of its own. Private to graph/: loop.c builds it, loop_run.c runs it,
 * loop_grad.c differentiates it.
 */
#ifndef YG_GRAPH_LOOP_OP_H
#define YG_GRAPH_LOOP_OP_H

#include "loop.h"
#include "store.h"

/* A part of the loop's result. The result is a single flat tensor: the finals, then the carries
 * that went into each iteration, then the outputs. Each part begins at a multiple of 64 bytes. */
typedef struct yg_loop_part {
    int64_t offset; /* in the flat tensor, in elements */
    yg_type type;
} yg_loop_part;

typedef struct yg_loop_op {
    yg_op op; /* must be the first member: a pointer to it is cast to its loop */
    yg_loop_spec spec;
    yg_type result;              /* the type of the flat result */
    yg_loop_part *finals;        /* by carry */
    yg_loop_part *carried;       /* by carry: the carries of all iterations, [T, …] */
    yg_loop_part *outputs;       /* by output: [T, …] */
    double flops;                /* of one iteration */
    bool is_random;              /* the body has random operators */
    struct yg_loop_op *gradient; /* NULL until it is needed for the first time */
    /* By operand: where its cotangent lies in the gradient's result; NULL if it is no float. */
    const yg_loop_part **parts;
    /* The gradient's node is built once for y and its cotangent in a graph, and is asked for again
     * for each operand. */
    const yg_graph *in;
    yg_node y, dy, gradient_of;
    struct yg_loop_op *next; /* the next in the graph's list of loops */
} yg_loop_op;

/* The loop that a descriptor belongs to; NULL for the descriptor of any other operator. */
yg_loop_op *yg_loop_of(const yg_op *op);

/* Makes the operator of a loop; the graph owns it. NULL after a failure; the graph then has the
 * error. */
yg_loop_op *yg_loop_op_new(yg_graph *graph, const yg_loop_spec *spec);
void yg_loop_ops_free(yg_loop_op *first);

/* A part of a flat tensor. It is a view: nothing is copied. */
yg_node yg_loop_take(yg_graph *graph, yg_node flat, const yg_loop_part *part);

/* The kernel, and what it needs from one run to the next. */
bool yg_loop_run(const yg_kernel_call *call, yg_error *error);
void *yg_loop_prepare(const yg_loop_op *loop, yg_error *error);
void yg_loop_release(void *prepared);

/* yg_op.vjp of a loop. */
yg_node yg_loop_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k);

#endif
