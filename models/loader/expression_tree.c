/*
 * Making expressions, and walking their chains.
 */
#include "expression_tree.h"

#include <math.h>
#include <string.h>

bool yg_is_chain(const yg_expression *expression) {
    return expression->kind == YG_EXPRESSION_CALL && expression->infix && expression->count == 2;
}

const yg_expression **yg_expression_chain(yg_pool *pool, const yg_expression *expression,
                                          size_t *count) {
    *count = 0;
    for (const yg_expression *e = expression; yg_is_chain(e); e = e->children[0])
        ++*count;
    const yg_expression **chain = yg_pool_take(pool, (*count + 1) * sizeof *chain);
    const yg_expression *e = expression;
    for (size_t i = 0; chain && i < *count; i++, e = e->children[0])
        chain[i] = e;
    return chain;
}

void yg_visit_names(const yg_expression *expression, yg_visit visit, void *context) {
    while (expression) {
        const bool function = expression->kind == YG_EXPRESSION_CALL && !expression->infix;
        if (expression->kind == YG_EXPRESSION_NAME || function)
            visit(context, expression->text);
        for (size_t i = 1; i < expression->count; i++)
            yg_visit_names(expression->children[i], visit, context);
        expression = expression->count > 0 ? expression->children[0] : NULL;
    }
}

/* ------------------------------------------------------------------------------------ making -- */

yg_expression *yg_expression_new(yg_pool *pool, yg_expression_kind kind, yg_origin origin,
                                 const char *text) {
    yg_expression *node = yg_pool_take(pool, sizeof *node);
    if (node && text)
        *node = (yg_expression){.kind = kind, .origin = origin, .text = text, .depth = 1};
    return text ? node : NULL;
}

bool yg_expression_adopt(yg_pool *pool, yg_expression *node, yg_expression *const *children,
                         const char *const *keywords, size_t count) {
    node->children = yg_pool_take(pool, (count + 1) * sizeof *node->children);
    node->keywords = yg_pool_take(pool, (count + 1) * sizeof *node->keywords);
    if (!node->children || !node->keywords)
        return false;
    node->count = count;
    const bool chain = yg_is_chain(node);
    for (size_t i = 0; i < count; i++) {
        node->children[i] = children[i];
        node->keywords[i] = keywords ? keywords[i] : NULL;
        if (!children[i])
            continue; /* an open end of a range */
        const int below = children[i]->depth + !(chain && i == 0 && yg_is_chain(children[0]));
        node->depth = below > node->depth ? below : node->depth;
    }
    return true;
}

yg_expression *yg_expression_infix(yg_pool *pool, const char *sign, const yg_expression *a,
                                   const yg_expression *b, yg_origin origin) {
    yg_expression *node = a ? yg_expression_new(pool, YG_EXPRESSION_CALL, origin, sign) : NULL;
    yg_expression *const sides[] = {(yg_expression *)a, (yg_expression *)b};
    if (!node)
        return NULL;
    node->infix = true;
    return yg_expression_adopt(pool, node, sides, NULL, b ? 2 : 1) ? node : NULL;
}

yg_expression *yg_expression_whole(yg_pool *pool, int64_t value, yg_origin origin) {
    const bool least = value == INT64_MIN;
    yg_expression *number = yg_expression_new(pool, YG_EXPRESSION_NUMBER, origin, "");
    if (!number)
        return NULL;
    number->integer = true;
    number->whole = least ? INT64_MAX : value < 0 ? -value : value;
    number->number = (double)number->whole;
    if (value >= 0)
        return number;
    yg_expression *negative = yg_expression_infix(pool, "-", number, NULL, origin);
    return least && negative ? yg_expression_infix(pool, "-", negative,
                                                   yg_expression_whole(pool, 1, origin), origin)
                             : negative;
}

yg_expression *yg_expression_real(yg_pool *pool, double value, yg_origin origin) {
    yg_expression *number =
        isfinite(value)
            ? yg_expression_new(pool, YG_EXPRESSION_NUMBER, origin, "")
            : yg_expression_new(pool, YG_EXPRESSION_NAME, origin, isnan(value) ? "nan" : "inf");
    if (!number)
        return NULL;
    number->number = fabs(value);
    return signbit(value) && !isnan(value) ? yg_expression_infix(pool, "-", number, NULL, origin)
                                           : number;
}
