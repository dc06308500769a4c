/*
 * Compiling: the data that the passes share, and the functions that passes.def lists. Private to
 * graph/. The plan that they make is described in units.h, the program in runtime.h.
 */
#ifndef YG_GRAPH_PLAN_H
#define YG_GRAPH_PLAN_H

#include "runtime.h"

/* What a program has to compute: the arguments of yg_compile(). */
typedef struct yg_request {
    const yg_graph *graph;
    const yg_node *outputs;
    size_t output_count;
    const yg_update *updates;
    size_t update_count;
    bool keeps_dead; /* every node counts as live: the pass `dead` is left out */
} yg_request;

/* Which part of compiling is done. The body of a loop is compiled in two parts, since both ways to
 * run a loop begin with the rewritten body. */
typedef enum yg_compiling {
    YG_COMPILE_ALL,
    YG_COMPILE_GRAPH, /* rewriting only. The program cannot run; its `graph` is the result */
    YG_COMPILE_PLAN,  /* the graph is taken as it is */
} yg_compiling;

/* What the passes know of a node. A large graph has many, so the order of the members leaves no
 * gaps. */
typedef struct yg_plan_node {
    int64_t offset;     /* where it begins in the root's storage, in bytes */
    yg_node root;       /* the node whose storage it shares: itself, or a view's operand's root */
    uint32_t unit;      /* that computes it; YG_NO_UNIT: a leaf, or a broadcast read in place */
    yg_node next;       /* of a member of a group: the next member; the last has none */
    yg_node overwrites; /* of an update: the parameter that it is written over, or YG_NONE */

    /* of a root; the units are YG_NO_UNIT if there is none */
    uint32_t last_unit;  /* the last unit that reads it */
    yg_node last_reader; /* the last node in that unit that reads it */
    uint32_t other_unit; /* the last unit before that one that reads it */
    uint32_t skew_unit;  /* the last unit that, for row r of its work, reads other rows of it too */

    uint8_t step;   /* of a member of a group: its step, less than YG_GROUP_STEPS */
    bool live;      /* an output or an update needs it */
    bool lasting;   /* it is an output, or shares its storage: the bytes are not used again */
    bool updated;   /* a parameter that an update writes */
    bool late;      /* a parameter that is read after all units have run */
    bool in_memory; /* it needs a storage: another unit reads it, or it is asked for */
} yg_plan_node;

/* What the passes know of a unit, and a run does not read. */
typedef struct yg_plan_unit {
    yg_node first;         /* its first member; yg_plan_node.next leads to the others */
    uint32_t member_count; /* of a group; 1 in any other unit */
    uint32_t after;        /* the last unit that reads a parameter which this one writes over: the
                              two must not run at once. YG_NO_UNIT: none */
    double cost;           /* in floating-point operations; moving bytes counts as operations too */
    int64_t rows;          /* the most rows that the work can be cut into; 0: it cannot */
    int64_t min_rows;      /* fewer rows at a time do not pay: yg_op_plan.min_rows */
    int64_t scratch_bytes; /* yg_op_plan.scratch_bytes */
    bool joins;            /* yg_op_plan.joins */
    bool may_prefetch;     /* yg_op_plan.prefetches */
} yg_plan_unit;

/* What the passes know of a storage, and a run does not read. */
typedef struct yg_plan_storage {
    uint32_t first;      /* the unit that writes it first; only of results */
    uint32_t last;       /* the last stage that uses it; YG_NO_UNIT: it is not free again */
    uint32_t over;       /* the storage whose bytes it takes over, or YG_NO_STORAGE */
    bool taken_over;     /* another storage takes over its bytes */
    uint32_t free_after; /* the stage after which its bytes are free, or YG_NO_UNIT */
    uint32_t seen_by;    /* the unit in which `in_place` has met it last */
    bool keeps_chunk;    /* a chunk of rows is enough; decided by the pass `chunk_buffers` */
} yg_plan_storage;

