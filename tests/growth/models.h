/*
 * Model files of any size: each has `n` of one thing, and little else.
 */
#ifndef YG_TESTS_GROWTH_MODELS_H
#define YG_TESTS_GROWTH_MODELS_H

#include <stddef.h>

typedef struct growing_model {
    const char *name; /* what there are n of */
    /* Writes model.yaml, and what it names, into the working folder. */
    void (*write)(int n);
    int usual;            /* of them in a model file that people write */
    int most;             /* of them: a limit of the format, or of a test's patience; 0: none */
    int status;           /* that every command ends with */
    const char *commands; /* that the model is for: see commands.c */
} growing_model;

typedef struct growing_list {
    const growing_model *models;
    size_t count;
} growing_list;

extern const growing_list growing_graphs, growing_sections, growing_layers, growing_data,
    growing_language, growing_scans, growing_tables;

/* How many there are in all lists, and the one with this number. */
size_t growing_model_count(void);
const growing_model *growing_model_at(size_t index);

#endif
