/*
 * Passes by name, for `show --passes` and `--without`: simplifications while a graph is built,
 * rewriting rules, and passes of the compiler. Each can be left out.
 */
#ifndef YG_CLI_PASSES_H
#define YG_CLI_PASSES_H

#include "../train/training_step.h"
#include "options.h"

#define OPTION_WITHOUT                                                                             \
    {                                                                                              \
        .name = "without", .kind = OPTION_TEXTS, .argument = "PASS[,PASS]",                        \
        .doc = "leave passes out (repeatable), as `show` lists them"                               \
    }

typedef struct pass {
    const char *name, *doc;
    unsigned graph_flag; /* for a simplification: the flag that leaves it out; else 0 */
    bool left_out;       /* --without names it */
} pass;

/* All passes in the order in which they act: simplifications, rewriting rules, compiler passes. */
typedef struct passes {
    size_t count;
    pass *list;
    const char **names; /* room for the names that passes_apply() gives to the compiler */
} passes;

/* Lists all passes, and marks those that --without leaves out; the command must have
 * OPTION_WITHOUT. False after a message; freed by passes_free() in either case. */
bool passes_read(const command_line *line, const yg_op_set *set, passes *out);
void passes_free(passes *passes);

/* The index of a pass, or passes->count after a message with the nearest name. */
size_t passes_find(const passes *passes, const char *name);

/* Sets `options` so that they leave out the passes that --without names, and all passes from number
 * `end` on. Valid until the next call. */
void passes_apply(passes *passes, size_t end, yg_training_step_options *options);

/* The graph_flags of yg_network_options for the same choice. */
unsigned passes_graph_flags(const passes *passes, size_t end);

#endif
