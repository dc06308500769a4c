/*
 * Expanding one expression of a body. The result is a constant, or an expression of the expanded
 * model:
 *
 *   - A name of the layer's body becomes its full name; an argument becomes its value.
 *   - Arithmetic of two numbers is done.
 *   - Of an `if` with a known condition, only the chosen branch is kept, and only that is expanded.
 *     So the other branch may be wrong for these arguments.
 */
#include "arithmetic.h"
#include "call.h"
#include "class_names.h"
#include "expander.h"
#include "expression_tree.h"
#include "expression_value.h"

#include <string.h>

static bool set_written(const yg_expander *x, const yg_expression *written, yg_term *term) {
    *term = (yg_term){.kind = YG_TERM_WRITTEN, .written = written};
    return written || yg_fail_memory(x->error);
}

static bool constants_only(const yg_expander *x, const yg_expression *call) {
    return yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin,
                   "%s(…) works on tensors; here a number is expected, from numbers, vars, "
                   "+ - * / // %% ** and functions of numbers such as cos and maximum",
                   call->text);
}

/* Within a sum over lists, a list stands for one of its items. */
static bool pick_item(yg_expander *x, yg_origin origin, yg_term *term) {
    if (!x->item || term->kind != YG_TERM_LIST)
        return true;
    if (x->items != SIZE_MAX && x->items != term->count)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, origin, "sum(…): lists of %zu and of %zu items",
                       x->items, term->count);
    x->items = term->count;
    /* The term of an empty list is not used. */
    *term = term->count ? term->items[x->item - 1] : (yg_term){.kind = YG_TERM_INT};
    return true;
}

/* ------------------------------------------------------------------------------------- names -- */

static bool expand_name(yg_expander *x, const yg_scope *scope, const yg_expression *name,
                        yg_term *term) {
    if (!yg_resolve(x, scope, name->text, name->origin, term))
        return false;
    if (term->kind != YG_TERM_WRITTEN)
        return pick_item(x, name->origin, term);
    /* A copy whose place is this use of the name, so that messages point here. */
    yg_expression *here = yg_pool_take(x->pool, sizeof *here);
    if (!here)
        return yg_fail_memory(x->error);
    *here = *term->written;
    here->origin = name->origin;
    return set_written(x, here, term);
}

/* --------------------------------------------------------------------------- infix operators -- */

static bool expand_operation(yg_expander *x, const yg_expression *e, const yg_term *sides,
                             yg_term *term) {
    const bool binary = e->count == 2;
    const yg_graph *graph = x->trial ? x->trial->graph : NULL;
    const bool tensors = !x->constants && yg_is_tensor_operation(sides, e->count);
    if (!tensors && sides[0].kind != YG_TERM_WRITTEN &&
        (!binary || sides[1].kind != YG_TERM_WRITTEN))
        return binary ? yg_number_operation(graph, e, &sides[0], &sides[1], term, x->error)
                      : yg_number_negative(graph, e, &sides[0], term, x->error);
    const yg_expression *a = yg_written(x, &sides[0], e->children[0]->origin);
    const yg_expression *b = binary ? yg_written(x, &sides[1], e->children[1]->origin) : NULL;
    if (!a || (binary && !b))
        return false;
    return set_written(x, yg_expression_infix(x->pool, e->text, a, b, e->origin), term);
}

static bool expand_infix(yg_expander *x, const yg_scope *scope, const yg_expression *e,
                         yg_term *term) {
    yg_term sides[2];
    size_t count;
    if (!yg_is_chain(e))
        return yg_expand_expression(x, scope, e->children[0], &sides[0]) &&
               expand_operation(x, e, sides, term);
    const yg_expression **chain = yg_expression_chain(x->pool, e, &count);
    if (!chain)
        return yg_fail_memory(x->error);
    if (!yg_expand_expression(x, scope, chain[count - 1]->children[0], &sides[0]))
        return false;
    for (size_t i = count; i-- > 0; sides[0] = *term)
        if (!yg_expand_expression(x, scope, chain[i]->children[1], &sides[1]) ||
            !expand_operation(x, chain[i], sides, term))
            return false;
    return true;
}

