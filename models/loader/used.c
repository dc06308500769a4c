/*
 * Reports declared names that nothing uses. They are mostly mistakes, such as a layer that was left
 * out of the chain.
 */
#include "used.h"

#include "choices.h"
#include "definitions.h"
#include "read.h"

#include <string.h>

/* Names that are used. The name of a parameter, `tok.weight`, also counts as use of the node. */
typedef struct met {
    yg_pool *pool;
    yg_names names;
    bool failed;
    const yg_definition *type; /* whose body is visited; NULL: the model's */
    yg_error *error;           /* of a wrong comparison in it */
    bool wrong;
} met;

static void meet(void *context, const char *name) {
    met *m = context;
    const char *end = name + strlen(name);
    while (!m->failed) {
        const char *prefix = yg_pool_copy(m->pool, name, (size_t)(end - name));
        if (!prefix || (yg_names_find(&m->names, prefix) == YG_NOT_FOUND &&
                        !yg_names_add(&m->names, m->pool, prefix))) {
            m->failed = true;
            return;
        }
        do {
            if (end == name)
                return;
            end--;
        } while (*end != '.');
    }
}

static void meet_expression(met *m, const yg_expression *expression) {
    yg_visit_names(expression, meet, m);
    if (m->type && !m->wrong)
        m->wrong = !yg_check_choices(m->type, expression, m->error);
}

/* An argument's value is not parsed before the layer is expanded. */
static void meet_value(met *m, const yg_value *value) {
    if (value->kind == YG_SCALAR)
        meet_expression(m, yg_expression_parse(m->pool, value->text, value->origin, NULL));
    for (size_t i = 0; value->kind != YG_SCALAR && i < value->count; i++)
        meet_value(m, value->items[i]);
}

static void meet_layer(met *m, const yg_layer_use *use) {
    meet(m, use->type);
    if (use->share)
        meet(m, use->share);
    meet_expression(m, use->repeat);
    meet_expression(m, use->condition);
    meet_expression(m, use->trainable);
    for (const char *c = use->names; c && (c = strchr(c, '{')); c++) {
        const char *name = yg_pool_copy(m->pool, c + 1, strcspn(c + 1, "}"));
        if (name)
            meet(m, name);
    }
    for (size_t i = 0; i < use->input_count; i++)
        meet_expression(m, use->inputs[i].value);
    for (size_t i = 0; use->definition && i < use->definition->argument_count; i++)
        if (use->arguments[i].value)
            meet_value(m, use->arguments[i].value);
}

static void meet_shape(met *m, const yg_shape_spec *shape) {
    for (size_t i = 0; i < shape->count; i++)
        meet_expression(m, shape->dims[i]);
}

static void meet_init(met *m, const yg_init_spec *init) {
    meet(m, init->type);
    for (size_t i = 0; i < init->count; i++)
        meet_expression(m, init->values[i]);
}

static void meet_body(met *m, const yg_body *body, const char *only_input);

static void meet_carry(met *m, const yg_scan_name *carry) {
    meet_expression(m, carry->value);
    meet_expression(m, carry->lengths);
    meet_expression(m, carry->truncate);
}

static void meet_scan(met *m, const yg_scan_use *scan) {
    for (size_t i = 0; i < scan->slice_count; i++)
        meet_expression(m, scan->slices[i].value);
    for (size_t i = 0; i < scan->carry_count; i++)
        meet_carry(m, &scan->carries[i]);
    meet_expression(m, scan->dim);
    meet_expression(m, scan->steps);
    meet_expression(m, scan->reverse);
    meet_expression(m, scan->lengths);
    meet_expression(m, scan->truncate);
    meet_body(m, &scan->body, scan->slice_count > 0 ? scan->slices[0].name : NULL);
}

