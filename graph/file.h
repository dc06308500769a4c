/*
 * Whole files: read with a cap, written so that a reader never sees half of one.
 */
#ifndef YG_GRAPH_FILE_H
#define YG_GRAPH_FILE_H

#include "error.h"

#include <stddef.h>

/* Reads a file of at most `cap` bytes; the result has a NUL after its last byte, which *size does
 * not count. NULL on failure, with the system's reason in the message. Freed by the caller. */
char *yg_file_read(const char *path, size_t cap, size_t *size, yg_error *error);

/* Writes to a temporary name in the same folder, syncs and renames over the file, so that a reader
 * sees the old one or the new one, whole. On failure nothing is left behind and the old file is
 * untouched. A link stays, and the file that it leads to is replaced. What is no regular file, a
 * device or a pipe, is written through. */
bool yg_file_write(const char *path, const void *data, size_t size, yg_error *error);

/* Whether a file's name, without its folder, is one that yg_file_write() gives to the temporary
 * file of `of`: a process that was killed while it wrote leaves it. */
bool yg_file_is_temporary(const char *name, const char *of);

/* Makes a folder and its parents; one that exists is fine. */
bool yg_file_make_folder(const char *path, yg_error *error);

#endif
