/*
 * Data: reads the examples of a model's `data:` section into memory, as numbers.
 *
 *     data:
 *       train: {csv: iris.csv, x: "*", y: species}       # or rows: {x: [[0, 0]], y: [[1]]}
 *       validation: {from: train, fraction: 0.15, stratify: y}
 *       test: {csv: more.csv, x: "*", y: species}
 *       transform: {x: x / 255}
 *       standardize: [x]
 *       seed: 0                                           # of the splits
 *       windows: {length: 24, horizon: 1}                 # over a series of rows: see series.h
 *       balance: oversample                               # rare classes: see balance.h
 *       sequences: {by: patient, lengths: n}              # of differing length: see sequences.h
 *
 * An example of port p is yg_port.shape without its first dimension, which is the batch: a port of
 * shape [B, 30] takes 30 columns of a CSV file, one of shape [B] takes one. A port is given a
 * column's name, a list of names, or "*" for all columns that the map does not name elsewhere.
 * Text in a column of a port with classes is a label. Paths start at the model file's folder.
 *
 * A transform is a formula for each element, of the element itself (by the port's name), numbers,
 * vars and elementwise operators. It comes first, standardisation after it; both are applied to
 * whatever the model is given, in training, evaluation and prediction.
 *
 * The splits do not depend on the training seed, so that `eval` sees the same test examples as
 * `train` did: `seed:` of the section (default 0) draws them.
 */
#ifndef YG_DATA_DATA_H
#define YG_DATA_DATA_H

#include "../models/model.h"

#include <signal.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* What the training data say of a port, such as its classes and means. It is kept with the weights,
 * so that other data are read in the same way. */
typedef struct yg_port_encoding {
    size_t column_count; /* names of the CSV columns, in the order of elements; 0: from rows */
    char **columns;
    struct yg_column **encoders; /* how each of `columns` becomes elements; NULL: by default */
    size_t class_count; /* label texts by class index; 0: not labels, or indices by themselves */
    char **classes;
    char *formula; /* of `transform`, its vars replaced by their values; NULL: none */
    yg_origin formula_origin;
    const yg_value *formula_value;  /* as the model file has it; NULL: only the weights have it */
    struct yg_transform *transform; /* the formula, compiled; NULL until it is first needed */
    bool standardized;              /* `standardize` lists the port */
    int64_t width;                  /* elements of an example */
    double *mean;                   /* [width]; NULL: not fitted */
    double *deviation;              /* [width]; NULL where `mean` is */
} yg_port_encoding;

typedef struct yg_encoding {
    size_t count; /* as yg_model_port_count() */
    yg_port_encoding *ports;
    bool known; /* read from a weights file: complete, and nothing is learnt anew */
} yg_encoding;

void yg_encoding_free(yg_encoding *encoding); /* what it holds, not the struct */

/* Examples of one port: [count, width], row-major. */
typedef struct yg_elements {
    yg_dtype dtype; /* of the network's buffer, once all has been read */
    int64_t width;
    void *data; /* NULL: the port was not asked for */
    /* NULL: `data` are numbers of the type `dtype`. Otherwise they are in the smaller type of their
     * file, and the decoder makes `dtype` of them. Belongs to the dataset. */
    struct yg_decoder *decoder;
    /* Of windows over a series (series.h), whose examples overlap: an example begins a row of `row`
     * elements after the one before, and the first one begins at row `lead`. 0: examples follow
     * each other. */
    int64_t row, lead;
    /* Of a port that takes sequences (sequences.h): `width` is that of a row, and an example has as
     * many rows as yg_dataset.sequences says. */
    bool ragged;
    bool lengths; /* the elements are the lengths of the examples' sequences; `data` is NULL */
    double pad;   /* fills the rows behind a sequence */
} yg_elements;

typedef struct yg_dataset {
    int64_t count;
    size_t port_count;
    yg_elements *ports;
    struct yg_spool *spool;   /* NULL: all is in memory. Otherwise `data` of the ports are NULL, and
                               * the elements are in a file: see spool.h */
    struct yg_kept *kept;     /* texts that are carried along, of yg_reading.keep; NULL: none */
    struct yg_owners *starts; /* rows at which a window over a series begins; NULL: an example is
                               * one row */
    struct yg_sequences *sequences; /* which rows an example has; NULL: no port takes sequences */
} yg_dataset;

void yg_dataset_free(yg_dataset *dataset); /* what it holds, not the struct */

/* A port whose elements are computed from the classes of another one, when a batch is filled. */
typedef struct yg_class_weights {
    size_t port, by;
    int64_t count;        /* of classes */
    const double *values; /* [count]. Any other class weighs 1 */
} yg_class_weights;

/* A part: some examples of a dataset. */
typedef struct yg_part {
    int64_t count;             /* 0: the section has no such part */
    const yg_dataset *dataset; /* belongs to yg_data */
    int64_t *members; /* [count]: numbers of examples in the dataset; NULL: all of them, or,
                       * of a dataset in a file, those of `owner` */
    const struct yg_owners *owners; /* NULL: there is no other owner. Belongs to yg_data, or to the
                                     * dataset */
    int owner;
    const yg_class_weights *weights;  /* NULL: no port has weights. Belongs to yg_data */
    const struct yg_repeats *repeats; /* of a dataset in a file: how often an epoch has each
                                       * example; NULL: once. In memory, `members` has an example as
                                       * often as it comes. Belongs to yg_data */
} yg_part;

