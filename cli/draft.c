/*
 * What each column of a table is, and which network fits: see draft.h.
 */
#include "../graph/number.h"
#include "../graph/text.h"
#include "draft_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    VALUES_MAX = 60,   /* of a category */
    MANY_VALUES = 250, /* the same, if each of them is in five rows on average */
};

void draft_free(draft *draft) {
    for (size_t i = 0; draft->columns && i < draft->summary->count; i++) {
        free(draft->columns[i].reason);
        free(draft->columns[i].values);
    }
    free(draft->columns);
    free(draft->targets);
    free(draft->heads);
    draft->columns = NULL;
    draft->targets = NULL;
    draft->heads = NULL;
}

bool draft_leave_out(draft_column *column, const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    column->kind = DRAFT_LEFT_OUT;
    column->reason = strdup(text);
    return column->reason != NULL;
}

/* --------------------------------------------------------------------------------- values ---- */

bool draft_all_whole(const yg_column_summary *summary, int64_t present) {
    return summary->wholes == present;
}

typedef struct sorted_value {
    const char *text;
    double number; /* NaN: order by text */
    size_t index;
} sorted_value;

static int in_order(const void *a, const void *b) {
    const sorted_value *x = a, *y = b;
    if (x->number != y->number && !isnan(x->number))
        return x->number < y->number ? -1 : 1;
    return strcmp(x->text, y->text);
}

/* The values that occur `least` times at least, in order: numbers by size, texts by their bytes. */
bool draft_choose_values(draft_column *column, int64_t present, int64_t least) {
    const yg_column_summary *summary = column->summary;
    sorted_value *sorted = calloc(summary->values.count + 1, sizeof *sorted);
    column->values = calloc(summary->values.count + 1, sizeof *column->values);
    for (size_t i = 0; sorted && column->values && i < summary->values.count; i++) {
        const char *text = summary->values.names[i];
        double number = NAN;
        if (summary->numbers == present)
            yg_number_parse(text, strlen(text), &number);
        if (summary->counts[i] >= least)
            sorted[column->value_count++] = (sorted_value){text, number, i};
    }
    if (sorted && column->values) {
        qsort(sorted, column->value_count, sizeof *sorted, in_order);
        for (size_t i = 0; i < column->value_count; i++)
            column->values[i] = sorted[i].index;
    }
    const bool good = sorted && column->values;
    free(sorted);
    return good;
}

/* A category whose rare values have no place of their own. Texts that hardly repeat are none. */
static bool try_category(draft_column *column, int64_t present, bool *fits) {
    const yg_column_summary *summary = column->summary;
    const int64_t least = present / 200 > 2 ? present / 200 : 2;
    int64_t covered = 0;
    if (!draft_choose_values(column, present, least))
        return false;
    for (size_t i = 0; i < column->value_count; i++)
        covered += summary->counts[column->values[i]];
    const int64_t count = (int64_t)column->value_count;
    *fits = count > 0 && (count <= VALUES_MAX || (count <= MANY_VALUES && count * 5 <= present)) &&
            count * 3 <= present && covered * 2 >= present;
    if (*fits) {
        column->kind = DRAFT_CATEGORY;
        column->width = (int64_t)column->value_count;
    }
    return true;
}

/* -------------------------------------------------------------------------------- columns ---- */

/* Whether a name says that the column only identifies rows. */
static bool names_rows(const char *name) {
    static const char *const words[] = {"id",       "index", "uuid", "guid", "rowid",
                                        "rownames", "row",   "key",  "no",   "nr"};
    const size_t length = strlen(name);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(name, words[i]) == 0)
            return true;
    return strncmp(name, "Unnamed: ", strlen("Unnamed: ")) == 0 || /* pandas' for no name */
           (length > 3 && strchr("_ -.", name[length - 3]) &&
            strcasecmp(name + length - 2, "id") == 0) ||
           (length > 2 && strcmp(name + length - 2, "Id") == 0) ||
           (length > 2 && strcmp(name + length - 2, "ID") == 0);
}

