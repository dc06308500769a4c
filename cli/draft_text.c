/*
 * Writes the model file of a draft: see draft.h.
 */
#include "../data/date.h"
#include "../graph/text.h"
#include "draft.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMMENT_COLUMN = 30 };

static bool is_plain(const char *text) {
    static const char *const taken[] = {"hidden", "drop_rate",
                                        "vocabulary"}; /* `vars` of the file */
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(text, taken[i]) == 0)
            return false;
    return yg_is_name(text, false);
}

/* Adds a scalar of YAML, in quotes unless it is an identifier. */
static void add_scalar(yg_text *text, const char *value) {
    if (is_plain(value)) {
        yg_text_add(text, "%s", value);
        return;
    }
    yg_text_add(text, "\"");
    for (; *value; value++)
        if (*value == '"' || *value == '\\')
            yg_text_add(text, "\\%c", *value);
        else if ((unsigned char)*value < 0x20 || *value == 0x7F)
            yg_text_add(text, "\\x%02X", (unsigned)*value);
        else
            yg_text_add(text, "%c", *value);
    yg_text_add(text, "\"");
}

/* Adds a text to a comment, on one line. */
static void add_remark(yg_text *text, const char *value) {
    for (; *value; value++)
        yg_text_add(text, "%c", (unsigned char)*value < 0x20 || *value == 0x7F ? ' ' : *value);
}

/* Adds blanks up to a column of the line that begins at `start`. */
static void pad(yg_text *text, size_t start, size_t column) {
    size_t width = 0;
    for (size_t i = start; text->data && i < text->used; i++)
        width += ((unsigned char)text->data[i] & 0xC0) != 0x80;
    yg_text_add(text, "%*s", width < column ? (int)(column - width) : 2, "");
}

const char *draft_identifier(const char *name, const char *otherwise, char *text, size_t size) {
    size_t used = 0;
    for (; *name && used + 1 < size; name++) {
        const unsigned char c = (unsigned char)*name;
        const bool letter = c < 0x80 && (isalnum(c) || c == '_');
        if (letter)
            text[used++] = (char)c;
        else if (used && text[used - 1] != '_')
            text[used++] = '_';
    }
    while (used && text[used - 1] == '_')
        used--;
    text[used] = '\0';
    if (!used || isdigit((unsigned char)text[0]))
        snprintf(text, size, "%s", otherwise);
    return text;
}

/* The name of the target's port: it must not be that of anything else in the file. */
static void port_name(const draft *draft, char *text, size_t size) {
    static const char *const taken[] = {
        "x",        "image",     "all",    "vocabulary",  "h",
        "kept",     "p0",        "p1",     "p2",          "p3",
        "c1",       "c2",        "c3",     "h1",          "h2",
        "kept1",    "kept2",     "logits", "probability", "hidden",
        "estimate", "drop_rate", "B",      "accuracy",    "mean_absolute_error",
        "loss"};
    static const char *const numbered[] = {"words", "vectors", "bag"};
    draft_identifier(draft->summary->columns[draft->target].name, "y", text, size);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(text, taken[i]) == 0)
            snprintf(text, size, "y");
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++)
        if (strncmp(text, numbered[i], strlen(numbered[i])) == 0)
            snprintf(text, size, "y");
}

/* ---------------------------------------------------------------------------- the columns ---- */

