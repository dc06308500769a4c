/*
 * The document tree: a YAML file as mappings, sequences and scalars, each with its place.
 *
 * A scalar is text. The code that reads it says what it must be, and YAML's own guesses are not
 * used: `no` is not a boolean, and `012` not an octal number. Reading is safe on any bytes, because
 * size, depth and count are capped.
 */
#ifndef YG_MODELS_LOADER_DOCUMENT_H
#define YG_MODELS_LOADER_DOCUMENT_H

#include "../../graph/error.h"

#include <stddef.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

#define YG_FILE_CAP   (1024 * 1024)
#define YG_DEPTH_CAP  64
#define YG_VALUE_CAP  100000
#define YG_SCALAR_CAP (64 * 1024)

typedef enum yg_kind { YG_SCALAR, YG_SEQUENCE, YG_MAPPING } yg_kind;

typedef struct yg_value yg_value;
typedef struct yg_document yg_document;

/* A key of a mapping, and the index of its entry. */
typedef struct yg_sorted_key {
    const yg_value *key;
    size_t entry;
} yg_sorted_key;

struct yg_value {
    yg_kind kind;
    bool quoted;             /* a scalar in quotes: never a number or a name */
    bool flow;               /* a list or mapping in brackets: [ ] or { } */
    yg_origin origin;        /* of its first character, after the quote of a quoted scalar;
                                `file` lives as long as the document. A value from a text of the
                                command line has the line -1, which messages do not show. */
    const char *text;        /* scalar: NUL-terminated UTF-8; otherwise "" */
    const char *source;      /* scalar: the text as it stands in the file from `origin` on, with
                                line ends and indentation, while `text` is folded into one
                                line. Expressions are parsed from it, so that messages give
                                the right line and column. Equal to `text` if that has
                                escapes. */
    const yg_value *written; /* what stands in the file where this is the value of a var or a
                                formula; otherwise NULL */
    size_t count;            /* sequence: items; mapping: entries */
    const yg_value *const *items; /* sequence: the items; mapping: the values */
    const yg_value *const *keys;  /* mapping: scalars, all different; otherwise NULL */
    const yg_sorted_key *sorted;  /* mapping: the keys sorted by text, for yg_value_get() */
};

/* Reads a file, or `size` bytes of text; `name` stands for it in messages. NULL on failure; freed
 * by yg_document_free(). */
yg_document *yg_document_load(const char *path, yg_error *error);
yg_document *yg_document_parse(const char *text, size_t size, const char *name, yg_error *error);
/* Reads one line of text that a command line gives. It has no line in messages. */
yg_document *yg_document_parse_option(const char *text, const char *name, yg_error *error);
void yg_document_free(yg_document *document); /* NULL is allowed */
/* The whole document's value. It belongs to the document, as all values in it do. */
const yg_value *yg_document_root(const yg_document *document);

/* The value of a mapping's key, or NULL. */
const yg_value *yg_value_get(const yg_value *mapping, const char *key);

/* "a mapping", "a list", "the number 3", "the text 'abc'": for messages. Returns `text`. */
const char *yg_value_describe(const yg_value *value, char *text, size_t size);

/* Read a scalar as a number, a flag or a text. False on failure; `what` names the value in the
 * message ("`epochs`"). Numbers are read the same in every locale. They must lie in [min, max];
 * min == max means any finite number. NaN and infinities are always refused. */
bool yg_value_int(const yg_value *value, const char *what, int64_t min, int64_t max, int64_t *out,
                  yg_error *error);
bool yg_value_float(const yg_value *value, const char *what, double min, double max, double *out,
                    yg_error *error);
/* The same with ends that do not belong to the range. An end of 1e9 or more is there against
 * mistakes, and messages do not name it. */
typedef struct yg_number_range {
    double min, max;
    bool above, below; /* `min`, or `max`, itself is refused */
} yg_number_range;
bool yg_value_number(const yg_value *value, const char *what, const yg_number_range *range,
                     double *out, yg_error *error);
bool yg_value_bool(const yg_value *value, const char *what, bool *out, yg_error *error);
bool yg_value_text(const yg_value *value, const char *what, const char **out, yg_error *error);
/* Reads one of `choices`, which end with NULL; *out becomes its index. */
bool yg_value_choice(const yg_value *value, const char *what, const char *const *choices, int *out,
                     yg_error *error);

/* Fails unless `value` is a mapping; `what` names it ("`train`"). */
bool yg_value_is_mapping(const yg_value *value, const char *what, yg_error *error);

/* The keys that a mapping may have. */
typedef struct yg_key {
    const char *name;
    bool required;
    const char *hint; /* NULL: the key may be used. Otherwise it is refused, and this says what to
                         write instead. */
    const char *form; /* what the value is: a part of the JSON Schema; NULL: anything */
} yg_key;

/* Checks that `value` is a mapping with known keys only and all required ones. `what` names the
 * mapping ("`train`"). Unknown keys get the nearest spelling. */
bool yg_value_check_keys(const yg_value *value, const char *what, const yg_key *keys, size_t count,
                         yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
