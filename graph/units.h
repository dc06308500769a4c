/*
 * The parts of a plan. The passes of compiling fill them in, and running goes through them. Private
 * to graph/.
 *
 *   unit      The smallest piece of a plan: a fused group of elementwise nodes, one whole-tensor
 *             kernel, or a copy.
 *   row loop  Neighbouring units that run together, a chunk of rows at a time. What one unit writes
 *             is then still in the cache when the next one reads it. A unit that runs alone is
 *             also a row loop, with rows = 0.
 *   stage     Neighbouring row loops that do not depend on each other. Threads share the work of a
 *             stage and wait for each other at its end. Stages run in order.
 *   storage   The bytes of a tensor: a leaf's own buffer, or a part of the arena. A view has the
 *             storage of its operand.
 *   register  A tile's worth of memory, meant to stay in the L1 cache, in which a fused group keeps
 *             an intermediate result. Each thread has its own registers.
 *
 * "Resolved" members are pointers that are filled in when the buffers are known, and again when the
 * caller has bound another buffer.
 */
#ifndef YG_GRAPH_UNITS_H
#define YG_GRAPH_UNITS_H

#include "graph.h"
#include "zeros.h"

/* Elements of a tile. Eight registers of f32 fill half of an L1 cache of 32 KiB. */
#define YG_TILE            512
#define YG_SHORT_TILE      256 /* of a group that waits for memory: group.c */
#define YG_ALIGN           64  /* buffers begin at multiples of this many bytes: a cache line */
#define YG_GROUP_STEPS     64  /* the most steps of a group */
#define YG_GROUP_STREAMS   32  /* the most places in memory that a group fetches ahead */
#define YG_MAX_THREADS     256 /* the most threads of a program */
#define YG_MOST_PREFETCHES 8   /* the most places that a kernel is told to fetch */
#define YG_NO_UNIT         UINT32_MAX
#define YG_NO_STORAGE      UINT32_MAX
#define YG_NO_REGISTER     UINT16_MAX
#define YG_NO_LOAD         UINT32_MAX

/* A broadcast that a group reads: each tile of it is loaded into a register. Its dimensions are
 * merged where possible; shape and strides are what is left. */
typedef struct yg_load {
    uint32_t storage;             /* of the broadcast's operand; YG_NO_STORAGE: a constant */
    const void *constant;         /* the operand's bytes if it is a constant, otherwise NULL */
    const char *source;           /* resolved: the operand's bytes */
    uint16_t target;              /* the register */
    bool uniform;                 /* one element for the whole result */
    bool steady;                  /* the same for all tiles of a call: loaded once a call */
    size_t element;               /* bytes of an element */
    int rank;                     /* entries of shape and strides */
    int64_t shape[YG_MAX_RANK];   /* of the result */
    int64_t strides[YG_MAX_RANK]; /* of the operand, in elements; 0 along a stretched dimension */
} yg_load;

/* Where a step of a group reads an operand or writes its result. There are three kinds:
 * memory    `storage` is one. Element i lies at base + i * advance.
 * register  `reg` is one, `storage` is YG_NO_STORAGE, and advance is 0.
 * constant  `constant` is set, and the two others are not.
 * A large program has many, so the members leave no gaps. */
typedef struct yg_place {
    uint32_t storage;     /* or YG_NO_STORAGE */
    uint16_t reg;         /* or YG_NO_REGISTER */
    uint8_t advance;      /* bytes from one element to the next; 0: each tile is the same */
    bool by_chunks;       /* the storage holds a chunk only: yg_storage.by_chunks */
    const void *constant; /* a constant's bytes; with advance 0, a tile filled with one element */
    char *base;           /* resolved: element 0, or the register of thread 0 */
} yg_place;

/* One member of a group. */
typedef struct yg_step {
    yg_tile tile;
    const yg_attr *attrs;
    yg_place out;
    yg_place *in;           /* by operand */
    const void **bases;     /* resolved: in[k].base for each operand */
    uint32_t operand_count; /* entries of in and bases */
    yg_node node;
} yg_step;

