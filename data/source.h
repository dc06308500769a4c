/*
 * From what a `data:` section names to examples in memory. Private to the library.
 *
 * A *source* knows one kind of place where examples stand, such as a CSV file, and gives them a
 * chunk at a time; sources.c lists them. A *reader* (reader.c) opens one, transforms and
 * standardises what it gives, and stores it in the type that the network's buffers have. What
 * belongs to a port alone (columns, labels, how a value is read) is shared by all sources.
 *
 * Sources give floating-point elements as f64, so that a transform or a standardisation sees all
 * digits, and others in the port's own type.
 */
#ifndef YG_DATA_SOURCE_H
#define YG_DATA_SOURCE_H

#include "../models/loader/names.h"
#include "data.h"
#include "keep.h"
#include "npy.h"
#include "table.h"

/* What examples are read for, and what is known of them so far. */
typedef struct yg_reading {
    const yg_model *model;
    yg_data *data;    /* its encoding and dims are set by the training part, then used for others */
    yg_dtype dtype;   /* YG_F32 or YG_F64: the type of float elements in memory */
    bool training;    /* this is the training part */
    bool inputs_only; /* targets are not read, for predict */
    const struct yg_split *splits; /* parts that will be taken from the training part */
    size_t split_count;
    uint64_t seed;  /* they are drawn by it */
    int64_t memory; /* bytes that examples may take; what is more goes to a file. 0: any number */
    yg_runs *runs;  /* becomes where runs of rows begin; NULL: nobody asks */
    bool eager;     /* give the rows that have arrived instead of waiting for a full chunk */
    yg_keep *keep;  /* columns whose texts are carried along, for predict; NULL: none. A chunk has
                       `kept` then */
} yg_reading;

/* True for the ports that are to be read. Weights of `balance` are computed, and lengths of
 * sequences counted, not read. */
bool yg_reading_wants(const yg_reading *reading, size_t port);

/* ---------------------------------------------------------------------------- sources ------- */

/* Of an eager reading: rows have come, but all of them were dropped, and more must be waited for.
 */
enum { YG_EXAMPLES_LATER = -2 };

typedef struct yg_source {
    /* Opens it and binds the ports' dimensions (yg_width_bind() …). `part` is what the section
     * says. NULL on failure. */
    void *(*open)(const yg_reading *reading, const yg_value *part, yg_error *error);
    /* Fills examples [0 .. limit) of `chunk`, or fewer, and returns how many: 0 at the end, -1 on
     * failure, or YG_EXAMPLES_LATER. */
    int64_t (*next)(void *state, const yg_reading *reading, const yg_dataset *chunk, int64_t limit,
                    yg_error *error);
    /* Called when the training examples are all in `dataset`: decides what is left open until then.
     * NULL: nothing is. */
    bool (*finish)(void *state, const yg_reading *reading, const yg_dataset *dataset,
                   yg_error *error);
    /* How many examples it has; NULL: that is known only at the end. */
    int64_t (*count)(const void *state);
    /* The type that a port's elements have in the file. next() gives them in it where the chunk has
     * a decoder for the port. NULL: of no port. */
    const yg_element_kind *(*kind)(const void *state, size_t port);
    /* More examples may come, but have not arrived; NULL: that cannot be. */
    bool (*waits)(void *state);
    /* Lets next() be stopped while it waits for a pipe; false if that is impossible. NULL: next()
     * never waits. */
    bool (*allow_stop)(void *state);
    /* Makes next() fail soon, also where it waits. Called from another thread. */
    void (*stop)(void *state);
    void (*close)(void *state);
} yg_source;

extern const yg_source yg_source_table, yg_source_rows, yg_source_array;

/* The source of a part. */
const yg_source *yg_source_of(const yg_value *part);

/* A path in the section, from the folder of the file that the section stands in. `what` names the
 * value in messages. The caller frees it; NULL on failure. */
char *yg_source_path(const yg_reading *reading, const yg_value *value, const char *what,
                     yg_error *error);

/* The training part, if it is a table of that kind: another file is read as that was, with its
 * delimiter for example. NULL: it is none. */
const yg_value *yg_table_training_part(const yg_model *model, const yg_table_kind *kind);

