/*
 * The column kind `text`: a text becomes the indices of its tokens, as an embedding reads them.
 *
 *     message: {kind: text, tokens: word, length: 40, vocabulary: 2000}
 *
 * Index 0 fills up texts that are shorter than `length`, and longer ones are cut. Index 1 stands
 * for a token that is not in the vocabulary. The tokens of the training part follow from 2 on, the
 * most frequent first; equally frequent ones are in the order of their bytes. All indices are below
 * `vocabulary`. A byte b is the index b + 2, and nothing is learnt.
 */
#include "column.h"
#include "text_counts.h"
#include "tokens.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWN = 1, FIRST = 2, BYTES = 256 + FIRST, LONGEST = 1 << 20 };

typedef struct text_column {
    yg_column column;
    int tokens; /* a yg_token_kind */
    bool lower;
    bool settled;
    int64_t length;     /* of each example; 0: not learnt yet */
    int64_t vocabulary; /* the indices stay below; 0: it is as large as the training part asks */
    int64_t least;      /* a rarer token is unknown */
    yg_pool *pool;      /* holds the tables */
    yg_names names;     /* name i has the index FIRST + i */
    yg_cell_room room;
    /* While learning: */
    yg_text_counts met;
    int64_t longest;
} text_column;

static void free_text(yg_column *column) {
    text_column *t = (text_column *)column;
    yg_pool_free(t->pool);
    free(t->room.text);
}

/* -------------------------------------------------------------------------------- options ---- */

/* Bytes need no vocabulary. */
static bool check_bytes(const yg_value *options, yg_error *error) {
    static const char *const keys[] = {"vocabulary", "min_count"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const yg_value *value = yg_value_get(options, keys[i]);
        if (value)
            return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                           "`%s` chooses among characters or words; bytes have all %d indices",
                           keys[i], BYTES);
    }
    return true;
}

/* A class must not be below an index. */
static bool check_classes(const text_column *t, int64_t indices, yg_error *error) {
    const yg_port *port = t->column.port;
    return !port->classes || indices <= port->classes ||
           yg_fail(error, YG_ERROR_DATA, port->origin,
                   "column '%s' has %" PRId64 " indices, but '%s' has %" PRId64
                   " classes; `vocabulary` limits the indices",
                   t->column.name, indices, port->name, port->classes);
}

static bool configure(yg_column *column, yg_error *error) {
    text_column *t = (text_column *)column;
    const yg_value *options = column->options;
    t->pool = yg_pool_new();
    if (!t->pool)
        return yg_fail_memory(error);
    if (column->port->dtype != YG_I32 && column->port->dtype != YG_I64)
        return yg_fail(error, YG_ERROR_DTYPE, options->origin,
                       "column '%s': a text becomes indices, which need an input of i32 or i64, "
                       "but '%s' holds %s",
                       column->name, column->port->name, yg_dtype_name(column->port->dtype));
    if (options->kind == YG_MAPPING && t->tokens == YG_TOKEN_BYTE && !check_bytes(options, error))
        return false;
    if (column->sequence && t->length)
        return yg_fail(error, YG_ERROR_ARGUMENT, yg_value_get(options, "length")->origin,
                       "texts are sequences of any length here; `max_length` of `sequences` limits "
                       "them");
    t->settled = t->tokens == YG_TOKEN_BYTE && (t->length || column->sequence);
    return t->tokens != YG_TOKEN_BYTE || check_classes(t, BYTES, error);
}

/* -------------------------------------------------------------------------------- tokens ----- */

/* A cell's text, in small letters if that is asked for; NULL when out of memory. */
static char *text_of(text_column *t, const yg_cell *cell, size_t *size) {
    if (!yg_cell_string(cell, &t->room))
        return NULL;
    char *text = t->room.text;
    *size = strlen(text);
    for (size_t i = 0; t->lower && i < *size; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] - 'A' + 'a');
    return text;
}