/* A place that later units of the row loop use, row by row. A kernel may fetch it ahead. */
typedef struct yg_prefetch {
    const yg_place *place;
    int64_t row; /* bytes of a row of the row loop there */
} yg_prefetch;

/* Where a fused loop finds a value in its group. */
typedef struct yg_loop_place {
    uint8_t value;   /* of the loop */
    bool is_result;  /* of the step `index`; otherwise an operand */
    uint16_t index;  /* of an operand: its number among those of all steps of the group */
    uint32_t load;   /* of a broadcast: its number among the group's loads; otherwise YG_NO_LOAD */
    yg_place *place; /* of the step */
} yg_loop_place;

/* Steps of a group that one loop computes: fused_loop.h. */
typedef struct yg_group_loop {
    const struct yg_fused_loop *loop;
    uint32_t first, operand_count; /* its first step; the operands of its steps */
    yg_loop_place *places;         /* place_count of them */
    uint32_t place_count;
    void **at; /* resolved, by value: where it is for thread 0 and the first tile */
} yg_group_loop;

/* Elementwise nodes that run together, a tile at a time. */
typedef struct yg_group {
    int64_t count;       /* elements of each member */
    int64_t tile;        /* elements of a tile: at most YG_TILE or YG_SHORT_TILE; all of them if
                            the group is nothing but loops over memory */
    int64_t row;         /* tiles end where rows of so many elements do, and loops over memory run a
                            row at a time: within it each load that is not steady is one element, or
                            lies in its operand. 0: nothing like that is needed, or rows are short */
    yg_load *loads;      /* load_count of them */
    yg_step *steps;      /* step_count of them, one for each member */
    uint32_t load_count; /* entries of loads */
    uint32_t step_count; /* entries of steps */
    const yg_place **streams; /* places in memory that the group fetches ahead; each storage once */
    uint32_t stream_count;    /* entries of streams; 0: the group does not fetch */
    uint32_t loop_count;      /* entries of loops */
    yg_group_loop *loops;     /* loops in place of steps, in the order of these */
} yg_group;

#define YG_LINE_ELEMENTS 16 /* of f32 in a cache line; wider ones take several lines */

/* How many cache lines of f32 a step fetches of each stream. All steps fetch the first half of the
 * next tile. The processor notices that, and fetches the second half by itself. */
static inline uint32_t yg_group_fetched_lines(const yg_group *group) {
    const uint32_t lines = (uint32_t)group->tile / 2 / YG_LINE_ELEMENTS;
    return (lines + group->step_count - 1) / group->step_count;
}

/* One operator on whole tensors, or on some rows of them. */
typedef struct yg_kernel_unit {
    yg_kernel run;
    yg_kernel_call call;             /* what is the same in each call */
    uint32_t target;                 /* the storage of the first result */
    uint32_t result_count;           /* of a kernel with several results; 0: one, yg_unit.node */
    yg_node *results;                /* by result: its node, or YG_NONE if nothing reads it */
    void **outs;                     /* resolved, by result: its bytes */
    int64_t work;                    /* units of work: yg_op_plan.units */
    uint64_t whole;                  /* bit k: each row of the kernel reads all of operand k */
    bool is_alone;                   /* a loop whose body shares its work among threads: nothing may
                                        run beside it */
    bool has_chunks;                 /* an operand or result is kept by chunks */
    size_t scratch;                  /* where its scratch begins in a thread's scratch memory */
    size_t scratch_end;              /* where it ends */
    yg_prefetch *prefetches;         /* prefetch_count of them */
    uint32_t prefetch_count;         /* entries of prefetches */
    void (*release)(void *prepared); /* yg_op_plan.release */

    /* A reduction in parts in a row loop. In any other kernel parts.count is 0. */
    yg_parts parts;
    int64_t reduced;        /* elements of operand 0 */
    uint32_t partial;       /* the storage of the parts' results */
    void *partial_data;     /* resolved: its bytes */
    const void *partial_in; /* resolved: the same, as operand 0 of parts.finish */
    yg_kernel finish;       /* parts.finish */
} yg_kernel_unit;

