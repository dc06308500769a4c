/*
 * Expressions: the text on the right of a name, parsed to a tree. Names are not resolved here.
 *
 *   or      := (lowest) `a if c else b` does not exist; use if(c, a, b)
 *   compare := sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)?
 *   sum     := term (("+" | "-") term)*
 *   term    := unary (("*" | "/" | "//" | "%" | "@") unary)*
 *   unary   := "-" unary | power
 *   power   := postfix ("**" unary)?
 *   postfix := atom ("[" subscript ("," subscript)* "]")*
 *   atom    := number | name | text | name "(" arguments ")" | "[" list "]" | "(" compare ")"
 *
 * A name may hold dots (`tok.weight`, `blocks.0.up.weight`).
 */
#ifndef YG_MODELS_LOADER_EXPRESSION_H
#define YG_MODELS_LOADER_EXPRESSION_H

#include "../../graph/error.h"
#include "../../graph/pool.h"

#include <stddef.h>

typedef enum yg_expression_kind {
    YG_EXPRESSION_NUMBER, /* .number; .integer tells whether it was written as one */
    YG_EXPRESSION_TEXT,   /* 'mean' in quotes: .text */
    YG_EXPRESSION_NAME,   /* .text */
    YG_EXPRESSION_CALL,   /* .text(children…), with keywords; operators are calls of "+", "@", …
                             (.infix), unary minus is a call of "-" with one child */
    YG_EXPRESSION_LIST,   /* [children…] */
    YG_EXPRESSION_INDEX,  /* children[0][children[1], …] */
    YG_EXPRESSION_RANGE,  /* in an index: start:stop:step, three children, each may be NULL */
} yg_expression_kind;

typedef struct yg_expression yg_expression;
struct yg_expression {
    yg_expression_kind kind;
    yg_origin origin; /* of its first character; of the operator sign for infix calls */
    const char *text;
    double number;
    bool integer;
    bool infix;
    size_t count;
    yg_expression **children;
    const char **keywords; /* CALL: NULL where a child is positional; otherwise NULL */
};

/* An expression is at most so many operators, calls and brackets deep. */
#define YG_EXPRESSION_DEPTH 200

/* Parses `text`, whose first character stands at `origin`; for a yg_value that is its `source`.
 * NULL on failure. `origin.file` must outlive the pool, which holds the tree. Depth is capped. */
yg_expression *yg_expression_parse(yg_pool *pool, const char *text, yg_origin origin,
                                   yg_error *error);

/* Writes an expression as text that parses to the same tree, with no needless brackets; cut at
 * `size`. Returns the length that it needs, as snprintf does. */
size_t yg_expression_text(const yg_expression *expression, char *text, size_t size);

#endif