/* ------------------------------------------------------------------------------------- calls -- */

/* The attribute that argument `i` of a call is given to, by its keyword or its position; NULL: it
 * goes to an operand, or there is none. */
static const yg_attr_spec *attr_of(const yg_op *op, const yg_expression *call, size_t i) {
    const char *keyword = call->keywords ? call->keywords[i] : NULL;
    const size_t before = (op->flags & YG_OP_LIST) != 0 ? 1 : (size_t)op->max_operands;
    if (!keyword)
        return i >= before && i - before < op->attr_count ? &op->attrs[i - before] : NULL;
    const int k = yg_op_attr(op, keyword);
    return k < 0 ? NULL : &op->attrs[k];
}

static bool is_always_word(const yg_attr_spec *spec) {
    return spec->kind == YG_ATTR_CHOICE || spec->kind == YG_ATTR_DTYPE;
}

/* Some arguments are words of the operator, not names of the model: `mean` in
 * mse(a, b, reduction=mean). Whether argument `i` may be such a word if nothing has that name. */
static bool may_be_word(const yg_op *op, const yg_expression *call, size_t i) {
    if (call->keywords && call->keywords[i]) {
        const yg_attr_spec *spec = attr_of(op, call, i);
        return spec && (is_always_word(spec) || spec->choices);
    }
    if ((int)i < ((op->flags & YG_OP_LIST) != 0 ? 1 : op->min_operands))
        return false;
    for (size_t k = 0; k < op->attr_count; k++)
        if (is_always_word(&op->attrs[k]) || op->attrs[k].choices)
            return true;
    return false;
}

/* Whether argument `i` is a word of the operator even if something in the model has that name. */
static bool is_word(const yg_op *op, const yg_expression *call, size_t i) {
    const yg_attr_spec *spec = attr_of(op, call, i);
    return spec && is_always_word(spec);
}

/* Whether argument `i` stays as it is written. */
static bool stays(const yg_scope *scope, const yg_op *op, const yg_expression *call, size_t i) {
    const yg_expression *argument = call->children[i];
    if (argument->kind != YG_EXPRESSION_NAME || !op)
        return false;
    const yg_binding *binding = yg_scope_find(scope, argument->text);
    yg_term constant;
    const bool text = binding && binding->term.kind == YG_TERM_TEXT;
    return (!text && is_word(op, call, i)) ||
           (!binding && !strchr(argument->text, '.') && may_be_word(op, call, i) &&
            !yg_constant_of_name(argument->text, &constant) &&
            strcmp(argument->text, "training") != 0);
}

static const yg_expression *expand_argument(yg_expander *x, const yg_scope *scope, const yg_op *op,
                                            const yg_expression *call, size_t i) {
    return stays(scope, op, call, i) ? call->children[i]
                                     : yg_expand_whole(x, scope, call->children[i]);
}

/* A call with expanded arguments. `function`, such as leaky_relu(0.1) given as an argument of a
 * layer, stands for the called name, and its arguments follow the call's; NULL: a plain call. */
static bool expand_call(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                        const yg_op *op, const yg_expression *function, yg_term *term) {
    const size_t own = call->count, total = own + (function ? function->count : 0);
    yg_expression *copy = yg_expression_new(x->pool, YG_EXPRESSION_CALL, call->origin,
                                            function ? function->text : call->text);
    yg_expression **children = yg_pool_take(x->pool, (total + 1) * sizeof *children);
    const char **keywords = yg_pool_take(x->pool, (total + 1) * sizeof *keywords);
    if (!copy || !children || !keywords)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < total; i++) {
        const yg_expression *from = i < own ? call : function;
        const size_t k = i < own ? i : i - own;
        keywords[i] = from->keywords ? from->keywords[k] : NULL;
        children[i] = from == function ? from->children[k]
                                       : (yg_expression *)expand_argument(x, scope, op, call, k);
        if (!children[i])
            return false;
    }
    return set_written(
        x, yg_expression_adopt(x->pool, copy, children, keywords, total) ? copy : NULL, term);
}

