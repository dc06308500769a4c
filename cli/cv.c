/*
 * yamlgrad cv: cross-validation.
 */
#include "../graph/text.h"
#include "../train/train.h"
#include "commands.h"
#include "interrupt.h"
#include "json.h"
#include "note_batches.h"
#include "processes.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { METRICS_SHOWN = TABLE_COLUMNS_MAX - 4 };

/* The scores of the folds that are done. */
typedef struct folds {
    int64_t count; /* of all */
    int64_t done;
    size_t scores;            /* a fold has: the loss and the metrics */
    const char **names;       /* [scores] */
    double *values;           /* [count, scores] */
    int64_t *examples, *best; /* [count] */
    bool live;
    int64_t current;
    double next_draw;
} folds;

static void folds_free(folds *folds) {
    free(folds->names);
    free(folds->values);
    free(folds->examples);
    free(folds->best);
}

/* ------------------------------------------------------------------------------- training ---- */

static void show_progress(void *context, const yg_train_progress *now) {
    folds *folds = context;
    if (!folds->live || now->seconds < folds->next_draw)
        return;
    folds->next_draw = now->seconds + 0.1;
    if (now->epochs > 0)
        terminal_rewrite("fold %" PRId64 "/%" PRId64 "  epoch %" PRId64 "/%" PRId64 "  loss %.4g",
                         folds->current, folds->count, now->epoch, now->epochs, now->loss);
    else
        terminal_rewrite("fold %" PRId64 "/%" PRId64 "  step %" PRId64 "/%" PRId64 "  loss %.4g",
                         folds->current, folds->count, now->step, now->steps, now->loss);
}

static bool keep_scores(folds *folds, const yg_train_result *result, yg_error *error) {
    const yg_scores *test = &result->test;
    if (!folds->names) {
        folds->scores = 1;
        for (size_t i = 0; i < test->count; i++)
            folds->scores += !test->metrics[i].table;
        folds->names = calloc(folds->scores, sizeof *folds->names);
        folds->values = calloc((size_t)folds->count * folds->scores, sizeof *folds->values);
        folds->examples = calloc((size_t)folds->count, sizeof *folds->examples);
        folds->best = calloc((size_t)folds->count, sizeof *folds->best);
        if (!folds->names || !folds->values || !folds->examples || !folds->best)
            return yg_fail_memory(error);
    }
    double *values = folds->values + (size_t)folds->done * folds->scores;
    folds->names[0] = "loss";
    values[0] = test->loss;
    for (size_t i = 0, at = 1; i < test->count; i++) {
        if (test->metrics[i].table)
            continue; /* a mean over folds is told of numbers */
        folds->names[at] = test->metrics[i].name;
        values[at++] = test->metrics[i].value;
    }
    if (!folds->done) /* the same holds for all folds */
        note_batches(test);
    folds->examples[folds->done] = result->test_examples;
    folds->best[folds->done++] = result->best_epoch;
    return true;
}

static void tell_fold(const folds *folds) {
    const double *values = folds->values + (size_t)(folds->done - 1) * folds->scores;
    terminal_print(stderr, "fold %" PRId64 "/%" PRId64, folds->done, folds->count);
    for (size_t i = 0; i < folds->scores; i++)
        terminal_print(stderr, "  %s %.4g", folds->names[i], number_shown(values[i]));
    terminal_print(stderr, "\n");
}

/* Trains without one fold and scores on it. False on failure and when it was interrupted. */
static bool train_fold(const command_line *line, const yg_model *model, const char *folder,
                       const volatile sig_atomic_t *stop, folds *folds, yg_error *error) {
    yg_text path = {0};
    yg_text_add(&path, "%s/fold-%" PRId64, folder, folds->current);
    char *out = yg_text_take(&path);
    size_t count = 0;
    const yg_train_options options = {
        .out = out,
        .command = line->words,
        .command_count = line->word_count,
        .overrides = option_texts(line, "set", &count),
        .override_count = count,
        .has_seed = option_given(line, "seed"),
        .seed = (uint64_t)option_int(line, "seed", 0),
        .has_epochs = option_given(line, "epochs"),
        .epochs = option_int(line, "epochs", 0),
        .has_dtype = option_given(line, "dtype"),
        .dtype = session_dtype(line),
        .threads = (int)option_int(line, "threads", 0),
        .run_path = operand(line, 1),
        .fold = folds->current - 1,
        .folds = folds->count,
        .gap = option_int(line, "gap", 0),
        .progress = show_progress,
        .context = folds,
        .stop = stop,
    };
    yg_train_result result = {0};
    folds->next_draw = 0;
    const bool good = out ? yg_train(model, &options, &result, error) && !result.interrupted &&
                                keep_scores(folds, &result, error)
                          : yg_fail_memory(error);
    if (folds->live)
        terminal_wipe();
    if (good && !option_given(line, "quiet"))
        tell_fold(folds);
    yg_train_result_free(&result);
    free(out);
    return good;
}

/* ------------------------------------------------------------------------------- results ----- */

/* The mean over the folds, and the standard deviation of a sample. */
static double mean_of(const folds *folds, size_t score) {
    double sum = 0;
    for (int64_t i = 0; i < folds->done; i++)
        sum += folds->values[(size_t)i * folds->scores + score];
    return sum / (double)folds->done;
}

static double deviation_of(const folds *folds, size_t score) {
    const double mean = mean_of(folds, score);
    double squares = 0;
    for (int64_t i = 0; i < folds->done; i++) {
        const double delta = folds->values[(size_t)i * folds->scores + score] - mean;
        squares += delta * delta;
    }
    return folds->done > 1 ? sqrt(squares / (double)(folds->done - 1)) : 0;
}

