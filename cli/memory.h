/*
 * What a training step, and the whole command, take in memory, as text.
 */
#ifndef YG_CLI_MEMORY_H
#define YG_CLI_MEMORY_H

#include "../graph/program.h"

enum { MEMORY_TEXT = 200 };

/* "804 B of parameters and optimizer state + 3 KiB of inputs and scratch", and what the library of
 * matrix products takes, if a program has opened it: all but what is planned. Returns `text`. */
const char *memory_text(const yg_program_stats *step, char text[MEMORY_TEXT]);

/* The most memory that the process has had at once, in pages that were in use: "25.6 MiB". Returns
 * `text`; NULL where the system does not tell. */
const char *memory_peak_text(char text[MEMORY_TEXT]);

#endif
