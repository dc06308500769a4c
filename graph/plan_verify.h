/*
 * Verifies a plan after each pass, without computing anything: in the `dev` build (YG_VERIFY), and
 * where a test asks for it. An error then names the pass. Private to graph/.
 *
 * The verifier does not believe the passes that it checks: it works everything out again, from the
 * graph and from what will be run.
 */
#ifndef YG_GRAPH_PLAN_VERIFY_H
#define YG_GRAPH_PLAN_VERIFY_H

#include "clone.h"

/* -------------------------------------------------------- after each pass, plan_verify_….c -- */

/* What passes.def asks after a pass or step. Each returns false with an error (YG_ERROR_INTERNAL)
 * that names nodes and units. */

/* The graph is well-formed, and has a node of the right type for each output and update. It has the
 * nodes with effects that the graph before the pass had, in the same order. After rewriting rules,
 * which may change what is computed. */
bool yg_verify_rewritten(yg_compiler *compiler);

/* The same, and every node is a copy of a node of the graph before the pass, with copies of its
 * operands. So the new graph computes what the old one did. */
bool yg_verify_copied(yg_compiler *compiler);

/* The same, and no node is computed twice. */
bool yg_verify_reordered(yg_compiler *compiler);

/* Exactly what outputs and updates need is live, and what kernels use is kept in memory. */
bool yg_verify_live(yg_compiler *compiler);

/* A view lies where it says in bytes that exist. Each live node is computed by exactly one unit.
 * A unit reads only what units before it compute, or earlier members of its group. The readers that
 * are noted for each node are its readers. Units with effects are in the order of the graph. */
bool yg_verify_units(yg_compiler *compiler);

/* Each unit has a cost and a number of rows that are possible. The readers that are noted for each
 * node are its readers still. */
bool yg_verify_costs(yg_compiler *compiler);

/* Nothing reads a parameter after an update has been written over it. */
bool yg_verify_overwrites(yg_compiler *compiler);

/* Row loops cover the units in order. All units of a row loop can run in its rows, and row r of a
 * unit needs only row r of what the row loop computes. */
bool yg_verify_row_loops(yg_compiler *compiler);

/* The same, and stages cover the row loops in order. No row loop reads what another one of its
 * stage computes, or a parameter that another one writes. A unit with effects is a stage. */
bool yg_verify_stages(yg_compiler *compiler);

/* The same, once more, since copies of values to parameters have been appended. Each node that is
 * kept has bytes that are large enough, in a storage that is kept until its last use. */
bool yg_verify_storages(yg_compiler *compiler);

/* The same of nodes and storages. An operand that is computed in its place in a result lies in that
 * place. */
bool yg_verify_joined(yg_compiler *compiler);

/* Replays the plan (yg_plan_verify() below) before there are offsets: each storage has bytes of its
 * own, except where it takes over those of another. */
bool yg_verify_calls(yg_compiler *compiler);

/* What kernels fetch ahead is used later in their row loop. */
bool yg_verify_prefetches(yg_compiler *compiler);

/* As yg_verify_calls(), and no storage is free before its last use. */
bool yg_verify_reuse(yg_compiler *compiler);

/* Replays the plan with the bytes that it will have. */
bool yg_verify_offsets(yg_compiler *compiler);

/* Called after each pass and step, with the name of the function that has run. Tests spoil the plan
 * there, to see that the verifier finds it. */
typedef struct yg_plan_watch {
    void (*after)(void *context, yg_compiler *compiler, const char *function);
    void *context;
} yg_plan_watch;

/* yg_compile() for tests: verifies the plan after each pass in every build, and calls `watch`
 * before that. compile.c */
yg_program *yg_compile_watched(const yg_request *request, const yg_compile_options *options,
                               const yg_plan_watch *watch, yg_error *error);

/* ---------------------------------------------------------------------- replaying, plan_verify.c
 */

/* Replays a plan: goes through its stages and follows which bytes hold which node. The nodes of
 * `request` are those of the program's own graph. `planned`: of storages that have no offset yet;
 * NULL: all have. False, with an error (YG_ERROR_INTERNAL) that names unit, node and bytes, if
 *
 *   - units, row loops and stages do not cover each other in order;
 *   - a unit reads bytes, or a register, in which it does not find the node that it needs;
 *   - two row loops of one stage write the same bytes, or one writes what the other reads;
 *   - a unit of a row loop writes what another row of the row loop still reads;
 *   - a chunk is read outside of its row loop, or by a unit that needs all rows;
 *   - two kernels of a row loop keep scratch in the same bytes;
 *   - nodes with effects do not run once each, in order, and alone;
 *   - at the end an output, or a parameter that is updated, does not hold its node.
 *
 * It takes n log n for a plan of n reads and writes. */
bool yg_plan_verify(const yg_program *program, const yg_request *request,
                    const yg_plan_storage *planned, yg_error *error);

/* Whether the stages cover all row loops in order, and the row loops all units. */
bool yg_plan_is_covered(const yg_program *program, yg_error *error);

/* Whether each node with effects of the program's graph is run by one unit, in the order of the
 * graph. With `has_stages`, also whether these units run alone, and so do loops whose bodies use
 * the threads. */
