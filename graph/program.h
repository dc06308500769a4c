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

/* After a run, `parameter` holds what `value` was: same type. All updates of a run see the values
 * from before it, and so do outputs, but for an output that is the parameter itself: it has one
 * buffer. A parameter has one update at most. */
typedef struct yg_update {
    yg_node parameter;
    yg_node value;
} yg_update;

enum {
    YG_PROGRAM_NO_PLAN = 1 << 0,   /* no rule and no pass but `dead`: every node in a buffer of its
                                      own, nothing in place: the reference that plans are tested
                                      against */
    YG_PROGRAM_NO_MEMORY = 1 << 1, /* to be looked at only: no buffers, no threads; it cannot be run
                                      or bound to */
    YG_PROGRAM_SMALL_PIECES = 1 << 2, /* for tests: threads share all that has two pieces, however
                                         small, and row loops run a row at a time where their
                                         kernels allow it. Not a bit changes */
};

typedef struct yg_compile_options {
    unsigned flags;
    int threads;                /* 0: all cores */
    const char *const *without; /* names of passes (yg_compile_passes()) and rewriting rules
                                   (yg_op_set.rules, rewrite.h) that are left out */
    size_t without_count;
    const yg_program *beside; /* a program, for another batch size, say, whose threads this one uses
                                 too: the two are then not run at the same time. NULL: none */
    bool recompute; /* trade computing values again for memory, where that lowers the peak most a
                       floating-point operation: not a bit changes. Without the pass `row loop`,
                       which needs more memory */
} yg_compile_options;

/* What compiling does to a program beyond listing its nodes, in the order in which it is done,
 * after the rewriting rules. A program computes the same bits with and without each; a rule may
 * change rounding. */
typedef struct yg_compile_pass {
    const char *name;
    const char *doc; /* a phrase, no full stop */
} yg_compile_pass;

const yg_compile_pass *yg_compile_passes(size_t *count);

/* Compiles what `outputs` and `updates` need. `options` NULL: the defaults. NULL on failure (the
 * graph's own error among them). */
yg_program *yg_compile(const yg_graph *graph, const yg_node *outputs, size_t output_count,
                       const yg_update *updates, size_t update_count,
                       const yg_compile_options *options, yg_error *error);
void yg_program_free(yg_program *program); /* NULL is allowed */

/* The buffer of an input, a parameter or an output: 64-byte aligned, owned by the program unless
 * bound, zero until written. An output's content is valid until the next run. NULL for any other
 * node, and for a constant's or view's buffer use an output. */
void *yg_program_data(yg_program *program, yg_node node);

/* Uses the caller's buffer for an input or a parameter from the next run on, so that programs can
 * share parameters and data need no copy. yg_type_bytes() of it, 64-byte aligned, not overlapping
 * another of this program's, must outlive its use. False (error) for any other node. */
bool yg_program_bind(yg_program *program, yg_node node, void *data, yg_error *error);

/* One run. `seed` and `step` drive the random operators: the same pair gives the same bits. After a
 * failure outputs are undefined, and any of the updates may have been done.
 *
 * On x86 subnormal numbers, those nearer to 0 than 1.2e-38 in f32 and 2.3e-308 in f64, are read and
 * written as 0: they would cost a hundred times as much as others. The caller's own floating-point
 * settings are as before when the run returns. */
bool yg_program_run(yg_program *program, uint64_t seed, uint64_t step, yg_error *error);

/* ----------------------------------------------------------------------------------- looking -- */

typedef struct yg_program_stats {
    size_t instructions;
    int threads;         /* that share its work: 1 where nothing is worth sharing */
    int64_t arena_bytes; /* the peak of everything between inputs and outputs; of what each thread
                            needs for a chunk of rows, so much for each thread */
    int64_t parameter_bytes; /* parameters, their state */
    int64_t unplanned_bytes; /* what the arena would be with a buffer for each node */
    size_t recomputed;       /* values that are computed again: yg_compile_options.recompute */
    double flops;            /* of one run */
} yg_program_stats;

yg_program_stats yg_program_get_stats(const yg_program *program);

/* The instructions as text, one a line, each after its number. Those that run together, a chunk of
 * rows at a time, and those that threads share in one go are indented below a line that says so.
 * NULL when out of memory; freed by the caller. */
char *yg_program_text(const yg_program *program);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
