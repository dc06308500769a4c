/*
 * Parses expressions by recursive descent: one function for each line of the grammar in the header.
 */
#include "expression.h"

#include "expression_tree.h"
#include "token.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOUND 96 /* room for yg_token_describe() */

/* A bracket that is open, for messages. */
typedef struct bracket {
    char sign;
    yg_origin origin;
} bracket;

typedef struct parser {
    yg_pool *pool;
    yg_lexer lexer;
    yg_token token; /* the next token, which has not been taken */
    yg_error *error;
    int depth; /* of the recursion */
} parser;

/* The parts of a call, list or index while they are read. */
typedef struct parts {
    yg_expression **items;
    const char **keywords;
    size_t count, size;
} parts;

static yg_expression *parse_compare(parser *p, const bracket *in);
static yg_expression *parse_unary(parser *p, const bracket *in);

static yg_expression *fail_depth(parser *p, yg_origin origin) {
    yg_fail(p->error, YG_ERROR_SYNTAX, origin,
            "the expression is more than %d operators deep; give a part of it a name of its own",
            YG_EXPRESSION_DEPTH);
    return NULL;
}

static bool next(parser *p) {
    return yg_lexer_next(&p->lexer, &p->token, p->error);
}

/* Advice for words of Python that are functions here, such as `and`. */
static const char *advice_for(const yg_token *token) {
    static const struct {
        const char *word;
        const char *advice;
    } words[] = {{"if", "write if(condition, a, b), or where(condition, a, b) for tensors"},
                 {"and", "write logical_and(a, b)"},
                 {"or", "write logical_or(a, b)"}};
    if (token->kind == YG_TOKEN_NAME)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (token->length == strlen(words[i].word) &&
                memcmp(token->start, words[i].word, token->length) == 0)
                return words[i].advice;
    return NULL;
}

/* "expected ')' to close the '(' in column 9; found …" */
static yg_expression *fail_expected(parser *p, const char *expected, const bracket *in) {
    char found[FOUND];
    yg_token_describe(&p->token, found, sizeof found);
    const char *advice = advice_for(&p->token);
    if (advice)
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin, "found %s; %s", found, advice);
    else if (!in)
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin, "found %s; expected %s", found,
                expected);
    else if (in->origin.line == p->token.origin.line)
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin,
                "found %s; expected %s, or '%c' to close the '%c' in column %d", found, expected,
                in->sign == '(' ? ')' : ']', in->sign, (int)in->origin.column);
    else
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin,
                "found %s; expected %s, or '%c' to close the '%c' in line %d, column %d", found,
                expected, in->sign == '(' ? ')' : ']', in->sign, (int)in->origin.line,
                (int)in->origin.column);
    return NULL;
}

static yg_expression *make(parser *p, yg_expression_kind kind, yg_origin origin) {
    yg_expression *node = yg_expression_new(p->pool, kind, origin, "");
    if (!node)
        yg_fail_memory(p->error);
    return node;
}

/* Gives a node its parts. NULL on failure. */
static yg_expression *adopt(parser *p, yg_expression *node, const parts *all) {
    if (!yg_expression_adopt(p->pool, node, all->items, all->keywords, all->count)) {
        yg_fail_memory(p->error);
        return NULL;
    }
    return node->depth <= YG_EXPRESSION_DEPTH ? node : fail_depth(p, node->origin);
}

static yg_expression *make_infix(parser *p, const yg_token *sign, yg_expression *const *operands,
                                 size_t count) {
    const char *text = yg_pool_copy(p->pool, sign->start, sign->length);
    yg_expression *node = yg_expression_infix(p->pool, text, operands[0],
                                              count > 1 ? operands[1] : NULL, sign->origin);
    if (!node) {
        yg_fail_memory(p->error);
        return NULL;
    }
    return node->depth <= YG_EXPRESSION_DEPTH ? node : fail_depth(p, node->origin);
}

static bool add_part(parser *p, parts *all, yg_expression *item, const char *keyword) {
    if (all->count == all->size) {
        const size_t size = all->size == 0 ? 8 : 2 * all->size;
        yg_expression **items = realloc(all->items, size * sizeof *items);
        if (!items)
            return yg_fail_memory(p->error);
        all->items = items;
        const char **keywords = realloc(all->keywords, size * sizeof *keywords);
        if (!keywords)
            return yg_fail_memory(p->error);
        all->keywords = keywords;
        all->size = size;
    }
    all->items[all->count] = item;
    all->keywords[all->count++] = keyword;
    return true;
}

