/*
 * Sources: from a CSV file's records or a model file's rows to numbers, port by port. Private to
 * train/.
 */
#ifndef YG_TRAIN_SOURCE_H
#define YG_TRAIN_SOURCE_H

#include "csv.h"
#include "data.h"

/* Where examples are read to, and what is known of them so far. */
typedef struct yg_source {
    const yg_model *model;
    yg_data *data;    /* its encoding and dims are learnt from the training part, and then hold */
    bool training;    /* this is the training part */
    bool inputs_only; /* targets are not wanted: predict */
} yg_source;

/* True for the ports that the source is to read. */
bool yg_source_wants(const yg_source *source, size_t port);

/* ------------------------------------------------------------------------------- ports.c ---- */

/* Room for one entry a port. */
bool yg_encoding_make(const yg_model *model, yg_encoding *encoding, yg_error *error);

/* Takes `size` as the number of port's dimension `d` (not the batch's): fails where it is fixed, or
 * was solved, to another. */
bool yg_dimension_bind(const yg_source *source, const yg_port *port, int d, int64_t size,
                       yg_origin origin, yg_error *error);
/* The same from the number of elements of an example, as a CSV file's columns give it. */
bool yg_width_bind(const yg_source *source, const yg_port *port, int64_t width, yg_origin origin,
                   yg_error *error);
/* Elements of an example, by what is bound. -1: a dimension is not. */
int64_t yg_port_width(const yg_data *data, const yg_port *port);

/* The type of a batch of a port's examples, by what is bound. */
bool yg_port_type(const yg_data *data, const yg_port *port, yg_dtype dtype, int64_t batch,
                  yg_type *type, yg_error *error);

/* A dataset with room for `capacity` examples of the wanted ports; grows one in place. */
bool yg_dataset_reserve(const yg_source *source, yg_dataset *dataset, int64_t capacity,
                        yg_error *error);

/* ------------------------------------------------------------------------------ labels.c ---- */

/* One port's column of labels: text to class index. */
typedef struct yg_labels {
    const yg_port *port;
    yg_port_encoding *encoding;
    bool learning; /* the classes' names are not known yet */
    size_t count;  /* names seen while learning */
    char **names;
} yg_labels;

/* A port whose single element is a class. */
bool yg_port_is_label(const yg_data *data, const yg_port *port);
void yg_labels_begin(const yg_source *source, size_t port, yg_labels *labels);
/* `place` ("row 3, column 'species'") is for messages. */
bool yg_labels_value(yg_labels *labels, const char *text, const char *place, yg_origin origin,
                     double *value, yg_error *error);
/* True if `text` is one of the classes' names. */
bool yg_labels_known(const yg_labels *labels, const char *text);
/* After the last example: decides what the labels seen are, and renumbers values[0 .. count). */
bool yg_labels_finish(yg_labels *labels, double *values, int64_t count, yg_error *error);
void yg_labels_end(yg_labels *labels);

/* Whether a number fits a port's element type and classes. */
bool yg_value_fits(const yg_port *port, double value, const char *place, yg_origin origin,
                   yg_error *error);

/* ---------------------------------------------------------------------------- examples.c ---- */

/* CSV records as examples. */
typedef struct yg_examples yg_examples;

/* `map` names the columns (see data.h); NULL: as the encoding remembers. */
yg_examples *yg_examples_open(const yg_source *source, FILE *file, const char *name, char delimiter,
                              const yg_value *map, yg_error *error);
/* Reads the next example to values[p][0 .. width) of each wanted port. */
yg_csv_status yg_examples_next(yg_examples *examples, double *const *values, yg_error *error);
/* After the last one: see yg_labels_finish(). */
bool yg_examples_finish(yg_examples *examples, yg_dataset *dataset, yg_error *error);
void yg_examples_close(yg_examples *examples);

/* ------------------------------------------------------------------ columns.c, *_source.c ---- */

/* The columns of one port, in the order of its elements. */
typedef struct yg_columns {
    size_t count, capacity;
    size_t *index;
} yg_columns;

/* Fills out[p] for each wanted port; the caller frees the `index`es, also after a failure. */
bool yg_columns_choose(const yg_source *source, const yg_csv *csv, const yg_value *map,
                       yg_columns *out, yg_error *error);

/* Reads all examples of a part. `map` is what the section says of it; NULL for a CSV file whose
 * columns the encoding remembers. */
bool yg_read_csv(const yg_source *source, const char *path, yg_origin origin, char delimiter,
                 const yg_value *map, yg_dataset *dataset, yg_error *error);
/* `delimiter:` of a part; NULL, or a part without: a comma. */
bool yg_read_delimiter(const yg_value *map, char *delimiter, yg_error *error);
bool yg_read_rows(const yg_source *source, const yg_value *map, yg_dataset *dataset,
                  yg_error *error);

/* ------------------------------------------------------------------------------ invent.c ---- */

typedef struct yg_invention {
    int64_t examples;
    const yg_dim *dims; /* symbolic dimensions … */
    size_t dim_count;
    int64_t otherwise; /* … and the size of one that is missing there */
} yg_invention;

/* Random training examples of every port, the same each time. After a failure too, `data`, which
 * was zero, is freed by yg_data_free(). */
bool yg_data_invent(const yg_model *model, const yg_invention *invention, yg_data *data,
                    yg_error *error);

/* -------------------------------------------------------- split.c, transform.c, standardize.c --
 */

typedef struct yg_split {
    double fraction; /* 0: this part is not split off */
    size_t stratify; /* a port; SIZE_MAX: none */
    yg_origin origin;
    yg_dataset *out;
} yg_split;

/* Moves examples of `from` to parts[0 .. count), one part after the other, drawn by seed. A part
 * gets floor(fraction · n + 1/2) of the n examples that `from` has before the first. Stratified:
 * of the examples that are left, each class gives in proportion, rounded down, and the classes with
 * the largest remainders (the first, among equals) one more, until that number is reached. The
 * order of the examples is kept. */
bool yg_split_off(const yg_model *model, yg_dataset *from, const yg_split *parts, size_t count,
                  uint64_t seed, yg_error *error);

/* A formula for a port's elements, compiled. The dimensions must be bound. NULL on failure: what
 * is not elementwise, or changes the shape or the kind of number. The model must outlive it. */
typedef struct yg_transform yg_transform;
yg_transform *yg_transform_new(const yg_model *model, const yg_data *data, size_t port,
                               const yg_value *formula, yg_error *error);
void yg_transform_free(yg_transform *transform); /* NULL is allowed */
/* Applies the transforms of data's encoding to all examples of `dataset`, in place, compiling them
 * when first needed. A result that is not finite is an error, which counts examples from `before`.
 */
bool yg_transform_dataset(const yg_model *model, yg_data *data, yg_dataset *dataset, int64_t before,
                          yg_error *error);

/* Learns mean and standard deviation (of the population) of a port's elements; an element that is
 * constant keeps its scale. */
bool yg_standardize_fit(const yg_dataset *dataset, size_t port, yg_port_encoding *encoding,
                        yg_error *error);
/* (value - mean) / deviation, in place, for examples[0 .. count) of a port. */
void yg_standardize_apply(const yg_port_encoding *encoding, double *values, int64_t count);

#endif
