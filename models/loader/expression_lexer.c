/*
 * Splits the text of an expression into tokens.
 *
 * The text is passed as it stands in the file, so a line's end begins a new line. Columns count
 * characters, as in the YAML reader.
 */
#include "../../graph/number.h"
#include "token.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Longest first, so that "**" is not read as two. */
static const char *const signs[] = {"**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%",
                                    "@",  "<",  ">",  "=",  "(",  ")",  "[", "]", ",", ":"};

/* Advice for signs of other languages, such as "^". */
static const struct {
    const char *text;
    const char *advice;
} foreign[] = {
    {"...", "write one ':' for each dimension"},
    {"&", "write logical_and(a, b)"},
    {"|", "write logical_or(a, b)"},
    {"!", "write logical_not(a)"},
    {"~", "write logical_not(a)"},
    {"^", "a power is written '**'"},
    {"{", "an expression holds no { }; a layer is written 'name: {type: ...}', a list [a, b]"},
    {"}", "an expression holds no { }; a layer is written 'name: {type: ...}', a list [a, b]"},
    {"·", "write '*', or '@' for a matrix product"},
    {"×", "write '*', or '@' for a matrix product"},
    {"⋅", "write '*', or '@' for a matrix product"},
    {"⊙", "write '*'"},
    {"÷", "write '/'"},
    {"−", "write '-'"},
    {"–", "write '-'"},
    {"≤", "write '<='"},
    {"≥", "write '>='"},
    {"≠", "write '!='"},
    {"ᵀ", "write transpose(x)"},
    {"²", "write '** 2'"},
    {"√", "write sqrt(x)"},
    {"’", "write the quote '"},
    {"‘", "write the quote '"},
    {"“", "write the quote '"},
    {"”", "write the quote '"},
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool begins_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

/* The bytes of the character at `text`. */
static size_t character(const char *text) {
    size_t size = 1;
    while (((unsigned char)text[size] & 0xC0) == 0x80)
        size++;
    return size;
}

/* Moves on by `length` bytes. */
static void advance(yg_lexer *lexer, size_t length) {
    const char *end = lexer->at + length;
    while (lexer->at < end) {
        const char c = *lexer->at++;
        if (c == '\n' || (c == '\r' && *lexer->at != '\n')) {
            lexer->origin.line++;
            lexer->origin.column = 1;
        } else if (((unsigned char)c & 0xC0) != 0x80) {
            lexer->origin.column++;
        }
    }
}

/* A name, with dots: after a dot a segment may also be a number, as in `blocks.0.weight`. */
static size_t name_length(const char *text) {
    size_t length = 0;
    if (!is_letter(text[0]))
        return 0;
    while (is_letter(text[length]) || is_digit(text[length]) ||
           (text[length] == '.' && (is_letter(text[length + 1]) || is_digit(text[length + 1]))))
        length++;
    return length;
}

static bool fail_character(const yg_lexer *lexer, yg_error *error) {
    const int size = (int)character(lexer->at);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (begins_with(lexer->at, foreign[i].text))
            return yg_fail(error, YG_ERROR_SYNTAX, lexer->origin, "found '%s' in an expression; %s",
                           foreign[i].text, foreign[i].advice);
    return yg_fail(error, YG_ERROR_SYNTAX, lexer->origin,
                   "found '%.*s', which is no part of an expression", size, lexer->at);
}

/* Reads digits as a whole number. False if it does not fit. */
static bool read_whole(const char *text, size_t length, int64_t *whole) {
    *whole = 0;
    for (size_t i = 0; i < length; i++)
        if (__builtin_mul_overflow(*whole, 10, whole) ||
            __builtin_add_overflow(*whole, text[i] - '0', whole))
            return false;
    return true;
}

static bool read_number(yg_lexer *lexer, size_t length, yg_token *token, yg_error *error) {
    const char *text = lexer->at;
    size_t whole = length;
    while (is_letter(text[whole]) || is_digit(text[whole]))
        whole++;
    if (whole > length)
        return yg_fail(error, YG_ERROR_SYNTAX, lexer->origin,
                       "found '%.*s', which is neither a number nor a name; a product is written "
                       "with '*'",
                       whole > 60 ? 60 : (int)whole, text);
    const yg_number_form form = yg_number_parse(text, length, &token->number);
    token->kind = YG_TOKEN_NUMBER;
    token->length = length;
    token->integer = form == YG_NUMBER_INTEGER;
    if (form == YG_NUMBER_NOT || !isfinite(token->number))
        return yg_fail(error, YG_ERROR_ARGUMENT, lexer->origin,
                       "the number '%.*s' is too large; the largest is about 1.8e308",
                       length > 60 ? 60 : (int)length, text);
    if (yg_number_is_lost(text, length, token->number))
        return yg_fail(error, YG_ERROR_ARGUMENT, lexer->origin,
                       "the number '%.*s' is too small; the smallest above 0 is about 4.9e-324",
                       length > 60 ? 60 : (int)length, text);
    static const char beyond[] = "9223372036854775808";
    token->beyond = length == sizeof beyond - 1 && memcmp(text, beyond, length) == 0;
    if (token->integer && !token->beyond && !read_whole(text, length, &token->whole))
        return yg_fail(error, YG_ERROR_ARGUMENT, lexer->origin,
                       "the whole number '%.*s' is too large; the largest is 9223372036854775807",
                       length > 60 ? 60 : (int)length, text);
    return true;
}

static bool read_text(const yg_lexer *lexer, yg_token *token, yg_error *error) {
    const char quote = *lexer->at;
    const char *end = strchr(lexer->at + 1, quote);
    if (!end)
        return yg_fail(error, YG_ERROR_SYNTAX, lexer->origin,
                       "the quote %c that begins here is not closed", quote);
    token->kind = YG_TOKEN_TEXT;
    token->start = lexer->at + 1;
    token->length = (size_t)(end - lexer->at) - 1;
    return true;
}

bool yg_lexer_next(yg_lexer *lexer, yg_token *token, yg_error *error) {
    advance(lexer, strspn(lexer->at, " \t\r\n"));
    const char *text = lexer->at;
    *token = (yg_token){.kind = YG_TOKEN_END, .start = text, .origin = lexer->origin};
    if (*text == '\0')
        return true;
    const size_t name = name_length(text);
    const size_t number = name > 0 ? 0 : yg_number_span(text);
    size_t used = 0;
    if (name > 0) {
        token->kind = YG_TOKEN_NAME;
        token->length = used = name;
    } else if (number > 0) {
        if (!read_number(lexer, number, token, error))
            return false;
        used = number;
    } else if (*text == '\'' || *text == '"') {
        if (!read_text(lexer, token, error))
            return false;
        used = token->length + 2;
    } else {
        for (size_t i = 0; i < sizeof signs / sizeof *signs && used == 0; i++)
            if (begins_with(text, signs[i]))
                used = strlen(signs[i]);
        if (used == 0)
            return fail_character(lexer, error);
        token->kind = YG_TOKEN_SIGN;
        token->length = used;
    }
    advance(lexer, used);
    return true;
}

bool yg_token_is(const yg_token *token, const char *sign) {
    return token->kind == YG_TOKEN_SIGN && token->length == strlen(sign) &&
           memcmp(token->start, sign, token->length) == 0;
}

const char *yg_token_describe(const yg_token *token, char *text, size_t size) {
    if (token->kind == YG_TOKEN_END)
        snprintf(text, size, "the end of the expression");
    else
        snprintf(text, size, "%s'%.*s'", token->kind == YG_TOKEN_TEXT ? "the text " : "",
                 token->length > 60 ? 60 : (int)token->length, token->start);
    return text;
}
