/*
 * A run's identity: what it was started with, a line "NAME VALUE" each, kept in its checkpoint so
 * that a run that is resumed is the run that it was. Its length may change, and the learning rate
 * with its schedule.
 */
#include "../graph/number.h"
#include "../graph/text.h"
#include "optimizer_update.h"
#include "run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_number(yg_text *text, const char *name, double value) {
    char number[YG_NUMBER_TEXT];
    yg_text_add(text, "%s %s\n", name, yg_number_text(value, number));
}

static void add_optimizer(yg_text *text, const yg_optimizer *optimizer) {
    const yg_optimizer_update *update = optimizer->update;
    char number[YG_NUMBER_TEXT];
    yg_text_add(text, "optimizer %s", update->name);
    for (size_t i = 0; i < update->option_count; i++) {
        const char *name = update->options[i].name; /* NULL: the second number of a pair */
        yg_text_add(text, name ? "\n%s %s" : "%s, %s", name ? name : "",
                    yg_number_text(optimizer->options[i], number));
    }
    yg_text_add(text, "\n");
}

char *yg_run_identity(const yg_run *run, yg_error *error) {
    const yg_settings *s = &run->settings;
    yg_text text = {0};
    yg_text_add(&text, "seed %" PRIu64 "\nbatch_size %" PRId64 "\ndtype %s\ndrop_last %s\n",
                s->seed, s->batch_size, yg_dtype_name(s->dtype), s->drop_last ? "true" : "false");
    add_optimizer(&text, &s->optimizer);
    add_number(&text, "clip_grad_norm", s->clip_grad_norm);
    yg_text_add(&text, "monitor %s\nmode %s\n", s->monitor.name,
                s->monitor.highest ? "max" : "min");
    yg_text_add(&text, "training_examples %" PRId64 "\nvalidation_examples %" PRId64 "\n",
                run->data.train.count, run->data.validation.count);
    for (size_t p = 0; p < run->data.encoding.count; p++) {
        const yg_port_encoding *port = &run->data.encoding.ports[p];
        const char *name = yg_model_port(run->model, p)->name;
        if (port->formula)
            yg_text_add(&text, "transform.%s %s\n", name, port->formula);
        if (port->mean)
            yg_text_add(&text, "standardize.%s true\n", name);
    }
    char *identity = yg_text_take(&text);
    if (!identity)
        yg_fail_memory(error);
    return identity;
}

/* -------------------------------------------------------------------------------- comparing --- */

/* The value of the line of that name, and its length; NULL: there is none. */
static const char *find_line(const char *identity, const char *name, size_t length, size_t *size) {
    for (const char *line = identity; *line;) {
        const size_t whole = strcspn(line, "\n");
        if (whole > length && strncmp(line, name, length) == 0 && line[length] == ' ') {
            *size = whole - length - 1;
            return line + length + 1;
        }
        line += whole + (line[whole] == '\n');
    }
    return NULL;
}

/* Adds a line for each entry of `of` that the two do not agree on; `missing`: only for those that
 * `is` lacks. */
static void add_changes(yg_text *text, const char *of, const char *was, const char *is,
                        bool missing) {
    for (const char *line = of; *line;) {
        const size_t whole = strcspn(line, "\n"), length = strcspn(line, " \n");
        size_t was_size = 0, is_size = 0;
        const char *before = find_line(was, line, length, &was_size);
        const char *now = find_line(is, line, length, &is_size);
        const bool same =
            before && now && was_size == is_size && strncmp(before, now, is_size) == 0;
        if (!same && (!missing || !now))
            yg_text_add(text, "\n  %.*s was %.*s, is %.*s", (int)length, line,
                        before ? (int)was_size : 7, before ? before : "not set",
                        now ? (int)is_size : 7, now ? now : "not set");
        line += whole + (line[whole] == '\n');
    }
}

bool yg_run_check_identity(const char *was, const char *is, const char *path, yg_error *error) {
    yg_text changes = {0};
    if (strcmp(was, is) == 0)
        return true;
    add_changes(&changes, is, was, is, false);
    add_changes(&changes, was, was, is, true);
    char *text = yg_text_take(&changes);
    if (text)
        yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                "the checkpoint is of a run with other settings:%s\nset them as they were, or "
                "start a new run",
                text);
    else
        yg_fail_memory(error);
    free(text);
    return false;
}
