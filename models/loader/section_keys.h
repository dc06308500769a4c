/*
 * How the values of `data` and `train` are read, for vars in them. The tables of keys stand beside
 * the code that reads them, in data/ and train/, which this folder does not include. So these
 * functions are defined in train/section_keys.c.
 */
#ifndef YG_MODELS_LOADER_SECTION_KEYS_H
#define YG_MODELS_LOADER_SECTION_KEYS_H

#include <stdbool.h>

/* What the scalars of a value are. */
typedef enum yg_reading {
    YG_READ_TEXTS,    /* texts: a path, a column, a word */
    YG_READ_NUMBERS,  /* numbers and truth values, or formulas */
    YG_READ_ANY,      /* either: what names vars alone is a formula */
    YG_READ_FORMULAS, /* formulas that see vars by themselves */
} yg_reading;

typedef struct yg_section_key {
    yg_reading reading;
    bool list; /* of texts: the value is a list, and never a scalar */
} yg_section_key;

/* Finds a key of the mapping at `path`, as the tables name it: "train.early_stopping". Keys that
 * depend on the kind of the mapping are found too. */
bool yg_section_key_find(const char *path, const char *key, yg_section_key *found);
/* Whether there is a table for the mapping at `path`. */
bool yg_section_has(const char *path);

#endif
