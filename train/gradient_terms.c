/*
 * Penalties and clipping: see gradient_terms.h.
 */
#include "gradient_terms.h"

#include "../graph/number.h"
#include "../graph/spelling.h"
#include "../models/loader/name_pattern.h"
#include "../ops/build.h"
#include "optimizer.h"

#include <stdio.h>
#include <stdlib.h>

static const double PENALTY_MAX = 1e10;

/* ------------------------------------------------------------------------------- penalties --- */

/* A penalty has `count` entries; a number is one without a pattern. */
static size_t entry_count(const yg_value *value) {
    return !value ? 0 : value->kind == YG_MAPPING ? value->count : 1;
}

static const char *pattern_of(const yg_value *value, size_t i) {
    return value->kind == YG_MAPPING ? value->keys[i]->text : NULL;
}

static bool factor_of(const yg_value *value, size_t i, const char *name, double *factor,
                      yg_error *error) {
    const yg_value *number = value->kind == YG_MAPPING ? value->items[i] : value;
    char what[120];
    snprintf(what, sizeof what, "`%s`", value->kind == YG_MAPPING ? pattern_of(value, i) : name);
    return yg_value_float(number, what, 0, PENALTY_MAX, factor, error);
}

bool yg_penalty_check(const yg_value *value, const char *name, yg_error *error) {
    double factor;
    if (value->kind == YG_SEQUENCE || (value->kind == YG_MAPPING && value->count == 0))
        return yg_fail(
            error, YG_ERROR_ARGUMENT, value->origin,
            "`%s` is a number, or a mapping from names of parameters to numbers, such as "
            "{\"*.weight\": 1e-4}",
            name);
    for (size_t i = 0; i < entry_count(value); i++)
        if (!factor_of(value, i, name, &factor, error))
            return false;
    return true;
}

/* Fails for a pattern that matches nothing: its author believes that it does something. */
static bool check_pattern(const yg_value *value, size_t entry, const char *name, yg_graph *graph,
                          const yg_node *parameters, size_t count, yg_error *error) {
    const char *pattern = pattern_of(value, entry);
    char hint[400];
    for (size_t i = 0; i < count; i++)
        if (!pattern || yg_name_matches(pattern, yg_node_name(graph, parameters[i])))
            return true;
    const char **known = calloc(count + 1, sizeof *known);
    if (!known)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        known[i] = yg_node_name(graph, parameters[i]);
    yg_fail(error, YG_ERROR_NAME, value->keys[entry]->origin,
            "`%s`: no trainable parameter is called '%s'%s", name, pattern,
            yg_suggest(pattern, known, count, hint, sizeof hint));
    free(known);
    return false;
}

/* The factor of the first entry that matches; 0: none does. */
static double factor_for(const yg_value *value, const char *parameter) {
    double factor = 0;
    for (size_t i = 0; i < entry_count(value); i++) {
        const char *pattern = pattern_of(value, i);
        if (!pattern || yg_name_matches(pattern, parameter)) {
            factor_of(value, i, "", &factor, NULL);
            break;
        }
    }
    return factor;
}

/* The derivative of |w| is the sign, 0 at 0; that of w² is 2 w. */
static bool add_penalty(const yg_value *value, bool squares, yg_graph *graph,
                        const yg_node *parameters, yg_node *gradients, size_t count,
                        yg_error *error) {
    for (size_t i = 0; i < entry_count(value); i++)
        if (!check_pattern(value, i, squares ? "l2" : "l1", graph, parameters, count, error))
            return false;
    for (size_t i = 0; i < count; i++) {
        const double factor = factor_for(value, yg_node_name(graph, parameters[i]));
        if (gradients[i] == YG_NONE || factor <= 0)
            continue;
        const yg_node slope = squares ? yg_scale(graph, parameters[i], 2 * factor)
                                      : yg_scale(graph, yg_sign(graph, parameters[i]), factor);
        gradients[i] = yg_add(graph, gradients[i], slope);
    }
    return true;
}

/* ---------------------------------------------------------------------------------- terms ---- */

static void clip_values(yg_graph *graph, yg_node *gradients, size_t count, double most) {
    for (size_t i = 0; i < count; i++) {
        if (gradients[i] == YG_NONE)
            continue;
        const yg_dtype dtype = yg_node_type(graph, gradients[i])->dtype;
        const yg_node low = yg_scalar(graph, dtype, -most), high = yg_scalar(graph, dtype, most);
        gradients[i] = yg_minimum(graph, yg_maximum(graph, gradients[i], low), high);
    }
}

bool yg_gradient_terms_apply(const yg_gradient_terms *terms, yg_graph *graph,
                             const yg_node *parameters, yg_node *gradients, size_t count,
                             yg_error *error) {
    if (!add_penalty(terms->l1, false, graph, parameters, gradients, count, error) ||
        !add_penalty(terms->l2, true, graph, parameters, gradients, count, error))
        return false;
    if (terms->clip_value > 0)
        clip_values(graph, gradients, count, terms->clip_value);
    if (terms->clip_norm > 0 &&
        !yg_clip_grad_norm(graph, gradients, count, terms->clip_norm, error))
        return false;
    return !yg_graph_error(graph) || yg_fail_as(error, yg_graph_error(graph));
}

bool yg_gradient_terms_any(const yg_gradient_terms *terms) {
    return terms->l1 || terms->l2 || terms->clip_value > 0 || terms->clip_norm > 0;
}

static void describe_penalty(const yg_value *value, const char *name, yg_text *text) {
    char number[YG_NUMBER_TEXT];
    for (size_t i = 0; i < entry_count(value); i++) {
        const char *pattern = pattern_of(value, i);
        double factor = 0;
        factor_of(value, i, name, &factor, NULL);
        yg_text_add(text, "%s%s%s %s\n", name, pattern ? "." : "", pattern ? pattern : "",
                    yg_number_text(factor, number));
    }
}

void yg_gradient_terms_describe(const yg_gradient_terms *terms, yg_text *text) {
    char number[YG_NUMBER_TEXT];
    yg_text_add(text, "clip_grad_norm %s\n", yg_number_text(terms->clip_norm, number));
    if (terms->clip_value > 0)
        yg_text_add(text, "clip_grad_value %s\n", yg_number_text(terms->clip_value, number));
    describe_penalty(terms->l1, "l1", text);
    describe_penalty(terms->l2, "l2", text);
}
