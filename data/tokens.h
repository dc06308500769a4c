/*
 * Tokens: the pieces of a text. Private to the library.
 */
#ifndef YG_DATA_TOKENS_H
#define YG_DATA_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum yg_token_kind {
    YG_TOKEN_WORD, /* a run of letters, digits and '_'; any other character but a blank by itself */
    YG_TOKEN_CHAR, /* a character: a code point of Unicode */
    YG_TOKEN_BYTE, /* a byte of UTF-8 */
} yg_token_kind;

/* Finds the next token of text[0 .. size), which is UTF-8. It begins at or after *end, which is 0
 * before the first call, and becomes text[*begin .. *end). False behind the last one. */
bool yg_token_next(yg_token_kind kind, const char *text, size_t size, size_t *begin, size_t *end);

#endif
