/*
 * Values of metrics: see score_table.h.
 */
#include "score_table.h"

#include "../train/undefined.h"
#include "table.h"
#include "terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 30 };

const char *score_text(double value, int digits, char text[SCORE_TEXT]) {
    if (isnan(value))
        return "undefined";
    snprintf(text, SCORE_TEXT, "%.*g", digits, value);
    return text;
}

void score_undefined_note(const yg_model *model, const yg_scores *scores, const char *part) {
    for (size_t i = 0; i < scores->count; i++) {
        if (scores->metrics[i].table || !isnan(scores->metrics[i].value))
            continue;
        const char *reason = yg_score_undefined(yg_model_get_metric(model, i).function);
        terminal_say("note: %s%s%s is undefined%s%s", part ? part : "", part ? "." : "",
                     scores->metrics[i].name, reason ? ": " : "", reason ? reason : "");
    }
}

/* What the two sides of a matrix are, in words. */
static const char *note_of(const yg_score_table *t) {
    return t->function && strcmp(t->function, "confusion_matrix") == 0
               ? " (a row for each class, a column for each answer)"
               : "";
}

static void add_name(table *out, char *const *names, int64_t i) {
    if (names)
        table_add(out, "%s", names[i]);
    else
        table_add(out, "%" PRId64, i);
}

static void print_table(const yg_score_table *t, FILE *to) {
    char align[TABLE_COLUMNS_MAX + 1];
    memset(align, 'r', sizeof align);
    align[0] = 'l';
    table out = {.columns = (size_t)t->columns + 1, .align = align};
    if (t->columns > 1 || t->column_names) {
        table_add(&out, "%s", "");
        for (int64_t c = 0; c < t->columns; c++)
            add_name(&out, t->column_names, c);
    }
    for (int64_t r = 0; r < t->rows; r++) {
        add_name(&out, t->row_names, r);
        for (int64_t c = 0; c < t->columns; c++)
            table_add(&out, "%.6g", number_shown(t->values[r * t->columns + c]));
    }
    table_print(&out, to, 2);
}

void score_tables_print(const yg_scores *scores, const char *part, FILE *to) {
    for (size_t i = 0; i < scores->count; i++) {
        const yg_score_table *t = scores->metrics[i].table;
        if (!t)
            continue;
        terminal_print(to, "%s%s%s", part ? part : "", part ? "." : "", scores->metrics[i].name);
        if (t->rows > ROWS_MAX || t->columns >= TABLE_COLUMNS_MAX) {
            terminal_print(to, "  a table of %" PRId64 " × %" PRId64 " numbers: see --json\n",
                           t->rows, t->columns);
            continue;
        }
        terminal_print(to, "%s\n", note_of(t));
        print_table(t, to);
    }
}

/* Names are texts of data: a byte that is no UTF-8 makes no JSON string. */
static json_t *json_of_names(char *const *names, int64_t count) {
    json_t *list = names ? json_array() : json_null();
    for (int64_t i = 0; names && i < count; i++) {
        json_t *name = json_string(names[i]);
        json_append(&list, name ? name : json_null());
    }
    return list;
}

json_t *json_of_score(const yg_score *metric) {
    const yg_score_table *t = metric->table;
    if (!t)
        return json_of_number(metric->value);
    json_t *all = json_object(), *rows = json_array();
    for (int64_t r = 0; r < t->rows; r++) {
        json_t *row = json_array();
        for (int64_t c = 0; c < t->columns; c++)
            json_append(&row, json_of_number(number_shown(t->values[r * t->columns + c])));
        json_append(&rows, row);
    }
    json_set(&all, "function", t->function ? json_string(t->function) : json_null());
    json_set(&all, "rows", json_of_names(t->row_names, t->rows));
    json_set(&all, "columns", json_of_names(t->column_names, t->columns));
    json_set(&all, "values", rows);
    return all;
}
