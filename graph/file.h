/*
 * Whole files: reading one up to a limit, and writing one so that no reader ever sees half of it.
 */
#ifndef YG_GRAPH_FILE_H
#define YG_GRAPH_FILE_H

#include "error.h"

#include <stddef.h>
#include <stdio.h>

/* Reads a file of at most `cap` bytes. The result has a NUL after its last byte, which *size does
 * not count. Freed by the caller. NULL on failure: the file cannot be read (the message gives the
 * system's reason), or it is larger. */
char *yg_file_read(const char *path, size_t cap, size_t *size, yg_error *error);

/* Writes a file: writes to a temporary file in the same folder, syncs it and renames it. So a
 * reader sees either the old file or the new one, complete. On failure the old file is untouched,
 * and no temporary file is left. If `path` is a symbolic link, the file that it leads to is
 * replaced. A device, a pipe or a socket is written to directly. */
bool yg_file_write(const char *path, const void *data, size_t size, yg_error *error);

/* A part of a file that is to be written: bytes in memory, or all of a spool. */
typedef struct yg_file_part {
    const void *data; /* NULL: none */
    size_t size;
    FILE *spool; /* NULL: none; its position is lost */
} yg_file_part;

/* As yg_file_write(), with the parts one after the other. A spool is copied a piece at a time, so
 * that a file of any size takes little memory. */
bool yg_file_write_parts(const char *path, const yg_file_part *parts, size_t count,
                         yg_error *error);

/* An empty file without a name, in the folder of `path`, to write to and to read again. The system
 * removes it when it is closed, also where the process is killed. NULL on failure. */
FILE *yg_file_spool(const char *path, yg_error *error);

/* Whether `name`, without a folder, is the name of a temporary file that yg_file_write() makes for
 * the file `of`. Such a file is left over if the process was killed while it wrote. */
bool yg_file_is_temporary(const char *name, const char *of);

/* Makes a folder and its parents. It is no failure if they exist. */
bool yg_file_make_folder(const char *path, yg_error *error);

#endif
