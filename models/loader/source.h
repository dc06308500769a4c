/*
 * The text of a YAML file, found again by line and column. Private to the document reader.
 */
#ifndef YG_MODELS_LOADER_SOURCE_H
#define YG_MODELS_LOADER_SOURCE_H

#include "../../graph/error.h"
#include "../../graph/pool.h"
#include "document.h"

#include <stddef.h>
#include <yaml.h>

/* The longest text of yg_source_excerpt(), with its NUL. */
#define YG_EXCERPT 64

typedef struct yg_source {
    const char *text; /* NUL-terminated, without a byte order mark */
    size_t size;
    const char *name; /* for origins */
} yg_source;

/* Checks that the text is UTF-8 without control characters. Every later step relies on that. */
bool yg_source_check(const yg_source *source, yg_error *error);

/* The number of bytes of the first character of `text`. */
size_t yg_character_size(const char *text);

/* The place of a libyaml mark, which counts from 0. */
yg_origin yg_source_origin(const yg_source *source, yaml_mark_t mark);

/* The first character of line `line` (from 1), or the end of the text. */
const char *yg_source_line(const yg_source *source, int32_t line);

/* The character at a place, or the end of its line. */
const char *yg_source_at(const yg_source *source, yg_origin origin);

/* "'learning rate 0.1'" (the rest of the line, cut where it is long) or "the end of the file" or
 * "the end of the line". Returns `text`, which has room for YG_EXCERPT bytes. */
const char *yg_source_excerpt(const yg_source *source, yg_origin origin, char *text);

/* True where `text` begins as `name:value` does: a name and a colon without the space that makes
 * them a key. */
bool yg_lacks_space(const char *text);

/* Reads the values of the only document into `pool`. NULL on failure. */
const yg_value *yg_read_events(yg_pool *pool, const yg_source *source, yg_error *error);

/* Reports in our own words what libyaml found wrong. `open` is the place of the innermost '[' or
 * '{' that is not closed; line 0: there is none. Always returns false. */
bool yg_report_yaml(const yaml_parser_t *parser, const yg_source *source, yg_origin open,
                    yg_error *error);

#endif
