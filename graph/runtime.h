/*
 * A compiled program: what a run reads, and what it calls. Private to graph/.
 */
#ifndef YG_GRAPH_RUNTIME_H
#define YG_GRAPH_RUNTIME_H

#include "pool.h"
#include "program.h"
#include "store.h"
#include "units.h"

typedef enum yg_direct_kind {
    YG_DIRECT_TILE,
    YG_DIRECT_LOAD,
    YG_DIRECT_FILL,
    YG_DIRECT_KERNEL,
    YG_DIRECT_STAGE,
} yg_direct_kind;

/* A call with nothing left to decide: see direct_calls.c. */
typedef struct yg_direct_call {
    yg_direct_kind kind;
    union {
        yg_tile tile;
        const yg_load *load;
        const void *from; /* of a fill: the element */
        yg_kernel kernel;
        const yg_stage *stage;
    };
    void *out;    /* of all but kernels and stages, … */
    size_t count; /* … its elements */
    union {
        const void *const *in; /* of a tile */
        size_t element;        /* of a fill: bytes */
    };
    union {
        const yg_attr *attrs; /* of a tile */
        yg_kernel_call *call; /* of a kernel */
    };
} yg_direct_call;

struct yg_program {
    const yg_graph *graph; /* that the units are of */
    yg_graph *own;         /* the same, where it is a clone of the caller's; otherwise NULL, and
                              so are … */
    yg_node *node_of;      /* by node of the caller's: what stands for it in `graph`, or YG_NONE */
    yg_node *source_of;    /* by node of `graph`: the caller's that it was made from */
    yg_pool *pool;
    yg_unit *units;
    size_t unit_count;
    yg_row_loop *row_loops;
    size_t row_loop_count;
    yg_stage *stages;
    size_t stage_count;
    yg_direct_call *direct_calls; /* what a run does */
    size_t direct_call_count, direct_call_capacity;
    yg_storage *storages;
    size_t storage_count;
    uint32_t *storage_of; /* by node; YG_NO_STORAGE where it has none */
    bool *visible;        /* by node: yg_program_data() gives it out */
    size_t node_count;    /* the caller's when it was compiled: the graph may have grown since */
    char *arena;
    int64_t arena_bytes;
    char *chunks; /* of all threads, each has chunk_bytes: results kept by chunks */
    int64_t chunk_bytes;
    char *registers; /* of all threads */
    size_t register_count;
    char *scratch;
    size_t scratch_bytes; /* of one thread */
    int threads;
    struct yg_threads *pool_of_threads; /* NULL where no unit is large enough to share */
    yg_error *errors;                   /* by thread */
    bool *failed;                       /* by thread */
    uint64_t seed, step;                /* of the run */
    bool is_resolved;      /* no buffer was bound since units were pointed at their memory … */
    size_t resolved_units; /* … which has been done for so many, all times together */
    double *own_seconds;   /* by unit: scratch of timed runs */
    yg_program_stats stats;
};

/* Thread 0's. */
static inline char *yg_program_register(const yg_program *program, uint16_t reg) {
    return program->registers + (size_t)reg * YG_TILE * sizeof(double);
}

/* The node of the program's graph that stands for one of the caller's, or YG_NONE. */
static inline yg_node yg_program_node(const yg_program *program, yg_node node) {
    return program->node_of ? program->node_of[node] : node;
}

/* Makes `count` elements of `to` what the one in `from` is. */
void yg_fill(void *to, const void *from, size_t element, size_t count);

/* Elements [start, start + count) of a broadcast. */
void yg_load_run(const yg_load *load, void *to, int64_t start, int64_t count);

/* The elements [begin, end) of a group. */
void yg_group_run(const yg_program *program, const yg_unit *unit, int64_t begin, int64_t end,
                  int thread);

/* Lists the direct calls, when the units are resolved and it is known what threads share. False
 * when out of memory, the first time only. */
bool yg_program_list_direct_calls(yg_program *program);

/* Points every unit at its memory and lists the direct calls, unless that is done and no buffer was
 * bound since. So binding each of n parameters costs n, not n times the program. False when out of
 * memory, the first time only. */
bool yg_program_resolve(yg_program *program);

#endif
