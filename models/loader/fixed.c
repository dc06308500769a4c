/*
 * Values that decide what the expanded model is: whether a node exists, how many copies it has.
 *
 * Such a value may be computed from sizes, as in `if: in_channels != out_channels`. There is one
 * expanded model for all sizes, so the value must not change with a symbolic dimension. A model is
 * expanded twice, for two batches, and both must agree. Every network that is built later checks
 * the value again, because its sizes may differ from both.
 */
#include "expander.h"
#include "requirement.h"

#include <string.h>

/* Notes the value in the order of expansion. The second time it must be what it was the first. */
static bool note(yg_expander *x, int64_t value, const char *what, yg_origin origin) {
    yg_flat *flat = x->flat;
    const size_t index = flat->fixed_count;
    int64_t *grown = yg_pool_grow(x->pool, flat->fixed, index, sizeof *grown);
    if (!grown)
        return yg_fail_memory(x->error);
    flat->fixed = grown;
    flat->fixed[flat->fixed_count++] = value;
    return !x->first || (index < x->first->fixed_count && x->first->fixed[index] == value) ||
           yg_fail_depends(x->error, what, origin);
}

/* Whether a formula in full names has a symbolic dimension or `training` in it. */
typedef struct search {
    const yg_names *symbols;
    bool found;
} search;

static void look_for_symbol(void *context, const char *name) {
    search *s = context;
    s->found = s->found || strcmp(name, "training") == 0 ||
               yg_names_find(s->symbols, name) != YG_NOT_FOUND;
}

bool yg_expand_fixed(yg_expander *x, const yg_term *term, const char *what, yg_origin origin,
                     yg_term *value) {
    if (!yg_value_of(x, term, value))
        return false;
    if (term->kind != YG_TERM_WRITTEN ||
        (value->kind != YG_TERM_BOOL && value->kind != YG_TERM_INT))
        return true;
    search symbol = {.symbols = &x->symbols};
    yg_visit_names(term->written, look_for_symbol, &symbol);
    if (symbol.found) /* said at once, before a node that is not there is looked for */
        return yg_fail_depends(x->error, what, origin);
    yg_requirement *required = yg_pool_take(x->pool, sizeof *required);
    if (!required)
        return yg_fail_memory(x->error);
    *required = (yg_requirement){.given = term->written, .what = what, .value = value->i};
    return note(x, value->i, what, origin) && yg_emit_requirement(x, required, origin);
}