static void add_day(yg_text *text, double days) {
    yg_date date;
    if (yg_date_from_seconds(floor(days) * 86400, &date))
        yg_text_add(text, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static void add_counts(yg_text *text, const draft_column *column) {
    enum { SHOWN = 8 };
    for (size_t i = 0; i < column->value_count && i < SHOWN; i++) {
        yg_text_add(text, i ? ", " : "");
        add_remark(text, column->summary->values.names[column->values[i]]);
        yg_text_add(text, " %" PRId64, column->summary->counts[column->values[i]]);
    }
    if (column->value_count > SHOWN)
        yg_text_add(text, ", …");
}

static void add_description(yg_text *text, const draft_column *column) {
    const yg_column_summary *summary = column->summary;
    switch (column->kind) {
    case DRAFT_LEFT_OUT:
        yg_text_add(text, "left out: ");
        add_remark(text, column->reason ? column->reason : "");
        break;
    case DRAFT_CATEGORY:
        yg_text_add(text, "%zu values: ", column->value_count);
        add_counts(text, column);
        break;
    case DRAFT_IMAGE:
        yg_text_add(text, "pictures");
        break;
    case DRAFT_TEXT:
        yg_text_add(text, "sentences");
        break;
    case DRAFT_BOOLEAN:
        yg_text_add(text, "yes or no");
        break;
    case DRAFT_DATE:
        yg_text_add(text, "dates from ");
        add_day(text, summary->earliest);
        yg_text_add(text, " to ");
        add_day(text, summary->latest);
        break;
    default:
        if (column->value_count) {
            yg_text_add(text, "to be predicted; %zu classes: ", column->value_count);
            add_counts(text, column);
        } else {
            const bool whole = summary->numbers == summary->wholes;
            const int digits = whole ? 15 : 6;
            yg_text_add(text, "%s%s from %.*g to %.*g",
                        column->kind == DRAFT_TARGET ? "to be predicted; " : "",
                        whole ? "whole numbers" : "numbers", digits, summary->least, digits,
                        summary->most);
        }
    }
    if (summary->missing && column->kind != DRAFT_LEFT_OUT)
        yg_text_add(text, "; %" PRId64 " missing", summary->missing);
}

/* A comment that lists all columns; of very many, those that are not like most. */
static void add_table(yg_text *text, const draft *draft) {
    enum { SHOWN = 200 };
    size_t left = 0, shown = 0;
    yg_text_add(text, "#\n# %" PRId64 " rows with these columns:\n", draft->summary->rows);
    for (size_t i = 0; i < draft->summary->count; i++) {
        if (shown++ >= SHOWN) {
            left++;
            continue;
        }
        const size_t start = text->used;
        yg_text_add(text, "#   ");
        add_remark(text, *draft->columns[i].summary->name ? draft->columns[i].summary->name
                                                          : "(no name)");
        pad(text, start, COMMENT_COLUMN);
        add_description(text, &draft->columns[i]);
        yg_text_add(text, "\n");
    }
    if (left)
        yg_text_add(text, "#   and %zu more\n", left);
}

static void add_missing(yg_text *text, const draft_column *column, const char *way) {
    if (column->summary->missing)
        yg_text_add(text, ", missing: %s", way);
    if (column->indicated)
        yg_text_add(text, ", indicator: true");
}

static void add_values(yg_text *text, const draft_column *column) {
    for (size_t i = 0; i < column->value_count; i++) {
        yg_text_add(text, i ? ", " : "");
        add_scalar(text, column->summary->values.names[column->values[i]]);
    }
}

static void add_date_options(yg_text *text, const draft_column *column) {
    const char *form = yg_summary_date_form(yg_summary_form_of(column->summary));
    if (form && *form)
        yg_text_add(text, ", format: \"%s\"", form);
    yg_text_add(text, ", age: ");
    add_day(text, column->summary->earliest);
    if (column->by_year || column->by_week || column->by_day) {
        yg_text_add(text, ", cyclic: [");
        const char *between = "";
        const struct {
            bool wanted;
            const char *name;
        } cycles[] = {
            {column->by_year, "year"}, {column->by_week, "week"}, {column->by_day, "day"}};
        for (size_t i = 0; i < sizeof cycles / sizeof *cycles; i++)
            if (cycles[i].wanted) {
                yg_text_add(text, "%s%s", between, cycles[i].name);
                between = ", ";
            }
        yg_text_add(text, "]");
    }
}

/* Whether a column needs an entry under `columns:`. */
static bool has_options(const draft_column *column) {
    switch (column->kind) {
    case DRAFT_LEFT_OUT:
        return false;
    case DRAFT_NUMBER:
    case DRAFT_TARGET:
        return column->logarithmic || column->summary->missing;
    default:
        return true;
    }
}

static void add_options(yg_text *text, const draft_column *column, draft_task task) {
    yg_text_add(text, "    ");
    add_scalar(text, column->summary->name);
    yg_text_add(text, ": {kind: ");
    switch (column->kind) {
    case DRAFT_CATEGORY:
        yg_text_add(text, "category, values: [");
        add_values(text, column);
        yg_text_add(text, "], unseen: true");
        add_missing(text, column, "most_frequent");
        break;
    case DRAFT_IMAGE:
        yg_text_add(text, "image");
        break;
    case DRAFT_TEXT:
        yg_text_add(text, "text, length: %" PRId64 ", vocabulary: vocabulary, lower: true",
                    column->length);
        add_missing(text, column, "\"\"");
        break;
    case DRAFT_BOOLEAN:
        yg_text_add(text, "boolean");
        add_missing(text, column, "most_frequent");
        break;
    case DRAFT_DATE:
        yg_text_add(text, "date");
        add_date_options(text, column);
        add_missing(text, column, "most_frequent");
        break;
    default:
        yg_text_add(text, column->kind == DRAFT_TARGET && task == DRAFT_CLASSIFICATION ? "label"
                                                                                       : "number");
        if (column->logarithmic)
            yg_text_add(text, ", scale: %s", column->kind == DRAFT_TARGET ? "log" : "log1p");
        add_missing(text, column, column->kind == DRAFT_TARGET ? "drop" : "median");
    }
    yg_text_add(text, "}\n");
}

static void add_column_options(yg_text *text, const draft *draft) {
    bool any = false;
    for (size_t i = 0; i < draft->summary->count; i++) {
        if (!has_options(&draft->columns[i]))
            continue;
        if (!any)
            yg_text_add(text, "  columns:  # all others are numbers\n");
        any = true;
        add_options(text, &draft->columns[i], draft->task);
    }
}

/* A name that several columns have is excluded once. */
static bool is_repeated(const draft *draft, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (draft->columns[i].kind == DRAFT_LEFT_OUT &&
            strcmp(draft->columns[i].summary->name, draft->columns[index].summary->name) == 0)
            return true;
    return false;
}

static void add_excluded(yg_text *text, const draft *draft) {
    bool any = false;
    for (size_t i = 0; i < draft->summary->count; i++) {
        if (draft->columns[i].kind != DRAFT_LEFT_OUT || is_repeated(draft, i))
            continue;
        if (!any)
            yg_text_add(text, "    exclude:\n");
        any = true;
        const size_t start = text->used;
        yg_text_add(text, "      - ");
        add_scalar(text, draft->columns[i].summary->name);
        pad(text, start, COMMENT_COLUMN);
        yg_text_add(text, "# ");
        add_remark(text, draft->columns[i].reason);
        yg_text_add(text, "\n");
    }
}

/* ---------------------------------------------------------------------------- the network ---- */

/* An input for each column of sentences, and `x` for all others. */
static void add_text_ports(yg_text *text, const draft *draft) {
    int number = 0;
    yg_text_add(text, "inputs:\n");
    if (draft->width)
        yg_text_add(text, "  x: [B, %" PRId64 "]  # so many elements the columns give\n",
                    draft->width);
    for (size_t i = 0; i < draft->summary->count; i++)
        if (draft->columns[i].kind == DRAFT_TEXT)
            yg_text_add(text, "  words%d: {shape: [B, %" PRId64 "], dtype: i32}\n", ++number,
                        draft->columns[i].length);
}

/* The vectors of a text's words are added up, whatever their order. Returns the node that has all
 * inputs beside each other. */
static const char *add_texts(yg_text *text, const draft *draft, char *name, size_t size) {
    const int count = (int)draft->text_count;
    for (int i = 1; i <= count; i++)
        yg_text_add(text,
                    "  vectors%d: {type: embedding, input: words%d, num_embeddings: vocabulary, "
                    "embedding_dim: 16, padding_idx: 0, init: {type: normal, std: 0.03}}\n"
                    "  bag%d: sum(vectors%d, dim=1)\n",
                    i, i, i, i);
    snprintf(name, size, "bag1");
    if (count == 1 && !draft->width)
        return name;
    yg_text_add(text, "  all: concat([%s", draft->width ? "x, " : "");
    for (int i = 1; i <= count; i++)
        yg_text_add(text, "%sbag%d", i > 1 ? ", " : "", i);
    yg_text_add(text, "], dim=1)\n");
    snprintf(name, size, "all");
    return name;
}

static void add_ports(yg_text *text, const draft *draft, const char *port) {
    yg_text_add(text, "vars: {hidden: %" PRId64 ", drop_rate: %g", draft->hidden, draft->dropout);
    if (draft->text_count)
        yg_text_add(text, ", vocabulary: %" PRId64, draft->vocabulary);
    yg_text_add(text, "}\n");
    const draft_pictures *pictures = &draft->pictures;
    if (pictures->channels)
        yg_text_add(text, "inputs: {image: [B, %s%" PRId64 ", %" PRId64 "]}\n",
                    pictures->channels == 3 ? "3, " : "", pictures->height, pictures->width);
    else if (draft->text_count)
        add_text_ports(text, draft);
    else
        yg_text_add(text, "inputs: {x: [B, %" PRId64 "]}  # so many elements the columns give\n",
                    draft->width);
    if (draft->task == DRAFT_REGRESSION) {
        yg_text_add(text, "targets: {%s: [B]}\n", port);
        return;
    }
    yg_text_add(text, "targets:\n  %s: {shape: [B], dtype: i32, classes: [", port);
    add_values(text, &draft->columns[draft->target]);
    yg_text_add(text, "]}\n");
}

/* Convolutions up to a row of numbers for each picture, `kept`. */
static void add_convolutions(yg_text *text, const draft *draft) {
    char from[20] = "image";
    if (draft->pictures.channels == 1) {
        yg_text_add(text, "  p0: unsqueeze(image, 1)\n");
        snprintf(from, sizeof from, "p0");
    }
    for (int i = 1; i <= draft->layers; i++) {
        yg_text_add(text,
                    "  c%d: {type: conv2d, input: %s, out_channels: %d, kernel_size: 3, padding: "
                    "1, activation: relu}\n"
                    "  p%d: {type: max_pool2d, kernel_size: 2}\n",
                    i, from, 8 << i, i);
        snprintf(from, sizeof from, "p%d", i);
    }
    yg_text_add(text,
                "  h: {type: linear, input: \"flatten(%s, 1)\", out_features: hidden, activation: "
                "relu}\n  kept: dropout(h, drop_rate)\n",
                from);
}

static void add_graph(yg_text *text, const draft *draft, const char *port) {
    const bool numbers = draft->task == DRAFT_REGRESSION;
    const char *last = "x";
    char name[20], first[20];
    yg_text_add(text, "graph:\n");
    if (draft->pictures.channels) {
        add_convolutions(text, draft);
        last = "kept";
    } else if (draft->text_count)
        last = add_texts(text, draft, first, sizeof first);
    for (int i = 1; i <= draft->layers && !draft->pictures.channels; i++) {
        yg_text_add(text,
                    "  h%d: {type: linear, input: %s, out_features: hidden, activation: relu}\n"
                    "  kept%d: dropout(h%d, drop_rate)\n",
                    i, last, i, i);
        snprintf(name, sizeof name, "kept%d", i);
        last = name;
    }
    yg_text_add(text, "  logits: {type: linear, input: %s, out_features: %zu}\n", last,
                numbers ? 1 : draft->columns[draft->target].value_count);
    if (numbers)
        yg_text_add(text,
                    "  estimate: squeeze(logits, dim=-1)\n"
                    "outputs:\n  %s: {value: estimate, units: %s}\n"
                    "loss: mse(estimate, %s)  # in standard deviations%s, as the metric\n"
                    "metrics: {mean_absolute_error: \"l1(estimate, %s)\"}\n",
                    port, port, port,
                    draft->columns[draft->target].logarithmic ? " of the logarithm" : "", port);
    else
        yg_text_add(text,
                    "outputs: {probability: \"softmax(logits, dim=-1)\"}\n"
                    "loss: cross_entropy(logits, %s)\n"
                    "metrics: {accuracy: \"accuracy(logits, %s)\"}\n",
                    port, port);
}

/* The columns that are an input of their own. */
static void add_own_inputs(yg_text *text, const draft *draft) {
    int number = 0;
    for (size_t i = 0; i < draft->summary->count; i++) {
        const draft_column *column = &draft->columns[i];
        if (column->kind == DRAFT_TEXT)
            yg_text_add(text, "    words%d: ", ++number);
        else if (column->kind == DRAFT_IMAGE)
            yg_text_add(text, "    image: ");
        else
            continue;
        add_scalar(text, column->summary->name);
        yg_text_add(text, "\n");
    }
}

/* How pictures are read. */
static void add_picture_options(yg_text *text, const draft *draft) {
    for (size_t i = 0; i < draft->summary->count; i++) {
        if (draft->columns[i].kind != DRAFT_IMAGE)
            continue;
        yg_text_add(text, "  columns:\n    ");
        add_scalar(text, draft->columns[i].summary->name);
        yg_text_add(text, ": {kind: image");
    }
    if (draft->pictures.resized)
        yg_text_add(text, ", resize: [%" PRId64 ", %" PRId64 "]", draft->pictures.height,
                    draft->pictures.width);
    yg_text_add(text, "}\n");
    if (has_options(&draft->columns[draft->target]))
        add_options(text, &draft->columns[draft->target], draft->task);
    yg_text_add(text, "  transform: {image: image / 255 - 0.5}\n");
}

static void add_data(yg_text *text, const draft *draft, const draft_source *source,
                     const char *port) {
    const bool classes = draft->task == DRAFT_CLASSIFICATION;
    yg_text_add(text, "data:\n  train:\n    %s: ", source->key);
    add_scalar(text, source->path);
    yg_text_add(text, "\n%s", source->keys);
    if (!draft->pictures.channels && draft->width)
        yg_text_add(text, "    x: \"*\"  # all columns that are not named here\n");
    add_own_inputs(text, draft);
    yg_text_add(text, "    %s: ", port);
    add_scalar(text, draft->summary->columns[draft->target].name);
    yg_text_add(text, "\n");
    if (!draft->pictures.channels && draft->width)
        add_excluded(text, draft);
    if (draft->validation > 0)
        yg_text_add(text, "  validation: {from: train, fraction: %g%s%s}\n", draft->validation,
                    classes ? ", stratify: " : "", classes ? port : "");
    if (draft->test > 0)
        yg_text_add(text, "  test: {from: train, fraction: %g%s%s}\n", draft->test,
                    classes ? ", stratify: " : "", classes ? port : "");
    if (draft->pictures.channels)
        add_picture_options(text, draft);
    else
        add_column_options(text, draft);
    const bool scaled = !draft->pictures.channels && draft->width;
    if (scaled || !classes)
        yg_text_add(text, "  standardize: [%s%s%s]\n", scaled ? "x" : "",
                    scaled && !classes ? ", " : "", classes ? "" : port);
    yg_text_add(text, "  seed: 0  # of the splits\n");
}

static void add_training(yg_text *text, const draft *draft) {
    yg_text_add(text,
                "train:\n  epochs: %" PRId64 "\n  batch_size: %" PRId64 "\n  seed: 1\n"
                "  optimizer: {type: adamw, lr: %g, weight_decay: %g}\n",
                draft->epochs, draft->batch_size, draft->rate, draft->weight_decay);
    if (draft->validation > 0)
        yg_text_add(text,
                    "  early_stopping: {patience: %" PRId64 "}  # epochs without a better "
                    "validation loss\n",
                    draft->patience);
}

char *draft_text(const draft *draft, const draft_source *source) {
    yg_text text = {0};
    char port[64];
    port_name(draft, port, sizeof port);
    yg_text_add(&text, "# Written by `");
    add_remark(&text, source->command);
    yg_text_add(&text, "`. It is yours to change.\n");
    add_table(&text, draft);
    yg_text_add(&text, "format: 1\nname: %s\n", source->name);
    add_ports(&text, draft, port);
    add_graph(&text, draft, port);
    add_data(&text, draft, source, port);
    add_training(&text, draft);
    return yg_text_take(&text);
}
