/*
 * Loading a model: reads the sections of the model file and the run file, expands the model, and
 * checks it.
 */
#include "../../ops/ops.h"
#include "data_paths.h"
#include "definitions.h"
#include "expander.h"
#include "gradient.h"
#include "key_tables.h"
#include "library.h"
#include "outputs.h"
#include "override.h"
#include "ports.h"
#include "read.h"
#include "schedules.h"
#include "sections.h"
#include "statements.h"
#include "units.h"
#include "used.h"

#include <string.h>

/* The sections of a model file. */
static const yg_key sections[] = {
    {"format", false, NULL, NULL},
    {"name", false, NULL, NULL},
    {"doc", false, NULL, NULL},
    {"vars", false, NULL, NULL},
    {"include", false, NULL, NULL},
    {"define", false, NULL, NULL},
    {"inputs", true, NULL, NULL},
    {"targets", false, NULL, NULL},
    {"params", false, NULL, NULL},
    {"graph", false, NULL, NULL},
    {"outputs", true, NULL, NULL},
    {"loss", false, NULL, NULL},
    {"metrics", false, NULL, NULL},
    {"data", false, NULL, NULL},
    {"train", false, NULL, NULL},
    {"trainable", false, NULL, NULL},
    {"expect", false, NULL, NULL},
    {"layers", false, "layers are nodes of `graph`, as `h: {type: linear, out_features: 3}`", NULL},
    {"state", false, NULL, NULL},
    {"update", false, NULL, NULL},
    {"scan", false, "a scan is a node of `graph`: {y: {scan: {x_t: x}, …}}", NULL},
};

/* The sections of a run file. */
static const yg_key run_sections[] = {
    {"format", false, NULL, NULL},
    {"doc", false, NULL, NULL},
    {"data", false, NULL, NULL},
    {"train", false, NULL, NULL},
    {"graph", false, "a run file holds `data` and `train`; the graph stands in the model file",
     NULL},
    {"vars", false, "a run file holds `data` and `train`; vars stand in the model file", NULL},
};

/* ---------------------------------------------------------------------------------- sections -- */

static bool read_vars(yg_model *model, const yg_value *value, yg_error *error) {
    if (!value)
        return true;
    if (!yg_value_is_mapping(value, "`vars`", error))
        return false;
    model->vars = yg_pool_take(model->pool, (value->count + 1) * sizeof *model->vars);
    if (!model->vars)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *key = value->keys[i];
        yg_var *var = &model->vars[i];
        if (!yg_read_name(key, "a var", false, error))
            return false;
        *var = (yg_var){.origin = key->origin, .name = key->text};
        var->value = yg_read_expression(model->pool, value->items[i], key->text, error);
        if (!var->value)
            return false;
        model->var_count++;
    }
    return true;
}

static bool read_trainables(yg_model *model, const yg_value *value, yg_error *error) {
    if (!value)
        return true;
    if (!yg_value_is_mapping(value, "`trainable`", error))
        return false;
    model->trainables = yg_pool_take(model->pool, (value->count + 1) * sizeof *model->trainables);
    if (!model->trainables)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *key = value->keys[i];
        yg_trainable_spec *spec = &model->trainables[i];
        *spec = (yg_trainable_spec){.origin = key->origin, .pattern = key->text};
        spec->value = yg_read_truth(model->pool, value->items[i], "`trainable`", error);
        if (!spec->value)
            return false;
        model->trainable_count++;
    }
    return true;
}

static const yg_key expect_keys[] = {{"parameters", false, NULL, "whole"},
                                     {"shapes", false, NULL, "mapping"}};

const yg_key_table yg_expect_keys = {expect_keys, sizeof expect_keys / sizeof *expect_keys};

static bool read_expectations(yg_model *model, const yg_value *value, yg_error *error) {
    if (!value)
        return true;
    if (!yg_value_check_keys(value, "`expect`", yg_expect_keys.keys, yg_expect_keys.count, error))
        return false;
    model->expected_parameters = yg_value_get(value, "parameters");
    if (yg_is_formula(model->expected_parameters)) {
        model->expected_formula =
            yg_read_expression(model->pool, model->expected_parameters, "`parameters`", error);
        if (!model->expected_formula)
            return false;
    }
    const yg_value *shapes = yg_value_get(value, "shapes");
    if (!shapes)
        return true;
    if (!yg_value_is_mapping(shapes, "`shapes`", error))
        return false;
    model->expected_shapes =
        yg_pool_take(model->pool, (shapes->count + 1) * sizeof *model->expected_shapes);
    if (!model->expected_shapes)
        return yg_fail_memory(error);
    for (size_t i = 0; i < shapes->count; i++) {
        yg_shape_expectation *expected = &model->expected_shapes[i];
        *expected = (yg_shape_expectation){.origin = shapes->keys[i]->origin,
                                           .name = shapes->keys[i]->text};
        if (!yg_read_shape(model->pool, shapes->items[i], "`expect`", false, &expected->shape,
                           error))
            return false;
        model->expected_shape_count++;
    }
    return true;
}