bool yg_plan_effects_are_right(const yg_program *program, bool has_stages, yg_error *error);

/* --------------------------------------------------------------- reads of nodes, plan_reads.c --
 */

/* A read of one operand by one member of a unit. */
typedef struct yg_read {
    uint32_t unit;
    yg_node reader;
    uint32_t k;        /* operand k of `reader`. 0 of a copy to a parameter, whose node is read */
    yg_node operand;   /* of a broadcast that is read in place: its source */
    yg_node broadcast; /* then the broadcast, otherwise YG_NONE */
    bool stretched;    /* then true */
    yg_node root;      /* of the operand */
    uint32_t maker;    /* the unit that computes the root; YG_NO_UNIT: a leaf */
} yg_read;

/* Asks `visit` for each read, unit by unit and member by member, until it returns false. */
typedef bool yg_read_visitor(void *context, const yg_read *read);
bool yg_each_read(const yg_compiler *compiler, yg_read_visitor *visit, void *context);

/* By parameter: the value that an update writes over it, or YG_NONE. Freed by the caller; NULL when
 * out of memory. */
yg_node *yg_find_writers(const yg_compiler *compiler);

/* ---------------------------------------------------------- reads and writes, plan_access.c -- */

/* One read or write of a unit. Addresses are those of an imaginary memory: first the arena, then
 * the chunks of one thread, then the buffers of leaves and constants. */
typedef struct yg_access {
    int64_t begin, end; /* the addresses */
    uint32_t unit;
    uint32_t step;     /* of a group: its step */
    yg_node node;      /* the root that the bytes hold: before a read, after a write */
    int64_t offset;    /* of the first byte within that node */
    bool writes;       /* otherwise it reads */
    bool in_step;      /* row r of the unit's work touches only row r */
    bool at_end;       /* it happens when all row loops of the stage are done, in yg_unit.finish */
    uint32_t chunk_of; /* the row loop whose chunks the bytes lie in, or YG_NO_UNIT */
    bool joined;       /* an operand that lies in the unit's own result: yg_op_plan.joins */
} yg_access;

typedef struct yg_access_list {
    yg_access *items;
    size_t count, capacity;
} yg_access_list;

/* Where everything lies in the imaginary memory. */
typedef struct yg_addresses {
    const yg_program *program;
    int64_t *of;         /* by storage: the address of its first byte */
    int64_t end;         /* the size of the imaginary memory */
    bool *made;          /* by node: a unit computes it */
    yg_node *root;       /* by node: the node whose bytes it shares; itself if it is no view */
    int64_t *offset;     /* by node: its first byte within its root */
    uint32_t *joined_in; /* by storage: the unit in whose result it lies (yg_op_plan.joins), or
                            YG_NO_UNIT */
    yg_node *held;       /* by register: the node in it; scratch for replaying a group */
} yg_addresses;

/* Fills in *out. Fails if a storage lies outside of the arena, of the chunks, or of the storage
 * that it is a part of. `planned` as in yg_plan_verify(). Call yg_addresses_free() in any case. */
bool yg_addresses_make(const yg_program *program, const yg_plan_storage *planned, yg_addresses *out,
                       yg_error *error);
void yg_addresses_free(yg_addresses *addresses);

/* Appends the reads and writes of a unit, in the order in which they happen. */
bool yg_list_accesses(const yg_addresses *addresses, uint32_t unit, yg_access_list *list,
                      yg_error *error);

/* Fills in *of with the bytes of a node, which may be a view. Fails if it has no memory, or only a
 * chunk. */
bool yg_node_bytes(const yg_addresses *addresses, yg_node node, yg_access *of, yg_error *error);

/* The largest number of rows R such that, with both tensors cut into R rows, row r of a broadcast
 * from `source` to `target` needs only row r of its source. */
int64_t yg_rows_in_step(const yg_type *source, const yg_type *target);

/* Records an internal error about a unit: "the plan is wrong: unit 7 (matmul, %12 h): …". With
 * YG_NO_UNIT no unit is named. Always returns false. */
bool yg_plan_is_wrong(const yg_program *program, uint32_t unit, yg_error *error, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* ------------------------------------------------------- who wrote which bytes, written.c -- */

/* Remembers, for every byte, the number of the write that wrote it last. For n cuts, the two calls
 * below take time proportional to log n. */
typedef struct yg_written yg_written;

/* `cuts` are all addresses at which an interval can begin or end, in any order; they may repeat.
 * NULL when out of memory. */
yg_written *yg_written_new(const int64_t *cuts, size_t count);
void yg_written_free(yg_written *written); /* NULL is allowed */

#define YG_WRITTEN_BY_NONE    UINT32_MAX       /* no write has touched some of the bytes */
#define YG_WRITTEN_BY_SEVERAL (UINT32_MAX - 1) /* different writes have touched them */

/* Bytes [begin, end) are written by `writer`; both must be cuts. */
void yg_written_note(yg_written *written, int64_t begin, int64_t end, uint32_t writer);
/* Which write has written bytes [begin, end): its number, or one of the two above. */
uint32_t yg_written_by(const yg_written *written, int64_t begin, int64_t end);

#endif
