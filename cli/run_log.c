/*
 * What a run's folder tells: see run_log.h.
 */
#include "run_log.h"

#include "../graph/file.h"
#include "../graph/text.h"
#include "../train/run_folder.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const run_part_names[RUN_PARTS] = {"train", "validation"};

static const size_t LARGEST = (size_t)1 << 30;

static char *path_of(const char *folder, const char *name) {
    yg_text path = {0};
    yg_text_add(&path, "%s/%s", folder, name);
    return yg_text_take(&path);
}

json_t *run_log_file(const char *folder, const char *name, yg_error *error) {
    char *path = path_of(folder, name);
    size_t size = 0;
    json_error_t wrong;
    if (!path) {
        yg_fail_memory(error);
        return NULL;
    }
    char *text = access(path, F_OK) == 0 ? yg_file_read(path, LARGEST, &size, error) : NULL;
    json_t *value = text ? json_loadb(text, size, 0, &wrong) : NULL;
    if (text && !value)
        yg_fail(error, YG_ERROR_DATA, (yg_origin){path, wrong.line, wrong.column},
                "this is no JSON: %s", wrong.text);
    free(text);
    free(path);
    return value;
}

/* -------------------------------------------------------------------------------- the epochs -- */

/* The lines that have a text in them. */
static size_t count_lines(const char *text, const char *part) {
    size_t count = 0;
    while ((text = strstr(text, part)) && (text = strchr(text, '\n'))) {
        count++;
        text++;
    }
    return count;
}

/* The names of the scores, from the first line: those of `train`. */
static bool find_scores(run_log *log, const json_t *line, yg_error *error) {
    json_t *train = json_object_get(line, "train");
    const char *name;
    json_t *value;
    log->scores = calloc(json_object_size(train) + 1, sizeof *log->scores);
    if (!log->scores)
        return yg_fail_memory(error);
    json_object_foreach(train, name, value) {
        if (!json_is_number(value) && !json_is_null(value))
            continue;
        if (!(log->scores[log->score_count] = strdup(name)))
            return yg_fail_memory(error);
        log->score_count++;
    }
    return true;
}

static bool make_room(run_log *log, const json_t *line, size_t count, yg_error *error) {
    log->epochs = calloc(count + 1, sizeof *log->epochs);
    log->rates = calloc(count + 1, sizeof *log->rates);
    bool good = log->epochs && log->rates;
    for (int p = 0; p < RUN_PARTS; p++)
        if (json_object_get(line, run_part_names[p])) {
            log->values[p] = calloc(log->score_count * count + 1, sizeof *log->values[p]);
            good = good && log->values[p];
        }
    return good || yg_fail_memory(error);
}

static double number_of(const json_t *value) {
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void take_line(run_log *log, const json_t *line, size_t capacity) {
    log->epochs[log->count] = number_of(json_object_get(line, "epoch"));
    log->rates[log->count] = number_of(json_object_get(line, "lr"));
    for (int p = 0; p < RUN_PARTS; p++) {
        const json_t *part = json_object_get(line, run_part_names[p]);
        for (size_t s = 0; log->values[p] && s < log->score_count; s++)
            log->values[p][s * capacity + log->count] =
                number_of(json_object_get(part, log->scores[s]));
    }
    log->count++;
}

static bool read_lines(run_log *log, const char *path, const char *text, yg_error *error) {
    const size_t capacity = count_lines(text, "\"train\": "), steps = count_lines(text, "");
    int number = 0;
    log->steps = calloc(steps + 1, sizeof *log->steps);
    log->losses = calloc(steps + 1, sizeof *log->losses);
    if (!log->steps || !log->losses)
        return yg_fail_memory(error);
    for (const char *at = text; *at;) {
        const size_t size = strcspn(at, "\n");
        json_error_t wrong;
        json_t *line = json_loadb(at, size, 0, &wrong);
        number++;
        if (!line)
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, number, wrong.column},
                           "this is no JSON: %s", wrong.text);
        const bool epoch = json_object_get(line, "train") != NULL;
        const bool good = !epoch || log->epochs ||
                          (find_scores(log, line, error) && make_room(log, line, capacity, error));
        if (good && epoch && log->count < capacity)
            take_line(log, line, capacity);
        if (!epoch && log->step_count < steps) {
            log->steps[log->step_count] = number_of(json_object_get(line, "step"));
            log->losses[log->step_count++] = number_of(json_object_get(line, "loss"));
        }
        json_decref(line);
        if (!good)
            return false;
        at += size + (at[size] == '\n');
    }
    return true;
}

static bool read_epochs(run_log *log, yg_error *error) {
    char *path = path_of(log->folder, "metrics.jsonl");
    size_t size = 0;
    if (!path)
        return yg_fail_memory(error);
    /* A run that has not finished an epoch has none. */
    char *text = access(path, F_OK) == 0 ? yg_file_read(path, LARGEST, &size, error) : strdup("");
    const bool good = text && read_lines(log, path, text, error);
    free(text);
    free(path);
    return good;
}

/* ------------------------------------------------------------------------- opening, closing -- */

bool run_log_open(const char *folder, run_log *log, yg_error *error) {
    struct stat status;
    yg_error failure = {0};
    *log = (run_log){.folder = strdup(folder)};
    for (size_t end = log->folder ? strlen(log->folder) : 0; end > 1 && log->folder[end - 1] == '/';
         end--)
        log->folder[end - 1] = '\0';
    if (!log->folder)
        return yg_fail_memory(error);
    if (stat(log->folder, &status) != 0)
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot read '%s': %s", folder,
                       strerror(errno));
    log->device = status.st_dev;
    log->inode = status.st_ino;
    log->record = run_log_file(log->folder, "run.json", &failure);
    if (failure.code != YG_OK)
        return yg_fail_as(error, &failure);
    if (!json_is_object(log->record))
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                       "'%s' is not the folder of a run: it has no run.json, which `yamlgrad "
                       "train` writes",
                       folder);
    /* A run that is killed cannot say so itself. */
    if (strcmp(run_log_text(log, "status"), "running") == 0 && !yg_run_folder_in_use(log->folder) &&
        json_object_set_new(log->record, "status", json_string("killed")) != 0)
        return yg_fail_memory(error);
    return read_epochs(log, error);
}

void run_log_close(run_log *log) {
    json_decref(log->record);
    for (size_t i = 0; i < log->score_count; i++)
        free(log->scores[i]);
    free(log->scores);
    free(log->epochs);
    free(log->rates);
    free(log->steps);
    free(log->losses);
    for (int p = 0; p < RUN_PARTS; p++)
        free(log->values[p]);
    free(log->folder);
    *log = (run_log){0};
}

const char *run_log_text(const run_log *log, const char *key) {
    const char *text = json_string_value(json_object_get(log->record, key));
    return text ? text : "";
}

double run_log_number(const run_log *log, const char *key) {
    return json_number_value(json_object_get(log->record, key));
}
