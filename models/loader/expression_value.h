/*
 * Evaluating expressions in the names of the expanded model.
 */
#ifndef YG_MODELS_LOADER_EXPRESSION_VALUE_H
#define YG_MODELS_LOADER_EXPRESSION_VALUE_H

#include "builder.h"

bool yg_expression_value(yg_builder *builder, const yg_expression *expression, yg_term *term);
/* Evaluates an expression to all results of its operator. *terms are in the builder's pool. */
bool yg_expression_values(yg_builder *builder, const yg_expression *expression, yg_term **terms,
                          size_t *count);
/* Evaluates to a tensor; a number becomes a scalar. `what` names it in messages. */
bool yg_expression_node(yg_builder *builder, const yg_expression *expression, const char *what,
                        yg_node *node);
/* Evaluates to a whole number of at least `min`. */
bool yg_expression_int(yg_builder *builder, const yg_expression *expression, const char *what,
                       int64_t min, int64_t *value);

#endif
