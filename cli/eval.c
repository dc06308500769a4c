/*
 * yamlgrad eval: loss and metrics of trained weights.
 */
#include "../train/evaluate.h"
#include "commands.h"
#include "json.h"
#include "note_batches.h"
#include "score_table.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

static json_t *json_of_scores(const yg_scores *scores, const char *split) {
    json_t *all = json_object(), *metrics = json_object();
    for (size_t i = 0; i < scores->count; i++)
        json_set(&metrics, scores->metrics[i].name, json_of_score(&scores->metrics[i]));
    json_set(&all, "data", json_string(split));
    json_set(&all, "examples", json_integer((json_int_t)scores->examples));
    json_set(&all, "loss", json_of_number(scores->loss));
    json_set(&all, "metrics", metrics);
    return all;
}

static int print(const command_line *line, const yg_scores *scores, const char *split) {
    note_batches(scores);
    if (option_given(line, "json"))
        return json_print(json_of_scores(scores, split), YG_F64);
    terminal_print(stdout, "data      %s\nexamples  %lld\nloss      %.6g\n", split,
                   (long long)scores->examples, number_shown(scores->loss));
    for (size_t i = 0; i < scores->count; i++)
        if (!scores->metrics[i].table) {
            char text[SCORE_TEXT];
            terminal_print(stdout, "%-9s %s\n", scores->metrics[i].name,
                           score_text(scores->metrics[i].value, 6, text));
        }
    score_tables_print(scores, NULL, stdout);
    return STATUS_OK;
}

/* `--data` is given with the name of a split, or a file, to evaluate on; `data` is that. */
static int evaluate(const command_line *line, const yg_model *model, const char *data) {
    const bool split_given = data && (strcmp(data, "train") == 0 ||
                                      strcmp(data, "validation") == 0 || strcmp(data, "test") == 0);
    yg_error error = {0}, not_finite = {0};
    const yg_evaluate_options options = {
        .weights = option_text(line, "weights"),
        .split = split_given ? data : NULL,
        .csv = split_given ? NULL : data,
        .batch_size = option_int(line, "batch-size", 0),
        .dtype = session_dtype(line),
        .threads = (int)option_int(line, "threads", 0),
        .not_finite = &not_finite,
    };
    yg_scores scores = {0};
    const char *split = "";
    if (!yg_evaluate(model, &options, &scores, &split, &error))
        return session_fail(&error);
    score_undefined_note(model, &scores, NULL);
    const int status = print(line, &scores, split);
    yg_scores_free(&scores);
    return not_finite.code == YG_OK ? status : session_fail(&not_finite);
}

/* Whether a value of --data is NAME=FILE. A path with '=' in it can be given as ./a=b.csv. */
static bool names_file(const char *text) {
    const size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_.");
    return name > 0 && text[0] != '.' && text[name] == '=';
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
    size_t count = 0, given = 0;
    const char *const *texts = option_texts(line, "data", &given);
    const char **files = calloc(given + 1, sizeof *files), *data = NULL;
    if (!files) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < given; i++)
        if (names_file(texts[i]))
            files[count++] = texts[i];
        else
            data = texts[i];
    int status = STATUS_FAILED;
    if (session_open_on(line, run_path, files, count, &session)) {
        status = evaluate(line, session.model, data);
        session_close(&session);
    }
    free(files);
    return status;
}

static const option_spec options[] = {
    OPTION_WEIGHTS,
    {.name = "data",
     .letter = 'd',
     .kind = OPTION_TEXTS,
     .argument = "PART|FILE",
     .doc = "train, validation, test, or a table to evaluate on (default: test, if there is one); "
            "or NAME=FILE: another file for a part, or for an input in arrays (repeatable)"},
    {.name = "batch-size",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "examples at a time (default: `batch_size` of `train:`)",
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
        "Evaluates trained weights on a part of the model's data, or on a table with the\n"
        "columns that the model was trained on. A loss that is not a finite number is an error.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