/* The part whose keys say how the files of `part` are written: itself, or, where the command line
 * has added it, the training part if that is a table of the same kind. */
const yg_value *yg_table_keys_of(const yg_model *model, const yg_value *part);

/* The paths of one or several files: a path, a pattern such as "data/x*.csv", or a list of these.
 * Freed by yg_paths_free(), also after a failure. */
bool yg_source_paths(const yg_reading *reading, const yg_value *value, const char *what,
                     yg_paths *paths, yg_error *error);
void yg_paths_free(yg_paths *paths); /* what it holds, not the struct */

/* Whether the files of a part can be opened again: a pipe would wait for somebody to write.
 * (example_cells.c) */
bool yg_source_reopens(const yg_reading *reading, const yg_value *part);

/* A table, for yg_source_table. `map` names the columns (see data.h); NULL: as the encoding
 * remembers. A request without a name is named after its path. NULL on failure. */
void *yg_table_source_new(const yg_reading *reading, const yg_table_kind *kind,
                          const yg_table_request *request, const yg_value *map, yg_error *error);

/* The same of several files, or, without paths, of request->file. The source takes over the paths,
 * also after a failure. */
void *yg_table_source_make(const yg_reading *reading, const yg_table_kind *kind,
                           const yg_table_request *request, yg_paths paths, const yg_value *map,
                           yg_error *error);

/* The same from files that somebody names beside the model, or from request->file. The kind is told
 * by the end of the name, otherwise it is that of the training part, or CSV. A folder has images.
 * All files must be of one kind. NULL on failure. */
void *yg_table_source_of(const yg_reading *reading, const yg_table_request *request,
                         const char *const *files, size_t count, yg_error *error);

/* The place of an example, by its number among those of the table, of which none has been read yet.
 * False if there are fewer, or on failure. */
bool yg_table_source_place(void *state, int64_t example, yg_place *place, yg_error *error);

/* Where an example of a part stands, as text, for messages: "rows.csv:18". The data are opened
 * again for that. `name` is the part's, `example` its number in the dataset. NULL: it cannot be
 * told. Returns `text`. (example_place.c) */
const char *yg_example_place(const yg_model *model, yg_data *data, const yg_part *part,
                             const char *name, yg_dtype dtype, int64_t example, char *text,
                             size_t size);

/* A file of arrays for all ports, for yg_source_array: see array_file.h. NULL on failure. */
void *yg_array_source_open(const yg_reading *reading, const char *path, yg_error *error);

/* ------------------------------------------------------------------------------- readers ---- */

typedef struct yg_reader yg_reader;

/* Takes over a state that source->open() gave. NULL on failure, and where `state` is NULL. */
yg_reader *yg_reader_new(const yg_reading *reading, const yg_source *source, void *state,
                         yg_error *error);
void yg_reader_close(yg_reader *reader); /* NULL is allowed */

/* Appends at most `limit` examples to a dataset that has room for them, and returns their number; 0
 * at the end, and others, as yg_source.next. */
int64_t yg_reader_next(yg_reader *reader, yg_dataset *to, int64_t limit, yg_error *error);

/* True if a pipe may still give examples, but they have not arrived. */
bool yg_reader_waits(const yg_reader *reader);

/* yg_reader_next() may run in one thread and be stopped from another: then it fails soon, also
 * where it waits for a pipe. Stopping must be allowed before; false if it is impossible. */
bool yg_reader_allow_stop(const yg_reader *reader);
void yg_reader_stop(const yg_reader *reader);

/* For yg_reader_all(). How many examples a chunk holds; how many the source has, or -1. */
int64_t yg_reader_room(const yg_reader *reader);
int64_t yg_reader_total(const yg_reader *reader);
const yg_reading *yg_reader_reading(const yg_reader *reader);
/* Lets ports of an empty dataset be held in the type of their file, where that is smaller. */
bool yg_reader_hold(yg_reader *reader, yg_dataset *to, yg_error *error);
/* As yg_source.finish. */
bool yg_reader_finish(yg_reader *reader, const yg_dataset *dataset, yg_error *error);

/* Reads all examples into a new dataset, then decides which label is which class. Ports may be held
 * in the type of their file (decoder.h), and the examples in a file (spool.h). (read_all.c) */
