/*
 * Expressions: the tree by its text, precedence as Python's, places, and the messages.
 */
#include "models/loader/expression.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes the tree with each operator in brackets: "(+ a (* b c))". */
static void dump(const yg_expression *e, char *text, size_t size) {
    size_t used = strlen(text);
    if (e == NULL) {
        snprintf(text + used, size - used, "_");
        return;
    }
    switch (e->kind) {
    case YG_EXPRESSION_NUMBER:
        if (e->integer)
            snprintf(text + used, size - used, "%lld", (long long)e->whole);
        else
            snprintf(text + used, size - used, "%gf", e->number);
        return;
    case YG_EXPRESSION_TEXT:
        snprintf(text + used, size - used, "'%s'", e->text);
        return;
    case YG_EXPRESSION_NAME:
        snprintf(text + used, size - used, "%s", e->text);
        return;
    case YG_EXPRESSION_CALL:
        snprintf(text + used, size - used, "(%s", e->text);
        break;
    case YG_EXPRESSION_LIST:
        snprintf(text + used, size - used, "(list");
        break;
    case YG_EXPRESSION_INDEX:
        snprintf(text + used, size - used, "(index");
        break;
    case YG_EXPRESSION_RANGE:
        snprintf(text + used, size - used, "(range");
        break;
    }
    for (size_t i = 0; i < e->count; i++) {
        used = strlen(text);
        if (e->keywords != NULL && e->keywords[i] != NULL)
            snprintf(text + used, size - used, " %s=", e->keywords[i]);
        else
            snprintf(text + used, size - used, " ");
        dump(e->children[i], text, size);
    }
    used = strlen(text);
    snprintf(text + used, size - used, ")");
}

static const struct {
    const char *text;
    const char *tree;
    const char *again; /* printed; NULL: as `text` */
} good[] = {
    {"a", "a", NULL},
    {"12", "12", NULL},
    {"1.5", "1.5f", NULL},
    {"1e3", "1000f", "1000.0"},
    {".5", "0.5f", "0.5"},
    {"1e-30", "1e-30f", NULL},
    {"9007199254740993", "9007199254740993", NULL},
    {"9223372036854775807", "9223372036854775807", NULL},
    {"-9223372036854775808", "(- (- 9223372036854775807) 1)", "-9223372036854775807 - 1"},
    {"'mean'", "'mean'", NULL},
    {"\"it's\"", "'it's'", NULL},
    {"\"mean\"", "'mean'", "'mean'"},
    {"tok.weight", "tok.weight", NULL},
    {"blocks.0.up.weight", "blocks.0.up.weight", NULL},
    {"a + b * c", "(+ a (* b c))", NULL},
    {"(a + b) * c", "(* (+ a b) c)", NULL},
    {"a - b - c", "(- (- a b) c)", NULL},
    {"a - (b - c)", "(- a (- b c))", NULL},
    {"(a - b) - c", "(- (- a b) c)", "a - b - c"},
    {"a / b * c", "(* (/ a b) c)", NULL},
    {"a // b % c @ d", "(@ (% (// a b) c) d)", NULL},
    {"a @ (b @ c)", "(@ a (@ b c))", NULL},
    {"-a ** 2", "(- (** a 2))", NULL},
    {"(-a) ** 2", "(** (- a) 2)", NULL},
    {"a ** b ** c", "(** a (** b c))", NULL},
    {"(a ** b) ** c", "(** (** a b) c)", NULL},
    {"2 ** -x", "(** 2 (- x))", NULL},
    {"2**-x**y", "(** 2 (- (** x y)))", "2 ** -x ** y"},
    {"-a * b", "(* (- a) b)", NULL},
    {"-(a * b)", "(- (* a b))", NULL},
    {"a * -b", "(* a (- b))", NULL},
    {"--a", "(- (- a))", NULL},
    {"a - -b", "(- a (- b))", NULL},
    {"a + 1 < b * 2", "(< (+ a 1) (* b 2))", NULL},
    {"(a < b) == c", "(== (< a b) c)", NULL},
    {"a >= b", "(>= a b)", NULL},
    {"((a))", "a", "a"},
    {"f()", "(f)", NULL},
    {"f(x, y + 1, dim=-1, keepdim=true)", "(f x (+ y 1) dim=(- 1) keepdim=true)", NULL},
    {"f(x,)", "(f x)", "f(x)"},
    {"if(use_bias, z + bias, z)", "(if use_bias (+ z bias) z)", NULL},
    {"[1, [2, a]]", "(list 1 (list 2 a))", NULL},
    {"[]", "(list)", NULL},
    {"x[:, 0]", "(index x (range _ _ _) 0)", NULL},
    {"x[1:n - 1, ::2, a:b:c, 2:]",
     "(index x (range 1 (- n 1) _) (range _ _ 2) (range a b c) (range 2 _ _))", NULL},
    {"x[0][1]", "(index (index x 0) 1)", NULL},
    {"-x[0] ** 2", "(- (** (index x 0) 2))", NULL},
    {"(a + b)[0]", "(index (+ a b) 0)", NULL},
    {"f(x)[0]", "(index (f x) 0)", NULL},
    {" a\n  + b\t", "(+ a b)", "a + b"},
};

