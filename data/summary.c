/*
 * What the columns of a table hold: see summary.h.
 */
#include "summary.h"

#include "column.h"
#include "date.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Numbers of each column that its histogram is drawn from: 512 KiB. */
enum { SAMPLE_LIMIT = 1 << 16 };

/* Where a date fits several, the first is meant. So 1/2/2024 is a day of January. */
static const char *const forms[] = {
    "",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d.%m.%y",
    "%d-%m-%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%d-%b-%y",
    "%m-%d-%Y",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%Y.%m.%d",
    "%d %b %y",
    "%d %b %Y %H:%M",
    "%d-%b-%Y %H:%M:%S",
    "%a %d %b %Y",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y",
    "%A, %B %d, %Y",
    "%B %d, %Y %I:%M %p",
    "%Y-%m",
};

enum { FORMS = sizeof forms / sizeof *forms };

const char *yg_summary_date_form(size_t form) {
    return form < FORMS ? forms[form] : NULL;
}

size_t yg_summary_form_of(const yg_column_summary *column) {
    for (size_t i = 0; i < FORMS; i++)
        if (column->forms >> i & 1)
            return i;
    return SIZE_MAX;
}

int64_t yg_summary_present(const yg_summary *summary, const yg_column_summary *column) {
    return summary->rows - column->missing;
}

double yg_summary_deviation(const yg_column_summary *column) {
    return column->numbers ? sqrt(column->squares / (double)column->numbers) : 0;
}

double yg_summary_skewness(const yg_column_summary *column) {
    const double deviation = yg_summary_deviation(column);
    return deviation > 0 ? column->cubes / (double)column->numbers / pow(deviation, 3) : 0;
}

/* -------------------------------------------------------------------------------- numbers ---- */

/* Adds a number to the moments, by the update of Pébay (2008). */
static bool add_number(yg_column_summary *column, double x) {
    const double n = (double)++column->numbers, before = n - 1;
    const double delta = x - column->mean, part = delta / n;
    const double term = delta * part * before;
    column->cubes += term * part * (n - 2) - 3 * part * column->squares;
    column->squares += term;
    column->mean += part;
    column->least = before > 0 && column->least < x ? column->least : x;
    column->most = before > 0 && column->most > x ? column->most : x;
    column->rising = before > 0 ? column->rising && x == column->last + 1 : true;
    column->last = x;
    return yg_number_sample_add(&column->sample, x);
}

/* ---------------------------------------------------------------------------------- dates ---- */

static bool read_form(const yg_cell *cell, size_t form, yg_date *date) {
    return *forms[form] ? yg_date_parse_format(cell->text, cell->size, forms[form], date)
                        : yg_date_parse(cell->text, cell->size, date);
}

/* The days of a column are those of its first form. If a cell rules that out, days were counted by
 * it in vain; the day of the least ambiguous cell, which is this one, is right. */
static void add_date(yg_column_summary *column, const yg_cell *cell) {
    const size_t first = yg_summary_form_of(column);
    yg_date date = {0}, chosen = {0};
    for (size_t i = first; i < FORMS; i++)
        if (column->forms >> i & 1 && !read_form(cell, i, &date))
            column->forms &= ~(UINT64_C(1) << i);
    const size_t form = yg_summary_form_of(column);
    if (form == SIZE_MAX || !read_form(cell, form, &chosen))
        return;
    const double day = yg_date_moment(&chosen);
    const bool anew = form != first || isnan(column->earliest);
    column->earliest = anew || day < column->earliest ? day : column->earliest;
    column->latest = anew || day > column->latest ? day : column->latest;
    column->timed |= chosen.hour || chosen.minute || chosen.second > 0;
}

/* ---------------------------------------------------------------------------------- cells ---- */