bool yg_reader_all(yg_reader *reader, yg_dataset *to, yg_error *error);

/* ---------------------------------------------------------------------------- encoding.c ---- */

/* Makes an encoding with an empty entry for each port. False when out of memory. */
bool yg_encoding_make(const yg_model *model, yg_encoding *encoding, yg_error *error);

/* ------------------------------------------------------------------------------- ports.c ---- */

/* Notes that dimension `d` of the port (not the batch's) has the size `size`. Fails if the model or
 * earlier data say another size. */
bool yg_dimension_bind(const yg_reading *reading, const yg_port *port, int d, int64_t size,
                       yg_origin origin, yg_error *error);
/* The same from the number of elements of an example; `what` names one in messages: "column" where
 * each is a column of a table. */
bool yg_width_bind(const yg_reading *reading, const yg_port *port, int64_t width, const char *what,
                   yg_origin origin, yg_error *error);
/* Elements of an example; -1 if the size of a dimension is not known yet. Of windows over a series,
 * and of a port that takes sequences, those of a row. */
int64_t yg_port_width(const yg_data *data, const yg_port *port);

/* The rows that a port takes of a window: `span` of them, from row `lead` on. An input takes all
 * that are known, or the last of them if its shape is [B]. A target takes the `horizon` rows after
 * them, or the last of these. */
void yg_port_rows(const yg_series *series, const yg_port *port, int64_t *lead, int64_t *span);

/* Whether a port takes sequences, and whether it is fed with their lengths: see sequences.h. */
bool yg_port_is_ragged(const yg_data *data, const yg_port *port);
bool yg_port_is_lengths(const yg_data *data, size_t port);
/* What fills the rows behind a sequence. */
double yg_port_pad(const yg_data *data, const yg_port *port);

/* Whether a port is a label: it has classes and one element an example. */
bool yg_port_is_label(const yg_data *data, const yg_port *port);

/* Whether a port's values are kept as they are read, and so are checked then. One that is
 * transformed or standardised afterwards may become small enough for its type; it is checked later.
 */
bool yg_value_is_kept(const yg_reading *reading, size_t port);

/* The type of a batch of a port's examples; all dimensions are known. Of a port that takes
 * sequences, each has one row. */
bool yg_port_type(const yg_data *data, const yg_port *port, yg_dtype dtype, int64_t batch,
                  yg_type *type, yg_error *error);

/* ------------------------------------------------------ dataset.c, elements.c, settle.c ----- */

/* Makes a dataset of no examples. */
bool yg_dataset_begin(const yg_reading *reading, yg_dataset *dataset, yg_error *error);

/* Room for `capacity` examples of the wanted ports: makes a dataset, whose elements are in the type
 * that they are to be kept in, or grows one in place. A port that is to be standardised and is not
 * fitted yet is held in f64 until yg_dataset_settle(). */
bool yg_dataset_reserve(const yg_reading *reading, yg_dataset *dataset, int64_t capacity,
                        yg_error *error);

/* Standardises a port that was waiting for its mean. Its f64 elements are converted to
 * reading->dtype, in place, and the memory that this saves is freed. */
bool yg_dataset_settle(const yg_reading *reading, yg_dataset *dataset, size_t port,
                       yg_error *error);

/* Copies doubles to elements `to`[begin ..). Fails on a number that is too large for their type:
 * `first` is the number of the first example, for the message. */
bool yg_elements_store(const yg_reading *reading, size_t port, const double *values, int64_t count,
                       int64_t first, const yg_elements *to, int64_t begin, yg_error *error);

/* Says that a number is too large for f32. `element` counts from the first one of example 0. Always
 * returns false. */
bool yg_elements_fail_large(const yg_reading *reading, size_t port, int64_t width, double value,
                            int64_t element, yg_error *error);

/* The elements that examples are apart. */
int64_t yg_elements_row(const yg_elements *elements);
/* The address of an example. */
void *yg_elements_at(const yg_elements *elements, int64_t example);

/* ------------------------------------------------------------------------------- place.c ---- */

/* "row 3, column 'species'", or the port's name. Returns `text`. */
const char *yg_place_text(const yg_place *place, const yg_port *port, char *text, size_t size);

