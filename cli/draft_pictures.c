/*
 * The pictures of a table: see draft_pictures.h.
 */
#include "draft_pictures.h"

#include "../data/column.h"
#include "../data/image.h"
#include "../graph/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LOOKED_AT = 100, LARGE = 96, SMALL_SIDE = 32, LARGE_SIDE = 64 };

static bool ends_in(const char *text, const char *end) {
    const size_t size = strlen(text), last = strlen(end);
    return size > last && strcasecmp(text + size - last, end) == 0;
}

/* Whether all cells of a column that have a value are BLOBs with pictures, or names of such files.
 */
static bool has_pictures(const raw_table *raw, const yg_column_summary *column) {
    const int64_t present = yg_summary_present(&raw->summary, column);
    size_t names = 0;
    if (column->pictures)
        return column->pictures == present;
    for (size_t i = 0; i < column->values.count; i++) {
        const char *name = column->values.names[i];
        if (!ends_in(name, ".png") && !ends_in(name, ".jpg") && !ends_in(name, ".jpeg"))
            return false;
        names++;
    }
    return names > 0;
}

/* Looks at one picture, the first or a later one. */
static void add_picture(const yg_image *image, bool first, draft_pictures *pictures) {
    const int channels = image->channels > 2 ? 3 : 1;
    if (first)
        *pictures = (draft_pictures){image->height, image->width, channels, false};
    pictures->resized =
        pictures->resized || image->height != pictures->height || image->width != pictures->width;
    pictures->channels = channels > pictures->channels ? channels : pictures->channels;
}

/* The path of a cell, from the folder that the table's paths begin at. Freed by the caller. NULL
 * when out of memory. */
static char *path_of(const yg_table *table, const yg_cell *cell) {
    const char *base = table->base ? table->base : yg_table_file(table);
    const char *slash = cell->size && cell->text[0] == '/' ? NULL : strrchr(base, '/');
    yg_text path = {0};
    yg_text_add(&path, "%.*s%.*s", slash ? (int)(slash + 1 - base) : 0, base, (int)cell->size,
                cell->text);
    return yg_text_take(&path);
}

static bool read_picture(const yg_table *table, const yg_cell *cell, yg_image_decoder *decoder,
                         yg_image *image, yg_error *error) {
    yg_error detail = {0};
    if (cell->kind == YG_CELL_BYTES)
        return yg_image_decode(decoder, cell->text, cell->size, table->name, image, error);
    char *path = path_of(table, cell);
    const bool good = path ? yg_image_read(decoder, path, image, &detail) : yg_fail_memory(error);
    if (path && !good)
        yg_fail(error, detail.code, YG_NOWHERE, "'%s': %s", path, detail.message);
    free(path);
    return good;
}

/* Looks at the first pictures. A mistake is told with the row. */
static bool look_at_rows(yg_table *table, size_t column, yg_image_decoder *decoder,
                         draft_pictures *pictures, yg_error *error) {
    yg_image image = {0};
    yg_records records;
    int64_t count = 0, seen = 0;
    bool good = true;
    while (good && seen < LOOKED_AT &&
           (count = yg_table_next(table, LOOKED_AT, false, &records, error)) > 0)
        for (int64_t r = 0; good && r < count && seen < LOOKED_AT; r++) {
            const yg_cell *cell = &records.cells[(size_t)r * table->column_count + column];
            yg_error detail = {0};
            if (yg_cell_is_missing(cell))
                continue;
            good = read_picture(table, cell, decoder, &image, &detail);
            if (good)
                add_picture(&image, seen++ == 0, pictures);
            else {
                const yg_place place = yg_table_place(table, r, column);
                yg_fail(error, detail.code, place.origin, "row %lld, column '%.200s': %s",
                        (long long)place.row, table->columns[column], detail.message);
            }
        }
    yg_image_free(&image);
    return good && count >= 0;
}

/* Finds a size for the pictures. Large ones are made smaller. */
static bool look_at(const raw_table *raw, size_t column, draft_pictures *pictures,
                    yg_error *error) {
    yg_table *table = raw_table_again(raw, error);
    yg_image_decoder *decoder = table ? yg_image_decoder_new(error) : NULL;
    const bool good = decoder && look_at_rows(table, column, decoder, pictures, error);
    yg_image_decoder_free(decoder);
    yg_table_close(table);
    if (pictures->resized || pictures->height > LARGE || pictures->width > LARGE) {
        const bool large = pictures->height >= LARGE_SIDE && pictures->width >= LARGE_SIDE;
        pictures->resized = true;
        pictures->height = pictures->width = large ? LARGE_SIDE : SMALL_SIDE;
    }
    return good;
}

/* The column that has pictures: that of a folder, or the first that has nothing else. */
bool draft_find_pictures(const raw_table *raw, draft_request *request, yg_error *error) {
    for (size_t i = 0; i < raw->summary.count; i++)
        if (has_pictures(raw, &raw->summary.columns[i])) {
            request->picture_column = i;
            return look_at(raw, i, &request->pictures, error);
        }
    request->picture_column = SIZE_MAX;
    return true;
}
