/*
 * yamlgrad runs: lists runs, sorts and compares them.
 */
#include "runs.h"

#include "../graph/text.h"
#include "commands.h"
#include "json.h"
#include "page.h"
#include "progress.h"
#include "score_table.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OTHER_COLUMNS = 8 };

static bool is_of_training(const char *score) {
    return strncmp(score, "train.", strlen("train.")) == 0;
}

/* Whether a run has no scores but those of the training part. They are shown only then. */
static bool lacks_others(const run_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        bool others = false;
        for (size_t s = 0; s < list->score_count && !others; s++)
            others =
                !is_of_training(list->scores[s]) && run_list_has(&list->runs[i], list->scores[s]);
        if (!others)
            return true;
    }
    return false;
}

/* "2026-11-28 20:15", in UTC as the file has it. */
static void add_date(table *table, const char *date) {
    char text[17];
    snprintf(text, sizeof text, "%s", date);
    if (strlen(text) > 10)
        text[10] = ' ';
    table_add(table, "%s", text);
}

/* The score that a run is judged by; NULL: it has none. */
static const char *own_score(const run_list *list, const run_log *run) {
    const char *monitor = run_log_text(run, "monitor");
    if (run_list_has(run, monitor))
        return monitor;
    for (size_t s = 0; s < list->score_count; s++)
        if (run_list_has(run, list->scores[s]))
            return list->scores[s];
    return NULL;
}

/* What a table of runs shows: scores, in the order of the columns. */
typedef struct choice {
    size_t count;
    const char *scores[TABLE_COLUMNS_MAX];
    bool own; /* a column with the score that a run is judged by */
} choice;

static size_t count_runs(const run_list *list, const char *score) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += run_list_has(&list->runs[i], score);
    return count;
}

/* The first of the scores that most runs have, of those that are left. */
static size_t most_common(const run_list *list, const bool *left, const size_t *counts) {
    size_t best = SIZE_MAX;
    for (size_t s = 0; s < list->score_count; s++)
        if (left[s] && (best == SIZE_MAX || counts[s] > counts[best]))
            best = s;
    return best;
}

/* Whether a run has none of the scores that are shown. */
static bool leaves_one_out(const run_list *list, const choice *c) {
    for (size_t i = 0; i < list->count; i++) {
        bool told = !own_score(list, &list->runs[i]);
        for (size_t s = 0; s < c->count && !told; s++)
            told = run_list_has(&list->runs[i], c->scores[s]);
        if (!told)
            return true;
    }
    return false;
}

/* Takes as many as there is room for: first the one that the table is sorted by, then those that
 * most runs have. They are shown in the list's order where all fit. False when out of memory. */
static bool choose(const run_list *list, const char *sort, choice *c) {
    enum { ROOM = TABLE_COLUMNS_MAX - OTHER_COLUMNS };
    const bool training = lacks_others(list);
    bool *left = calloc(list->score_count + 1, sizeof *left);
    size_t *counts = calloc(list->score_count + 1, sizeof *counts), wanted = 0;
    *c = (choice){0};
    for (size_t s = 0; left && counts && s < list->score_count; s++) {
        left[s] = training || !is_of_training(list->scores[s]) ||
                  (sort && strcmp(sort, list->scores[s]) == 0);
        wanted += left[s];
        counts[s] = count_runs(list, list->scores[s]);
        if (sort && strcmp(sort, list->scores[s]) == 0)
            counts[s] = SIZE_MAX;
    }
    for (size_t s = 0; left && counts && wanted <= ROOM && s < list->score_count; s++)
        if (left[s])
            c->scores[c->count++] = list->scores[s];
    while (left && counts && wanted > ROOM && c->count < ROOM) {
        const size_t s = most_common(list, left, counts);
        c->scores[c->count++] = list->scores[s];
        left[s] = false;
    }
    c->own = leaves_one_out(list, c);
    c->count -= c->own && c->count == ROOM;
    const bool good = left && counts;
    free(left);
    free(counts);
    return good;
}

static void add_scores(table *table, const run_list *list, const run_log *run, const choice *c) {
    const char *own = own_score(list, run);
    char number[SCORE_TEXT];
    for (size_t s = 0; s < c->count; s++)
        if (run_list_has(run, c->scores[s]))
            table_add(table, "%s", score_text(run_list_score(run, c->scores[s]), 4, number));
        else
            table_add(table, "%s", "");
    if (c->own && own)
        table_add(table, "%s %s", own, score_text(run_list_score(run, own), 4, number));
    else if (c->own)
        table_add(table, "%s", "");
}

