/*
 * Changes to the text of a YAML file: see model_edit.h.
 */
#include "model_edit.h"

#include "../graph/text.h"

#include <stdlib.h>
#include <string.h>

static void add(yg_edits *edits, yg_edit edit) {
    if (edit.text && edits->count == edits->capacity) {
        const size_t capacity = edits->capacity ? 2 * edits->capacity : 16;
        yg_edit *grown = realloc(edits->items, capacity * sizeof *grown);
        if (grown) {
            edits->items = grown;
            edits->capacity = capacity;
        }
    }
    if (!edit.text || edits->count == edits->capacity) {
        free(edit.text);
        edits->failed = true;
        return;
    }
    edits->items[edits->count++] = edit;
}

void yg_edits_add(yg_edits *edits, const yg_value *at, bool insert, char *text) {
    add(edits, (yg_edit){.at = at->written ? at->written : at, .insert = insert, .text = text});
}

void yg_edits_remove(yg_edits *edits, const yg_value *mapping, size_t index, const yg_value *value,
                     bool first) {
    add(edits, (yg_edit){.at = mapping->keys[index],
                         .text = strdup(""),
                         .entry = value,
                         .first = first,
                         .flow = mapping->flow});
}

void yg_edits_free(yg_edits *edits) {
    for (size_t i = 0; i < edits->count; i++)
        free(edits->items[i].text);
    free(edits->items);
    *edits = (yg_edits){0};
}

/* ------------------------------------------------------------------------- where a value is --- */

/* Where each line of the text begins; freed by the caller, NULL when out of memory. */
static const char **lines_of(const char *text, int *count) {
    size_t lines = 1;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    const char **begin = malloc(lines * sizeof *begin);
    *count = 0;
    for (const char *at = text; begin && at; at = strchr(at, '\n')) {
        at += *count > 0;
        begin[(*count)++] = at;
    }
    return begin;
}

/* The character number `column` of a line. */
static const char *in_line(const char *line, int column) {
    for (int c = 1; c < column && *line && *line != '\n'; c++)
        do
            line++;
        while (((unsigned char)*line & 0xC0) == 0x80);
    return line;
}

size_t yg_edit_place(const char *text, yg_origin origin) {
    const char *line = text;
    for (int l = 1; l < origin.line && *line; l++)
        line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n');
    return (size_t)(in_line(line, origin.column) - text);
}

/* Where a quoted scalar ends whose first quote is at `at`. */
static size_t end_of_quoted(const char *text, size_t at) {
    const char quote = text[at++];
    while (text[at] && (text[at] != quote || (quote == '\'' && text[at + 1] == quote)))
        at += text[at] == '\\' && quote == '"' && text[at + 1] ? 2 : text[at] == quote ? 2 : 1;
    return at + (text[at] == quote);
}

/* Where a list or mapping in brackets ends. A quote begins a scalar only where a scalar can begin,
 * and a comment only after a blank. */
static size_t end_of_flow(const char *text, size_t at) {
    int depth = 0;
    do {
        const bool begins = at > 0 && strchr("[{,: \t\n", text[at - 1]) != NULL;
        if (begins && (text[at] == '"' || text[at] == '\'')) {
            at = end_of_quoted(text, at);
            continue;
        }
        if (begins && text[at] == '#') {
            at += strcspn(text + at, "\n");
            continue;
        }
        depth += text[at] == '[' || text[at] == '{';
        depth -= text[at] == ']' || text[at] == '}';
        at++;
    } while (depth > 0 && text[at]);
    return at;
}

/* Where a list or mapping of lines ends that begins at a column: after the last line that is
 * indented as far. */
static size_t end_of_lines(const char *text, size_t at, int column, bool list) {
    const size_t indent = (size_t)column - 1;
    size_t end = at + strcspn(text + at, "\n");
    for (size_t line = end; text[line];) {
        line++;
        const size_t blanks = strspn(text + line, " ");
        const char first = text[line + blanks];
        const size_t next = line + strcspn(text + line, "\n");
        const bool content = first && first != '\n' && first != '#';
        if (content && (blanks < indent || (blanks == indent && list && first != '-')))
            break;
        if (content)
            end = next;
        line = next;
    }
    return end;
}

/* A text of several lines after '|' or '>', whose first line is at *begin, which goes to that sign.
 * Returns where the text ends. */
static size_t end_of_block(const char *text, const yg_value *value, size_t *begin) {
    const size_t end = end_of_lines(text, *begin, value->origin.column, false);
    size_t at = *begin;
    while (at > 0 && strchr(" \t\r\n", text[at - 1]))
        at--;
    while (at > 0 && text[at - 1] != '\n' &&
           !(strchr("|>", text[at]) && strchr(" \t", text[at - 1])))
        at--;
    *begin = at;
    return end;
}

