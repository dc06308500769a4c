/*
 * Formulas: expressions over one tensor, as graphs of their own. `data: transform` uses them.
 */
#include "expander.h"
#include "expression_tree.h"
#include "expression_value.h"
#include "read.h"

#include <stdlib.h>
#include <string.h>

/* A formula while it is read. Its names are constants, vars and the one tensor. */
typedef struct formula {
    yg_builder builder;
    yg_expander x;
    yg_scope scope;
    const yg_expression *expression;
} formula;

/* Finds words such as `training`, whose value only a network has. */
static void find_foreign(void *context, const char *name) {
    const char **found = context;
    if (strcmp(name, "size") == 0 || strcmp(name, "training") == 0)
        *found = name;
}

static bool check_words(const formula *f) {
    const char *found = NULL;
    yg_visit_names(f->expression, find_foreign, &found);
    return !found ||
           yg_fail(f->x.error, YG_ERROR_NAME, f->expression->origin,
                   "'%s' is not known here: a formula does not depend on batches, and is the same "
                   "in training and after",
                   found);
}

static bool open_formula(const yg_model *model, const yg_value *value, yg_error *error,
                         formula *f) {
    *f = (formula){.x = {.model = model, .pool = yg_pool_new(), .error = error},
                   .scope = {.prefix = "", .parameter_prefix = "", .parameter_suffix = ""}};
    if (!f->x.pool)
        return yg_fail_memory(error);
    f->expression = yg_read_expression(f->x.pool, value, "a formula", error);
    return f->expression && check_words(f) && yg_bind_vars(&f->x, &f->scope);
}

/* Binds a name to itself, so that it stays as it is. */
static bool bind_itself(formula *f, const char *name, yg_origin origin) {
    const yg_binding binding = {
        .term = {.kind = YG_TERM_WRITTEN,
                 .written = yg_expression_new(f->x.pool, YG_EXPRESSION_NAME, origin, name)}};
    return binding.term.written ? yg_scope_add(&f->x, &f->scope, name, origin, binding)
                                : yg_fail_memory(f->x.error);
}

static bool build(formula *f, const char *name, const yg_type *type, yg_origin origin,
                  yg_formula *out) {
    f->builder = (yg_builder){.ops = f->x.model->ops,
                              .graph = out->graph,
                              .pool = f->x.pool,
                              .dtype = YG_F64,
                              .error = f->x.error};
    f->x.trial = &f->builder;
    yg_graph_at(out->graph, origin);
    out->input = yg_input(out->graph, name, type);
    if (out->input == YG_NONE)
        return yg_fail_as(f->x.error, yg_graph_error(out->graph));
    if (!yg_builder_add(&f->builder, name, (yg_term){.kind = YG_TERM_TENSOR, .node = out->input}) ||
        !bind_itself(f, name, origin))
        return false;
    const yg_expression *written = yg_expand_whole(&f->x, &f->scope, f->expression);
    return written && yg_expression_node(&f->builder, written, name, &out->output);
}

/* Built as for training, which leaves out no operator. So the caller sees a random one, and can
 * refuse it. */
bool yg_formula_build(const yg_model *model, const yg_value *expression, const char *name,
                      const yg_type *type, yg_formula *out, yg_error *error) {
    yg_error failure = {0};
    formula f = {0};
    *out = (yg_formula){.graph = yg_graph_new(model->ops, YG_GRAPH_F64 | YG_GRAPH_TRAINING)};
    const bool good = (out->graph || yg_fail_memory(&failure)) &&
                      open_formula(model, expression, &failure, &f) &&
                      build(&f, name, type, expression->origin, out);
    yg_pool_free(f.x.pool);
    if (!good) {
        yg_fail_as(error, &failure);
        yg_graph_free(out->graph);
        out->graph = NULL;
    }
    return good;
}

/* Binds every other name to itself: that of the tensor, or one that building will report. */
static void bind_others(void *context, const char *name) {
    formula *f = context;
    yg_term constant;
    if (!yg_scope_find(&f->scope, name) && !yg_constant_of_name(name, &constant))
        bind_itself(f, name, f->expression->origin);
}

char *yg_formula_text(const yg_model *model, const yg_value *expression, yg_error *error) {
    formula f = {0};
    char *text = NULL;
    if (open_formula(model, expression, error, &f)) {
        yg_visit_names(f.expression, bind_others, &f);
        const yg_expression *written = yg_expand_whole(&f.x, &f.scope, f.expression);
        const char *kept = written ? yg_expression_text(f.x.pool, written) : NULL;
        text = kept ? strdup(kept) : NULL;
        if (written && !text)
            yg_fail_memory(error);
    }
    yg_pool_free(f.x.pool);
    return text;
}
