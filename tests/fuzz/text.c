/*
 * Any bytes as a plain text. The last one chooses the unit.
 */
#include "fuzz.h"
#include "table.h"

int fuzz_text(const uint8_t *bytes, size_t size) {
    static const char *const parts[] = {"unit: line", "unit: word", "unit: char", "unit: byte"};
    if (size > 0)
        fuzz_table(&yg_table_text, parts[bytes[size - 1] % 4], bytes, size);
    return 0;
}
