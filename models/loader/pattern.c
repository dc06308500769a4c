/*
 * Expands the input patterns of layer types: `x: [..., in_features]`.
 *
 * A name that has no value yet gets the size of its dimension. A name that has one (an argument, or
 * a name of an earlier pattern of this layer) must equal the size, and so must a formula. That has
 * to hold in every network, so it becomes a requirement of the expanded model.
 */
#include "expander.h"
#include "expression_tree.h"
#include "requirement.h"

#include <string.h>

/* size(given, d) */
static const yg_expression *size_of(yg_expander *x, const yg_term *given, int d, yg_origin origin) {
    yg_expression *call = yg_expression_new(x->pool, YG_EXPRESSION_CALL, origin, "size");
    yg_expression *const children[] = {(yg_expression *)given->written,
                                       yg_expression_whole(x->pool, d, origin)};
    return call && children[1] && yg_expression_adopt(x->pool, call, children, NULL, 2) ? call
                                                                                        : NULL;
}

bool yg_expand_pattern(yg_expander *x, yg_scope *scope, const yg_input_spec *input,
                       const yg_term *given, yg_origin origin) {
    const yg_shape_spec *pattern = &input->shape;
    yg_requirement *required = yg_pool_take(x->pool, sizeof *required);
    const yg_expression **dims = yg_pool_take(x->pool, (pattern->count + 1) * sizeof *dims);
    if (!required || !dims)
        return yg_fail_memory(x->error);
    *required = (yg_requirement){.type = scope->definition->name,
                                 .input = input->name,
                                 .pattern = pattern,
                                 .dims = dims,
                                 .given = given->written};
    for (size_t i = 0; i < pattern->count; i++) {
        const yg_expression *dim = pattern->dims[i];
        if (!dim)
            continue; /* the ellipsis */
        if (dim->kind != YG_EXPRESSION_NAME || yg_scope_find(scope, dim->text)) {
            dims[i] = yg_expand_whole(x, scope, dim);
            if (!dims[i])
                return false;
            continue;
        }
        const yg_binding binding = {
            .term = {.kind = YG_TERM_WRITTEN,
                     .written = size_of(x, given, yg_pattern_dimension(pattern, i), origin)}};
        if (!binding.term.written)
            return yg_fail_memory(x->error);
        if (!yg_scope_add(x, scope, dim->text, dim->origin, binding))
            return false;
    }
    return yg_emit_requirement(x, required, origin);
}

bool yg_absent_pattern(yg_expander *x, yg_scope *scope, const yg_input_spec *input,
                       const yg_term *absent) {
    for (size_t i = 0; i < input->shape.count; i++) {
        const yg_expression *dim = input->shape.dims[i];
        const char *why = yg_pool_format(x->pool,
                                         "it is a size of the input '%s', which the layer "
                                         "node does not give",
                                         input->name);
        if (!why)
            return yg_fail_memory(x->error);
        if (dim && dim->kind == YG_EXPRESSION_NAME && !yg_scope_find(scope, dim->text) &&
            !yg_scope_add(x, scope, dim->text, dim->origin,
                          (yg_binding){.term = {.kind = YG_TERM_ABSENT, .text = why}}))
            return false;
    }
    return yg_scope_add(x, scope, input->name, input->origin, (yg_binding){.term = *absent});
}
