/*
 * The texts of --set PATH=VALUE: see override_text.h.
 */
#include "override_text.h"

#include "expression.h"
#include "names.h"
#include "reader.h"

#include <string.h>

/* ---------------------------------------------------------------------------------- paths --- */

/* The length of the first key with its quotes; 0: it has none. */
static size_t quoted_length(const char *path) {
    const char *end = *path == '"' || *path == '\'' ? strchr(path + 1, *path) : NULL;
    return end && (end[1] == '.' || end[1] == '\0') ? (size_t)(end - path) + 1 : 0;
}

const char *yg_override_next(const char *path, yg_pool *pool, const char **key) {
    const size_t quoted = quoted_length(path), length = quoted ? quoted : strcspn(path, ".");
    if (pool)
        *key = quoted ? yg_pool_copy(pool, path + 1, quoted - 2) : yg_pool_copy(pool, path, length);
    return path + length + (path[length] == '.');
}

size_t yg_override_find(const yg_value *mapping, const char *path, yg_pool *pool,
                        const char **after) {
    const size_t quoted = quoted_length(path);
    size_t length = quoted ? quoted : strlen(path);
    char *key =
        quoted ? yg_pool_copy(pool, path + 1, quoted - 2) : yg_pool_copy(pool, path, length);
    while (key) {
        const size_t entry = yg_value_entry(mapping, key);
        char *point = quoted ? NULL : strrchr(key, '.');
        if (entry != SIZE_MAX) {
            *after = path + length + (path[length] == '.');
            return entry;
        }
        if (!point)
            break;
        *point = '\0';
        length = (size_t)(point - key);
    }
    return SIZE_MAX;
}

/* --------------------------------------------------------------------------------- values --- */

static const char *quote(yg_pool *pool, const char *text) {
    const size_t length = strlen(text);
    char *out = length < SIZE_MAX / 4 - 1 ? yg_pool_take(pool, 4 * length + 3) : NULL;
    char *at = out;
    if (!out)
        return NULL;
    *at++ = '"';
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            *at++ = '\\';
            *at++ = *text;
        } else if (c < 0x20 || c == 0x7F) {
            static const char digits[] = "0123456789ABCDEF";
            *at++ = '\\';
            *at++ = 'x';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        } else {
            *at++ = *text;
        }
    }
    *at = '"';
    return out;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const char *yg_override_key(yg_pool *pool, const char *key) {
    const char *at = key;
    while (is_letter(*at) || (at > key && (*at == '.' || *at == '-')))
        at++;
    return *key && *at == '\0' ? key : quote(pool, key);
}

const char *yg_override_expression(yg_pool *pool, const char *text) {
    const size_t length = strlen(text), begin = *text == '-';
    const char *at = text + begin;
    while (is_letter(*at) || (at > text + begin && *at && strchr(" .+-*/()<>=%", *at)))
        at++;
    const bool plain = *at == '\0' && at > text + begin && text[length - 1] != ' ';
    return plain ? text : quote(pool, text);
}

/* Whether a text that needs quotes would be a formula without them. */
static bool is_formula(yg_pool *pool, const yg_value *value) {
    const yg_expression *formula = yg_expression_parse(pool, value->source, value->origin, NULL);
    return formula != NULL;
}

const char *yg_override_text(yg_pool *pool, const yg_value *value, const char *text, bool flow,
                             bool settings, yg_error *error) {
    const yg_origin origin = {value->origin.file, 0, 0};
    if (value->kind == YG_SCALAR) {
        const bool quoted = value->quoted || (flow && strpbrk(value->source, ",[]{}"));
        if (quoted && !value->quoted && settings && is_formula(pool, value)) {
            yg_fail(error, YG_ERROR_SYNTAX, origin,
                    "the place is within brackets in the file, where a formula cannot have a comma "
                    "or brackets of its own; make it a var");
            return NULL;
        }
        const char *written = quoted ? quote(pool, value->text) : value->source;
        if (!written)
            yg_fail_memory(error);
        return written;
    }
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]))
        length--;
    if (!value->flow || text[length - 1] != (value->kind == YG_MAPPING ? '}' : ']')) {
        yg_fail(error, YG_ERROR_SYNTAX, origin,
                value->kind == YG_MAPPING ? "a mapping is written as {name: value}"
                                          : "a list is written as [a, b]");
        return NULL;
    }
    const char *copy = yg_pool_copy(pool, text, length);
    if (!copy)
        yg_fail_memory(error);
    return copy;
}