/* Whether nearly all values differ, as those of an identifier. */
static bool all_differ(const yg_column_summary *summary, int64_t present) {
    return present > 4 && (summary->many ? present < 4 * (int64_t)summary->values.count
                                         : (int64_t)summary->values.count * 10 > present * 9);
}

/* The first value that is no number. */
const char *draft_odd_value(const yg_column_summary *summary) {
    double number;
    for (size_t i = 0; i < summary->values.count; i++) {
        const char *text = summary->values.names[i];
        if (yg_number_parse(text, strlen(text), &number) == YG_NUMBER_NOT)
            return text;
    }
    return "others";
}

/* Whether a text is a number with a few characters before or behind it, as $1,234.50 or 12 kg. */
static bool is_amount(const char *text) {
    enum { BESIDE = 4 };
    const size_t before = strcspn(text, "0123456789");
    const size_t size = strspn(text + before, "0123456789.,'");
    const size_t behind = strlen(text + before + size);
    return size && before + behind && before <= BESIDE && behind <= BESIDE;
}

static bool are_amounts(const yg_column_summary *summary) {
    size_t amounts = 0;
    for (size_t i = 0; i < summary->values.count; i++)
        amounts += is_amount(summary->values.names[i]);
    return amounts == summary->values.count;
}

static void make_number(draft_column *column, double rows) {
    const yg_column_summary *summary = column->summary;
    column->kind = DRAFT_NUMBER;
    column->width = 1;
    column->logarithmic =
        summary->least >= 0 && summary->most > 20 && yg_summary_skewness(summary) > 2;
    column->indicated = (double)summary->missing >= 0.01 * rows;
}

static void make_date(draft_column *column, double rows) {
    const yg_column_summary *summary = column->summary;
    const double days = summary->latest - summary->earliest;
    column->kind = DRAFT_DATE;
    column->by_year = days >= 180;
    column->by_week = days >= 14;
    column->by_day = summary->timed;
    column->width = 1 + 2 * (column->by_year + column->by_week + column->by_day);
    column->indicated = (double)summary->missing >= 0.01 * rows;
}

/* Eight digits are a date only where every cell is one. */
static bool is_date(const yg_column_summary *summary, int64_t present) {
    return yg_summary_form_of(summary) != SIZE_MAX &&
           (summary->numbers < present || (summary->least >= 19000101 && summary->most < 21000101));
}

/* Sentences: room for three times as many tokens as there are words on average. */
static void make_sentences(draft_column *column, int64_t present) {
    enum { SHORTEST = 8, LONGEST = 256 };
    const yg_column_summary *summary = column->summary;
    const int64_t fitting = (3 * (summary->words / present + 1) + 7) / 8 * 8;
    column->kind = DRAFT_TEXT;
    column->width = 0;
    column->length = fitting < SHORTEST ? SHORTEST : fitting > LONGEST ? LONGEST : fitting;
}

static bool judge_text(draft_column *column, int64_t present) {
    const yg_column_summary *summary = column->summary;
    bool fits = false;
    if (!try_category(column, present, &fits))
        return false;
    if (fits)
        return true;
    if (summary->numbers * 2 > present)
        return draft_leave_out(
            column, "%" PRId64 " of its %" PRId64 " cells are numbers, but '%.60s' is not",
            summary->numbers, present, draft_odd_value(summary));
    if (summary->words > 3 * present) {
        make_sentences(column, present);
        return true;
    }
    if (are_amounts(summary))
        return draft_leave_out(
            column, "numbers with something beside them, as '%.60s'; without it they are read",
            summary->values.names[0]);
    return draft_leave_out(column, "text: %s%zu values differ in %" PRId64 " rows",
                           summary->many ? "more than " : "", summary->values.count, present);
}

