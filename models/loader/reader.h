/*
 * The state of reading a document: what the events and the scalars share. Private to the document
 * reader.
 */
#ifndef YG_MODELS_LOADER_READER_H
#define YG_MODELS_LOADER_READER_H

#include "source.h"

#define YG_ANCHOR_CAP 1000

/* A mapping or list that is being read. */
typedef struct yg_frame {
    yg_kind kind;
    bool flow; /* written in [ ] or { } */
    yg_origin origin;
    size_t first;  /* the index of its first part in `pending` */
    size_t before; /* number of values that were read before it */
    int height;    /* of the highest of its parts; a scalar has height 0 */
    size_t anchor; /* the number of its anchor, from 1; 0: none */
} yg_frame;

typedef struct yg_anchor {
    const char *name;
    const yg_value *value; /* NULL while it is being read */
    size_t weight;         /* how many values it stands for */
    int height;
} yg_anchor;

typedef struct yg_reader {
    yaml_parser_t parser;
    yg_pool *pool;
    const yg_source *source;
    yg_error *error;
    yg_frame frames[YG_DEPTH_CAP];
    int depth;
    const yg_value **pending; /* parts of all open frames; those of a mapping: key, value, … */
    size_t pending_count, pending_size;
    yg_anchor anchors[YG_ANCHOR_CAP];
    size_t anchor_count;
    size_t total;         /* values so far; an alias counts as all that it stands for */
    size_t cursor_index;  /* the place of the last mark, in characters */
    size_t cursor_offset; /* the same place in bytes */
    size_t key_end;       /* the byte after the key that waits for its value */
    const yg_value *root;
} yg_reader;

/* The innermost mapping or list that is open, or NULL. */
yg_frame *yg_reader_frame(yg_reader *r);

/* True where the next value is a mapping's key. */
bool yg_reader_expects_key(yg_reader *r);

yg_origin yg_reader_place(const yg_reader *r, yaml_mark_t mark);

/* The byte offset of a mark. Marks count characters, and must come in rising order. */
size_t yg_reader_offset(yg_reader *r, yaml_mark_t mark);

/* Counts `weight` more values. Fails beyond YG_VALUE_CAP. */
bool yg_reader_count(yg_reader *r, size_t weight, yg_origin origin);

/* Notes the anchor `name`, or NULL, for the value that begins at `origin`. *number counts from 1;
 * 0: no anchor. */
bool yg_reader_declare(yg_reader *r, const yaml_char_t *name, yg_origin origin, size_t *number);

/* Gives the anchor its finished value. */
void yg_reader_define(yg_reader *r, size_t number, const yg_value *value, size_t weight,
                      int height);

/* Appends a finished value, `height` high, to the innermost frame. */
bool yg_reader_append(yg_reader *r, const yg_value *value, int height);

/* Reads a scalar: document_scalar.c. */
bool yg_reader_scalar(yg_reader *r, const yaml_event_t *event);

/* Which entry of a mapping has that key; SIZE_MAX: none. */
size_t yg_value_entry(const yg_value *mapping, const char *key);

#endif
