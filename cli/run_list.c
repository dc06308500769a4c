/*
 * Runs beside each other: see run_list.h.
 */
#include "run_list.h"

#include "../graph/spelling.h"
#include "../graph/text.h"
#include "terminal.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST = 3 /* levels of folders below a given one */ };

static const char *const parts[] = {"validation", "test", "train"};
static const char *const orders[] = {"started", "run", "model", "epochs", "time"};

enum { PARTS = sizeof parts / sizeof *parts, ORDERS = sizeof orders / sizeof *orders };

/* ---------------------------------------------------------------------------------- finding --- */

/* In the current folder, a name alone. */
static char *path_of(const char *folder, const char *name) {
    yg_text path = {0};
    if (strcmp(folder, ".") != 0)
        yg_text_add(&path, "%s/", folder);
    yg_text_add(&path, "%s", name);
    return yg_text_take(&path);
}

static bool add_run(run_list *list, const char *folder, yg_error *error) {
    yg_error failure = {0};
    run_log log;
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 16;
        run_log *grown = realloc(list->runs, capacity * sizeof *grown);
        if (!grown)
            return yg_fail_memory(error);
        list->runs = grown;
        list->capacity = capacity;
    }
    if (run_log_open(folder, &log, &failure)) {
        list->runs[list->count++] = log;
        return true;
    }
    run_log_close(&log);
    if (failure.code == YG_ERROR_MEMORY)
        return yg_fail_as(error, &failure);
    terminal_say("note: '%s' is left out: %s", folder, failure.message);
    return true;
}

static bool find(run_list *list, const char *folder, int depth, yg_error *error);

/* Looks into the folders of a folder, in the order of their names. */
static bool find_below(run_list *list, const char *folder, int depth, yg_error *error) {
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, NULL, alphasort);
    bool good = true;
    for (int i = 0; i < count; i++) {
        struct stat status;
        char *path = entries[i]->d_name[0] != '.' ? path_of(folder, entries[i]->d_name) : NULL;
        if (good && entries[i]->d_name[0] != '.')
            good = path ? stat(path, &status) != 0 || !S_ISDIR(status.st_mode) ||
                              find(list, path, depth + 1, error)
                        : yg_fail_memory(error);
        free(path);
        free(entries[i]);
    }
    free(entries);
    return good;
}

/* Whether a run was found before, by another name: through a link, or because it was named twice.
 */
static bool is_known(run_list *list, const struct stat *folder) {
    for (size_t i = 0; i < list->count; i++)
        if (list->runs[i].inode == folder->st_ino && list->runs[i].device == folder->st_dev) {
            list->repeats++;
            return true;
        }
    return false;
}

static bool find(run_list *list, const char *folder, int depth, yg_error *error) {
    struct stat status;
    char *record = path_of(folder, "run.json");
    const bool there = record && access(record, F_OK) == 0 && stat(folder, &status) == 0 &&
                       !is_known(list, &status);
    const bool good = record ? !there || add_run(list, folder, error) : yg_fail_memory(error);
    free(record);
    return good && (depth >= DEEPEST || find_below(list, folder, depth, error));
}

bool run_list_add(run_list *list, const char *folder, yg_error *error) {
    struct stat status;
    const size_t before = list->count + list->repeats;
    if (stat(folder, &status) != 0)
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot read '%s': %s", folder,
                       strerror(errno));
    if (!find(list, folder, 0, error))
        return false;
    return list->count + list->repeats > before ||
           yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                   "there is no run in '%s'; `yamlgrad train` makes one", folder);
}

void run_list_free(run_list *list) {
    for (size_t i = 0; i < list->count; i++)
        run_log_close(&list->runs[i]);
    for (size_t i = 0; i < list->score_count; i++)
        free(list->scores[i]);
    free(list->runs);
    free(list->scores);
    json_decref(list->groups);
    *list = (run_list){0};
}

/* ----------------------------------------------------------------------------------- scores --- */

/* The part and the name of a score "validation.loss"; NULL: it has no such form. */
static const char *split(const char *score, size_t *part) {
    for (*part = 0; *part < PARTS; ++*part) {
        const size_t size = strlen(parts[*part]);
        if (strncmp(score, parts[*part], size) == 0 && score[size] == '.')
            return score + size + 1;
    }
    return NULL;
}

/* What run.json has of it; NULL: nothing. */
static const json_t *result_of(const run_log *run, size_t part, const char *name) {
    const json_t *results = json_object_get(run->record, "results");
    return json_object_get(json_object_get(results, parts[part]), name);
}

/* What the history has of it, in the best epoch, or in the last one. *found tells whether it has.
 */