static bool count_tokens(text_column *t, char *text, size_t size) {
    size_t begin = 0, end = 0;
    int64_t count = 0;
    bool good = true;
    for (; good && yg_token_next((yg_token_kind)t->tokens, text, size, &begin, &end); count++) {
        const char kept = text[end];
        if (t->tokens == YG_TOKEN_BYTE)
            continue;
        text[end] = '\0';
        good = yg_text_counts_add(&t->met, t->pool, text + begin);
        text[end] = kept;
    }
    t->longest = count > t->longest ? count : t->longest;
    return good;
}

static int64_t index_of(const text_column *t, char *text, size_t begin, size_t end) {
    if (t->tokens == YG_TOKEN_BYTE)
        return FIRST + (unsigned char)text[begin];
    const char kept = text[end];
    text[end] = '\0';
    const size_t found = yg_names_find(&t->names, text + begin);
    text[end] = kept;
    return found == YG_NOT_FOUND ? UNKNOWN : FIRST + (int64_t)found;
}

/* ------------------------------------------------------------------------------- learning ---- */

static bool learns(const yg_column *column) {
    return !((const text_column *)column)->settled;
}

static int64_t learn(yg_column *column, const yg_cells *cells) {
    text_column *t = (text_column *)column;
    for (int64_t i = 0; i < cells->count; i++) {
        const yg_cell *cell = yg_cell_at(cells, i);
        size_t size;
        char *text = yg_cell_is_missing(cell) ? NULL : text_of(t, cell, &size);
        if (!text || !count_tokens(t, text, size))
            return i;
    }
    return cells->count;
}

typedef struct entry {
    const char *text;
    int64_t count;
} entry;

static int most_frequent_first(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->text, y->text);
}

static bool settle(yg_column *column, yg_error *error) {
    text_column *t = (text_column *)column;
    const size_t met = t->met.names.count;
    entry *entries = calloc(met + 1, sizeof *entries);
    size_t kept = 0;
    if (!entries)
        return yg_fail_memory(error);
    for (size_t i = 0; i < met; i++)
        if (t->met.counts[i] >= t->least)
            entries[kept++] = (entry){t->met.names.names[i], t->met.counts[i]};
    qsort(entries, kept, sizeof *entries, most_frequent_first);
    if (t->vocabulary && (int64_t)kept > t->vocabulary - FIRST)
        kept = (size_t)(t->vocabulary - FIRST);
    bool good = true;
    for (size_t i = 0; good && i < kept; i++)
        good = yg_names_add(&t->names, t->pool, entries[i].text) || yg_fail_memory(error);
    free(entries);
    if (!t->length)
        t->length = t->longest > 1 ? t->longest : 1;
    t->settled = good;
    return good && (t->tokens == YG_TOKEN_BYTE || check_classes(t, FIRST + (int64_t)kept, error));
}

/* ------------------------------------------------------------------------------- encoding ---- */

static int64_t width(const yg_column *column) {
    return column->sequence ? 1 : ((const text_column *)column)->length;
}

static bool encode_list(yg_column *column, const yg_cell *cell, yg_list *to) {
    text_column *t = (text_column *)column;
    size_t size, begin = 0, end = 0;
    char *text = yg_cell_is_missing(cell) ? NULL : text_of(t, cell, &size);
    if (!text)
        return false;
    while (yg_token_next((yg_token_kind)t->tokens, text, size, &begin, &end)) {
        if (!yg_list_reserve(to))
            return false;
        to->wholes[to->count++] = index_of(t, text, begin, end);
    }
    return true;
}

static int64_t encode_wholes(yg_column *column, const yg_cells *cells, int64_t *to, size_t stride) {
    text_column *t = (text_column *)column;
    for (int64_t i = 0; i < cells->count; i++, to += stride) {
        const yg_cell *cell = yg_cell_at(cells, i);
        size_t size, begin = 0, end = 0;
        char *text = yg_cell_is_missing(cell) ? NULL : text_of(t, cell, &size);
        int64_t count = 0;
        if (!text)
            return i;
        while (count < t->length &&
               yg_token_next((yg_token_kind)t->tokens, text, size, &begin, &end))
            to[count++] = index_of(t, text, begin, end);
        for (; count < t->length; count++)
            to[count] = 0;
    }
    return cells->count;
}

