/*
 * Any bytes as an SQLite database.
 */
#include "fuzz.h"
#include "table.h"

int fuzz_sqlite(const uint8_t *bytes, size_t size) {
    fuzz_table(&yg_table_sqlite, NULL, bytes, size);
    return 0;
}