static bool add_value(yg_summary *summary, yg_column_summary *column, const char *text) {
    const size_t known = yg_names_find(&column->values, text);
    if (known != YG_NOT_FOUND) {
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it has an entry for each value
        column->counts[known]++;
        return true;
    }
    if (column->values.count == YG_SUMMARY_VALUES) {
        column->many = true;
        return true;
    }
    const size_t count = column->values.count;
    int64_t *grown = yg_pool_grow(summary->pool, column->counts, count, sizeof *grown);
    const char *copy = yg_pool_text(summary->pool, text);
    if (!grown || !copy)
        return false;
    column->counts = grown;
    grown[count] = 1;
    return yg_names_add(&column->values, summary->pool, copy);
}

/* Whether the column kind `boolean` understands a text, other than 1 and 0. */
static bool is_truth(const yg_cell *cell) {
    static const char *const words[] = {"true", "false", "yes", "no", "y",
                                        "n",    "t",     "f",   "on", "off"};
    for (size_t i = 0; cell->kind == YG_CELL_TEXT && i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == cell->size && strncasecmp(cell->text, words[i], cell->size) == 0)
            return true;
    return false;
}

static void add_text(yg_column_summary *column, const yg_cell *cell) {
    column->longest = cell->size > column->longest ? cell->size : column->longest;
    for (size_t i = 0; i < cell->size; i++)
        column->words += cell->text[i] == ' ';
}

static bool add_cell(yg_summary *summary, yg_column_summary *column, const yg_cell *cell,
                     yg_cell_room *room) {
    double number;
    if (yg_cell_is_missing(cell)) {
        column->missing++;
        return true;
    }
    if (cell->kind == YG_CELL_BYTES) {
        const bool picture = yg_cell_is_picture(cell);
        column->pictures += picture;
        column->blobs += !picture;
        column->forms = 0;
        return true;
    }
    const bool truth = is_truth(cell);
    column->truths += truth;
    if (!truth && yg_cell_number(cell, &number)) {
        column->wholes += number == floor(number) && fabs(number) < 9e15;
        if (!add_number(column, number))
            return false;
    } else if (cell->kind == YG_CELL_TEXT)
        add_text(column, cell);
    if (cell->kind != YG_CELL_TEXT)
        column->forms = 0;
    if (column->forms)
        add_date(column, cell);
    if (column->many)
        return true;
    const char *text = yg_cell_string(cell, room);
    return text && add_value(summary, column, text);
}

static bool begin(const yg_table *table, yg_summary *summary) {
    summary->columns = calloc(table->column_count + 1, sizeof *summary->columns);
    summary->pool = yg_pool_new();
    if (!summary->columns || !summary->pool)
        return false;
    summary->count = table->column_count;
    for (size_t i = 0; i < summary->count; i++)
        summary->columns[i] = (yg_column_summary){.name = table->columns[i],
                                                  .forms = (UINT64_C(1) << FORMS) - 1,
                                                  .earliest = NAN,
                                                  .latest = NAN,
                                                  .sample = {.limit = SAMPLE_LIMIT}};
    return true;
}

bool yg_summarize(yg_table *table, yg_summary_watch *watch, void *context, yg_summary *summary,
                  yg_error *error) {
    *summary = (yg_summary){0};
    yg_cell_room room = {0};
    yg_records records;
    int64_t count = 0;
    bool good = begin(table, summary) || yg_fail_memory(error);
    while (good && (count = yg_table_next(table, 4096, false, &records, error)) > 0) {
        summary->rows += count;
        for (size_t i = 0; good && i < (size_t)count * summary->count; i++)
            good = add_cell(summary, &summary->columns[i % summary->count], &records.cells[i],
                            &room) ||
                   yg_fail_memory(error);
        if (good && watch)
            watch(context, table, summary->rows);
    }
    free(room.text);
    return good && count == 0;
}

void yg_summary_free(yg_summary *summary) {
    for (size_t i = 0; i < summary->count; i++)
        yg_number_sample_free(&summary->columns[i].sample);
    free(summary->columns);
    yg_pool_free(summary->pool);
    *summary = (yg_summary){0};
}
