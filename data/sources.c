/*
 * The list of sources: a new one is a file and a line here. Which file is which table is told in
 * tables.c.
 */
#include "array_path.h"
#include "source.h"

const yg_source *yg_source_of(const yg_value *part) {
    const yg_value *file = yg_value_get(part, "file");
    if (yg_table_kind_of(part))
        return &yg_source_table;
    if (file && file->kind == YG_SCALAR && yg_array_format_of(file->text) != YG_ARRAY_NONE)
        return &yg_source_array;
    return yg_value_get(part, "arrays") ? &yg_source_array : &yg_source_rows;
}
