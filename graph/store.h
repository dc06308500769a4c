/*
 * The node array: how a graph stores its nodes. Private to graph/.
 */
#ifndef YG_GRAPH_STORE_H
#define YG_GRAPH_STORE_H

#include "graph.h"
#include "pool.h"

typedef struct yg_record {
    const yg_op *op;
    const yg_type *type;
    const yg_node *operands;
    const yg_attr *attrs;
    const void *data; /* a constant's bytes; NULL for other nodes */
    const char *name;
    yg_origin origin;
    uint32_t operand_count;
    uint32_t hash; /* 0: the node is never merged, and is not in the table */
} yg_record;

/* A slot of the hash table. It holds the hash too, so that a search seldom has to read a record. */
typedef struct yg_slot {
    uint32_t hash;
    uint32_t index; /* the record's index plus 1; 0: the slot is empty */
} yg_slot;

struct yg_graph {
    const yg_op_set *ops;
    unsigned flags;
    yg_pool *pool; /* everything that a record points to */
    yg_record *records;
    size_t size, capacity;
    yg_slot *table;           /* of records that may be merged, by hash; open addressing */
    size_t table_size;        /* slots: a power of two */
    yg_origin at;             /* the origin of nodes that are added now */
    const char *files[16];    /* file names that origins point to, the latest first */
    const yg_type *types[16]; /* types of recent nodes that no operand had, the latest first */
    yg_type *operand_types;   /* room for yg_store_call() */
    size_t operand_room;      /* of `operand_types`: as many as any node has operands */
    struct yg_loop_op *loops; /* the operators of its loops, which it owns: loop_op.h */
    struct yg_loop_node *latest_gradient; /* of a loop, or NULL: loop_grad.c */
    unsigned depth; /* definitions that are being built one inside the other */
    const struct yg_graph_shards *shards; /* shards.h; NULL: the batch is whole */
    yg_error error;
};

/* The descriptors of leaves. */
extern const yg_op yg_leaf_input, yg_leaf_parameter, yg_leaf_constant;

/* A primitive with several results is one node for its first result and one "result" node for each
 * of the others: its operand is the first, its attribute `index` says which result it is. Builders
 * add them right after the first, so result i of node y is node y + i. The kernel of y computes all
 * of them; a result node computes nothing. */
extern const yg_op yg_result_op;

static inline bool yg_is_result(const yg_record *record) {
    return record->op == &yg_result_op;
}

static inline size_t yg_op_result_count(const yg_op *op) {
    return op->results > 1 ? (size_t)op->results : 1;
}

/* Operators whose equal nodes stay apart, and are never folded: each node is there for itself. */
#define YG_APART (YG_OP_RANDOM | YG_OP_EFFECTS)

/* Whether a node has effects: YG_OP_EFFECTS. */
static inline bool yg_has_effects(const yg_graph *graph, yg_node node) {
    return (graph->records[node].op->flags & YG_OP_EFFECTS) != 0;
}

/* Adds the result node `index` > 0 of node y, which has just been added or found. */
yg_node yg_store_add_result(yg_graph *graph, yg_node y, size_t index, const yg_type *type);

/* The shape rule's view of a node, which is no leaf. The operands' types stand in the graph's own
 * room until the next call of this function for the same graph. */
yg_infer yg_store_call(const yg_graph *graph, yg_node node);

/* A graph that takes its memory from a pool, which must outlive it. Free it with yg_store_free().
 * NULL when out of memory. */
yg_graph *yg_store_new(const yg_op_set *ops, unsigned flags, yg_pool *pool);
void yg_store_free(yg_graph *graph); /* NULL is allowed */

/* Appends a record as it is, name and origin included. It is not merged, and nothing that it points
 * to is copied. */
yg_node yg_store_append(yg_graph *graph, const yg_record *record);

/* The same, but returns the equal record if there is one. */
yg_node yg_store_append_merged(yg_graph *graph, const yg_record *record);

/* Appends a record; what it points to is copied. With `merge`, returns the equal record if there is
 * one. */
yg_node yg_store_add(yg_graph *graph, const yg_record *record, bool merge);

/* As yg_grad(), for several outputs at once. outputs[i] has the cotangent seeds[i]; YG_NONE: none.
 */
bool yg_grad_of_several(yg_graph *graph, const yg_node *outputs, const yg_node *seeds,
                        size_t output_count, const yg_node *wrt, size_t count, yg_node *out);

/* Evaluates an operator on constants and adds a constant node for each result, with these types.
 * False if it cannot be evaluated now, or after a failure. */
bool yg_fold(yg_graph *graph, const yg_infer *call, const yg_node *operands, const yg_type *types,
             yg_node *results);

#endif
