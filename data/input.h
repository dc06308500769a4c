/*
 * Bytes from a file or a pipe, with a way to see whether more can be read without waiting. Private
 * to the library.
 *
 * The writer of a pipe may pause within a table. A reader of rows must see that, so that it can
 * answer the rows that have arrived before it waits for the next one.
 */
#ifndef YG_DATA_INPUT_H
#define YG_DATA_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct yg_input {
    FILE *file;
    int descriptor; /* of the file; -1: it has none (fmemopen), and is read through `file` */
    unsigned char *bytes;
    size_t at, end; /* bytes[at .. end) have been read but not taken */
    bool ended;
    int failure; /* errno of a read that failed; 0: none */
    bool stoppable;
    int stop[2]; /* stoppable: a pipe; a byte in it ends all waiting */
} yg_input;

/* Begins at the position of `file`. If it is a pipe, nothing may have been read through `file`
 * before, because bytes in its buffer would be lost. False when out of memory. */
bool yg_input_begin(yg_input *input, FILE *file);
void yg_input_end(yg_input *input); /* the file stays the caller's */

/* From here on yg_input_stop() may be called in another thread. It ends the waiting for bytes, now
 * and later: reads fail with ECANCELED. False if no pipe can be made. */
bool yg_input_allow_stop(yg_input *input);
void yg_input_stop(const yg_input *input);

/* Reads more bytes if none is left, and waits for them. False at the end and after a failure. */
bool yg_input_refill(yg_input *input);

/* The next byte, without taking it; EOF at the end and after a failure. */
static inline int yg_input_peek(yg_input *input) {
    return input->at < input->end || yg_input_refill(input) ? input->bytes[input->at] : EOF;
}

/* True if a whole line, or the end, can be taken without waiting. */
bool yg_input_line_ready(yg_input *input);

#endif
