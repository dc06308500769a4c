/*
 * Reads `train: schedule`: finds the schedules, checks their arguments, and makes their formulas
 * ready.
 */
#include "schedules.h"

#include "../../graph/spelling.h"
#include "expression_tree.h"
#include "library.h"
#include "read.h"

#include <stddef.h>
#include <string.h>

/* The keys of every schedule, besides the arguments of its type. */
typedef struct written {
    const yg_value *type, *formula;
    int64_t warmup_steps, steps, epochs;
} written;

static const yg_setting settings[] = {
    {"type", .kind = YG_SETTING_VALUE, .offset = offsetof(written, type), .forms = YG_FORM_SCALAR,
     .form = "a schedule's name", .example = "cosine",
     .doc = "which schedule; this or `formula` is needed"},
    {"formula", .kind = YG_SETTING_VALUE, .offset = offsetof(written, formula),
     .forms = YG_FORM_SCALAR | YG_FORM_FORMULAS, .form = "a formula",
     .example = "\"lr * 0.99 ** epoch\"",
     .doc = "the rate as a formula of lr, step, steps, epoch and vars"},
    {"warmup_steps", .kind = YG_SETTING_WHOLE, .offset = offsetof(written, warmup_steps),
     .fallback = "0", .example = "200", .doc = "steps in which the rate grows to lr before"},
    {"steps", .kind = YG_SETTING_WHOLE, .offset = offsetof(written, steps), .min = 1,
     .example = "500",
     .doc = "of a schedule in a list that is not the last: how many steps it lasts"},
    {"epochs", .kind = YG_SETTING_WHOLE, .offset = offsetof(written, epochs), .min = 1,
     .example = "5", .doc = "the same in epochs"},
};

enum { SETTINGS = sizeof settings / sizeof *settings, LENGTHS = 2 }; /* `steps`, `epochs` */

const yg_setting_group yg_schedule_settings = {
    "train.schedule",
    "the learning rate of each step; the arguments of the type are keys here too, see `yamlgrad "
    "schedules`",
    settings, SETTINGS, NULL};

/* ----------------------------------------------------------------------------- arguments ---- */

static bool is_common(const char *key, bool listed) {
    for (size_t i = 0; i < (listed ? SETTINGS : SETTINGS - LENGTHS); i++)
        if (strcmp(settings[i].name, key) == 0)
            return true;
    return false;
}

static bool unknown_argument(const yg_model *model, const yg_value *key,
                             const yg_definition *definition, yg_error *error) {
    const size_t count = definition->argument_count + 1;
    const char **known = yg_pool_take(model->pool, count * sizeof *known);
    char hint[400];
    if (!known)
        return yg_fail_memory(error);
    for (size_t i = 0; i + 1 < count; i++)
        known[i] = definition->arguments[i].name;
    known[count - 1] = "warmup_steps";
    return yg_fail(error, YG_ERROR_ARGUMENT, key->origin, "schedule '%s' has no argument '%s'%s",
                   definition->name, key->text,
                   yg_suggest(key->text, known, count, hint, sizeof hint));
}

