/*
 * Names of other frameworks, for hints.
 */
#ifndef YG_MODELS_LOADER_FOREIGN_H
#define YG_MODELS_LOADER_FOREIGN_H

/* Our name of something that another framework calls `word`, or NULL. */
const char *yg_foreign_word(const char *word);

#endif