static int check(yg_column *column, const yg_cell *cell) {
    (void)column;
    return yg_cell_is_missing(cell) ? YG_FAULT_MISSING : YG_FAULT_NONE;
}

static bool refuse(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error) {
    (void)fault; /* there is one only */
    return yg_column_refuse_missing(column, cell, place, error);
}

static const char *element(const yg_column *column, int64_t i, char *text, size_t size) {
    snprintf(text, size, "%s[%" PRId64 "]", column->name, i);
    return text;
}

/* -------------------------------------------------------------------------------- weights ---- */

static json_t *save(const yg_column *column) {
    const text_column *t = (const text_column *)column;
    json_t *tokens = json_array();
    for (size_t i = 0; i < t->names.count; i++)
        json_array_append_new(tokens, json_string(t->names.names[i]));
    if (json_array_size(tokens) == t->names.count)
        return json_pack("{s:I, s:o}", "length", (json_int_t)t->length, "tokens", tokens);
    json_decref(tokens);
    return NULL;
}

static bool load(yg_column *column, const json_t *learnt, yg_error *error) {
    text_column *t = (text_column *)column;
    const json_t *tokens = json_object_get(learnt, "tokens");
    const int64_t length = json_integer_value(json_object_get(learnt, "length"));
    bool good = json_is_array(tokens) && length > 0 && length <= LONGEST &&
                (!t->vocabulary || (int64_t)json_array_size(tokens) <= t->vocabulary - FIRST);
    for (size_t i = 0; good && i < json_array_size(tokens); i++) {
        const char *text = json_string_value(json_array_get(tokens, i));
        good = text && yg_names_find(&t->names, text) == YG_NOT_FOUND;
        const char *copy = good ? yg_pool_text(t->pool, text) : NULL;
        good = good && ((copy && yg_names_add(&t->names, t->pool, copy)) || yg_fail_memory(error));
    }
    t->length = length;
    t->settled = good;
    return good;
}

static const char *const token_names[] = {"word", "char", "byte", NULL};

static const yg_setting settings[] = {
    {"tokens", .kind = YG_SETTING_CHOICE, .offset = offsetof(text_column, tokens),
     .choices = token_names, .fallback = "word", .doc = "what a text is cut into"},
    {"length", .kind = YG_SETTING_WHOLE, .offset = offsetof(text_column, length), .min = 1,
     .max = LONGEST, .fallback = "that of the longest text of the training part", .example = "100",
     .doc = "how many tokens an example has: longer texts are cut, shorter ones filled with 0"},
    {"vocabulary", .kind = YG_SETTING_WHOLE, .offset = offsetof(text_column, vocabulary),
     .min = FIRST + 1, .max = INT32_MAX, .fallback = "as many as the training part has",
     .example = "5000", .doc = "indices stay below it; the most frequent tokens have one"},
    {"min_count", .kind = YG_SETTING_WHOLE, .offset = offsetof(text_column, least), .min = 1,
     .fallback = "1", .example = "2",
     .doc = "tokens that the training part has less often are unknown: index 1"},
    {"lower", .kind = YG_SETTING_FLAG, .offset = offsetof(text_column, lower), .fallback = "false",
     .example = "true", .doc = "capital letters A to Z count as small ones"},
    {"max_length", .hint = "it is `length` here"},
    {"max_tokens", .hint = "it is `vocabulary` here"},
    {"vocab_size", .hint = "it is `vocabulary` here"},
};

const yg_column_kind yg_column_text = {
    .name = "text",
    .doc = "a cell is a text, as the indices of its words, characters or bytes",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .size = sizeof(text_column),
    .texts = true,
    .learns = learns,
    .configure = configure,
    .learn = learn,
    .settle = settle,
    .width = width,
    .encode_wholes = encode_wholes,
    .encode_list = encode_list,
    .check = check,
    .refuse = refuse,
    .element = element,
    .save = save,
    .load = load,
    .free = free_text,
};