/* A call with arguments that are expanded already: each is expanded once, however deep calls are.
 */
static bool written_call(yg_expander *x, const yg_expression *call, const yg_term *arguments,
                         yg_term *term) {
    yg_expression *copy = yg_expression_new(x->pool, YG_EXPRESSION_CALL, call->origin, call->text);
    yg_expression **children = yg_pool_take(x->pool, (call->count + 1) * sizeof *children);
    if (!copy || !children)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < call->count; i++) {
        children[i] = arguments[i].kind == YG_TERM_WORD
                          ? call->children[i]
                          : (yg_expression *)yg_written(x, &arguments[i], call->origin);
        if (!children[i])
            return false;
    }
    return set_written(
        x, yg_expression_adopt(x->pool, copy, children, call->keywords, call->count) ? copy : NULL,
        term);
}

/* sum(f) where only numbers are wanted: f is computed for each item of the lists in it, as in
 * sum(if(epoch >= milestones, 1, 0)). */
static bool expand_sum(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                       yg_term *term) {
    const yg_expression *part = call->count ? call->children[0] : NULL;
    yg_term sides[2];
    if (call->count != 1 || (call->keywords && call->keywords[0]) || x->item)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin,
                       x->item ? "sum(…) stands in no other sum(…) where numbers are wanted"
                               : "sum(…) of numbers takes one argument, with a list in it");
    const yg_expression *plus = yg_expression_infix(x->pool, "+", part, part, call->origin);
    if (!plus)
        return yg_fail_memory(x->error);
    x->items = SIZE_MAX;
    x->item = 1;
    bool good = yg_expand_expression(x, scope, part, term);
    if (good && x->items == SIZE_MAX)
        good = yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin,
                       "sum(…) of numbers adds for each item of a list, and has no list in it");
    if (good && x->items == 0)
        *term = (yg_term){.kind = YG_TERM_INT};
    while (good && x->item < x->items) {
        x->item++;
        sides[0] = *term;
        good = yg_expand_expression(x, scope, part, &sides[1]) &&
               expand_operation(x, plus, sides, term);
    }
    x->item = 0;
    return good;
}

/* A call of an operator where only numbers are wanted. It is computed, unless a number is not known
 * yet; then it is checked as far as it can be, and written. */
static bool expand_number_call(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                               const yg_op *op, yg_term *term) {
    yg_builder numbers = {
        .ops = x->model->ops, .pool = x->pool, .dtype = YG_F64, .error = x->error};
    yg_sorted_call sorted;
    bool known = true;
    if (strcmp(op->name, "sum") == 0)
        return expand_sum(x, scope, call, term);
    if (!yg_is_number_function(op))
        return constants_only(x, call);
    yg_term *arguments = yg_pool_take(x->pool, (call->count + 1) * sizeof *arguments);
    if (!arguments)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < call->count; i++) {
        if (stays(scope, op, call, i))
            arguments[i] = (yg_term){.kind = YG_TERM_WORD, .text = call->children[i]->text};
        else if (!yg_expand_expression(x, scope, call->children[i], &arguments[i]))
            return false;
        known = known && arguments[i].kind != YG_TERM_WRITTEN;
    }
    if (!yg_sort_call(&numbers, call, op, arguments, &sorted))
        return false;
    return known ? yg_number_function(op, sorted.attrs, sorted.operands, sorted.operand_count,
                                      call->origin, term, x->error)
                 : written_call(x, call, arguments, term);
}

/* Expands a branch of an `if` whose condition only a network knows. *absent becomes true if the
 * branch reads a name that is absent, so that it cannot be built. */
static const yg_expression *expand_branch(yg_expander *x, const yg_scope *scope,
                                          const yg_expression *branch, bool *absent) {
    x->met_absent = false;
    const yg_expression *written = yg_expand_whole(x, scope, branch);
    *absent = !written && x->met_absent && x->trial;
    if (*absent)
        *x->error = (yg_error){0};
    x->met_absent = false;
    return written;
}

