/*
 * The list of sources: a new one is a file and a line here. Which file is which table is told in
 * tables.c.
 */
#include "source.h"

const yg_source *yg_source_of(const yg_value *part) {
    if (yg_table_kind_of(part))
        return &yg_source_table;
    return yg_value_get(part, "arrays") ? &yg_source_array : &yg_source_rows;
}
