/*
 * yamlgrad layers: describes the built-in layers.
 */
#include "../models/model.h"
#include "definitions.h"
#include "session.h"
#include "terminal.h"

static int run(const command_line *line) {
    static const shelf layers = {"layer", "layers", yg_layer_count, yg_layer_name, yg_layer_text};
    if (!option_given(line, "markdown"))
        return definitions_run(&layers, line);
    if (!operand(line, 0))
        return definitions_page(&layers);
    terminal_error("--markdown prints the page of all layers: leave out '%s'", operand(line, 0));
    return STATUS_USAGE;
}

static const option_spec options[] = {OPTION_MARKDOWN, OPTION_JSON};

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
