/*
 * What a model's data hold, for `yamlgrad data`: the columns of the training table as they stand
 * there, and the examples as the network is fed with them.
 */
#ifndef YG_CLI_DATA_VIEW_H
#define YG_CLI_DATA_VIEW_H

#include "../data/data.h"
#include "../data/source.h"
#include "../data/summary.h"

/* A port with more elements an example is described as a whole. */
enum { VIEW_ELEMENTS_MAX = 64, VIEW_PARTS = 3, VIEW_BINS = 30 };

extern const char *const view_part_names[VIEW_PARTS]; /* "train", … */

/* Numbers of the training part, as they are fed. */
typedef struct view_numbers {
    int64_t count;
    double least, most, mean, squares; /* the sum of (x - mean)² */
} view_numbers;

typedef struct view_port {
    const yg_port *port;
    const yg_port_encoding *encoding;
    yg_dtype dtype;
    int64_t width;        /* elements an example, or a step of a sequence */
    bool steps;           /* the port takes sequences */
    size_t group_count;   /* `width`, or 1 for all elements together; 0: the port has classes */
    view_numbers *groups; /* [group_count]; owned */
    int64_t class_count;  /* 0: it has no classes */
    int64_t *classes;     /* [VIEW_PARTS, class_count]: examples; owned */
    yg_names columns;     /* those that it reads; belongs to the view's pool */
} view_port;

/* The sequences of the training part. */
typedef struct view_sequences {
    int64_t count; /* 0: no port takes sequences */
    int64_t least, most, steps;
    int64_t batch;   /* examples of a batch of training */
    double padding;  /* of the steps that the first epoch feeds, the share that is padding */
    double unsorted; /* the same without buckets */
} view_sequences;

typedef struct data_view {
    const yg_model *model;
    yg_data data;
    const yg_part *parts[VIEW_PARTS];
    size_t port_count;
    view_port *ports;
    view_sequences sequences;
    yg_paths paths;     /* of the training table */
    yg_table *table;    /* NULL: the training part is no table */
    yg_summary summary; /* of `table` */
    yg_pool *pool;
} data_view;

/* Reads all. `model` must outlive the view. False on failure; freed by data_view_free() in either
 * case. */
bool data_view_make(const yg_model *model, data_view *view, yg_error *error);
void data_view_free(data_view *view); /* what it holds, not the struct */

/* "benign": the text of a class. Returns `text`, or a text of the model. */
const char *view_class_name(const view_port *port, int64_t index, char *text, size_t size);
/* The name of an element, as "sex=male" or "image.3". Returns `text`. */
const char *view_element_name(const view_port *port, int64_t index, char *text, size_t size);
/* "oversample" or "weights": how the training part is balanced; NULL: it is not. */
const char *view_balance(const data_view *view);
double view_deviation(const view_numbers *numbers);
/* The ports that read a column of the table, as "past, sold"; "": none does. Returns `text`. */
const char *view_readers(const data_view *view, const char *column, char *text, size_t size);

/* Fills in view->sequences. (data_sequences.c) */
bool view_sequences_make(data_view *view, yg_error *error);

/* Values of one example of a part, or of its first step: width elements of a port, as numbers. The
 * room is the caller's. */
bool view_example(const data_view *view, size_t part, size_t port, int64_t example, double *values,
                  yg_error *error);

/* What the cells of a column are: "numbers", "dates", "3 values". Returns `text`. */
const char *view_cells(const yg_summary *summary, const yg_column_summary *column, char *text,
                       size_t size);

/* How often a column's numbers or dates fall in each of VIEW_BINS intervals of the same width, from
 * *least to *most. False where it has neither. */
bool view_histogram(const yg_summary *summary, const yg_column_summary *column,
                    int64_t bins[VIEW_BINS], double *least, double *most);
/* Whether view_histogram() counts days since 1970. */
bool view_is_date(const yg_summary *summary, const yg_column_summary *column);

/* Pictures of the training part, as they are fed, in rows: those of a class, or, without classes,
 * in the order of the examples. */
typedef struct view_sheet view_sheet;
/* NULL on failure: YG_ERROR_SHAPE where no input is images. */
view_sheet *view_sheet_open(const data_view *view, yg_error *error);
void view_sheet_close(view_sheet *sheet); /* NULL is allowed */
int64_t view_sheet_rows(const view_sheet *sheet);
int64_t view_sheet_used(const view_sheet *sheet, int64_t row); /* pictures of a row */
/* The port whose classes are the rows; NULL: there is none. */
const view_port *view_sheet_classes(const view_sheet *sheet);
/* A PNG file of one of them, and of all side by side. Freed by the caller; NULL on failure. */
char *view_sheet_picture(const view_sheet *sheet, int64_t row, int64_t column, size_t *size,
                         yg_error *error);
char *view_sheet_all(const view_sheet *sheet, size_t *size, yg_error *error);

/* The page of `--html`; freed by the caller. NULL when out of memory. */
char *data_page(const data_view *view);

#endif
