/*
 * Any bytes as the file of a table: records with a cell for each column, or a message; the same in
 * whatever steps they are read, and from any record on.
 */
#ifndef YG_TESTS_FUZZ_TABLE_H
#define YG_TESTS_FUZZ_TABLE_H

#include "data/table.h"

#include <stddef.h>
#include <stdint.h>

/* `part` has the kind's keys, as YAML; NULL: none. A kind that is opened by its path is given one.
 */
void fuzz_table(const yg_table_kind *kind, const char *part, const uint8_t *bytes, size_t size);

#endif
