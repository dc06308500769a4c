/*
 * Classes by their names: see class_names.h.
 */
#include "class_names.h"

#include "../../graph/spelling.h"

#include <string.h>

static bool is_list(const char *function) {
    return strcmp(function, "by_class") == 0;
}

bool yg_is_class_function(const char *name) {
    return is_list(name) || strcmp(name, "class_of") == 0;
}

static const char *keyword_of(const yg_expression *call, size_t i) {
    return call->keywords ? call->keywords[i] : NULL;
}

/* Values stand at names, or behind texts: cat=2, or 'a cat', 2. */
bool yg_is_class_value(const yg_expression *call, size_t i) {
    return is_list(call->text) && i > 0 &&
           (keyword_of(call, i) || call->children[i]->kind != YG_EXPRESSION_TEXT);
}

/* The port whose classes are meant; NULL with an error. */
static const yg_port *find_port(const yg_expander *x, const yg_expression *call,
                                const yg_expression *target) {
    const size_t index =
        target->kind == YG_EXPRESSION_NAME ? yg_model_find_port(x->model, target->text) : SIZE_MAX;
    const yg_port *port = index == SIZE_MAX ? NULL : yg_model_port(x->model, index);
    if (!port || !port->classes)
        yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin,
                "%s(y, …): y is an input or target with `classes`", call->text);
    else if (!port->class_names)
        yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin,
                "%s(%s, …): the names of the classes are not known yet, since the data tell them; "
                "list them: `%s: {…, classes: [a, b]}`",
                call->text, port->name, port->name);
    return port && port->class_names ? port : NULL;
}

/* The number of a class; -1 with an error. */
static int64_t find_class(const yg_expander *x, const yg_port *port, const char *name,
                          yg_origin origin) {
    char hint[400];
    for (int64_t c = 0; c < port->classes; c++)
        if (strcmp(port->class_names[c], name) == 0)
            return c;
    yg_fail(x->error, YG_ERROR_NAME, origin, "'%s' has no class '%s'%s", port->name, name,
            yg_suggest(name, port->class_names, (size_t)port->classes, hint, sizeof hint));
    return -1;
}

/* The name of the class that argument `i` is the value of; NULL: there is none. */
static const char *class_at(const yg_expression *call, size_t i) {
    const yg_expression *before = call->children[i - 1];
    if (keyword_of(call, i))
        return keyword_of(call, i);
    return i > 1 && before->kind == YG_EXPRESSION_TEXT && !keyword_of(call, i - 1) ? before->text
                                                                                   : NULL;
}

static bool fail_form(const yg_expander *x, const yg_expression *call) {
    return yg_fail(x->error, YG_ERROR_ARGUMENT, call->origin,
                   is_list(call->text) ? "by_class(y, 'a dog', 1, cat=2): a number for each class, "
                                         "behind its name in quotes or at its name"
                                       : "class_of(y, cat): one class, by its name");
}

/* Classes that are not named have 1, as a weight that changes nothing. */
static bool make_list(const yg_expander *x, const yg_expression *call, const yg_port *port,
                      const yg_term *values, yg_term *term) {
    const size_t count = (size_t)port->classes;
    bool *given = yg_pool_take(x->pool, count * sizeof *given);
    *term = (yg_term){.kind = YG_TERM_LIST, .count = count, .values = count};
    term->items = yg_pool_take(x->pool, count * sizeof *term->items);
    if (!given || !term->items)
        return yg_fail_memory(x->error);
    for (size_t c = 0; c < count; c++) {
        given[c] = false;
        term->items[c] = (yg_term){.kind = YG_TERM_INT, .i = 1};
    }
    for (size_t i = 1; i < call->count; i++) {
        const bool value = yg_is_class_value(call, i);
        const char *name = value ? class_at(call, i) : NULL;
        if (value ? !name : i + 1 == call->count || !yg_is_class_value(call, i + 1))
            return fail_form(x, call);
        if (!value)
            continue;
        const int64_t c = find_class(x, port, name, call->children[i]->origin);
        if (c < 0)
            return false;
        if (values[i].kind != YG_TERM_INT && values[i].kind != YG_TERM_FLOAT)
            return fail_form(x, call);
        if (given[c])
            return yg_fail(x->error, YG_ERROR_NAME, call->children[i]->origin,
                           "the class '%s' is given a second time", name);
        given[c] = true;
        term->items[c] = values[i];
    }
    return true;
}

bool yg_class_function(const yg_expander *x, const yg_expression *call, const yg_expression *target,
                       const yg_term *values, yg_term *term) {
    const yg_port *port = find_port(x, call, target);
    if (!port)
        return false;
    if (is_list(call->text))
        return make_list(x, call, port, values, term);
    const yg_expression *class = call->count == 2 ? call->children[1] : NULL;
    if (!class || keyword_of(call, 1) ||
        (class->kind != YG_EXPRESSION_TEXT && class->kind != YG_EXPRESSION_NAME))
        return fail_form(x, call);
    *term = (yg_term){.kind = YG_TERM_INT, .i = find_class(x, port, class->text, class->origin)};
    return term->i >= 0;
}
