/*
 * Loops: one node runs a body, a graph of its own, T times over slices of sequences. Compiled, the
 * node is one unit that holds a program of the body, so time grows with T and the plan does not.
 *
 *   for t = 0 … T - 1 (or T - 1 … 0):
 *       carries, outputs[t] = body(carries, slices[t], captured)
 *
 * The gradient of a loop is a loop in the other direction over the gradient of the body. It reads
 * what was carried into each iteration, which every loop therefore collects: T times the carries'
 * bytes. A gradient is differentiated like any other loop, to any order.
 *
 * Values have the bits of the unrolled graph. Gradients of what is captured add the iterations up
 * in the same order, but what one iteration adds is summed first, so their last bits can differ.
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

/* A body: inputs and results are nodes of `body`. All carries and outputs, and all slices and
 * captured tensors that are floats, have one element type. */
typedef struct yg_loop_spec {
    yg_graph *body; /* the loop's from now on, also after a failure: freed with the outer graph */
    const yg_node *carries; /* inputs: what the iteration before has made … */
    const yg_node *next;    /* … and what this one makes of it, of the same types */
    size_t carry_count;
    const yg_node *slices; /* inputs: one slice of each sequence */
    size_t slice_count;
    const yg_node *captured; /* inputs: the same in each iteration */
    size_t captured_count;
    const yg_node *outputs; /* kept for each iteration */
    size_t output_count;
    int64_t iterations; /* T >= 1 */
    bool reversed;      /* the last slice first */
} yg_loop_spec;

/* Appends a loop to `graph`. `starts` are the first carries; `sequences` have a first dimension of
 * T before their slices' shapes; `captured` are of the types of the body's inputs. `finals` are the
 * last carries, and `outputs` are [T, …]. False after a failure, which is the graph's. */
bool yg_loop(yg_graph *graph, const yg_loop_spec *spec, const yg_node *starts,
             const yg_node *sequences, const yg_node *captured, yg_node *finals, yg_node *outputs);

/* The attribute `stream` that a random operator of a body has in iteration `t`, counted along the
 * sequence in either direction. Who unrolls a body gives its copies these streams and draws the
 * same numbers: they depend on seed, step, stream and element, as everywhere. */
int64_t yg_loop_stream(int64_t stream, int64_t t);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
