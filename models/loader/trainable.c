/*
 * Evaluates `trainable:` of the model, which says by patterns of names which parameters are
 * trained.
 */
#include "../../graph/spelling.h"
#include "expander.h"
#include "name_pattern.h"

#include <string.h>

/* The most patterns with a `*`: each is compared with every parameter. */
#define PATTERN_CAP 1000

static bool no_match(const yg_expander *x, const yg_trainable_spec *spec) {
    char hint[400];
    const yg_flat *flat = x->flat;
    const char **known = yg_pool_take(x->pool, (flat->param_names.count + 1) * sizeof *known);
    size_t count = 0;
    if (!known)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < flat->param_names.count; i++)
        if (!flat->params[i].state)
            known[count++] = flat->params[i].name;
    return yg_fail(x->error, YG_ERROR_NAME, spec->origin,
                   "`trainable`: no parameter is called '%s'%s", spec->pattern,
                   count == 0 ? "; the model has none"
                              : yg_suggest(spec->pattern, known, count, hint, sizeof hint));
}

static bool set(const yg_expander *x, const yg_trainable_spec *spec, bool trainable) {
    yg_flat *flat = x->flat;
    size_t matched = 0;
    if (!strchr(spec->pattern, '*')) {
        const size_t param = yg_names_find(&flat->param_names, spec->pattern);
        if (param != YG_NOT_FOUND && !flat->params[param].state) {
            flat->params[param].trainable = trainable;
            return true;
        }
        return no_match(x, spec);
    }
    for (size_t i = 0; i < flat->param_names.count; i++) {
        yg_flat_param *param = &flat->params[i];
        if (param->state || !yg_name_matches(spec->pattern, param->name))
            continue;
        param->trainable = trainable;
        matched++;
    }
    return matched > 0 || no_match(x, spec);
}

bool yg_expand_trainable(yg_expander *x, const yg_scope *scope) {
    size_t patterns = 0;
    for (size_t i = 0; i < x->model->trainable_count; i++) {
        const yg_trainable_spec *spec = &x->model->trainables[i];
        const char *what = yg_pool_format(x->pool, "'%s'", spec->pattern);
        bool trainable;
        if (!what)
            return yg_fail_memory(x->error);
        patterns += strchr(spec->pattern, '*') != NULL;
        if (patterns > PATTERN_CAP)
            return yg_fail(x->error, YG_ERROR_ARGUMENT, spec->origin,
                           "`trainable`: more than %d patterns with a '*'", PATTERN_CAP);
        if (!yg_expand_condition(x, scope, spec->value, "trainable", what, &trainable) ||
            !set(x, spec, trainable))
            return false;
    }
    return true;
}
