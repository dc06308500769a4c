/*
 * Patterns of parameters' names, as `trainable:` and an optimizer's `groups:` have them.
 */
#ifndef YG_MODELS_LOADER_NAME_PATTERN_H
#define YG_MODELS_LOADER_NAME_PATTERN_H

#include <stdbool.h>

/* Whether `name` has the form of `pattern`, where `*` stands for any text, dots included. */
bool yg_name_matches(const char *pattern, const char *name);

#endif
