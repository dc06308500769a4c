/*
 * Functions by name: which operators can be called, and the message for a name that is none.
 */
#include "../../graph/spelling.h"
#include "expander.h"
#include "foreign.h"

#include <string.h>

bool yg_is_function(const yg_op *op) {
    return op && (op->flags & (YG_OP_INTERNAL | YG_OP_LEAF)) == 0;
}

const char **yg_function_names(const yg_expander *x, bool one, size_t *count) {
    static const char *const own[] = {"if", "size", "given", "grad", "by_class", "class_of"};
    const size_t own_count = sizeof own / sizeof *own;
    const yg_op_set *set = x->model->ops;
    const char **known = yg_pool_take(x->pool, (set->count + own_count) * sizeof *known);
    *count = 0;
    if (!known) {
        yg_fail_memory(x->error);
        return NULL;
    }
    for (size_t i = 0; i < set->count; i++)
        if (yg_is_function(set->ops[i]) && (!one || set->ops[i]->min_operands == 1))
            known[(*count)++] = set->ops[i]->name;
    for (size_t i = 0; !one && i < own_count; i++)
        known[(*count)++] = own[i];
    return known;
}

bool yg_unknown_function(const yg_expander *x, const yg_expression *call) {
    const char *name = call->text;
    size_t count;
    char hint[400];
    const char **known = yg_function_names(x, false, &count);
    if (!known)
        return false;
    const char *foreign = yg_foreign_word(name);
    const char *layer = yg_layer_text(name)                 ? name
                        : foreign && yg_layer_text(foreign) ? foreign
                                                            : NULL;
    if (foreign && yg_op_find(x->model->ops, foreign))
        return yg_fail(x->error, YG_ERROR_NAME, call->origin,
                       "unknown function '%s': here it is '%s'", name, foreign);
    if (layer || yg_names_find(&x->model->library.names, name) != YG_NOT_FOUND)
        return yg_fail(x->error, YG_ERROR_NAME, call->origin,
                       "'%s' is a layer type: write it as a node, "
                       "`name: {type: %s, …}`",
                       name, layer ? layer : name);
    return yg_fail(x->error, YG_ERROR_NAME, call->origin, "unknown function '%s'%s", name,
                   yg_nearest(name, known, count)
                       ? yg_suggest(name, known, count, hint, sizeof hint)
                       : "; `yamlgrad ops` lists those that there are");
}