/* The file's name without folder and ending, for a model that has no `name`. */
static const char *stem_of(yg_pool *pool, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *start = slash ? slash + 1 : path;
    const char *dot = strrchr(start, '.');
    return yg_pool_copy(pool, start, !dot || dot == start ? strlen(start) : (size_t)(dot - start));
}

static bool read_names(yg_model *model, const yg_value *root, yg_error *error) {
    const yg_value *name = yg_value_get(root, "name");
    const yg_value *doc = yg_value_get(root, "doc");
    model->doc = "";
    model->name = name ? "" : stem_of(model->pool, model->path);
    if (!model->name)
        return yg_fail_memory(error);
    if (name && !yg_value_text(name, "`name`", &model->name, error))
        return false;
    if (name && !yg_is_name(model->name, false)) {
        return yg_fail(error, YG_ERROR_NAME, name->origin,
                       "`name`: letters, digits and '_', no digit first, found '%s'", model->name);
    }
    return !doc || yg_value_text(doc, "`doc`", &model->doc, error);
}

static bool read_sections(yg_model *model, const yg_value *root, yg_error *error) {
    const yg_value *loss = yg_value_get(root, "loss");
    const yg_value *metrics = yg_value_get(root, "metrics");
    if (!read_names(model, root, error) || !read_vars(model, yg_value_get(root, "vars"), error) ||
        !yg_read_includes(model, yg_value_get(root, "include"), &model->library, 0, error) ||
        !yg_read_definitions(model, yg_value_get(root, "define"), &model->library, error) ||
        !yg_read_ports(model, yg_value_get(root, "inputs"), yg_value_get(root, "targets"), error) ||
        !yg_read_params(model, root, &model->body, error) ||
        !yg_read_graph(model, yg_value_get(root, "graph"), &model->library, NULL, &model->body,
                       error) ||
        !yg_read_outputs(model, yg_value_get(root, "outputs"), "`outputs`", true,
                         &model->body.outputs, &model->body.output_count, error) ||
        (metrics && !yg_read_metrics(model, metrics, error)))
        return false;
    if (loss) {
        model->loss = yg_read_expression(model->pool, loss, "`loss`", error);
        if (!model->loss)
            return false;
    }
    return read_trainables(model, yg_value_get(root, "trainable"), error) &&
           read_expectations(model, yg_value_get(root, "expect"), error) &&
           yg_finish_definitions(model, error);
}

/* ---------------------------------------------------------------------------------- run file -- */

static bool read_run_file(yg_model *model, const char *path, yg_error *error) {
    static const char *const own[] = {"data", "train"};
    const yg_value *root = yg_model_read(model, path, error);
    if (!root ||
        !yg_value_check_keys(root, "a run file", run_sections,
                             sizeof run_sections / sizeof *run_sections, error) ||
        !yg_read_format(root, error))
        return false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        const yg_value *here = yg_value_get(root, own[i]);
        if (here && yg_value_get(model->root, own[i])) {
            return yg_fail(error, YG_ERROR_NAME, here->origin,
                           "`%s` stands in the model file %s too; leave it in one of the two",
                           own[i], model->path);
        }
    }
    model->run_root = root;
    model->run_folder = yg_folder_of(model->pool, path);
    return model->run_folder || yg_fail_memory(error);
}

/* --------------------------------------------------------------------------------- expanding -- */

/* Fails if a parameter's shape depends on the batch: weights would fit one batch size only. */
static bool same_parameters(const yg_flat *a, const yg_flat *b, yg_error *error) {
    const size_t count = a->param_names.count;
    for (size_t i = 0; i < count && i < b->param_names.count; i++) {
        const yg_flat_param *one = &a->params[i], *two = &b->params[i];
        yg_type left = {.rank = one->rank}, right = {.rank = two->rank};
        char text[YG_TYPE_TEXT], text2[YG_TYPE_TEXT];
        memcpy(left.shape, one->shape, sizeof left.shape);
        memcpy(right.shape, two->shape, sizeof right.shape);
        if (!yg_shape_equal(&left, &right))
            return yg_fail(error, YG_ERROR_SHAPE, one->origin,
                           "the shape of %s '%s' depends on a symbolic dimension: %s for "
                           "one batch size, %s for another",
                           one->state ? "state" : "parameter", one->name,
                           yg_shape_text(&left, text), yg_shape_text(&right, text2));
        if (!yg_initializer_equal(one->init, two->init))
            return yg_fail(error, YG_ERROR_ARGUMENT, one->origin,
                           "the initial value of %s '%s' depends on a symbolic dimension or "
                           "on `training`",
                           one->state ? "state" : "parameter", one->name);
    }
    return count == b->param_names.count ||
           yg_fail(error, YG_ERROR_SHAPE, YG_NOWHERE,
                   "the number of parameters depends on a symbolic dimension");
}

