/*
 * A program: a graph compiled to a flat list of instructions over one arena.
 *
 * Compiling decides everything: order, buffers, kernels. Running allocates nothing. The graph must
 * outlive its programs. A program is run by one thread at a time; different programs may run at
 * the same time unless they share bound buffers.
 */
#ifndef YG_GRAPH_PROGRAM_H
#define YG_GRAPH_PROGRAM_H

#include "graph.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_program yg_program;

/* After a run, `parameter` holds what `value` was in the run. Both must have the same type, and a
 * parameter may have one update at most. All updates and outputs of a run are computed from the
 * values before the run. One exception: an output that is the parameter itself shows the new value,
 * because a parameter has only one buffer. */
typedef struct yg_update {
    yg_node parameter;
    yg_node value;
} yg_update;

enum {
    /* No rule, and no pass but `dead`: every node has a buffer of its own and nothing is written in
     * place. Tests compare other plans with this one. */
    YG_PROGRAM_NO_PLAN = 1 << 0,
    /* Allocates no buffers and starts no threads. The program can be looked at, but not run or
     * bound to. */
    YG_PROGRAM_NO_MEMORY = 1 << 1,
    /* For tests: threads share every stage of two or more pieces, however small, and row loops run
     * one row at a time where their kernels allow it. No bit of the results changes. */
    YG_PROGRAM_SMALL_PIECES = 1 << 2,
};

typedef struct yg_compile_options {
    unsigned flags; /* YG_PROGRAM_… */
    int threads;    /* 0: one for each core that the process may use */
    /* Names of passes (yg_compile_passes()) and rewriting rules (yg_op_set.rules, rewrite.h) to
     * leave out. An unknown name is an error. */
    const char *const *without;
    size_t without_count;
    /* A program whose threads this one uses too, for instance the same model for another batch
     * size. The two must then not run at the same time. NULL: threads of its own. */
    const yg_program *beside;
    /* The other program's memory for results is used too, if it is large enough. Then each program
     * writes over the results of the other: an output is valid until the next run of either, and
     * is not zero before the first. */
    bool shares_memory;
    /* Computes values again instead of keeping them, where that saves the most memory for the time.
     * No bit of the results changes. The pass `row_loops` is then left out, since it needs more
     * memory. */
    bool recompute;
} yg_compile_options;

/* A pass of the compiler. A program computes the same bits with a pass and without it. (A rewriting
 * rule may change rounding.) */
typedef struct yg_compile_pass {
    const char *name; /* for yg_compile_options.without */
    const char *doc;  /* a phrase, no full stop */
} yg_compile_pass;

/* All passes, in the order in which they are done. Static. */
const yg_compile_pass *yg_compile_passes(size_t *count);

/* Compiles the nodes that `outputs` and `updates` need. `options` may be NULL: the defaults. The
 * arrays are not needed afterwards; the graph is. NULL on failure: the graph has an error already,
 * a node does not exist, an update does not fit its parameter, a name in `without` is unknown, or
 * there is not enough memory. */
yg_program *yg_compile(const yg_graph *graph, const yg_node *outputs, size_t output_count,
                       const yg_update *updates, size_t update_count,
                       const yg_compile_options *options, yg_error *error);
void yg_program_free(yg_program *program); /* NULL is allowed */

/* The buffer of an input, a parameter or an output: dense, row-major, 64-byte aligned. It belongs
 * to the program unless the caller has bound it, and is zero until it is written. An output's
 * content is valid until the next run. NULL for any other node: make it an output to read it. */
void *yg_program_data(yg_program *program, yg_node node);

/* Makes an input or a parameter use the caller's buffer from the next run on. So programs can share
 * parameters, and data need not be copied. The buffer must have yg_type_bytes() bytes, be 64-byte
 * aligned, overlap no other buffer of the program, and outlive the program or the next binding.
 * False, with *error set, for any other node. */
bool yg_program_bind(yg_program *program, yg_node node, void *data, yg_error *error);

/* Runs the program once. `seed` and `step` drive the random operators: the same pair gives the same
 * bits. False after a failure (a class index out of range, for one): outputs are then undefined,
 * and some of the updates may have been done.
 *
 * On x86, subnormal numbers are read and written as 0, since they would take a hundred times as
 * long as others. They are those nearer to 0 than 1.2e-38 in f32 and 2.3e-308 in f64. The caller's
 * own floating-point settings are restored when the run returns. */
bool yg_program_run(yg_program *program, uint64_t seed, uint64_t step, yg_error *error);

/* Goes on with the last run, which has failed: the kernel that failed is called again, and then all
 * that follows it. For operators that wait for something, and so fail until it is there. */
bool yg_program_go_on(yg_program *program, yg_error *error);

/* ----------------------------------------------------------------------------------- looking -- */

typedef struct yg_program_stats {
    size_t instructions;     /* units: fused groups, kernels and copies */
    int threads;             /* that share its work; 1 if nothing is worth sharing */
    int64_t arena_bytes;     /* memory for results, with the chunks of all threads */
    int64_t parameter_bytes; /* parameters, an optimizer's state included */
    int64_t unplanned_bytes; /* what arena_bytes would be with a buffer for each node */
    size_t recomputed;       /* values that are computed again: yg_compile_options.recompute */
    double flops;            /* floating-point operations of one run */
    int64_t buffer_bytes;    /* inputs, constants, and what kernels of all threads need */
} yg_program_stats;

yg_program_stats yg_program_get_stats(const yg_program *program);

/* The instructions as text: one in a line, after its number. The instructions of a row loop and of
 * a stage that threads share are indented below a line that says so. NULL when out of memory; freed
 * by the caller. */
char *yg_program_text(const yg_program *program);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
