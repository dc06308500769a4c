/*
 * What a plan is made of: the passes of compiling fill it in, and running goes through it. Private
 * to graph/.
 *
 *   unit      a fused group of elementwise nodes, one whole-tensor kernel, or a copy.
 *   row loop  neighbouring units that run together, a chunk of rows at a time, so that what one
 *             makes is still in the cache when the next one reads it; or one unit.
 *   stage     neighbouring row loops that do not depend on each other: threads share their work in
 *             one go. Stages run in order.
 *   storage   bytes that nodes live in: a leaf's own buffer, or a stretch of the arena. A view
 *             shares its operand's storage.
 *   register  a tile's worth of L1 that a fused group keeps an intermediate result in.
 */
#ifndef YG_GRAPH_UNITS_H
#define YG_GRAPH_UNITS_H

#include "graph.h"

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
    double cost;      /* what sharing is decided by: FLOPs, or as many as moving the bytes costs */
    int64_t rows;     /* that the work falls into at most; 0: not by rows */
    int64_t min_rows; /* of them at a time, at least */
    uint64_t whole;   /* operands of a kernel that every row reads all of: bits */
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

    uint32_t result_count; /* of a kernel with several results; 0: one, `node` */
    yg_node *results;      /* by result: its node, or YG_NONE where nobody reads it */
    void **outs;           /* resolved: by result */

    /* kernel and copy */
    uint32_t target; /* storage, of the first result */
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
    int64_t pieces;      /* what threads share: chunks, or pieces … */
    int64_t step;        /* … so many at a time, but for the last */
    double cost;
} yg_row_loop;

typedef struct yg_stage {
    uint32_t begin, end; /* row loops */
    bool shared;         /* all threads work on it */
    double cost;
} yg_stage;

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
    uint32_t over;        /* while offsets are given out: whose bytes it takes over, or
                             YG_NO_STORAGE */
    bool taken_over;      /* by another */
    uint32_t free_after;  /* the stage after which its bytes are free, or YG_NO_UNIT */
    uint32_t first;       /* the unit that writes it first */
    uint32_t last;        /* the stage that uses it last */
    yg_node owner;
} yg_storage;

/* Before offsets are given out they are 0 there. */
static inline bool yg_is_in_arena(const yg_storage *storage) {
    return !storage->constant && storage->offset >= 0;
}

#endif
