/*
 * Initialisers: what a parameter holds before training.
 */
#ifndef YG_MODELS_LOADER_INITIALIZERS_H
#define YG_MODELS_LOADER_INITIALIZERS_H

#include "../../graph/pool.h"
#include "../model.h"

#define YG_INIT_SETTINGS 4

typedef enum yg_setting_kind {
    YG_SETTING_NUMBER,
    YG_SETTING_GAIN, /* a number, or the nonlinearity that it is of */
    YG_SETTING_MODE,
    YG_SETTING_NONLINEARITY,
} yg_setting_kind;

typedef struct yg_init_setting {
    const char *name;
    yg_setting_kind kind;
    double fallback;
    bool required;
    double min;
    bool infinite; /* may be an infinity */
} yg_init_setting;

typedef struct yg_init_method yg_init_method;

struct yg_initializer {
    const yg_init_method *method;
    double settings[YG_INIT_SETTINGS];
};

/* By name; *known gets the names of all, for hints. NULL if there is none. */
const yg_init_method *yg_init_find(const char *name);
size_t yg_init_names(const char **known, size_t room);
const char *yg_init_name(const yg_init_method *method);
/* The settings, as many as have names. */
const yg_init_setting *yg_init_settings(const yg_init_method *method, size_t *count);

/* A word in place of a number: a gain's nonlinearity, a mode. Fails with a hint. */
bool yg_init_word(const yg_init_setting *setting, const char *word, yg_origin origin, double *value,
                  yg_error *error);
/* That settings fit together … */
bool yg_init_check(const yg_initializer *init, yg_origin origin, yg_error *error);
/* … and that they can fill a tensor of this rank. */
bool yg_initializer_fits(const yg_initializer *init, const yg_type *type, yg_origin origin,
                         yg_error *error);
bool yg_initializer_equal(const yg_initializer *a, const yg_initializer *b);

bool yg_initializer_fill(const yg_initializer *init, const yg_type *type, const char *name,
                         uint64_t seed, void *data, yg_error *error);
/* "{type: normal, mean: 0, std: 0.5}", in `pool`. NULL when out of memory. */
const char *yg_initializer_text(const yg_initializer *init, yg_pool *pool);

#endif
