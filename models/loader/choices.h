/*
 * Comparing an argument of kind `choice` with a word.
 */
#ifndef YG_MODELS_LOADER_CHOICES_H
#define YG_MODELS_LOADER_CHOICES_H

#include "syntax.h"

/* Fails if `expression`, which stands in the definition, compares a choice with a text that is none
 * of its words. Such a comparison is never true, so it is a mistake in writing. NULL is fine. */
bool yg_check_choices(const yg_definition *definition, const yg_expression *expression,
                      yg_error *error);

#endif
