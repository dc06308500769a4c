/*
 * Columns that are carried along: see keep.h.
 */
#include "keep.h"

#include "column.h"

#include <stdlib.h>
#include <string.h>

/* The place that asks for the columns. */
static const yg_origin ASKED = {"--keep", 0, 0};

typedef struct choice {
    yg_keep *keep;
    const yg_table *table;
} choice;

static bool add(void *context, size_t index, yg_error *error) {
    const choice *c = context;
    yg_keep *keep = c->keep;
    for (size_t i = 0; i < keep->count; i++)
        if (keep->index[i] == index)
            return true;
    keep->index[keep->count] = index;
    keep->names[keep->count] = strdup(c->table->columns[index]);
    return keep->names[keep->count++] || yg_fail_memory(error);
}

bool yg_keep_choose(yg_keep *keep, const yg_table *table, yg_error *error) {
    keep->index = calloc(table->column_count + 1, sizeof *keep->index);
    keep->names = calloc(table->column_count + 1, sizeof *keep->names);
    if (!keep->index || !keep->names)
        return yg_fail_memory(error);
    choice c = {keep, table};
    for (size_t i = 0; i < keep->asked_count; i++) {
        const bool all = strcmp(keep->asked[i], "*") == 0;
        if (!all && !yg_table_choose_each(table, keep->asked[i], ASKED, add, &c, error))
            return false;
        for (size_t k = 0; all && k < table->column_count; k++)
            if (!add(&c, k, error))
                return false;
    }
    return true;
}

void yg_keep_free(yg_keep *keep) {
    for (size_t i = 0; i < keep->count; i++)
        free(keep->names[i]);
    free(keep->names);
    free(keep->index);
    *keep = (yg_keep){0};
}

/* Adds text[0 .. size) and a NUL. */
static bool add_text(yg_kept *kept, const char *text, size_t size) {
    if (kept->room - kept->size <= size) {
        const size_t room = 2 * (kept->size + size) + 1000;
        char *grown = realloc(kept->texts, room);
        if (!grown)
            return false;
        kept->texts = grown;
        kept->room = room;
    }
    if (size)
        memcpy(kept->texts + kept->size, text, size);
    kept->size += size;
    kept->texts[kept->size++] = '\0';
    return true;
}

bool yg_kept_add(yg_kept *kept, const yg_keep *keep, const yg_records *records, size_t stride) {
    for (size_t r = 0; r < (size_t)records->count; r++)
        for (size_t i = 0; i < keep->count; i++) {
            const yg_cell *cell = &records->cells[r * stride + keep->index[i]];
            char number[64];
            const bool text = yg_cell_is_text(cell);
            const char *shown = text ? cell->text : yg_cell_text(cell, number, sizeof number);
            if (!add_text(kept, shown, text ? cell->size : strlen(shown)))
                return false;
        }
    return true;
}

bool yg_kept_add_texts(yg_kept *kept, const char *texts, size_t size) {
    return size == 0 || add_text(kept, texts, size - 1); /* the last NUL is added */
}

size_t yg_kept_size(const char *at, size_t texts) {
    const char *const begin = at;
    for (size_t i = 0; i < texts; i++)
        at += strlen(at) + 1;
    return (size_t)(at - begin);
}

void yg_kept_free(yg_kept *kept) {
    if (kept)
        free(kept->texts);
    free(kept);
}
