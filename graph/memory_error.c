/*
 * The error message when there is not enough memory for a program. It says how much was asked for,
 * which tensors are the largest, and on which lines of the model file they stand.
 */
#include "number.h"
#include "plan.h"

#include <stdio.h>
#include <string.h>

enum { LARGEST = 3, DESCRIPTION = 300 };

/* "'h.z' f32[64, 10], 2.5 KiB, line 12"; a node without a name is told by its operator. */
static const char *describe(const yg_compiler *c, const yg_storage *storage, char *text) {
    const yg_record *record = &c->graph->records[storage->owner];
    char type[YG_TYPE_TEXT], size[YG_BYTES_TEXT], line[32] = "";
    const bool has_name = record->name[0] != '\0';
    if (record->origin.line > 0)
        snprintf(line, sizeof line, ", line %d", (int)record->origin.line);
    snprintf(text, DESCRIPTION, "%s%.60s%s %s, %s%s", has_name ? "'" : "",
             has_name ? record->name : record->op->name, has_name ? "'" : "",
             yg_type_text(record->type, type), yg_bytes_text((double)storage->bytes, size), line);
    return text;
}

/* The largest storages of leaves, or of results in the arena, in order; returns how many. */
static size_t find_largest(const yg_compiler *c, bool leaves, const yg_storage *largest[LARGEST],
                           double *total) {
    size_t count = 0;
    *total = 0;
    for (size_t s = 0; s < c->program->storage_count; s++) {
        const yg_storage *storage = &c->program->storages[s];
        if (storage->kind != (leaves ? YG_STORAGE_LEAF : YG_STORAGE_ARENA))
            continue;
        *total += (double)storage->bytes;
        size_t at = count < LARGEST ? count++ : LARGEST;
        for (; at > 0 && largest[at - 1]->bytes < storage->bytes; at--) {
            if (at < LARGEST)
                largest[at] = largest[at - 1];
        }
        if (at < LARGEST)
            largest[at] = storage;
    }
    return count;
}

static bool fail(const yg_compiler *c, bool leaves, const char *what, double bytes) {
    const yg_storage *largest[LARGEST] = {NULL};
    double total;
    const size_t count = find_largest(c, leaves, largest, &total);
    char list[LARGEST * (DESCRIPTION + 2)] = "", text[DESCRIPTION], size[YG_BYTES_TEXT];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? "; " : "",
                                 describe(c, largest[i], text));
    const yg_origin origin = count ? c->graph->records[largest[0]->owner].origin : YG_NOWHERE;
    return yg_fail(c->error, YG_ERROR_MEMORY, origin, "out of memory: %s need %s%s%s", what,
                   yg_bytes_text(bytes > 0 ? bytes : total, size), count ? "; the largest: " : "",
                   list);
}

bool yg_plan_fail_leaves(const yg_compiler *c) {
    return fail(c, true, "inputs, parameters and outputs", 0);
}

bool yg_plan_fail_arena(const yg_compiler *c, double bytes) {
    return fail(c, false, "the results of a run", bytes);
}
