/*
 * Evaluates expressions while a network is built. The value of an expression is a number, a text or
 * a list, or a tensor, which is a node of the graph.
 *
 * Each part is evaluated once, before the expression that contains it. Of an `if`, only the chosen
 * branch is evaluated.
 */
#include "expression_value.h"

#include "arithmetic.h"
#include "call.h"
#include "gradient.h"

#include <string.h>

/* --------------------------------------------------------------------------- infix operators -- */

static const char *infix_operator(const yg_expression *call) {
    static const char *const table[][2] = {
        {"+", "add"},     {"-", "subtract"},       {"*", "multiply"},      {"/", "divide"},
        {"@", "matmul"},  {"**", "pow"},           {"//", "floor_divide"}, {"%", "remainder"},
        {"==", "equal"},  {"!=", "not_equal"},     {"<", "less"},          {"<=", "less_equal"},
        {">", "greater"}, {">=", "greater_equal"},
    };
    if (call->count == 1)
        return "negative";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i][0], call->text) == 0)
            return table[i][1];
    return call->text;
}

/* Applies an operator to the values of its sides. */
static bool apply_infix(yg_builder *builder, const yg_expression *e, const yg_term *sides,
                        yg_term *term) {
    if (!yg_is_tensor_operation(sides, e->count))
        return e->count == 1
                   ? yg_number_negative(builder->graph, e, &sides[0], term, builder->error)
                   : yg_number_operation(builder->graph, e, &sides[0], &sides[1], term,
                                         builder->error);
    yg_term *results;
    size_t count;
    const char *name = infix_operator(e);
    const yg_op *op = yg_op_find(builder->ops, name);
    if (!op)
        return yg_fail(builder->error, YG_ERROR_NAME, e->origin,
                       "'%s' of tensors needs the operator '%s', which is not in this set", e->text,
                       name);
    if (!yg_call_operator(builder, e, op, sides, &results, &count))
        return false;
    *term = results[0];
    return true;
}

static bool evaluate_infix(yg_builder *builder, const yg_expression *e, yg_term *term) {
    yg_term sides[2];
    size_t count;
    if (!yg_is_chain(e))
        return yg_expression_value(builder, e->children[0], &sides[0]) &&
               apply_infix(builder, e, sides, term);
    const yg_expression **chain = yg_expression_chain(builder->pool, e, &count);
    if (!chain)
        return yg_fail_memory(builder->error);
    if (!yg_expression_value(builder, chain[count - 1]->children[0], &sides[0]))
        return false;
    for (size_t i = count; i-- > 0; sides[0] = *term)
        if (!yg_expression_value(builder, chain[i]->children[1], &sides[1]) ||
            !apply_infix(builder, chain[i], sides, term))
            return false;
    return true;
}

/* ----------------------------------------------------------------- functions of the language -- */

static bool evaluate_if(yg_builder *builder, const yg_expression *call, yg_term **terms,
                        size_t *count) {
    yg_term condition;
    char found[200];
    if (!yg_expression_value(builder, call->children[0], &condition))
        return false;
    if (condition.kind != YG_TERM_BOOL)
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, call->children[0]->origin,
                       "if(condition, a, b): the condition is true or false when the graph is "
                       "built, found %s%s",
                       yg_term_describe(builder->graph, &condition, found, sizeof found),
                       condition.kind == YG_TERM_TENSOR
                           ? "; where(condition, a, b) chooses element by element"
                           : "");
    return yg_expression_values(builder, call->children[condition.i ? 1 : 2], terms, count);
}

