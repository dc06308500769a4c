/*
 * The public functions that return parts of a model (model.h).
 */
#include "flat.h"

#include <string.h>

const char *yg_model_name(const yg_model *model) {
    return model->name;
}

const char *yg_model_doc(const yg_model *model) {
    return model->doc;
}

const char *yg_model_path(const yg_model *model) {
    return model->path;
}

const yg_value *yg_model_section(const yg_model *model, const char *key) {
    if (model->data && strcmp(key, "data") == 0)
        return model->data;
    if (model->train && strcmp(key, "train") == 0)
        return model->train;
    const yg_value *section = yg_value_get(model->root, key);
    return !section && model->run_root ? yg_value_get(model->run_root, key) : section;
}

const char *yg_model_folder(const yg_model *model, const char *key) {
    const bool here =
        yg_value_get(model->root, key) || !model->run_root || !yg_value_get(model->run_root, key);
    return here ? model->folder : model->run_folder;
}

const yg_override *yg_model_overrides(const yg_model *model, size_t *count) {
    *count = model->override_count;
    return model->overrides;
}

bool yg_model_var_is_idle(const yg_model *model, const char *name) {
    for (size_t i = 0; i < model->var_count; i++)
        if (strcmp(model->vars[i].name, name) == 0)
            return model->vars[i].idle;
    return false;
}

size_t yg_model_port_count(const yg_model *model) {
    return model->port_count;
}

const yg_port *yg_model_port(const yg_model *model, size_t index) {
    return index < model->port_count ? &model->ports[index] : NULL;
}

size_t yg_model_find_port(const yg_model *model, const char *name) {
    for (size_t p = 0; p < model->port_count; p++)
        if (strcmp(model->ports[p].name, name) == 0)
            return p;
    return SIZE_MAX;
}

size_t yg_model_output_count(const yg_model *model) {
    return model->body.output_count;
}

yg_model_output yg_model_get_output(const yg_model *model, size_t index) {
    const yg_output_spec *output = &model->body.outputs[index];
    return (yg_model_output){.name = output->name, .units = output->units};
}

size_t yg_model_metric_count(const yg_model *model) {
    return model->flat->metric_count;
}

const char *yg_model_metric(const yg_model *model, size_t index) {
    return model->flat->metrics[index].name;
}

yg_metric yg_model_get_metric(const yg_model *model, size_t index) {
    const yg_output_spec *spec = &model->flat->metrics[index];
    const bool call = spec->value->kind == YG_EXPRESSION_CALL && !spec->value->infix;
    const yg_op *op = call ? yg_op_find(model->ops, spec->value->text) : NULL;
    return (yg_metric){.name = spec->name,
                       .function = op ? op->name : NULL,
                       .units = spec->units,
                       .join = spec->join,
                       .origin = spec->origin};
}
