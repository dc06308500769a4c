/*
 * Reads `train: schedule`: finds the schedule, checks its arguments, and makes its formula ready.
 */
#include "schedules.h"

#include "../../graph/spelling.h"
#include "expression_tree.h"
#include "library.h"

#include <string.h>

/* The key that every schedule takes, besides `type`. */
static const char warmup[] = "warmup_steps";

static bool unknown_argument(const yg_model *model, const yg_value *key,
                             const yg_definition *definition, yg_error *error) {
    const size_t count = definition->argument_count + 1;
    const char **known = yg_pool_take(model->pool, count * sizeof *known);
    char hint[400];
    if (!known)
        return yg_fail_memory(error);
    for (size_t i = 0; i + 1 < count; i++)
        known[i] = definition->arguments[i].name;
    known[count - 1] = warmup;
    return yg_fail(error, YG_ERROR_ARGUMENT, key->origin, "schedule '%s' has no argument '%s'%s",
                   definition->name, key->text,
                   yg_suggest(key->text, known, count, hint, sizeof hint));
}

/* Reads the arguments that are given into `given`, by number. */
static bool read_given(const yg_model *model, const yg_value *value,
                       const yg_definition *definition, yg_argument *given, yg_error *error) {
    for (size_t i = 0; value->kind == YG_MAPPING && i < value->count; i++) {
        const char *key = value->keys[i]->text;
        size_t k = 0;
        if (strcmp(key, "type") == 0 || strcmp(key, warmup) == 0)
            continue;
        while (k < definition->argument_count && strcmp(definition->arguments[k].name, key) != 0)
            k++;
        if (k == definition->argument_count)
            return unknown_argument(model, value->keys[i], definition, error);
        given[k].value = value->items[i];
    }
    for (size_t k = 0; k < definition->argument_count; k++)
        if (!given[k].value && !definition->arguments[k].fallback)
            return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                           "schedule '%s' needs `%s`; write `schedule: {type: %s, %s: …}`",
                           definition->name, definition->arguments[k].name, definition->name,
                           definition->arguments[k].name);
    return true;
}

/* Binds an input to itself: its value is known in a step only. */
static bool bind_input(yg_expander *x, yg_scope *scope, const char *name, yg_origin origin) {
    const yg_binding binding = {
        .term = {.kind = YG_TERM_WRITTEN,
                 .written = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, name)}};
    return binding.term.written ? yg_scope_add(x, scope, name, origin, binding)
                                : yg_fail_memory(x->error);
}

static bool bind_inputs(yg_expander *x, yg_scope *scope, yg_origin origin) {
    for (const char *const *name = yg_rate_input_names(); *name; name++)
        if (!bind_input(x, scope, *name, origin))
            return false;
    return true;
}

/* Makes the formula of a schedule with these arguments. The numbers of an argument may be formulas
 * over vars; the schedule itself sees no vars, as a layer type does not. */
static bool make_formula(yg_model *model, const yg_definition *definition, yg_argument *given,
                         yg_schedule *schedule, yg_error *error) {
    yg_expander x = {.model = model, .pool = model->pool, .constants = true, .error = error};
    yg_scope outer = {.prefix = "", .parameter_prefix = "", .parameter_suffix = ""}, inputs = outer,
             inner = outer;
    const yg_layer_use use = {.definition = definition, .arguments = given};
    yg_term formula;
    inner.definition = definition;
    return yg_bind_vars(&x, &outer) && yg_bind_arguments(&x, &outer, &use, &inner) &&
           bind_inputs(&x, &inner, schedule->formula) &&
           bind_inputs(&x, &inputs, schedule->formula) &&
           yg_expand_expression(&x, &inner, definition->rate, &formula) &&
           yg_rate_compile(&x, &inputs, &formula, schedule);
}

static const yg_value *type_of(const yg_value *value, yg_error *error) {
    const yg_value *type = value->kind == YG_MAPPING ? yg_value_get(value, "type") : value;
    if (type && type->kind == YG_SCALAR)
        return type;
    yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
            "`schedule` has no `type`; write a name such as cosine, or a map such as {type: "
            "cosine, warmup_steps: 10}; `yamlgrad schedules` lists those that there are");
    return NULL;
}

static bool read_schedule(yg_model *model, const yg_value *value, yg_error *error) {
    const yg_value *type = type_of(value, error);
    const char *name;
    if (!type || !yg_value_text(type, "`schedule`", &name, error))
        return false;
    yg_definition *definition = yg_find_schedule(model, &model->library, name, type->origin, error);
    if (!definition)
        return false;
    definition->used = true;
    yg_schedule *schedule = yg_pool_take(model->pool, sizeof *schedule);
    yg_argument *given =
        yg_pool_take(model->pool, (definition->argument_count + 1) * sizeof *given);
    if (!schedule || !given)
        return yg_fail_memory(error);
    *schedule = (yg_schedule){.origin = value->origin,
                              .name = name,
                              .definition = definition,
                              .formula = yg_value_get(definition->value, "rate")->origin};
    const yg_value *steps = value->kind == YG_MAPPING ? yg_value_get(value, warmup) : NULL;
    if (steps &&
        !yg_value_int(steps, "`warmup_steps`", 0, INT64_MAX, &schedule->warmup_steps, error))
        return false;
    model->schedule = schedule;
    return read_given(model, value, definition, given, error) &&
           make_formula(model, definition, given, schedule, error);
}

bool yg_read_schedule(yg_model *model, yg_error *error) {
    const yg_value *train = yg_model_section(model, "train");
    const yg_value *value =
        train && train->kind == YG_MAPPING ? yg_value_get(train, "schedule") : NULL;
    return !value || read_schedule(model, value, error);
}

const yg_schedule *yg_model_schedule(const yg_model *model) {
    return model->schedule;
}
