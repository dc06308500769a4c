/*
 * Whole files: reading one up to a limit, and writing one so that no reader ever sees half of it.
 */
#ifndef YG_GRAPH_FILE_H
#define YG_GRAPH_FILE_H

#include "error.h"

#include <stddef.h>

/* Reads a file of at most `cap` bytes. The result has a NUL after its last byte, which *size does
 * not count. Freed by the caller. NULL on failure: the file cannot be read (the message gives the
 * system's reason), or it is larger. */
char *yg_file_read(const char *path, size_t cap, size_t *size, yg_error *error);

/* Writes a file: writes to a temporary file in the same folder, syncs it and renames it. So a
 * reader sees either the old file or the new one, complete. On failure the old file is untouched,
 * and no temporary file is left. If `path` is a symbolic link, the file that it leads to is
 * replaced. A device, a pipe or a socket is written to directly. */
bool yg_file_write(const char *path, const void *data, size_t size, yg_error *error);

/* Whether `name`, without a folder, is the name of a temporary file that yg_file_write() makes for
 * the file `of`. Such a file is left over if the process was killed while it wrote. */
bool yg_file_is_temporary(const char *name, const char *of);

/* Makes a folder and its parents. It is no failure if they exist. */
bool yg_file_make_folder(const char *path, yg_error *error);

#endif