static void add_row(table *table, const run_list *list, const run_log *run, const choice *c) {
    char seconds[32];
    char *differences = run_list_differences(list, run);
    table_add(table, "%s", run->folder);
    table_add(table, "%s", run_log_text(run, "model"));
    table_add(table, "%s", run_log_text(run, "status"));
    add_date(table, run_log_text(run, "started"));
    table_add(table, "%s", text_of_seconds(run_log_number(run, "seconds"), seconds));
    table_add(table, "%.0f", run_log_number(run, "epochs"));
    table_add(table, "%.0f", run_log_number(run, "best_epoch"));
    add_scores(table, list, run, c);
    table_add(table, "%s", differences ? differences : "");
    table->failed = table->failed || !differences;
    free(differences);
}

static int print_table(const run_list *list, const char *sort) {
    const char *headers[TABLE_COLUMNS_MAX] = {"run",  "model",  "status", "started",
                                              "time", "epochs", "best"};
    size_t columns = OTHER_COLUMNS - 1;
    choice c;
    if (!choose(list, sort, &c)) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    for (size_t s = 0; s < c.count; s++)
        headers[columns++] = c.scores[s];
    if (c.own)
        headers[columns++] = "judged by";
    headers[columns++] = "set";
    char align[TABLE_COLUMNS_MAX + 1] = "llllrrrrrrrrrrrr";
    align[columns - 1] = 'l';
    if (c.own)
        align[columns - 2] = 'l';
    table table = {.columns = columns, .headers = headers, .align = align};
    for (size_t i = 0; i < list->count; i++)
        add_row(&table, list, &list->runs[i], &c);
    table_print(&table, stdout, 0);
    return STATUS_OK;
}

static json_t *json_of_run(const run_list *list, const run_log *run) {
    static const char *const taken[] = {"model",  "status",     "started",    "seconds",
                                        "epochs", "steps",      "best_epoch", "parameters",
                                        "seed",   "batch_size", "dtype",      "optimizer",
                                        "set",    "options",    "message"};
    json_t *all = json_object(), *scores = json_object();
    json_set(&all, "run", json_string(run->folder));
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        json_t *value = json_object_get(run->record, taken[i]);
        if (value)
            json_set(&all, taken[i], json_incref(value));
    }
    for (size_t s = 0; s < list->score_count; s++)
        if (run_list_has(run, list->scores[s]))
            json_set(&scores, list->scores[s],
                     json_of_number(run_list_score(run, list->scores[s])));
    json_set(&all, "scores", scores);
    return all;
}

static int print_json(const run_list *list) {
    json_t *all = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_append(&all, json_of_run(list, &list->runs[i]));
    return json_print(all, YG_F64);
}

static int write_page(const run_list *list, const char *path) {
    yg_error error = {0};
    bool drawn = false;
    char *page = runs_page(list, &drawn, &error);
    if (!page)
        return session_fail(&error);
    if (!drawn)
        terminal_say("note: curves are drawn by gnuplot, and there is no such program (Debian's "
                     "package is gnuplot-nox); the page has the table alone");
    return page_write(page, path);
}

static bool collect(const command_line *line, run_list *list, yg_error *error) {
    const char *sort = option_text(line, "sort");
    bool good = line->operand_count > 0 || run_list_add(list, "runs", error);
    for (size_t i = 0; good && i < line->operand_count; i++)
        good = run_list_add(list, line->operands[i], error);
    return good && run_list_scores(list, error) && run_list_compare(list, error) &&
           run_list_sort(list, sort ? sort : "started", option_given(line, "reverse"), error);
}

static int run(const command_line *line) {
    run_list list = {0};
    yg_error error = {0};
    int status;
    if (!collect(line, &list, &error))
        status = session_fail(&error);
    else if (option_given(line, "html"))
        status = write_page(&list, option_text(line, "html"));
    else if (option_given(line, "json"))
        status = print_json(&list);
    else
        status = print_table(&list, option_text(line, "sort"));
    run_list_free(&list);
    return status;
}

static const option_spec options[] = {
    {.name = "sort",
     .letter = 's',
     .kind = OPTION_TEXT,
     .argument = "NAME",
     .doc = "by a score, as validation.loss, or by started, run, model, epochs or time (default: "
            "started)"},
    {.name = "reverse", .letter = 'r', .kind = OPTION_FLAG, .doc = "the other way round"},
    {.name = "html",
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "write a page with the table, and the curves of the runs over each other"},
    OPTION_JSON,
};

const command command_runs = {
    .name = "runs",
    .operands = "[FOLDER…]",
    .summary = "list runs, sort and compare them",
    .details =
        "Lists the runs in folders, and in folders below them (default: runs): how each ended,\n"
        "its scores at the kept weights, and the settings by which runs of a model differ. Where\n"
        "not all scores fit, those that most runs have are shown; a run that has none of them is\n"
        "told with the score that it is judged by. --json has all. With\n"
        "--sort, the best run comes first where that is known: of a loss, and of the score that\n"
        "runs monitor; of others, the lowest.\n",
    .min_operands = 0,
    .max_operands = SIZE_MAX,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
