/*
 * Expressions to values: numbers that are known now, and tensors as nodes of the graph.
 */
#include "builder.h"

#include <string.h>

void yg_builder_at(const yg_builder *builder, yg_origin origin) {
    /* Inside layers, nodes come from the line in the model's own graph. */
    yg_graph_at(builder->graph, builder->depth == 0 ? origin : builder->place);
}

bool yg_fail_from_graph(const yg_builder *builder, yg_origin origin) {
    const yg_error *failure = yg_graph_error(builder->graph);
    if (!failure) {
        return yg_fail(builder->error, YG_ERROR_INTERNAL, origin,
                       "a node could not be built, and no reason was given");
    }
    return yg_fail(builder->error, failure->code, origin, "%s", failure->message);
}

/* ---------------------------------------------------------------------------- infix operators --
 */

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

static bool evaluate_infix(yg_builder *builder, const yg_scope *scope,
                           const yg_expression *expression, yg_term *term) {
    static const yg_term zero = {.kind = YG_TERM_INT};
    yg_term sides[2];
    bool tensor = false;
    for (size_t i = 0; i < expression->count; i++) {
        if (!yg_evaluate_term(builder, scope, expression->children[i], &sides[i]))
            return false;
        tensor = tensor || sides[i].kind == YG_TERM_TENSOR;
    }
    if (!tensor) {
        if (expression->count == 1 && sides[0].kind == YG_TERM_FLOAT) {
            *term = sides[0];
            term->f = -term->f; /* -0.0 too */
            return true;
        }
        return expression->count == 1
                   ? yg_number_operation(builder, expression, &zero, &sides[0], term)
                   : yg_number_operation(builder, expression, &sides[0], &sides[1], term);
    }
    size_t count;
    yg_term results[YG_MAX_RESULTS];
    if (!yg_evaluate_call(builder, scope, expression, infix_operator(expression), results, &count))
        return false;
    *term = results[0];
    return true;
}

/* -------------------------------------------------------------------- functions of the language --
 */

static bool wrong_count(const yg_builder *builder, const yg_expression *call, const char *form) {
    return yg_fail(builder->error, YG_ERROR_ARGUMENT, call->origin, "%s: %zu arguments found", form,
                   call->count);
}

static bool evaluate_if(yg_builder *builder, const yg_scope *scope, const yg_expression *call,
                        yg_term *results, size_t *count) {
    if (call->count != 3)
        return wrong_count(builder, call, "if(condition, a, b)");
    yg_term condition;
    char found[200];
    if (!yg_evaluate_term(builder, scope, call->children[0], &condition))
        return false;
    if (condition.kind != YG_TERM_BOOL) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, call->children[0]->origin,
                       "if(condition, a, b): the condition is true or false when the graph is "
                       "built, found %s%s",
                       yg_term_describe(builder, &condition, found, sizeof found),
                       condition.kind == YG_TERM_TENSOR
                           ? "; where(condition, a, b) chooses element by element"
                           : "");
    }
    if (!yg_evaluate_all(builder, scope, call->children[condition.i ? 1 : 2], results, count))
        return false;
    for (size_t i = 0; i < *count; i++)
        results[i].varies = results[i].varies || condition.varies;
    return true;
}

/* size(x, dim): one of a tensor's sizes, as a number. */
static bool evaluate_size(yg_builder *builder, const yg_scope *scope, const yg_expression *call,
                          yg_term *term) {
    if (call->count != 2)
        return wrong_count(builder, call, "size(x, dim)");
    yg_term tensor;
    int64_t dim;
    int index;
    char found[YG_TYPE_TEXT + 20];
    if (!yg_evaluate_term(builder, scope, call->children[0], &tensor))
        return false;
    if (tensor.kind != YG_TERM_TENSOR) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, call->children[0]->origin,
                       "size(x, dim): x is a tensor, found %s",
                       yg_term_describe(builder, &tensor, found, sizeof found));
    }
    if (!yg_evaluate_int(builder, scope, call->children[1], "`dim` of size(x, dim)", INT64_MIN,
                         &dim))
        return false;
    const yg_type *type = yg_node_type(builder->graph, tensor.node);
    if (type->rank == 0 || !yg_dimension(dim, type->rank, &index)) {
        return yg_fail(builder->error, YG_ERROR_SHAPE, call->children[1]->origin,
                       "size(x, dim): %s has no dimension %lld",
                       yg_term_describe(builder, &tensor, found, sizeof found), (long long)dim);
    }
    *term = (yg_term){.kind = YG_TERM_INT, .varies = true, .i = type->shape[index]};
    return true;
}

/* `activation(z)` with activation = leaky_relu(0.1): leaky_relu(z, 0.1). */
static bool evaluate_function(yg_builder *builder, const yg_scope *scope, const yg_expression *call,
                              const yg_expression *function, yg_term *results, size_t *count) {
    const size_t total = call->count + function->count;
    yg_expression *whole = yg_pool_take(builder->pool, sizeof *whole);
    yg_expression **children = yg_pool_take(builder->pool, (total + 1) * sizeof *children);
    const char **keywords = yg_pool_take(builder->pool, (total + 1) * sizeof *keywords);
    if (!whole || !children || !keywords)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < total; i++) {
        const yg_expression *from = i < call->count ? call : function;
        const size_t k = i < call->count ? i : i - call->count;
        children[i] = from->children[k];
        keywords[i] = from->keywords ? from->keywords[k] : NULL;
    }
    *whole = *call;
    whole->text = function->text;
    whole->count = total;
    whole->children = children;
    whole->keywords = keywords;
    return yg_evaluate_all(builder, scope, whole, results, count);
}

static bool has_keywords(const yg_expression *call) {
    for (size_t i = 0; call->keywords && i < call->count; i++)
        if (call->keywords[i])
            return true;
    return false;
}

