/*
 * yamlgrad layers: describes the built-in layers.
 */
#include "../models/model.h"
#include "definitions.h"
#include "session.h"

static int run(const command_line *line) {
    static const shelf layers = {"layer", "layers", yg_layer_count, yg_layer_name, yg_layer_text};
    return definitions_run(&layers, line);
}

static const option_spec options[] = {OPTION_JSON};

const command command_layers = {
    .name = "layers",
    .operands = "[NAME]",
    .summary = "list the layer types, or tell about one",
    .details = "Lists the layers that a model file can use by `type:`, or tells of one what it\n"
               "computes, its arguments, and the YAML that it is made of.\n",
    .max_operands = 1,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
