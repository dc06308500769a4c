/*
 * Checks the shape of a tensor against the pattern of a layer type, `[..., in_features]`.
 */
#include "requirement.h"

#include "expression_value.h"

#include <stdio.h>

static size_t ellipsis_of(const yg_shape_spec *pattern) {
    size_t at = 0;
    while (at < pattern->count && pattern->dims[at])
        at++;
    return at;
}

int yg_pattern_dimension(const yg_shape_spec *pattern, size_t entry) {
    return entry < ellipsis_of(pattern) ? (int)entry : (int)entry - (int)pattern->count;
}

/* Writes the pattern with the values of its names, for messages: "[..., in_features=3]". A name
 * that gets its value from the tensor has one only in entries before `met`. */
static void pattern_text(yg_builder *builder, const yg_requirement *required, const yg_type *type,
                         size_t met, char *text, size_t size) {
    const yg_shape_spec *pattern = required->pattern;
    size_t used = (size_t)snprintf(text, size, "[");
    for (size_t i = 0; i < pattern->count && used < size; i++) {
        const yg_expression *dim = pattern->dims[i];
        const char *part = dim ? yg_expression_text(builder->pool, dim) : "...";
        used += (size_t)snprintf(text + used, size - used, "%s%.90s", i > 0 ? ", " : "",
                                 part ? part : "");
        if (!dim || dim->kind != YG_EXPRESSION_NAME || used >= size)
            continue;
        const int d = yg_pattern_dimension(pattern, i);
        int64_t number = 0;
        if (!required->dims[i] && i < met) /* the tensor has as many dimensions as the pattern */
            number = type->shape[d < 0 ? d + type->rank : d];
        if (required->dims[i]
                ? yg_expression_int(builder, required->dims[i], "", INT64_MIN, &number)
                : i < met)
            used += (size_t)snprintf(text + used, size - used, "=%lld", (long long)number);
    }
    if (used < size)
        snprintf(text + used, size - used, "]");
}

static bool mismatch(yg_builder *builder, const yg_requirement *required, const yg_type *type,
                     yg_origin origin, size_t met, const char *detail) {
    char pattern[400], found[YG_TYPE_TEXT];
    pattern_text(builder, required, type, met, pattern, sizeof pattern);
    return yg_fail(builder->error, YG_ERROR_SHAPE, origin,
                   "layer type '%s': its input '%s' has the shape %s, found %s%s", required->type,
                   required->input, pattern, yg_type_text(type, found), detail);
}

bool yg_fail_depends(yg_error *error, const char *what, yg_origin origin) {
    return yg_fail(error, YG_ERROR_ARGUMENT, origin,
                   "%s cannot depend on a symbolic dimension or on `training`", what);
}

static bool check_value(yg_builder *builder, const yg_requirement *required, yg_origin origin) {
    yg_term value;
    return yg_expression_value(builder, required->given, &value) &&
           (value.i == required->value || yg_fail_depends(builder->error, required->what, origin));
}

bool yg_check_requirement(yg_builder *builder, const yg_requirement *required, yg_origin origin) {
    if (!required->pattern)
        return check_value(builder, required, origin);
    yg_node given;
    if (!yg_expression_node(builder, required->given, "`input`", &given))
        return false;
    const yg_shape_spec *pattern = required->pattern;
    const yg_type *type = yg_node_type(builder->graph, given);
    const size_t ellipsis = ellipsis_of(pattern);
    const bool open = ellipsis < pattern->count;
    const int fixed = (int)pattern->count - (open ? 1 : 0);
    if (type->rank < fixed || (!open && type->rank > fixed))
        return mismatch(builder, required, type, origin, 0, "");
    for (size_t i = 0; i < pattern->count; i++) {
        const int from = yg_pattern_dimension(pattern, i);
        const int d = from < 0 ? from + type->rank : from;
        int64_t expected;
        if (!required->dims[i])
            continue;
        if (!yg_expression_int(builder, required->dims[i], "a dimension", 0, &expected))
            return false;
        if (expected == type->shape[d])
            continue;
        char detail[200];
        const char *text = yg_expression_text(builder->pool, pattern->dims[i]);
        snprintf(detail, sizeof detail, ": %.90s is %lld, dimension %d is %lld", text ? text : "",
                 (long long)expected, d, (long long)type->shape[d]);
        return mismatch(builder, required, type, origin, i, detail);
    }
    return true;
}
