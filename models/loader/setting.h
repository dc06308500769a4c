/*
 * Settings: the keys of a mapping as a table. The table reads them into a struct, and it is what
 * documents and the JSON Schema are made of. So what is documented is what is accepted.
 */
#ifndef YG_MODELS_LOADER_SETTING_H
#define YG_MODELS_LOADER_SETTING_H

#include "document.h"

typedef enum yg_setting_kind {
    YG_SETTING_VALUE,  /* const yg_value *: other code reads it; `form` says what it may be */
    YG_SETTING_WHOLE,  /* int64_t */
    YG_SETTING_NUMBER, /* double */
    YG_SETTING_FLAG,   /* bool */
    YG_SETTING_CHOICE, /* int: an index into `choices` */
    YG_SETTING_TEXT,   /* const char *, which belongs to the document */
} yg_setting_kind;

/* What a VALUE may be, in YAML's terms, and what scalars in it are: texts, if nothing else is said.
 */
enum {
    YG_FORM_SCALAR = 1,
    YG_FORM_LIST = 2,
    YG_FORM_MAPPING = 4,
    YG_FORM_NUMBERS = 8,   /* numbers and truth values, which formulas may give */
    YG_FORM_ANY = 16,      /* texts or numbers: only what names vars alone is a formula */
    YG_FORM_FORMULAS = 32, /* formulas, which see vars by themselves */
};

typedef struct yg_setting {
    const char *name;
    const char *hint; /* not NULL: the key is refused, and this says what to write instead; the rest
                         is not set */
    yg_setting_kind kind;
    size_t offset;   /* of its place in the struct that is filled */
    bool required;   /* it must be written */
    bool above;      /* a NUMBER must be larger than `min` */
    double min, max; /* the range of a number, ends included. A `max` that is not above `min` is no
                        upper end; a NUMBER with both 0 may be any */
    const char *const *choices; /* ends with NULL */
    const char *form;           /* VALUE: "a name, or a mapping with `type`" */
    unsigned forms;             /* VALUE: the YG_FORM_… that it may be */
    const char *fallback; /* the default as it would be written, or in words; NULL: there is none */
    const char *doc;      /* a phrase, no full stop */
    const char *example;  /* the value as YAML; NULL: the default serves */
} yg_setting;

/* The settings of a mapping, for documents. Groups of one path and no kind, one after the other,
 * are one mapping's. */
typedef struct yg_setting_group {
    const char *path; /* of the mapping: "train.early_stopping" */
    const char *doc;  /* a sentence, no full stop; NULL where the group before has the same path */
    const yg_setting *settings;
    size_t count;
    const char *kind; /* not NULL: these are further keys of such a mapping if it is of that kind */
} yg_setting_group;

/* Checks that `mapping` has known keys only and all that are required, and reads those that are
 * written into the struct at `into`. Members of others stay as they are, so the caller sets the
 * defaults before. `what` names the mapping in messages ("`train`"). */
bool yg_setting_read_all(const yg_value *mapping, const char *what, const yg_setting *settings,
                         size_t count, void *into, yg_error *error);

/* The two halves, for a mapping whose keys come from several tables: the keys that a table has, for
 * yg_value_check_keys(), written to keys[0..count); and reading those that are written, whatever
 * other keys `mapping` has. */
void yg_setting_keys(const yg_setting *settings, size_t count, yg_key *keys);
bool yg_setting_read(const yg_value *mapping, const yg_setting *settings, size_t count, void *into,
                     yg_error *error);

#endif