static bool judge(const yg_table *table, const yg_summary *all, size_t index,
                  draft_column *column) {
    const yg_column_summary *summary = column->summary;
    const int64_t present = yg_summary_present(all, summary);
    if (!*summary->name)
        return draft_leave_out(column, "it has no name, as the index that pandas writes");
    if (!yg_table_check_column(table, index, NULL))
        return draft_leave_out(column, "several columns have this name");
    if (present == 0)
        return draft_leave_out(column, "it is empty");
    if (summary->blobs)
        return draft_leave_out(column, "%" PRId64 " of its cells are BLOBs that are no pictures",
                               summary->blobs);
    if (summary->pictures)
        return draft_leave_out(column,
                               "%" PRId64 " of its %" PRId64 " cells are pictures, others not",
                               summary->pictures, present);
    if (summary->values.count == 1 && !summary->many && !summary->missing)
        return draft_leave_out(column, "it is the same in every row");
    if (draft_all_whole(summary, present) && summary->rising && present > 4 &&
        (summary->least == 0 || summary->least == 1))
        return draft_leave_out(column, "it counts the rows");
    if (names_rows(summary->name) && all_differ(summary, present) &&
        (summary->numbers < present || draft_all_whole(summary, present)))
        return draft_leave_out(column, "it identifies the rows");
    /* The numbers of another table's rows, such as customer_id, have no size: each is a value. */
    const bool reference = names_rows(summary->name) && draft_all_whole(summary, present);
    bool repeats = false;
    if (reference && !try_category(column, present, &repeats))
        return false;
    if (reference && !repeats)
        return draft_leave_out(column, "its %s%zu numbers identify something, and hardly repeat",
                               summary->many ? "more than " : "", summary->values.count);
    if (repeats)
        column->indicated = (double)summary->missing >= 0.01 * (double)all->rows;
    else if (is_date(summary, present))
        make_date(column, (double)all->rows);
    else if (summary->numbers == present)
        make_number(column, (double)all->rows);
    else if (summary->truths + summary->wholes == present && summary->values.count == 2) {
        column->kind = DRAFT_BOOLEAN;
        column->width = 1;
        column->indicated = (double)summary->missing >= 0.01 * (double)all->rows;
    } else if (!judge_text(column, present))
        return false;
    else
        column->indicated = (double)summary->missing >= 0.01 * (double)all->rows;
    if (column->kind == DRAFT_TEXT)
        column->indicated = false; /* an empty text has no token */
    column->width += column->indicated;
    return true;
}

/* -------------------------------------------------------------------------------- network ---- */

/* Few rows: all are trained on, for a number of epochs that is known to do, with steps that become
 * small at the end. Of many rows, some can tell when to stop. */
static void choose_network(draft *draft) {
    static const struct {
        int64_t rows, hidden;
        int layers;
        int64_t batch_size, epochs, patience;
        double dropout, rate, weight_decay, part;
        bool parted;
    } sizes[] = {
        {1000, 64, 1, 16, 100, 30, 0.2, 0.002, 0.3, 0.15, false},
        {10000, 64, 2, 32, 100, 20, 0.2, 0.002, 0.3, 0.15, false},
        {100000, 64, 2, 128, 60, 10, 0.1, 0.002, 0.01, 0.1, true},
        {INT64_MAX, 128, 2, 512, 20, 5, 0.05, 0.002, 0.01, 0.1, true},
    };
    size_t s = 0;
    while (draft->rows >= sizes[s].rows)
        s++;
    draft->hidden = sizes[s].hidden;
    draft->layers = sizes[s].layers;
    draft->batch_size = sizes[s].batch_size;
    draft->epochs = sizes[s].epochs;
    draft->patience = sizes[s].patience;
    draft->dropout = sizes[s].dropout;
    draft->rate = sizes[s].rate;
    draft->weight_decay = sizes[s].weight_decay;
    draft->validation = draft->test = sizes[s].part;
    draft->parted = sizes[s].parted;
}

/* Pictures: two or three convolutions, each followed by a pooling. */
static void choose_convolutions(draft *draft) {
    draft->layers = draft->pictures.height >= 32 && draft->pictures.width >= 32 ? 3 : 2;
    draft->hidden = 64;
    draft->dropout = 0.2;
    draft->rate = 0.001;
    draft->batch_size = draft->rows < 10000 ? 32 : 64;
    draft->epochs = draft->rows < 10000 ? 60 : 20;
    draft->patience = draft->rows < 10000 ? 10 : 4;
}

