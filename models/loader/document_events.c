/*
 * libyaml's events, read into a tree of values.
 *
 * libyaml's events are used and not its documents, because depth and count must be capped while
 * reading. An alias counts as everything that it stands for. Otherwise a few lines of aliases could
 * stand for more values than memory holds.
 */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

static bool read_alias(yg_reader *r, const yaml_event_t *event) {
    const char *name = (const char *)event->data.alias.anchor;
    const yg_origin origin = yg_reader_place(r, event->start_mark);
    if (yg_reader_expects_key(r))
        return yg_fail(r->error, YG_ERROR_SYNTAX, origin,
                       "'*%.100s' cannot be a key; write the key out", name);
    for (size_t i = 0; i < r->anchor_count; i++) {
        const yg_anchor *a = &r->anchors[i];
        if (strcmp(a->name, name) != 0)
            continue;
        if (!a->value)
            return yg_fail(r->error, YG_ERROR_SYNTAX, origin,
                           "'*%.100s' stands inside the value that it names, which would be "
                           "endless; write the value out",
                           name);
        if (!yg_reader_count(r, a->weight, origin))
            return false;
        if (r->depth + a->height > YG_DEPTH_CAP)
            return yg_fail(r->error, YG_ERROR_SYNTAX, origin,
                           "nested more than %d deep, counting what '*%.100s' stands for",
                           YG_DEPTH_CAP, name);
        return yg_reader_append(r, a->value, a->height);
    }
    return yg_fail(r->error, YG_ERROR_NAME, origin,
                   "'*%.100s' stands for an anchor '&%.100s', and there is none above; an "
                   "expression cannot begin with '*'",
                   name, name);
}

static bool open_frame(yg_reader *r, yg_kind kind, bool flow, const yaml_char_t *name,
                       yaml_mark_t mark) {
    const yg_origin origin = yg_reader_place(r, mark);
    if (yg_reader_expects_key(r))
        return yg_fail(r->error, YG_ERROR_SYNTAX, origin,
                       "found %s as a key; a key is a name, as in 'name: value'",
                       kind == YG_MAPPING ? "a mapping" : "a list");
    if (r->depth == YG_DEPTH_CAP)
        return yg_fail(r->error, YG_ERROR_SYNTAX, origin, "nested more than %d deep", YG_DEPTH_CAP);
    yg_frame opened = {.kind = kind,
                       .flow = flow,
                       .origin = origin,
                       .first = r->pending_count,
                       .before = r->total};
    if (!yg_reader_count(r, 1, origin))
        return false;
    if (!yg_reader_declare(r, name, origin, &opened.anchor))
        return false;
    r->frames[r->depth++] = opened;
    return true;
}

