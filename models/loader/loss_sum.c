/*
 * Sums of the terms that layers add to the loss: `layer_losses`, and a metric for each name of a
 * term.
 */
#include "expander.h"
#include "expression_tree.h"

#include <string.h>

bool yg_loss_is_number(yg_expander *x, yg_flat_loss *loss, double number, yg_origin origin) {
    loss->known = true;
    loss->number = number;
    loss->value = yg_expression_real(x->pool, number, origin);
    return loss->value || yg_fail_memory(x->error);
}

/* Adds a term to a sum. Two numbers become one, as they do where the sum is expanded again. */
static bool add(yg_expander *x, yg_flat_loss *sum, const yg_flat_loss *term, yg_origin origin) {
    if (sum->known && term->known)
        return yg_loss_is_number(x, sum, sum->number + term->number, origin);
    sum->value = yg_expression_infix(x->pool, "+", sum->value, term->value, origin);
    sum->known = false;
    return sum->value || yg_fail_memory(x->error);
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
