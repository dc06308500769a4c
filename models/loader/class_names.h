/*
 * Classes by their names in expressions: by_class(y, cat=2, dog=1) and class_of(y, dog). Private to
 * models/loader/.
 *
 * The names are those that the model file lists: an input or target `y` with `classes: [cat, dog]`.
 * Names that are learnt of the data are not known when a model is loaded.
 */
#ifndef YG_MODELS_LOADER_CLASS_NAMES_H
#define YG_MODELS_LOADER_CLASS_NAMES_H

#include "expander.h"

/* Whether a function of that name takes classes. */
bool yg_is_class_function(const char *name);
/* Whether argument `i` of such a call is the number of a class. The others are names. */
bool yg_is_class_value(const yg_expression *call, size_t i);

/* The result of a call: a list with a number for each class, or the number of a class. `target` is
 * the first argument, expanded, and values[i] argument i where yg_is_class_value(). */
bool yg_class_function(const yg_expander *x, const yg_expression *call, const yg_expression *target,
                       const yg_term *values, yg_term *term);

#endif
