/*
 * An operator's descriptor as text: see op_text.h.
 */
#include "op_text.h"

#include <stdio.h>

static const char *const kind_names[] = {
    [YG_ATTR_INT] = "int",       [YG_ATTR_FLOAT] = "float",   [YG_ATTR_BOOL] = "bool",
    [YG_ATTR_CHOICE] = "choice", [YG_ATTR_INTS] = "ints",     [YG_ATTR_DTYPE] = "dtype",
    [YG_ATTR_TEXT] = "text",     [YG_ATTR_FLOATS] = "floats",
};

const char *op_kind_name(yg_attr_kind kind) {
    return kind_names[kind];
}

const char *op_value_text(const yg_attr_spec *spec, const yg_attr *value, char *text, size_t size) {
    size_t at = 0;
    switch (spec->kind) {
    case YG_ATTR_INT:
        snprintf(text, size, "%lld", (long long)value->i);
        break;
    case YG_ATTR_FLOAT:
        snprintf(text, size, "%.10g", value->f);
        break;
    case YG_ATTR_BOOL:
        snprintf(text, size, "%s", value->i != 0 ? "true" : "false");
        break;
    case YG_ATTR_CHOICE:
        snprintf(text, size, "%s", spec->choices[value->i]);
        break;
    case YG_ATTR_DTYPE:
        snprintf(text, size, "%s", yg_dtype_name((yg_dtype)value->i));
        break;
    case YG_ATTR_TEXT:
        snprintf(text, size, "'%.*s'", (int)value->count, value->count ? value->text : "");
        break;
    case YG_ATTR_INTS:
        if (value->is_word) {
            snprintf(text, size, "%s", spec->choices[value->i]);
            break;
        }
        at += (size_t)snprintf(text, size, "[");
        for (int64_t i = 0; i < value->count && at < size; i++)
            at += (size_t)snprintf(text + at, size - at, "%s%lld", i == 0 ? "" : ", ",
                                   (long long)value->ints[i]);
        if (at < size)
            snprintf(text + at, size - at, "]");
        break;
    case YG_ATTR_FLOATS:
        at += (size_t)snprintf(text, size, "[");
        for (int64_t i = 0; i < value->count && at < size; i++)
            at += (size_t)snprintf(text + at, size - at, "%s%.10g", i == 0 ? "" : ", ",
                                   value->floats[i]);
        if (at < size)
            snprintf(text + at, size - at, "]");
        break;
    }
    return text;
}

const char *op_signature(const yg_op *op, char *text, size_t size) {
    size_t at = (size_t)snprintf(text, size, "%s(", op->name);
    const bool list = (op->flags & YG_OP_LIST) != 0;
    const char *separator = "";
    for (int k = 0; k < op->max_operands && k < YG_OP_NAMED_OPERANDS && at < size; k++) {
        const char *name = op->operand_names[k];
        if (!name)
            break;
        const bool optional = k >= op->min_operands;
        at += (size_t)snprintf(text + at, size - at,
                               list       ? "%s[%s, …]"
                               : optional ? "[%s%s]"
                                          : "%s%s",
                               separator, name);
        separator = ", ";
        if (list)
            break;
    }
    for (size_t i = 0; i < op->attr_count && at < size; i++) {
        char value[128];
        const yg_attr_spec *spec = &op->attrs[i];
        at += (size_t)snprintf(
            text + at, size - at, "%s%s%s%s", separator, spec->name, spec->required ? "" : "=",
            spec->required ? "" : op_value_text(spec, &spec->fallback, value, sizeof value));
        separator = ", ";
    }
    if (at < size)
        snprintf(text + at, size - at, ")");
    return text;
}

const char *op_default_text(const yg_attr_spec *spec, char *text, size_t size) {
    if (!spec->required)
        return op_value_text(spec, &spec->fallback, text, size);
    snprintf(text, size, "(required)");
    return text;
}

const char *op_range_text(const yg_attr_spec *spec, char *text, size_t size) {
    text[0] = '\0';
    size_t at = 0;
    if (spec->min < spec->max && spec->max >= OP_UNBOUNDED) {
        at = (size_t)snprintf(text, size, "≥ %.6g", spec->min);
    } else if (spec->min < spec->max) {
        /* A bound of whole numbers is printed with all digits. */
        const char *form = spec->kind == YG_ATTR_INT ? "%.0f … %.0f" : "%.6g … %.6g";
        at = (size_t)snprintf(text, size, form, spec->min, spec->max);
    }
    for (size_t i = 0; spec->choices && spec->choices[i] && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%s", at == 0 ? "" : "|", spec->choices[i]);
    return text;
}

bool op_is_listed(const yg_op *op) {
    return (op->flags & (YG_OP_INTERNAL | YG_OP_LEAF)) == 0;
}

bool op_is_differentiable(const yg_op *op) {
    return (op->flags & YG_OP_NON_DIFFERENTIABLE) == 0;
}
