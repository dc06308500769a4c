/*
 * The tokens of an expression. Private to the expression parser.
 */
#ifndef YG_MODELS_LOADER_TOKEN_H
#define YG_MODELS_LOADER_TOKEN_H

#include "../../graph/error.h"

#include <stddef.h>

typedef enum yg_token_kind {
    YG_TOKEN_END,
    YG_TOKEN_NUMBER,
    YG_TOKEN_NAME,
    YG_TOKEN_TEXT, /* `start` and `length` give the text between the quotes */
    YG_TOKEN_SIGN, /* an operator or a bracket */
} yg_token_kind;

typedef struct yg_token {
    yg_token_kind kind;
    const char *start;
    size_t length;
    yg_origin origin; /* of its first character */
    double number;
    int64_t whole; /* the number, if `integer` */
    bool integer;
    bool beyond; /* 9223372036854775808: only with a minus is it a whole number */
} yg_token;

typedef struct yg_lexer {
    const char *at;
    yg_origin origin; /* of `at` */
} yg_lexer;

/* Reads the next token. At the end of the text it is YG_TOKEN_END, however often one asks. */
bool yg_lexer_next(yg_lexer *lexer, yg_token *token, yg_error *error);

/* True for that operator or bracket. */
bool yg_token_is(const yg_token *token, const char *sign);

/* "'+'", "the end": what was found, for messages. Returns `text`. */
const char *yg_token_describe(const yg_token *token, char *text, size_t size);

#endif