static double past_of(const run_log *run, size_t part, const char *name, bool *found) {
    const int kind =
        strcmp(parts[part], run_part_names[RUN_TRAIN]) == 0 ? RUN_TRAIN : RUN_VALIDATION;
    const double best = run_log_number(run, "best_epoch");
    *found = false;
    if (strcmp(parts[part], run_part_names[kind]) != 0 || !run->values[kind] || !run->count)
        return (double)NAN;
    size_t epoch = run->count - 1;
    for (size_t i = 0; i < run->count; i++)
        epoch = run->epochs[i] == best ? i : epoch;
    for (size_t s = 0; s < run->score_count; s++)
        if (strcmp(run->scores[s], name) == 0) {
            *found = true;
            return run->values[kind][s * run->count + epoch];
        }
    return (double)NAN;
}

static double score_of(const run_log *run, const char *score, bool *found) {
    size_t part;
    const char *name = split(score, &part);
    const json_t *result = name ? result_of(run, part, name) : NULL;
    *found = result != NULL;
    if (result)
        return json_is_number(result) ? json_number_value(result) : (double)NAN;
    return name ? past_of(run, part, name, found) : (double)NAN;
}

double run_list_score(const run_log *run, const char *score) {
    bool found;
    return score_of(run, score, &found);
}

bool run_list_has(const run_log *run, const char *score) {
    bool found;
    score_of(run, score, &found);
    return found;
}

/* Notes a score of a run, if it has it and no run before had. */
static bool add_score(run_list *list, const run_log *run, const char *part, const char *name,
                      yg_error *error) {
    yg_text text = {0};
    yg_text_add(&text, "%s.%s", part, name);
    char *score = yg_text_take(&text);
    bool wanted = score && run_list_has(run, score);
    for (size_t i = 0; wanted && i < list->score_count; i++)
        wanted = strcmp(list->scores[i], score) != 0;
    char **grown = wanted ? realloc(list->scores, (list->score_count + 1) * sizeof *grown) : NULL;
    const bool good = score && (grown || !wanted);
    if (grown) {
        list->scores = grown;
        grown[list->score_count++] = score;
    } else {
        free(score);
    }
    return good || yg_fail_memory(error);
}

bool run_list_scores(run_list *list, yg_error *error) {
    for (size_t p = 0; p < PARTS; p++)
        for (size_t i = 0; i < list->count; i++)
            for (size_t s = 0; s < list->runs[i].score_count; s++)
                if (!add_score(list, &list->runs[i], parts[p], list->runs[i].scores[s], error))
                    return false;
    return true;
}

/* ---------------------------------------------------------------------------------- sorting --- */

typedef struct place {
    const run_log *run;
    size_t number;
    double value;
    const char *text; /* NULL: by the value */
} place;

