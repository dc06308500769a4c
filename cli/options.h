/*
 * Command lines. A sub-command declares its options in a table. Reading, --help and error messages
 * are made from that table.
 */
#ifndef YG_CLI_OPTIONS_H
#define YG_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The exit status of the process. */
enum {
    STATUS_OK = 0,
    STATUS_FAILED = 1,       /* the user's file is wrong, or a check did not pass */
    STATUS_USAGE = 2,        /* the command line is wrong */
    STATUS_INTERRUPTED = 130 /* Ctrl-C, as shells count it: 128 + SIGINT */
};

typedef enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_TEXTS, /* may be given several times */
    OPTION_INT,
    OPTION_FLOAT,
    OPTION_CHOICE,
} option_kind;

typedef struct option_spec {
    const char *name;     /* without the dashes */
    const char *argument; /* in --help: "FILE"; NULL for a flag */
    const char *doc;
    double min, max;            /* numbers: both inclusive; not checked where min == max */
    const char *const *choices; /* OPTION_CHOICE: NULL-terminated */
    option_kind kind;
    char letter;   /* the short form, 0: none */
    bool optional; /* OPTION_CHOICE: --name alone is the first choice */
} option_spec;

typedef struct command command;

/* A command line that has been read. */
typedef struct command_line {
    const char *program; /* how yamlgrad was called; suggested commands begin with it */
    const command *command;
    size_t word_count; /* of the whole command line, from the program's name on */
    const char **words;
    size_t operand_count;
    char **operands;
    struct option_value *values; /* one for each entry of command->options */
} command_line;

struct command {
    const char *name;
    const char *operands; /* "MODEL [RUN.yaml]" */
    const char *summary;  /* a phrase: the list of commands, the man page's line */
    const char *details;  /* the rest of --help; ends in a newline */
    size_t min_operands, max_operands;
    const option_spec *options;
    size_t option_count;
    int (*run)(const command_line *line); /* returns a STATUS_… */
};

/* Reads argv[2 …] of `program COMMAND …`. Returns true if the command should run. Otherwise --help
 * or an error has been printed, and *status is the exit status. Freed by command_line_free() in
 * either case. */
bool command_line_read(const command *command, int argc, char **argv, command_line *line,
                       int *status);
void command_line_free(command_line *line);

void command_help(const command *command, FILE *to);

/* The value of an option, by its name, which must be in the command's table. */
bool option_given(const command_line *line, const char *name);
const char *option_text(const command_line *line, const char *name); /* NULL if not given */
/* Whether the command has such an option, given or not. */
bool option_known(const command_line *line, const char *name);
const char *const *option_texts(const command_line *line, const char *name, size_t *count);
int64_t option_int(const command_line *line, const char *name, int64_t otherwise);
double option_float(const command_line *line, const char *name, double otherwise);
int option_choice(const command_line *line, const char *name, int otherwise);

/* The operand at an index, or NULL. */
const char *operand(const command_line *line, size_t index);

#endif
