/*
 * Compiling: what the passes know, and what passes.def lists. Private to graph/. What they make is
 * in units.h and runtime.h.
 */
#ifndef YG_GRAPH_PLAN_H
#define YG_GRAPH_PLAN_H

#include "runtime.h"

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
    bool lasting;       /* an output: its storage is not reused */
    bool updated;       /* a parameter that an update writes */
    bool late;          /* a parameter that is read when all units have run */
    yg_node overwrites; /* of an update: the parameter that it is written over, or YG_NONE */
    bool in_memory;     /* read by another unit, or from outside */
} yg_plan_node;

/* What compiling knows on the way. */
typedef struct yg_compiler {
    yg_program *program;
    const yg_graph *graph;
    unsigned flags;
    const yg_compile_options *options; /* or NULL */
    bool drops_dead;                   /* the pass `dead` is done */
    /* Finds out whose storage a node shares; NULL: each has its own. Its operands' roots are known.
     * `view`: where in operand 0 it lies, in elements; -1 for nowhere. */
    void (*find_root)(struct yg_compiler *compiler, yg_node node, int64_t view);
    bool saves_memory; /* values are computed again: what runs together would need its memory
                          together */
    const yg_node *outputs;
    size_t output_count;
    const yg_update *updates;
    size_t update_count;
    yg_error *error;
    size_t unit_capacity, row_loop_capacity, stage_capacity, storage_capacity;
    yg_plan_node *nodes;
    struct yg_filled *filled; /* group.c */
} yg_compiler;

/* Goes through the table of passes. False, too, for a name to leave out that is neither a pass's
 * nor a rule's. */
bool yg_plan_make(yg_compiler *compiler);

/* Whether a rewriting rule is tried. */
bool yg_plan_with_rule(const yg_compiler *compiler, const yg_rule *rule);

/* The shape rule's view of a node; `types` has room for its operands. */
yg_infer yg_plan_call(const yg_graph *graph, yg_node node, yg_type *types);

/* How a node is computed, as its operator says. yg_op_plan_release() takes it back. */
yg_op_plan yg_plan_of_node(const yg_graph *graph, yg_node node, bool prepare);

/* Room for one more element behind `count`: the array, or a larger one in its place; NULL, with
 * the array as it was, when out of memory. */
void *yg_plan_grow(yg_compiler *compiler, void *array, size_t count, size_t *capacity,
                   size_t element);

/* ------------------------------------- what passes.def lists, in its order; a pass NAME is in
   pass_NAME.c, and a step in the file that stands behind it -- */

/* Checks outputs and updates. compile.c */
bool yg_plan_check(yg_compiler *compiler);

bool yg_plan_drop_dead(yg_compiler *compiler);

/* Tries the rules. From here on `graph`, `outputs` and `updates` may be the program's own.
 * rewrite.c */
bool yg_plan_rewrite(yg_compiler *compiler);

/* Moves updates to where their gradients are. It may change the same as the rules. */
bool yg_plan_early_updates(yg_compiler *compiler);

/* Trades memory for computing again, if that is asked for. It may change the same as the rules. */
bool yg_plan_recompute(yg_compiler *compiler);

/* From here on there is `nodes`. compile.c */
bool yg_plan_nodes(yg_compiler *compiler);

/* Marks the nodes that are live, and those that must be in memory. pass_dead.c */
bool yg_plan_mark_live(yg_compiler *compiler);

/* Lets nodes share their operands' storage: sets `find_root`. */
bool yg_plan_views(yg_compiler *compiler);

/* Cut the live nodes into units, in running order: neighbours together, or each its own. */
bool yg_plan_units_fused(yg_compiler *compiler);
bool yg_plan_units_apart(yg_compiler *compiler);

/* Finds out what each unit costs and whether it can run by rows. cost.c */
bool yg_plan_costs(yg_compiler *compiler);

/* in_place: finds the updates that can be written over their parameters. */
bool yg_plan_overwrite_parameters(yg_compiler *compiler);