typedef struct excluding {
    const yg_table *table;
    draft *draft;
} excluding;

static bool exclude(void *context, size_t column, yg_error *error) {
    const excluding *e = context;
    draft_column *of = &e->draft->columns[column];
    if (of->kind == DRAFT_TARGET)
        return yg_fail(error, YG_ERROR_ARGUMENT, (yg_origin){e->table->name, 0, 0},
                       "column '%s' is the target, so it cannot be left out",
                       e->table->columns[column]);
    return of->reason || draft_leave_out(of, "left out as --exclude says") || yg_fail_memory(error);
}

static bool exclude_all(const yg_table *table, const draft_request *request, draft *draft,
                        yg_error *error) {
    excluding e = {table, draft};
    for (size_t i = 0; i < request->excluded_count; i++)
        if (!yg_table_choose_each(table, request->excluded[i], (yg_origin){table->name, 0, 0},
                                  exclude, &e, error))
            return false;
    return true;
}

/* Decides what the columns are that are no targets. */
static bool judge_columns(const yg_table *table, const draft_request *request, draft *draft) {
    for (size_t i = 0; i < draft->summary->count; i++) {
        draft_column *column = &draft->columns[i];
        if (column->kind == DRAFT_TARGET || column->reason)
            continue;
        if (i == request->picture_column) {
            column->kind = DRAFT_IMAGE;
            column->width =
                request->pictures.height * request->pictures.width * request->pictures.channels;
        } else if (request->picture_column != SIZE_MAX
                       ? !draft_leave_out(column, "only the pictures are looked at")
                       : !judge(table, draft->summary, i, column))
            return false;
        draft->width += column->kind == DRAFT_LEFT_OUT ? 0 : column->width;
        draft->text_count += column->kind == DRAFT_TEXT;
    }
    return true;
}

/* Says of each column why it is left out. */
static bool fail_without_columns(const yg_table *table, const draft *draft, yg_error *error) {
    enum { SHOWN = 12 };
    const yg_origin origin = {table->name, 0, 0};
    const char *target = draft->summary->columns[draft->targets[0]].name;
    yg_text list = {0};
    size_t left = 0;
    for (size_t i = 0; i < draft->summary->count; i++) {
        if (draft->columns[i].kind != DRAFT_LEFT_OUT)
            continue;
        if (left++ < SHOWN)
            yg_text_add(&list, "\n  without '%.40s': %.100s", draft->columns[i].summary->name,
                        draft->columns[i].reason);
    }
    if (left > SHOWN)
        yg_text_add(&list, "\n  and without %zu more", left - SHOWN);
    char *text = yg_text_take(&list);
    if (!left)
        yg_fail(error, YG_ERROR_DATA, origin,
                "there is no column beside '%.200s' to predict it from", target);
    else if (text)
        yg_fail(error, YG_ERROR_DATA, origin, "no column is left to predict '%.200s' from:%.900s",
                target, text);
    else
        yg_fail_memory(error);
    free(text);
    return false;
}

bool draft_make(const yg_table *table, const yg_summary *summary, const draft_request *request,
                draft *draft, yg_error *error) {
    *draft = (struct draft){.summary = summary,
                            .columns = calloc(summary->count + 1, sizeof *draft->columns)};
    if (!draft->columns)
        return yg_fail_memory(error);
    for (size_t i = 0; i < summary->count; i++)
        draft->columns[i].summary = &summary->columns[i];
    if (!draft_find_targets(table, request, draft, error) ||
        !exclude_all(table, request, draft, error))
        return false;
    if (!judge_columns(table, request, draft))
        return yg_fail_memory(error);
    if (!draft->width && !draft->text_count)
        return fail_without_columns(table, draft, error);
    choose_network(draft);
    draft->vocabulary = draft->rows < 10000 ? 2000 : 10000;
    draft->pictures = request->pictures;
    if (draft->pictures.channels)
        choose_convolutions(draft);
    return true;
}
