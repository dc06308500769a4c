/*
 * Expands `input:` of a layer node.
 */
#include "../../graph/spelling.h"
#include "expander.h"
#include "expression_tree.h"

#include <string.h>

/* Finds the input of the layer type that is meant, by its name or by its position. */
static bool input_place(const yg_expander *x, const yg_layer_use *use, const yg_input_use *given,
                        size_t position, size_t *index) {
    const yg_definition *type = use->definition;
    *index = position;
    if (!given->name)
        return true;
    for (size_t i = 0; type && i < type->input_count; i++) {
        *index = i;
        if (strcmp(type->inputs[i].name, given->name) == 0)
            return true;
    }
    yg_names known = {0};
    char hint[300];
    for (size_t i = 0; type && i < type->input_count; i++)
        if (!yg_names_add(&known, x->pool, type->inputs[i].name))
            return yg_fail_memory(x->error);
    return yg_fail(x->error, YG_ERROR_NAME, given->origin, "layer type '%s' has no input '%s'%s",
                   use->type, given->name,
                   yg_names_suggest(&known, given->name, hint, sizeof hint));
}

/* The input of a node without `input:`: the node above, or the model's only input. */
static bool input_above(const yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                        const yg_statement *above, const char **name) {
    if (above) {
        *name = above->names[0];
        return above->name_count == 1 ||
               yg_fail(x->error, YG_ERROR_ARGUMENT, use->origin,
                       "`input` is needed: the node above gives %zu tensors", above->name_count);
    }
    const yg_definition *body = scope->definition;
    if (scope->scan) {
        *name = scope->scan->slice_count > 0 ? scope->scan->slices[0].name : NULL;
        return scope->scan->slice_count == 1 ||
               yg_fail(x->error, YG_ERROR_ARGUMENT, use->origin,
                       "`input` is needed: no node stands above in the body of the scan, which "
                       "has %zu slices",
                       scope->scan->slice_count);
    }
    size_t inputs = body ? body->input_count : 0;
    *name = inputs > 0 ? body->inputs[0].name : NULL;
    for (size_t i = 0; !body && i < x->model->port_count; i++)
        if (!x->model->port_specs[i].target)
            *name = inputs++ == 0 ? x->model->port_specs[i].name : *name;
    return inputs == 1 || yg_fail(x->error, YG_ERROR_ARGUMENT, use->origin,
                                  "`input` is needed: no node stands above, and there are %zu "
                                  "inputs",
                                  inputs);
}

static bool is_optional(const yg_layer_use *use, size_t index) {
    return use->definition && use->definition->inputs[index].optional;
}

static bool wrong_count(const yg_expander *x, const yg_layer_use *use, size_t found) {
    const size_t most = use->definition ? use->definition->input_count : 1;
    size_t least = most;
    while (least > 0 && is_optional(use, least - 1))
        least--;
    return least == most
               ? yg_fail(x->error, YG_ERROR_ARGUMENT, use->origin,
                         "layer type '%s' takes %zu input%s, %zu found", use->type, most,
                         most == 1 ? "" : "s", found)
               : yg_fail(x->error, YG_ERROR_ARGUMENT, use->origin,
                         "layer type '%s' takes %zu to %zu inputs, without '%s' %zu; "
                         "%zu found",
                         use->type, least, most, use->definition->inputs[least].name, least, found);
}

/* Expands one input. A name of this body that is absent is handed on as such. */
static bool expand_input(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                         const yg_input_use *given, size_t index, yg_term *input) {
    if (is_optional(use, index) && yg_absent_name(scope, given->value))
        return true;
    const yg_expression *written = yg_expand_whole(x, scope, given->value);
    if (!written)
        return false;
    *input = (yg_term){.kind = YG_TERM_WRITTEN, .written = written};
    return true;
}

bool yg_expand_inputs(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                      const yg_statement *above, yg_term **inputs, size_t *count) {
    const size_t expected = use->definition ? use->definition->input_count : 1;
    yg_input_use implied = {.origin = use->origin};
    const yg_input_use *given = use->inputs;
    size_t found = use->input_count;
    *count = expected;
    *inputs = yg_pool_take(x->pool, (expected + 1) * sizeof **inputs);
    if (!*inputs)
        return yg_fail_memory(x->error);
    if (use->input_above && expected > 0 && !is_optional(use, 0)) {
        const char *name;
        if (!input_above(x, scope, use, above, &name))
            return false;
        implied.value = yg_expression_new(x->pool, YG_EXPRESSION_NAME, use->origin, name);
        if (!implied.value)
            return yg_fail_memory(x->error);
        given = &implied;
        found = 1;
    }
    if (found > expected)
        return wrong_count(x, use, found);
    for (size_t i = 0; i < expected; i++)
        (*inputs)[i] =
            (yg_term){.kind = YG_TERM_ABSENT, .text = "the layer node does not give this input"};
    for (size_t i = 0; i < found; i++) {
        size_t k = 0;
        if (!input_place(x, use, &given[i], i, &k) ||
            !expand_input(x, scope, use, &given[i], k, &(*inputs)[k]))
            return false;
    }
    for (size_t i = 0; i < expected; i++)
        if ((*inputs)[i].kind == YG_TERM_ABSENT && !is_optional(use, i))
            return wrong_count(x, use, found);
    return true;
}
