/*
 * Writes the model file of a draft: see draft.h.
 */
#include "../data/date.h"
#include "../graph/text.h"
#include "draft_write.h"

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
void draft_add_scalar(yg_text *text, const char *value) {
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
void draft_add_remark(yg_text *text, const char *value) {
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
        draft_add_remark(text, column->summary->values.names[column->values[i]]);
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
        draft_add_remark(text, column->reason ? column->reason : "");
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
        draft_add_remark(text, *draft->columns[i].summary->name ? draft->columns[i].summary->name
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

void draft_add_values(yg_text *text, const draft_column *column) {
    for (size_t i = 0; i < column->value_count; i++) {
        yg_text_add(text, i ? ", " : "");
        draft_add_scalar(text, column->summary->values.names[column->values[i]]);
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
        return column->logarithmic || column->label || column->summary->missing;
    default:
        return true;
    }
}

static void add_options(yg_text *text, const draft_column *column) {
    yg_text_add(text, "    ");
    draft_add_scalar(text, column->summary->name);
    yg_text_add(text, ": {kind: ");
    switch (column->kind) {
    case DRAFT_CATEGORY:
        yg_text_add(text, "category, values: [");
        draft_add_values(text, column);
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
        yg_text_add(text, column->kind != DRAFT_TARGET || column->task == DRAFT_REGRESSION
                              ? "number"
                          : column->label ? "boolean"
                                          : "label");
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
        add_options(text, &draft->columns[i]);
    }
}

/* A name that several columns have is excluded once. */
static void add_excluded(yg_text *text, const draft *draft) {
    yg_pool *pool = yg_pool_new();
    yg_names names = {0};
    bool good = pool != NULL;
    for (size_t i = 0; good && i < draft->summary->count; i++) {
        const char *name = draft->columns[i].summary->name;
        if (draft->columns[i].kind != DRAFT_LEFT_OUT || yg_names_find(&names, name) != YG_NOT_FOUND)
            continue;
        if (!names.count)
            yg_text_add(text, "    exclude:\n");
        good = yg_names_add(&names, pool, name);
        const size_t start = text->used;
        yg_text_add(text, "      - ");
        draft_add_scalar(text, name);
        pad(text, start, COMMENT_COLUMN);
        yg_text_add(text, "# ");
        draft_add_remark(text, draft->columns[i].reason);
        yg_text_add(text, "\n");
    }
    if (!good)
        text->failed = true;
    yg_pool_free(pool);
}

/* ------------------------------------------------------------------------------- the data ---- */

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
        draft_add_scalar(text, column->summary->name);
        yg_text_add(text, "\n");
    }
}

/* How pictures are read. */
static void add_picture_options(yg_text *text, const draft *draft) {
    for (size_t i = 0; i < draft->summary->count; i++) {
        if (draft->columns[i].kind != DRAFT_IMAGE)
            continue;
        yg_text_add(text, "  columns:\n    ");
        draft_add_scalar(text, draft->columns[i].summary->name);
        yg_text_add(text, ": {kind: image%s",
                    draft->columns[i].summary->missing ? ", missing: drop" : "");
    }
    if (draft->pictures.resized)
        yg_text_add(text, ", resize: [%" PRId64 ", %" PRId64 "]", draft->pictures.height,
                    draft->pictures.width);
    yg_text_add(text, "}\n");
    for (size_t i = 0; i < draft->target_count; i++)
        if (has_options(&draft->columns[draft->targets[i]]))
            add_options(text, &draft->columns[draft->targets[i]]);
    yg_text_add(text, "  transform: {image: image / 255 - 0.5}\n");
}

/* The columns that the targets are read from. */
static void add_targets(yg_text *text, const draft *draft) {
    for (size_t h = 0; h < draft->head_count; h++) {
        const draft_head *head = &draft->heads[h];
        yg_text_add(text, "    %s: %s", head->port, head->count > 1 ? "[" : "");
        for (size_t i = 0; i < head->count; i++) {
            yg_text_add(text, i ? ", " : "");
            draft_add_scalar(text, draft->columns[draft->targets[head->first + i]].summary->name);
        }
        yg_text_add(text, head->count > 1 ? "]\n" : "\n");
    }
}

/* The parts that examples are taken away for. Of few examples none are: they are worth more in
 * training, and `cv` scores on all of them. */
static void add_parts(yg_text *text, const draft *draft) {
    const char *stratify = NULL;
    for (size_t h = draft->head_count; h-- > 0;)
        if (draft->heads[h].task == DRAFT_CLASSIFICATION)
            stratify = draft->heads[h].port;
    const char *off = draft->parted ? "" : "# ";
    if (!draft->parted)
        yg_text_add(text,
                    "  # All rows are trained on: `yamlgrad cv` scores without giving some away. "
                    "These parts would:\n");
    for (int i = 0; i < 2; i++)
        yg_text_add(text, "  %s%s: {from: train, fraction: %g%s%s}\n", off,
                    i ? "test" : "validation", i ? draft->test : draft->validation,
                    stratify ? ", stratify: " : "", stratify ? stratify : "");
}

static void add_standardized(yg_text *text, const draft *draft) {
    const char *between = "";
    const bool scaled = !draft->pictures.channels && draft->width;
    bool any = scaled;
    for (size_t h = 0; h < draft->head_count; h++)
        any = any || draft->heads[h].task == DRAFT_REGRESSION;
    if (!any)
        return;
    yg_text_add(text, "  standardize: [");
    if (scaled) {
        yg_text_add(text, "x");
        between = ", ";
    }
    for (size_t h = 0; h < draft->head_count; h++)
        if (draft->heads[h].task == DRAFT_REGRESSION) {
            yg_text_add(text, "%s%s", between, draft->heads[h].port);
            between = ", ";
        }
    yg_text_add(text, "]\n");
}

static void add_data(yg_text *text, const draft *draft, const draft_source *source) {
    yg_text_add(text, "data:\n  train:\n    %s: ", source->key);
    yg_text_add(text, source->path_count > 1 ? "[" : "");
    for (size_t i = 0; i < source->path_count; i++) {
        yg_text_add(text, i ? ", " : "");
        draft_add_scalar(text, source->paths[i]);
    }
    yg_text_add(text, source->path_count > 1 ? "]" : "");
    yg_text_add(text, "\n%s", source->keys);
    if (!draft->pictures.channels && draft->width)
        yg_text_add(text, "    x: \"*\"  # all columns that are not named here\n");
    add_own_inputs(text, draft);
    add_targets(text, draft);
    if (!draft->pictures.channels && draft->width)
        add_excluded(text, draft);
    add_parts(text, draft);
    if (draft->pictures.channels)
        add_picture_options(text, draft);
    else
        add_column_options(text, draft);
    add_standardized(text, draft);
    yg_text_add(text, "  seed: 0  # of the splits\n");
}

static void add_training(yg_text *text, const draft *draft) {
    yg_text_add(text,
                "train:\n  epochs: %" PRId64 "\n  batch_size: %" PRId64 "\n  seed: 1\n"
                "  optimizer: {type: adamw, lr: %g, weight_decay: %g}\n",
                draft->epochs, draft->batch_size, draft->rate, draft->weight_decay);
    if (draft->parted)
        yg_text_add(text,
                    "  early_stopping: {patience: %" PRId64 "}  # epochs without a better "
                    "validation loss\n",
                    draft->patience);
    else
        yg_text_add(text, "  schedule: cosine  # the steps become small towards the end\n"
                          "  keep: last  # no row tells which epoch is best\n");
}

char *draft_text(const draft *draft, const draft_source *source) {
    yg_text text = {0};
    yg_text_add(&text, "# Written by `");
    draft_add_remark(&text, source->command);
    yg_text_add(&text, "`. It is yours to change.\n");
    add_table(&text, draft);
    yg_text_add(&text, "format: 1\nname: %s\n", source->name);
    draft_add_network(&text, draft);
    add_data(&text, draft, source);
    add_training(&text, draft);
    return yg_text_take(&text);
}
