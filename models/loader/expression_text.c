/*
 * Writes expressions as text, with only the brackets that the tree needs.
 */
#include "../../graph/number.h"
#include "../../graph/text.h"
#include "expression.h"

#include <stdlib.h>
#include <string.h>

/* How tightly a node binds, from the loosest: the lines of the grammar in expression.h. */
enum { COMPARE = 1, SUM, TERM, UNARY, POWER, POSTFIX };

typedef struct writer {
    yg_text text;
    yg_pool *pool; /* for chains */
} writer;

static void put(writer *w, const char *text) {
    yg_text_add(&w->text, "%s", text);
}

static int binding(const yg_expression *e) {
    if (e->kind != YG_EXPRESSION_CALL || !e->infix)
        return POSTFIX;
    if (e->count == 1)
        return UNARY;
    if (strcmp(e->text, "**") == 0)
        return POWER;
    if (strcmp(e->text, "+") == 0 || strcmp(e->text, "-") == 0)
        return SUM;
    return strchr("*/%@", e->text[0]) ? TERM : COMPARE;
}

/* The loosest binding that the left side of an operator may have without brackets. */
static int left_of(const yg_expression *e) {
    const int own = binding(e);
    return own == POWER || own == COMPARE ? own + 1 : own;
}

static void write_expression(writer *w, const yg_expression *e, int loosest);

/* Writes a chain of operators. One that binds looser than its place allows is put in brackets. */
static void write_chain(writer *w, const yg_expression *e) {
    size_t count;
    const yg_expression **chain = yg_expression_chain(w->pool, e, &count);
    if (!chain) {
        w->text.failed = true;
        return;
    }
    /* Operators of one precedence group to the left, except "**". Comparisons do not group at all.
     */
    for (size_t i = 0; i + 1 < count; i++)
        if (binding(chain[i + 1]) < left_of(chain[i]))
            put(w, "(");
    write_expression(w, chain[count - 1]->children[0], left_of(chain[count - 1]));
    for (size_t i = count; i-- > 0;) {
        const int own = binding(chain[i]);
        put(w, " ");
        put(w, chain[i]->text);
        put(w, " ");
        write_expression(w, chain[i]->children[1], own == POWER ? UNARY : own + 1);
        if (i > 0 && own < left_of(chain[i - 1]))
            put(w, ")");
    }
}

static void write_infix(writer *w, const yg_expression *e) {
    if (e->count == 2) {
        write_chain(w, e);
        return;
    }
    put(w, "-");
    write_expression(w, e->children[0], UNARY);
}

static void write_parts(writer *w, const yg_expression *e, size_t first) {
    for (size_t i = first; i < e->count; i++) {
        if (i > first)
            put(w, ", ");
        if (e->keywords && e->keywords[i]) {
            put(w, e->keywords[i]);
            put(w, "=");
        }
        write_expression(w, e->children[i], COMPARE);
    }
}

static void write_number(writer *w, const yg_expression *e) {
    char text[YG_NUMBER_TEXT];
    if (e->integer) {
        yg_text_add(&w->text, "%lld", (long long)e->whole);
        return;
    }
    put(w, yg_number_text(e->number, text));
    if (!strpbrk(text, ".e"))
        put(w, ".0"); /* otherwise it would be read as a whole number */
}

/* Writes start:stop:step without the parts that are left out. */
static void write_range(writer *w, const yg_expression *e) {
    if (e->children[0])
        write_expression(w, e->children[0], COMPARE);
    put(w, ":");
    if (e->children[1])
        write_expression(w, e->children[1], COMPARE);
    if (!e->children[2])
        return;
    put(w, ":");
    write_expression(w, e->children[2], COMPARE);
}

static void write_plain(writer *w, const yg_expression *e) {
    switch (e->kind) {
    case YG_EXPRESSION_NUMBER:
        write_number(w, e);
        return;
    case YG_EXPRESSION_TEXT: {
        /* The text was written in one kind of quotes, so it cannot contain both. */
        const char *quote = strchr(e->text, '\'') ? "\"" : "'";
        put(w, quote);
        put(w, e->text);
        put(w, quote);
        return;
    }
    case YG_EXPRESSION_NAME:
        put(w, e->text);
        return;
    case YG_EXPRESSION_CALL:
        if (e->infix) {
            write_infix(w, e);
            return;
        }
        put(w, e->text);
        put(w, "(");
        write_parts(w, e, 0);
        put(w, ")");
        return;
    case YG_EXPRESSION_LIST:
        put(w, "[");
        write_parts(w, e, 0);
        put(w, "]");
        return;
    case YG_EXPRESSION_INDEX:
        write_expression(w, e->children[0], POSTFIX);
        put(w, "[");
        write_parts(w, e, 1);
        put(w, "]");
        return;
    case YG_EXPRESSION_RANGE:
        write_range(w, e);
        return;
    }
}

/* Writes an expression, in brackets if it binds looser than `loosest`. */
static void write_expression(writer *w, const yg_expression *e, int loosest) {
    const bool brackets = binding(e) < loosest;
    if (brackets)
        put(w, "(");
    write_plain(w, e);
    if (brackets)
        put(w, ")");
}

const char *yg_expression_text(yg_pool *pool, const yg_expression *expression) {
    writer w = {.pool = pool};
    write_expression(&w, expression, COMPARE);
    char *text = yg_text_take(&w.text);
    const char *kept = text ? yg_pool_copy(pool, text, strlen(text)) : NULL;
    free(text);
    return kept;
}
