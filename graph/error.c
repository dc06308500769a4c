/*
 * The text of a failure, kept in a struct that the caller owns.
 */
#include "error.h"

#include "locale.h"

#ifdef __clang_analyzer__
#undef yg_fail
#undef yg_fail_memory
#undef yg_fail_as
#endif

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text was cut to `size` bytes, perhaps inside a character of several bytes. Ends it before that
 * character, so that it stays valid UTF-8. */
static void trim_cut_character(char *text, size_t size) {
    size_t end = size - 1;
    while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80)
        end--;
    if (end > 0 && (unsigned char)text[end - 1] >= 0xC0)
        end--;
    /* If the last character is complete, it stays. */
    const unsigned char lead = (unsigned char)text[end];
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (lead < 0xC0 || end + length > size - 1)
        text[end] = '\0';
}

bool yg_fail(yg_error *error, yg_code code, yg_origin origin, const char *format, ...) {
    if (error == NULL || error->code != YG_OK)
        return false;
    error->code = code;
    error->line = origin.line;
    error->column = origin.column;
    /* Of a path that is too long the end is kept: it says more than the beginning. */
    const char *file = origin.file != NULL ? origin.file : "";
    const size_t length = strlen(file);
    if (length < sizeof error->file)
        memcpy(error->file, file, length + 1);
    else
        snprintf(error->file, sizeof error->file, "...%s",
                 file + length - (sizeof error->file - 4));
    const yg_locale locale = yg_locale_enter();
    va_list arguments;
    va_start(arguments, format);
    const int written = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    yg_locale_leave(locale);
    if (written < 0)
        error->message[0] = '\0';
    else if ((size_t)written >= sizeof error->message)
        trim_cut_character(error->message, sizeof error->message);
    return false;
}

bool yg_fail_memory(yg_error *error) {
    return yg_fail(error, YG_ERROR_MEMORY, YG_NOWHERE, "out of memory");
}

bool yg_fail_as(yg_error *to, const yg_error *from) {
    if (to != NULL && to != from && to->code == YG_OK)
        *to = *from;
    return false;
}

void yg_error_text(const yg_error *error, char *text, unsigned long size) {
    if (size == 0)
        return;
    int written;
    if (error->file[0] != '\0' && error->line > 0 && error->column > 0)
        written = snprintf(text, size, "%s:%d:%d: %s", error->file, (int)error->line,
                           (int)error->column, error->message);
    else if (error->file[0] != '\0' && error->line > 0)
        written = snprintf(text, size, "%s:%d: %s", error->file, (int)error->line, error->message);
    else if (error->file[0] != '\0')
        written = snprintf(text, size, "%s: %s", error->file, error->message);
    else
        written = snprintf(text, size, "%s", error->message);
    if (written < 0)
        text[0] = '\0';
    else if ((unsigned long)written >= size)
        trim_cut_character(text, size);
}

const char *yg_code_name(yg_code code) {
    switch (code) {
    case YG_OK:
        return "no error";
    case YG_ERROR_MEMORY:
        return "out of memory";
    case YG_ERROR_ARGUMENT:
        return "wrong argument";
    case YG_ERROR_SHAPE:
        return "shape error";
    case YG_ERROR_DTYPE:
        return "wrong type";
    case YG_ERROR_SYNTAX:
        return "syntax error";
    case YG_ERROR_NAME:
        return "name error";
    case YG_ERROR_IO:
        return "file error";
    case YG_ERROR_DATA:
        return "data error";
    case YG_ERROR_NUMERIC:
        return "numeric error";
    case YG_ERROR_GRADIENT:
        return "gradient error";
    case YG_ERROR_INTERRUPTED:
        return "interrupted";
    case YG_ERROR_INTERNAL:
        return "internal error";
    }
    return "unknown error";
}