/* An `if` with a branch that reads a name that is absent: `if(n != m, shortcut, x)` beside a node
 * `shortcut` with `if: n != m`. The condition must be the same in all networks. */
static bool expand_only_branch(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                               const yg_term *condition, yg_term *term) {
    char found[200];
    yg_term value;
    if (!yg_expand_fixed(x, condition, "the condition of an `if` with a node that is not there",
                         call->children[0]->origin, &value))
        return false;
    if (value.kind != YG_TERM_BOOL)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, call->children[0]->origin,
                       "if(condition, a, b): the condition is true or false when the graph is "
                       "built, found %s",
                       yg_term_describe(x->trial->graph, &value, found, sizeof found));
    return yg_expand_expression(x, scope, call->children[value.i ? 1 : 2], term);
}

static bool expand_if(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                      yg_term *term) {
    yg_term condition;
    char found[200];
    if (!yg_expand_expression(x, scope, call->children[0], &condition))
        return false;
    if (condition.kind == YG_TERM_BOOL)
        return yg_expand_expression(x, scope, call->children[condition.i ? 1 : 2], term);
    if (condition.kind != YG_TERM_WRITTEN)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, call->children[0]->origin,
                       "if(condition, a, b): the condition is true or false when the graph is "
                       "built, found %s",
                       yg_term_describe(NULL, &condition, found, sizeof found));
    const yg_expression *branches[2];
    bool absent[2];
    for (size_t i = 0; i < 2; i++) {
        branches[i] = expand_branch(x, scope, call->children[1 + i], &absent[i]);
        if (!branches[i] && !absent[i])
            return false;
    }
    if (absent[0] || absent[1])
        return expand_only_branch(x, scope, call, &condition, term);
    yg_expression *copy = yg_expression_new(x->pool, YG_EXPRESSION_CALL, call->origin, call->text);
    yg_expression *const children[] = {
        (yg_expression *)condition.written, /* once: conditions in conditions would double */
        (yg_expression *)branches[0], (yg_expression *)branches[1]};
    return set_written(
        x, copy && yg_expression_adopt(x->pool, copy, children, NULL, 3) ? copy : NULL, term);
}

/* given(name): whether an optional input or argument of this layer was given, or a parameter with
 * `if:` exists. */
static bool expand_given(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                         yg_term *term) {
    const yg_expression *name = call->children[0];
    yg_term ignored;
    if (name->kind != YG_EXPRESSION_NAME)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, name->origin,
                       "given(name): the name of an input, argument or parameter is expected");
    *term = (yg_term){.kind = YG_TERM_BOOL, .i = !yg_absent_name(scope, name)};
    return !term->i || yg_resolve(x, scope, name->text, name->origin, &ignored);
}

/* grad(y, x), which is built like an operator of two tensors. */
static bool expand_grad(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                        yg_term *term) {
    if (x->constants)
        return constants_only(x, call);
    if (!expand_call(x, scope, call, NULL, NULL, term))
        return false;
    const yg_expression *target = term->written->children[1];
    return target->kind == YG_EXPRESSION_NAME ||
           yg_fail(
               x->error, YG_ERROR_ARGUMENT, call->children[1]->origin,
               "grad(y, x): x is the name of a tensor; give a part of one a node of its own, from "
               "which y is computed");
}

