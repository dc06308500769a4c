/*
 * A table as `new` finds it: see raw_table.h.
 */
#include "raw_table.h"

#include "../data/csv_guess.h"
#include "../graph/text.h"
#include "reading.h"
#include "terminal.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_table(raw_table *raw) {
    yg_summary_free(&raw->summary);
    yg_table_close(raw->table);
    yg_document_free(raw->document);
    raw->table = NULL;
    raw->document = NULL;
}

void raw_table_close(raw_table *raw) {
    close_table(raw);
    for (size_t i = 0; i < raw->paths.count; i++)
        free(raw->paths.items[i]);
    free(raw->paths.items);
    raw->paths = (yg_paths){0};
}

bool raw_table_add(raw_table *raw, const char *key, const char *value, const char *behind) {
    const size_t used = strlen(raw->keys), room = sizeof raw->keys - used;
    if (2 * strlen(value) + strlen(key) + strlen(behind) + 12 > room)
        return false;
    char *to = raw->keys + used + (size_t)snprintf(raw->keys + used, room, "    %s: \"", key);
    for (; *value; value++)
        if (*value == '\t' || *value == '\n') {
            *to++ = '\\';
            *to++ = *value == '\t' ? 't' : 'n';
        } else {
            if (*value == '"' || *value == '\\')
                *to++ = '\\';
            *to++ = *value;
        }
    snprintf(to, sizeof raw->keys - (size_t)(to - raw->keys), "\"%s\n", behind);
    return true;
}

static bool add_path(raw_table *raw, const char *path, yg_error *error) {
    char **grown = realloc(raw->paths.items, (raw->paths.count + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    raw->paths.items = grown;
    if (!(grown[raw->paths.count] = strdup(path)))
        return yg_fail_memory(error);
    raw->paths.count++;
    raw->path = raw->paths.items[0];
    return true;
}

bool raw_table_add_files(raw_table *raw, const char *path, yg_error *error) {
    glob_t found = {0};
    /* A file of that very name goes before a pattern. */
    if (!strpbrk(path, "*?[") || access(path, F_OK) == 0)
        return add_path(raw, path, error);
    const int status = glob(path, 0, NULL, &found);
    bool good = status == 0 || status == GLOB_NOMATCH || yg_fail_memory(error);
    for (size_t i = 0; good && status == 0 && i < found.gl_pathc; i++)
        good = add_path(raw, found.gl_pathv[i], error);
    if (status == 0)
        globfree(&found);
    return good &&
           (status == 0 || yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "no file matches '%s'", path));
}

yg_table *raw_table_again(const raw_table *raw, yg_error *error) {
    const yg_table_request request = {.path = raw->path,
                                      .name = raw->path,
                                      .part =
                                          raw->document ? yg_document_root(raw->document) : NULL};
    return yg_table_open_files(raw->kind, &request, &raw->paths, error);
}

/* Keys that the command adds stand in no file. */
static const char NO_FILE[] = "the command";

static bool open_with_keys(raw_table *raw, yg_error *error) {
    if (*raw->keys &&
        !(raw->document = yg_document_parse(raw->keys, strlen(raw->keys), NO_FILE, error)))
        return false;
    raw->table = raw_table_again(raw, error);
    return raw->table != NULL;
}

static bool open_table(raw_table *raw, yg_error *error) {
    close_table(raw);
    if (open_with_keys(raw, error))
        return true;
    if (strcmp(error->file, NO_FILE) == 0) {
        snprintf(error->file, sizeof error->file, "%s", raw->path);
        error->line = error->column = 0;
    }
    return false;
}

bool raw_table_takes(const raw_table *raw, const char *key) {
    for (size_t i = 0; i < raw->kind->setting_count; i++)
        if (strcmp(raw->kind->settings[i].name, key) == 0)
            return true;
    return false;
}

/* ------------------------------------------------------------------- how it is written ------- */

static size_t count_of(const char *text, char c) {
    size_t count = 0;
    for (; *text; text++)
        count += *text == c;
    return count;
}

/* A single name with other delimiters in it is several names. */
static bool guess_delimiter(raw_table *raw, yg_error *error) {
    static const char *const others[] = {";", "\t", "|"};
    const char *best = NULL;
    size_t most = 0;
    if (raw->table->column_count != 1 || !raw_table_takes(raw, "delimiter"))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const size_t count = count_of(raw->table->columns[0], others[i][0]);
        if (count > most) {
            most = count;
            best = others[i];
        }
    }
    if (!best && yg_table_kind_of_path(raw->path) == &yg_table_text &&
        strchr(raw->table->columns[0], ' '))
        best = " ";
    if (!best)
        return true;
    return raw_table_add(raw, "delimiter", best, "") && open_table(raw, error);
}

