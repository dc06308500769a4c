/*
 * yamlgrad check: checks that a model file is valid, and that its gradients are right.
 */
#include "../train/gradients.h"
#include "advice.h"
#include "commands.h"
#include "json.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <string.h>

static void print_checks(const yg_gradient_checks *checks) {
    static const char *const headers[] = {"parameter", "compared", "worst difference", "result"};
    table table = {.columns = 4, .headers = headers, .align = "lrrl"};
    int64_t kinks = 0, stopped = 0;
    for (size_t i = 0; i < checks->count; i++) {
        const yg_gradient_check *check = &checks->parameters[i];
        table_add(&table, "%s", check->name);
        table_add(&table, "%lld of %lld", (long long)check->compared, (long long)check->elements);
        if (check->compared > 0)
            table_add(&table, "%.1e", check->worst);
        else
            table_add(&table, "%s", "");
        const bool none = check->compared == 0 && check->elements > 0;
        const char *result = !check->passed ? "DISAGREES" : none ? "not compared" : "agrees";
        if (check->kinks + check->stopped == 0)
            table_add(&table, "%s", result);
        else
            table_add(&table, "%s; %lld left out", result,
                      (long long)check->kinks + (long long)check->stopped);
        kinks += check->kinks;
        stopped += check->stopped;
    }
    table_print(&table, stdout, 0);
    if (kinks > 0)
        terminal_print(stdout,
                       "%lld left out: the loss has a kink there, as relu has at 0, so that no "
                       "difference can\ntell. At a point nearby the gradient agrees.\n",
                       (long long)kinks);
    if (stopped > 0)
        terminal_print(stdout,
                       "%lld left out: what they change passes a stop_gradient, or a truncated "
                       "scan, and\ndifferences have the part of the derivative that is stopped "
                       "there.\n",
                       (long long)stopped);
}

static void report(const yg_gradient_check *check) {
    yg_error error = {0};
    yg_fail(&error, YG_ERROR_GRADIENT,
            (yg_origin){.file = check->file, .line = check->line, .column = check->column},
            "the gradient of %s disagrees with central differences: element %lld is %.12g%s, the "
            "difference quotient %.12g",
            check->name, (long long)check->worst_index, check->gradient,
            check->nearby ? " at a point nearby" : "", check->difference);
    terminal_report(&error);
}

static json_t *json_of_checks(const yg_gradient_checks *checks) {
    json_t *list = json_array();
    for (size_t i = 0; i < checks->count; i++) {
        const yg_gradient_check *check = &checks->parameters[i];
        json_array_append_new(
            list,
            json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "name", check->name, "passed",
                      (int)check->passed, "compared", (json_int_t)check->compared, "elements",
                      (json_int_t)check->elements, "kinks", (json_int_t)check->kinks, "stopped",
                      (json_int_t)check->stopped, "worst", json_of_number(check->worst)));
    }
    return json_pack("{s:b, s:I, s:b, s:b, s:o, s:o}", "passed", (int)checks->passed, "examples",
                     (json_int_t)checks->examples, "random_data", (int)checks->random_data,
                     "random_loss", (int)!checks->has_loss, "loss", json_of_number(checks->loss),
                     "parameters", list);
}

static int show(const command_line *line, const yg_model *model, const yg_gradient_checks *checks) {
    advice_print(checks->advice);
    if (option_given(line, "json")) {
        json_print(json_of_checks(checks), YG_F64);
    } else if (checks->count == 0) {
        terminal_print(stdout, "%s: valid; there are no trainable parameters to check\n",
                       yg_model_path(model));
    } else {
        print_checks(checks);
        terminal_print(stdout, "%s: valid; %zu gradients checked in float64 on %lld %s, ",
                       yg_model_path(model), checks->count, (long long)checks->examples,
                       checks->random_data ? "random examples" : "training examples");
        if (checks->has_loss)
            terminal_print(stdout, "loss %.6g\n", checks->loss);
        else
            terminal_print(stdout, "loss: the outputs times random numbers\n");
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
        .training = option_given(line, "training"),
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
     .doc = "compare at most N elements of each parameter (default: 64 or fewer)",
     .min = 1,
     .max = 1e15},
    {.name = "training",
     .kind = OPTION_FLAG,
     .doc = "compute as the first training step does: dropout drops"},
    OPTION_THREADS,
    OPTION_SET,
    OPTION_DATA,
    OPTION_PLUGIN,
    OPTION_JSON,
};

const command command_check = {
    .name = "check",
    .operands = "MODEL [RUN.yaml]",
    .summary = "is the file valid, are its gradients right",
    .details =
        "Refuses what `train` would refuse before its first step. Then compares the gradient of\n"
        "every parameter with central differences in float64. Where one disagrees, its line in the "
        "file is shown, and the status is 1.\n"
        "A large parameter is compared in a sample of its elements, by default 64, and fewer if\n"
        "there are more than 16 parameters. Elements at a kink of the loss are left out.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