/* Compares keys by text, then by their order in the file. */
static int compare_keys(const void *a, const void *b) {
    const yg_sorted_key *x = a;
    const yg_sorted_key *y = b;
    const int order = strcmp(x->key->text, y->key->text);
    return order != 0 ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

/* Sorts a mapping's keys. A repeated key is then next to its equal, and is an error. */
static bool sort_keys(yg_reader *r, yg_value *mapping) {
    yg_sorted_key *sorted = yg_pool_take(r->pool, (mapping->count + 1) * sizeof *sorted);
    if (!sorted)
        return yg_fail_memory(r->error);
    for (size_t i = 0; i < mapping->count; i++)
        sorted[i] = (yg_sorted_key){mapping->keys[i], i};
    if (mapping->count > 1)
        qsort(sorted, mapping->count, sizeof *sorted, compare_keys);
    mapping->sorted = sorted;
    for (size_t i = 1; i < mapping->count; i++) {
        const yg_value *first = sorted[i - 1].key, *second = sorted[i].key;
        if (strcmp(first->text, second->text) == 0)
            return yg_fail(r->error, YG_ERROR_NAME, second->origin,
                           "the key '%.100s' stands a second time; the first is in line %d, "
                           "column %d",
                           second->text, (int)first->origin.line, (int)first->origin.column);
    }
    return true;
}

static bool close_frame(yg_reader *r) {
    const yg_frame closed = *yg_reader_frame(r);
    const size_t parts = r->pending_count - closed.first;
    const bool mapping = closed.kind == YG_MAPPING;
    const size_t count = mapping ? parts / 2 : parts;
    yg_value *value = yg_pool_take(r->pool, sizeof *value);
    const yg_value **items = yg_pool_take(r->pool, (count + 1) * sizeof *items);
    const yg_value **keys = mapping ? yg_pool_take(r->pool, (count + 1) * sizeof *keys) : NULL;
    if (!value || !items || (mapping && !keys))
        return yg_fail_memory(r->error);
    for (size_t i = 0; i < count; i++) {
        const yg_value *const *part = &r->pending[closed.first + (mapping ? 2 * i : i)];
        if (mapping)
            keys[i] = *part++;
        items[i] = *part;
    }
    *value = (yg_value){.kind = closed.kind,
                        .flow = closed.flow,
                        .origin = closed.origin,
                        .text = "",
                        .source = "",
                        .count = count,
                        .items = items,
                        .keys = keys};
    r->pending_count = closed.first;
    r->depth--;
    yg_reader_define(r, closed.anchor, value, r->total - closed.before, closed.height + 1);
    return (!mapping || sort_keys(r, value)) && yg_reader_append(r, value, closed.height + 1);
}

/* --------------------------------------------------------------------------------- events -- */

static bool check_tag(yg_reader *r, const yaml_char_t *tag, yaml_mark_t mark) {
    if (!tag)
        return true;
    char found[YG_EXCERPT];
    const yg_origin origin = yg_reader_place(r, mark);
    return yg_fail(
        r->error, YG_ERROR_SYNTAX, origin,
        "found %s: tags ('!...') are not part of the format; put a text that begins with "
        "'!' in quotes",
        yg_source_excerpt(r->source, origin, found));
}

static bool start_document(yg_reader *r, const yaml_event_t *event) {
    const yg_origin origin = yg_reader_place(r, event->start_mark);
    if (r->root)
        return yg_fail(r->error, YG_ERROR_SYNTAX, origin,
                       "a second document begins here; a file holds one: remove the '---', or move "
                       "what follows to a file of its own");
    if (event->data.document_start.version_directive ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end)
        return yg_fail(r->error, YG_ERROR_SYNTAX, origin,
                       "directives ('%%YAML', '%%TAG') are not part of the format; remove the "
                       "line");
    return true;
}

static bool handle(yg_reader *r, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return start_document(r, event);
    case YAML_ALIAS_EVENT:
        return read_alias(r, event);
    case YAML_SCALAR_EVENT:
        return check_tag(r, event->data.scalar.tag, event->start_mark) &&
               yg_reader_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return check_tag(r, event->data.sequence_start.tag, event->start_mark) &&
               open_frame(r, YG_SEQUENCE,
                          event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
                          event->data.sequence_start.anchor, event->start_mark);
    case YAML_MAPPING_START_EVENT:
        return check_tag(r, event->data.mapping_start.tag, event->start_mark) &&
               open_frame(r, YG_MAPPING, event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
                          event->data.mapping_start.anchor, event->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_frame(r);
    default: /* the ends of the stream and of documents carry nothing */
        return true;
    }
}

/* The place of the innermost bracket that is open, or nowhere. */
static yg_origin open_bracket(const yg_reader *r) {
    if (r->depth > 0 && r->frames[r->depth - 1].flow)
        return r->frames[r->depth - 1].origin;
    return YG_NOWHERE;
}

static bool read_all(yg_reader *r) {
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event))
            return yg_report_yaml(&r->parser, r->source, open_bracket(r), r->error);
        const bool good = handle(r, &event);
        const bool end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (!good)
            return false;
        if (end)
            break;
    }
    const yg_value *root = r->root;
    if (!root || (root->kind == YG_SCALAR && !root->quoted && root->text[0] == '\0')) {
        const yg_origin start = {r->source->name, 1, 1};
        return yg_fail(r->error, YG_ERROR_SYNTAX, start,
                       "the file is empty; expected 'name: value' lines");
    }
    return true;
}

const yg_value *yg_read_events(yg_pool *pool, const yg_source *source, yg_error *error) {
    /* Too large for the stack of a thread. */
    yg_reader *r = calloc(1, sizeof *r);
    if (!r || !yaml_parser_initialize(&r->parser)) {
        free(r);
        yg_fail_memory(error);
        return NULL;
    }
    r->pool = pool;
    r->source = source;
    r->error = error;
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)source->text, source->size);
    const yg_value *root = read_all(r) ? r->root : NULL;
    yaml_parser_delete(&r->parser);
    free(r->pending);
    free(r);
    return root;
}