/* The functions of the language itself. */
static bool is_own(const char *name) {
    static const char *const own[] = {"if", "size", "given", "grad"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    return false;
}

static bool expand_own(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                       yg_term *term) {
    const bool branch = strcmp(call->text, "if") == 0;
    const bool given = strcmp(call->text, "given") == 0;
    const bool grad = strcmp(call->text, "grad") == 0;
    for (size_t i = 0; call->keywords && i < call->count; i++)
        if (call->keywords[i])
            return yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin,
                           "%s(…) takes its arguments in order, without names", call->text);
    if (call->count != (branch ? 3 : given ? 1 : 2))
        return yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin, "%s: %zu arguments found",
                       branch  ? "if(condition, a, b)"
                       : given ? "given(name)"
                       : grad  ? "grad(y, x)"
                               : "size(x, dim)",
                       call->count);
    if (given)
        return expand_given(x, scope, call, term);
    if (grad)
        return expand_grad(x, scope, call, term);
    return branch ? expand_if(x, scope, call, term) : expand_call(x, scope, call, NULL, NULL, term);
}

/* by_class(y, cat=2, dog=1) and class_of(y, dog) */
static bool expand_classes(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                           yg_term *term) {
    const yg_expression *target = call->count ? yg_expand_whole(x, scope, call->children[0]) : NULL;
    yg_term *values = yg_pool_take(x->pool, (call->count + 1) * sizeof *values);
    if (!call->count || (call->keywords && call->keywords[0]))
        return yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin,
                       "%s(y, …): the input or target comes first", call->text);
    if (!target || !values)
        return target ? yg_fail_memory(x->error) : false;
    for (size_t i = 0; i < call->count; i++)
        if (yg_is_class_value(call, i) &&
            !yg_expand_expression(x, scope, call->children[i], &values[i]))
            return false;
    return yg_class_function(x, call, target, values, term);
}

static bool expand_function(yg_expander *x, const yg_scope *scope, const yg_expression *call,
                            yg_term *term) {
    const yg_binding *binding = yg_scope_find(scope, call->text);
    const yg_expression *function =
        binding && binding->term.kind == YG_TERM_FUNCTION ? binding->term.written : NULL;
    const char *name = function ? function->text : call->text;
    if (binding && binding->term.kind == YG_TERM_ABSENT)
        return yg_fail_absent(x, name, &binding->term, call->origin);
    if (!function && is_own(name))
        return expand_own(x, scope, call, term);
    if (!function && yg_is_class_function(name))
        return expand_classes(x, scope, call, term);
    const yg_op *op = yg_op_find(x->model->ops, name);
    if (!yg_is_function(op))
        return yg_unknown_function(x, call);
    return x->constants ? expand_number_call(x, scope, call, op, term)
                        : expand_call(x, scope, call, op, function, term);
}

/* ------------------------------------------------------------------------------- other kinds -- */

static bool expand_list(yg_expander *x, const yg_scope *scope, const yg_expression *e,
                        yg_term *term) {
    *term = (yg_term){.kind = YG_TERM_LIST};
    term->count = e->count;
    term->items = yg_pool_take(x->pool, (e->count + 1) * sizeof *term->items);
    if (!term->items)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < e->count; i++) {
        yg_term *item = &term->items[i];
        if (!yg_expand_expression(x, scope, e->children[i], item))
            return false;
        term->values += item->kind == YG_TERM_LIST ? item->values + 1 : 1;
        /* Forty lists, each with the one before twice, stand for 2^40 values. */
        if (term->values > YG_VALUE_CAP)
            return yg_fail(x->error, YG_ERROR_SYNTAX, e->origin,
                           "a list with more than %d values, those of the lists in it counted too",
                           YG_VALUE_CAP);
    }
    return pick_item(x, e->origin, term);
}

/* A range, or one index. */
static const yg_expression *expand_subscript(yg_expander *x, const yg_scope *scope,
                                             const yg_expression *e) {
    if (e->kind != YG_EXPRESSION_RANGE)
        return yg_expand_whole(x, scope, e);
    yg_expression *bounds[3] = {NULL, NULL, NULL};
    yg_expression *range = yg_expression_new(x->pool, YG_EXPRESSION_RANGE, e->origin, "");
    for (size_t i = 0; i < 3; i++) {
        if (!e->children[i])
            continue;
        bounds[i] = (yg_expression *)yg_expand_whole(x, scope, e->children[i]);
        if (!bounds[i])
            return NULL;
    }
    if (range && yg_expression_adopt(x->pool, range, bounds, NULL, 3))
        return range;
    yg_fail_memory(x->error);
    return NULL;
}

