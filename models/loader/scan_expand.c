/*
 * Expands scans: see scan_expand.h.
 *
 * The body of a scan is a scope within that of the scan. It sees all names around it. Its nodes and
 * parameters are named after the scan: "y." and "h" make "y.h".
 */
#include "scan_expand.h"

#include "expression_tree.h"
#include "scan_carries.h"

#include <string.h>

/* ----------------------------------------------------------------------------------- options -- */

/* Evaluates an option that must be the same in every network. */
static bool read_option(yg_expander *x, const yg_scope *scope, const yg_expression *option,
                        const char *what, yg_term *value) {
    char found[200];
    if (!yg_expand_expression(x, scope, option, value))
        return false;
    if (value->kind != YG_TERM_WRITTEN)
        return true;
    return yg_value_of(x, value, value) &&
           yg_fail(x->error, YG_ERROR_ARGUMENT, option->origin,
                   "`%s` must be the same in every graph, found %s, which is not known yet", what,
                   yg_term_describe(x->trial->graph, value, found, sizeof found));
}

static bool read_int(yg_expander *x, const yg_scope *scope, const yg_expression *option,
                     const char *what, int64_t min, int64_t *number) {
    yg_term value;
    const char *quoted = yg_pool_format(x->pool, "`%s`", what);
    if (!option)
        return true;
    if (!quoted)
        return yg_fail_memory(x->error);
    return read_option(x, scope, option, what, &value) &&
           yg_term_is_int(x->trial->graph, &value, quoted, min, option->origin, number, x->error);
}

static bool read_bool(yg_expander *x, const yg_scope *scope, const yg_expression *option,
                      const char *what, bool *flag) {
    yg_term value;
    char found[200];
    if (!option)
        return true;
    if (!read_option(x, scope, option, what, &value))
        return false;
    *flag = value.i != 0;
    return value.kind == YG_TERM_BOOL ||
           yg_fail(x->error, YG_ERROR_ARGUMENT, option->origin,
                   "`%s`: true or false is expected, found %s", what,
                   yg_term_describe(x->trial->graph, &value, found, sizeof found));
}

static bool read_options(yg_expander *x, const yg_scope *scope, const yg_scan_use *use,
                         yg_flat_scan *flat) {
    flat->dim = 1;
    if (!read_int(x, scope, use->dim, "dim", -YG_MAX_RANK, &flat->dim) ||
        !read_int(x, scope, use->truncate, "truncate", 1, &flat->truncate) ||
        !read_bool(x, scope, use->reverse, "reverse", &flat->reverse))
        return false;
    flat->steps = use->steps ? yg_expand_whole(x, scope, use->steps) : NULL;
    const bool has_lengths = use->lengths && !yg_absent_name(scope, use->lengths);
    flat->lengths = has_lengths ? yg_expand_whole(x, scope, use->lengths) : NULL;
    return (!use->steps || flat->steps) && (!has_lengths || flat->lengths);
}

/* ------------------------------------------------------------------------------------- names -- */

/* Expands an entry of `scan:` or `carry:`: a value in the names around the scan, and a name in its
 * body. */
static bool expand_name(yg_expander *x, const yg_scope *scope, const yg_scan_name *given,
                        bool is_carry, yg_scope *body, const char **name,
                        const yg_expression **value) {
    yg_binding binding = {.is_carry = is_carry};
    *name = given->name;
    *value = yg_expand_whole(x, scope, given->value);
    return *value && yg_take_name(x, body->prefix, name, given->origin, &binding.term) &&
           yg_scope_add(x, body, given->name, given->origin, binding);
}

static bool expand_slices(yg_expander *x, const yg_scope *scope, const yg_scan_use *use,
                          yg_scope *body, yg_flat_scan *flat) {
    const size_t count = flat->slice_count = use->slice_count;
    flat->slices = yg_pool_take(x->pool, (count + 1) * sizeof *flat->slices);
    flat->sequences = yg_pool_take(x->pool, (count + 1) * sizeof *flat->sequences);
    flat->slice_origins = yg_pool_take(x->pool, (count + 1) * sizeof *flat->slice_origins);
    if (!flat->slices || !flat->sequences || !flat->slice_origins)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < count; i++) {
        flat->slice_origins[i] = use->slices[i].origin;
        if (!expand_name(x, scope, &use->slices[i], false, body, &flat->slices[i],
                         &flat->sequences[i]))
            return false;
    }
    return true;
}