/* A first line of numbers only is no header. */
static bool guess_header(raw_table *raw, yg_error *error) {
    bool numbers = raw_table_takes(raw, "header");
    for (size_t i = 0; numbers && i < raw->table->column_count; i++) {
        const char *name = raw->table->columns[i];
        const size_t plain = strspn(name, "0123456789+-.eE");
        numbers = plain && !name[plain];
    }
    if (!numbers)
        return true;
    snprintf(raw->keys + strlen(raw->keys), sizeof raw->keys - strlen(raw->keys),
             "    header: false  # the columns are called 1, 2, …\n");
    return open_table(raw, error);
}

static bool summarize(raw_table *raw, yg_error *error) {
    reading_line line;
    reading_start(&line, &raw->paths);
    const bool good = yg_summarize(raw->table, reading_show, &line, &raw->summary, error);
    reading_end(&line);
    return good;
}

/* Whether the values of a column are numbers with these or other marks. Signs are added to those of
 * `marks`. Letters are a unit if all cells that have some have the same: 5 kg. */
static bool guess_column(const yg_column_summary *column, yg_csv_marks *marks) {
    const char *unit = NULL;
    for (size_t i = 0; i < column->values.count; i++) {
        const char *text = column->values.names[i], *letters = text;
        yg_csv_marks own;
        if (!yg_csv_guess(text, strlen(text), &own) || !yg_csv_signs_join(marks->signs, own.signs))
            return false;
        while (*letters && !isalpha((unsigned char)*letters))
            letters++;
        if (*letters && unit && strcmp(letters, unit) != 0)
            return false;
        unit = *letters ? letters : unit;
        if (own.decimal == ',')
            marks->decimal = ',';
        marks->thousands =
            own.thousands && marks->thousands != '.' ? own.thousands : marks->thousands;
    }
    return true;
}

