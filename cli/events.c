/*
 * The lines of `train --json`: see events.h.
 */
#include "events.h"

#include "../graph/text.h"
#include "advice.h"
#include "json.h"
#include "options.h"
#include "score_table.h"

#include <stdlib.h>

static json_t *event_of(const char *kind) {
    json_t *event = json_object();
    json_set(&event, "event", json_string(kind));
    return event;
}

static void set_int(json_t **event, const char *key, int64_t value) {
    json_set(event, key, json_integer((json_int_t)value));
}

static void print(events *events, json_t *event) {
    if (events->status == STATUS_OK)
        events->status = json_print(event, YG_F64);
    else
        json_decref(event);
}

static void set_score(json_t **event, const char *part, const char *name, json_t *value) {
    yg_text text = {0};
    yg_text_add(&text, "%s.%s", part, name);
    char *key = yg_text_take(&text);
    json_set(event, key ? key : name, key ? value : NULL);
    if (!key)
        json_decref(value);
    free(key);
}

static void set_scores(json_t **event, const char *part, const yg_scores *scores) {
    set_score(event, part, "loss", json_of_number(scores->loss));
    for (size_t i = 0; i < scores->count; i++)
        set_score(event, part, scores->metrics[i].name, json_of_score(&scores->metrics[i]));
}

void events_planned(void *context, const yg_program_stats *step, int64_t best_bytes) {
    events *events = context;
    const yg_train_result *result = events->result;
    json_t *event = event_of("start"), *examples = json_object();
    json_set(&event, "model", json_string(yg_model_name(events->model)));
    json_set(&event, "file", json_string(yg_model_path(events->model)));
    json_set(&event, "folder", json_string(result->folder));
    set_int(&event, "parameters", result->parameters);
    set_int(&examples, "train", result->train_examples);
    set_int(&examples, "validation", result->validation_examples);
    set_int(&examples, "test", result->test_examples);
    json_set(&event, "examples", examples);
    set_int(&event, "step_bytes", step->arena_bytes + step->parameter_bytes + step->buffer_bytes);
    set_int(&event, "best_weights_bytes", best_bytes);
    if (result->advice && *result->advice)
        json_set(&event, "warnings", advice_json(result->advice));
    print(events, event);
}

void events_show(void *context, const yg_train_progress *now) {
    events *events = context;
    if (!now->epoch_end || events->status != STATUS_OK)
        return;
    json_t *event = event_of("epoch");
    set_int(&event, "epoch", now->epoch);
    set_int(&event, "step", now->step);
    json_set(&event, "lr", json_of_number(now->learning_rate));
    set_scores(&event, "train", &now->training);
    if (now->has_validation)
        set_scores(&event, "validation", &now->validation);
    json_set(&event, "best", json_boolean(now->best));
    if (now->lowered_to > 0)
        json_set(&event, "lowered_to", json_of_number(now->lowered_to));
    json_set(&event, "seconds", json_of_number(now->seconds));
    json_set(&event, "remaining", json_of_number(now->remaining));
    print(events, event);
}

void events_end(events *events, const char *status) {
    const yg_train_result *result = events->result;
    json_t *event = event_of("end"), *unreached = json_array();
    json_set(&event, "status", json_string(status));
    json_set(&event, "folder", json_string(result->folder));
    if (result->changed && *result->changed)
        json_set(&event, "changed", json_string(result->changed));
    if (result->moved)
        json_set(&event, "moved", json_string(result->moved));
    set_int(&event, "epochs", result->epochs);
    set_int(&event, "steps", result->steps);
    set_int(&event, "best_epoch", result->best_epoch);
    if (result->training.examples > 0)
        set_scores(&event, "train", &result->training);
    if (result->has_validation)
        set_scores(&event, "validation", &result->validation);
    if (result->has_test)
        set_scores(&event, "test", &result->test);
    for (size_t i = 0; i < result->unreached_count; i++)
        json_append(&unreached, json_string(result->unreached[i]));
    json_set(&event, "unreached", unreached);
    json_set(&event, "seconds", json_of_number(result->seconds));
    print(events, event);
}

void events_error(events *events, const yg_error *error) {
    json_t *event = event_of("error");
    if (error->file[0])
        json_set(&event, "file", json_string(error->file));
    if (error->line) {
        set_int(&event, "line", error->line);
        set_int(&event, "column", error->column);
    }
    json_set(&event, "message", json_string(error->message));
    print(events, event);
}