static int compare_texts(const place *a, const place *b) {
    const int order = strcmp(a->text, b->text);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

/* NaN comes last. */
static int compare(const void *left, const void *right) {
    const place *a = left, *b = right;
    if (a->text)
        return compare_texts(a, b);
    if (isnan(a->value) != isnan(b->value))
        return isnan(a->value) ? 1 : -1;
    if (a->value != b->value && !isnan(a->value))
        return a->value < b->value ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* Whether a high score is the better one: a run says so of the score that it monitors. */
static bool is_high_better(const run_list *list, const char *score) {
    size_t part, other;
    const char *name = split(score, &part);
    for (size_t i = 0; name && i < list->count; i++) {
        const char *monitor = split(run_log_text(&list->runs[i], "monitor"), &other);
        if (monitor && strcmp(monitor, name) == 0)
            return strcmp(run_log_text(&list->runs[i], "mode"), "max") == 0;
    }
    return false;
}

static bool check_name(const run_list *list, const char *by, yg_error *error) {
    const size_t count = ORDERS + list->score_count;
    const char **names = calloc(count + 1, sizeof *names);
    char hint[500];
    bool known = false;
    if (!names)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        names[i] = i < ORDERS ? orders[i] : list->scores[i - ORDERS];
        known = known || strcmp(names[i], by) == 0;
    }
    if (!known)
        yg_fail(error, YG_ERROR_NAME, YG_NOWHERE, "no run has '%s'%s", by,
                yg_suggest(by, names, count, hint, sizeof hint));
    free(names);
    return known;
}

static place place_of(const run_list *list, size_t i, const char *by, double sign) {
    const run_log *run = &list->runs[i];
    place p = {.run = run, .number = i};
    if (strcmp(by, "run") == 0)
        p.text = run->folder;
    else if (strcmp(by, "started") == 0 || strcmp(by, "model") == 0)
        p.text = run_log_text(run, by);
    else if (strcmp(by, "epochs") == 0)
        p.value = run_log_number(run, "epochs");
    else if (strcmp(by, "time") == 0)
        p.value = run_log_number(run, "seconds");
    else
        p.value = sign * run_list_score(run, by);
    return p;
}

bool run_list_sort(run_list *list, const char *by, bool reverse, yg_error *error) {
    if (!check_name(list, by, error))
        return false;
    const double sign = (is_high_better(list, by) ? -1 : 1) * (reverse ? -1 : 1);
    place *places = calloc(list->count + 1, sizeof *places);
    run_log *sorted = calloc(list->count + 1, sizeof *sorted);
    const bool good = places && sorted;
    for (size_t i = 0; good && i < list->count; i++) {
        places[i] = place_of(list, i, by, sign);
        if (reverse && strchr(by, '.') == NULL)
            places[i].value = -places[i].value;
    }
    if (good) {
        qsort(places, list->count, sizeof *places, compare);
        for (size_t i = 0; i < list->count; i++)
            sorted[reverse && places[0].text ? list->count - 1 - i : i] = *places[i].run;
        memcpy(list->runs, sorted, list->count * sizeof *sorted);
    }
    free(places);
    free(sorted);
    return good || yg_fail_memory(error);
}

/* ------------------------------------------------------------------------------ differences --- */

/* What a run was started with, and a file or the command line may say. */
static const char *const settings[] = {"seed", "dtype", "batch_size", "optimizer"};

enum { SETTINGS = sizeof settings / sizeof *settings };

/* All settings of a run: those of the command line, and those above. NULL when out of memory. */
static json_t *settings_of(const run_log *run) {
    static const char *const groups[] = {"set", "options"};
    json_t *all = json_object(), *value;
    const char *key;
    bool good = all != NULL;
    for (size_t g = 0; g < 2; g++)
        json_object_foreach(json_object_get(run->record, groups[g]), key, value) good =
            good && json_object_set(all, key, value) == 0;
    for (size_t i = 0; good && i < SETTINGS; i++)
        if (!json_object_get(all, settings[i]) && json_object_get(run->record, settings[i]))
            good = json_object_set_new(all, settings[i],
                                       json_incref(json_object_get(run->record, settings[i]))) == 0;
    if (good)
        return all;
    json_decref(all);
    return NULL;
}

/* Counts a run in the group of its model: how many runs there are, and for each setting its first
 * value and how many runs have that. */
static bool count_settings(json_t *groups, const run_log *run) {
    json_t *all = settings_of(run), *value;
    const char *model = run_log_text(run, "model"), *key;
    json_t *group = json_object_get(groups, model);
    bool good = all != NULL;
    if (good && !group)
        good = json_object_set_new(groups, model,
                                   group = json_pack("{s:i, s:{}}", "runs", 0, "settings")) == 0;
    json_t *counts = json_object_get(group, "settings");
    if (good)
        json_integer_set(json_object_get(group, "runs"),
                         json_integer_value(json_object_get(group, "runs")) + 1);
    json_object_foreach(all, key, value) {
        json_t *count = json_object_get(counts, key);
        if (good && !count)
            good = json_object_set_new(counts, key,
                                       json_pack("{s:O, s:i}", "value", value, "runs", 1)) == 0;
        else if (good && json_equal(json_object_get(count, "value"), value))
            json_integer_set(json_object_get(count, "runs"),
                             json_integer_value(json_object_get(count, "runs")) + 1);
    }
    json_decref(all);
    return good;
}

bool run_list_compare(run_list *list, yg_error *error) {
    bool good = (list->groups = json_object()) != NULL;
    for (size_t i = 0; good && i < list->count; i++)
        good = count_settings(list->groups, &list->runs[i]);
    return good || yg_fail_memory(error);
}

static void add_value(yg_text *text, const char *key, const json_t *value) {
    char *written = json_is_string(value)
                        ? strdup(json_string_value(value))
                        : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    yg_text_add(text, "%s%s=%s", text->used ? " " : "", key, written ? written : "");
    text->failed = text->failed || !written;
    free(written);
}

static bool is_given(const run_log *run, const char *key) {
    return json_object_get(json_object_get(run->record, "set"), key) ||
           json_object_get(json_object_get(run->record, "options"), key);
}

char *run_list_differences(const run_list *list, const run_log *run) {
    const json_t *group = json_object_get(list->groups, run_log_text(run, "model"));
    const json_int_t runs = json_integer_value(json_object_get(group, "runs"));
    json_t *all = settings_of(run), *value;
    yg_text text = {.failed = !all};
    const char *key;
    yg_text_add(&text, "%s", "");
    json_object_foreach(all, key, value) {
        const json_t *count = json_object_get(json_object_get(group, "settings"), key);
        const bool differs = json_integer_value(json_object_get(count, "runs")) != runs;
        if (runs > 1 ? differs : is_given(run, key))
            add_value(&text, key, value);
    }
    json_decref(all);
    return yg_text_take(&text);
}
