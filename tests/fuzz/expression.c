/*
 * Any text as an expression: a tree that prints as text of the same tree, or a message.
 */
#include "models/loader/expression.h"

#include "fuzz.h"
#include "require.h"

#include <string.h>

/* The text of an expression, in the pool. */
static const char *print(yg_pool *pool, const yg_expression *expression) {
    const char *text = yg_expression_text(pool, expression);
    require(text != NULL, "there is memory");
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
        const char *printed = print(pool, first);
        const yg_expression *second = yg_expression_parse(pool, printed, origin, &error);
        require(second != NULL, "what is printed can be parsed");
        const char *again = print(pool, second);
        require(strcmp(printed, again) == 0, "it prints as the same text");
    }
    free(text);
    yg_pool_free(pool);
    return 0;
}
