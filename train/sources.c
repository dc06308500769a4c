/*
 * The list of sources: a new one is a file and a line here.
 */
#include "source.h"

static const yg_source *const sources[] = {&yg_source_csv, &yg_source_rows};

const yg_source *yg_source_of(const yg_value *part) {
    const size_t last = sizeof sources / sizeof *sources - 1; /* it has no key: it takes the rest */
    size_t i = 0;
    while (i < last && !yg_value_get(part, sources[i]->key))
        i++;
    return sources[i];
}