/* Where a value ends that begins at *begin; quotes are part of it, and *begin goes to the first. */
static size_t end_of(const char *text, const yg_value *value, size_t *begin) {
    if (value->kind == YG_SCALAR && value->quoted && *begin > 0 && strchr("'\"", text[*begin - 1]))
        return end_of_quoted(text, --*begin);
    if (value->kind == YG_SCALAR && value->quoted)
        return end_of_block(text, value, begin);
    if (value->kind == YG_SCALAR)
        return *begin + strlen(value->source);
    if (text[*begin] == '[' || text[*begin] == '{')
        return end_of_flow(text, *begin);
    return end_of_lines(text, *begin, value->origin.column, value->kind == YG_SEQUENCE);
}

/* -------------------------------------------------------------------------------- applying --- */

typedef struct cut {
    size_t begin, end;
    const yg_edit *by;
} cut;

static size_t begin_of(const char *text, const char *const *lines, int count,
                       const yg_value *value) {
    const int line = value->origin.line < 1       ? 1 /* of a text from the command line */
                     : value->origin.line > count ? count
                                                  : value->origin.line;
    return (size_t)(in_line(lines[line - 1], value->origin.column) - text);
}

/* An entry of lines goes with its line, one in brackets with a comma. */
static cut cut_entry(const char *text, const char *const *lines, int count, const yg_edit *by) {
    size_t begin = begin_of(text, lines, count, by->at) - by->at->quoted;
    size_t value = begin_of(text, lines, count, by->entry), end = end_of(text, by->entry, &value);
    if (!by->flow) {
        while (begin > 0 && text[begin - 1] != '\n')
            begin--;
        end += strcspn(text + end, "\n");
        return (cut){begin, end + (text[end] == '\n'), by};
    }
    if (by->first) {
        end += strspn(text + end, " \t\r\n");
        end += text[end] == ',';
        end += strspn(text + end, " ");
        return (cut){begin, end, by};
    }
    while (begin > 0 && strchr(" \t\r\n", text[begin - 1]))
        begin--;
    return (cut){begin - (begin > 0 && text[begin - 1] == ','), end, by};
}

static cut cut_of(const char *text, const char *const *lines, int count, const yg_edit *by) {
    if (by->entry)
        return cut_entry(text, lines, count, by);
    size_t begin = begin_of(text, lines, count, by->at);
    if (by->insert)
        begin -= by->at->kind == YG_SCALAR && by->at->quoted && begin > 0;
    const size_t end = by->insert ? begin : end_of(text, by->at, &begin);
    return (cut){begin, end, by};
}

/* What is inserted comes before what is replaced; the last edit of a value comes last. */
static int by_begin(const void *a, const void *b) {
    const cut *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->by->insert != y->by->insert)
        return x->by->insert ? -1 : 1;
    return (x->by > y->by) - (x->by < y->by);
}

/* True where a later edit of the same value follows. */
static bool is_replaced(const cut *cuts, size_t count, size_t i) {
    return i + 1 < count && !cuts[i].by->insert && cuts[i + 1].by->at == cuts[i].by->at;
}

/* A list of lines may be indented no further than its key. A text in its place has to be. */
static bool needs_indent(const char *text, const cut *c) {
    return !c->by->insert && c->by->at->kind == YG_SEQUENCE && text[c->begin] == '-';
}

char *yg_edits_apply(const yg_edits *edits, const char *path, const char *text) {
    cut *cuts = calloc(edits->count + 1, sizeof *cuts);
    int line_count;
    const char **lines = lines_of(text, &line_count);
    yg_text out = {0};
    size_t count = 0, at = 0;
    for (size_t i = 0; cuts && lines && i < edits->count; i++) {
        const yg_edit *e = &edits->items[i];
        const char *file = e->at->origin.file;
        if (file && strcmp(file, path) == 0)
            cuts[count++] = cut_of(text, lines, line_count, e);
    }
    if (cuts)
        qsort(cuts, count, sizeof *cuts, by_begin);
    for (size_t i = 0; i < count; i++) {
        if (is_replaced(cuts, count, i) || cuts[i].begin < at)
            continue; /* the second: it is within a value that is replaced */
        yg_text_add(&out, "%.*s%s%s", (int)(cuts[i].begin - at), text + at,
                    needs_indent(text, &cuts[i]) ? "  " : "", cuts[i].by->text);
        at = cuts[i].end;
    }
    yg_text_add(&out, "%s", text + at);
    const bool good = cuts && lines;
    free(cuts);
    free(lines);
    char *result = yg_text_take(&out);
    if (good)
        return result;
    free(result);
    return NULL;
}
