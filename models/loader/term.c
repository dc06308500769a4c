/*
 * Terms in words, and the constants of the language.
 */
#include "term.h"

#include "../../graph/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    yg_term term;
} constants[] = {
    {"true", {.kind = YG_TERM_BOOL, .i = 1}},
    {"false", {.kind = YG_TERM_BOOL, .i = 0}},
    {"null", {.kind = YG_TERM_NULL}},
    {"pi", {.kind = YG_TERM_FLOAT, .f = 3.14159265358979323846}},
    {"inf", {.kind = YG_TERM_FLOAT, .f = (double)INFINITY}},
    {"nan", {.kind = YG_TERM_FLOAT, .f = (double)NAN}},
};

bool yg_constant_of_name(const char *name, yg_term *term) {
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (strcmp(constants[i].name, name) == 0) {
            *term = constants[i].term;
            return true;
        }
    }
    return false;
}

bool yg_is_word(const char *name) {
    static const char *const others[] = {"training", "if", "size"};
    yg_term ignored;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i], name) == 0)
            return true;
    return yg_constant_of_name(name, &ignored);
}

const char *yg_term_describe(const yg_graph *graph, const yg_term *term, char *text, size_t size) {
    char detail[YG_TYPE_TEXT];
    switch (term->kind) {
    case YG_TERM_INT:
        snprintf(text, size, "the number %lld", (long long)term->i);
        break;
    case YG_TERM_FLOAT:
        snprintf(text, size, "the number %s", yg_number_text(term->f, detail));
        break;
    case YG_TERM_BOOL:
        snprintf(text, size, "%s", term->i ? "true" : "false");
        break;
    case YG_TERM_TEXT:
    case YG_TERM_WORD:
        snprintf(text, size, "the text '%s'", term->text);
        break;
    case YG_TERM_NULL:
        snprintf(text, size, "null");
        break;
    case YG_TERM_LIST:
        snprintf(text, size, "a list of %zu", term->count);
        break;
    case YG_TERM_TENSOR:
        snprintf(text, size, "a tensor %s", yg_type_text(yg_node_type(graph, term->node), detail));
        break;
    case YG_TERM_WRITTEN:
        snprintf(text, size, "a value that only a run knows");
        break;
    case YG_TERM_FUNCTION:
        snprintf(text, size, "the operator '%s'", term->written->text);
        break;
    case YG_TERM_INIT:
        snprintf(text, size, "an initialiser");
        break;
    case YG_TERM_LAYER:
        snprintf(text, size, "a layer");
        break;
    case YG_TERM_ABSENT:
        snprintf(text, size, "nothing");
        break;
    }
    return text;
}

bool yg_term_is_int(const yg_graph *graph, const yg_term *term, const char *what, int64_t min,
                    yg_origin origin, int64_t *value, yg_error *error) {
    char found[200];
    if (term->kind != YG_TERM_INT)
        return yg_fail(error, YG_ERROR_ARGUMENT, origin,
                       "%s: a whole number is expected, found %s%s", what,
                       yg_term_describe(graph, term, found, sizeof found),
                       term->kind == YG_TERM_FLOAT ? " ('//' divides whole numbers)" : "");
    *value = term->i;
    return term->i >= min ||
           yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s: at least %lld is expected, found %lld",
                   what, (long long)min, (long long)term->i);
}
