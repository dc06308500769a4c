/*
 * A run's identity: a text with a line "NAME VALUE" for everything that decides its results. It is
 * kept in the checkpoint. `--resume` compares it, so that a run never goes on as another one.
 *
 * It holds the settings that a step depends on, the expanded model (so that a change in a layer or
 * an included file is found), the `data:` section without its paths, and digests of the training
 * and validation examples. Validation counts because it chose the best weights so far. The run's
 * length, the learning rate, its schedule and `reduce_on_plateau`, `patience` and `min_delta`, the
 * number of threads and the places of files are left out: they may change.
 */
#include "../data/digest.h"
#include "../data/table.h"
#include "../graph/number.h"
#include "../graph/text.h"
#include "optimizer_update.h"
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds the options of an optimizer. A group has its pattern before each name. */
static void add_options(yg_text *text, const char *pattern, const yg_optimizer *optimizer) {
    const yg_optimizer_update *update = optimizer->update;
    char number[YG_NUMBER_TEXT];
    for (size_t i = 0; i < update->option_count; i++) {
        const char *name = update->options[i].name; /* NULL: a further number of a list */
        if (name && pattern)
            yg_text_add(text, "\ngroups.%s.%s ", pattern, name);
        else
            yg_text_add(text, name ? "\n%s " : ", ", name);
        yg_text_add(text, "%s", yg_number_text(optimizer->options[i], number));
    }
    yg_text_add(text, "\n");
}

static bool add_optimizer(yg_text *text, const yg_optimizer *optimizer, yg_error *error) {
    const yg_value *groups = optimizer->groups;
    yg_optimizer group;
    if (optimizer->maximize)
        yg_text_add(text, "maximize true\n");
    yg_text_add(text, "optimizer %s", optimizer->update->name);
    add_options(text, NULL, optimizer);
    for (size_t i = 0; groups && i < groups->count; i++) {
        const char *pattern = groups->keys[i]->text;
        if (!yg_optimizer_group(optimizer, i, &group, error))
            return false;
        yg_text_add(text, "groups.%s.frozen_until %" PRId64 "\n", pattern, group.frozen_until);
        if (group.maximize)
            yg_text_add(text, "groups.%s.maximize true\n", pattern);
        yg_text_add(text, "groups.%s.type %s", pattern, group.update->name);
        add_options(text, pattern, &group);
    }
    return true;
}

/* Whether a value is a scalar or a list of scalars. Lists of lists are examples, which the digest
 * stands for. */
static bool is_plain(const yg_value *value) {
    for (size_t i = 0; value->kind == YG_SEQUENCE && i < value->count; i++)
        if (value->items[i]->kind != YG_SCALAR)
            return false;
    return value->kind != YG_MAPPING;
}

/* Ends a line with such a value: " a" or " [a, b]". */
static void add_plain(yg_text *text, const yg_value *value) {
    if (value->kind == YG_SCALAR) {
        yg_text_add(text, " %s\n", value->text);
        return;
    }
    yg_text_add(text, " [");
    for (size_t i = 0; i < value->count; i++)
        yg_text_add(text, "%s%s", i ? ", " : "", value->items[i]->text);
    yg_text_add(text, "]\n");
}

/* Adds the options of a column: a kind, or a mapping. */
static void add_column(yg_text *text, const char *name, const yg_value *options) {
    if (options->kind == YG_SCALAR)
        yg_text_add(text, "data.columns.%s.kind %s\n", name, options->text);
    for (size_t i = 0; options->kind == YG_MAPPING && i < options->count; i++)
        if (is_plain(options->items[i])) {
            yg_text_add(text, "data.columns.%s.%s", name, options->keys[i]->text);
            add_plain(text, options->items[i]);
        }
}

/* Adds an entry of `data:` that is a mapping. Paths are left out. */
static void add_mapping(yg_text *text, const char *key, const yg_value *map) {
    const yg_value *files = yg_table_files(map);
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(key, "columns") == 0) {
            add_column(text, map->keys[i]->text, map->items[i]);
        } else if (strcmp(key, "sequences") == 0 && strcmp(map->keys[i]->text, "pad") == 0) {
            add_column(text, "pad", map->items[i]);
        } else if (map->items[i] != files && is_plain(map->items[i])) {
            yg_text_add(text, "data.%s.%s", key, map->keys[i]->text);
            add_plain(text, map->items[i]);
        }
    }
}

