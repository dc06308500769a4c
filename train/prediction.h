/*
 * A prediction while it runs, and what writes its answers. Private to train/predict*.c.
 */
#ifndef YG_TRAIN_PREDICTION_H
#define YG_TRAIN_PREDICTION_H

#include "../data/keep.h"
#include "executables.h"
#include "interpretation.h"
#include "predict.h"

typedef struct yg_prediction yg_prediction;

/* A format of answers. Its state is one of the members at the end of yg_prediction. */
typedef struct yg_answer_format {
    /* Called once, before any row has been read: `executable` tells the outputs and their types. */
    bool (*begin)(yg_prediction *p, const yg_executable *executable, yg_error *error);
    /* Called when the first rows have been read; NULL: nothing is to be done. */
    void (*start)(yg_prediction *p);
    /* Writes the answers of a batch, after its run. */
    bool (*write)(yg_prediction *p, const yg_executable *executable, yg_error *error);
    /* The input has paused: what was written must reach its reader. NULL: nobody waits. */
    bool (*flush)(yg_prediction *p, yg_error *error);
    /* Called after the last row. */
    bool (*end)(yg_prediction *p, yg_error *error);
    void (*free)(yg_prediction *p);
} yg_answer_format;

extern const yg_answer_format yg_answers_csv, yg_answers_array;

struct yg_prediction {
    const yg_model *model;
    yg_data data;
    yg_dataset batches[2]; /* rows that are read, at most batch_size in each: see read_ahead.h */
    int64_t batch_size;
    yg_tensor_file weights, store;
    char *path; /* of the weights */
    yg_executables executables;
    yg_interpretation outputs;
    int64_t rows;  /* examples that were answered */
    int64_t steps; /* of their sequences */
    const yg_answer_format *format;
    yg_keep keep;           /* columns that are written before the predictions */
    const char *kept;       /* texts of the rows to be written next; NULL: nothing is kept */
    bool kept_by_step;      /* there are texts for each step of a sequence, not for each example */
    const int32_t *lengths; /* of the sequences of the batch; NULL: there are none */
    /* CSV */
    FILE *out;
    char delimiter;
    char *header; /* the first line of the predictions */
    /* arrays */
    const char *out_path;
    size_t spool_count;
    FILE **spools;      /* by output: the rows so far */
    yg_tensor *results; /* by output: its name and type; `data` is not used */
};

#endif
