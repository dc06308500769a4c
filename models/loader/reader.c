/*
 * State that the readers of events and of scalars share: open mappings and lists, anchors, places.
 */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

yg_frame *yg_reader_frame(yg_reader *r) {
    return r->depth > 0 ? &r->frames[r->depth - 1] : NULL;
}

bool yg_reader_expects_key(yg_reader *r) {
    const yg_frame *f = yg_reader_frame(r);
    return f && f->kind == YG_MAPPING && (r->pending_count - f->first) % 2 == 0;
}

yg_origin yg_reader_place(const yg_reader *r, yaml_mark_t mark) {
    return yg_source_origin(r->source, mark);
}

size_t yg_reader_offset(yg_reader *r, yaml_mark_t mark) {
    if (mark.index < r->cursor_index)
        r->cursor_index = r->cursor_offset = 0;
    while (r->cursor_index < mark.index && r->cursor_offset < r->source->size) {
        r->cursor_offset += yg_character_size(r->source->text + r->cursor_offset);
        r->cursor_index++;
    }
    return r->cursor_offset;
}

bool yg_reader_count(yg_reader *r, size_t weight, yg_origin origin) {
    r->total += weight;
    return r->total <= YG_VALUE_CAP ||
           yg_fail(r->error, YG_ERROR_SYNTAX, origin,
                   "more than %d values, counting what aliases stand for; put large data into a "
                   "file of its own, such as a CSV file",
                   YG_VALUE_CAP);
}

/* ------------------------------------------------------------------------------- the tree -- */

bool yg_reader_append(yg_reader *r, const yg_value *value, int height) {
    yg_frame *f = yg_reader_frame(r);
    if (!f) {
        r->root = value;
        return true;
    }
    if (height > f->height)
        f->height = height;
    if (r->pending_count == r->pending_size) {
        const size_t size = r->pending_size == 0 ? 256 : 2 * r->pending_size;
        const yg_value **moved = realloc(r->pending, size * sizeof *moved);
        if (!moved)
            return yg_fail_memory(r->error);
        r->pending = moved;
        r->pending_size = size;
    }
    r->pending[r->pending_count++] = value;
    return true;
}

bool yg_reader_declare(yg_reader *r, const yaml_char_t *name, yg_origin origin, size_t *number) {
    *number = 0;
    if (!name)
        return true;
    for (size_t i = 0; i < r->anchor_count; i++)
        if (strcmp(r->anchors[i].name, (const char *)name) == 0)
            return yg_fail(r->error, YG_ERROR_NAME, origin,
                           "the anchor '&%.100s' stands a second time; give each a name of its own",
                           (const char *)name);
    if (r->anchor_count == YG_ANCHOR_CAP)
        return yg_fail(r->error, YG_ERROR_SYNTAX, origin, "more than %d anchors", YG_ANCHOR_CAP);
    const char *copy = yg_pool_copy(r->pool, (const char *)name, strlen((const char *)name));
    if (!copy)
        return yg_fail_memory(r->error);
    r->anchors[r->anchor_count++] = (yg_anchor){.name = copy};
    *number = r->anchor_count;
    return true;
}

void yg_reader_define(yg_reader *r, size_t number, const yg_value *value, size_t weight,
                      int height) {
    if (number == 0)
        return;
    yg_anchor *a = &r->anchors[number - 1];
    a->value = value;
    a->weight = weight;
    a->height = height;
}