/* Reads the arguments that are given into `given`, by number. */
static bool read_given(const yg_model *model, const yg_value *value,
                       const yg_definition *definition, bool listed, yg_argument *given,
                       yg_error *error) {
    for (size_t i = 0; value->kind == YG_MAPPING && i < value->count; i++) {
        const char *key = value->keys[i]->text;
        size_t k = 0;
        if (is_common(key, listed))
            continue;
        if (is_common(key, true))
            return yg_fail(error, YG_ERROR_ARGUMENT, value->keys[i]->origin,
                           "`%s` is for a schedule in a list; a single one lasts the whole run",
                           key);
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

/* ------------------------------------------------------------------------------ formulas ---- */

/* Binds a name to itself: its value is known in a step only. A var of that name is hidden. */
static bool bind_itself(yg_expander *x, yg_scope *scope, const char *name, yg_origin origin) {
    const yg_binding binding = {
        .term = {.kind = YG_TERM_WRITTEN,
                 .written = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, name)}};
    const size_t own = yg_names_find(&scope->names, name);
    if (!binding.term.written)
        return yg_fail_memory(x->error);
    if (own == YG_NOT_FOUND)
        return yg_scope_add(x, scope, name, origin, binding);
    scope->bindings[own] = binding;
    return true;
}

static bool bind_inputs(yg_expander *x, yg_scope *scope, yg_origin origin) {
    for (const char *const *name = yg_rate_input_names(); *name; name++)
        if (!bind_itself(x, scope, *name, origin))
            return false;
    return true;
}

/* Expands the formulas of `where`, in their order. One that is a number is bound as a number. */
static bool make_terms(yg_expander *x, yg_scope *inputs, yg_scope *inner,
                       const yg_definition *definition, yg_schedule *schedule) {
    for (size_t i = 0; i < definition->term_count; i++) {
        const yg_var *term = &definition->terms[i];
        yg_binding binding = {0};
        if (!yg_expand_expression(x, inner, term->value, &binding.term))
            return false;
        if (binding.term.kind != YG_TERM_WRITTEN) {
            if (!yg_scope_add(x, inner, term->name, term->origin, binding))
                return false;
            continue;
        }
        if (!yg_rate_compile_term(x, inputs, term->name, &binding.term, schedule) ||
            !bind_itself(x, inputs, term->name, term->origin))
            return false;
        binding.term.written =
            yg_expression_new(x->pool, YG_EXPRESSION_NAME, term->origin, term->name);
        if (!binding.term.written)
            return yg_fail_memory(x->error);
        if (!yg_scope_add(x, inner, term->name, term->origin, binding))
            return false;
    }
    return true;
}

static const yg_scope no_names = {.prefix = "", .parameter_prefix = "", .parameter_suffix = ""};

/* Makes the formula of a schedule with these arguments. The numbers of an argument may be formulas
 * over vars; the schedule itself sees no vars, as a layer type does not. */
static bool make_formula(yg_model *model, const yg_definition *definition, yg_argument *given,
                         yg_schedule *schedule, yg_error *error) {
    yg_expander x = {.model = model, .pool = model->pool, .constants = true, .error = error};
    yg_scope outer = no_names, inputs = no_names, inner = no_names;
    const yg_layer_use use = {.definition = definition, .arguments = given};
    yg_term formula;
    inner.definition = definition;
    return yg_bind_vars(&x, &outer) && yg_bind_arguments(&x, &outer, &use, &inner) &&
           bind_inputs(&x, &inner, schedule->formula) &&
           bind_inputs(&x, &inputs, schedule->formula) &&
           make_terms(&x, &inputs, &inner, definition, schedule) &&
           yg_expand_expression(&x, &inner, definition->rate, &formula) &&
           yg_rate_compile(&x, &inputs, &formula, schedule);
}

typedef struct use_of_vars {
    yg_model *model;
    bool failed;
} use_of_vars;

/* Notes that a formula in place uses a var. The inputs hide vars of their names. */
static void note_var(void *context, const char *name) {
    use_of_vars *use = context;
    yg_model *model = use->model;
    for (const char *const *input = yg_rate_input_names(); *input; input++)
        if (strcmp(*input, name) == 0)
            return;
    if (yg_names_find(&model->section_vars, name) == YG_NOT_FOUND &&
        !yg_names_add(&model->section_vars, model->pool, name))
        use->failed = true;
}

/* A formula that stands in the section itself sees vars. */
static bool make_formula_in_place(yg_model *model, const yg_value *value, yg_schedule *schedule,
                                  yg_error *error) {
    yg_expander x = {.model = model, .pool = model->pool, .constants = true, .error = error};
    yg_scope scope = no_names, inputs = no_names;
    use_of_vars use = {model, false};
    yg_term formula;
    const yg_expression *expression = yg_read_expression(model->pool, value, "`formula`", error);
    if (!expression || !yg_bind_vars(&x, &scope) || !bind_inputs(&x, &scope, value->origin) ||
        !bind_inputs(&x, &inputs, value->origin) ||
        !yg_expand_expression(&x, &scope, expression, &formula) ||
        !yg_rate_compile(&x, &inputs, &formula, schedule))
        return false;
    const yg_expression *expanded = yg_written(&x, &formula, value->origin);
    schedule->written = expanded ? yg_expression_text(model->pool, expanded) : NULL;
    yg_visit_names(expression, note_var, &use);
    return (schedule->written && !use.failed) || yg_fail_memory(error);
}

/* ------------------------------------------------------------------------------- reading ---- */

/* What looks like a schedule and is written in another way. */
static const char *advice_for(const char *name) {
    static const char *const words[][2] = {
        {"reduce_on_plateau", "a key of `train`, beside `schedule`: `reduce_on_plateau: {patience: "
                              "3}`"},
        {"plateau", "a key of `train`, beside `schedule`: `reduce_on_plateau: {patience: 3}`"},
        {"ReduceLROnPlateau", "a key of `train`, beside `schedule`: `reduce_on_plateau: {patience: "
                              "3}`"},
        {"sequence", "a list: `schedule: [{type: linear, steps: 100}, cosine]`"},
        {"SequentialLR", "a list: `schedule: [{type: linear, steps: 100}, cosine]`"},
        {"LambdaLR", "a formula: `schedule: {formula: \"lr * 0.95 ** epoch\"}`"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return NULL;
}

static bool read_written(const yg_value *value, bool listed, written *w, yg_error *error) {
    *w = (written){.type = value->kind == YG_MAPPING ? NULL : value};
    if (value->kind == YG_MAPPING &&
        !yg_setting_read(value, settings, listed ? SETTINGS : SETTINGS - LENGTHS, w, error))
        return false;
    if (w->type && w->formula)
        return yg_fail(error, YG_ERROR_ARGUMENT, w->formula->origin,
                       "`schedule` has a `type` and a `formula`; leave one out");
    if (w->steps && w->epochs)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "a schedule lasts so many `steps` or so many `epochs`; leave one out");
    if (w->formula || (w->type && w->type->kind == YG_SCALAR))
        return true;
    return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                   "`schedule` has no `type`; write a name such as cosine, or a map such as {type: "
                   "cosine, warmup_steps: 10} or {formula: \"lr * 0.95 ** epoch\"}; `yamlgrad "
                   "schedules` lists those that there are");
}

static bool read_typed(yg_model *model, const yg_value *value, const yg_value *type, bool listed,
                       yg_schedule *schedule, yg_error *error) {
    const char *name;
    if (!yg_value_text(type, "`schedule`", &name, error))
        return false;
    const char *advice = advice_for(name);
    if (advice && yg_names_find(&model->library.names, name) == YG_NOT_FOUND)
        return yg_fail(error, YG_ERROR_NAME, type->origin, "'%s' is no schedule; write %s", name,
                       advice);
    yg_definition *definition = yg_find_schedule(model, &model->library, name, type->origin, error);
    if (!definition)
        return false;
    definition->used = true;
    yg_argument *given =
        yg_pool_take(model->pool, (definition->argument_count + 1) * sizeof *given);
    if (!given)
        return yg_fail_memory(error);
    schedule->name = name;
    schedule->definition = definition;
    schedule->formula = yg_value_get(definition->value, "rate")->origin;
    return read_given(model, value, definition, listed, given, error) &&
           make_formula(model, definition, given, schedule, error);
}

static bool read_in_place(yg_model *model, const yg_value *value, const yg_value *formula,
                          bool listed, yg_schedule *schedule, yg_error *error) {
    for (size_t i = 0; i < value->count; i++)
        if (!is_common(value->keys[i]->text, listed))
            return yg_fail(error, YG_ERROR_ARGUMENT, value->keys[i]->origin,
                           "a schedule with a `formula` has no argument '%s'; write the number in "
                           "the formula, or make it a var",
                           value->keys[i]->text);
    schedule->name = "formula";
    schedule->formula = formula->origin;
    return make_formula_in_place(model, formula, schedule, error);
}

static yg_schedule *read_one(yg_model *model, const yg_value *value, bool listed, yg_error *error) {
    written w;
    yg_schedule *schedule = yg_pool_take(model->pool, sizeof *schedule);
    if (!schedule) {
        yg_fail_memory(error);
        return NULL;
    }
    if (!read_written(value, listed, &w, error))
        return NULL;
    *schedule = (yg_schedule){.origin = value->origin,
                              .warmup_steps = w.warmup_steps,
                              .length_steps = w.steps,
                              .length_epochs = w.epochs};
    const bool good = w.formula ? read_in_place(model, value, w.formula, listed, schedule, error)
                                : read_typed(model, value, w.type, listed, schedule, error);
    return good ? schedule : NULL;
}

/* Whether the schedule at this place of a list has the length that it needs, or none. */
static bool check_length(const yg_schedule *schedule, bool last, yg_error *error) {
    const bool given = schedule->length_steps || schedule->length_epochs;
    if (last && given)
        return yg_fail(error, YG_ERROR_ARGUMENT, schedule->origin,
                       "the last schedule of a list lasts to the end of the run; leave out its "
                       "`steps` or `epochs`");
    return last || given ||
           yg_fail(error, YG_ERROR_ARGUMENT, schedule->origin,
                   "a schedule that another one follows says how long it lasts: add `steps` or "
                   "`epochs`");
}

static bool read_list(yg_model *model, const yg_value *value, yg_error *error) {
    const yg_schedule **next = &model->schedule;
    if (value->count == 0 || value->count > YG_SCHEDULES_CAP)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`schedule` is a list of 1 to %d schedules, found %zu", YG_SCHEDULES_CAP,
                       value->count);
    for (size_t i = 0; i < value->count; i++) {
        yg_schedule *schedule = read_one(model, value->items[i], true, error);
        if (!schedule || !check_length(schedule, i + 1 == value->count, error))
            return false;
        *next = schedule;
        next = &schedule->next;
    }
    return true;
}

bool yg_read_schedule(yg_model *model, yg_error *error) {
    const yg_value *train = yg_model_section(model, "train");
    const yg_value *value =
        train && train->kind == YG_MAPPING ? yg_value_get(train, "schedule") : NULL;
    if (!value)
        return true;
    if (value->kind == YG_SEQUENCE)
        return read_list(model, value, error);
    return (model->schedule = read_one(model, value, false, error)) != NULL;
}

const yg_schedule *yg_model_schedule(const yg_model *model) {
    return model->schedule;
}
