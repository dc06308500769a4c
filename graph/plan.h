/*
 * A program's parts, private to graph/: what the passes of compiling hand to each other (compile.c
 * calls them in order), and at last to running (direct_calls.c, run.c, group_run.c).
 *
 *   unit      a fused group of elementwise nodes, one whole-tensor kernel, or a copy.
 *   row loop     neighbouring units that run together, a chunk of rows at a time, so that what one
 *             makes is still in the cache when the next one reads it; or one unit.
 *   stage     neighbouring row loops that do not depend on each other: threads share their work in
 *             one go. Stages run in order.
 *   storage   bytes that nodes live in: a leaf's own buffer, or a stretch of the arena. A view
 *             shares its operand's storage.
 *   register  a tile's worth of L1 that a fused group keeps an intermediate result in.
 */
#ifndef YG_GRAPH_PLAN_H
#define YG_GRAPH_PLAN_H

#include "pool.h"
#include "program.h"
#include "store.h"

/* Elements of a tile: with f32, eight registers fill half of a 32 KiB L1. */
#define YG_TILE            512
#define YG_ALIGN           64 /* bytes, of buffers */
#define YG_GROUP_STEPS     64
#define YG_MAX_THREADS     256
#define YG_MOST_PREFETCHES 8
#define YG_NO_UNIT         UINT32_MAX
#define YG_NO_STORAGE      UINT32_MAX
#define YG_NO_REGISTER     UINT16_MAX

/* A group's operand from memory that is not read in step with the result: a broadcast. */
typedef struct yg_load {
    uint32_t storage;
    const void *constant; /* instead of a storage */
    const char *source;   /* resolved */
    uint16_t target;      /* register */
    bool uniform;         /* one element everywhere: filled once a run */
    size_t element;       /* bytes */
    int rank;             /* of the collapsed iteration space … */
    int64_t shape[YG_MAX_RANK];
    int64_t strides[YG_MAX_RANK]; /* … and the source's strides in it, in elements; 0 or dense */
} yg_load;

/* Where a step reads or writes: memory that moves on with the tile, a register, or a tile that is
 * the same everywhere. */
typedef struct yg_place {
    uint32_t storage;     /* YG_NO_STORAGE: see below */
    uint16_t reg;         /* YG_NO_REGISTER: constant */
    uint16_t advance;     /* bytes an element in memory; 0 for a register */
    bool by_chunks;       /* as the storage */
    const void *constant; /* dense, or a whole tile of one element */
    char *base;           /* resolved; for registers that of thread 0 */
} yg_place;

typedef struct yg_step {
    yg_tile tile;
    const yg_attr *attrs;
    yg_place out;
    yg_place *in;
    const void **bases; /* resolved: of `in` */
    uint32_t operand_count;
    yg_node node;
} yg_step;

/* What a kernel may fetch ahead: a place that later units of its row loop use, row by row. */
typedef struct yg_prefetch {
    const yg_place *place;
    int64_t row; /* bytes */
} yg_prefetch;

typedef enum yg_unit_kind { YG_UNIT_GROUP, YG_UNIT_KERNEL, YG_UNIT_COPY } yg_unit_kind;

typedef struct yg_unit {
    yg_unit_kind kind;
    yg_node node;  /* the kernel's; a group's last; the value that is copied */
    yg_node first; /* a group's first member: the chain goes on in yg_compiler.next */

    double flops;
    double cost;    /* what sharing is decided by: FLOPs, or as many as moving the bytes costs */
    int64_t rows;   /* that the work falls into at most; 0: not by rows */
    int64_t grain;  /* of them at a time, at least */
    uint64_t whole; /* operands of a kernel that every row reads all of: bits */
    uint32_t row_loop, stage; /* that it is in */
    uint32_t after;           /* the last unit that reads a parameter which this one writes over */

    /* group */
    int64_t count; /* elements */
    yg_load *loads;
    yg_step *steps; /* one a member */
    uint32_t load_count, step_count;
    const yg_place **streams; /* in memory, to be asked for ahead; each storage once */
    uint32_t stream_count;

    /* kernel */
    yg_kernel kernel;
    yg_kernel_call call;
    size_t scratch, scratch_end; /* where its scratch lies in a thread's */
    yg_prefetch *prefetches;
    uint32_t prefetch_count;
    bool has_chunks;          /* reads or writes a storage of which only a chunk is kept */
    bool joins, may_prefetch; /* yg_op_plan.joins, .prefetches */
    int64_t work;             /* units of work: yg_op_plan.units */
    int64_t scratch_bytes;    /* that it needs */
    void (*release)(void *prepared);
    yg_parts parts;         /* of a reduction that ends a row loop; count 0: any other kernel */
    uint32_t partial;       /* storage of the parts' results */
    void *partial_data;     /* resolved */
    const void *partial_in; /* the same, as the only operand of … */
    yg_kernel finish;

    /* kernel and copy */
    uint32_t target; /* storage */
    uint32_t source; /* of a copy: storage, … */
    yg_node from;    /* … and the node that it holds: a view's operand, or else `node` */
    size_t bytes;    /* of a copy */
    void *copy_to;   /* resolved */
    const void *copy_from;
} yg_unit;

