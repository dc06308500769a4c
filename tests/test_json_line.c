/*
 * Lines that are read without a tree of values: whatever the line, the cells are those of jansson's
 * values, or the line is left to jansson.
 */
#include "data/json_line.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 400, CELLS = 16 };

static const char *const lines[] = {
    "{\"a\": 1, \"b\": 2.5e-3, \"c\": \"text\", \"d\": [1, 2.0, null], \"e\": true, \"f\": null}",
    "{\"a\":-0,\"b\":-0.0,\"c\":\"\xC3\xA4\",\"d\":[],\"e\":false,\"f\":\"x\"}",
    "{\"b\": 1E+2, \"d\": [\"\", 7], \"f\": 123456789012345678}\r",
    "{\"a\": {\"x\": 1}, \"b\": 9223372036854775807, \"d\": [0, 0, 0, 0], \"c\": \"\\n\"}",
    "{\"a\": 1, \"a\": 2, \"b\": 01, \"c\": \"\\u00e4\"}",
    "{\"d\": [1], \"a\": 1e400, \"z\": 3}",
    " { \"a\" : 1.5 , \"d\" : [ 3 , \"q\" ] , \"f\" : 18446744073709551616 } ",
};
enum { LINES = sizeof lines / sizeof *lines };

static void learn(yg_json_columns *columns) {
    for (size_t i = 0; i < 3; i++) {
        json_t *object = json_loads(lines[i], JSON_REJECT_DUPLICATES, NULL);
        cr_assert_not_null(object);
        cr_assert(yg_json_columns_learn(columns, object, YG_NOWHERE, NULL));
        json_decref(object);
    }
    cr_assert(yg_json_columns_settle(columns, NULL));
    cr_assert_eq(columns->names.count, 8);
}

static bool same_cell(const yg_cell *a, const yg_cell *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == YG_CELL_TEXT)
        return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
    return a->kind == YG_CELL_NONE || memcmp(&a->whole, &b->whole, sizeof a->whole) == 0;
}

/* Returns whether the line was plain. */
static bool compare(const yg_json_columns *columns, const char *text, size_t size) {
    yg_cell cells[CELLS], wanted[CELLS];
    if (!yg_json_line(columns, text, size, cells))
        return false;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(object, "jansson refuses %.*s", (int)size, text);
    cr_assert(yg_json_cells(columns, object, NULL, YG_NOWHERE, wanted, NULL));
    for (size_t i = 0; i < columns->names.count; i++)
        cr_expect(same_cell(&cells[i], &wanted[i]), "cell '%s' of %.*s", columns->names.names[i],
                  (int)size, text);
    json_decref(object);
    return true;
}

Test(json_line, plain_lines_are_read_at_once) {
    static const bool plain[LINES] = {true, true, true, false, false, false, false};
    yg_json_columns columns = {0};
    learn(&columns);
    for (size_t i = 0; i < LINES; i++)
        cr_expect_eq(compare(&columns, lines[i], strlen(lines[i])), plain[i], "line %zu", i);
    yg_json_columns_free(&columns);
}

Test(json_line, cells_are_those_of_the_values) {
    static const char bytes[] = "{}[]\",:0123456789.-+eEtruefalsn \\\t\x01\xC3\xA4";
    yg_json_columns columns = {0};
    uint64_t state = 3;
    int agreed = 0;
    learn(&columns);
    for (int round = 0; round < 30000; round++) {
        char text[ROOM];
        snprintf(text, sizeof text, "%s", lines[round % LINES]);
        size_t size = strlen(text);
        for (int edits = 1 + round / LINES % 3; edits > 0; edits--) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            const size_t at = (size_t)(state >> 33) % size;
            const char byte = bytes[(state >> 20) % (sizeof bytes - 1)];
            if (state >> 18 & 1) {
                text[at] = byte;
            } else if (state >> 17 & 1) {
                memmove(text + at, text + at + 1, size - at);
                size--;
            } else {
                memmove(text + at + 1, text + at, size - at + 1);
                text[at] = byte;
                size++;
            }
        }
        agreed += compare(&columns, text, size);
    }
    cr_expect_gt(agreed, 500, "%d of the lines were plain", agreed);
    yg_json_columns_free(&columns);
}