/* Evaluates size(x, dim): the size of one dimension of a tensor, as a number. */
static bool evaluate_size(yg_builder *builder, const yg_expression *call, yg_term *term) {
    yg_term tensor;
    int64_t dim;
    int index;
    char found[YG_TYPE_TEXT + 20];
    if (!yg_expression_value(builder, call->children[0], &tensor))
        return false;
    if (tensor.kind != YG_TERM_TENSOR)
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, call->children[0]->origin,
                       "size(x, dim): x is a tensor, found %s",
                       yg_term_describe(builder->graph, &tensor, found, sizeof found));
    if (!yg_expression_int(builder, call->children[1], "`dim` of size(x, dim)", INT64_MIN, &dim))
        return false;
    const yg_type *type = yg_node_type(builder->graph, tensor.node);
    if (type->rank == 0 || !yg_dimension(dim, type->rank, &index))
        return yg_fail(builder->error, YG_ERROR_SHAPE, call->children[1]->origin,
                       "size(x, dim): %s has no dimension %lld",
                       yg_term_describe(builder->graph, &tensor, found, sizeof found),
                       (long long)dim);
    *term = (yg_term){.kind = YG_TERM_INT, .i = type->shape[index]};
    return true;
}

/* ------------------------------------------------------------------------------------- calls -- */

/* Evaluates an argument. A name that nothing has may be a word of the operator, such as `mean`. */
static bool evaluate_argument(yg_builder *builder, const yg_expression *e, yg_term *term) {
    yg_term ignored;
    if (e->kind == YG_EXPRESSION_NAME && !yg_builder_read(builder, e->text) &&
        !yg_constant_of_name(e->text, &ignored) && strcmp(e->text, "training") != 0) {
        *term = (yg_term){.kind = YG_TERM_WORD, .text = e->text};
        return true;
    }
    return yg_expression_value(builder, e, term);
}

bool yg_expression_values(yg_builder *builder, const yg_expression *e, yg_term **terms,
                          size_t *count) {
    if (e->kind == YG_EXPRESSION_CALL && !e->infix && strcmp(e->text, "if") == 0)
        return evaluate_if(builder, e, terms, count);
    const yg_op *op = e->kind == YG_EXPRESSION_CALL && !e->infix && strcmp(e->text, "size") != 0
                          ? yg_op_find(builder->ops, e->text)
                          : NULL;
    if (!op) {
        *count = 1;
        *terms = yg_pool_take(builder->pool, sizeof **terms);
        return *terms ? yg_expression_value(builder, e, *terms) : yg_fail_memory(builder->error);
    }
    yg_term *arguments = yg_pool_take(builder->pool, (e->count + 1) * sizeof *arguments);
    if (!arguments)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < e->count; i++)
        if (!evaluate_argument(builder, e->children[i], &arguments[i]))
            return false;
    return yg_call_operator(builder, e, op, arguments, terms, count);
}

static bool evaluate_gradient(yg_builder *builder, const yg_expression *e, yg_term *term) {
    yg_node y, x;
    return yg_expression_node(builder, e->children[0], "`y` of grad(y, x)", &y) &&
           yg_expression_node(builder, e->children[1], "`x` of grad(y, x)", &x) &&
           yg_build_gradient(builder, e, y, x, term);
}

static bool evaluate_call(yg_builder *builder, const yg_expression *e, yg_term *term) {
    yg_term *terms;
    size_t count;
    if (e->infix)
        return evaluate_infix(builder, e, term);
    if (strcmp(e->text, "size") == 0)
        return evaluate_size(builder, e, term);
    if (strcmp(e->text, "grad") == 0)
        return evaluate_gradient(builder, e, term);
    if (strcmp(e->text, "if") != 0 && !yg_op_find(builder->ops, e->text))
        return yg_fail_unknown(builder, e->text, e->origin);
    if (!yg_expression_values(builder, e, &terms, &count))
        return false;
    if (count != 1)
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, e->origin,
                       "%s(…) gives %zu results, one is expected here; name them in a node of "
                       "their own: `a, b: %s(…)`",
                       e->text, count, e->text);
    *term = terms[0];
    return true;
}

/* ------------------------------------------------------------------------------- other kinds -- */

static bool evaluate_name(yg_builder *builder, const yg_expression *e, yg_term *term) {
    const yg_term *found = yg_builder_read(builder, e->text);
    if (found) {
        *term = *found;
        return true;
    }
    if (strcmp(e->text, "training") == 0) {
        *term = (yg_term){.kind = YG_TERM_BOOL, .i = builder->training};
        return true;
    }
    return yg_constant_of_name(e->text, term) || yg_fail_unknown(builder, e->text, e->origin);
}

