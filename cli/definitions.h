/*
 * Describing built-in layers and schedules, for `yamlgrad layers` and `yamlgrad schedules`.
 */
#ifndef YG_CLI_DEFINITIONS_H
#define YG_CLI_DEFINITIONS_H

#include "commands.h"

/* Where the definitions of one kind are. */
typedef struct shelf {
    const char *kind;      /* "layer" */
    const char *folder;    /* of models/ */
    size_t (*count)(void); /* in alphabetical order */
    const char *(*name)(size_t index);
    const char *(*text)(const char *name); /* its file; NULL: there is none */
} shelf;

/* Runs the command: lists all, or tells about the one that the operand names. Returns the status.
 */
int definitions_run(const shelf *from, const command_line *line);

/* Prints a page of Markdown that tells about all, with the example of each. Returns the status. */
int definitions_page(const shelf *from);

#endif