static void free_parts(parts *all) {
    free(all->items);
    free(all->keywords);
}

/* After a part: true at a comma, which is taken; false at `close`, which is not. At anything else,
 * false with an error, and *good becomes false. */
static bool more_parts(parser *p, const char *close, const bracket *in, bool *good) {
    *good = true;
    if (yg_token_is(&p->token, close))
        return false;
    if (!yg_token_is(&p->token, ",")) {
        *good = fail_expected(p, "an operator or ','", in) != NULL;
        return false;
    }
    *good = next(p);
    return *good && !yg_token_is(&p->token, close);
}

/* Whether the next token is a name and '=' follows it. */
static bool at_keyword(const parser *p) {
    yg_lexer ahead = p->lexer;
    yg_token following;
    yg_error ignored = {0};
    return p->token.kind == YG_TOKEN_NAME && yg_lexer_next(&ahead, &following, &ignored) &&
           yg_token_is(&following, "=");
}

/* One argument of a call: `value` or `name=value`. */
static bool parse_argument(parser *p, parts *all, const bracket *in) {
    const char *keyword = NULL;
    const yg_origin origin = p->token.origin;
    if (at_keyword(p)) {
        keyword = yg_pool_copy(p->pool, p->token.start, p->token.length);
        if (!keyword)
            return yg_fail_memory(p->error);
        for (size_t i = 0; i < all->count; i++)
            if (all->keywords[i] && strcmp(all->keywords[i], keyword) == 0)
                return yg_fail(p->error, YG_ERROR_NAME, origin,
                               "the argument '%.100s' is given a second time", keyword);
        if (!next(p) || !next(p))
            return false;
    } else if (all->count > 0 && all->keywords[all->count - 1]) {
        char found[FOUND];
        return yg_fail(p->error, YG_ERROR_SYNTAX, origin,
                       "found %s; after 'name=value' arguments every further one needs a name too",
                       yg_token_describe(&p->token, found, sizeof found));
    }
    yg_expression *value = parse_compare(p, in);
    return value && add_part(p, all, value, keyword);
}

/* Parses a call after its name and '(': the arguments and ')'. */
static yg_expression *parse_call(parser *p, yg_expression *name) {
    const bracket in = {'(', p->token.origin};
    parts all = {0};
    bool good = next(p);
    bool more = good && !yg_token_is(&p->token, ")");
    while (more) {
        good = parse_argument(p, &all, &in);
        more = good && more_parts(p, ")", &in, &good);
    }
    good = good && next(p);
    name->kind = YG_EXPRESSION_CALL;
    yg_expression *call = good ? adopt(p, name, &all) : NULL;
    free_parts(&all);
    return call;
}

static yg_expression *parse_list(parser *p) {
    const bracket in = {'[', p->token.origin};
    parts all = {0};
    bool good = next(p);
    bool more = good && !yg_token_is(&p->token, "]");
    while (more) {
        yg_expression *item = parse_compare(p, &in);
        good = item && add_part(p, &all, item, NULL);
        more = good && more_parts(p, "]", &in, &good);
    }
    good = good && next(p);
    yg_expression *list = good ? make(p, YG_EXPRESSION_LIST, in.origin) : NULL;
    if (list)
        list = adopt(p, list, &all);
    free_parts(&all);
    return list;
}

static bool ends_bound(const parser *p) {
    return yg_token_is(&p->token, ":") || yg_token_is(&p->token, ",") ||
           yg_token_is(&p->token, "]");
}

/* `i`, or `start:stop:step` with any of them left out. */
static yg_expression *parse_subscript(parser *p, const bracket *in) {
    const yg_origin origin = p->token.origin;
    yg_expression *bounds[3] = {NULL, NULL, NULL};
    size_t colons = 0;
    for (;;) {
        if (!ends_bound(p) || (colons == 0 && !yg_token_is(&p->token, ":"))) {
            bounds[colons] = parse_compare(p, in);
            if (!bounds[colons])
                return NULL;
        }
        if (colons == 2 || !yg_token_is(&p->token, ":"))
            break;
        if (!next(p))
            return NULL;
        colons++;
    }
    if (colons == 0)
        return bounds[0];
    yg_expression *range = make(p, YG_EXPRESSION_RANGE, origin);
    const parts all = {.items = bounds, .count = 3};
    return range ? adopt(p, range, &all) : NULL;
}

