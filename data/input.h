/*
 * Bytes from a file, a pipe, memory (fmemopen) or gzip data in one of these, with a way to see
 * whether more can be read without waiting. Private to the library.
 *
 * The writer of a pipe may pause within a table. A reader of rows must see that, so that it can
 * answer the rows that have arrived before it waits for the next one.
 *
 * Data that begin as gzip data do are decompressed. Places are told and gone to in the decompressed
 * data.
 */
#ifndef YG_DATA_INPUT_H
#define YG_DATA_INPUT_H

#include "../graph/threads.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* So many bytes behind those that were read may be looked at. Their values do not matter. */
#define YG_INPUT_SLACK 64

typedef struct yg_gzip yg_gzip;

typedef struct yg_byte_input {
    FILE *file;
    const char *name;
    int descriptor; /* of the file; -1: it has none (fmemopen), and is read through `file` */
    unsigned char *bytes;
    size_t at, end;    /* bytes[at .. end) have been read but not taken */
    size_t room;       /* of `bytes` */
    int64_t offset;    /* of bytes[0] in the data */
    yg_gzip *gzip;     /* NULL: the data are not compressed, or not known yet */
    bool begun, ended; /* the first bytes have been looked at; there are no more */
    yg_error failure;  /* of a read; its code is YG_OK: none */
    bool stoppable;
    int stop[2]; /* stoppable: a pipe; a byte in it ends all waiting */
} yg_byte_input;

/* Begins at the position of `file`. If it is a pipe, nothing may have been read through `file`
 * before, because bytes in its buffer would be lost. `name` stands for it in messages and must
 * outlive the input. False when out of memory. */
bool yg_input_begin(yg_byte_input *input, FILE *file, const char *name);
void yg_input_end(yg_byte_input *input); /* the file stays the caller's */

/* From here on yg_input_stop() may be called in another thread. It ends the waiting for bytes, now
 * and later: reads fail. False if no pipe can be made. */
bool yg_input_allow_stop(yg_byte_input *input);
void yg_input_stop(const yg_byte_input *input);

/* Moves bytes[at .. end) to the beginning of `bytes`, and reads more behind them. Waits until there
 * are some. `bytes` grows if it is full. False at the end, and after a failure: see `failure`. */
bool yg_input_more(yg_byte_input *input);
/* The same, where threads read parts of a file side by side: each thread then has its part in its
 * core's cache. `threads` NULL: none do. */
bool yg_input_more_by(yg_byte_input *input, yg_threads *threads);

/* True if a whole line behind bytes[at], or the end, can be taken without waiting. */
bool yg_input_line_ready(yg_byte_input *input);

/* Where bytes[at] is in the data; false where that place cannot be gone to again, as in a pipe. */
bool yg_input_tell(const yg_byte_input *input, int64_t *offset);
bool yg_input_seek(yg_byte_input *input, int64_t offset, yg_error *error);

#endif
