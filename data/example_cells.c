/*
 * The cells of a few examples, as they stand in the file: see example_cells.h.
 */
#include "example_cells.h"

#include "keep.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COLUMNS = 32 };

/* What is read again, and what is wanted of it. */
typedef struct reading_again {
    yg_reading reading;
    yg_keep keep;
    yg_reader *reader;
    yg_dataset chunk;
    int64_t *numbers; /* by cells->examples: the example's number in the dataset */
    yg_example_cells *cells;
} reading_again;

/* A file or a folder can be opened again; a pipe would wait for somebody to write. */
bool yg_source_reopens(const yg_reading *reading, const yg_value *part) {
    yg_paths paths = {0};
    bool can = yg_source_paths(reading, yg_table_files(part), "path", &paths, NULL);
    for (size_t i = 0; can && i < paths.count; i++) {
        struct stat status;
        can = stat(paths.items[i], &status) == 0 &&
              (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
    }
    yg_paths_free(&paths);
    return can;
}

/* The names of the columns that inputs, or then targets, are read from. */
static size_t list_columns(const yg_reading *reading, bool targets, const char **names,
                           size_t count) {
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++) {
        const yg_port_encoding *encoding = &reading->data->encoding.ports[p];
        if (yg_model_port(reading->model, p)->target != targets)
            continue;
        for (size_t i = 0; i < encoding->column_count && count < COLUMNS; i++)
            names[count++] = encoding->columns[i];
    }
    return count;
}

static bool open_again(reading_again *r, const yg_value *part) {
    void *state = yg_source_table.open(&r->reading, part, NULL);
    r->reader = yg_reader_new(&r->reading, &yg_source_table, state, NULL);
    return r->reader && yg_dataset_begin(&r->reading, &r->chunk, NULL) &&
           yg_dataset_reserve(&r->reading, &r->chunk, yg_reader_room(r->reader), NULL) &&
           (r->chunk.kept = calloc(1, sizeof *r->chunk.kept)) != NULL;
}

/* Copies the texts of example `number` to every place that wants them. */
static bool keep_texts(reading_again *r, int64_t number, const char *texts) {
    yg_example_cells *cells = r->cells;
    for (size_t e = 0; e < cells->count; e++) {
        const char *at = texts;
        for (size_t c = 0; r->numbers[e] == number && c < cells->columns; c++) {
            char **to = &cells->texts[e * cells->columns + c];
            if (!*to && !(*to = strdup(at)))
                return false;
            at += strlen(at) + 1;
        }
    }
    return true;
}

static bool read_all(reading_again *r) {
    int64_t last = -1, number = 0, got = 1;
    for (size_t e = 0; e < r->cells->count; e++)
        last = r->numbers[e] > last ? r->numbers[e] : last;
    while (number <= last && got > 0) {
        r->chunk.count = 0;
        got = yg_reader_next(r->reader, &r->chunk, yg_reader_room(r->reader), NULL);
        const char *texts = got > 0 ? r->chunk.kept->texts : NULL;
        for (int64_t i = 0; i < got; i++, number++) {
            if (!keep_texts(r, number, texts))
                return false;
            texts += yg_kept_size(texts, r->cells->columns);
        }
    }
    return number > last;
}

/* Whether the numbers of the part's examples are those of rows. */
static bool has_rows(const yg_part *part) {
    return !part->dataset->starts && !part->dataset->sequences && (part->members || !part->owners);
}

static bool read_cells(reading_again *r, const yg_value *value, const yg_part *part) {
    const char *names[COLUMNS];
    yg_example_cells *cells = r->cells;
    r->keep.asked = names;
    r->keep.asked_count =
        list_columns(&r->reading, true, names, list_columns(&r->reading, false, names, 0));
    r->numbers = calloc(cells->count + 1, sizeof *r->numbers);
    if (!r->keep.asked_count || !r->numbers || !open_again(r, value))
        return false;
    for (size_t e = 0; e < cells->count; e++)
        r->numbers[e] = part->members ? part->members[cells->examples[e]] : cells->examples[e];
    cells->columns = r->keep.count;
    cells->texts = calloc(cells->count * cells->columns + 1, sizeof *cells->texts);
    const bool good = cells->texts && read_all(r);
    cells->names = r->keep.names; /* the reader needed them until here */
    r->keep.names = NULL;
    r->keep.count = 0;
    return good;
}

bool yg_example_cells_read(const yg_model *model, yg_data *data, yg_dtype dtype, const char *name,
                           const yg_part *part, yg_example_cells *cells) {
    const yg_value *section = yg_model_section(model, "data");
    const yg_value *value = section ? yg_value_get(section, name) : NULL;
    if (section && (!value || yg_split_is(value)))
        value = yg_value_get(section, "train");
    reading_again r = {.reading = {.model = model, .data = data, .dtype = dtype}, .cells = cells};
    r.reading.keep = &r.keep;
    const bool good = value && cells->count && has_rows(part) &&
                      yg_source_of(value) == &yg_source_table &&
                      yg_source_reopens(&r.reading, value) && read_cells(&r, value, part);
    yg_reader_close(r.reader);
    yg_dataset_free(&r.chunk);
    yg_keep_free(&r.keep);
    free(r.numbers);
    return good;
}

const char *yg_example_cell(const yg_example_cells *cells, int64_t example, size_t column) {
    for (size_t e = 0; cells->texts && e < cells->count; e++)
        if (cells->examples[e] == example)
            return cells->texts[e * cells->columns + column];
    return NULL;
}

void yg_example_cells_free(yg_example_cells *cells) {
    for (size_t i = 0; cells->texts && i < cells->count * cells->columns; i++)
        free(cells->texts[i]);
    for (size_t c = 0; cells->names && c < cells->columns; c++)
        free(cells->names[c]);
    free(cells->texts);
    free(cells->names);
    free(cells->examples);
    *cells = (yg_example_cells){0};
}