Test(expression, parses_and_prints) {
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        yg_pool *pool = yg_pool_new();
        yg_error error = {0};
        const yg_expression *tree =
            yg_expression_parse(pool, good[i].text, (yg_origin){"a", 1, 1}, &error);
        cr_assert_not_null(tree, "%s: %s", good[i].text, error.message);
        char text[400] = "";
        dump(tree, text, sizeof text);
        cr_expect_str_eq(text, good[i].tree);

        const char *printed = yg_expression_text(pool, tree);
        cr_assert_not_null(printed);
        cr_expect_str_eq(printed, good[i].again != NULL ? good[i].again : good[i].text);
        const yg_expression *again =
            yg_expression_parse(pool, printed, (yg_origin){"a", 1, 1}, &error);
        cr_assert_not_null(again, "%s", printed);
        char text_again[400] = "";
        dump(again, text_again, sizeof text_again);
        cr_expect_str_eq(text_again, good[i].tree);
        yg_pool_free(pool);
    }
}

/* The places of all nodes, in the order of the text of dump(). */
static void places(const yg_expression *e, char *text, size_t size) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%d:%d", used > 0 ? " " : "", e->origin.line,
             e->origin.column);
    for (size_t i = 0; i < e->count; i++)
        if (e->children[i] != NULL)
            places(e->children[i], text, size);
}

static const struct {
    const char *text;
    const char *places;
} placed[] = {
    {"a + f(b)", "7:12 7:10 7:14 7:16"},
    {"-x[0, :]", "7:10 7:11 7:11 7:13 7:16"},
    {"'é' == [a]", "7:14 7:10 7:17 7:18"},
    {"f(a,\n  b + c,\r\n d)", "7:10 7:12 8:5 8:3 8:7 9:2"},
};

Test(expression, keeps_places) {
    for (size_t i = 0; i < sizeof placed / sizeof *placed; i++) {
        yg_pool *pool = yg_pool_new();
        yg_error error = {0};
        const yg_expression *tree =
            yg_expression_parse(pool, placed[i].text, (yg_origin){"a", 7, 10}, &error);
        cr_assert_not_null(tree, "%s: %s", placed[i].text, error.message);
        char text[200] = "";
        places(tree, text, sizeof text);
        cr_expect_str_eq(text, placed[i].places);
        yg_pool_free(pool);
    }
}

static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {"", "1:1: found nothing; expected an expression"},
    {"  ", "1:1: found nothing; expected an expression"},
    {"a b", "1:3: found 'b'; expected an operator or the end"},
    {"a +", "1:4: found the end of the expression; expected a number, a name, '(' or '['"},
    {"a + * b", "1:5: found '*'; expected a number, a name, '(' or '['"},
    {"+a", "1:1: found '+' with nothing on its left; leave it out"},
    {"f(a, (b + c",
     "1:12: found the end of the expression; expected an operator, or ')' to close the '(' in "
     "column 6"},
    {"f(a",
     "1:4: found the end of the expression; expected an operator or ',', or ')' to close the "
     "'(' in column 2"},
    {"f(a,\n  b", "2:4: found the end of the expression; expected an operator or ',', or ')' to "
                  "close the '(' in "
                  "line 1, column 2"},
    {"x[0",
     "1:4: found the end of the expression; expected an operator or ',', or ']' to close the "
     "'[' in column 2"},
    {"f(a]", "1:4: found ']'; expected an operator or ',', or ')' to close the '(' in column 2"},
    {"a)", "1:2: found ')', which closes no bracket"},
    {"x[]", "1:3: found ']'; expected a number, a name, '(' or '['"},
    {"f(,)", "1:3: found ','; expected a number, a name, '(' or '['"},
    {"(a, b)", "1:3: found ',' in ( ) that no function's name precedes; a list is written [a, b]"},
    {"(f)(x)", "1:4: found '(' after a value; only a function's name can be called, and a product "
               "is written with '*'"},
    {"2x", "1:1: found '2x', which is neither a number nor a name; a product is written with '*'"},
    {"x..y", "1:2: found '.', which is no part of an expression"},
    {"a = b", "1:3: found '='; it names an argument within ( ), and a comparison is written '=='"},
    {"f(a=1, 2)",
     "1:8: found '2'; after 'name=value' arguments every further one needs a name too"},
    {"f(a=1, a=2)", "1:8: the argument 'a' is given a second time"},
    {"a < b < c", "1:7: found a second comparison; comparisons do not chain: write "
                  "logical_and(a < b, b < c)"},
    {"a and b", "1:3: found 'and'; write logical_and(a, b)"},
    {"f(a or b)", "1:5: found 'or'; write logical_or(a, b)"},
    {"a if c else b",
     "1:3: found 'if'; write if(condition, a, b), or where(condition, a, b) for tensors"},
    {"f(True)", "1:3: found 'True'; write true"},
    {"None", "1:1: found 'None'; write none; for a new dimension unsqueeze(x, dim), and for a size "
             "that may vary a name, such as B"},
    {"not a", "1:1: found 'not'; write logical_not(a)"},
    {"a ^ 2", "1:3: found '^' in an expression; a power is written '**'"},
    {"é × b", "1:1: found 'é', which is no part of an expression"},
    {"a × b", "1:3: found '×' in an expression; write '*', or '@' for a matrix product"},
    {"x[..., 0]", "1:3: found '...' in an expression; write one ':' for each dimension"},
    {"'mean", "1:1: the quote ' that begins here is not closed"},
    {"1e999", "1:1: the number '1e999' is too large; the largest is about 1.8e308"},
    {"9223372036854775808",
     "1:1: the whole number '9223372036854775808' is too large; the largest is "
     "9223372036854775807"},
    {"a - 9223372036854775808",
     "1:5: the whole number '9223372036854775808' is too large; the largest is "
     "9223372036854775807"},
    {"{a: b}", "1:1: found '{' in an expression; an expression holds no { }; a layer is written "
               "'name: {type: ...}', a list [a, b]"},
};

