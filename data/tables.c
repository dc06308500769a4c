/*
 * The list of kinds of tables: a new one is a file and a line here.
 */
#include "table.h"

static const yg_table_kind *const kinds[] = {&yg_table_csv, NULL};

const yg_table_kind *const *yg_table_kinds(void) {
    return kinds;
}

const yg_table_kind *yg_table_kind_of(const yg_value *part) {
    size_t i = 0;
    while (kinds[i] && !yg_value_get(part, kinds[i]->key))
        i++;
    return kinds[i];
}