static bool expand_carries(yg_expander *x, const yg_scope *scope, const yg_scan_use *use,
                           yg_scope *body, yg_flat_scan *flat) {
    for (size_t i = 0; i < use->carry_count; i++) {
        const yg_scan_name *given = &use->carries[i];
        bool lengths = true, truncate = true;
        yg_flat_carry *carry = yg_scan_new_carry(x, flat);
        if (!carry || !expand_name(x, scope, given, true, body, &carry->name, &carry->start) ||
            !read_bool(x, scope, given->lengths, "lengths", &lengths) ||
            !read_bool(x, scope, given->truncate, "truncate", &truncate))
            return false;
        carry->origin = given->origin;
        carry->no_lengths = !lengths;
        carry->no_truncate = !truncate;
    }
    return true;
}

bool yg_scan_begin(yg_expander *x, const yg_scope *scope, const yg_statement *statement,
                   yg_scan_expanding *scan) {
    const yg_scan_use *use = statement->scan;
    yg_flat *flat = x->flat;
    *scan = (yg_scan_expanding){
        .scope = *scope,
        .flat = yg_pool_take(x->pool, sizeof *scan->flat),
        .statements = flat->statements,
        .statement_count = flat->statement_count,
        .trial = x->trial,
        .around = x->scan,
        .param_begin = flat->param_names.count,
    };
    yg_scope *body = &scan->scope;
    body->names = (yg_names){0};
    body->bindings = NULL;
    body->outer = scope;
    body->scan = use;
    body->flat_scan = scan->flat;
    /* What `expand` has printed has full names already. */
    const bool full = strncmp(statement->names[0], scope->prefix, strlen(scope->prefix)) == 0;
    body->prefix = yg_pool_format(x->pool, "%s%s.", full ? "" : scope->prefix, statement->names[0]);
    body->parameter_prefix =
        yg_pool_format(x->pool, "%s%s.", scope->parameter_prefix, statement->names[0]);
    if (!scan->flat || !body->prefix || !body->parameter_prefix)
        return yg_fail_memory(x->error);
    yg_flat_scan *to = scan->flat;
    to->prefix = body->prefix;
    if (!read_options(x, scope, use, to) || !expand_slices(x, scope, use, body, to) ||
        !expand_carries(x, scope, use, body, to))
        return false;
    flat->statements = NULL;
    flat->statement_count = 0;
    const bool good = yg_scan_open(x->trial, to, statement->origin, &scan->building);
    x->trial = &scan->building.inner;
    x->scan = scan;
    return good;
}

/* ----------------------------------------------------------------------------------- results -- */

static bool end_carries(yg_expander *x, const yg_scan_use *use, yg_scan_expanding *scan) {
    for (size_t i = 0; i < use->carry_count; i++) {
        yg_flat_carry *flat = &scan->flat->carries[i];
        const yg_scan_name *carry = &use->carries[i];
        const yg_binding *binding = yg_scope_find(&scan->scope, carry->name);
        if (binding->is_carry)
            return yg_fail(
                x->error, YG_ERROR_NAME, carry->origin,
                "carry '%s' is not given anew: the scan's `graph` needs a node '%s', its "
                "value after a step",
                carry->name, carry->name);
        flat->next = yg_written(x, &binding->term, carry->origin);
        if (!flat->next)
            return false;
    }
    return yg_scan_end_added(x, scan);
}

static bool end_results(yg_expander *x, const yg_body *body, yg_scan_expanding *scan) {
    yg_flat_scan *flat = scan->flat;
    const size_t count = flat->collected_count = body->output_count;
    flat->collected = yg_pool_take(x->pool, (count + 1) * sizeof *flat->collected);
    flat->collect_origins = yg_pool_take(x->pool, (count + 1) * sizeof *flat->collect_origins);
    if (!flat->collected || !flat->collect_origins)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < count; i++) {
        const yg_output_spec *output = &body->outputs[i];
        yg_term result;
        flat->collect_origins[i] = output->origin;
        flat->collected[i] = yg_expand_whole(x, &scan->scope, output->value);
        if (!flat->collected[i])
            return false;
        if (flat->collected[i]->kind == YG_EXPRESSION_NAME)
            continue;
        if (!yg_emit_one(x, scan->scope.prefix, output->name, flat->collected[i], output->origin,
                         &result))
            return false;
        flat->collected[i] = result.written;
    }
    return true;
}