typedef enum yg_balance_how {
    YG_BALANCE_NONE,
    YG_BALANCE_WEIGHTS,   /* a target has the weights of the examples' classes */
    YG_BALANCE_OVERSAMPLE /* examples of rare classes come more often */
} yg_balance_how;

/* `balance` of the section: see balance.h. */
typedef struct yg_balance {
    yg_balance_how how;
    size_t by;   /* the port that has the classes */
    size_t into; /* the target that has the weights */
    yg_origin origin;
    int64_t examples;                /* of the training part, without repetitions */
    int64_t class_count;             /* 0: there is no training part */
    int64_t *counts;                 /* [class_count]: examples of each class among them */
    double *weights;                 /* [class_count] */
    yg_class_weights by_class, ones; /* of the training part, and of the other parts */
    struct yg_repeats *repeats;
} yg_balance;

/* `windows` of the section: an example is several rows of a table. See series.h. */
typedef struct yg_series {
    int64_t length;  /* rows of an input; 0: an example is one row, and the rest is not set */
    int64_t horizon; /* rows after them, for targets */
    int64_t stride;  /* rows from one window to the next */
    const char *by;  /* the column of groups; NULL: none */
    yg_origin origin, by_origin;
} yg_series;

/* `sequences` of the section: examples differ in length. See sequences.h. */
typedef struct yg_sequencing {
    const char *symbol; /* of dimension 1 of the ports that take sequences; NULL: there are none,
                           and the rest is not set */
    const char *by;     /* rows with one value of this column are a sequence; NULL: a cell is one */
    size_t lengths;     /* the port that is fed with the lengths; SIZE_MAX: none */
    int64_t max_length; /* 0: any */
    bool truncate;      /* what is longer is cut; otherwise it is an error */
    bool buckets;       /* training batches have sequences of similar length */
    const yg_value *pad; /* by port: what fills the rows behind a sequence; NULL: the defaults */
    yg_origin origin, by_origin;
} yg_sequencing;

/* Where runs of rows begin that belong together, besides the one at row 0. */
typedef struct yg_runs {
    int64_t count, capacity;
    int64_t *begins;
} yg_runs;

/* It must stay where it was loaded, because its parts point to what it holds. */
typedef struct yg_data {
    yg_part train, validation, test;
    yg_dataset held[3]; /* what the parts are taken from. A part that is split off has none of its
                         * own */
    yg_runs runs[3];    /* of the rows of `held`, where there are windows, or rows are sequences */
    yg_series series;
    yg_balance balance;
    yg_sequencing sequencing;
    struct yg_owners *owners; /* of examples in a file; NULL: not needed */
    yg_encoding encoding;
    size_t dim_count; /* symbolic dimensions except the batch's; the data decide their sizes */
    yg_dim *dims;     /* the names belong to the model */
    /* folds > 0: the test part is fold number `fold`, from 0, of so many folds of the training
     * part, whatever the section says of it. Of yg_train(): yg_data_load() sets 0 */
    int64_t fold, folds;
    int64_t gap; /* of folds that follow each other in time: so many times before the fold are left
                  * out; of blocks of a series, so many rows around it. Of yg_train(), as `fold` */
    int threads; /* that may read a table; 0: one. Of yg_train(): yg_data_load() sets 0 */
    const volatile sig_atomic_t *stop; /* reading fails soon after it is not 0; NULL: nothing stops
                                        * it. Of yg_train(): yg_data_load() sets NULL */
} yg_data;

/* Reads the section, splits, and fits the standardisation on the training part. Floating-point
 * elements are kept in `dtype`, YG_F32 or YG_F64, which is to be the network's. False on failure;
 * on success the caller frees with yg_data_free(). A model without `data:` is an error. */
bool yg_data_load(const yg_model *model, yg_dtype dtype, yg_data *data, yg_error *error);
void yg_data_free(yg_data *data); /* what it holds, not the struct */

/* Copies elements of examples first .. first + count of a part, in its order, to `to`, as numbers
 * of the port's `dtype`. Sequences are padded to yg_part_longest() rows of these examples. */
bool yg_part_read(const yg_part *part, size_t port, int64_t first, int64_t count, void *to,
                  yg_error *error);

/* The rows of the longest of these examples' sequences; 0: no port takes sequences. */
int64_t yg_part_longest(const yg_part *part, int64_t first, int64_t count);
/* The rows of each example's sequence, in the part's order: lengths[part->count]. In a part of a
 * split, yg_part_longest() goes through all examples before `first`; this goes through them once.
 * To be called only where a port takes sequences. */
void yg_part_lengths(const yg_part *part, int64_t *lengths);

/* The symbol of the batch dimension: the first one of every port. Fails where ports disagree. */
bool yg_batch_symbol(const yg_model *model, const char **symbol, yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
