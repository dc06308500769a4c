/*
 * Expands `update:`, what states become after a training step.
 *
 * Bodies that share a state update it one after the other, in the order of the graph: each sees the
 * state as the one above leaves it. So the value that a body above gives becomes a statement, which
 * the body below reads in place of the state. Only the last value is an update of the model.
 */
#include "expander.h"
#include "expression_tree.h"

#include <string.h>

static bool add_update(yg_expander *x, size_t param, yg_flat_update update) {
    yg_flat *flat = x->flat;
    yg_flat_param *state = &flat->params[param];
    if (state->update == 0) {
        yg_flat_update *grown =
            yg_pool_grow(x->pool, flat->updates, flat->update_count, sizeof *grown);
        if (!grown)
            return yg_fail_memory(x->error);
        flat->updates = grown;
        state->update = ++flat->update_count;
    }
    update.param = param;
    update.place = x->place;
    update.frame = x->frame;
    flat->updates[state->update - 1] = update;
    yg_node ignored;
    return !x->trial->training || yg_build_update(x->trial, state, &update, &ignored);
}

bool yg_expand_updates(yg_expander *x, const yg_scope *scope, const yg_body *body) {
    for (size_t i = 0; i < body->update_count; i++) {
        const yg_update_spec *spec = &body->updates[i];
        if (yg_scope_find(scope, spec->name)->term.kind == YG_TERM_ABSENT)
            continue;
        const char *full = yg_pool_format(x->pool, "%s%s%s", scope->parameter_prefix, spec->name,
                                          scope->parameter_suffix);
        if (!full)
            return yg_fail_memory(x->error);
        if (x->trial->outer)
            return yg_fail(x->error, YG_ERROR_ARGUMENT, spec->origin,
                           "`update`: '%s' cannot change in the body of a scan: a state changes "
                           "once a training step; carry the tensor instead",
                           spec->name);
        const yg_expression *value = yg_expand_whole(x, scope, spec->value);
        if (!value || !add_update(x, yg_names_find(&x->flat->param_names, full),
                                  (yg_flat_update){.origin = spec->origin, .value = value}))
            return false;
    }
    return true;
}

/* if(training, stop_gradient(VALUE), STATE): only a network for training has updates, and a state
 * is a constant to the gradient. */
static const yg_expression *in_training(yg_pool *pool, const yg_expression *value,
                                        const yg_expression *state, yg_origin origin) {
    yg_expression *call = yg_expression_new(pool, YG_EXPRESSION_CALL, origin, "if");
    yg_expression *stop = yg_expression_new(pool, YG_EXPRESSION_CALL, origin, "stop_gradient");
    yg_expression *const stopped[] = {(yg_expression *)value};
    yg_expression *const children[] = {
        yg_expression_new(pool, YG_EXPRESSION_NAME, origin, "training"), stop,
        (yg_expression *)state};
    return call && stop && children[0] && yg_expression_adopt(pool, stop, stopped, NULL, 1) &&
                   yg_expression_adopt(pool, call, children, NULL, 3)
               ? call
               : NULL;
}

bool yg_expand_updated(yg_expander *x, const yg_scope *scope, const yg_param_spec *spec,
                       const char *full, yg_term *term) {
    yg_flat *flat = x->flat;
    const size_t update = flat->params[yg_names_find(&flat->param_names, full)].update;
    if (update == 0 || x->trial->outer) /* in a scan, the body's own update will be refused */
        return true;
    const yg_expression *value =
        in_training(x->pool, flat->updates[update - 1].value, term->written, spec->origin);
    if (!value)
        return yg_fail_memory(x->error);
    if (!yg_emit_one(x, scope->prefix, spec->name, value, spec->origin, term))
        return false;
    flat->updates[update - 1].value = term->written;
    return true;
}
