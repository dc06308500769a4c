/*
 * Removes statements of the expanded model that no output, loss or metric needs.
 */
#include "expander.h"

#include <string.h>

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

/* Removes slices that the body does not read. One stays, which tells the number of steps. */
static void drop_slices(yg_flat_scan *scan, const name_set *wanted) {
    size_t kept = 0;
    for (size_t i = 0; i < scan->slice_count; i++) {
        const bool last = i + 1 == scan->slice_count && kept == 0;
        if (!last && yg_names_find(&wanted->names, scan->slices[i]) == YG_NOT_FOUND)
            continue;
        scan->slices[kept] = scan->slices[i];
        scan->sequences[kept] = scan->sequences[i];
        scan->slice_origins[kept++] = scan->slice_origins[i];
    }
    scan->slice_count = kept;
}

/* What reads the last copy needs all of them, and so the pattern. */
static void want_pattern(const yg_flat_copies *copies, name_set *wanted) {
    if (yg_names_find(&wanted->names, copies->last) != YG_NOT_FOUND)
        include(wanted, copies->result);
}

/* Removes statements whose names nobody wants, from the last one to the first. Keeps requirements,
 * and hides what only the value of one needs, such as `n: size(x, 1)`. */
static void drop_statements(yg_flat_statement **statements, size_t *count, name_set *wanted,
                            name_set *checked) {
    size_t kept = *count;
    const yg_flat_copies *behind = NULL; /* of the statement behind this one */
    for (size_t i = *count; i-- > 0;) {
        yg_flat_statement statement = (*statements)[i];
        yg_flat_scan *scan = statement.scan;
        if (statement.copies && statement.copies != behind) {
            want_pattern(statement.copies, wanted);
            want_pattern(statement.copies, checked);
        }
        behind = statement.copies;
        statement.hidden = statement.value && !is_wanted(wanted, &statement);
        if (!statement.required && !is_wanted(statement.hidden ? checked : wanted, &statement))
            continue;
        if (statement.required && !statement.required->pattern)
            yg_visit_names(statement.required->given, include, checked);
        if (scan) {
            yg_visit_scan_results(scan, include, wanted);
            drop_statements(&scan->statements, &scan->statement_count, wanted, checked);
            drop_slices(scan, wanted);
            yg_visit_scan(scan, include, wanted);
        }
        yg_visit_names(statement.value, include, statement.hidden ? checked : wanted);
        (*statements)[--kept] = statement;
    }
    if (kept > 0) /* a model without `graph:` has no array */
        *statements += kept;
    *count -= kept;
}

/* Removes requirements on tensors that have been removed. */
static void drop_requirements(yg_flat_statement *statements, size_t *count, name_set *existing) {
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        const yg_flat_statement statement = statements[i];
        yg_flat_scan *scan = statement.scan;
        known k = {.names = &existing->names, .all = true};
        if (statement.required)
            yg_visit_statements(&statement, 1, look_up, &k);
        for (size_t j = 0; scan && j < scan->slice_count; j++)
            include(existing, scan->slices[j]);
        for (size_t j = 0; scan && j < scan->carry_count; j++)
            include(existing, scan->carries[j].name);
        if (scan)
            drop_requirements(scan->statements, &scan->statement_count, existing);
        for (size_t n = 0; n < statement.name_count; n++) {
            include(existing, statement.names[n]);
            if (statement.copies && strcmp(statement.names[n], statement.copies->result) == 0)
                include(existing, statement.copies->last);
        }
        if (k.all)
            statements[kept++] = statement;
    }
    *count = kept;
}

static void want_results(const yg_model *model, const yg_flat *flat, name_set *wanted) {
    for (size_t i = 0; i < model->body.output_count; i++)
        yg_visit_names(flat->outputs[i].value, include, wanted);
    for (size_t i = 0; i < flat->metric_count; i++)
        yg_visit_names(flat->metrics[i].value, include, wanted);
    for (size_t i = 0; i < flat->update_count; i++)
        yg_visit_names(flat->updates[i].value, include, wanted);
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
    name_set wanted = {.pool = pool}, checked = {.pool = pool}, existing = {.pool = pool};
    if (!pool)
        return false;
    want_results(model, flat, &wanted);
    drop_statements(&flat->statements, &flat->statement_count, &wanted, &checked);
    know_leaves(model, flat, &existing);
    drop_requirements(flat->statements, &flat->statement_count, &existing);
    yg_pool_free(pool);
    return !wanted.failed && !checked.failed && !existing.failed;
}
