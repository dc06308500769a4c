/*
 * Passes by name: what building a graph and compiling it do to it beyond what was asked for, each
 * of which can be left out.
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
    unsigned graph_flag; /* that leaves out a pass of building; 0: one of compiling */
    bool left_out;       /* by --without */
} pass;

/* In the order in which they act: those of building, rewriting rules, those of compiling. */
typedef struct passes {
    size_t count;
    pass *list;
    const char **names; /* what passes_apply() tells the compiler */
} passes;

/* All passes, with the choice of a command that has OPTION_WITHOUT. False after a message; freed by
 * passes_free() in either case. */
bool passes_read(const command_line *line, const yg_op_set *set, passes *out);
void passes_free(passes *passes);

/* The index of a pass, or passes->count after a message with the nearest name. */
size_t passes_find(const passes *passes, const char *name);

/* Leaves out, in `options`, what is left out and all passes from `end` on. Valid until the next
 * call. */
void passes_apply(passes *passes, size_t end, yg_training_step_options *options);

/* The flags of yg_network_options for what is left out. */
unsigned passes_graph_flags(const passes *passes, size_t end);

#endif
