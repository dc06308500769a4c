/*
 * Evaluates `vars:` of a model, the named constants.
 */
#include "expander.h"

static bool bind_vars(yg_expander *x, yg_scope *scope) {
    for (size_t i = 0; i < x->model->var_count; i++) {
        const yg_var *var = &x->model->vars[i];
        yg_binding binding = {0};
        char found[200];
        if (!yg_expand_expression(x, scope, var->value, &binding.term))
            return false;
        if (binding.term.kind > YG_TERM_LIST)
            return yg_fail(x->error, YG_ERROR_ARGUMENT, var->value->origin,
                           "var '%s': a number, true, false, a text or a list is expected, found "
                           "%s",
                           var->name, yg_term_describe(NULL, &binding.term, found, sizeof found));
        if (!yg_scope_add(x, scope, var->name, var->origin, binding))
            return false;
    }
    return true;
}

bool yg_bind_vars(yg_expander *x, yg_scope *scope) {
    const bool before = x->constants;
    x->constants = true;
    const bool good = bind_vars(x, scope);
    x->constants = before;
    return good;
}
