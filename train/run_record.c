/*
 * run.json: see run_record.h.
 */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "run_record.h"

#include "../graph/clock.h"
#include "../graph/file.h"
#include "../graph/text.h"
#include "../graph/threads.h"
#include "../graph/version.h"
#include "git_commit.h"
#include "json_text.h"
#include "optimizer_update.h"
#include "run_again.h"
#include "score_table.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* -------------------------------------------------------------------------------- JSON ------- */

static void add_key(yg_text *out, const char *key) {
    yg_text_add(out, ",\n  \"%s\": ", key);
}

static void add_text(yg_text *out, const char *key, const char *text) {
    add_key(out, key);
    yg_json_string(out, text);
}

static void add_count(yg_text *out, const char *key, int64_t count) {
    add_key(out, key);
    yg_text_add(out, "%" PRId64, count);
}

/* The absolute path of a file, or the path as it is where that cannot be found. */
static void add_path(yg_text *out, const char *key, const char *path) {
    char *absolute = realpath(path, NULL);
    add_text(out, key, absolute ? absolute : path);
    free(absolute);
}

/* -------------------------------------------------------------------------------- parts ------ */

static void add_command(yg_text *out, const yg_train_options *options) {
    if (!options->command_count)
        return;
    add_key(out, "command");
    for (size_t i = 0; i < options->command_count; i++) {
        yg_text_add(out, i ? ", " : "[");
        yg_json_string(out, options->command[i]);
    }
    yg_text_add(out, "]");
}

/* The vars that --set has changed. The last text for a var counts, as in the model. */
static void add_vars(yg_text *out, const yg_train_options *options) {
    bool first = true;
    add_key(out, "set");
    yg_text_add(out, "{");
    for (size_t i = 0; i < options->override_count; i++) {
        const char *text = options->overrides[i], *equals = strchr(text, '=');
        const size_t length = equals ? (size_t)(equals - text) : strlen(text);
        bool last = true;
        for (size_t k = i + 1; k < options->override_count; k++)
            last = last && (strncmp(options->overrides[k], text, length) != 0 ||
                            options->overrides[k][length] != '=');
        char *name = last ? strndup(text, length) : NULL;
        if (!last)
            continue;
        out->failed = out->failed || !name;
        yg_text_add(out, "%s", first ? "" : ", ");
        yg_json_string(out, name ? name : "");
        yg_text_add(out, ": ");
        yg_json_string(out, equals ? equals + 1 : "");
        free(name);
        first = false;
    }
    yg_text_add(out, "}");
}

/* Begins an entry of an object in the line. */
static void add_entry(yg_text *out, const char *key, bool *first) {
    yg_text_add(out, "%s\"%s\": ", *first ? "" : ", ", key);
    *first = false;
}

static void add_options(yg_text *out, const yg_train_options *options) {
    const struct {
        const char *name;
        bool given;
        int64_t value;
    } counts[] = {{"epochs", options->has_epochs, options->epochs},
                  {"steps", options->has_steps, options->steps},
                  {"batch_size", options->has_batch_size, options->batch_size},
                  {"seed", options->has_seed, (int64_t)options->seed},
                  {"fold", options->folds > 0, options->fold + 1},
                  {"folds", options->folds > 0, options->folds},
                  {"gap", options->gap > 0, options->gap}};
    bool first = true;
    add_key(out, "options");
    yg_text_add(out, "{");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].given) {
            add_entry(out, counts[i].name, &first);
            yg_text_add(out, "%" PRId64, counts[i].value);
        }
    if (options->has_lr) {
        add_entry(out, "lr", &first);
        yg_json_number(out, options->lr);
    }
    if (options->has_dtype) {
        add_entry(out, "dtype", &first);
        yg_json_string(out, yg_dtype_name(options->dtype));
    }
    if (options->weights) {
        add_entry(out, "weights", &first);
        yg_json_string(out, options->weights);
    }
    yg_text_add(out, "}");
}

static void add_settings(yg_text *out, const yg_run *run) {
    const yg_settings *s = &run->settings;
    const int threads = run->options->threads;
    add_count(out, "seed", (int64_t)s->seed);
    add_text(out, "dtype", yg_dtype_name(s->dtype));
    add_count(out, "batch_size", s->batch_size);
    add_count(out, "threads", threads > 0 ? threads : yg_threads_available());
    add_text(out, "optimizer", s->optimizer.update->name);
    add_text(out, "monitor",
             s->monitor.metric == SIZE_MAX && s->monitor.part == YG_MONITOR_EITHER
                 ? run->data.validation.count ? "validation.loss" : "train.loss"
                 : s->monitor.name);
    add_text(out, "mode", s->monitor.highest ? "max" : "min");
}

static void add_date(yg_text *out, const char *key, time_t seconds) {
    struct tm date = {0};
    char text[40];
    gmtime_r(&seconds, &date);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", date.tm_year + 1900,
             date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec);
    add_text(out, key, text);
}

static void add_times(yg_text *out, const yg_run *run) {
    if (*run->past.started)
        add_text(out, "started", run->past.started);
    else
        add_date(out, "started", run->past.now);
    add_date(out, "saved", time(NULL));
    add_key(out, "seconds");
    yg_json_number(out, round((run->past.seconds + yg_clock() - run->past.clock) * 1000) / 1000);
    add_count(out, "starts", run->past.starts + 1);
}

