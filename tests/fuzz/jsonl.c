/*
 * Any bytes as JSON Lines.
 */
#include "fuzz.h"
#include "table.h"

int fuzz_jsonl(const uint8_t *bytes, size_t size) {
    fuzz_table(&yg_table_jsonl, NULL, bytes, size);
    return 0;
}