static void meet_body(met *m, const yg_body *body, const char *only_input) {
    for (size_t i = 0; i < body->param_count; i++) {
        meet_shape(m, &body->params[i].shape);
        meet_init(m, body->params[i].init);
        meet_expression(m, body->params[i].condition);
        meet_expression(m, body->params[i].trainable);
    }
    for (size_t i = 0; i < body->update_count; i++) {
        meet(m, body->updates[i].name);
        meet_expression(m, body->updates[i].value);
    }
    for (size_t i = 0; i < body->statement_count; i++) {
        const yg_statement *statement = &body->statements[i];
        meet_expression(m, statement->expression);
        if (statement->scan)
            meet_scan(m, statement->scan);
        if (!statement->layer)
            continue;
        meet_layer(m, statement->layer);
        if (statement->layer->input_above) {
            const char *above = i > 0 ? body->statements[i - 1].names[0] : only_input;
            if (above)
                meet(m, above);
        }
    }
    for (size_t i = 0; i < body->output_count; i++)
        meet_expression(m, body->outputs[i].value);
    for (size_t i = 0; i < body->loss_count; i++)
        meet_expression(m, body->losses[i].value);
}

static bool need(const met *m, const char *kind, const char *name, yg_origin origin,
                 yg_error *error) {
    return yg_names_find(&m->names, name) != YG_NOT_FOUND ||
           yg_fail(error, YG_ERROR_NAME, origin, "%s '%s' is never used", kind, name);
}

static bool need_body(const met *m, const met *expected, const yg_body *body, yg_error *error);

/* Checks that a scan's slices and the nodes of its body are used. A single slice may only tell the
 * number of steps. */
static bool need_scan(const met *m, const yg_scan_use *scan, yg_error *error) {
    for (size_t i = 0; scan->slice_count > 1 && i < scan->slice_count; i++)
        if (!need(m, "slice", scan->slices[i].name, scan->slices[i].origin, error))
            return false;
    met inner = *m;
    /* A carry is given anew by a node of its name, which the next step then uses. */
    for (size_t i = 0; i < scan->carry_count; i++)
        meet(&inner, scan->carries[i].name);
    return !inner.failed ? need_body(&inner, &(met){0}, &scan->body, error) : yg_fail_memory(error);
}

/* Checks that every parameter and node is used. `expected` are parameters that `expect: shapes`
 * names, which counts as use: an expanded model lists there the parameters of unused results. */
static bool need_body(const met *m, const met *expected, const yg_body *body, yg_error *error) {
    for (size_t i = 0; i < body->param_count; i++)
        if (yg_names_find(&expected->names, body->params[i].name) == YG_NOT_FOUND &&
            !need(m, body->params[i].state ? "state" : "parameter", body->params[i].name,
                  body->params[i].origin, error))
            return false;
    for (size_t i = 0; i < body->statement_count; i++) {
        const yg_statement *statement = &body->statements[i];
        bool used = false;
        for (size_t k = 0; k < statement->name_count; k++)
            used = used || yg_names_find(&m->names, statement->names[k]) != YG_NOT_FOUND;
        /* Of several results, one that is used is enough: the others come with it. */
        if (!used) {
            return yg_fail(error, YG_ERROR_NAME, statement->origin,
                           "node '%s' is never used: no later node, output, loss or metric names "
                           "it",
                           statement->names[0]);
        }
        if (statement->scan && !need_scan(m, statement->scan, error))
            return false;
    }
    return true;
}

static bool check_definition(yg_pool *pool, const yg_definition *type, yg_error *error) {
    met m = {.pool = pool, .type = type, .error = error};
    meet_body(&m, &type->body, type->input_count > 0 ? type->inputs[0].name : NULL);
    for (size_t i = 0; i < type->input_count; i++)
        meet_shape(&m, &type->inputs[i].shape);
    for (size_t i = 0; i < type->argument_count; i++)
        if (type->arguments[i].fallback)
            meet_value(&m, type->arguments[i].fallback);
    meet_expression(&m, type->rate);
    for (size_t i = 0; i < type->term_count; i++)
        meet_expression(&m, type->terms[i].value);
    if (m.wrong)
        return false;
    if (m.failed)
        return yg_fail_memory(error);
    for (size_t i = 0; i < type->argument_count; i++)
        if (!need(&m, "argument", type->arguments[i].name, type->arguments[i].origin, error))
            return false;
    for (size_t i = 0; i < type->term_count; i++)
        if (!need(&m, "formula", type->terms[i].name, type->terms[i].origin, error))
            return false;
    for (size_t i = 0; i < type->input_count; i++)
        if (!need(&m, "input", type->inputs[i].name, type->inputs[i].origin, error))
            return false;
    return need_body(&m, &(met){0}, &type->body, error);
}

