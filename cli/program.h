/*
 * Runs another program, such as Graphviz's or gnuplot's.
 */
#ifndef YG_CLI_PROGRAM_H
#define YG_CLI_PROGRAM_H

#include <stdio.h>

/* Runs a program, which is looked for in PATH, with these files as its standard input, output and
 * error; NULL: the caller's own. `arguments` begin with its name and end with NULL. Returns its
 * status, as waitpid() gives it, or -1 with errno if it could not be started: ENOENT where there is
 * no such program.
 *
 * The files are best files without names: through pipes, the program could wait for us to read
 * while we wait for it to read. */
int program_run(const char *const *arguments, FILE *in, FILE *out, FILE *messages);

#endif
