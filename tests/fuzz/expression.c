/*
 * Any text as an expression: a tree that prints as text of the same tree, or a message.
 */
#include "models/loader/expression.h"

#include "fuzz.h"
#include "require.h"

#include <string.h>

/* The text of an expression, whole; freed by the caller. */
static char *print(const yg_expression *expression) {
    const size_t length = yg_expression_text(expression, NULL, 0);
    char *text = malloc(length + 1);
    require(text != NULL, "there is memory");
    require(yg_expression_text(expression, text, length + 1) == length, "the length is known");
    require(strlen(text) == length, "the text is as long as it says");
    return text;
}

int fuzz_expression(const uint8_t *bytes, size_t size) {
    const yg_origin origin = {"fuzz", 1, 1};
    yg_error error = {0};
    yg_pool *pool = yg_pool_new();
    char *text = malloc(size + 1);
    require(pool != NULL && text != NULL, "there is memory");
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    const yg_expression *first = yg_expression_parse(pool, text, origin, &error);
    if (first == NULL) {
        require_failure(&error);
    } else {
        char *printed = print(first);
        const yg_expression *second = yg_expression_parse(pool, printed, origin, &error);
        require(second != NULL, "what is printed can be parsed");
        char *again = print(second);
        require(strcmp(printed, again) == 0, "it prints as the same text");
        free(again);
        free(printed);
    }
    free(text);
    yg_pool_free(pool);
    return 0;
}
