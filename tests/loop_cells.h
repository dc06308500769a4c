/*
 * Loops for tests: bodies of many kinds, each as a loop and written out.
 */
#ifndef YG_TESTS_LOOP_CELLS_H
#define YG_TESTS_LOOP_CELLS_H

#include "compiled.h"
#include "graph/loop.h"

enum { BATCH = 3, WIDTH = 5, MOST = 12 };

/* One letter for each input of a body: r [BATCH, WIDTH], s and t [WIDTH, WIDTH],
 * g [WIDTH, 4 WIDTH], b [WIDTH], i [BATCH] of integers. */
typedef struct cell {
    const char *name;
    const char *carries, *slices, *captured, *outputs;
    /* `in` has the carries, the slices, the captured tensors. t is the iteration in a graph that is
     * written out, or -1 in a body. */
    void (*build)(yg_graph *g, const yg_node *in, int64_t t, yg_node *next, yg_node *outputs);
    bool is_random;
    bool sums_differ; /* several nodes read a carry: see the order of sums in loop.h */
} cell;

extern const cell loop_cells[];
extern const size_t loop_cell_count;

/* The element type of all floats. */
extern yg_dtype loop_real;

/* The type of an input. */
yg_type loop_type(char letter);

/* A dropout mask of type 'r'. */
yg_node loop_mask(yg_graph *g, int64_t stream);

typedef enum loop_way { AS_A_UNIT, UNROLLED, AS_THE_PASS_LIKES, WRITTEN_OUT } loop_way;

/* A graph with a cell that runs `iterations` times. */
typedef struct subject {
    yg_graph *g;
    yg_node leaves[MOST], finals[MOST], outputs[MOST]; /* leaves: starts, sequences, captured */
    size_t leaf_count;
    yg_node shown[4 * MOST]; /* values, then first gradients, then second ones */
    size_t value_count, first_count, shown_count;
} subject;

/* `order`: up to which gradients are made; 0: none. */
subject loop_subject(const cell *cell, int64_t iterations, bool reversed, loop_way way, int order);

/* Adds the same loop once more, on the same leaves, as one unit that runs backwards. */
void loop_repeat(subject *subject, const cell *cell, int64_t iterations);

/* Compiles what is shown, fills in all leaves and runs once. */
yg_program *loop_compute(const subject *subject, const yg_compile_options *options);

#endif
