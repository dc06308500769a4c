/*
 * Any bytes as the file of a table: see table.h.
 */
#include "table.h"

#include "data/csv_scan.h"
#include "fuzz.h"
#include "require.h"

#include <string.h>
#include <unistd.h>

/* One opening of the bytes. */
typedef struct opening {
    FILE *file;
    yg_table *table;
} opening;

typedef struct bytes_table {
    const yg_table_kind *kind;
    const yg_document *part;
    const uint8_t *bytes;
    size_t size;
    char path[40]; /* "": they are read from memory */
} bytes_table;

static opening open_bytes(const bytes_table *b, yg_error *error) {
    opening o = {0};
    if (!b->path[0])
        require((o.file = fmemopen((void *)(uintptr_t)b->bytes, b->size, "r")) != NULL,
                "there is memory");
    const yg_table_request request = {.file = o.file,
                                      .path = b->path[0] ? b->path : NULL,
                                      .name = "fuzz",
                                      .part = b->part ? yg_document_root(b->part) : NULL};
    o.table = yg_table_open(b->kind, &request, error);
    require((o.table != NULL) == (error->code == YG_OK), "a failure is told");
    return o;
}

static void close_bytes(opening *o) {
    yg_table_close(o->table);
    if (o->file)
        fclose(o->file);
}

static uint64_t mix(uint64_t sum, uint64_t value) {
    return (sum ^ value) * 1099511628211u;
}

static uint64_t digest_cell(uint64_t sum, const yg_cell *cell) {
    sum = mix(sum, cell->kind);
    if (cell->kind == YG_CELL_BYTES)
        return mix(sum, cell->size);
    if (!yg_cell_is_text(cell))
        return cell->kind == YG_CELL_NONE ? sum : mix(sum, (uint64_t)cell->whole);
    require(cell->size == 0 || memchr(cell->text, 0, cell->size) == NULL, "a cell is text");
    require(yg_is_utf8(cell->text, cell->size), "a cell is UTF-8");
    for (uint32_t i = 0; i < cell->size; i++)
        sum = mix(sum, (unsigned char)cell->text[i]);
    return mix(sum, 0x100);
}

/* A digest of the records up to the end or a failure, with their places. */
static uint64_t digest(yg_table *table, int64_t limit, yg_error *error) {
    uint64_t sum = 1469598103934665603u;
    yg_records records;
    int64_t got;
    while ((got = yg_table_next(table, limit, false, &records, error)) > 0) {
        require(got <= limit && got == records.count, "not more than asked for");
        for (size_t i = 0; i < (size_t)got * table->column_count; i++) {
            const size_t column = i % table->column_count;
            const yg_place place =
                yg_table_place(table, (int64_t)(i / table->column_count), column);
            sum = digest_cell(mix(sum, (uint64_t)place.row), &records.cells[i]);
            sum = mix(sum, (uint64_t)place.origin.line);
        }
    }
    require((got < 0) == (error->code != YG_OK), "a failure is told");
    return sum;
}

/* Reading some records, and going on from their mark, is reading all. */
static void read_in_two(const bytes_table *b, int64_t first, const yg_error *failure) {
    yg_error error = {0}, same = {0};
    yg_records records;
    yg_mark mark;
    opening one = open_bytes(b, &error), two = open_bytes(b, &same);
    if (yg_table_next(one.table, first, false, &records, &error) > 0 &&
        yg_table_tell(one.table, &mark)) {
        require(yg_table_seek(two.table, &mark, &same), "a mark can be gone to");
        require(digest(one.table, 2, &error) == digest(two.table, 1000, &same),
                "the same records follow");
        require(strcmp(error.message, same.message) == 0, "and the same failure");
    }
    require(strcmp(error.message, failure->message) == 0 && error.line == failure->line &&
                error.column == failure->column,
            "failures are the same, however the file is read");
    close_bytes(&one);
    close_bytes(&two);
}

void fuzz_table(const yg_table_kind *kind, const char *part, const uint8_t *bytes, size_t size) {
    bytes_table b = {.kind = kind, .bytes = bytes, .size = size};
    yg_document *document = part ? yg_document_parse(part, strlen(part), "part", NULL) : NULL;
    yg_error error = {0};
    b.part = document;
    if (size == 0)
        return; /* fmemopen() takes no empty buffer */
    if (kind->by_path) {
        strcpy(b.path, "/tmp/yamlgrad-fuzz-XXXXXX");
        fuzz_file(b.path, bytes, size);
    }
    opening all = open_bytes(&b, &error);
    if (all.table) {
        digest(all.table, 1 + bytes[size - 1] % 8, &error);
        if (error.code != YG_OK)
            require_failure(&error);
        if (!kind->by_path) /* a damaged database keeps no order */
            read_in_two(&b, 1 + bytes[size / 2] % 4, &error);
    } else {
        require_failure(&error);
    }
    close_bytes(&all);
    if (kind->by_path)
        unlink(b.path);
    yg_document_free(document);
}
