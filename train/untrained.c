/*
 * The weights of a model that has nothing to train: see untrained.h.
 */
#include "untrained.h"

#include "../data/data.h"
#include "../data/encoding_file.h"
#include "../models/loader/flat.h"

bool yg_model_is_untrained(const yg_model *model) {
    return model->flat->param_names.count == 0;
}

bool yg_untrained_refuse(const yg_model *model, yg_error *error) {
    const yg_value *loss = yg_model_section(model, "loss");
    return yg_fail(
        error, YG_ERROR_GRADIENT, loss ? loss->origin : (yg_origin){yg_model_path(model), 0, 0},
        "the model has no parameters, so there is nothing to train; `eval` and `predict` "
        "use it as it is");
}

bool yg_untrained_weights(const yg_model *model, yg_tensor_file *file, yg_error *error) {
    const yg_value *section = yg_model_section(model, "data");
    yg_data data = {0};
    *file = (yg_tensor_file){0};
    if (!section || section->kind != YG_MAPPING || !yg_value_get(section, "train"))
        return true;
    const bool good = yg_data_load(model, YG_F64, &data, error) &&
                      yg_encoding_save(model, &data.encoding, file, error);
    yg_data_free(&data);
    if (!good)
        yg_tensor_file_free(file);
    return good;
}
