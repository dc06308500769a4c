/*
 * Making the nodes of expressions. The parser uses it, and expansion, which writes new expressions.
 */
#ifndef YG_MODELS_LOADER_EXPRESSION_TREE_H
#define YG_MODELS_LOADER_EXPRESSION_TREE_H

#include "expression.h"

/* All return NULL when out of memory. Texts are not copied. */
yg_expression *yg_expression_new(yg_pool *pool, yg_expression_kind kind, yg_origin origin,
                                 const char *text);

/* Gives a node its children, which are copied, and its depth. `keywords` may be NULL. */
bool yg_expression_adopt(yg_pool *pool, yg_expression *node, yg_expression *const *children,
                         const char *const *keywords, size_t count);

/* A number as an expression. Literals have no sign, so a negative number becomes the operator "-"
 * of a literal, and -9223372036854775808 becomes -9223372036854775807 - 1. */
yg_expression *yg_expression_whole(yg_pool *pool, int64_t value, yg_origin origin);
yg_expression *yg_expression_real(yg_pool *pool, double value, yg_origin origin);

/* An operator "+", "*", … of two sides; `b` NULL: the sign "-" of `a`. */
yg_expression *yg_expression_infix(yg_pool *pool, const char *sign, const yg_expression *a,
                                   const yg_expression *b, yg_origin origin);

#endif
