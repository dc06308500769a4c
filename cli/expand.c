/*
 * yamlgrad expand: the model in operators only.
 */
#include "commands.h"
#include "session.h"
#include "terminal.h"

#include <stdlib.h>

static int run(const command_line *line) {
    session session;
    if (!session_open(line, operand(line, 1), &session))
        return STATUS_FAILED;
    yg_error error = {0};
    char *text = yg_model_expand(session.model, &error);
    int status = STATUS_OK;
    if (text)
        terminal_data(text);
    else
        status = session_fail(&error);
    free(text);
    session_close(&session);
    return status;
}

static const option_spec options[] = {OPTION_SET, OPTION_PLUGIN};

const command command_expand = {
    .name = "expand",
    .operands = "MODEL [RUN.yaml]",
    .summary = "the model in operators only, as a model file",
    .details = "Prints the same model with every layer replaced by what it is made of.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