/* Join neighbouring units to row loops, or leave each alone. */
bool yg_plan_row_loops(yg_compiler *compiler);
bool yg_plan_no_row_loops(yg_compiler *compiler);

/* Join neighbouring row loops to stages, or leave each alone. */
bool yg_plan_stages(yg_compiler *compiler);
bool yg_plan_no_stages(yg_compiler *compiler);

/* Gives every node in memory a storage; updates that cannot be written in place get copies at the
 * end. storage.c */
bool yg_plan_storages(yg_compiler *compiler);

/* views: lets operands lie in the result that they are joined to. */
bool yg_plan_join(yg_compiler *compiler);

/* Fills in what units call, and with what. compile.c, group.c */
bool yg_plan_calls(yg_compiler *compiler);

/* Lists what kernels of row loops may fetch ahead. */
bool yg_plan_prefetch(yg_compiler *compiler);

/* Finds results of which a chunk of rows is enough. */
bool yg_plan_chunk_buffers(yg_compiler *compiler);

/* in_place: lets results take over the bytes of operands. */
bool yg_plan_take_over(yg_compiler *compiler);

/* Lets results have the bytes of what is not read again. */
bool yg_plan_reuse(yg_compiler *compiler);

/* Gives every storage in the arena an offset. offsets.c */
bool yg_plan_offsets(yg_compiler *compiler);

/* Verifies the plan, in the `dev` build. compile.c */
bool yg_plan_check_plan(yg_compiler *compiler);

/* Decides who works on what, before memory for each thread is allocated. compile.c */
bool yg_plan_threads(yg_compiler *compiler);

/* Allocates what the program owns. compile.c */
bool yg_plan_memory(yg_compiler *compiler);

/* ------------------------------------------------------------- what passes and steps share -- */

/* True if a node is only a part of its root, so that element i of the one is not element i
 * of the other. */
static inline bool yg_plan_is_part(const yg_compiler *compiler, yg_node node) {
    const yg_node root = compiler->nodes[node].root;
    return root != node && yg_type_count(compiler->graph->records[node].type) !=
                               yg_type_count(compiler->graph->records[root].type);
}

/* True for a broadcast that only elementwise nodes use, whose groups stretch its operand as they
 * read. */
static inline bool yg_plan_reads_in_place(const yg_compiler *compiler, yg_node node) {
    return compiler->graph->records[node].op == compiler->graph->ops->broadcast &&
           !compiler->nodes[node].in_memory;
}

/* Cuts the live nodes into units. `fuse`, if there is one, puts an elementwise node into a group
 * that is there; false if it can join none. */
bool yg_plan_units(yg_compiler *compiler, bool (*fuse)(yg_compiler *compiler, yg_node node));

/* Puts the last unit into a row loop and a stage of its own. */
bool yg_plan_add_alone(yg_compiler *compiler);

/* Makes a stage of one row loop, at the end. */
bool yg_plan_add_stage(yg_compiler *compiler, uint32_t row_loop);

/* memory_error.c: fail for want of memory and name the largest tensors, with their lines: of
 * inputs, parameters and outputs, or of what a run computes (`bytes` in all; 0: the sum of its
 * results). */
bool yg_plan_fail_leaves(const yg_compiler *compiler);
bool yg_plan_fail_arena(const yg_compiler *compiler, double bytes);

/* Decides which stages threads share; false if none. pass_stages.c */
bool yg_plan_share(const yg_compiler *compiler);

/* A new unit at the end, or NULL when out of memory. */
yg_unit *yg_plan_add_unit(yg_compiler *compiler);

/* Notes in a kernel's unit how it is computed. */
void yg_plan_note(yg_compiler *compiler, yg_unit *unit, const yg_op_plan *plan);

/* Fills in the steps and loads of a group, and its registers. */
bool yg_plan_group(yg_compiler *compiler, yg_unit *unit);

#endif