Test(expression, says_what_is_wrong) {
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        yg_pool *pool = yg_pool_new();
        yg_error error = {0};
        cr_expect_null(yg_expression_parse(pool, bad[i].text, (yg_origin){"", 1, 1}, &error), "%s",
                       bad[i].text);
        char text[1600];
        snprintf(text, sizeof text, "%d:%d: %s", error.line, error.column, error.message);
        cr_expect_str_eq(text, bad[i].message);
        yg_pool_free(pool);
    }
}

/* Nesting in every way that the grammar has, just within the cap and far beyond it. */
static const struct {
    const char *before, *middle, *after;
    size_t within;
} deep[] = {
    {"(", "a", ")", 199},  {"[", "a", "]", 199},    {"f(", "a", ")", 199}, {"-", "a", "", 199},
    {"x[", "a", "]", 199}, {"a ** ", "a", "", 199}, {"", "x", "[0]", 199},
};

/* A chain of operators may have any length, because no function recurses along it. */
Test(expression, reads_and_prints_long_chains) {
    static const char *const links[] = {" + a", " - a * b", " * a", " @ a", " // a", " + (a + b)"};
    enum { COUNT = 100000 };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        const size_t length = strlen(links[i]);
        char *text = malloc(COUNT * length + 2);
        cr_assert_not_null(text);
        text[0] = 'a';
        for (size_t k = 0; k < COUNT; k++)
            memcpy(text + 1 + k * length, links[i], length + 1);
        yg_pool *pool = yg_pool_new();
        yg_error error = {0};
        const yg_expression *tree = yg_expression_parse(pool, text, (yg_origin){"a", 1, 1}, &error);
        cr_assert_not_null(tree, "a%s…: %s", links[i], error.message);
        const char *printed = yg_expression_text(pool, tree);
        cr_expect(printed && strcmp(printed, text) == 0, "a%s…", links[i]);
        yg_pool_free(pool);
        free(text);
    }
}

Test(expression, caps_depth) {
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        for (int beyond = 0; beyond < 2; beyond++) {
            const size_t count = beyond ? 20000 : deep[i].within;
            const size_t before = strlen(deep[i].before);
            const size_t after = strlen(deep[i].after);
            char *text = malloc(count * (before + after) + 2);
            cr_assert_not_null(text);
            char *end = text;
            for (size_t k = 0; k < count; k++, end += before)
                memcpy(end, deep[i].before, before);
            *end++ = deep[i].middle[0];
            for (size_t k = 0; k < count; k++, end += after)
                memcpy(end, deep[i].after, after);
            *end = '\0';
            yg_pool *pool = yg_pool_new();
            yg_error error = {0};
            const yg_expression *tree =
                yg_expression_parse(pool, text, (yg_origin){"a", 1, 1}, &error);
            cr_expect_eq(tree != NULL, !beyond, "%s%s%s: %s", deep[i].before, deep[i].middle,
                         deep[i].after, error.message);
            yg_pool_free(pool);
            free(text);
        }
    }
}
