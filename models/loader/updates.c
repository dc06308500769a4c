/*
 * Expands `update:`, what states become after a training step.
 *
 * Bodies that share a state update it one after the other, in the order of the graph: each sees the
 * state as the one above leaves it. So the value that a body above gives becomes a statement, which
 * the body below reads in place of the state. Only the last value is an update of the model.
 */
#include "scan_carries.h"

bool yg_expand_updates(yg_expander *x, const yg_scope *scope, const yg_body *body) {
    for (size_t i = 0; i < body->update_count; i++) {
        const yg_update_spec *spec = &body->updates[i];
        if (yg_scope_find(scope, spec->name)->term.kind == YG_TERM_ABSENT)
            continue;
        const char *full = yg_pool_format(x->pool, "%s%s%s", scope->parameter_prefix, spec->name,
                                          scope->parameter_suffix);
        if (!full)
            return yg_fail_memory(x->error);
        const yg_expression *value = yg_expand_whole(x, scope, spec->value);
        const yg_flat_update update = {
            .origin = spec->origin, .place = x->place, .frame = x->frame, .value = value};
        if (!value || !yg_add_update(x, scope, yg_names_find(&x->flat->param_names, full), &update))
            return false;
    }
    return true;
}

bool yg_expand_updated(yg_expander *x, const yg_scope *scope, const yg_param_spec *spec,
                       const char *full, yg_term *term) {
    yg_flat *flat = x->flat;
    const size_t update = flat->params[yg_names_find(&flat->param_names, full)].update;
    if (update == 0)
        return true;
    const yg_expression *value =
        yg_in_training(x->pool, flat->updates[update - 1].value, term->written, spec->origin);
    if (!value)
        return yg_fail_memory(x->error);
    if (!yg_emit_one(x, scope->prefix, spec->name, value, spec->origin, term))
        return false;
    flat->updates[update - 1].value = term->written;
    return true;
}