/* Whether a text usually stands for no value, where it is among numbers. */
static bool is_usual_gap(const char *text) {
    static const char *const words[] = {"-",    "--",      "---",  ".",       "..",   "...",
                                        "*",    "none",    "nil",  "missing", "n.a.", "n.d.",
                                        "k.A.", "unknown", "void", "no data", "na.",  "n/d"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* Whether a column has numbers, and beside them only such texts. */
static bool has_usual_gaps(const raw_table *raw, const yg_column_summary *column) {
    const int64_t present = yg_summary_present(&raw->summary, column);
    int64_t gaps = 0;
    for (size_t i = 0; i < column->values.count; i++)
        gaps += is_usual_gap(column->values.names[i]) ? column->counts[i] : 0;
    return column->numbers * 2 > present && gaps > 0 && column->numbers + gaps == present;
}

/* Adds a text to the list `na_values`, unless it stands there. */
static void add_gap(yg_text *list, const char *text) {
    yg_text quoted = {0};
    yg_text_add(&quoted, "\"%s\"", text);
    char *item = yg_text_take(&quoted);
    if (item && (!list->used || !strstr(list->data, item)))
        yg_text_add(list, "%s%s", list->used ? ", " : "", item);
    free(item);
}

/* Columns of numbers in which some cells say "-" or "unknown": these have no value. */
static bool guess_gaps(raw_table *raw, yg_error *error) {
    yg_text list = {0};
    for (size_t i = 0; i < raw->summary.count && raw_table_takes(raw, "na_values"); i++) {
        const yg_column_summary *column = &raw->summary.columns[i];
        const bool gaps = has_usual_gaps(raw, column);
        for (size_t k = 0; gaps && k < column->values.count; k++)
            if (is_usual_gap(column->values.names[k]))
                add_gap(&list, column->values.names[k]);
    }
    const size_t used = strlen(raw->keys);
    const bool any = list.used > 0 && !list.failed && list.used + 40 < sizeof raw->keys - used;
    if (any)
        snprintf(raw->keys + used, sizeof raw->keys - used, "    na_values: [%s]\n", list.data);
    free(list.data);
    return !any || (open_table(raw, error) && summarize(raw, error));
}

/* Whether cells are separated by semicolons, as where a comma stands before the fraction. */
static bool has_semicolons(const raw_table *raw) {
    static const char line[] = "sep=;";
    char start[16] = "";
    FILE *file = fopen(raw->path, "rb");
    const size_t got = file ? fread(start, 1, sizeof start - 1, file) : 0;
    if (file)
        fclose(file);
    return strstr(raw->keys, "delimiter: \";\"") || (got && strstr(start, line));
}

/* Whether points stand only between groups of three digits, as in 1.234 or 12.345.678 kr. */
static bool has_groups(const yg_column_summary *column) {
    static const char digits[] = "0123456789";
    bool any = false;
    for (size_t i = 0; i < column->values.count; i++) {
        const char *text = column->values.names[i], *number = text + strcspn(text, digits);
        const char *at = number + strspn(number, digits);
        if (!strchr(text, '.'))
            continue;
        any = true;
        if (*number == '0' || at == number || at - number > 3 || *at != '.')
            return false;
        for (; *at == '.'; at += 4)
            if (strspn(at + 1, digits) != 3)
                return false;
    }
    return any;
}

/* Columns of numbers such as 1,5 or 1,234,567 or $5: these characters mean something. A comma is
 * none of decimals where other columns have points, except that a table with semicolons has both
 * where the points stand between thousands. */
static bool guess_marks(raw_table *raw, yg_error *error) {
    yg_csv_marks all = {.decimal = '.'};
    const bool semicolons = has_semicolons(raw);
    bool points = false, any = false, groups = false;
    for (size_t i = 0; i < raw->summary.count; i++) {
        const yg_column_summary *column = &raw->summary.columns[i];
        const bool grouped = semicolons && has_groups(column);
        groups = groups || grouped;
        points = points || (column->numbers > column->wholes && !grouped);
    }
    for (size_t i = 0; i < raw->summary.count && raw_table_takes(raw, "signs"); i++) {
        const yg_column_summary *column = &raw->summary.columns[i];
        yg_csv_marks marks = all;
        if (column->numbers == yg_summary_present(&raw->summary, column) ||
            yg_summary_form_of(column) != SIZE_MAX || !guess_column(column, &marks) ||
            (marks.decimal == ',' && points))
            continue;
        any = true;
        all = marks;
    }
    if (!any)
        return true;
    if (all.decimal == '.' && all.thousands == ',' && !points && semicolons)
        all.decimal = ','; /* 1,234 alone tells nothing */
    if (all.decimal == ',' && groups && (!all.thousands || all.thousands == ','))
        all.thousands = '.';
    if (all.decimal == ',')
        raw_table_add(raw, "decimal", ",", "");
    if (all.thousands && all.thousands != all.decimal)
        raw_table_add(raw, "thousands", (const char[]){all.thousands, '\0'}, "");
    if (*all.signs)
        raw_table_add(raw, "signs", all.signs, "  # beside numbers");
    return open_table(raw, error) && summarize(raw, error);
}

bool raw_table_find_kind(raw_table *raw) {
    struct stat status;
    raw->kind = yg_table_kind_of_path(raw->path);
    if (raw->kind == &yg_table_text) /* rows of text have no target, so it is another table */
        raw->kind = &yg_table_csv;
    if (!raw->kind && stat(raw->path, &status) == 0 && S_ISDIR(status.st_mode))
        raw->kind = &yg_table_images;
    if (raw->kind)
        return true;
    yg_text endings = {0};
    for (const yg_table_kind *const *kind = yg_table_kinds(); *kind; kind++)
        for (size_t i = 0; (*kind)->suffixes && (*kind)->suffixes[i]; i++)
            yg_text_add(&endings, "%s%s", endings.used ? ", " : "", (*kind)->suffixes[i]);
    char *list = yg_text_take(&endings);
    terminal_error("'%s' is no table, by its name; tables end in %s", raw->path, list ? list : "");
    free(list);
    return false;
}

bool raw_table_read(raw_table *raw, yg_error *error) {
    return open_table(raw, error) && guess_delimiter(raw, error) && guess_header(raw, error) &&
           summarize(raw, error) && guess_gaps(raw, error) && guess_marks(raw, error);
}
