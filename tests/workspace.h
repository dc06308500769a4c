/*
 * A folder of a test's own, with files in it, that is gone afterwards.
 */
#ifndef YG_TESTS_WORKSPACE_H
#define YG_TESTS_WORKSPACE_H

#include "models/model.h"

typedef struct workspace {
    char folder[64];
} workspace;

workspace workspace_make(void);
void workspace_remove(const workspace *w); /* with all that is in it */
/* Removes a file or folder in it, with all that is in that; it need not exist. */
void workspace_remove_folder(const workspace *w, const char *name);

/* The path of a file there: valid until the eighth next call. */
const char *workspace_path(const workspace *w, const char *name);
void workspace_write(const workspace *w, const char *name, const char *text);
/* The whole file, with a NUL after it; freed by the caller. Fails the test if there is none. */
char *workspace_read(const workspace *w, const char *name, size_t *size);
bool workspace_has(const workspace *w, const char *name);

/* Writes a model file and loads it; fails the test where that fails. */
yg_model *workspace_model(const workspace *w, const char *name, const char *text);

#endif
