/*
 * JSON objects as records: which columns they have, and the cells of one. Private to the library.
 *
 * What an object holds is a column under its path: `age`, `user.name` for {"user": {"name": …}},
 * `pixels.0`, `pixels.1`, … for a list. So every value that is no object and no list has a column.
 */
#ifndef YG_DATA_JSON_CELLS_H
#define YG_DATA_JSON_CELLS_H

#include "../models/loader/names.h"
#include "table.h"

#include <jansson.h>

/* All zeros is none. */
typedef struct yg_json_columns {
    yg_pool *pool;
    yg_names names;  /* the paths of all values */
    yg_names inner;  /* the paths of all objects and lists */
    bool *valued;    /* of names.names[i]: a value that is not null was there */
    size_t capacity; /* of `valued` */
} yg_json_columns;

/* Adds the columns of an object. */
bool yg_json_columns_learn(yg_json_columns *columns, json_t *object, yg_origin origin,
                           yg_error *error);
/* Takes out the paths that were null here and an object or a list there: they are no columns. To be
 * called once, after all objects were learnt from. */
bool yg_json_columns_settle(yg_json_columns *columns, yg_error *error);
void yg_json_columns_free(yg_json_columns *columns);

/* Replaces the list at a path, such as `user.scores`, by a text of it, which is then one cell. What
 * is no list stays as it is. */
bool yg_json_fold(json_t *object, const char *path, yg_error *error);

/* The cells of an object: cells[0 .. names.count). Their texts belong to the object. A value of a
 * path that is no column is left out. It is an error where it belongs to a list with a column that
 * is used (`used` as of a table): the list would be cut off. */
bool yg_json_cells(const yg_json_columns *columns, json_t *object, const bool *used,
                   yg_origin origin, yg_cell *cells, yg_error *error);

#endif
