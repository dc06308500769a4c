/*
 * Initialisers: the values of parameters before training.
 */
#ifndef YG_MODELS_LOADER_INITIALIZERS_H
#define YG_MODELS_LOADER_INITIALIZERS_H

#include "../../graph/pool.h"
#include "../model.h"

#define YG_INIT_SETTINGS 4

typedef enum yg_init_setting_kind {
    YG_INIT_NUMBER,
    YG_INIT_GAIN, /* a number, or the name of a nonlinearity, which has a gain */
    YG_INIT_MODE,
    YG_INIT_NONLINEARITY,
    YG_INIT_LIST, /* numbers, in lists of the parameter's shape */
} yg_init_setting_kind;

typedef struct yg_init_setting {
    const char *name;
    yg_init_setting_kind kind;
    double fallback;
    bool required;
    double min;
    bool infinite; /* infinities are allowed */
} yg_init_setting;

typedef struct yg_init_method yg_init_method;

struct yg_initializer {
    const yg_init_method *method;
    double settings[YG_INIT_SETTINGS];
    const double *list; /* of the setting that is a list: its numbers in row-major order */
    int list_rank;
    int64_t list_shape[YG_MAX_RANK];
    bool has_zero_row;
    int64_t
        zero_row; /* a row of the first dimension that is 0; a negative one counts from the end */
};

/* The initialiser of that name, or NULL. */
const yg_init_method *yg_init_find(const char *name);
/* Writes up to `room` names of initialisers to `known`, for hints; returns how many. */
size_t yg_init_names(const char **known, size_t room);
const char *yg_init_name(const yg_init_method *method);
/* The settings of an initialiser; *count becomes their number. */
const yg_init_setting *yg_init_settings(const yg_init_method *method, size_t *count);

/* Reads a word that stands for a number: a nonlinearity as a gain, or a mode. Fails with a hint. */
bool yg_init_word(const yg_init_setting *setting, const char *word, yg_origin origin, double *value,
                  yg_error *error);
/* Fails if two settings contradict each other. */
bool yg_init_check(const yg_initializer *init, yg_origin origin, yg_error *error);
/* Fails if the initialiser cannot fill a tensor of this type, such as xavier a vector. */
bool yg_initializer_fits(const yg_initializer *init, const yg_type *type, yg_origin origin,
                         yg_error *error);
bool yg_initializer_equal(const yg_initializer *a, const yg_initializer *b);

/* Fills `data`, of the given type, with the values for a seed and a parameter's name. */
bool yg_initializer_fill(const yg_initializer *init, const yg_type *type, const char *name,
                         uint64_t seed, void *data, yg_error *error);
/* "{type: normal, mean: 0, std: 0.5}", in `pool`. NULL when out of memory. */
const char *yg_initializer_text(const yg_initializer *init, yg_pool *pool);

#endif
