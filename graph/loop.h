/*
 * Loops: a node that runs a body T times over slices of sequences. The body is a graph of its own.
 * When it is compiled, the node becomes one unit that holds a program for the body. So the time of
 * a run grows with T, but the size of the plan does not.
 *
 *   for t = 0 … T - 1 (or T - 1 … 0):
 *       carries, outputs[t] = body(carries, slices[t], captured)
 *
 * The gradient of a loop is a loop in the other direction, over the gradient of the body. It needs
 * the carries that went into each iteration. So every loop keeps them, which takes T times the
 * bytes of the carries. A gradient is a loop like any other, and can be differentiated to any
 * order.
 *
 * Values have the bits of the unrolled graph. Gradients of captured tensors may differ in the last
 * bits. They add the iterations in the same order, but the terms of one iteration are summed first.
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

/* A loop's body. All nodes are nodes of `body`. All carries, all outputs, and all slices and
 * captured tensors of a float type must have the same element type. */
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
} yg_loop_spec;

/* Appends a loop to `graph`. `starts` are the first carries. `sequences` have the shape of their
 * slice after a first dimension T. `captured` have the types of the body's inputs. Writes the last
 * carries to `finals`, and the collected outputs, [T, …] each, to `outputs`. False after a failure;
 * the graph then has the error. */
bool yg_loop(yg_graph *graph, const yg_loop_spec *spec, const yg_node *starts,
             const yg_node *sequences, const yg_node *captured, yg_node *finals, yg_node *outputs);

/* The attribute `stream` of a body's random operator in iteration t; t is the index of the slice,
 * whichever direction the loop runs in. If a body is unrolled and its copies are given these
 * streams, they draw the same numbers as the loop. */
int64_t yg_loop_stream(int64_t stream, int64_t t);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
