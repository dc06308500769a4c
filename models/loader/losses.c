/*
 * Terms that layers add to the loss: `losses: {kl: …}` of a layer type.
 *
 * Each placing of the layer adds its own terms. The model's loss includes the sum of all of them
 * under the name layer_losses. Each name of a term is a metric of the model too.
 */
#include "expander.h"
#include "expression_tree.h"

#include <string.h>

static bool fail_kind(const yg_expander *x, const yg_output_spec *spec, const yg_term *term,
                      bool many) {
    char found[200];
    return yg_fail(x->error, YG_ERROR_SHAPE, spec->origin,
                   "`losses`: '%s' is one number of a float type, found %s%s", spec->name,
                   yg_term_describe(x->trial->graph, term, found, sizeof found),
                   many ? "; mean(…) or sum(…) makes one of many" : "");
}

static bool set_number(yg_expander *x, yg_flat_loss *loss, double number, yg_origin origin) {
    loss->known = true;
    loss->number = number;
    loss->value = yg_expression_real(x->pool, number, origin);
    return loss->value || yg_fail_memory(x->error);
}

/* Adds a term to a sum. Two numbers become one, as they do where the sum is expanded again. */
static bool add(yg_expander *x, yg_flat_loss *sum, const yg_flat_loss *term, yg_origin origin) {
    if (sum->known && term->known)
        return set_number(x, sum, sum->number + term->number, origin);
    sum->value = yg_expression_infix(x->pool, "+", sum->value, term->value, origin);
    sum->known = false;
    return sum->value || yg_fail_memory(x->error);
}

/* Expands a term to the name of a node, or to a number. */
static bool expand_term(yg_expander *x, const yg_scope *scope, const yg_output_spec *spec,
                        yg_flat_loss *loss) {
    yg_term term;
    if (!yg_expand_expression(x, scope, spec->value, &term))
        return false;
    if (term.kind == YG_TERM_INT || term.kind == YG_TERM_FLOAT)
        return set_number(x, loss, term.kind == YG_TERM_INT ? (double)term.i : term.f,
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
    yg_flat *flat = x->flat;
    yg_flat_loss *grown = yg_pool_grow(x->pool, flat->losses, flat->loss_count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(x->error);
    flat->losses = grown;
    if (x->trial->outer)
        return yg_fail(
            x->error, YG_ERROR_ARGUMENT, spec->origin,
            "`losses`: a layer in the body of a scan cannot add '%s' to the loss; collect "
            "it instead",
            spec->name);
    yg_flat_loss *loss = &flat->losses[flat->loss_count++];
    *loss = (yg_flat_loss){.name = spec->name, .place = x->place};
    return expand_term(x, scope, spec, loss);
}

bool yg_expand_losses(yg_expander *x, const yg_scope *scope, const yg_body *body) {
    for (size_t i = 0; i < body->loss_count; i++)
        if (!expand_loss(x, scope, &body->losses[i]))
            return false;
    return true;
}

const yg_expression *yg_sum_losses(yg_expander *x, yg_origin origin) {
    const yg_flat *flat = x->flat;
    if (flat->loss_count == 0) {
        yg_fail(x->error, YG_ERROR_NAME, origin,
                "'layer_losses' is the sum of what layers add to the loss, and no layer here adds "
                "anything");
        return NULL;
    }
    yg_flat_loss sum = flat->losses[0];
    for (size_t i = 1; i < flat->loss_count; i++)
        if (!add(x, &sum, &flat->losses[i], origin))
            return NULL;
    return sum.value;
}

static void look_for(void *context, const char *name) {
    bool *found = context;
    *found = *found || strcmp(name, "layer_losses") == 0;
}

bool yg_check_losses(yg_expander *x) {
    const yg_flat *flat = x->flat;
    bool found = false;
    yg_visit_names(x->model->loss, look_for, &found);
    return flat->loss_count == 0 || !x->model->loss || found ||
           yg_fail(x->error, YG_ERROR_NAME, flat->losses[0].place,
                   "this layer adds '%s' to the loss, but the model's `loss` leaves it out: write "
                   "`+ layer_losses` there",
                   flat->losses[0].name);
}

bool yg_add_loss_metrics(yg_expander *x) {
    const yg_model *model = x->model;
    yg_flat *flat = x->flat;
    yg_names names = {0};
    flat->metric_count = model->metric_count;
    if (flat->loss_count == 0 || !model->loss)
        return true;
    const size_t most = model->metric_count + flat->loss_count;
    yg_output_spec *metrics = yg_pool_take(x->pool, (most + 1) * sizeof *metrics);
    yg_flat_loss *sums = yg_pool_take(x->pool, (most + 1) * sizeof *sums); /* by metric */
    if (!metrics || !sums)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < model->metric_count; i++)
        if (!yg_names_add(&names, x->pool, model->metrics[i].name))
            return yg_fail_memory(x->error);
    for (size_t i = 0; i < flat->loss_count; i++) {
        const yg_flat_loss *loss = &flat->losses[i];
        const size_t index = yg_names_find(&names, loss->name);
        if (index == YG_NOT_FOUND) {
            sums[names.count] = *loss;
            if (!yg_names_add(&names, x->pool, loss->name))
                return yg_fail_memory(x->error);
        } else if (index >= model->metric_count && !add(x, &sums[index], loss, sums[index].place)) {
            return false;
        }
    }
    for (size_t i = 0; i < names.count; i++)
        metrics[i] = i < model->metric_count ? flat->metrics[i]
                                             : (yg_output_spec){.origin = sums[i].place,
                                                                .name = sums[i].name,
                                                                .value = sums[i].value};
    flat->metrics = metrics;
    flat->metric_count = names.count;
    return true;
}
