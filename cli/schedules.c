/*
 * yamlgrad schedules: describes the built-in schedules.
 */
#include "../models/model.h"
#include "definitions.h"
#include "session.h"

static int run(const command_line *line) {
    static const shelf schedules = {"schedule", "schedules", yg_schedule_count, yg_schedule_name,
                                    yg_schedule_text};
    return definitions_run(&schedules, line);
}

static const option_spec options[] = {OPTION_JSON};

const command command_schedules = {
    .name = "schedules",
    .operands = "[NAME]",
    .summary = "list the learning rate schedules, or tell about one",
    .details = "Lists the schedules that `train:` can use by `schedule:`, or tells of one its\n"
               "formula, its arguments, and the YAML that it is made of.\n",
    .max_operands = 1,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
