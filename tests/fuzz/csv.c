/*
 * Any bytes as a CSV file: records with a cell for each column, or a message.
 */
#include "data/csv.h"

#include "fuzz.h"
#include "graph/number.h"
#include "require.h"

#include <math.h>
#include <string.h>

static void read_row(const yg_csv *csv) {
    for (size_t i = 0; i < yg_csv_column_count(csv); i++) {
        require(strlen(yg_csv_cell(csv, i)) < SIZE_MAX, "a cell is text");
        require(yg_csv_cell_origin(csv, i).line > 0, "a cell has a place");
        const char *text = yg_csv_cell(csv, i);
        double value = NAN;
        int64_t whole = 0;
        const bool number = yg_number_parse(text, strlen(text), &value) != YG_NUMBER_NOT;
        const yg_whole form = yg_number_integer(text, strlen(text), &whole);
        require(number == (form != YG_WHOLE_NOT), "a number is one in both ways");
        require(form != YG_WHOLE_EXACT || value == (double)whole, "a whole number is rounded once");
    }
}

int fuzz_csv(const uint8_t *bytes, size_t size) {
    if (size == 0)
        return 0; /* fmemopen() takes no empty buffer */
    FILE *file = fmemopen((void *)(uintptr_t)bytes, size, "r");
    require(file != NULL, "there is memory");
    yg_error error = {0};
    yg_csv *csv = yg_csv_open(file, "fuzz.csv", ',', &error);
    if (csv != NULL) {
        yg_csv_status status;
        while ((status = yg_csv_next(csv, &error)) == YG_CSV_ROW)
            read_row(csv);
        if (status == YG_CSV_FAILED)
            require_failure(&error);
        yg_csv_close(csv);
    } else {
        require_failure(&error);
    }
    fclose(file);
    return 0;
}
