/*
 * A compiled program: the data that a run reads, and the functions that it calls. Private to
 * graph/.
 */
#ifndef YG_GRAPH_RUNTIME_H
#define YG_GRAPH_RUNTIME_H

#include "pool.h"
#include "program.h"
#include "store.h"
#include "units.h"

typedef enum yg_direct_kind {
    YG_DIRECT_TILE,   /* one step of a group that fits one tile */
    YG_DIRECT_LOOP,   /* a fused loop of such a group */
    YG_DIRECT_LOAD,   /* a load of such a group */
    YG_DIRECT_FILL,   /* the same, for a single element */
    YG_DIRECT_KERNEL, /* a kernel that threads do not share */
    YG_DIRECT_STAGE,  /* any other stage: run.c decides what to call */
} yg_direct_kind;

/* A call whose arguments are all known when the program is compiled: see direct_calls.c. */
typedef struct yg_direct_call {
    yg_direct_kind kind;
    union {
        yg_tile tile;
        const yg_group_loop *loop;
        const yg_load *load;
        const void *from; /* of a fill: the element that is repeated */
        yg_kernel kernel;
        const yg_stage *stage;
    };
    void *out;    /* of a tile, load or fill: where it writes */
    size_t count; /* of a tile, loop, load or fill: elements that it writes */
    union {
        const void *const *in; /* of a tile */
        size_t element;        /* of a fill: bytes of an element */
    };
    union {
        const yg_attr *attrs; /* of a tile */
        yg_kernel_call *call; /* of a kernel */
    };
} yg_direct_call;

struct yg_program {
    const yg_graph *graph; /* the graph that was compiled: the caller's, or `own` */
    yg_graph *own;         /* a clone of the caller's graph, or NULL; owned */
    yg_node *node_of;      /* of a clone: by node of the caller's graph, the node of `graph` that
                              stands for it, or YG_NONE */
    yg_node *source_of;    /* of a clone: by node of `graph`, the caller's that it was made of */
    yg_pool *pool;
    struct yg_loop_op *loops; /* made for this program: loop_trim.c */
    int64_t body_bytes;       /* memory for the results of loops' bodies */
    int body_threads;         /* the most threads that share the work of a loop's body, or 0 */
    yg_unit *units;
    size_t unit_count;
    yg_row_loop *row_loops;
    size_t row_loop_count;
    yg_stage *stages;
    size_t stage_count;
    yg_direct_call *direct_calls; /* a run does these, one after the other */
    size_t direct_call_count, direct_call_capacity;
    yg_storage *storages;
    size_t storage_count;
    uint32_t *storage_of; /* by node of `graph`; YG_NO_STORAGE if it has none */
    bool *visible;        /* by node of `graph`: yg_program_data() gives it out */
    size_t node_count;    /* nodes of the caller's graph when it was compiled; it may grow later */
    char *arena;          /* results; shared by all threads */
    int64_t arena_bytes;
    char *chunks;          /* results that are kept by chunks: `threads` times chunk_bytes */
    int64_t chunk_bytes;   /* of one thread */
    char *registers;       /* `threads` times register_count tiles of doubles */
    size_t register_count; /* of one thread */
    char *scratch;         /* `threads` times scratch_bytes */
    size_t scratch_bytes;  /* of one thread */
    int threads;
    struct yg_threads *pool_of_threads; /* NULL if no stage is worth sharing */
    struct yg_loop_part *parts;         /* of all shared stages: see shares.h */
    struct yg_stretch_left *left;       /* by thread: its part of the stage that runs */
    yg_error *errors;                   /* by thread */
    uint32_t *failed_at;   /* by thread: the slot of the stage at which it failed, or UINT32_MAX */
    uint64_t seed, step;   /* of the current run */
    size_t stopped_at;     /* the direct call at which it failed */
    bool is_resolved;      /* the resolved pointers are right: no buffer was bound since */
    size_t resolved_units; /* a count for tests: units that were resolved, over all times */
    struct yg_memory *arena_memory, *chunk_memory, *scratch_memory; /* perhaps another program's
                                                                       too; NULL: none */
    double *own_seconds; /* scratch of timed runs: what each thread takes for the units of a stage,
                            one thread after the other */
    bool *touched;       /* by storage: scratch of profile.c, false between calls */
    yg_program_stats stats;
};

/* The bytes of a register of thread 0. */
static inline char *yg_program_register(const yg_program *program, uint16_t reg) {
    return program->registers + (size_t)reg * YG_TILE * sizeof(double);
}

/* The node of the program's graph that stands for one of the caller's, or YG_NONE. */
static inline yg_node yg_program_node(const yg_program *program, yg_node node) {
    return program->node_of ? program->node_of[node] : node;
}

/* Fills `count` elements of `to` with the element at `from`. `element` is its size: 1, 4 or 8. */
void yg_fill(void *to, const void *from, size_t element, size_t count);

/* Writes elements [start, start + count) of a broadcast to `to`. */
void yg_load_run(const yg_load *load, void *to, int64_t start, int64_t count);

/* Computes elements [begin, end) of all members of a group, in thread `thread`. */
void yg_group_run(const yg_program *program, const yg_unit *unit, int64_t begin, int64_t end,
                  int thread);

/* Lists the direct calls. The units must be resolved, and it must be known which stages threads
 * share. False when out of memory, which can happen the first time only. */
bool yg_program_list_direct_calls(yg_program *program);

/* Fills in the resolved pointers of every unit and lists the direct calls, unless they are still
 * right. A run calls this, not yg_program_bind(): otherwise binding n parameters would go through
 * the whole program n times. False when out of memory, which can happen the first time only. */
bool yg_program_resolve(yg_program *program);

/* Calls see(context, at) for each resolved pointer *at that a run reads through. A pointer may be
 * changed there, until the program is resolved the next time. */
void yg_program_visit_reads(yg_program *program, void (*see)(void *context, const void **at),
                            void *context);

#endif
