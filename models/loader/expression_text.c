/*
 * Expressions as text again, with the brackets that the tree needs and no others.
 */
#include "../../graph/number.h"
#include "expression.h"

#include <stdio.h>
#include <string.h>

/* How tightly a node binds: the lines of the grammar, from the loosest. */
enum { COMPARE = 1, SUM, TERM, UNARY, POWER, POSTFIX };

typedef struct writer {
    char *text;
    size_t size;
    size_t length; /* of the whole text, cut or not */
} writer;

static void put(writer *w, const char *text) {
    const size_t length = strlen(text);
    if (w->length + 1 < w->size) {
        const size_t room = w->size - w->length - 1;
        memcpy(w->text + w->length, text, length < room ? length : room);
    }
    w->length += length;
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

static void write_expression(writer *w, const yg_expression *e, int loosest);

static void write_infix(writer *w, const yg_expression *e) {
    const int own = binding(e);
    if (own == UNARY) {
        put(w, "-");
        write_expression(w, e->children[0], UNARY);
        return;
    }
    /* Equal signs group to the left, but for "**", and comparisons do not group at all. */
    const int left = own == POWER || own == COMPARE ? own + 1 : own;
    const int right = own == POWER ? UNARY : own + 1;
    write_expression(w, e->children[0], left);
    put(w, " ");
    put(w, e->text);
    put(w, " ");
    write_expression(w, e->children[1], right);
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
        snprintf(text, sizeof text, "%.0f", e->number);
        put(w, text);
        return;
    }
    put(w, yg_number_text(e->number, text));
    if (!strpbrk(text, ".e"))
        put(w, ".0"); /* or it would read as an integer */
}

/* start:stop:step, as short as it can be. */
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
        /* The text came in one of the quotes, so it does not hold both. */
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

/* In brackets where it binds looser than `loosest`. */
static void write_expression(writer *w, const yg_expression *e, int loosest) {
    const bool brackets = binding(e) < loosest;
    if (brackets)
        put(w, "(");
    write_plain(w, e);
    if (brackets)
        put(w, ")");
}

size_t yg_expression_text(const yg_expression *expression, char *text, size_t size) {
    writer w = {text, size, 0};
    write_expression(&w, expression, COMPARE);
    if (size > 0)
        text[w.length < size ? w.length : size - 1] = '\0';
    return w.length;
}