static bool check_name_count(const yg_expander *x, const yg_statement *statement,
                             const yg_flat_scan *flat) {
    const size_t results = flat->collected_count, carries = statement->scan->carry_count;
    const size_t found = statement->name_count;
    return (results > 0 && found == results) || found == results + carries ||
           yg_fail(x->error, YG_ERROR_ARGUMENT, statement->origin,
                   "the scan gives %zu collected tensor%s and after them %zu last carr%s, %zu "
                   "name%s found",
                   results, results == 1 ? "" : "s", carries, carries == 1 ? "y" : "ies", found,
                   found == 1 ? "" : "s");
}

/* Lists a scan of the model's own graph beside the layers, for `show`. */
static bool list_scan(yg_expander *x, const yg_statement *statement,
                      const yg_scan_expanding *scan) {
    yg_flat *flat = x->flat;
    yg_flat_layer *grown = yg_pool_grow(x->pool, flat->layers, flat->layer_count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(x->error);
    flat->layers = grown;
    flat->layers[flat->layer_count++] = (yg_flat_layer){.name = statement->names[0],
                                                        .type = "scan",
                                                        .results = statement->names,
                                                        .result_count = statement->name_count,
                                                        .param_begin = scan->param_begin,
                                                        .param_end = flat->param_names.count,
                                                        .origin = statement->origin};
    return true;
}

/* The full names of the results: those that the node gives, and then, if expansion has added
 * carries, one for each further carry. */
static bool name_results(yg_expander *x, const yg_scope *scope, const yg_statement *statement,
                         const yg_scan_expanding *scan, const char ***names, yg_term **terms,
                         size_t *count) {
    const yg_flat_scan *flat = scan->flat;
    const size_t results = flat->collected_count, given = statement->name_count;
    *count = scan->added_count == 0 ? given : results + flat->carry_count;
    *names = yg_pool_take(x->pool, (*count + 1) * sizeof **names);
    *terms = yg_pool_take(x->pool, (*count + 1) * sizeof **terms);
    if (!*names || !*terms)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < *count; i++) {
        (*names)[i] = i < given ? statement->names[i] : flat->carries[i - results].name;
        if (!yg_take_name(x, i < given ? scope->prefix : scan->scope.prefix, &(*names)[i],
                          statement->origin, &(*terms)[i]))
            return false;
    }
    return true;
}

static bool add_scan(yg_expander *x, yg_scope *scope, const yg_statement *statement,
                     yg_scan_expanding *scan) {
    const char **names;
    yg_term *terms;
    size_t count;
    if (!name_results(x, scope, statement, scan, &names, &terms, &count) ||
        !yg_emit_scan(x, names, count, scan->flat, statement->origin) ||
        !yg_scan_close(&scan->building, names, count) ||
        !yg_scan_hand_on(x, scan, terms + scan->flat->collected_count))
        return false;
    for (size_t i = 0; i < statement->name_count; i++)
        if (!yg_scope_add(x, scope, statement->names[i], statement->origin,
                          (yg_binding){.term = terms[i]}))
            return false;
    return x->depth > 0 || list_scan(x, statement, scan);
}

bool yg_scan_end(yg_expander *x, yg_scope *scope, const yg_statement *statement,
                 yg_scan_expanding *scan, bool good) {
    yg_flat *flat = x->flat;
    good = good && end_carries(x, statement->scan, scan) &&
           end_results(x, &statement->scan->body, scan) &&
           check_name_count(x, statement, scan->flat);
    if (x->trial != scan->trial) {
        scan->flat->statements = flat->statements;
        scan->flat->statement_count = flat->statement_count;
        flat->statements = scan->statements;
        flat->statement_count = scan->statement_count;
        x->trial = scan->trial;
        x->scan = scan->around;
    }
    good = good && add_scan(x, scope, statement, scan);
    yg_scan_drop(&scan->building);
    return good;
}

bool yg_is_next_carry(const yg_scope *scope, const yg_statement *statement, const yg_term *value) {
    if (!scope->scan || statement->name_count != 1 || value->kind != YG_TERM_WRITTEN ||
        value->written->kind != YG_EXPRESSION_NAME)
        return false;
    const yg_binding *binding = yg_scope_find(scope, statement->names[0]);
    if (!binding || !binding->is_carry)
        return false;
    for (size_t i = 0; i < scope->flat_scan->carry_count; i++)
        if (strcmp(scope->flat_scan->carries[i].name, value->written->text) == 0)
            return false;
    return true;
}
