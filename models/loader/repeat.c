/*
 * Evaluates `repeat:` of a layer node.
 */
#include "expander.h"

/* The items of `repeat: {i: 3}`: 0, 1, 2. */
static bool number_copies(yg_expander *x, int64_t count, const yg_term **items) {
    yg_term *numbers = yg_pool_take(x->pool, ((size_t)count + 1) * sizeof *numbers);
    for (int64_t i = 0; numbers && i < count; i++)
        numbers[i] = (yg_term){.kind = YG_TERM_INT, .i = i};
    *items = numbers;
    return numbers || yg_fail_memory(x->error);
}

bool yg_expand_repeat(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                      int64_t *count, const yg_term **items) {
    yg_term *term = yg_pool_take(x->pool, sizeof *term);
    char found[200];
    yg_term value;
    if (!term)
        return yg_fail_memory(x->error);
    if (!yg_expand_expression(x, scope, use->repeat, term) ||
        !yg_expand_fixed(x, term, "`repeat`: the number of copies", use->repeat->origin, &value))
        return false;
    const bool counts = value.kind == YG_TERM_INT;
    if (!counts && !(use->repeat_name && value.kind == YG_TERM_LIST))
        return yg_fail(x->error, YG_ERROR_ARGUMENT, use->repeat->origin,
                       "`repeat`: %s is expected, found %s",
                       use->repeat_name ? "a list or a whole number" : "a whole number",
                       yg_term_describe(x->trial->graph, &value, found, sizeof found));
    *count = counts ? value.i : (int64_t)value.count;
    *items = term->items;
    if (*count < 0 || *count > YG_REPEAT_CAP)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, use->repeat->origin,
                       "`repeat`: 0 to %d copies are possible, found %lld", YG_REPEAT_CAP,
                       (long long)*count);
    /* The items of a list may depend on sizes in any way, their number may not. */
    return !counts || !use->repeat_name || number_copies(x, *count, items);
}