/* The state of compiling. */
typedef struct yg_compiler {
    yg_program *program;
    const yg_graph *graph; /* the caller's, or the program's own clone of it */
    unsigned flags;
    yg_compiling part;
    const yg_compile_options *options; /* or NULL */
    const yg_program *beside; /* a loop's body whose threads this program uses too, or NULL */
    bool drops_dead;          /* the pass `dead` is not left out */
    /* Sets root and offset of a node that may share its operand's storage. NULL if the pass `views`
     * is left out: each node then has its own. The operands' roots must be set before. `view` is
     * where the node begins in operand 0, in elements; -1 if it is no view. */
    void (*find_root)(struct yg_compiler *compiler, yg_node node, int64_t view);
    bool saves_memory; /* the pass `recompute` has run: no row loops, whose units would need their
                          memory at the same time */
    const yg_node *outputs;
    size_t output_count;
    const yg_update *updates;
    size_t update_count;
    yg_error *error;
    size_t unit_capacity;      /* room of program->units */
    size_t known_capacity;     /* room of units */
    size_t row_loop_capacity;  /* room of program->row_loops */
    size_t stage_capacity;     /* room of program->stages */
    size_t storage_capacity;   /* room of program->storages */
    yg_plan_node *nodes;       /* by node; NULL before yg_plan_nodes() */
    yg_plan_unit *units;       /* by unit of the program */
    yg_plan_storage *storages; /* by storage of the program */
    size_t known_storages;     /* room of storages */
    struct yg_filled *filled;  /* tiles of constants: group.c */
    bool verifies;             /* the plan is verified after each pass: plan_verify.h */
    uint64_t verified_layout;  /* then: where storages lay when the plan was replayed last */
    struct yg_before *before;  /* then: the graph before the pass (clone.h); otherwise NULL */
    const struct yg_plan_watch *watch; /* or NULL: plan_verify.h */

    const struct yg_loop_index *loops; /* those that groups may run; NULL: not asked for yet */
} yg_compiler;

/* As yg_compile(), in part. */
yg_program *yg_compile_part(const yg_request *request, const yg_compile_options *options,
                            yg_compiling part, yg_error *error);

/* Runs the table of passes. Fails if the options leave out a name that is neither a pass nor a
 * rule. */
bool yg_plan_make(yg_compiler *compiler);

/* Whether a rewriting rule is tried: false if the options leave it out. */
bool yg_plan_with_rule(const yg_compiler *compiler, const yg_rule *rule);

/* Asks a node's operator for its plan. With `prepare`, yg_op_plan_release() must follow. */
yg_op_plan yg_plan_of_node(const yg_graph *graph, yg_node node, bool prepare);

/* Makes room for one more element after `count`. Returns the array, or a larger one in its place.
 * NULL when out of memory; the array then stays as it was. */
void *yg_plan_grow(yg_compiler *compiler, void *array, size_t count, size_t *capacity,
                   size_t element);

/* ------------------------------------------------------------------------ steps and passes -- */

/* The functions that passes.def lists, in its order. A pass NAME is in pass_NAME.c; the comment on
 * a step names its file. Each returns false after a failure. */

/* Checks outputs and updates. compile.c */
bool yg_plan_check(yg_compiler *compiler);

bool yg_plan_drop_dead(yg_compiler *compiler);

/* Tries the rewriting rules. Like the two passes below it may replace `graph`, `outputs` and
 * `updates` by those of a clone. rewrite.c */
bool yg_plan_rewrite(yg_compiler *compiler);

/* Gives each loop an operator of its own without what the program does not read. loop_trim.c */
bool yg_plan_trim_loops(yg_compiler *compiler);

/* unroll: puts copies of the body in place of short loops. */
bool yg_plan_unroll(yg_compiler *compiler);

/* Moves each node with effects to right behind what it reads. */
bool yg_plan_early_effects(yg_compiler *compiler);

/* Moves each large update to right behind its gradient. */
bool yg_plan_early_updates(yg_compiler *compiler);

/* Computes values again to save memory, if yg_compile_options.recompute asks for it. */
bool yg_plan_recompute(yg_compiler *compiler);

/* Allocates `nodes`. `graph` does not change from here on. compile.c */
bool yg_plan_nodes(yg_compiler *compiler);

/* Mark the nodes that are live, or all, and those that must be in memory. pass_dead.c */
bool yg_plan_mark_live(yg_compiler *compiler);
bool yg_plan_mark_all(yg_compiler *compiler);

/* views: sets `find_root`. */
bool yg_plan_views(yg_compiler *compiler);

/* Put the live nodes into units, in running order: elementwise neighbours in one group, or each
 * node in a unit of its own. */
bool yg_plan_units_fused(yg_compiler *compiler);
bool yg_plan_units_apart(yg_compiler *compiler);

/* Compiles the bodies of the loops that are units. loop_run.c */
bool yg_plan_loop_bodies(yg_compiler *compiler);

/* Works out what each unit costs, and into how many rows it can be cut. cost.c */
bool yg_plan_costs(yg_compiler *compiler);

