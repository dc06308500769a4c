/*
 * The cells of a few examples, as they stand in the file that they were read from: what a reader
 * knows, where an encoding has made numbers of them. The file is read again. Private to the
 * library.
 */
#ifndef YG_DATA_EXAMPLE_CELLS_H
#define YG_DATA_EXAMPLE_CELLS_H

#include "data.h"

typedef struct yg_example_cells {
    size_t count;
    int64_t *examples; /* [count], numbers within a part; allocated by the caller */
    size_t columns;    /* those of inputs, then those of targets; a few dozen at most */
    char **names;      /* [columns] */
    char **texts;      /* [count, columns]; NULL: they are not known */
} yg_example_cells;

/* Reads the cells of cells->examples. `name` is that of the part in the section. False where there
 * are none: the examples come from no table, are more than a row each, or the file cannot be read a
 * second time. Freed by yg_example_cells_free() in either case. */
bool yg_example_cells_read(const yg_model *model, yg_data *data, yg_dtype dtype, const char *name,
                           const yg_part *part, yg_example_cells *cells);
/* NULL: it is not known. */
const char *yg_example_cell(const yg_example_cells *cells, int64_t example, size_t column);
void yg_example_cells_free(yg_example_cells *cells); /* what it holds, not the struct */

#endif
