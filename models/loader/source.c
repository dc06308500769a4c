/*
 * Checks the bytes of a YAML file, and finds places in it again for messages.
 */
#include "source.h"

#include <stdio.h>
#include <string.h>

size_t yg_character_size(const char *text) {
    const unsigned char lead = (unsigned char)text[0];
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
}

/* The code point at text[0 .. left), or -1 if the bytes are not UTF-8. Overlong forms, surrogates
 * and code points beyond U+10FFFF are not. */
static int32_t decode(const char *text, size_t left) {
    const unsigned char lead = (unsigned char)text[0];
    if (lead < 0x80)
        return lead;
    const size_t size = yg_character_size(text);
    if (lead < 0xC2 || lead > 0xF4 || size > left)
        return -1;
    int32_t code = lead & (0x7F >> size);
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            return -1;
        code = code << 6 | ((unsigned char)text[i] & 0x3F);
    }
    const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return overlong || surrogate || code > 0x10FFFF ? -1 : code;
}

/* Control characters are refused. So are U+0085, U+2028 and U+2029: YAML 1.1 takes them for ends of
 * lines, but no editor does, so line numbers would be wrong. */
static bool is_allowed(int32_t code) {
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    if (code >= 0x7F && code < 0xA0)
        return false;
    return code != 0x2028 && code != 0x2029 && code != 0xFEFF && code != 0xFFFE && code != 0xFFFF;
}

bool yg_source_check(const yg_source *source, yg_error *error) {
    const char *text = source->text;
    yg_origin at = {source->name, 1, 1};
    if (source->size >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return yg_fail(error, YG_ERROR_SYNTAX, at,
                       "the file is written in UTF-16; save it as UTF-8");
    for (size_t i = 0; i < source->size;) {
        const int32_t code = decode(text + i, source->size - i);
        if (code < 0)
            return yg_fail(error, YG_ERROR_SYNTAX, at,
                           "found the byte 0x%02X, which is not UTF-8; save the file as UTF-8",
                           (unsigned)(unsigned char)text[i]);
        if (code == 0)
            return yg_fail(error, YG_ERROR_SYNTAX, at, "found a NUL byte: this is not a text file");
        if (!is_allowed(code))
            return yg_fail(error, YG_ERROR_SYNTAX, at,
                           "found the invisible character U+%04X; delete it", (unsigned)code);
        if (code == '\n' || (code == '\r' && text[i + 1] != '\n')) {
            at.line++;
            at.column = 1;
        } else {
            at.column++;
        }
        i += yg_character_size(text + i);
    }
    return true;
}

yg_origin yg_source_origin(const yg_source *source, yaml_mark_t mark) {
    return (yg_origin){source->name, (int32_t)mark.line + 1, (int32_t)mark.column + 1};
}

const char *yg_source_line(const yg_source *source, int32_t line) {
    const char *at = source->text;
    for (int32_t i = 1; i < line; i++) {
        at += strcspn(at, "\r\n");
        if (*at == '\r' && at[1] == '\n')
            at++;
        if (*at != '\0')
            at++;
    }
    return at;
}

const char *yg_source_at(const yg_source *source, yg_origin origin) {
    const char *at = yg_source_line(source, origin.line);
    for (int32_t i = 1; i < origin.column && *at != '\0' && *at != '\n' && *at != '\r'; i++)
        at += yg_character_size(at);
    return at;
}

const char *yg_source_excerpt(const yg_source *source, yg_origin origin, char *text) {
    const char *at = yg_source_at(source, origin);
    if (*at == '\0')
        return strcpy(text, "the end of the file");
    size_t length = strcspn(at, "\r\n");
    while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
        length--;
    if (length == 0)
        return strcpy(text, "the end of the line");
    const char *more = "";
    if (length > 40) {
        length = 37;
        while (((unsigned char)at[length] & 0xC0) == 0x80)
            length--;
        more = "...";
    }
    snprintf(text, YG_EXCERPT, "'%.*s%s'", (int)length, at, more);
    return text;
}

bool yg_lacks_space(const char *text) {
    size_t length = 0;
    for (;; length++) {
        const char c = text[length];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(length > 0 && c >= '0' && c <= '9'))
            break;
    }
    const char next = length > 0 && text[length] == ':' ? text[length + 1] : '\0';
    /* "://" begins an address, and "::" and ":]" are slices. */
    return next != '\0' && !strchr(" \t\r\n/:,]", next);
}
