/*
 * The document tree: a YAML file as mappings, sequences and scalars, each with its place.
 *
 * Scalars are text; whoever reads one decides, by its schema, what it has to be (so `no`, `012`
 * and `1e-3` hold no surprise). Reading is safe on any bytes: size, depth and count are capped.
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

/* A key of a mapping, and which of its entries is that key's. */
typedef struct yg_sorted_key {
    const yg_value *key;
    size_t entry;
} yg_sorted_key;

struct yg_value {
    yg_kind kind;
    bool quoted;                  /* a scalar in quotes: never a number or a name */
    yg_origin origin;             /* of its first character, after the quote of a quoted scalar;
                                     `file` lives as long as the document */
    const char *text;             /* scalar: NUL-terminated UTF-8; otherwise "" */
    const char *source;           /* scalar: as it stands in the file from `origin` on, ends of
                                     lines and indentation included, where `text` is folded into
                                     one line: what to parse as an expression, so that it finds
                                     its columns. Equal to `text` where that has escapes. */
    size_t count;                 /* sequence: items; mapping: entries */
    const yg_value *const *items; /* sequence: the items; mapping: the values */
    const yg_value *const *keys;  /* mapping: scalars, all different; otherwise NULL */
    const yg_sorted_key *sorted;  /* mapping: the keys once more, in the order of their texts: for
                                     yg_value_get() */
};

/* Reads a file, or `size` bytes of text under a name for messages. NULL on failure. */
yg_document *yg_document_load(const char *path, yg_error *error);
yg_document *yg_document_parse(const char *text, size_t size, const char *name, yg_error *error);
void yg_document_free(yg_document *document); /* NULL is allowed */
const yg_value *yg_document_root(const yg_document *document);

/* The value of a mapping's key, or NULL. */
const yg_value *yg_value_get(const yg_value *mapping, const char *key);

/* "a mapping", "a list", "the text 'abc'": for messages. Returns `text`. */
const char *yg_value_describe(const yg_value *value, char *text, size_t size);

/* Scalars by kind. `what` names the value in the message ("`epochs`"). Numbers are read the same in
 * every locale; NaN and infinities are out of every range; min == max: no range. */
bool yg_value_int(const yg_value *value, const char *what, int64_t min, int64_t max, int64_t *out,
                  yg_error *error);
bool yg_value_float(const yg_value *value, const char *what, double min, double max, double *out,
                    yg_error *error);
bool yg_value_bool(const yg_value *value, const char *what, bool *out, yg_error *error);
bool yg_value_text(const yg_value *value, const char *what, const char **out, yg_error *error);
/* One of `choices` (NULL-terminated); `out` is its index. */
bool yg_value_choice(const yg_value *value, const char *what, const char *const *choices, int *out,
                     yg_error *error);

/* Fails unless `value` is a mapping; `what` names it ("`train`"). */
bool yg_value_is_mapping(const yg_value *value, const char *what, yg_error *error);

/* The keys that a mapping may have. */
typedef struct yg_key {
    const char *name;
    bool required;
    const char *hint; /* NULL, or what to write instead: the key is known, but wrong here */
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
