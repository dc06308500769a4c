/*
 * yamlgrad grad: the loss and the gradient of every parameter, as JSON.
 */
#include "../train/gradients.h"
#include "commands.h"
#include "json.h"
#include "session.h"

static json_t *json_of_gradients(const yg_gradients *gradients) {
    json_t *all = json_object();
    for (size_t i = 0; i < gradients->count; i++) {
        const yg_parameter_gradient *parameter = &gradients->parameters[i];
        json_t *tensor = json_of_tensor(&parameter->type, parameter->data);
        if (json_object_set_new(all, parameter->name, tensor) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return json_pack("{s:o, s:o}", "loss", json_of_number(gradients->loss), "gradients", all);
}

static int run(const command_line *line) {
    session session;
    if (!session_open(line, operand(line, 1), &session))
        return STATUS_FAILED;
    const yg_gradients_options options = {
        .weights = option_text(line, "weights"),
        .has_seed = option_given(line, "seed"),
        .seed = (uint64_t)option_int(line, "seed", 0),
        .dtype = session_dtype(line),
        .threads = (int)option_int(line, "threads", 0),
        .training = option_given(line, "training"),
    };
    yg_error error = {0};
    yg_gradients gradients = {0};
    int status = STATUS_FAILED;
    if (yg_loss_gradients(session.model, &options, &gradients, &error)) {
        const yg_dtype dtype = gradients.count > 0 ? gradients.parameters[0].type.dtype : YG_F64;
        status = json_print(json_of_gradients(&gradients), dtype);
        yg_gradients_free(&gradients);
    } else {
        session_fail(&error);
    }
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    OPTION_AT_WEIGHTS,
    OPTION_INITIAL_SEED,
    {.name = "training",
     .kind = OPTION_FLAG,
     .doc = "compute as the first training step does: dropout drops"},
    OPTION_DTYPE,
    OPTION_THREADS,
    OPTION_SET,
    OPTION_DATA,
    OPTION_PLUGIN,
};

const command command_grad = {
    .name = "grad",
    .operands = "MODEL [RUN.yaml]",
    .summary = "loss and gradients of every parameter, as JSON",
    .details = "Prints one JSON object, {\"loss\": …, \"gradients\": {\"a1.weight\": [[…]]}}: on "
               "the model's\n"
               "training data as one batch. Numbers are exact (17 digits in f64, 9 in f32). The\n"
               "network computes as in evaluation; with --training, as in the first training "
               "step.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