/* Bytes that are moved as they are. */
typedef struct yg_copy {
    uint32_t target;         /* the storage that is written */
    uint32_t source;         /* the storage that is read */
    yg_node from;            /* the node in it: the operand of a view, or else yg_unit.node */
    bool is_view;            /* yg_unit.node is a view of `from`, which the unit computes */
    size_t bytes;            /* how many */
    void *target_data;       /* resolved */
    const void *source_data; /* resolved */
} yg_copy;

typedef enum yg_unit_kind { YG_UNIT_GROUP, YG_UNIT_KERNEL, YG_UNIT_COPY } yg_unit_kind;

/* A member of the union may be read only when `kind` has been asked. */
typedef struct yg_unit {
    yg_unit_kind kind;
    yg_node node;      /* a kernel's node; a group's last member; the value that is copied */
    uint32_t row_loop; /* that it belongs to */
    uint32_t stage;    /* that it belongs to */
    double flops;      /* of one run */
    union {
        yg_group group;
        yg_kernel_unit kernel;
        yg_copy copy;
    };
} yg_unit;

typedef struct yg_row_loop {
    uint32_t begin, end; /* its units [begin, end) */
    int64_t rows;        /* 0: a single unit, which does not run by rows */
    int64_t chunk;       /* rows at a time */
    int64_t chunk_bytes; /* for each thread: its chunks of results that are kept by chunks */
    int64_t pieces;      /* what threads share: chunks, or the unit's own pieces if rows is 0 */
    int64_t step; /* a thread takes a multiple of this many pieces; the last takes the rest */
    double cost;  /* of its units */
    int64_t slot; /* in a shared stage: pieces of a slot, see shares.h */
    uint32_t first_slot; /* the number of its first slot in the stage */
} yg_row_loop;

typedef struct yg_stage {
    uint32_t begin, end; /* its row loops [begin, end) */
    bool shared;         /* all threads work on it; otherwise the calling thread alone */
    double cost;         /* of its row loops */
    uint32_t slots;      /* of all its row loops, if it is shared */
    size_t first_part;   /* where its parts begin in yg_program.parts, if it is shared */
} yg_stage;

/* Where the bytes of a storage are. */
typedef enum yg_storage_kind {
    YG_STORAGE_LEAF,     /* in a buffer of its own: an input or a parameter */
    YG_STORAGE_CONSTANT, /* in the graph */
    YG_STORAGE_ARENA,    /* in the arena */
    YG_STORAGE_PART,     /* in another storage, which is no part itself and not kept by chunks */
    YG_STORAGE_CHUNK,    /* in each thread's chunks: only the rows of the thread's current chunk */
} yg_storage_kind;

/* A member of the union may be read only when `kind` has been asked. */
typedef struct yg_storage {
    yg_storage_kind kind;
    bool bound;    /* a leaf's buffer is the caller's */
    yg_node owner; /* the node that it was made for */
    int64_t bytes; /* of the whole tensor */
    char *data;    /* resolved: its first byte; not of a constant */
    union {
        yg_untouched memory;  /* of a leaf: its buffer, if the program owns it */
        const void *constant; /* its bytes */
        int64_t offset;       /* in the arena */
        struct {
            uint32_t of;   /* the other storage */
            int64_t shift; /* where it begins in it, in bytes */
        } part;
        struct {
            uint32_t row_loop; /* that writes and reads it */
            int64_t shift;     /* where it begins in a thread's chunks, in bytes */
            int64_t row;       /* bytes of a row of the row loop */
        } chunk;
    };
} yg_storage;

/* Whether it is a part of storage `whole`. */
static inline bool yg_is_part_of(const yg_storage *storage, uint32_t whole) {
    return storage->kind == YG_STORAGE_PART && storage->part.of == whole;
}

#endif
