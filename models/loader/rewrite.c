/*
 * Expressions in the names of the expanded model: names of a layer's body become the full names of
 * tensors, arguments become their values, and `if` with a known condition becomes its branch.
 */
#include "builder.h"

#include <string.h>

static yg_expression *new_expression(yg_pool *pool, yg_expression_kind kind, yg_origin origin) {
    yg_expression *expression = yg_pool_take(pool, sizeof *expression);
    if (expression)
        *expression = (yg_expression){.kind = kind, .origin = origin, .text = ""};
    return expression;
}

const yg_expression *yg_written_name(yg_pool *pool, const char *name, yg_origin origin) {
    yg_expression *expression = new_expression(pool, YG_EXPRESSION_NAME, origin);
    if (expression)
        expression->text = name;
    return expression;
}

/* A number; a negative one is the sign applied to a number. */
static const yg_expression *written_number(yg_pool *pool, double value, bool integer,
                                           yg_origin origin) {
    yg_expression *number = new_expression(pool, YG_EXPRESSION_NUMBER, origin);
    if (!number)
        return NULL;
    number->integer = integer;
    number->number = value < 0 ? -value : value;
    if (value >= 0)
        return number;
    yg_expression *sign = new_expression(pool, YG_EXPRESSION_CALL, origin);
    yg_expression **children = yg_pool_take(pool, sizeof *children);
    const char **keywords = yg_pool_take(pool, sizeof *keywords);
    if (!sign || !children || !keywords)
        return NULL;
    children[0] = number;
    sign->text = "-";
    sign->infix = true;
    sign->count = 1;
    sign->children = children;
    sign->keywords = keywords;
    return sign;
}

const yg_expression *yg_written_term(yg_pool *pool, const yg_term *term, yg_origin origin) {
    yg_expression *expression;
    switch (term->kind) {
    case YG_TERM_INT:
        return written_number(pool, (double)term->i, true, origin);
    case YG_TERM_FLOAT:
        return written_number(pool, term->f, false, origin);
    case YG_TERM_BOOL:
        return yg_written_name(pool, term->i ? "true" : "false", origin);
    case YG_TERM_TEXT:
        expression = new_expression(pool, YG_EXPRESSION_TEXT, origin);
        if (expression)
            expression->text = term->text;
        return expression;
    case YG_TERM_LIST:
        expression = new_expression(pool, YG_EXPRESSION_LIST, origin);
        if (!expression)
            return NULL;
        expression->children = yg_pool_take(pool, (term->count + 1) * sizeof *expression->children);
        if (!expression->children)
            return NULL;
        for (size_t i = 0; i < term->count; i++) {
            expression->children[i] =
                (yg_expression *)yg_written_term(pool, &term->items[i], origin);
            if (!expression->children[i])
                return NULL;
        }
        expression->count = term->count;
        return expression;
    default:
        return NULL; /* tensors have names, and the others stand in no expression */
    }
}

static const yg_expression *rewrite_name(const yg_builder *builder, const yg_scope *scope,
                                         const yg_expression *name) {
    const yg_binding *binding = yg_scope_find(scope, name->text);
    if (binding && binding->written)
        return binding->written;
    if (binding && binding->term.kind <= YG_TERM_LIST)
        return yg_written_term(builder->pool, &binding->term, name->origin);
    if (!binding && strchr(name->text, '.')) {
        /* A parameter of a layer above. */
        while (scope->outer)
            scope = scope->outer;
        const char *full =
            yg_pool_format(builder->pool, "%s%s", scope->parameter_prefix, name->text);
        return full ? yg_written_name(builder->pool, full, name->origin) : NULL;
    }
    return name;
}

/* The branch of `if(condition, a, b)` that is known to be taken, or NULL. */
static const yg_expression *known_branch(const yg_builder *builder, const yg_scope *scope,
                                         const yg_expression *call) {
    if (call->infix || strcmp(call->text, "if") != 0 || call->count != 3)
        return NULL;
    yg_builder quiet = *builder;
    quiet.error = NULL;
    yg_term condition;
    return yg_evaluate_term(&quiet, scope, call->children[0], &condition) &&
                   condition.kind == YG_TERM_BOOL && !condition.varies
               ? call->children[condition.i ? 1 : 2]
               : NULL;
}

static const yg_expression *rewrite_children(const yg_builder *builder, const yg_scope *scope,
                                             const yg_expression *from,
                                             const yg_expression *extra) {
    const size_t total = from->count + (extra ? extra->count : 0);
    yg_expression *copy = new_expression(builder->pool, from->kind, from->origin);
    if (!copy)
        return NULL;
    *copy = *from;
    copy->count = total;
    copy->children = yg_pool_take(builder->pool, (total + 1) * sizeof *copy->children);
    copy->keywords = from->kind == YG_EXPRESSION_CALL
                         ? yg_pool_take(builder->pool, (total + 1) * sizeof *copy->keywords)
                         : NULL;
    if (!copy->children || (from->kind == YG_EXPRESSION_CALL && !copy->keywords))
        return NULL;
    if (extra)
        copy->text = extra->text;
    for (size_t i = 0; i < total; i++) {
        const yg_expression *source = i < from->count ? from : extra;
        const size_t k = i < from->count ? i : i - from->count;
        if (copy->keywords && source->keywords)
            copy->keywords[i] = source->keywords[k];
        if (!source->children[k])
            continue; /* an open end of a range */
        /* What a call of an operator argument adds holds constants only. */
        const yg_expression *child =
            source == extra ? source->children[k] : yg_rewrite(builder, scope, source->children[k]);
        if (!child)
            return NULL;
        copy->children[i] = (yg_expression *)child;
    }
    return copy;
}

const yg_expression *yg_rewrite(const yg_builder *builder, const yg_scope *scope,
                                const yg_expression *expression) {
    if (expression->kind == YG_EXPRESSION_NAME)
        return rewrite_name(builder, scope, expression);
    if (expression->kind == YG_EXPRESSION_NUMBER || expression->kind == YG_EXPRESSION_TEXT)
        return expression;
    if (expression->kind != YG_EXPRESSION_CALL || expression->infix)
        return rewrite_children(builder, scope, expression, NULL);
    const yg_expression *branch = known_branch(builder, scope, expression);
    if (branch)
        return yg_rewrite(builder, scope, branch);
    const yg_binding *binding = yg_scope_find(scope, expression->text);
    const bool function = binding && binding->term.kind == YG_TERM_FUNCTION;
    return rewrite_children(builder, scope, expression, function ? binding->term.call : NULL);
}