static bool evaluate_list(yg_builder *builder, const yg_expression *e, yg_term *term) {
    *term = (yg_term){.kind = YG_TERM_LIST};
    term->count = e->count;
    term->items = yg_pool_take(builder->pool, (e->count + 1) * sizeof *term->items);
    if (!term->items)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < e->count; i++)
        if (!yg_expression_value(builder, e->children[i], &term->items[i]))
            return false;
    return true;
}

static bool evaluate_subscript(yg_builder *builder, const yg_expression *e,
                               yg_subscript *subscript) {
    subscript->range = e->kind == YG_EXPRESSION_RANGE;
    const yg_expression *const one[] = {e};
    const yg_expression *const *parts =
        subscript->range ? (const yg_expression *const *)e->children : one;
    for (size_t i = 0; i < (subscript->range ? 3 : 1); i++) {
        subscript->given[i] = parts[i] != NULL;
        if (parts[i] && !yg_expression_value(builder, parts[i], &subscript->bounds[i]))
            return false;
    }
    return true;
}

static bool evaluate_index(yg_builder *builder, const yg_expression *e, yg_term *term) {
    yg_term base;
    yg_subscript *subscripts = yg_pool_take(builder->pool, e->count * sizeof *subscripts);
    if (!subscripts)
        return yg_fail_memory(builder->error);
    if (!yg_expression_value(builder, e->children[0], &base))
        return false;
    for (size_t i = 1; i < e->count; i++)
        if (!evaluate_subscript(builder, e->children[i], &subscripts[i - 1]))
            return false;
    return yg_call_index(builder, e, &base, subscripts, term);
}

bool yg_expression_value(yg_builder *builder, const yg_expression *e, yg_term *term) {
    *term = (yg_term){.kind = YG_TERM_INT};
    switch (e->kind) {
    case YG_EXPRESSION_NUMBER:
        *term = e->integer ? (yg_term){.kind = YG_TERM_INT, .i = e->whole}
                           : (yg_term){.kind = YG_TERM_FLOAT, .f = e->number};
        return true;
    case YG_EXPRESSION_TEXT:
        *term = (yg_term){.kind = YG_TERM_TEXT, .text = e->text};
        return true;
    case YG_EXPRESSION_NAME:
        return evaluate_name(builder, e, term);
    case YG_EXPRESSION_LIST:
        return evaluate_list(builder, e, term);
    case YG_EXPRESSION_INDEX:
        return evaluate_index(builder, e, term);
    case YG_EXPRESSION_RANGE:
        return yg_fail(builder->error, YG_ERROR_SYNTAX, e->origin,
                       "a range such as 0:3 stands only in brackets after a tensor");
    case YG_EXPRESSION_CALL:
        break;
    }
    return evaluate_call(builder, e, term);
}

/* -------------------------------------------------------------------------- of one kind only -- */

bool yg_expression_int(yg_builder *builder, const yg_expression *expression, const char *what,
                       int64_t min, int64_t *value) {
    yg_term term;
    return yg_expression_value(builder, expression, &term) &&
           yg_term_is_int(builder->graph, &term, what, min, expression->origin, value,
                          builder->error);
}

bool yg_expression_node(yg_builder *builder, const yg_expression *expression, const char *what,
                        yg_node *node) {
    yg_term term;
    char found[200];
    if (!yg_expression_value(builder, expression, &term))
        return false;
    if (term.kind > YG_TERM_BOOL && term.kind != YG_TERM_LIST && term.kind != YG_TERM_TENSOR)
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "%s: a tensor is expected, found %s", what,
                       yg_term_describe(builder->graph, &term, found, sizeof found));
    yg_builder_at(builder, expression->origin);
    return yg_term_to_node(builder, &term, (yg_number_types){YG_I64, builder->dtype},
                           expression->origin, node);
}