/* Adds the entries of `data:`, which are scalars, lists or mappings of these. `transform` and
 * `standardize` are added with the ports. */
static void add_data(yg_text *text, const yg_value *section) {
    for (size_t i = 0; section && section->kind == YG_MAPPING && i < section->count; i++) {
        const char *key = section->keys[i]->text;
        const yg_value *value = section->items[i];
        if (strcmp(key, "transform") == 0 || strcmp(key, "standardize") == 0)
            continue;
        if (value->kind == YG_MAPPING)
            add_mapping(text, key, value);
        if (value->kind == YG_SCALAR)
            yg_text_add(text, "data.%s %s\n", key, value->text);
    }
}

static void add_port(yg_text *text, const yg_port_encoding *port, const char *name) {
    if (port->formula)
        yg_text_add(text, "transform.%s %s\n", name, port->formula);
    if (port->mean)
        yg_text_add(text, "standardize.%s true\n", name);
    for (size_t i = 0; i < port->column_count; i++)
        yg_text_add(text, "columns.%s.%zu %s\n", name, i, port->columns[i]);
    for (size_t i = 0; i < port->class_count; i++)
        yg_text_add(text, "classes.%s.%zu %s\n", name, i, port->classes[i]);
}

/* The sections of an expanded model that say what is computed. */
static bool is_computed(const char *section, size_t length) {
    static const char *const names[] = {"inputs", "targets", "params", "state",  "graph",
                                        "update", "outputs", "loss",   "metrics"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncmp(section, names[i], length) == 0)
            return true;
    return false;
}

/* The expanded model, line by line: "graph:" and "  h: tanh(z)" become "graph.h tanh(z)". */
static void add_model(yg_text *text, const char *expanded) {
    const char *section = "";
    size_t section_length = 0;
    for (const char *line = expanded; *line;) {
        const size_t whole = strcspn(line, "\n"), indent = strspn(line, " ");
        const size_t key = strcspn(line, ":\n");
        const char *value = line + key + (line[key] == ':');
        value += strspn(value, " ");
        const int rest = value < line + whole ? (int)(line + whole - value) : 0;
        if (indent == 0) {
            section = line;
            section_length = key;
        }
        if (is_computed(section, section_length) && rest > 0) {
            if (indent == 0)
                yg_text_add(text, "%.*s %.*s\n", (int)key, line, rest, value);
            else
                yg_text_add(text, "%.*s.%.*s %.*s\n", (int)section_length, section,
                            (int)(key - indent), line + indent, rest, value);
        }
        line += whole + (line[whole] == '\n');
    }
}

const char *yg_run_identity(yg_run *run, yg_error *error) {
    char *expanded = run->identity ? NULL : yg_model_expand(run->model, error);
    if (!expanded)
        return run->identity;
    const yg_settings *s = &run->settings;
    yg_text text = {0};
    yg_text_add(&text, "seed %" PRIu64 "\nbatch_size %" PRId64 "\ndtype %s\ndrop_last %s\n",
                s->seed, s->batch_size, yg_dtype_name(s->dtype), s->drop_last ? "true" : "false");
    const bool good = add_optimizer(&text, &s->optimizer, error);
    yg_gradient_terms_describe(&s->terms, &text);
    yg_average_describe(&s->average, &text);
    if (s->accumulate > 1)
        yg_text_add(&text, "accumulate %" PRId64 "\n", s->accumulate);
    if (s->shards > 1)
        yg_text_add(&text, "shards %" PRId64 "\n", s->shards);
    yg_text_add(&text, "monitor %s\nmode %s\n", s->monitor.name,
                s->monitor.highest ? "max" : "min");
    if (s->keeps_last)
        yg_text_add(&text, "keep last\n");
    yg_text_add(&text, "training_examples %" PRId64 "\nvalidation_examples %" PRId64 "\n",
                run->data.train.count, run->data.validation.count);
    add_data(&text, yg_model_section(run->model, "data"));
    for (size_t p = 0; p < run->data.encoding.count; p++)
        add_port(&text, &run->data.encoding.ports[p], yg_model_port(run->model, p)->name);
    const size_t before = text.used;
    add_model(&text, expanded);
    free(expanded);
    run->digests[0] =
        text.failed ? 0 : yg_digest(YG_DIGEST_BEGIN, text.data + before, text.used - before);
    run->digests[1] = yg_part_digest(&run->data.train);
    run->digests[2] = yg_part_digest(&run->data.validation);
    yg_text_add(&text, "training_data %016" PRIx64 "\nvalidation_data %016" PRIx64 "\n",
                run->digests[1], run->digests[2]);
    run->identity = yg_text_take(&text);
    if (!run->identity)
        yg_fail_memory(error);
    if (good)
        return run->identity;
    free(run->identity);
    run->identity = NULL;
    return run->identity;
}