/* An item of a list. *done becomes false if the index is not known when expanding, or if the list
 * stands for a tensor of which a part is taken. */
static bool list_item(yg_expander *x, const yg_scope *scope, const yg_expression *e,
                      const yg_term *list, yg_term *term, bool *done) {
    yg_term index;
    int64_t number;
    *done = false;
    if (e->count != 2 || e->children[1]->kind == YG_EXPRESSION_RANGE)
        return !x->constants ||
               yg_fail(x->error, YG_ERROR_ARGUMENT, e->origin, "a list takes one index");
    if (!yg_expand_expression(x, scope, e->children[1], &index))
        return false;
    *done = index.kind != YG_TERM_WRITTEN;
    return !*done || (yg_term_is_int(NULL, &index, "an index", INT64_MIN, e->children[1]->origin,
                                     &number, x->error) &&
                      yg_list_item(list, number, e->children[1]->origin, term, x->error));
}

static bool expand_index(yg_expander *x, const yg_scope *scope, const yg_expression *e,
                         yg_term *term) {
    yg_term base;
    bool done = false;
    yg_expression *copy = yg_expression_new(x->pool, YG_EXPRESSION_INDEX, e->origin, "");
    yg_expression **children = yg_pool_take(x->pool, e->count * sizeof *children);
    if (!copy || !children)
        return yg_fail_memory(x->error);
    const size_t item = x->item;
    x->item = 0; /* an index takes part of a whole list */
    const bool good = yg_expand_expression(x, scope, e->children[0], &base);
    x->item = item;
    if (!good)
        return false;
    if (base.kind == YG_TERM_LIST && !list_item(x, scope, e, &base, term, &done))
        return false;
    if (done)
        return true;
    char found[200];
    if (base.kind != YG_TERM_LIST && base.kind != YG_TERM_WRITTEN)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, e->origin,
                       "an index takes part of a tensor or a list, found %s",
                       yg_term_describe(NULL, &base, found, sizeof found));
    children[0] = (yg_expression *)yg_written(x, &base, e->children[0]->origin);
    for (size_t i = 1; children[i - 1] && i < e->count; i++)
        children[i] = (yg_expression *)expand_subscript(x, scope, e->children[i]);
    if (!children[e->count - 1])
        return false;
    return set_written(
        x, yg_expression_adopt(x->pool, copy, children, NULL, e->count) ? copy : NULL, term);
}

bool yg_expand_expression(yg_expander *x, const yg_scope *scope, const yg_expression *e,
                          yg_term *term) {
    switch (e->kind) {
    case YG_EXPRESSION_NUMBER:
        *term = e->integer ? (yg_term){.kind = YG_TERM_INT, .i = e->whole}
                           : (yg_term){.kind = YG_TERM_FLOAT, .f = e->number};
        return true;
    case YG_EXPRESSION_TEXT:
        *term = (yg_term){.kind = YG_TERM_TEXT, .text = e->text};
        return true;
    case YG_EXPRESSION_NAME:
        return expand_name(x, scope, e, term);
    case YG_EXPRESSION_LIST:
        return expand_list(x, scope, e, term);
    case YG_EXPRESSION_INDEX:
        return expand_index(x, scope, e, term);
    case YG_EXPRESSION_RANGE:
        return yg_fail(x->error, YG_ERROR_SYNTAX, e->origin,
                       "a range such as 0:3 stands only in brackets after a tensor");
    case YG_EXPRESSION_CALL:
        break;
    }
    return e->infix ? expand_infix(x, scope, e, term) : expand_function(x, scope, e, term);
}

const yg_expression *yg_expand_whole(yg_expander *x, const yg_scope *scope,
                                     const yg_expression *expression) {
    yg_term term;
    return yg_expand_expression(x, scope, expression, &term)
               ? yg_written(x, &term, expression->origin)
               : NULL;
}
