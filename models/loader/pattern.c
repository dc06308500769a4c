/*
 * Shapes as layer types declare them: `[..., in_features]` against a tensor's.
 *
 * A name that has no value yet takes the size; one that has (an argument, or a name met before in
 * this layer) must equal it; a formula is evaluated and must equal it.
 */
#include "builder.h"

#include <stdio.h>

/* "[..., in_features=3]": the pattern with the values that are known, for messages. */
static const char *pattern_text(const yg_scope *scope, const yg_shape_spec *shape, char *text,
                                size_t size) {
    char part[100];
    size_t used = (size_t)snprintf(text, size, "[");
    for (size_t i = 0; i < shape->count && used < size; i++) {
        const yg_expression *dim = shape->dims[i];
        snprintf(part, sizeof part, "...");
        if (dim) {
            const yg_binding *binding =
                dim->kind == YG_EXPRESSION_NAME ? yg_scope_find(scope, dim->text) : NULL;
            const size_t length = yg_expression_text(dim, part, sizeof part);
            if (binding && binding->term.kind == YG_TERM_INT && length < sizeof part)
                snprintf(part + length, sizeof part - length, "=%lld", (long long)binding->term.i);
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", part);
    }
    if (used < size)
        snprintf(text + used, size - used, "]");
    return text;
}

static bool mismatch(yg_builder *builder, const yg_scope *scope, const yg_input_spec *input,
                     const yg_type *type, yg_origin origin, const char *detail) {
    char pattern[400], found[YG_TYPE_TEXT];
    return yg_fail(builder->error, YG_ERROR_SHAPE, origin,
                   "layer type '%s': its input '%s' has the shape %s, found %s%s",
                   scope->definition->name, input->name,
                   pattern_text(scope, &input->shape, pattern, sizeof pattern),
                   yg_type_text(type, found), detail);
}

/* Dimension `d` of `given`, for the expanded model: size(x, d). */
static const yg_expression *written_size(yg_pool *pool, const yg_binding *given, int d) {
    yg_expression *call = yg_pool_take(pool, sizeof *call);
    yg_expression **children = yg_pool_take(pool, 2 * sizeof *children);
    yg_expression *number = yg_pool_take(pool, sizeof *number);
    const char **keywords = yg_pool_take(pool, 2 * sizeof *keywords);
    if (!call || !children || !number || !keywords)
        return NULL;
    *number = (yg_expression){
        .kind = YG_EXPRESSION_NUMBER, .text = "", .number = (double)d, .integer = true};
    children[0] = (yg_expression *)given->written;
    children[1] = number;
    *call = (yg_expression){.kind = YG_EXPRESSION_CALL,
                            .text = "size",
                            .count = 2,
                            .children = children,
                            .keywords = keywords};
    return call;
}

static bool match_dimension(yg_builder *builder, yg_scope *scope, const yg_input_spec *input,
                            const yg_binding *given, size_t position, int d, yg_origin origin) {
    const yg_type *type = yg_node_type(builder->graph, given->term.node);
    const yg_expression *dim = input->shape.dims[position];
    if (dim->kind == YG_EXPRESSION_NAME && !yg_scope_find(scope, dim->text)) {
        yg_binding binding = {.term = {.kind = YG_TERM_INT, .varies = true, .i = type->shape[d]}};
        if (builder->expansion) {
            binding.written = written_size(builder->pool, given, d);
            if (!binding.written)
                return yg_fail_memory(builder->error);
        }
        return yg_scope_add(builder, scope, dim->text, dim->origin, binding);
    }
    int64_t expected;
    if (!yg_evaluate_int(builder, scope, dim, "a dimension", 0, &expected))
        return false;
    if (expected == type->shape[d])
        return true;
    char detail[200], text[100];
    yg_expression_text(dim, text, sizeof text);
    snprintf(detail, sizeof detail, ": %s is %lld, dimension %d is %lld", text, (long long)expected,
             d, (long long)type->shape[d]);
    return mismatch(builder, scope, input, type, origin, detail);
}

bool yg_match_shape(yg_builder *builder, yg_scope *scope, const yg_input_spec *input,
                    const yg_binding *given, yg_origin origin) {
    const yg_type *type = yg_node_type(builder->graph, given->term.node);
    const yg_shape_spec *shape = &input->shape;
    size_t ellipsis = 0;
    while (ellipsis < shape->count && shape->dims[ellipsis])
        ellipsis++;
    const bool open = ellipsis < shape->count;
    const int fixed = (int)shape->count - (open ? 1 : 0);
    if (type->rank < fixed || (!open && type->rank > fixed))
        return mismatch(builder, scope, input, type, origin, "");
    for (size_t i = 0; i < shape->count; i++) {
        const int d = i < ellipsis ? (int)i : (int)i + type->rank - (int)shape->count;
        if (i != ellipsis && !match_dimension(builder, scope, input, given, i, d, origin))
            return false;
    }
    return true;
}
