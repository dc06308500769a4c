/*
 * Removes statements of the expanded model that no output, loss or metric needs.
 */
#include "expander.h"

/* A set of names. */
typedef struct name_set {
    yg_pool *pool;
    yg_names names;
    bool failed;
} name_set;

static void include(void *context, const char *name) {
    name_set *set = context;
    set->failed = set->failed || (yg_names_find(&set->names, name) == YG_NOT_FOUND &&
                                  !yg_names_add(&set->names, set->pool, name));
}

/* Whether all names of a requirement still exist. */
typedef struct known {
    const yg_names *names;
    bool all;
} known;

static void look_up(void *context, const char *name) {
    known *k = context;
    k->all = k->all && (yg_names_find(k->names, name) != YG_NOT_FOUND || yg_is_word(name));
}

static bool is_wanted(const name_set *wanted, const yg_flat_statement *statement) {
    for (size_t k = 0; k < statement->name_count; k++)
        if (yg_names_find(&wanted->names, statement->names[k]) != YG_NOT_FOUND)
            return true;
    return false;
}

/* Removes statements whose names nobody wants, from the last one to the first. Keeps requirements.
 */
static void drop_statements(yg_flat *flat, name_set *wanted) {
    size_t kept = flat->statement_count;
    for (size_t i = flat->statement_count; i-- > 0;) {
        const yg_flat_statement statement = flat->statements[i];
        if (!statement.required && !is_wanted(wanted, &statement))
            continue;
        if (!statement.required)
            yg_visit_names(statement.value, include, wanted);
        flat->statements[--kept] = statement;
    }
    if (kept > 0) /* a model without `graph:` has no array */
        flat->statements += kept;
    flat->statement_count -= kept;
}

/* Removes requirements on tensors that have been removed. */
static void drop_requirements(yg_flat *flat, name_set *existing) {
    size_t kept = 0;
    for (size_t i = 0; i < flat->statement_count; i++) {
        const yg_flat_statement statement = flat->statements[i];
        const yg_requirement *required = statement.required;
        known k = {.names = &existing->names, .all = true};
        if (required)
            yg_visit_names(required->given, look_up, &k);
        for (size_t d = 0; required && d < required->pattern->count; d++)
            yg_visit_names(required->dims[d], look_up, &k);
        for (size_t n = 0; n < statement.name_count; n++)
            include(existing, statement.names[n]);
        if (k.all)
            flat->statements[kept++] = statement;
    }
    flat->statement_count = kept;
}

static void want_results(const yg_model *model, const yg_flat *flat, name_set *wanted) {
    for (size_t i = 0; i < model->body.output_count; i++)
        yg_visit_names(flat->outputs[i].value, include, wanted);
    for (size_t i = 0; i < model->metric_count; i++)
        yg_visit_names(flat->metrics[i].value, include, wanted);
    yg_visit_names(flat->loss, include, wanted);
}

static void know_leaves(const yg_model *model, const yg_flat *flat, name_set *existing) {
    for (size_t i = 0; i < model->port_count; i++) {
        include(existing, model->ports[i].name);
        for (int d = 0; d < model->ports[i].rank; d++)
            if (model->ports[i].symbols[d])
                include(existing, model->ports[i].symbols[d]);
    }
    for (size_t i = 0; i < flat->param_names.count; i++)
        include(existing, flat->params[i].name);
}

bool yg_prune(const yg_model *model, yg_flat *flat) {
    yg_pool *pool = yg_pool_new();
    name_set wanted = {.pool = pool}, existing = {.pool = pool};
    if (!pool)
        return false;
    want_results(model, flat, &wanted);
    drop_statements(flat, &wanted);
    know_leaves(model, flat, &existing);
    drop_requirements(flat, &existing);
    yg_pool_free(pool);
    return !wanted.failed && !existing.failed;
}
