/*
 * yamlgrad train: trains a model, shows how it goes, and says where the results are.
 */
#include "../graph/text.h"
#include "../train/run_folder.h"
#include "../train/units.h"
#include "../train/weights.h"
#include "commands.h"
#include "events.h"
#include "interrupt.h"
#include "memory.h"
#include "note_batches.h"
#include "processes.h"
#include "progress.h"
#include "report.h"
#include "score_table.h"
#include "session.h"
#include "shell_word.h"
#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

static void print_scores(const char *part, int64_t examples, const yg_scores *scores) {
    char *text = text_of_scores(scores);
    terminal_say("  %-12s %s  (%lld examples)", part, text != NULL ? text : "",
                 (long long)examples);
    free(text);
}

static void print_word(const char *word) {
    char *text = shell_word(word);
    terminal_print(stderr, "%s", text ? text : word);
    free(text);
}

static void print_option(const char *option, const char *text) {
    terminal_print(stderr, " --%s ", option);
    print_word(text);
}

static void print_given(const command_line *line, const char *option) {
    if (option_given(line, option))
        print_option(option, option_text(line, option));
}

static void print_repeated(const command_line *line, const char *option) {
    size_t count = 0;
    const char *const *texts = option_texts(line, option, &count);
    for (size_t i = 0; i < count; i++)
        print_option(option, texts[i]);
}

/* The weights of the run, where they are not those that are found without the option. */
static void print_weights(const yg_model *model, const yg_train_result *result) {
    char *own = yg_run_path(result->folder, YG_RUN_WEIGHTS, NULL);
    char *found = yg_weights_path(model, NULL);
    if (own != NULL && (found == NULL || strcmp(own, found) != 0))
        print_option("weights", own);
    free(own);
    free(found);
}

/* Suggests the next command, with the options that it needs. */
static void print_next(const yg_model *model, const yg_train_result *result,
                       const command_line *line) {
    static const char *const run_options[] = {"out", "epochs", "steps", "batch-size", "lr", "seed"};
    terminal_print(stderr, "%s ", result->interrupted ? "go on:  " : "next:   ");
    print_word(line->program);
    terminal_print(stderr, result->interrupted ? " train" : " eval");
    for (size_t i = 0; i < line->operand_count; i++) {
        terminal_print(stderr, " ");
        print_word(line->operands[i]);
    }
    if (result->interrupted) {
        terminal_print(stderr, " --resume");
        for (size_t i = 0; i < sizeof run_options / sizeof *run_options; i++)
            print_given(line, run_options[i]);
    } else {
        print_weights(model, result);
    }
    print_given(line, "dtype");
    print_repeated(line, "set");
    print_repeated(line, "data");
    print_repeated(line, "plugin");
    terminal_print(stderr, "\n");
}

static bool is_reported(const command_line *line, const yg_train_result *result) {
    const bool idle = result->interrupted && result->new_steps == 0;
    return !idle && !option_given(line, "no-report");
}

static const char *status_text(const yg_train_result *result) {
    return result->interrupted      ? "interrupted"
           : result->new_steps == 0 ? "nothing left to train"
           : result->stopped_early  ? "stopped early"
                                    : "trained";
}

/* The tables of the part that tells most of the weights. */
static void print_tables(const yg_train_result *result) {
    if (result->has_test)
        score_tables_print(&result->test, "test", stderr);
    else if (result->has_validation)
        score_tables_print(&result->validation, "validation", stderr);
    else if (result->training.examples > 0)
        score_tables_print(&result->training, "train", stderr);
}

/* All are of one epoch. */
static void print_all_scores(const yg_train_result *result) {
    if (result->scored)
        terminal_say("scores at the kept weights, of epoch %lld:", (long long)result->best_epoch);
    else if (result->best_epoch > 0 && result->training.examples > 0)
        terminal_say("scores of epoch %lld:", (long long)result->best_epoch);
    if (result->training.examples > 0) /* 0: no epoch was finished */
        print_scores("train", result->train_examples, &result->training);
    if (result->has_validation)
        print_scores("validation", result->validation_examples, &result->validation);
    if (result->has_test)
        print_scores("test", result->test_examples, &result->test);
}

