/*
 * A loop as an operator of its own. Private to graph/.
 *
 *   loop.c         builds the operator and its node
 *   loop_hoist.c   takes out of the body what is the same in each iteration
 *   loop_grad.c    differentiates it
 *   loop_trim.c    leaves out what a program does not read, when it is compiled
 *   pass_unroll.c  puts copies of the body in its place
 *   loop_run.c     runs it
 *
 * Operands of the node: the starts, the sequences, the captured tensors.
 * Results: the finals, then the collected outputs. After the caller's outputs come two kinds that
 * only gradients read: the carries that went into each iteration, and what else the body computes.
 * A result that is not read takes no memory and no work.
 */
#ifndef YG_GRAPH_LOOP_OP_H
#define YG_GRAPH_LOOP_OP_H

#include "clone.h"
#include "loop.h"

typedef struct yg_loop_gradient yg_loop_gradient; /* loop_grad.c */

/* In the body of a loop that has been built a carry is a parameter, and its next value is meant to
 * be its update. So rules can see that a sum may be added to in place. */
typedef struct yg_loop_op {
    yg_op op;            /* must be the first member: a pointer to it is cast to its loop */
    yg_loop_spec spec;   /* `outputs` are all that are collected, not only the caller's. They stand
                            right behind `next` in memory */
    yg_node *arrays;     /* the arrays of the spec */
    yg_type *results;    /* by result */
    size_t result_count; /* entries of results: carry_count + output_count */
    double flops;        /* of one iteration */
    double nodes;        /* of the body; a loop that would be unrolled counts with its copies */
    bool is_random;      /* the body has random operators */
    bool is_gradient;    /* made by yg_grad(), not by a caller */
    int64_t depth;       /* the most entries that loops in the body add to YG_LOOP_WITHIN */
    yg_graph *owner;     /* the graph that frees the loop; NULL: it was trimmed for a program */
    yg_program *trimmed; /* of a trimmed loop: owns the body; otherwise NULL */
    yg_loop_gradient *gradients; /* those that have been asked for so far */
    struct yg_loop_op *next;     /* the next loop of the same owner */
} yg_loop_op;

/* The only attribute of a loop's node, YG_ATTR_INTS. The streams of its random operators pass
 * through yg_loop_stream(…, w) for each entry w: the iterations of the loops that it runs in or was
 * copied from, innermost first, each followed by what that loop itself has here. Its own number
 * comes before them. See yg_loop_stream(). */
enum { YG_LOOP_WITHIN };

/* The loop that a descriptor belongs to; NULL for the descriptor of any other operator. */
yg_loop_op *yg_loop_of(const yg_op *op);

/* Makes the operator of a loop without checking the spec. Takes copies of the spec's arrays. If
 * `owner` is a graph, it owns the loop and its body. NULL after a failure; a body that it would own
 * is then freed. */
yg_loop_op *yg_loop_op_new(yg_graph *owner, const yg_loop_spec *spec, yg_error *error);

/* The same, with further outputs that the loop's gradients can read. */
yg_loop_op *yg_loop_op_with_kept(yg_graph *owner, const yg_loop_spec *spec, yg_error *error);

void yg_loop_ops_free(yg_loop_op *first);
void yg_loop_gradients_free(yg_loop_gradient *first);

/* Builds in `graph` those nodes of the body that depend on captured tensors only, and makes them
 * captured tensors. `captured` and `given` (nodes of the body, and of `graph`) have *count entries
 * and room for as many more as the body has nodes. */
bool yg_loop_hoist(yg_graph *graph, const yg_loop_spec *spec, yg_node *captured, yg_node *given,
                   size_t *count);

/* Adds a node. `results` has room for all results. */
bool yg_loop_apply(yg_graph *graph, const yg_loop_op *loop, const yg_node *operands,
                   const yg_attr *within, yg_node *results);

/* The type of T slices in one tensor, after a first dimension T. False if it is too large or has
 * too many dimensions. */
bool yg_loop_sequence_type(const yg_type *slice, int64_t iterations, yg_type *type,
                           yg_error *error);

/* Sets varies[node], which must be false before, for each node of the body that may differ from
 * iteration to iteration. */
void yg_loop_find_varying(const yg_loop_spec *spec, bool *varies);

/* Writes to `room` the attributes that a random operator of the body has in iteration t. `within`
 * is the attribute of the loop's node. */
void yg_loop_attrs(const yg_record *record, const yg_attr *within, int64_t t, yg_attr *room);

/* Whether a loop is to be unrolled: see yg_loop_unroll. */
bool yg_loop_is_short(const yg_loop_op *loop);

/* yg_op.vjp_all of a loop. */
yg_node yg_loop_vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k);

/* The kernel. It runs the body's program, which yg_plan_loop_bodies() has made. */
bool yg_loop_run(const yg_kernel_call *call, yg_error *error);

#endif