typedef struct yg_row_loop {
    uint32_t begin, end; /* units */
    int64_t rows;        /* 0: one unit, whose own pieces threads share */
    int64_t chunk;       /* rows at a time */
    int64_t chunk_bytes; /* of results that each thread keeps a chunk of */
    int64_t grains;      /* what threads share: chunks, or pieces … */
    int64_t step;        /* … so many at a time, but for the last */
    double cost;
} yg_row_loop;

typedef struct yg_stage {
    uint32_t begin, end; /* row loops */
    bool shared;         /* all threads work on it */
    double cost;
} yg_stage;

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

typedef struct yg_storage {
    int64_t bytes;
    int64_t offset;   /* in the arena; -1: a leaf's own buffer */
    bool bound;       /* that buffer is the caller's */
    uint32_t part_of; /* the storage that it is a stretch of, or YG_NO_STORAGE; … */
    int64_t shift;    /* … from this byte on */
    bool by_chunks;   /* each thread keeps a chunk of its row loop's rows, `shift` bytes on, … */
    int64_t row;      /* … each of so many bytes */
    char *data;       /* resolved */
    void *memory;     /* of a leaf's own buffer: what to free */
    const void *constant; /* instead: a constant's bytes */
    uint32_t first;       /* the unit that writes it first */
    uint32_t last;        /* the stage that uses it last */
    yg_node owner;
} yg_storage;

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

typedef enum yg_pass_index {
#define YG_PASS(name, NAME, doc) YG_PASS_##NAME,
#include "passes.def"
#undef YG_PASS
    YG_PASS_COUNT
} yg_pass_index;

/* What compiling knows of a node. Together, since it is mostly asked together. */
typedef struct yg_plan_node {
    yg_node root;        /* the node whose storage it shares: itself, or through views */
    int64_t offset;      /* of it in the root's storage, in bytes */
    uint32_t unit;       /* YG_NO_UNIT for leaves and for broadcasts that are read in place */
    yg_node next;        /* the next member of its group */
    uint32_t step;       /* its step in its group */
    uint32_t last_unit;  /* of a root: the last unit that reads it, … */
    yg_node last_reader; /* … the last node there that does, … */
    uint32_t other_unit; /* … the last unit but that one, … */
    uint32_t skew_unit; /* … and the last unit that reads other elements of it than it computes */
    bool live;
    bool lasting;   /* an output: its storage is not reused */
    bool updated;   /* a parameter that an update writes */
    bool in_memory; /* read by another unit, or from outside */
} yg_plan_node;

/* What compiling knows on the way. */
typedef struct yg_compiler {
    yg_program *program;
    const yg_graph *graph;
    unsigned flags;
    const yg_compile_options *options; /* or NULL */
    unsigned passes;                   /* that are done: bits 1 << yg_pass_index */
    const yg_node *outputs;
    size_t output_count;
    const yg_update *updates;
    size_t update_count;
    yg_error *error;
    size_t unit_capacity, row_loop_capacity, stage_capacity, storage_capacity;
    yg_plan_node *nodes;
    struct yg_filled *filled; /* group.c */
} yg_compiler;

static inline bool yg_plan_with(const yg_compiler *compiler, yg_pass_index pass) {
    return compiler->passes >> pass & 1;
}

/* The node of the program's graph that stands for one of the caller's, or YG_NONE. */
static inline yg_node yg_program_node(const yg_program *program, yg_node node) {
    return program->node_of ? program->node_of[node] : node;
}

/* Decides on the passes. False for a name that is neither a pass's nor a rule's. */
bool yg_plan_choose(yg_compiler *compiler);

/* Whether a rewriting rule is tried. */
bool yg_plan_with_rule(const yg_compiler *compiler, const yg_rule *rule);

/* Tries the rules. From here on `graph`, `outputs` and `updates` may be the program's own. */
bool yg_plan_rewrite(yg_compiler *compiler);

/* The shape rule's view of a node; `types` has room for its operands. */
yg_infer yg_plan_call(const yg_graph *graph, yg_node node, yg_type *types);

/* How a node is computed, as its operator says. yg_op_plan_release() takes it back. */
yg_op_plan yg_plan_of_node(const yg_graph *graph, yg_node node, bool prepare);

/* Room for one more element behind `count`: the array, or a larger one in its place; NULL, with
 * the array as it was, when out of memory. */
void *yg_plan_grow(yg_compiler *compiler, void *array, size_t count, size_t *capacity,
                   size_t element);

/* ------------------------------------------ the passes in their order, each in pass_NAME.c -- */

/* What is asked of every operand is here, inline. */

