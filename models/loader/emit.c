/*
 * Appends statements to the expanded model, and builds each at once in the network on trial.
 */
#include "expander.h"
#include "expression_tree.h"

#include <string.h>

bool yg_count_statement(yg_expander *x, yg_origin origin) {
    x->statement_count++;
    return x->statement_count <= YG_STATEMENT_CAP ||
           yg_fail(x->error, YG_ERROR_ARGUMENT, origin,
                   "the model has more than %d nodes with all its layers", YG_STATEMENT_CAP);
}

/* The full name, or the first of name_2, name_3, … that is not in use. Names of the model's own
 * graph are reserved, so they never get a number. */
static const char *full_name(yg_expander *x, const char *prefix, const char *name) {
    if (prefix[0] == '\0')
        return name;
    /* What `expand` has printed has full names already. */
    const char *missing = strncmp(name, prefix, strlen(prefix)) == 0 ? "" : prefix;
    const char *full = yg_pool_format(x->pool, "%s%s", missing, name);
    for (int i = 2; full && yg_names_find(&x->taken, full) != YG_NOT_FOUND; i++)
        full = yg_pool_format(x->pool, "%s%s_%d", missing, name, i);
    return full && yg_names_add(&x->taken, x->pool, full) ? full : NULL;
}

bool yg_take_name(yg_expander *x, const char *prefix, const char **name, yg_origin origin,
                  yg_term *term) {
    *name = full_name(x, prefix, *name);
    *term = (yg_term){.kind = YG_TERM_WRITTEN};
    if (*name)
        term->written = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, *name);
    return term->written || yg_fail_memory(x->error);
}

static bool append(yg_expander *x, yg_flat_statement statement) {
    yg_flat *flat = x->flat;
    yg_flat_statement *grown =
        yg_pool_grow(x->pool, flat->statements, flat->statement_count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(x->error);
    flat->statements = grown;
    flat->statements[flat->statement_count++] = statement;
    return true;
}

static bool add(yg_expander *x, yg_flat_statement statement) {
    statement.place = x->place;
    statement.frame = x->frame;
    return append(x, statement) && yg_build_statement(x->trial, &statement);
}

bool yg_emit(yg_expander *x, const char *prefix, const char *const *names, size_t count,
             const yg_expression *value, yg_origin origin, yg_term **terms) {
    const char **full = yg_pool_take(x->pool, count * sizeof *full);
    *terms = yg_pool_take(x->pool, count * sizeof **terms);
    if (!full || !*terms)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < count; i++) {
        full[i] = names[i];
        if (!yg_take_name(x, prefix, &full[i], origin, &(*terms)[i]))
            return false;
    }
    return add(x, (yg_flat_statement){
                      .origin = origin, .names = full, .name_count = count, .value = value});
}

bool yg_emit_one(yg_expander *x, const char *prefix, const char *name, const yg_expression *value,
                 yg_origin origin, yg_term *term) {
    yg_term *terms;
    if (!yg_emit(x, prefix, &name, 1, value, origin, &terms))
        return false;
    *term = terms[0];
    return true;
}

bool yg_emit_requirement(yg_expander *x, const yg_requirement *required, yg_origin origin) {
    return add(x, (yg_flat_statement){.origin = origin, .required = required});
}

bool yg_emit_scan(yg_expander *x, const char **names, size_t count, yg_flat_scan *scan,
                  yg_origin origin) {
    return append(x, (yg_flat_statement){.origin = origin,
                                         .place = x->place,
                                         .frame = x->frame,
                                         .names = names,
                                         .name_count = count,
                                         .scan = scan});
}