/* Parses an index after its base and '['. */
static yg_expression *parse_index(parser *p, yg_expression *base) {
    const bracket in = {'[', p->token.origin};
    parts all = {0};
    bool good = add_part(p, &all, base, NULL) && next(p);
    bool more = good;
    while (more) {
        yg_expression *subscript = parse_subscript(p, &in);
        good = subscript && add_part(p, &all, subscript, NULL);
        more = good && more_parts(p, "]", &in, &good);
    }
    good = good && next(p);
    yg_expression *index = good ? make(p, YG_EXPRESSION_INDEX, base->origin) : NULL;
    if (index)
        index = adopt(p, index, &all);
    free_parts(&all);
    return index;
}

/* Refuses Python's True, False and None, which are spelt in another way here. */
static bool check_name(parser *p) {
    static const char *const words[][2] = {
        {"True", "true"},
        {"False", "false"},
        {"None", "none; for a new dimension unsqueeze(x, dim), and for a size that may vary a "
                 "name, such as B"}};
    for (size_t i = 0; i < 3; i++)
        if (p->token.length == strlen(words[i][0]) &&
            memcmp(p->token.start, words[i][0], p->token.length) == 0)
            return yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin, "found '%s'; write %s",
                           words[i][0], words[i][1]);
    return true;
}

static yg_expression *parse_word(parser *p, yg_expression_kind kind) {
    const yg_token token = p->token;
    if (kind == YG_EXPRESSION_NAME && !check_name(p))
        return NULL;
    yg_expression *node = make(p, kind, token.origin);
    if (!node || !next(p))
        return NULL;
    if (kind == YG_EXPRESSION_NAME && p->token.kind == YG_TOKEN_NAME && token.length == 3 &&
        memcmp(token.start, "not", 3) == 0) {
        yg_fail(p->error, YG_ERROR_SYNTAX, token.origin, "found 'not'; write logical_not(a)");
        return NULL;
    }
    node->number = token.number;
    node->whole = token.whole;
    node->integer = token.integer;
    if (kind != YG_EXPRESSION_NUMBER)
        node->text = yg_pool_copy(p->pool, token.start, token.length);
    if (!node->text) {
        yg_fail_memory(p->error);
        return NULL;
    }
    return node;
}

static yg_expression *parse_group(parser *p) {
    const bracket in = {'(', p->token.origin};
    yg_expression *inner = next(p) ? parse_compare(p, &in) : NULL;
    if (!inner)
        return NULL;
    if (yg_token_is(&p->token, ",")) {
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin,
                "found ',' in ( ) that no function's name precedes; a list is written [a, b]");
        return NULL;
    }
    if (!yg_token_is(&p->token, ")"))
        return fail_expected(p, "an operator", &in);
    return next(p) ? inner : NULL;
}

static yg_expression *parse_atom(parser *p, const bracket *in) {
    switch (p->token.kind) {
    case YG_TOKEN_NUMBER:
        if (p->token.beyond) {
            yg_fail(p->error, YG_ERROR_ARGUMENT, p->token.origin,
                    "the whole number '9223372036854775808' is too large; the largest is "
                    "9223372036854775807");
            return NULL;
        }
        return parse_word(p, YG_EXPRESSION_NUMBER);
    case YG_TOKEN_TEXT:
        return parse_word(p, YG_EXPRESSION_TEXT);
    case YG_TOKEN_NAME: {
        yg_expression *name = parse_word(p, YG_EXPRESSION_NAME);
        return name && yg_token_is(&p->token, "(") ? parse_call(p, name) : name;
    }
    case YG_TOKEN_SIGN:
        if (yg_token_is(&p->token, "("))
            return parse_group(p);
        if (yg_token_is(&p->token, "["))
            return parse_list(p);
        if (yg_token_is(&p->token, "+")) {
            yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin,
                    "found '+' with nothing on its left; leave it out");
            return NULL;
        }
        break;
    case YG_TOKEN_END:
        break;
    }
    /* Something else was found, so closing the bracket would not help. */
    return fail_expected(p, "a number, a name, '(' or '['",
                         p->token.kind == YG_TOKEN_END ? in : NULL);
}

static yg_expression *parse_postfix(parser *p, const bracket *in) {
    yg_expression *value = parse_atom(p, in);
    while (value && yg_token_is(&p->token, "["))
        value = parse_index(p, value);
    if (value && yg_token_is(&p->token, "(")) {
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin,
                "found '(' after a value; only a function's name can be called, and a product is "
                "written with '*'");
        return NULL;
    }
    return value;
}