/* -------------------------------------------------------------------------------- comparing --- */

/* Lines to look up by name. They are mostly asked for in their own order, so a search starts where
 * the last one ended, and wraps around once. */
typedef struct lines {
    const char *text, *at;
} lines;

/* The value of the line of that name, and its length; NULL: there is none. */
static const char *find_line(lines *in, const char *name, size_t length, size_t *size) {
    const char *line = in->at;
    bool around = false;
    while (!around || line < in->at) {
        if (!*line) {
            around = true;
            line = in->text;
            if (line == in->at)
                break;
            continue;
        }
        const size_t whole = strcspn(line, "\n");
        const char *next = line + whole + (line[whole] == '\n');
        if (whole > length && strncmp(line, name, length) == 0 && line[length] == ' ') {
            in->at = next;
            *size = whole - length - 1;
            return line + length + 1;
        }
        line = next;
    }
    return NULL;
}

/* Adds a line for each entry of `of` whose values in `was` and `is` differ; with `missing`, only
 * for entries that `is` lacks. `between`: the words around the two values. */
static void add_changes(yg_text *text, const char *of, const char *was, const char *is,
                        const char *const between[3], bool missing) {
    lines in_was = {was, was}, in_is = {is, is};
    for (const char *line = of; *line;) {
        const size_t whole = strcspn(line, "\n"), length = strcspn(line, " \n");
        size_t was_size = 0, is_size = 0;
        const char *before = find_line(&in_was, line, length, &was_size);
        const char *now = find_line(&in_is, line, length, &is_size);
        const bool same =
            before && now && was_size == is_size && strncmp(before, now, is_size) == 0;
        if (!same && (!missing || !now))
            yg_text_add(text, "\n  %.*s%s%.*s%s%.*s%s", (int)length, line, between[0],
                        before ? (int)was_size : 7, before ? before : "not set", between[1],
                        now ? (int)is_size : 7, now ? now : "not set", between[2]);
        line += whole + (line[whole] == '\n');
    }
}

static char *text_of_changes(const char *was, const char *is, const char *const between[3]) {
    yg_text changes = {0};
    add_changes(&changes, is, was, is, between, false);
    add_changes(&changes, was, was, is, between, true);
    return yg_text_take(&changes);
}

bool yg_run_check_process(const char *first, const char *is, int rank, yg_error *error) {
    static const char *const between[] = {" is ", " in process 0, and ", " here"};
    if (strcmp(first, is) == 0)
        return true;
    char *text = text_of_changes(first, is, between);
    if (text)
        yg_fail(error, YG_ERROR_DATA, YG_NOWHERE,
                "process %d does not train what process 0 trains:%s\nall processes must read the "
                "same files",
                rank, text);
    else
        yg_fail_memory(error);
    free(text);
    return false;
}

bool yg_run_check_identity(const char *was, const char *is, const char *path, yg_error *error) {
    static const char *const between[] = {" was ", ", is ", ""};
    if (strcmp(was, is) == 0)
        return true;
    char *text = text_of_changes(was, is, between);
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
