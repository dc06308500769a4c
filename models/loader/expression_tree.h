/*
 * Making expressions: for the parser, and for expansion, which writes them anew.
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

/* A number as a literal. What has no literal becomes an operator on literals: the sign of a
 * negative number, and -9223372036854775808 as -9223372036854775807 - 1. */
yg_expression *yg_expression_whole(yg_pool *pool, int64_t value, yg_origin origin);
yg_expression *yg_expression_real(yg_pool *pool, double value, yg_origin origin);

/* `sign` is an operator; `b` is NULL for the sign of a number. */
yg_expression *yg_expression_infix(yg_pool *pool, const char *sign, const yg_expression *a,
                                   const yg_expression *b, yg_origin origin);

#endif
