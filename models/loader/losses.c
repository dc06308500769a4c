/*
 * Terms that layers add to the loss: `losses: {kl: …}` of a layer type.
 *
 * Each placing of the layer adds its own terms. The model's loss includes the sum of all of them
 * under the name layer_losses: see loss_sum.c.
 */
#include "scan_carries.h"

static bool fail_kind(const yg_expander *x, const yg_output_spec *spec, const yg_term *term,
                      bool many) {
    char found[200];
    return yg_fail(x->error, YG_ERROR_SHAPE, spec->origin,
                   "`losses`: '%s' is one number of a float type, found %s%s", spec->name,
                   yg_term_describe(x->trial->graph, term, found, sizeof found),
                   many ? "; mean(…) or sum(…) makes one of many" : "");
}

/* Expands a term to the name of a node, or to a number. */
static bool expand_term(yg_expander *x, const yg_scope *scope, const yg_output_spec *spec,
                        yg_flat_loss *loss) {
    yg_term term;
    if (!yg_expand_expression(x, scope, spec->value, &term))
        return false;
    if (term.kind == YG_TERM_INT || term.kind == YG_TERM_FLOAT)
        return yg_loss_is_number(x, loss, term.kind == YG_TERM_INT ? (double)term.i : term.f,
                                 spec->origin);
    if (term.kind != YG_TERM_WRITTEN)
        return fail_kind(x, spec, &term, false);
    if (!yg_emit_one(x, scope->prefix, spec->name, term.written, spec->origin, &term))
        return false;
    loss->value = term.written;
    const yg_term *value = yg_builder_find(x->trial, term.written->text);
    const yg_type *type =
        value->kind == YG_TERM_TENSOR ? yg_node_type(x->trial->graph, value->node) : NULL;
    return value->kind == YG_TERM_FLOAT ||
           (type && type->rank == 0 && yg_dtype_is_float(type->dtype)) ||
           fail_kind(x, spec, value, type && type->rank > 0);
}

static bool expand_loss(yg_expander *x, const yg_scope *scope, const yg_output_spec *spec) {
    yg_flat_loss loss = {.name = spec->name, .place = x->place};
    return expand_term(x, scope, spec, &loss) && yg_add_loss(x, &loss, spec->origin);
}

bool yg_expand_losses(yg_expander *x, const yg_scope *scope, const yg_body *body) {
    for (size_t i = 0; i < body->loss_count; i++)
        if (!expand_loss(x, scope, &body->losses[i]))
            return false;
    return true;
}
