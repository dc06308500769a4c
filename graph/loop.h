/*
 * Loops: a node that runs a body T times over slices of sequences. The body is a graph of its own.
 *
 *   for t = 0 … T - 1 (or T - 1 … 0, if the loop is reversed):
 *       carries, outputs[t] = body(carries, slices[t], captured)
 *
 * A compiled program does this in one of two ways. Both give the same bits.
 *
 *   one unit   holds a program for the body and runs it T times. The time of a run grows with T,
 *              but the plan and the time of compiling do not.
 *   unrolled   the pass `unroll` puts T copies of the body in place of the loop. The plan grows
 *              with T. In return a run need not move slices and results, threads share what is
 *              independent, and the gradient reads what the loop itself has computed.
 *
 * A loop that is left to the pass is unrolled if its copies have few nodes: see yg_loop_unroll.
 *
 * The gradient of a loop is a loop in the other direction, over the gradient of the body. It can be
 * differentiated to any order. It reads values that the body has computed in each iteration. The
 * loop keeps those that are read, T times their bytes; what nothing reads is not kept.
 *
 * The order of sums. The cotangent of a captured tensor is a sum over iterations, from the one that
 * runs last to the one that runs first. Within an iteration, the users of the tensor add to the sum
 * one after the other, the last in the body first. So it is one chain of additions, the same that
 * yg_grad() makes of a graph in which a caller has written out the iterations. Such a graph can
 * still differ in the last bits, for three reasons:
 *
 *   - Rewriting rules may join operators of several iterations there.
 *   - Several nodes of the body read a carry. Their cotangents are added to each other first, and
 *     then to what reaches the carry from elsewhere.
 *   - The body has a loop. What that adds to the cotangent of a tensor is added up first.
 *
 * Random operators in the body draw other numbers in each iteration: see yg_loop_stream().
 */
#ifndef YG_GRAPH_LOOP_H
#define YG_GRAPH_LOOP_H

#include "graph.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a loop and its gradients are unrolled. No choice changes a bit. */
typedef enum yg_loop_unroll {
    YG_UNROLL_SHORT,  /* if the iterations times the nodes of the body are at most
                         YG_UNROLL_NODES. A loop in the body counts with what it would become */
    YG_UNROLL_ALWAYS, /* unless the pass `unroll` is left out */
    YG_UNROLL_NEVER,
} yg_loop_unroll;

/* See YG_UNROLL_SHORT. Compiling so many nodes takes about a millisecond. */
#define YG_UNROLL_NODES 512

/* A loop's body. All nodes are nodes of `body`. Each input of the body is listed once, as a carry,
 * a slice or a captured tensor; a body has no parameters. */
typedef struct yg_loop_spec {
    yg_graph *body;         /* the outer graph owns it from now on, after a failure too */
    const yg_node *carries; /* inputs: the carries from the iteration before */
    const yg_node *next;    /* the carries to the next iteration, of the same types */
    size_t carry_count;
    const yg_node *slices; /* inputs: one slice of each sequence */
    size_t slice_count;
    const yg_node *captured; /* inputs: tensors that are the same in each iteration */
    size_t captured_count;
    const yg_node *outputs; /* results that are collected from each iteration */
    size_t output_count;
    int64_t iterations; /* T >= 1 */
    bool reversed;      /* iterations run from the last slice to the first */
    yg_loop_unroll unroll;
} yg_loop_spec;

/* Appends a loop to `graph`. `starts` are the first carries. `sequences` have the shape of their
 * slice after a first dimension T. `captured` have the types of the body's inputs. Writes the last
 * carries to `finals`, and the collected outputs, [T, …] each, to `outputs`. False after a failure;
 * the graph then has the error. */
bool yg_loop(yg_graph *graph, const yg_loop_spec *spec, const yg_node *starts,
             const yg_node *sequences, const yg_node *captured, yg_node *finals, yg_node *outputs);

/* The loop that an operator is; NULL for any other operator. In its body carries are parameters,
 * and `outputs` are all that are collected, for gradients too. */
const yg_loop_spec *yg_loop_spec_of(const yg_op *op);

/* A random operator draws numbers by its attribute `stream`. In iteration t of a loop its stream is
 * yg_loop_stream(stream, t); t is the index of the slice, whichever direction the loop runs in. In
 * a loop within a loop it is yg_loop_stream(yg_loop_stream(stream, t), u), where t is the inner
 * iteration and u the outer one. So a caller who writes out the iterations can draw the same
 * numbers.
 *
 * Bodies number their random operators from 0, each for itself. Two loops of one graph would
 * therefore draw the same numbers. So loop n, counted from 0 among the loops with random operators
 * in the order in which they were added to the graph, passes what comes of this through
 * yg_loop_stream(…, -n) once more, if n > 0. */
int64_t yg_loop_stream(int64_t stream, int64_t t);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
