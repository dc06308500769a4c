/*
 * Reading the small parts that sections of a model file are made of. All report the place of a
 * mistake.
 */
#ifndef YG_MODELS_LOADER_READ_H
#define YG_MODELS_LOADER_READ_H

#include "syntax.h"

/* Parses an entry's text as an expression; a YAML list becomes a list expression. `what` names the
 * entry in messages. NULL on failure. */
const yg_expression *yg_read_expression(yg_pool *pool, const yg_value *value, const char *what,
                                        yg_error *error);
bool yg_read_shape(yg_pool *pool, const yg_value *value, const char *what, bool ellipsis,
                   yg_shape_spec *shape, yg_error *error);
/* Fails unless a key is a name that may be declared: an identifier, and no word of the language.
 * `dots`: as in yg_is_name(). */
bool yg_read_name(const yg_value *key, const char *what, bool dots, yg_error *error);

/* True for a scalar that is neither a number nor in quotes. NULL is none. */
bool yg_is_formula(const yg_value *value);
/* Reads a truth value: a formula, whose value must not depend on sizes. NULL on failure. */
const yg_expression *yg_read_truth(yg_pool *pool, const yg_value *value, const char *what,
                                   yg_error *error);
/* Checks `format: 1` of a file. */
bool yg_read_format(const yg_value *root, yg_error *error);
/* Reads the sections `params`, `state` and `update` of `sections`, a model or a layer type. */
bool yg_read_params(yg_model *model, const yg_value *sections, yg_body *body, yg_error *error);
const yg_init_spec *yg_read_init(yg_pool *pool, const yg_value *value, yg_error *error);
/* That of `init: [1, 2, 5]`, which is short for {type: list, values: [1, 2, 5]}. NULL if `list` is,
 * or when out of memory. */
const yg_init_spec *yg_init_of_list(yg_pool *pool, const yg_expression *list, yg_origin origin,
                                    yg_error *error);

#endif