/* The exponent is read by parse_unary(), so that `2 ** -x` and `a ** b ** c` = `a ** (b ** c)`
 * are what they are in Python. */
static yg_expression *parse_power(parser *p, const bracket *in) {
    yg_expression *operands[2] = {parse_postfix(p, in), NULL};
    if (!operands[0] || !yg_token_is(&p->token, "**"))
        return operands[0];
    const yg_token sign = p->token;
    if (!next(p))
        return NULL;
    operands[1] = parse_unary(p, in);
    return operands[1] ? make_infix(p, &sign, operands, 2) : NULL;
}

static yg_expression *parse_unary(parser *p, const bracket *in) {
    if (p->depth == YG_EXPRESSION_DEPTH)
        return fail_depth(p, p->token.origin);
    p->depth++;
    yg_expression *result;
    if (yg_token_is(&p->token, "-")) {
        const yg_token sign = p->token;
        if (!next(p)) {
            result = NULL;
        } else if (p->token.kind == YG_TOKEN_NUMBER && p->token.beyond) {
            result = next(p) ? yg_expression_whole(p->pool, INT64_MIN, sign.origin) : NULL;
        } else {
            yg_expression *operand = parse_unary(p, in);
            result = operand ? make_infix(p, &sign, &operand, 1) : NULL;
        }
    } else {
        result = parse_power(p, in);
    }
    p->depth--;
    return result;
}

/* Whether the next token is one of these signs, the operators of one precedence. */
static bool at_sign(const parser *p, const char *const *signs) {
    for (size_t i = 0; signs[i]; i++)
        if (yg_token_is(&p->token, signs[i]))
            return true;
    return false;
}

static yg_expression *parse_term(parser *p, const bracket *in) {
    static const char *const signs[] = {"*", "/", "//", "%", "@", NULL};
    yg_expression *operands[2] = {parse_unary(p, in), NULL};
    while (operands[0] && at_sign(p, signs)) {
        const yg_token sign = p->token;
        operands[1] = next(p) ? parse_unary(p, in) : NULL;
        operands[0] = operands[1] ? make_infix(p, &sign, operands, 2) : NULL;
    }
    return operands[0];
}

static yg_expression *parse_sum(parser *p, const bracket *in) {
    static const char *const signs[] = {"+", "-", NULL};
    yg_expression *operands[2] = {parse_term(p, in), NULL};
    while (operands[0] && at_sign(p, signs)) {
        const yg_token sign = p->token;
        operands[1] = next(p) ? parse_term(p, in) : NULL;
        operands[0] = operands[1] ? make_infix(p, &sign, operands, 2) : NULL;
    }
    return operands[0];
}

static yg_expression *parse_compare(parser *p, const bracket *in) {
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">=", NULL};
    yg_expression *operands[2] = {parse_sum(p, in), NULL};
    if (!operands[0] || !at_sign(p, signs))
        return operands[0];
    const yg_token sign = p->token;
    operands[1] = next(p) ? parse_sum(p, in) : NULL;
    if (!operands[1])
        return NULL;
    if (at_sign(p, signs)) {
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin,
                "found a second comparison; comparisons do not chain: write logical_and(a < b, "
                "b < c)");
        return NULL;
    }
    return make_infix(p, &sign, operands, 2);
}

/* The error for text after the end of a whole expression. */
static yg_expression *fail_rest(parser *p) {
    char found[FOUND];
    yg_token_describe(&p->token, found, sizeof found);
    if (yg_token_is(&p->token, ")") || yg_token_is(&p->token, "]")) {
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin, "found %s, which closes no bracket",
                found);
        return NULL;
    }
    if (yg_token_is(&p->token, "=")) {
        yg_fail(p->error, YG_ERROR_SYNTAX, p->token.origin,
                "found '='; it names an argument within ( ), and a comparison is written '=='");
        return NULL;
    }
    return fail_expected(p, "an operator or the end", NULL);
}

yg_expression *yg_expression_parse(yg_pool *pool, const char *text, yg_origin origin,
                                   yg_error *error) {
    parser p = {.pool = pool, .lexer = {text, origin}, .error = error};
    if (!next(&p))
        return NULL;
    if (p.token.kind == YG_TOKEN_END) {
        yg_fail(error, YG_ERROR_SYNTAX, origin, "found nothing; expected an expression");
        return NULL;
    }
    yg_expression *result = parse_compare(&p, NULL);
    if (!result)
        return NULL;
    return p.token.kind == YG_TOKEN_END ? result : fail_rest(&p);
}