static void print_undefined(const yg_model *model, const yg_train_result *result) {
    if (result->training.examples > 0)
        score_undefined_note(model, &result->training, "train");
    if (result->has_validation)
        score_undefined_note(model, &result->validation, "validation");
    if (result->has_test)
        score_undefined_note(model, &result->test, "test");
}

/* Of a run with `keep: last` no epoch is the best: the last one is kept. */
static bool keeps_last(const yg_model *model) {
    const yg_value *train = yg_model_section(model, "train");
    const yg_value *keep = train ? yg_value_get(train, "keep") : NULL;
    return keep && keep->kind == YG_SCALAR && strcmp(keep->text, "last") == 0;
}

static void print_result(const yg_model *model, const yg_train_result *result,
                         const command_line *line) {
    char seconds[32];
    char parameters[32];
    char memory[MEMORY_TEXT];
    const char *peak = memory_peak_text(memory);
    terminal_start(stderr, STYLE_BOLD);
    terminal_print(stderr, "%s", status_text(result));
    terminal_stop(stderr);
    terminal_say(" after epoch %lld, %lld steps, %s; %s parameters; %s epoch %lld%s%s",
                 (long long)result->epochs, (long long)result->steps,
                 text_of_seconds(result->seconds, seconds),
                 text_of_count((double)result->parameters, parameters),
                 keeps_last(model) ? "kept" : "best", (long long)result->best_epoch,
                 peak ? "; peak memory " : "", peak ? peak : "");
    print_all_scores(result);
    print_undefined(model, result);
    print_tables(result);
    for (size_t i = 0; i < result->training.count; i++)
        if (result->training.metrics[i].of_batches)
            terminal_say("note: train.%s is a mean over batches, which depends on their size: the "
                         "metric compares examples with each other, and what it needs of all takes "
                         "more than `memory` of `data`, or cannot be kept; `join` says how to join "
                         "it",
                         result->training.metrics[i].name);
    if (result->has_test || result->has_validation)
        note_batches(result->has_test ? &result->test : &result->validation);
    for (size_t i = 0; i < result->unreached_count; i++)
        terminal_say("note: the loss does not depend on '%s', which stays as it was",
                     result->unreached[i]);
    if (result->changed != NULL && *result->changed)
        terminal_say("warning: this is not the run of that folder again: changed since are %s",
                     result->changed);
    if (result->moved != NULL)
        terminal_say("an earlier run is kept in %s", result->moved);
    terminal_say("results: %s/ (%sweights.safetensors, metrics.jsonl)", result->folder,
                 is_reported(line, result) ? "report.html, " : "");
    print_next(model, result, line);
}

static void print_units(const yg_model *model) {
    char advice[600];
    if (yg_units_advice(model, NULL, advice, sizeof advice))
        terminal_say("note: %s", advice);
}

static yg_train_options options_of(const command_line *line) {
    size_t override_count = 0;
    const char *const *overrides = option_texts(line, "set", &override_count);
    return (yg_train_options){
        .command = line->words,
        .command_count = line->word_count,
        .overrides = overrides,
        .override_count = override_count,
        .out = option_text(line, "out"),
        .has_seed = option_given(line, "seed"),
        .seed = (uint64_t)option_int(line, "seed", 0),
        .has_epochs = option_given(line, "epochs"),
        .epochs = option_int(line, "epochs", 0),
        .has_steps = option_given(line, "steps"),
        .steps = option_int(line, "steps", 0),
        .has_batch_size = option_given(line, "batch-size"),
        .batch_size = option_int(line, "batch-size", 0),
        .has_lr = option_given(line, "lr"),
        .lr = option_float(line, "lr", 0),
        .has_dtype = option_given(line, "dtype"),
        .dtype = session_dtype(line),
        .threads = (int)option_int(line, "threads", 0),
        .evaluates = !option_given(line, "no-report"),
        .resume = option_given(line, "resume"),
        .weights = option_text(line, "weights"),
        .run_path = operand(line, 1),
    };
}