/* The name of the processor, as Linux tells it; "" elsewhere. */
static void find_processor(char name[200]) {
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[400];
    *name = '\0';
    while (file && !*name && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        line[strcspn(line, "\n")] = '\0';
        if (colon && strncmp(line, "model name", 10) == 0)
            snprintf(name, 200, "%.199s", colon + 1 + strspn(colon + 1, " "));
    }
    if (file)
        fclose(file);
}

static void add_machine(yg_text *out) {
    struct utsname system;
    char processor[200];
    add_key(out, "yamlgrad");
    yg_text_add(out, "{\"version\": \"%s\", \"compiler\": ", yg_version());
#if defined __clang__
    yg_json_string(out, "clang " __clang_version__);
#else
    yg_json_string(out, "gcc " __VERSION__);
#endif
    yg_text_add(out, "}");
    add_key(out, "machine");
    yg_text_add(out, "{\"cores\": %ld", sysconf(_SC_NPROCESSORS_ONLN));
    find_processor(processor);
    yg_text_add(out, ", \"processor\": ");
    yg_json_string(out, processor);
    if (uname(&system) == 0) {
        yg_text_add(out, ", \"host\": ");
        yg_json_string(out, system.nodename);
        yg_text_add(out, ", \"system\": \"%s %s %s\"", system.sysname, system.release,
                    system.machine);
    }
    yg_text_add(out, "}");
}

static void add_commit(yg_text *out, const yg_model *model) {
    char commit[YG_COMMIT_TEXT];
    if (yg_git_commit(yg_model_folder(model, "include"), commit))
        add_text(out, "commit", commit);
}

static void add_scores(yg_text *out, const char *part, const yg_scores *scores, bool *first) {
    add_entry(out, part, first);
    yg_text_add(out, "{\"loss\": ");
    yg_json_number(out, scores->loss);
    for (size_t i = 0; i < scores->count; i++) {
        yg_text_add(out, ", \"%s\": ", scores->metrics[i].name);
        if (scores->metrics[i].table)
            yg_score_table_json(scores->metrics[i].table, scores->metrics[i].table->values, out);
        else
            yg_json_number(out, scores->metrics[i].value);
    }
    yg_text_add(out, "}");
}

static void add_results(yg_text *out, const yg_run *run) {
    const yg_train_result *r = run->result;
    bool first = true;
    add_count(out, "parameters", r->parameters);
    add_key(out, "examples");
    yg_text_add(out, "{\"train\": %" PRId64 ", \"validation\": %" PRId64 ", \"test\": %" PRId64 "}",
                r->train_examples, r->validation_examples, r->test_examples);
    add_count(out, "epochs", yg_run_epochs(run));
    add_count(out, "steps", run->at.steps);
    add_count(out, "best_epoch", run->at.best_epoch);
    if (!r->scored)
        return;
    add_key(out, "results");
    yg_text_add(out, "{");
    add_scores(out, "train", &r->training, &first);
    if (r->has_validation)
        add_scores(out, "validation", &r->validation, &first);
    if (r->has_test)
        add_scores(out, "test", &r->test, &first);
    yg_text_add(out, "}");
}

/* ------------------------------------------------------------------------- reading, writing -- */

void yg_run_record_begin(yg_run *run) {
    enum { LARGEST = 1 << 26 }; /* metrics may be tables */
    yg_run_past *past = &run->past;
    *past = (yg_run_past){.now = time(NULL), .clock = yg_clock()};
    if (!run->options->resume)
        return;
    size_t size = 0;
    char *path = yg_run_path(run->result->folder, YG_RUN_RECORD, NULL);
    char *text = path ? yg_file_read(path, LARGEST, &size, NULL) : NULL;
    json_t *old = text ? json_loadb(text, size, 0, NULL) : NULL;
    const char *started = json_string_value(json_object_get(old, "started"));
    past->seconds = json_number_value(json_object_get(old, "seconds"));
    past->starts = json_integer_value(json_object_get(old, "starts"));
    if (started && strlen(started) < sizeof past->started)
        snprintf(past->started, sizeof past->started, "%s", started);
    json_decref(old);
    free(text);
    free(path);
}

bool yg_run_record_write(const yg_run *run, const char *status, const char *message,
                         yg_error *error) {
    yg_text out = {0};
    char *directory = realpath(".", NULL);
    yg_text_add(&out, "{\n  \"format\": 1");
    add_text(&out, "status", status);
    if (message)
        add_text(&out, "message", message);
    add_text(&out, "model", yg_model_name(run->model));
    add_path(&out, "file", yg_model_path(run->model));
    if (run->options->run_path)
        add_path(&out, "second", run->options->run_path);
    add_command(&out, run->options);
    if (directory)
        add_text(&out, "directory", directory);
    add_vars(&out, run->options);
    add_options(&out, run->options);
    add_settings(&out, run);
    add_times(&out, run);
    add_machine(&out);
    add_commit(&out, run->model);
    add_results(&out, run);
    yg_run_again_record(run, &out);
    yg_text_add(&out, "\n}\n");
    free(directory);
    char *text = yg_text_take(&out), *path = yg_run_path(run->result->folder, YG_RUN_RECORD, error);
    const bool good =
        path && (text ? yg_file_write(path, text, strlen(text), error) : yg_fail_memory(error));
    free(path);
    free(text);
    return good;
}
