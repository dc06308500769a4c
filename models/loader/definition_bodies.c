/*
 * Reads the bodies of layer types. All heads are known by then, so a body may use any type. A type
 * that contains itself, directly or through others, is an error.
 */
#include "definitions.h"
#include "outputs.h"
#include "read.h"
#include "statements.h"

#include <string.h>

/* Reads `losses: {kl: expression}`. Each name becomes a metric of the model. */
static bool read_losses(yg_model *model, const yg_value *value, yg_body *body, yg_error *error) {
    if (!value)
        return true;
    if (!yg_read_outputs(model, value, "`losses`", false, &body->losses, &body->loss_count,
                         error) ||
        !yg_refuse_units(body->losses, body->loss_count, "a term of the loss", error))
        return false;
    for (size_t i = 0; i < body->loss_count; i++)
        if (strcmp(body->losses[i].name, "loss") == 0)
            return yg_fail(error, YG_ERROR_NAME, body->losses[i].origin,
                           "`losses`: a term cannot be called 'loss', which is the model's own");
    return true;
}

static bool read_body(yg_model *model, yg_definition *definition, yg_error *error) {
    const yg_value *value = definition->value;
    yg_body *body = &definition->body;
    return yg_read_params(model, value, body, error) &&
           yg_read_graph(model, yg_value_get(value, "graph"), definition->library, definition, body,
                         error) &&
           yg_read_outputs(model, yg_value_get(value, "outputs"), "`outputs`", true, &body->outputs,
                           &body->output_count, error) &&
           yg_refuse_units(body->outputs, body->output_count, "a layer type", error) &&
           read_losses(model, yg_value_get(value, "losses"), body, error);
}

/* ------------------------------------------------------------------------------------ cycles -- */

static bool find_height(yg_definition *definition, int depth, yg_error *error);

static bool height_of_use(const yg_layer_use *use, int depth, int *height, yg_error *error) {
    if (use->definition) {
        if (use->definition->height < 0) {
            return yg_fail(error, YG_ERROR_NAME, use->origin,
                           "layer type '%s' holds itself: a definition may use other layer types, "
                           "but not, directly or through them, its own",
                           use->type);
        }
        /* The model owns its definitions; nodes only see them as constants. */
        if (!find_height((yg_definition *)use->definition, depth + 1, error))
            return false;
        *height = use->definition->height > *height ? use->definition->height : *height;
        for (size_t k = 0; k < use->definition->argument_count; k++) {
            for (size_t i = 0; i < use->arguments[k].layer_count; i++)
                if (!height_of_use(use->arguments[k].layers[i], depth, height, error))
                    return false;
        }
    }
    return true;
}

static bool height_of_body(const yg_body *body, int depth, int *height, yg_error *error) {
    for (size_t i = 0; i < body->statement_count; i++) {
        const yg_statement *statement = &body->statements[i];
        if ((statement->layer && !height_of_use(statement->layer, depth, height, error)) ||
            (statement->scan && !height_of_body(&statement->scan->body, depth, height, error)))
            return false;
    }
    return true;
}

static bool find_height(yg_definition *definition, int depth, yg_error *error) {
    if (definition->height > 0)
        return true;
    if (depth > YG_NESTING_CAP) {
        return yg_fail(error, YG_ERROR_ARGUMENT, definition->origin,
                       "layer types stand in one another more than %d deep", YG_NESTING_CAP);
    }
    definition->height = -1;
    int height = 0;
    if (!height_of_body(&definition->body, depth, &height, error))
        return false;
    definition->height = height + 1;
    return true;
}

bool yg_finish_definitions(yg_model *model, yg_error *error) {
    /* Reading a body may append built-in types that it uses to the list. */
    for (size_t i = 0; i < model->definition_count; i++)
        if (!model->definitions[i]->rate && !read_body(model, model->definitions[i], error))
            return false;
    for (size_t i = 0; i < model->definition_count; i++)
        if (!find_height(model->definitions[i], 0, error))
            return false;
    return true;
}