bool yg_evaluate_all(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                     yg_term *results, size_t *count) {
    *count = 1;
    if (expression->kind != YG_EXPRESSION_CALL || expression->infix)
        return yg_evaluate_term(builder, scope, expression, results);
    const yg_binding *binding = yg_scope_find(scope, expression->text);
    if (binding && binding->term.kind == YG_TERM_FUNCTION)
        return evaluate_function(builder, scope, expression, binding->term.call, results, count);
    const bool own = strcmp(expression->text, "if") == 0 || strcmp(expression->text, "size") == 0;
    if (own && has_keywords(expression)) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "%s(…) takes its arguments in order, without names", expression->text);
    }
    if (strcmp(expression->text, "if") == 0)
        return evaluate_if(builder, scope, expression, results, count);
    if (strcmp(expression->text, "size") == 0)
        return evaluate_size(builder, scope, expression, results);
    return yg_evaluate_call(builder, scope, expression, expression->text, results, count);
}

/* ----------------------------------------------------------------------------------- the whole --
 */

static bool evaluate_list(yg_builder *builder, const yg_scope *scope,
                          const yg_expression *expression, yg_term *term) {
    *term = (yg_term){.kind = YG_TERM_LIST};
    term->count = expression->count;
    term->items = yg_pool_take(builder->pool, (expression->count + 1) * sizeof *term->items);
    if (!term->items)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < expression->count; i++) {
        if (!yg_evaluate_term(builder, scope, expression->children[i], &term->items[i]))
            return false;
        term->varies = term->varies || term->items[i].varies;
    }
    return true;
}

bool yg_evaluate_term(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                      yg_term *term) {
    *term = (yg_term){.kind = YG_TERM_INT};
    switch (expression->kind) {
    case YG_EXPRESSION_NUMBER:
        /* Whole numbers beyond 2^53 are not exact as doubles: they stay fractions. */
        if (expression->integer && expression->number <= 9007199254740992.0)
            *term = (yg_term){.kind = YG_TERM_INT, .i = (int64_t)expression->number};
        else
            *term = (yg_term){.kind = YG_TERM_FLOAT, .f = expression->number};
        return true;
    case YG_EXPRESSION_TEXT:
        *term = (yg_term){.kind = YG_TERM_TEXT, .text = expression->text};
        return true;
    case YG_EXPRESSION_NAME:
        return yg_resolve(builder, scope, expression->text, expression->origin, term);
    case YG_EXPRESSION_LIST:
        return evaluate_list(builder, scope, expression, term);
    case YG_EXPRESSION_INDEX:
        return yg_evaluate_index(builder, scope, expression, term);
    case YG_EXPRESSION_RANGE:
        return yg_fail(builder->error, YG_ERROR_SYNTAX, expression->origin,
                       "a range such as 0:3 stands only in brackets after a tensor");
    case YG_EXPRESSION_CALL:
        break;
    }
    if (expression->infix)
        return evaluate_infix(builder, scope, expression, term);
    size_t count;
    yg_term results[YG_MAX_RESULTS];
    if (!yg_evaluate_all(builder, scope, expression, results, &count))
        return false;
    if (count != 1) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "%s(…) gives %zu results, one is expected here; name them in a node of "
                       "their own: `a, b: %s(…)`",
                       expression->text, count, expression->text);
    }
    *term = results[0];
    return true;
}

/* -------------------------------------------------------------------------- of one kind only -- */

bool yg_evaluate_int(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                     const char *what, int64_t min, int64_t *value) {
    yg_term term;
    char found[200];
    if (!yg_evaluate_term(builder, scope, expression, &term))
        return false;
    if (term.kind != YG_TERM_INT) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "%s: a whole number is expected, found %s%s", what,
                       yg_term_describe(builder, &term, found, sizeof found),
                       term.kind == YG_TERM_FLOAT ? " ('//' divides whole numbers)" : "");
    }
    if (term.i < min) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "%s: at least %lld is expected, found %lld", what, (long long)min,
                       (long long)term.i);
    }
    *value = term.i;
    return true;
}

bool yg_evaluate_bool(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                      const char *what, bool *value) {
    yg_term term;
    char found[200];
    if (!yg_evaluate_term(builder, scope, expression, &term))
        return false;
    if (term.kind != YG_TERM_BOOL) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "%s: true or false is expected, found %s", what,
                       yg_term_describe(builder, &term, found, sizeof found));
    }
    *value = term.i != 0;
    return true;
}

yg_node yg_term_node(yg_builder *builder, const yg_term *term, yg_dtype dtype) {
    switch (term->kind) {
    case YG_TERM_TENSOR:
        return term->node;
    case YG_TERM_INT:
        return yg_scalar(builder->graph, dtype, (double)term->i);
    case YG_TERM_FLOAT:
        return yg_scalar(builder->graph, dtype, term->f);
    case YG_TERM_BOOL:
        return yg_scalar(builder->graph, YG_BOOL, (double)term->i);
    default:
        return YG_NONE;
    }
}

bool yg_evaluate_tensor(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                        const char *what, yg_node *node) {
    yg_term term;
    char found[200];
    if (!yg_evaluate_term(builder, scope, expression, &term))
        return false;
    if (term.kind > YG_TERM_BOOL && term.kind != YG_TERM_TENSOR) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "%s: a tensor is expected, found %s", what,
                       yg_term_describe(builder, &term, found, sizeof found));
    }
    yg_builder_at(builder, expression->origin);
    *node = yg_term_node(builder, &term, term.kind == YG_TERM_INT ? YG_I64 : builder->dtype);
    return *node != YG_NONE || yg_fail_from_graph(builder, expression->origin);
}