/* early: moves updates to where their gradients are. It may change the same as the rules. */
bool yg_plan_early_updates(yg_compiler *compiler);

/* recompute: trades memory for computing again, if that is asked for. It may change the same as the
 * rules. */
bool yg_plan_recompute(yg_compiler *compiler);

/* dead: marks the nodes that are live, and those that must be in memory. */
void yg_plan_mark_live(yg_compiler *compiler);

/* views: finds out whose storage a node shares. Its operands' roots are known. `view`: where in
 * operand 0 it lies, in elements; -1 for nowhere. */
void yg_plan_find_root(yg_compiler *compiler, yg_node node, int64_t view);

/* views: true if a node is only a part of its root, so that element i of the one is not element i
 * of the other. */
static inline bool yg_plan_is_part(const yg_compiler *compiler, yg_node node) {
    const yg_node root = compiler->nodes[node].root;
    return root != node && yg_type_count(compiler->graph->records[node].type) !=
                               yg_type_count(compiler->graph->records[root].type);
}

/* views: lets operands lie in the result that they are joined to. */
bool yg_plan_join(yg_compiler *compiler);

/* fuse: a broadcast that only elementwise nodes use, whose groups stretch its operand as they
 * read. */
static inline bool yg_plan_reads_in_place(const yg_compiler *compiler, yg_node node) {
    return compiler->graph->records[node].op == compiler->graph->ops->broadcast &&
           !compiler->nodes[node].in_memory;
}

/* fuse: puts an elementwise node into a group that is there; false if it can join none. */
bool yg_plan_fuse(yg_compiler *compiler, yg_node node);

/* row loop: joins neighbouring units to row loops. */
bool yg_plan_row_loops(yg_compiler *compiler);

/* row loop: puts the last unit into a row loop and a stage of its own. */
bool yg_plan_add_alone(yg_compiler *compiler);

/* stage: joins neighbouring row loops to stages. */
bool yg_plan_stages(yg_compiler *compiler);

/* stage: makes a stage of one row loop, at the end. */
bool yg_plan_add_stage(yg_compiler *compiler, uint32_t row_loop);

/* memory_error: fail for want of memory and name the largest tensors, with their lines: of inputs,
 * parameters and outputs, or of what a run computes (`bytes` in all; 0: the sum of its results). */
bool yg_plan_fail_leaves(const yg_compiler *compiler);
bool yg_plan_fail_arena(const yg_compiler *compiler, double bytes);

/* stage: decides which stages threads share; false if none. */
bool yg_plan_share(const yg_compiler *compiler);

/* contract: finds results of which a chunk of rows is enough. After the groups' steps are known. */
void yg_plan_chunk_buffers(yg_compiler *compiler);

/* in_place: true if the update's value can be written over the parameter: a fused group, or a
 * kernel that allows it, computes it after everything else has read the parameter, or in step with
 * its last reading. */
bool yg_plan_updates_in_place(const yg_compiler *compiler, const yg_update *update);

/* More of in_place, and reuse, are in offsets.h. */

/* ------------------------------------------------------------------ what the passes act in -- */

/* Cuts the live nodes into units, in running order. */
bool yg_plan_units(yg_compiler *compiler);

/* A new unit at the end, or NULL when out of memory. */
yg_unit *yg_plan_add_unit(yg_compiler *compiler);

/* Notes in a kernel's unit how it is computed. */
void yg_plan_note(yg_compiler *compiler, yg_unit *unit, const yg_op_plan *plan);

/* Finds out what each unit costs and whether it can run by rows. */
void yg_plan_costs(yg_compiler *compiler);

/* Gives every node in memory a storage; updates write in place where they can, and get copies at
 * the end where not. */
bool yg_plan_storages(yg_compiler *compiler);

/* Gives every storage in the arena an offset, by lifetimes. After the groups' steps are known. */
bool yg_plan_offsets(yg_compiler *compiler);

/* Fills in the steps and loads of a group, and its registers. */
bool yg_plan_group(yg_compiler *compiler, yg_unit *unit);

/* --------------------------------------------------------------------------------- running -- */

/* Lists what kernels of row loops may fetch ahead. After the groups' steps are known. */
bool yg_plan_prefetch(yg_compiler *compiler);

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

/* ------------------------------------------------------------------------------- the arena -- */

/* Offsets in one stretch of memory: best fit, freed neighbours are joined. */
typedef struct yg_arena yg_arena;
typedef struct yg_block yg_block;
yg_arena *yg_arena_new(yg_pool *pool);
/* NULL when out of memory, or when the whole is too large to address. `bytes` > 0; offsets are
 * multiples of 64. */
yg_block *yg_arena_take(yg_arena *arena, int64_t bytes);
int64_t yg_block_offset(const yg_block *block);
void yg_arena_give(yg_arena *arena, yg_block *block);
int64_t yg_arena_size(const yg_arena *arena);

#endif
