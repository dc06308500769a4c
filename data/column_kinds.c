/*
 * The list of kinds of columns: a new one is a file and a line here.
 */
#include "column.h"

static const yg_column_kind *const kinds[] = {
    &yg_column_number,  &yg_column_label, &yg_column_category,
    &yg_column_boolean, &yg_column_date,  &yg_column_text,
    &yg_column_image,   &yg_column_list,  NULL,
};

const yg_column_kind *const *yg_column_kinds(void) {
    return kinds;
}