/* A metric may be a table, but not one with a row for each example. */
static bool same_metrics(const yg_flat *a, const yg_flat *b, yg_error *error) {
    char found[YG_TYPE_TEXT];
    for (size_t i = 0; i < a->metric_count; i++)
        if (!yg_type_equal(&a->metrics[i].type, &b->metrics[i].type))
            return yg_fail(
                error, YG_ERROR_SHAPE, a->metrics[i].origin,
                "metric '%s': one number, or a table of a fixed shape, is expected, but "
                "the shape follows the batch: found %s for 2 examples; mean(…) makes one "
                "number of many",
                a->metrics[i].name, yg_type_text(&a->metrics[i].type, found));
    return true;
}

/* Only training has updates. And only when all gradients that it asks for are known can a model be
 * built with them. So a model with either is built again as it will be. */
static bool try(const yg_model *model, const yg_flat *flat, yg_error *error) {
    const bool gradients = flat->anchors.count > 0;
    return (!gradients || yg_try_model(model, flat, 4, false, error)) &&
           ((!gradients && flat->update_count == 0) || yg_try_model(model, flat, 4, true, error));
}

/* Expands the model twice, for two batch sizes, once for training and once not. Both must succeed
 * and have the same parameters. */
static bool expand(yg_model *model, yg_error *error) {
    yg_pool *pool = yg_pool_new();
    yg_flat second = {0};
    yg_flat *flat = yg_pool_take(model->pool, sizeof *flat);
    const bool good = pool && flat
                          ? yg_expand_model(model, model->pool, 2, true, NULL, flat, error) &&
                                yg_expand_model(model, pool, 4, false, flat, &second, error) &&
                                same_parameters(flat, &second, error) &&
                                same_metrics(flat, &second, error)
                          : yg_fail_memory(error);
    yg_pool_free(pool);
    model->flat = flat;
    if (!good)
        return false;
    if (!yg_prune(model, flat) || !yg_find_anchors(flat, model, model->pool))
        return yg_fail_memory(error);
    return try(model, flat, error);
}

/* Reads the one or two files, and puts in what the command line sets. */
static bool read_files(yg_model *model, const yg_model_options *options, yg_error *error) {
    const size_t count = sizeof sections / sizeof *sections;
    model->root = yg_model_read(model, model->path, error);
    if (!model->root || !yg_value_check_keys(model->root, "a model file", sections, count, error) ||
        !yg_read_format(model->root, error))
        return false;
    if (options && options->run_path && !read_run_file(model, options->run_path, error))
        return false;
    for (size_t i = 0; options && i < options->override_count; i++)
        if (!yg_override_value(model, options->overrides[i], sections, count, error))
            return false;
    return true;
}

static bool load(yg_model *model, const yg_model_options *options, yg_error *error) {
    if (!read_files(model, options, error) || !read_sections(model, model->root, error))
        return false;
    /* A misspelt name is unknown where it is used, and leaves the right one unused. The first error
     * says more, so unused names are checked last. */
    return yg_resolve_ports(model, error) && yg_resolve_units(model, error) &&
           yg_resolve_sections(model, error) &&
           (!options || yg_replace_data_paths(model, options->data, options->data_count, error)) &&
           expand(model, error) && yg_read_schedule(model, error) &&
           yg_check_names_used(model, error);
}

yg_model *yg_model_load(const char *path, const yg_model_options *options, yg_error *error) {
    yg_pool *pool = yg_pool_new();
    yg_model *model = pool ? yg_pool_take(pool, sizeof *model) : NULL;
    if (!model) {
        yg_pool_free(pool);
        yg_fail_memory(error);
        return NULL;
    }
    model->pool = pool;
    model->ops = options && options->ops ? options->ops : yg_ops();
    model->path = yg_pool_text(pool, path);
    model->folder = yg_folder_of(pool, path);
    model->library.path = model->path;
    model->library.folder = model->folder;
    yg_error failure = {0};
    if (!model->path || !model->folder || !load(model, options, &failure)) {
        if (failure.code == YG_OK)
            yg_fail_memory(&failure);
        yg_fail_as(error, &failure);
        yg_model_free(model);
        return NULL;
    }
    return model;
}

void yg_model_free(yg_model *model) {
    if (!model)
        return;
    for (size_t i = 0; i < model->document_count; i++)
        yg_document_free(model->documents[i]);
    yg_pool_free(model->pool);
}
