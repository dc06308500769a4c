/*
 * yamlgrad eval: loss and metrics of trained weights.
 */
#include "../train/evaluate.h"
#include "commands.h"
#include "json.h"
#include "session.h"
#include "terminal.h"

#include <string.h>

static json_t *json_of_scores(const yg_scores *scores, const char *split) {
    json_t *metrics = json_object();
    for (size_t i = 0; i < scores->count; i++)
        json_object_set_new(metrics, scores->metrics[i].name,
                            json_of_number(scores->metrics[i].value));
    return json_pack("{s:s, s:I, s:o, s:o}", "data", split, "examples",
                     (json_int_t)scores->examples, "loss", json_of_number(scores->loss), "metrics",
                     metrics);
}

static void note_batches(const char *name) {
    terminal_say("note: %s mixes examples, and there is no memory for all of them in one batch; it "
                 "is a mean over batches, which depends on their size",
                 name);
}

static int print(const command_line *line, const yg_scores *scores, const char *split) {
    if (scores->loss_of_batches)
        note_batches("the loss");
    for (size_t i = 0; i < scores->count; i++)
        if (scores->metrics[i].of_batches)
            note_batches(scores->metrics[i].name);
    if (option_given(line, "json"))
        return json_print(json_of_scores(scores, split), YG_F64);
    terminal_print(stdout, "data      %s\nexamples  %lld\nloss      %.6g\n", split,
                   (long long)scores->examples, scores->loss);
    for (size_t i = 0; i < scores->count; i++)
        terminal_print(stdout, "%-9s %.6g\n", scores->metrics[i].name, scores->metrics[i].value);
    return STATUS_OK;
}

static int evaluate(const command_line *line, const yg_model *model) {
    /* The name of a split, or else a file. */
    const char *data = option_text(line, "data");
    const bool split_given = data && (strcmp(data, "train") == 0 ||
                                      strcmp(data, "validation") == 0 || strcmp(data, "test") == 0);
    const yg_evaluate_options options = {
        .weights = option_text(line, "weights"),
        .split = split_given ? data : NULL,
        .csv = split_given ? NULL : data,
        .batch_size = option_int(line, "batch-size", 0),
        .dtype = session_dtype(line),
        .threads = (int)option_int(line, "threads", 0),
    };
    yg_error error = {0};
    yg_scores scores = {0};
    const char *split = "";
    if (!yg_evaluate(model, &options, &scores, &split, &error))
        return session_fail(&error);
    const int status = print(line, &scores, split);
    yg_scores_free(&scores);
    return status;
}

static int run(const command_line *line) {
    session session;
    const char *run_path = operand(line, 1);
    const char *ending = run_path ? strrchr(run_path, '.') : NULL;
    if (ending && (strcmp(ending, ".csv") == 0 || strcmp(ending, ".tsv") == 0)) {
        terminal_error("'%s' is not a run file; to evaluate on it, write --data %s", run_path,
                       run_path);
        return STATUS_USAGE;
    }
    if (!session_open(line, run_path, &session))
        return STATUS_FAILED;
    const int status = evaluate(line, session.model);
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    OPTION_WEIGHTS,
    {.name = "data",
     .letter = 'd',
     .kind = OPTION_TEXT,
     .argument = "PART|FILE",
     .doc = "train, validation, test, or a CSV file (default: test, if there is one)"},
    {.name = "batch-size",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "examples at a time (default: 256)",
     .min = 1,
     .max = 1e9},
    OPTION_DTYPE,
    OPTION_THREADS,
    OPTION_SET,
    OPTION_PLUGIN,
    OPTION_JSON,
};

const command command_eval = {
    .name = "eval",
    .operands = "MODEL [RUN.yaml]",
    .summary = "loss and metrics of trained weights",
    .details =
        "Evaluates trained weights on a part of the model's data, or on a CSV file with the\n"
        "columns that the model was trained on.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
