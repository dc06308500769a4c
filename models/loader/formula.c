/*
 * Formulas: expressions over one tensor, outside of the network. `data: transform` is made of them.
 */
#include "builder.h"

#include <stdlib.h>
#include <string.h>

/* A formula while it is read: constants and vars, and the one tensor. */
typedef struct formula {
    yg_builder builder;
    yg_scope scope;
    const yg_expression *expression;
} formula;

/* A word whose value is the network's, which a formula is no part of. */
static void find_foreign(void *context, const char *name) {
    const char **found = context;
    if (strcmp(name, "size") == 0 || strcmp(name, "training") == 0)
        *found = name;
}

static bool check_words(const formula *f) {
    const char *found = NULL;
    yg_visit_names(f->expression, find_foreign, &found);
    return !found ||
           yg_fail(f->builder.error, YG_ERROR_NAME, f->expression->origin,
                   "'%s' is not known here: a formula does not depend on batches, and is the same "
                   "in training and after",
                   found);
}

static bool open_formula(const yg_model *model, const yg_value *value, yg_graph *graph,
                         yg_error *error, formula *f) {
    *f = (formula){
        .builder = {.model = model,
                    .graph = graph,
                    .pool = yg_pool_new(),
                    .dtype = YG_F64,
                    .error = error},
        .scope = {.prefix = "", .parameter_prefix = "", .library = &model->library},
    };
    if (!f->builder.pool)
        return yg_fail_memory(error);
    f->expression = yg_read_expression(f->builder.pool, value, "a formula", error);
    return f->expression && check_words(f) && yg_build_vars(&f->builder, &f->scope);
}

static void close_formula(formula *f) {
    yg_pool_free(f->builder.pool);
}

static bool build(formula *f, const char *name, const yg_type *type, yg_origin origin,
                  yg_formula *out) {
    yg_graph_at(out->graph, origin);
    out->input = yg_input(out->graph, name, type);
    if (out->input == YG_NONE)
        return yg_fail_from_graph(&f->builder, origin);
    const yg_binding binding = {.term = {.kind = YG_TERM_TENSOR, .node = out->input}};
    return yg_scope_add(&f->builder, &f->scope, name, origin, binding) &&
           yg_evaluate_tensor(&f->builder, &f->scope, f->expression, name, &out->output);
}

/* As in training, where no operator is left out: the caller can see that one is random. */
bool yg_formula_build(const yg_model *model, const yg_value *expression, const char *name,
                      const yg_type *type, yg_formula *out, yg_error *error) {
    yg_error failure = {0};
    formula f = {0};
    *out = (yg_formula){.graph = yg_graph_new(model->ops, YG_GRAPH_F64 | YG_GRAPH_TRAINING)};
    const bool good = (out->graph || yg_fail_memory(&failure)) &&
                      open_formula(model, expression, out->graph, &failure, &f) &&
                      build(&f, name, type, expression->origin, out);
    close_formula(&f);
    if (!good) {
        yg_fail_as(error, &failure);
        yg_graph_free(out->graph);
        out->graph = NULL;
    }
    return good;
}

char *yg_formula_text(const yg_model *model, const yg_value *expression, yg_error *error) {
    formula f = {0};
    char *text = NULL;
    if (open_formula(model, expression, NULL, error, &f)) {
        const yg_expression *written = yg_rewrite(&f.builder, &f.scope, f.expression);
        const size_t length = written ? yg_expression_text(written, NULL, 0) : 0;
        text = written ? malloc(length + 1) : NULL;
        if (!text)
            yg_fail_memory(error);
        else
            yg_expression_text(written, text, length + 1);
    }
    close_formula(&f);
    return text;
}
