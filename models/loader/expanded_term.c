/*
 * What an expanded term stands for: an expression of the expanded model, or a value.
 */
#include "expander.h"
#include "expression_tree.h"
#include "expression_value.h"

static const yg_expression *written_list(yg_expander *x, const yg_term *list, yg_origin origin) {
    yg_expression *expression = yg_expression_new(x->pool, YG_EXPRESSION_LIST, origin, "");
    yg_expression **items = yg_pool_take(x->pool, (list->count + 1) * sizeof *items);
    for (size_t i = 0; expression && items && i < list->count; i++) {
        items[i] = (yg_expression *)yg_written(x, &list->items[i], origin);
        if (!items[i])
            return NULL;
    }
    return expression && items && yg_expression_adopt(x->pool, expression, items, NULL, list->count)
               ? expression
               : NULL;
}

const yg_expression *yg_written(yg_expander *x, const yg_term *term, yg_origin origin) {
    const yg_expression *written = NULL;
    char found[200];
    switch (term->kind) {
    case YG_TERM_INT:
        written = yg_expression_whole(x->pool, term->i, origin);
        break;
    case YG_TERM_FLOAT:
        written = yg_expression_real(x->pool, term->f, origin);
        break;
    case YG_TERM_BOOL:
        written =
            yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, term->i ? "true" : "false");
        break;
    case YG_TERM_NULL:
        written = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, "null");
        break;
    case YG_TERM_TEXT:
        written = yg_expression_new(x->pool, YG_EXPRESSION_TEXT, origin, term->text);
        break;
    case YG_TERM_LIST:
        written = written_list(x, term, origin);
        break;
    case YG_TERM_WRITTEN:
        return term->written;
    default:
        yg_fail(x->error, YG_ERROR_ARGUMENT, origin, "a tensor or a number is expected, found %s",
                yg_term_describe(NULL, term, found, sizeof found));
        return NULL;
    }
    if (!written)
        yg_fail_memory(x->error);
    return written;
}

bool yg_value_of(yg_expander *x, const yg_term *term, yg_term *value) {
    *value = *term;
    if (term->kind == YG_TERM_WRITTEN)
        return yg_expression_value(x->trial, term->written, value);
    if (term->kind != YG_TERM_LIST)
        return true;
    value->items = yg_pool_take(x->pool, (term->count + 1) * sizeof *value->items);
    if (!value->items)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < term->count; i++)
        if (!yg_value_of(x, &term->items[i], &value->items[i]))
            return false;
    return true;
}