/* ---------------------------------------------------------------------------- columns.c ------ */

/* Elements one after the other, of cells that are sequences. Of a port of floating-point numbers
 * they are `numbers`, otherwise `wholes`. */
typedef struct yg_list {
    int64_t count, capacity;
    union {
        void *data;
        double *numbers;
        int64_t *wholes;
    };
} yg_list;

/* Room for one more element, which the caller sets and counts. False when out of memory. */
bool yg_list_reserve(yg_list *list);

/* The columns of one port, in the order of its elements. */
typedef struct yg_columns {
    size_t count, capacity;
    size_t *index;              /* of each column in the table */
    struct yg_column **columns; /* how each is encoded: see column.h */
    bool owned;                 /* `columns` belong to this struct; otherwise to the encoding */
    int64_t *at;                /* the first element of each */
} yg_columns;

/* Fills out[p].index for each wanted port. */
bool yg_columns_choose(const yg_reading *reading, const yg_table *table, const yg_value *map,
                       yg_columns *out, yg_error *error);

/* ----------------------------------------------------------------------- port_columns.c ------ */

/* After that: makes columns[p].columns. *learns becomes true if some must learn from the training
 * part before yg_columns_bind(). */
bool yg_columns_make(const yg_reading *reading, const yg_table *table, yg_columns *columns,
                     bool *learns, yg_error *error);
/* After that: binds the ports' dimensions. Those of a training part then belong to the encoding. */
bool yg_columns_bind(const yg_reading *reading, const yg_table *table, const yg_value *map,
                     yg_columns *columns, yg_error *error);
/* Whether records may be dropped because a cell is missing. */
bool yg_columns_drop(const yg_columns *columns, size_t port_count);
/* How many records from `begin` on are used: up to the first that is dropped because a cell is
 * missing. */
int64_t yg_columns_used(const yg_columns *columns, size_t port_count, const yg_table *table,
                        const yg_records *records, int64_t begin);
/* See yg_source.finish. */
bool yg_columns_finish(const yg_reading *reading, const yg_columns *columns,
                       const yg_dataset *dataset, yg_error *error);
void yg_columns_free(yg_columns *columns); /* what it holds, not the struct */

/* ------------------------------------------------------------------------------ invent.c ---- */

typedef struct yg_invention {
    int64_t examples;
    const yg_dim *dims; /* sizes of symbolic dimensions */
    size_t dim_count;
    int64_t otherwise; /* the size of a symbolic dimension that `dims` does not list */
} yg_invention;

/* Makes random training examples for every port, the same each time. `data` is all zeros before,
 * and is freed by yg_data_free() also after a failure. */
bool yg_data_invent(const yg_model *model, yg_dtype dtype, const yg_invention *invention,
                    yg_data *data, yg_error *error);

/* ------------------------------------------------- data.c, split.c, transform.c, standardize.c */

/* Names of columns that targets are read from and inputs are not, as the encoding knows them. The
 * list is freed by the caller, the names are the encoding's. */
bool yg_target_columns(const yg_reading *reading, const char ***names, size_t *count,
                       yg_error *error);

/* How many bytes examples may take in memory, by the section `data`; NULL: there is none. */
bool yg_data_memory(const yg_value *section, int64_t *bytes, yg_error *error);

/* As yg_data_load(), with the encoding that `data` holds already, such as that of a weights file.
 * Nothing is learnt anew, and a section that says otherwise is refused. */
bool yg_data_load_known(const yg_model *model, yg_dtype dtype, yg_data *data, yg_error *error);

typedef enum yg_split_rule {
    YG_SPLIT_NONE,    /* this part is not split off */
    YG_SPLIT_RANDOM,  /* examples drawn by seed, perhaps stratified */
    YG_SPLIT_WINDOWS, /* whole windows drawn by seed: they share no row */
    YG_SPLIT_GROUP,   /* whole groups, or files, drawn by seed */
    YG_SPLIT_TIME,    /* the last examples by a column */
    YG_SPLIT_BLOCK,   /* examples beside each other; folds only */
    YG_SPLIT_EQUAL,   /* those whose column has a given value, or those of given files */
} yg_split_rule;

