/*
 * Evaluates `names:` of a layer node, which says how the node's parameters are called in the body
 * around it: "{name}_l{layer}" makes weight_l0 of weight, where layer is 0.
 */
#include "expander.h"

#include <string.h>

/* Writes a part of `names:` with the values of the names in it: "_l{layer}" makes "_l0". */
static const char *fill_in(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                           const char *text, size_t length) {
    const char *made = "", *end = text + length;
    while (made && text < end) {
        const size_t plain =
            strcspn(text, "{") < (size_t)(end - text) ? strcspn(text, "{") : (size_t)(end - text);
        const char *name = text + plain;
        made = yg_pool_format(x->pool, "%s%.*s", made, (int)plain, text);
        text = name;
        if (!made || text == end)
            break;
        const size_t span = strcspn(text, "}");
        const char *inner = yg_pool_copy(x->pool, text + 1, span - 1);
        yg_term value;
        char found[200];
        if (!inner || !yg_resolve(x, scope, inner, use->names_origin, &value))
            return NULL;
        if (value.kind == YG_TERM_INT)
            made = yg_pool_format(x->pool, "%s%lld", made, (long long)value.i);
        else if (value.kind == YG_TERM_TEXT)
            made = yg_pool_format(x->pool, "%s%s", made, value.text);
        else {
            yg_fail(x->error, YG_ERROR_ARGUMENT, use->names_origin,
                    "`names`: {%s} is a whole number or a word, found %s", inner,
                    yg_term_describe(NULL, &value, found, sizeof found));
            return NULL;
        }
        text += span + (text[span] == '}');
    }
    if (!made)
        yg_fail_memory(x->error);
    return made;
}

bool yg_name_parameters(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                        const char **prefix, const char **suffix) {
    static const char word[] = "{name}";
    const char *names = use->names, *name = strstr(names, word);
    const char *after = name + strlen(word);
    const char *before_text = fill_in(x, scope, use, names, (size_t)(name - names));
    const char *after_text = before_text ? fill_in(x, scope, use, after, strlen(after)) : NULL;
    if (!after_text)
        return false;
    *prefix = yg_pool_format(x->pool, "%s%s", scope->parameter_prefix, before_text);
    *suffix = yg_pool_format(x->pool, "%s%s", after_text, scope->parameter_suffix);
    if (!*prefix || !*suffix)
        return yg_fail_memory(x->error);
    const char *sample = yg_pool_format(x->pool, "%sname%s", before_text, after_text);
    return (sample && yg_is_name(sample, true)) ||
           yg_fail(x->error, YG_ERROR_NAME, use->names_origin,
                   "`names`: '%s' cannot name a parameter: letters, digits and '_', no digit "
                   "first, parts joined by '.'",
                   names);
}
