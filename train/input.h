/*
 * Bytes from a file or a pipe, with a look at what has arrived. Private to train/.
 *
 * A pipe's writer may pause in the middle of a table. Whoever reads rows has to know then that the
 * next one is not there yet, so that it can answer those that are, before it waits.
 */
#ifndef YG_TRAIN_INPUT_H
#define YG_TRAIN_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct yg_input {
    FILE *file;
    int descriptor; /* of the file; -1: it has none, and is read through `file` */
    unsigned char *bytes;
    size_t at, end; /* what is read but not taken yet */
    bool ended;
    int failure; /* errno of a read that failed; 0: none */
} yg_input;

/* Begins where `file` stands. Nothing of a pipe may have been read through `file` before: what lies
 * in its buffer would be lost. False when out of memory. */
bool yg_input_begin(yg_input *input, FILE *file);
void yg_input_end(yg_input *input); /* the file stays the caller's */

/* Waits for more bytes where there is none to take. False at the end and after a failure. */
bool yg_input_refill(yg_input *input);

/* The next byte, which stays; EOF at the end and after a failure. */
static inline int yg_input_peek(yg_input *input) {
    return input->at < input->end || yg_input_refill(input) ? input->bytes[input->at] : EOF;
}

/* True if a whole line, or the end, can be taken without waiting. */
bool yg_input_line_ready(yg_input *input);

#endif