typedef struct yg_split {
    yg_split_rule rule;
    double fraction;    /* of all examples */
    size_t stratify;    /* a port; SIZE_MAX: none */
    const char *column; /* of a table; NULL: the rule needs none */
    bool by_file;       /* in place of a column, the file that has an example */
    yg_origin column_origin;
    const yg_value *equals; /* a value, or a list of them; with `by_file`, files or patterns */
    yg_origin origin;
    int64_t fold, folds; /* folds > 0: the part is fold number `fold`, from 0, of so many, in place
                          * of a fraction. The rule is any but EQUAL */
    int64_t before, gap; /* of folds by TIME or BLOCK: see yg_fold in owners.h */
    yg_part *out;
} yg_split;

/* Whether an entry of the section is a part that is split off, as `{from: train, …}`. NULL is none.
 * (split_read.c) */
bool yg_split_is(const yg_value *map);
/* The keys of the section, of a part and of one that is split off, for settings.c. */
extern const yg_setting_group yg_section_settings, yg_part_settings, yg_split_settings;
/* Reads the parts `validation` and `test`, as far as they are split off, and the fold that stands
 * in for `test` where data->folds says so. `splits` are all zeros before. (split_read.c) */
bool yg_splits_read(const yg_model *model, const yg_value *section, yg_data *data,
                    yg_split splits[2], yg_error *error);
/* The port that `value` names; `what` stands for the value in messages. (split_read.c) */
bool yg_port_find(const yg_model *model, const yg_value *value, const char *what, size_t *port,
                  yg_error *error);

/* Whether a rule needs the records of a table: the examples do not tell which belong together. */
bool yg_split_needs_table(const yg_split *split);

/* Takes examples of the training part, which has all of its dataset, to parts[0 .. count), one part
 * after the other, drawn by seed. Where a rule needs the table, the source of the table has
 * drawn already (data->owners). A part gets floor(fraction · n + 1/2) of its n examples.
 * Stratified: of the examples that are left, each class gives in proportion, rounded down, and the
 * classes with the largest remainders (the first, among equals) one more, until that number is
 * reached. A fold is drawn before all other parts. The order of the examples is kept. */
bool yg_split_off(yg_data *data, const yg_split *parts, size_t count, uint64_t seed,
                  yg_error *error);

/* A formula for a port's elements, compiled. The port's dimensions must be known. The model must
 * outlive it. NULL on failure: the formula is not elementwise, or changes the shape or the kind of
 * number. */
typedef struct yg_transform yg_transform;
yg_transform *yg_transform_new(const yg_model *model, const yg_data *data, size_t port,
                               const yg_value *formula, yg_error *error);
void yg_transform_free(yg_transform *transform); /* NULL is allowed */
/* Applies the formula of a port's encoding, in place, to the first `count` examples of `elements`,
 * which are of the type that sources give. The formula is compiled when first needed. A result that
 * is not finite is an error; its message counts examples from `before`. */
bool yg_transform_apply(const yg_reading *reading, size_t port, const yg_elements *elements,
                        int64_t count, int64_t before, yg_error *error);
/* The same for any `count` values, and results need not be finite. */
bool yg_transform_values(const yg_reading *reading, size_t port, void *values, int64_t count,
                         yg_error *error);
/* Says that the formula gives `value`, which is not finite, for `from`. `element` counts all
 * elements of the port that were read before. Always returns false. */
bool yg_transform_fail(const yg_reading *reading, size_t port, double from, double value,
                       int64_t element, yg_error *error);

/* Where the section says that a port is standardised; YG_NOWHERE: it does not. */
yg_origin yg_standardize_place(const yg_reading *reading, const char *port);
/* Computes mean and standard deviation (of the population) of a part's elements of a port, which
 * are f64 or have a decoder. An element that is constant gets the deviation 1, so that it keeps its
 * scale. */
bool yg_standardize_fit(const yg_reading *reading, const yg_part *part, size_t port,
                        yg_error *error);
/* (value - mean) / deviation, in place, for examples[0 .. count) of a port. */
void yg_standardize_apply(const yg_port_encoding *encoding, double *values, int64_t count);

#endif