static void print_table(const folds *folds) {
    const char *headers[TABLE_COLUMNS_MAX] = {"fold", "examples", "best epoch"};
    const size_t shown =
        folds->scores <= METRICS_SHOWN + 1 ? folds->scores : (size_t)METRICS_SHOWN + 1;
    table table = {.columns = 3 + shown, .headers = headers, .align = "lrrrrrrrrrrr"};
    for (size_t k = 0; k < shown; k++)
        headers[3 + k] = folds->names[k];
    for (int64_t i = 0; i < folds->done; i++) {
        table_add(&table, "%" PRId64, i + 1);
        table_add(&table, "%" PRId64, folds->examples[i]);
        table_add(&table, "%" PRId64, folds->best[i]);
        for (size_t k = 0; k < shown; k++)
            table_add(&table, "%.4g", number_shown(folds->values[(size_t)i * folds->scores + k]));
    }
    for (int row = 0; row < 2; row++) {
        table_add(&table, "%s", row ? "deviation" : "mean");
        table_add(&table, "%s", "");
        table_add(&table, "%s", "");
        for (size_t k = 0; k < shown; k++)
            table_add(&table, "%.4g",
                      number_shown(row ? deviation_of(folds, k) : mean_of(folds, k)));
    }
    table_print(&table, stdout, 0);
}

static json_t *json_of_folds(const folds *folds) {
    json_t *all = json_object(), *list = json_array();
    json_t *mean = json_object(), *deviation = json_object();
    for (int64_t i = 0; i < folds->done; i++) {
        json_t *fold = json_object();
        json_set(&fold, "fold", json_integer((json_int_t)i + 1));
        json_set(&fold, "examples", json_integer((json_int_t)folds->examples[i]));
        json_set(&fold, "best_epoch", json_integer((json_int_t)folds->best[i]));
        for (size_t k = 0; k < folds->scores; k++)
            json_set(&fold, folds->names[k],
                     json_of_number(folds->values[(size_t)i * folds->scores + k]));
        json_append(&list, fold);
    }
    for (size_t k = 0; k < folds->scores; k++) {
        json_set(&mean, folds->names[k], json_of_number(mean_of(folds, k)));
        json_set(&deviation, folds->names[k], json_of_number(deviation_of(folds, k)));
    }
    json_set(&all, "folds", list);
    json_set(&all, "mean", mean);
    json_set(&all, "deviation", deviation);
    return all;
}

/* ------------------------------------------------------------------------------- the command - */

static int cross_validate(const command_line *line, const yg_model *model, const char *folder) {
    const volatile sig_atomic_t *stop = interrupt_watch();
    folds folds = {.count = option_int(line, "folds", 5), .live = terminal_is_live(stderr)};
    yg_error error = {0};
    int status = STATUS_OK;
    if (option_given(line, "quiet"))
        folds.live = false;
    for (folds.current = 1; folds.current <= folds.count; folds.current++)
        if (!train_fold(line, model, folder, stop, &folds, &error))
            break;
    if (folds.done < folds.count && *stop) {
        terminal_say("interrupted: %" PRId64 " of %" PRId64 " folds are done", folds.done,
                     folds.count);
        status = 128 + *stop;
    } else if (folds.done < folds.count)
        status = session_fail(&error);
    if (folds.done > 0 && option_given(line, "json")) {
        const int printed = json_print(json_of_folds(&folds), YG_F64);
        status = status ? status : printed;
    } else if (folds.done > 0)
        print_table(&folds);
    folds_free(&folds);
    return status;
}

static int run(const command_line *line) {
    session session;
    if (processes_started() > 1) {
        if (processes_rank() == 0)
            terminal_error("cross-validation runs in one process: start it without mpirun");
        return STATUS_FAILED;
    }
    if (!session_open(line, operand(line, 1), &session))
        return STATUS_FAILED;
    yg_text text = {0};
    if (option_given(line, "out"))
        yg_text_add(&text, "%s", option_text(line, "out"));
    else
        yg_text_add(&text, "runs/%s", yg_model_name(session.model));
    char *folder = yg_text_take(&text);
    int status = STATUS_FAILED;
    if (folder)
        status = cross_validate(line, session.model, folder);
    else
        terminal_error("out of memory");
    free(folder);
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    {.name = "folds",
     .letter = 'k',
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "how many folds (default: 5)",
     .min = 2,
     .max = 1000},
    {.name = "gap",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "times left out before a fold by time, or rows around a block of a series",
     .min = 0,
     .max = 1e15},
    {.name = "out",
     .letter = 'o',
     .kind = OPTION_TEXT,
     .argument = "DIR",
     .doc = "where the runs fold-1, fold-2, … go (default: runs/NAME)"},
    {.name = "epochs",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "passes over the training data",
     .min = 1,
     .max = 1e15},
    {.name = "seed",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "draws initial weights, order, dropout; `data: seed` draws the folds",
     .min = 0,
     .max = 9e15},
    OPTION_DTYPE,
    OPTION_THREADS,
    OPTION_SET,
    OPTION_DATA,
    OPTION_PLUGIN,
    OPTION_JSON,
    {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .doc = "say nothing of each fold"},
};

const command command_cv = {
    .name = "cv",
    .operands = "MODEL [RUN.yaml]",
    .summary = "cross-validation: scores on folds of the data",
    .details =
        "Divides the training part into folds and trains once for each, without it, then scores\n"
        "on it. The folds are stratified, keep groups whole, or follow each other in time, where\n"
        "the model's split does; they stand in the place of its test part. A fold by time is\n"
        "scored by what is trained on the times before it. Ctrl-C ends, and prints what is done.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
