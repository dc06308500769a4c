/*
 * The command, run in a process of its own with its work counted: see work.h.
 */
#ifndef YG_TESTS_GROWTH_COMMANDS_H
#define YG_TESTS_GROWTH_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A way to use the command; the names are what growing_model.commands lists. */
typedef struct counted_command {
    const char *name;
    const char *arguments[8]; /* after "yamlgrad", in the working folder; NULL ends them */
    bool trained;             /* needs the weights of a run before */
} counted_command;

extern const counted_command counted_commands[];
extern const size_t counted_command_count;

/* What the command did and its exit status; what it prints goes to the files out and err. */
typedef struct counted_run {
    uint64_t work;
    int status; /* -1: it did not exit */
} counted_run;

counted_run count_run(const counted_command *command);

#endif
