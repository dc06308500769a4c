/*
 * yamlgrad check: checks that a model file is valid, and that its gradients are right.
 */
#include "../train/gradients.h"
#include "commands.h"
#include "json.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <string.h>

static void print_checks(const yg_gradient_checks *checks) {
    static const char *const headers[] = {"parameter", "compared", "worst difference", "result"};
    table table = {.columns = 4, .headers = headers, .align = "lrrl"};
    for (size_t i = 0; i < checks->count; i++) {
        const yg_gradient_check *check = &checks->parameters[i];
        table_add(&table, "%s", check->name);
        table_add(&table, "%lld of %lld", (long long)check->compared, (long long)check->elements);
        table_add(&table, "%.1e", check->worst);
        if (!check->passed || check->kinks == 0)
            table_add(&table, "%s", check->passed ? "agrees" : "DISAGREES");
        else
            table_add(&table, "agrees, %lld at a kink", (long long)check->kinks);
    }
    table_print(&table, stdout, 0);
}

static void report(const yg_gradient_check *check) {
    yg_error error = {0};
    yg_fail(&error, YG_ERROR_GRADIENT,
            (yg_origin){.file = check->file, .line = check->line, .column = check->column},
            "the gradient of %s disagrees with central differences: element %lld is %.12g, the "
            "difference quotient %.12g",
            check->name, (long long)check->worst_index, check->gradient, check->difference);
    terminal_report(&error);
}

static json_t *json_of_checks(const yg_gradient_checks *checks) {
    json_t *list = json_array();
    for (size_t i = 0; i < checks->count; i++) {
        const yg_gradient_check *check = &checks->parameters[i];
        json_array_append_new(
            list, json_pack("{s:s, s:b, s:I, s:I, s:I, s:o}", "name", check->name, "passed",
                            (int)check->passed, "compared", (json_int_t)check->compared, "elements",
                            (json_int_t)check->elements, "kinks", (json_int_t)check->kinks, "worst",
                            json_of_number(check->worst)));
    }
    return json_pack("{s:b, s:I, s:b, s:o, s:o}", "passed", (int)checks->passed, "examples",
                     (json_int_t)checks->examples, "random_data", (int)checks->random_data, "loss",
                     json_of_number(checks->loss), "parameters", list);
}

static int show(const command_line *line, const yg_model *model, const yg_gradient_checks *checks) {
    if (option_given(line, "json")) {
        json_print(json_of_checks(checks), YG_F64);
    } else if (!checks->has_loss) {
        terminal_print(stdout, "%s: valid; without a `loss:` there are no gradients to check\n",
                       yg_model_path(model));
    } else {
        print_checks(checks);
        terminal_print(stdout,
                       "%s: valid; %zu gradients checked in float64 on %lld %s, loss %.6g\n",
                       yg_model_path(model), checks->count, (long long)checks->examples,
                       checks->random_data ? "random examples" : "training examples", checks->loss);
    }
    fflush(stdout);
    for (size_t i = 0; i < checks->count; i++)
        if (!checks->parameters[i].passed)
            report(&checks->parameters[i]);
    return checks->passed ? STATUS_OK : STATUS_FAILED;
}

static int run(const command_line *line) {
    session session;
    if (!session_open(line, operand(line, 1), &session))
        return STATUS_FAILED;
    const yg_gradients_options options = {
        .weights = option_text(line, "weights"),
        .has_seed = option_given(line, "seed"),
        .seed = (uint64_t)option_int(line, "seed", 0),
        .threads = (int)option_int(line, "threads", 0),
        .elements = option_int(line, "elements", 0),
    };
    yg_error error = {0};
    yg_gradient_checks checks = {0};
    int status = STATUS_FAILED;
    if (yg_check_gradients(session.model, &options, &checks, &error)) {
        status = show(line, session.model, &checks);
        yg_gradient_checks_free(&checks);
    } else {
        session_fail(&error);
    }
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    OPTION_AT_WEIGHTS,
    OPTION_INITIAL_SEED,
    {.name = "elements",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "compare at most N elements of each parameter (default: 64)",
     .min = 1,
     .max = 1e15},
    OPTION_THREADS,
    OPTION_SET,
    OPTION_PLUGIN,
    OPTION_JSON,
};

const command command_check = {
    .name = "check",
    .operands = "MODEL [RUN.yaml]",
    .summary = "is the file valid, are its gradients right",
    .details =
        "Reads the model, and compares the gradient of every parameter with central differences\n"
        "in float64. Where one disagrees, its line in the file is shown, and the status is 1.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
