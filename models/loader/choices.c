#include "choices.h"

#include "../../graph/spelling.h"

#include <string.h>

static const yg_argument_spec *find_choice(const yg_definition *definition,
                                           const yg_expression *name) {
    if (name->kind != YG_EXPRESSION_NAME)
        return NULL;
    for (size_t i = 0; i < definition->argument_count; i++)
        if (definition->arguments[i].choices &&
            strcmp(definition->arguments[i].name, name->text) == 0)
            return &definition->arguments[i];
    return NULL;
}

static bool check_word(const yg_argument_spec *argument, const yg_expression *word,
                       yg_error *error) {
    size_t count = 0;
    for (; argument->choices[count]; count++)
        if (strcmp(argument->choices[count], word->text) == 0)
            return true;
    char hint[300];
    return yg_fail(error, YG_ERROR_NAME, word->origin, "`%s` is never '%s'%s", argument->name,
                   word->text, yg_suggest(word->text, argument->choices, count, hint, sizeof hint));
}

static bool check_comparison(const yg_definition *definition, const yg_expression *e,
                             yg_error *error) {
    if (e->kind != YG_EXPRESSION_CALL || !e->infix || e->count != 2 ||
        (strcmp(e->text, "==") != 0 && strcmp(e->text, "!=") != 0))
        return true;
    for (size_t i = 0; i < 2; i++) {
        const yg_argument_spec *argument = find_choice(definition, e->children[i]);
        const yg_expression *other = e->children[1 - i];
        if (argument && other->kind == YG_EXPRESSION_TEXT && !check_word(argument, other, error))
            return false;
    }
    return true;
}

/* Goes down the first children in a loop, because a chain of operators may have any length. */
bool yg_check_choices(const yg_definition *definition, const yg_expression *expression,
                      yg_error *error) {
    while (expression) {
        if (!check_comparison(definition, expression, error))
            return false;
        for (size_t i = 1; i < expression->count; i++)
            if (!yg_check_choices(definition, expression->children[i], error))
                return false;
        expression = expression->count > 0 ? expression->children[0] : NULL;
    }
    return true;
}
