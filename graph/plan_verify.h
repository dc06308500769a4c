/*
 * Verifies a plan: replays it in order and follows which bytes hold which node, without computing
 * anything. Compiling calls it in the `dev` build (YG_VERIFY). Tests put mistakes into plans and
 * check that it finds them. Private to graph/.
 */
#ifndef YG_GRAPH_PLAN_VERIFY_H
#define YG_GRAPH_PLAN_VERIFY_H

#include "clone.h"

/* Checks a planned program against the request that it was compiled for. The nodes of `request` are
 * those of the program's own graph. False, with an error (YG_ERROR_INTERNAL) that names unit, node
 * and bytes, if
 *
 *   - units, row loops and stages do not cover each other in order;
 *   - a unit reads bytes, or a register, in which it does not find the node that it needs;
 *   - two row loops of one stage write the same bytes, or one writes what the other reads;
 *   - a unit of a row loop writes what another row of the row loop still reads;
 *   - a chunk is read outside of its row loop, or by a unit that needs all rows;
 *   - two kernels of a row loop keep scratch in the same bytes;
 *   - at the end an output, or a parameter that is updated, does not hold its node.
 *
 * It takes n log n for a plan of n reads and writes. */
bool yg_plan_verify(const yg_program *program, const yg_request *request, yg_error *error);

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
 * that it is a part of. Call yg_addresses_free() in any case. */
bool yg_addresses_make(const yg_program *program, yg_addresses *out, yg_error *error);
void yg_addresses_free(yg_addresses *addresses);

/* Appends the reads and writes of a unit, in the order in which they happen. */
bool yg_list_accesses(const yg_addresses *addresses, uint32_t unit, yg_access_list *list,
                      yg_error *error);

/* Fills in *of with the bytes of a node, which may be a view. Fails if it has no memory, or only a
 * chunk. */
bool yg_node_bytes(const yg_addresses *addresses, yg_node node, yg_access *of, yg_error *error);

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
