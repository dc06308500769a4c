/*
 * Verifying a plan: replays it in order over byte intervals, without computing anything. Private to
 * graph/; compiling calls it in the `dev` build (YG_VERIFY), and tests plant mistakes for it to
 * find.
 */
#ifndef YG_GRAPH_PLAN_VERIFY_H
#define YG_GRAPH_PLAN_VERIFY_H

#include "clone.h"

/* Checks a planned program against what it was asked for; `request` is in nodes of the program's
 * own graph. False, with *error (YG_ERROR_INTERNAL) naming unit, node and bytes, where
 *
 *   - units, row loops and stages do not cover each other in order;
 *   - a unit reads bytes, or a register, in which it does not find the node that it needs;
 *   - two row loops of one stage write the same bytes, or one writes what the other reads;
 *   - a unit of a row loop writes what another row of the row loop still reads;
 *   - a chunk is read outside of its row loop, or as if all of its rows were there;
 *   - two kernels of a row loop keep scratch in the same bytes;
 *   - at the end an output, or a parameter that is updated, does not hold its node.
 *
 * It takes n log n for a plan of n reads and writes. */
bool yg_plan_verify(const yg_program *program, const yg_request *request, yg_error *error);

/* ---------------------------------------------------------- reads and writes, plan_access.c -- */

/* Bytes that a unit reads or writes. Addresses are those of one imaginary memory in which the
 * arena, one thread's chunks, and the buffers of leaves lie side by side. */
typedef struct yg_access {
    int64_t begin, end;
    uint32_t unit;
    uint32_t step; /* of a group: its step */
    yg_node node;  /* that the bytes must hold, or hold from now on: bytes [offset, offset + …) */
    int64_t offset;
    bool writes;
    bool in_step;      /* row r of the unit's work touches row r only */
    bool at_end;       /* when all row loops of the stage are done, by the unit's `finish` */
    uint32_t chunk_of; /* the row loop in whose chunks they lie, or YG_NO_UNIT */
    bool joined;       /* an operand that lies in the unit's own result: yg_op.place */
} yg_access;

typedef struct yg_access_list {
    yg_access *items;
    size_t count, capacity;
} yg_access_list;

/* What reading and writing is told in terms of. */
typedef struct yg_addresses {
    const yg_program *program;
    int64_t *of;         /* by storage: its first byte */
    int64_t end;         /* of the imaginary memory */
    bool *made;          /* by node: some unit computes it */
    yg_node *root;       /* by node: the node whose bytes it is a part of, itself perhaps … */
    int64_t *offset;     /* … and from which byte of it on */
    uint32_t *joined_in; /* by storage: the unit in whose result it lies, as yg_op.place says */
    yg_node *held;       /* by register: what it holds; scratch of a group's replay */
} yg_addresses;

/* Also checks that storages lie within what they are parts of. Freed with yg_addresses_free() in
 * any case. */
bool yg_addresses_make(const yg_program *program, yg_addresses *out, yg_error *error);
void yg_addresses_free(yg_addresses *addresses);

/* Appends the reads and writes of a unit in their order. */
bool yg_list_accesses(const yg_addresses *addresses, uint32_t unit, yg_access_list *list,
                      yg_error *error);

/* The bytes of a node that has some; `of` is its own root or a view. */
bool yg_node_bytes(const yg_addresses *addresses, yg_node node, yg_access *of, yg_error *error);

/* Records an internal error about a unit: "the plan is wrong: unit 7 (matmul, %12 h): …". */
bool yg_plan_is_wrong(const yg_program *program, uint32_t unit, yg_error *error, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* ------------------------------------------------------- who wrote which bytes, written.c -- */

/* Remembers, for every byte of an interval, who wrote it last; both calls take log n. */
typedef struct yg_written yg_written;

/* `cuts` are all addresses at which an interval can begin or end, in any order, repeated or not.
 * NULL when out of memory. */
yg_written *yg_written_new(const int64_t *cuts, size_t count);
void yg_written_free(yg_written *written); /* NULL is allowed */

#define YG_WRITTEN_BY_NONE    UINT32_MAX
#define YG_WRITTEN_BY_SEVERAL (UINT32_MAX - 1)

void yg_written_note(yg_written *written, int64_t begin, int64_t end, uint32_t writer);
uint32_t yg_written_by(const yg_written *written, int64_t begin, int64_t end);

#endif