/* Trains, and shows how it goes on stderr. */
static bool train_for_people(const command_line *line, const yg_model *model,
                             yg_train_options *options, yg_train_result *result, yg_error *error) {
    const bool quiet = option_given(line, "quiet") || processes_rank() > 0;
    progress progress;
    progress_start(&progress);
    progress.result = result;
    if (!quiet) {
        options->planned = progress_planned;
        options->progress = progress_show;
        options->context = &progress;
    }
    const bool trained = yg_train(model, options, result, error);
    progress_end(&progress, trained);
    if (!trained)
        return false;
    if (result->interrupted && result->steps == 0 && processes_rank() == 0) {
        terminal_say("interrupted before the first step");
    } else if (!quiet) {
        print_result(model, result, line);
        print_units(model);
    }
    return true;
}

/* Trains, and prints how it goes as JSON. *status becomes a failure if that could not be printed.
 */
static bool train_for_programs(const yg_model *model, yg_train_options *options,
                               yg_train_result *result, int *status, yg_error *error) {
    events events = {.model = model, .result = result};
    options->planned = events_planned;
    options->progress = events_show;
    options->context = &events;
    const bool trained = yg_train(model, options, result, error);
    if (trained)
        events_end(&events, status_text(result));
    else
        events_error(&events, error);
    *status = events.status;
    return trained;
}

static int train(const command_line *line, const yg_model *model, const yg_processes *processes,
                 const volatile sig_atomic_t *stop, yg_error *error) {
    yg_train_options options = options_of(line);
    yg_train_result result = {0};
    int status = STATUS_OK;
    options.stop = stop;
    options.processes = processes;
    const bool trained = option_given(line, "json") && processes_rank() == 0
                             ? train_for_programs(model, &options, &result, &status, error)
                             : train_for_people(line, model, &options, &result, error);
    const bool interrupted = result.interrupted;
    if (trained && is_reported(line, &result) && processes_rank() == 0)
        report_write(result.folder, NULL, NULL, error);
    yg_train_result_free(&result);
    return interrupted ? 128 + (*stop != 0 ? *stop : SIGINT) : status;
}

/* All processes of a run end together. Process 0 tells the failure, whichever it is of. */
static int run(const command_line *line) {
    session session;
    yg_error error = {0};
    const yg_processes *processes = NULL;
    int status = STATUS_OK;
    const volatile sig_atomic_t *stop = interrupt_watch();
    if (processes_open(&processes, &error) &&
        session_load(line, operand(line, 1), &session, &error)) {
        status = train(line, session.model, processes, stop, &error);
        session_close(&session);
    }
    processes_close(processes, &error);
    if (!error.code)
        return status;
    return processes_rank() == 0 ? session_fail(&error) : STATUS_FAILED;
}

static const option_spec options[] = {
    {.name = "out",
     .letter = 'o',
     .kind = OPTION_TEXT,
     .argument = "DIR",
     .doc = "where the results go (default: runs/NAME)"},
    {.name = "epochs",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "passes over the training data",
     .min = 1,
     .max = 1e15},
    {.name = "steps",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "batches, instead of epochs",
     .min = 1,
     .max = 1e15},
    {.name = "batch-size",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "examples a step",
     .min = 1,
     .max = 1e9},
    {.name = "lr",
     .kind = OPTION_FLOAT,
     .argument = "X",
     .doc = "the learning rate",
     .min = 0,
     .max = 1e15},
    {.name = "seed",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "draws initial weights, order, dropout; the same seed gives the same bits",
     .min = 0,
     .max = 9e15},
    {.name = "resume", .kind = OPTION_FLAG, .doc = "go on with the run in the folder"},
    {.name = "weights",
     .letter = 'w',
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "start from these weights instead of random ones"},
    OPTION_DTYPE,
    OPTION_THREADS,
    OPTION_SET,
    OPTION_DATA,
    OPTION_PLUGIN,
    {.name = "json",
     .kind = OPTION_FLAG,
     .doc = "print JSON, for programs: an object a line, of the start, each epoch and the end"},
    {.name = "no-report", .kind = OPTION_FLAG, .doc = "draw no pictures and write no report.html"},
    {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .doc = "say nothing but errors"},
};

const command command_train = {
    .name = "train",
    .operands = "MODEL [RUN.yaml]",
    .summary = "train a model on its data",
    .details =
        "Trains MODEL on the data that its `data:` section names, as its `train:` section says;\n"
        "both may stand in RUN.yaml instead. Ctrl-C ends after the current step with all saved;\n"
        "a second one does not wait for the report.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
