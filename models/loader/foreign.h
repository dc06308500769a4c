/*
 * Words of other frameworks.
 */
#ifndef YG_MODELS_LOADER_FOREIGN_H
#define YG_MODELS_LOADER_FOREIGN_H

/* The word here for something that another framework calls `word`, or NULL. */
const char *yg_foreign_word(const char *word);

#endif
