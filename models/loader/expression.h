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
    YG_EXPRESSION_NUMBER, /* .number; with .integer, also .whole */
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
    int64_t whole;
    bool integer;
    bool infix;
    int depth; /* how deep a walk of the tree recurses: see yg_is_chain() */
    size_t count;
    yg_expression **children;
    const char **keywords; /* CALL: the name of each named argument, NULL for a positional one; NULL
                            * if there are no names */
};

/* The deepest recursion of a walk of an expression. */
#define YG_EXPRESSION_DEPTH 200

/* True for a binary operator. Its left side may be one again, and so on: `a + b + c + …` is a chain
 * of any length. Recursing down a chain would overflow the stack. So a walk goes down a chain in a
 * loop, and recurses only into right sides. */
bool yg_is_chain(const yg_expression *expression);

/* The operators of the chain whose root is `expression`, from the outermost to the innermost, which
 * has the chain's first operand on its left. NULL when out of memory. */
const yg_expression **yg_expression_chain(yg_pool *pool, const yg_expression *expression,
                                          size_t *count);

/* Parses `text`, whose first character stands at `origin`; for a yg_value, pass its `source`. The
 * tree lives in the pool, and `origin.file` must outlive it. Depth is capped. NULL on failure. */
yg_expression *yg_expression_parse(yg_pool *pool, const char *text, yg_origin origin,
                                   yg_error *error);

/* The expression as text that parses to the same tree, with no needless brackets, in `pool`. NULL
 * when out of memory. */
const char *yg_expression_text(yg_pool *pool, const yg_expression *expression);

/* Calls `visit` for each name in an expression, and for the functions that it calls. */
typedef void (*yg_visit)(void *context, const char *name);
void yg_visit_names(const yg_expression *expression, yg_visit visit, void *context);

#endif