/* in_place: decides which updates are written over their parameters. */
bool yg_plan_overwrite_parameters(yg_compiler *compiler);

/* Join neighbouring units into row loops, or make each unit a row loop. */
bool yg_plan_row_loops(yg_compiler *compiler);
bool yg_plan_no_row_loops(yg_compiler *compiler);

/* Join neighbouring row loops into stages, or make each row loop a stage. */
bool yg_plan_stages(yg_compiler *compiler);
bool yg_plan_no_stages(yg_compiler *compiler);

/* Gives every node in memory a storage. Appends copies for updates that are not written in place.
 * storage.c */
bool yg_plan_storages(yg_compiler *compiler);

/* views: lets operands of concat be computed in their place in the result. */
bool yg_plan_join(yg_compiler *compiler);

/* Fills in the calls of kernels and the steps of groups. compile.c, group.c */
bool yg_plan_calls(yg_compiler *compiler);

/* Lists what kernels of row loops may fetch ahead. */
bool yg_plan_prefetch(yg_compiler *compiler);

/* Finds results for which a buffer of one chunk of rows is enough. */
bool yg_plan_chunk_buffers(yg_compiler *compiler);

/* in_place: lets results take over the bytes of operands. */
bool yg_plan_take_over(yg_compiler *compiler);

/* Lets results have the bytes of results that are not read again. */
bool yg_plan_reuse(yg_compiler *compiler);

/* Gives every storage in the arena an offset. offsets.c */
bool yg_plan_offsets(yg_compiler *compiler);

/* Decides which stages are shared, and starts threads if one is. compile.c */
bool yg_plan_threads(yg_compiler *compiler);

/* Allocates the program's buffers. compile.c */
bool yg_plan_memory(yg_compiler *compiler);

/* --------------------------------------------------------------------------------- helpers -- */

/* What compiling knows of one of the program's units. */
static inline yg_plan_unit *yg_plan_of_unit(const yg_compiler *compiler, const yg_unit *unit) {
    return &compiler->units[unit - compiler->program->units];
}

/* True if a node is only a part of its root: element i of the node is then not element i of the
 * root. */
static inline bool yg_plan_is_part(const yg_compiler *compiler, yg_node node) {
    const yg_node root = compiler->nodes[node].root;
    return root != node && yg_type_count(compiler->graph->records[node].type) !=
                               yg_type_count(compiler->graph->records[root].type);
}

/* True for a broadcast that only elementwise nodes read. It is never computed: the groups that read
 * it load its operand and stretch it (yg_load). */
static inline bool yg_plan_reads_in_place(const yg_compiler *compiler, yg_node node) {
    return compiler->graph->records[node].op == compiler->graph->ops->broadcast &&
           !compiler->nodes[node].in_memory;
}

/* Puts the live nodes into units. `fuse` puts an elementwise node into an existing group, or
 * returns false if it can join none. `fuse` NULL: no node joins any. units.c */
bool yg_plan_units(yg_compiler *compiler, bool (*fuse)(yg_compiler *compiler, yg_node node));

/* Puts the last unit into a row loop and a stage of its own. */
bool yg_plan_add_alone(yg_compiler *compiler);

/* Appends a stage of one row loop. */
bool yg_plan_add_stage(yg_compiler *compiler, uint32_t row_loop);

/* Fail with YG_ERROR_MEMORY and a message that names the largest tensors and their lines in the
 * model file: the largest leaves, or the largest results. `bytes` is how much was asked for; 0: the
 * sum of the results. Always return false. memory_error.c */
bool yg_plan_fail_leaves(const yg_compiler *compiler);
bool yg_plan_fail_arena(const yg_compiler *compiler, double bytes);

/* Decides which stages threads share. False if it is none. pass_stages.c */
bool yg_plan_share(const yg_compiler *compiler);

/* Appends a unit, which is in no row loop yet. NULL when out of memory. */
yg_unit *yg_plan_add_unit(yg_compiler *compiler, yg_unit_kind kind, yg_node node);

/* Copies a kernel's plan into its unit. */
void yg_plan_note(yg_compiler *compiler, yg_unit *unit, const yg_op_plan *plan);

/* Fills in the steps and loads of a group, and assigns registers. group.c */
bool yg_plan_group(yg_compiler *compiler, yg_unit *unit);

/* Finds the steps of a group that fused loops compute. group_loops.c */
bool yg_plan_group_loops(yg_compiler *compiler, yg_unit *unit);

#endif
