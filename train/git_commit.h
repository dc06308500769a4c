/*
 * The commit that a folder is at, read from the files of its git repository. Private to train/.
 */
#ifndef YG_TRAIN_GIT_COMMIT_H
#define YG_TRAIN_GIT_COMMIT_H

#include <stdbool.h>

/* The longest name of a commit, with its NUL: SHA-256 has 64 digits. */
#define YG_COMMIT_TEXT 65

/* Whether the folder, or one above it, is a git repository with a commit; `commit` becomes that.
 * Changes that are not committed are not looked for. */
bool yg_git_commit(const char *folder, char commit[YG_COMMIT_TEXT]);

#endif