/* Notes the vars that formulas of `data: transform` use. A formula is no use of its own input or
 * target.
 */
static bool meet_transforms(met *m, const yg_model *model, yg_error *error) {
    const yg_value *data = yg_model_section(model, "data");
    const yg_value *transform =
        data && data->kind == YG_MAPPING ? yg_value_get(data, "transform") : NULL;
    for (size_t i = 0; transform && i < transform->count; i++) {
        const yg_expression *formula =
            yg_read_expression(m->pool, transform->items[i], "a formula", error);
        if (!formula)
            return false;
        meet_expression(m, formula);
    }
    return true;
}

/* A var that only such vars use as nothing uses is not used either. Vars name only those above. Of
 * those that are not used, the last one is named by no other, so it is the one to report. Where an
 * override has replaced what used a var, it stays, and is idle. */
static bool check_vars(met *m, const met *transforms, const yg_model *model, yg_error *error) {
    met freed = {.pool = m->pool};
    for (size_t i = 0; i < model->replaced_count; i++)
        meet_value(&freed, model->replaced[i]);
    for (size_t i = model->var_count; i-- > 0;) {
        yg_var *var = &model->vars[i];
        const char *name = var->name;
        if (yg_names_find(&m->names, name) != YG_NOT_FOUND ||
            yg_names_find(&transforms->names, name) != YG_NOT_FOUND ||
            yg_names_find(&model->section_vars, name) != YG_NOT_FOUND) {
            meet_expression(m, var->value);
            continue;
        }
        if (yg_names_find(&freed.names, name) == YG_NOT_FOUND)
            return need(m, "var", name, var->origin, error);
        meet_expression(&freed, var->value);
        var->idle = true;
    }
    return !(m->failed || freed.failed) || yg_fail_memory(error);
}

static bool check_model(yg_pool *pool, const yg_model *model, yg_error *error) {
    met m = {.pool = pool};
    meet_body(&m, &model->body, model->port_specs[0].name);
    meet_expression(&m, model->loss);
    meet_expression(&m, model->expected_formula);
    for (size_t i = 0; i < model->trainable_count; i++)
        meet_expression(&m, model->trainables[i].value);
    for (size_t i = 0; i < model->metric_count; i++)
        meet_expression(&m, model->metrics[i].value);
    for (size_t i = 0; i < model->port_count; i++) {
        meet_shape(&m, &model->port_specs[i].shape);
        meet_expression(&m, model->port_specs[i].classes);
    }
    for (size_t i = 0; i < model->expected_shape_count; i++)
        meet_shape(&m, &model->expected_shapes[i].shape);
    met transforms = {.pool = pool}, expected = {.pool = pool};
    for (size_t i = 0; i < model->expected_shape_count; i++)
        meet(&expected, model->expected_shapes[i].name);
    if (!meet_transforms(&transforms, model, error))
        return false;
    if (m.failed || transforms.failed || expected.failed)
        return yg_fail_memory(error);
    if (!check_vars(&m, &transforms, model, error))
        return false;
    for (size_t i = 0; i < model->port_count; i++) {
        const yg_port_spec *port = &model->port_specs[i];
        if (!need(&m, port->target ? "target" : "input", port->name, port->origin, error))
            return false;
    }
    return need_body(&m, &expected, &model->body, error);
}

bool yg_check_names_used(const yg_model *model, yg_error *error) {
    yg_pool *pool = yg_pool_new();
    if (!pool)
        return yg_fail_memory(error);
    bool fine = check_model(pool, model, error);
    for (size_t i = 0; fine && i < model->definition_count; i++) {
        const yg_definition *type = model->definitions[i];
        if (type->library == &model->library && !type->used) {
            fine = yg_fail(error, YG_ERROR_NAME, type->origin, "%s '%s' is defined but never used",
                           yg_kind_of(type), type->name);
        }
        fine = fine && check_definition(pool, type, error);
    }
    yg_pool_free(pool);
    return fine;
}
