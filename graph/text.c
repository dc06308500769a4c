/*
 * Text that grows, and the text of attributes.
 */
#include "text.h"

#include "locale.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(yg_text *text, size_t more) {
    if (text->failed)
        return false;
    if (text->used + more < text->size)
        return true;
    const size_t size = (text->used + more + 1) * 2;
    char *data = realloc(text->data, size);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->size = size;
    return true;
}

void yg_text_put(yg_text *text, const char *more) {
    const size_t length = strlen(more);
    if (reserve(text, length)) {
        memcpy(text->data + text->used, more, length + 1);
        text->used += length;
    }
}

void yg_text_add(yg_text *text, const char *format, ...) {
    va_list list, again;
    va_start(list, format);
    if (!strchr(format, '%') || strcmp(format, "%s") == 0) {
        yg_text_put(text, *format == '%' ? va_arg(list, const char *) : format);
        va_end(list);
        return;
    }
    const yg_locale locale = yg_locale_enter();
    va_copy(again, list);
    /* Mostly there is room. */
    const size_t room = text->failed ? 0 : text->size - text->used;
    const int length = vsnprintf(room ? text->data + text->used : NULL, room, format, list);
    va_end(list);
    if (length >= 0 && (size_t)length < room) {
        text->used += (size_t)length;
    } else if (length >= 0 && reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->used, text->size - text->used, format, again);
        text->used += (size_t)length;
    }
    va_end(again);
    yg_locale_leave(locale);
}

char *yg_text_take(yg_text *text) {
    if (reserve(text, 0)) {
        text->data[text->used] = '\0';
        return text->data;
    }
    free(text->data);
    return NULL;
}

static void add_attr(yg_text *text, const yg_attr_spec *spec, const yg_attr *attr) {
    switch (spec->kind) {
    case YG_ATTR_INT:
        yg_text_add(text, "%" PRId64, attr->i);
        return;
    case YG_ATTR_FLOAT:
        yg_text_add(text, "%.9g", attr->f);
        return;
    case YG_ATTR_BOOL:
        yg_text_add(text, attr->i ? "true" : "false");
        return;
    case YG_ATTR_CHOICE:
        yg_text_add(text, "%s", spec->choices[attr->i]);
        return;
    case YG_ATTR_DTYPE:
        yg_text_add(text, "%s", yg_dtype_name((yg_dtype)attr->i));
        return;
    case YG_ATTR_TEXT:
        yg_text_add(text, "'%.*s'", (int)attr->count, attr->text);
        return;
    case YG_ATTR_INTS:
        if (attr->is_word) {
            yg_text_add(text, "%s", spec->choices[attr->i]);
            return;
        }
        yg_text_add(text, "[");
        for (int64_t i = 0; i < attr->count; i++)
            yg_text_add(text, i ? ", %" PRId64 : "%" PRId64, yg_attr_ints(attr)[i]);
        yg_text_add(text, "]");
        return;
    case YG_ATTR_FLOATS:
        yg_text_add(text, "[");
        for (int64_t i = 0; i < attr->count; i++)
            yg_text_add(text, i ? ", %.9g" : "%.9g", attr->floats[i]);
        yg_text_add(text, "]");
        return;
    }
}

void yg_text_attrs(yg_text *text, const yg_op *op, const yg_attr *attrs) {
    bool any = false;
    for (size_t i = 0; i < op->attr_count; i++) {
        if (!op->attrs[i].required && memcmp(&attrs[i], &op->attrs[i].fallback, sizeof *attrs) == 0)
            continue;
        yg_text_add(text, any ? ", %s=" : " {%s=", op->attrs[i].name);
        add_attr(text, &op->attrs[i], &attrs[i]);
        any = true;
    }
    if (any)
        yg_text_add(text, "}");
}
