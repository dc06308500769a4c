/*
 * Any bytes as a CSV file, or as gzip data: records with a cell for each column, or a message; the
 * same in whatever steps they are read, and by however many threads.
 */
#include "data/csv_scan.h"
#include "fuzz.h"
#include "graph/number.h"
#include "graph/threads.h"
#include "require.h"

#include <math.h>
#include <string.h>

static void read_cell(const yg_cell *cell) {
    double value = NAN;
    int64_t whole = 0;
    require(memchr(cell->text, 0, cell->size) == NULL, "a cell is text");
    require(yg_is_utf8(cell->text, cell->size), "a cell is UTF-8");
    const bool number = yg_number_parse(cell->text, cell->size, &value) != YG_NUMBER_NOT;
    const yg_whole form = yg_number_integer(cell->text, cell->size, &whole);
    require(number == (form != YG_WHOLE_NOT), "a number is one in both ways");
    require(form != YG_WHOLE_EXACT || value == (double)whole, "a whole number is rounded once");
}

/* A digest of the records up to the end or a failure, with the places of their cells. */
static uint64_t digest(yg_table *table, int64_t limit, yg_error *error) {
    uint64_t sum = 1469598103934665603u;
    yg_records records;
    int64_t got;
    while ((got = yg_table_next(table, limit, false, &records, error)) > 0) {
        for (size_t i = 0; i < (size_t)got * table->column_count; i++) {
            const yg_cell *cell = &records.cells[i];
            const size_t column = i % table->column_count;
            const yg_place place =
                yg_table_place(table, (int64_t)(i / table->column_count), column);
            require(place.origin.line > 0 && place.origin.column > 0, "a cell has a place");
            read_cell(cell);
            for (uint32_t b = 0; b <= cell->size; b++)
                sum = (sum ^ (b < cell->size ? (unsigned char)cell->text[b] : 0x100)) *
                      1099511628211u;
            sum = (sum ^ (uint64_t)place.origin.line) * 1099511628211u;
            sum = (sum ^ (uint64_t)place.origin.column) * 1099511628211u;
        }
    }
    require((got < 0) == (error->code != YG_OK), "a failure is told");
    return sum;
}

static yg_table *open_bytes(const uint8_t *bytes, size_t size, FILE **file, yg_error *error) {
    *file = fmemopen((void *)(uintptr_t)bytes, size, "r");
    require(*file != NULL, "there is memory");
    return yg_table_open(&yg_table_csv, &(yg_table_request){.file = *file, .name = "fuzz.csv"},
                         error);
}

/* Reading some records, and going on from their mark, is reading all. */
static void read_in_two(const uint8_t *bytes, size_t size, int64_t first, const yg_error *failure) {
    FILE *files[2];
    yg_error error = {0}, same = {0};
    yg_records records;
    yg_mark mark;
    yg_table *one = open_bytes(bytes, size, &files[0], &error);
    yg_table *two = open_bytes(bytes, size, &files[1], &same);
    if (yg_table_next(one, first, false, &records, &error) > 0 && yg_table_tell(one, &mark)) {
        require(yg_table_seek(two, &mark, &same), "a mark can be gone to");
        require(digest(one, 2, &error) == digest(two, 1000, &same), "the same records follow");
        require(strcmp(error.message, same.message) == 0, "and the same failure");
    }
    require(strcmp(error.message, failure->message) == 0 && error.line == failure->line &&
                error.column == failure->column,
            "failures are the same, however the file is read");
    yg_table_close(one);
    yg_table_close(two);
    fclose(files[0]);
    fclose(files[1]);
}

/* Threads divide no file that is short. So the bytes are repeated until they are long: as many
 * times as makes the cuts fall on different places of them. */
enum { LONG = 80 * 1024, WIDE = 2048 };

static void read_by_threads(const uint8_t *bytes, size_t size) {
    static yg_threads *threads; /* kept: making them costs more than all that they read */
    const size_t times = LONG / size + 1 + bytes[size / 3] % 16;
    yg_error errors[2] = {0};
    uint64_t sums[2] = {0};
    uint8_t *text = malloc(times * size);
    require(text != NULL && (threads || (threads = yg_threads_new(3, NULL))), "there is memory");
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * size, bytes, size);
    for (int i = 0; i < 2; i++) {
        FILE *file;
        yg_table *table = open_bytes(text, times * size, &file, &errors[i]);
        if (table) {
            table->threads = i ? threads : NULL;
            sums[i] = digest(table, i ? 100000 : 1000, &errors[i]);
            yg_table_close(table);
        }
        fclose(file);
    }
    require(sums[0] == sums[1], "threads find the same records");
    require(strcmp(errors[0].message, errors[1].message) == 0 && errors[0].line == errors[1].line &&
                errors[0].column == errors[1].column,
            "and the same failure");
    free(text);
}

int fuzz_csv(const uint8_t *bytes, size_t size) {
    if (size == 0)
        return 0; /* fmemopen() takes no empty buffer */
    FILE *file;
    yg_error error = {0};
    yg_table *table = open_bytes(bytes, size, &file, &error);
    if (table != NULL) {
        digest(table, 1 + bytes[size - 1] % 8, &error);
        if (error.code != YG_OK)
            require_failure(&error);
        read_in_two(bytes, size, 1 + bytes[size / 2] % 4, &error);
        yg_table_close(table);
        if (size < WIDE && bytes[size / 2] % 8 == 0)
            read_by_threads(bytes, size);
    } else {
        require_failure(&error);
    }
    fclose(file);
    return 0;
}
