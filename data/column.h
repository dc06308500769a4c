/*
 * Columns: how the cells of one column of a table become elements of an input or target. Private to
 * the library.
 *
 * A *kind* of column is a file with one descriptor; column_kinds.c lists them. The file column.c
 * holds what all kinds have in common: options, names of elements, what is kept with the weights.
 *
 * A kind reads many cells in one call. It stops at the first cell that it refuses, and is asked
 * afterwards what is wrong with it. So the loop over good cells makes no messages and knows no
 * places.
 */
#ifndef YG_DATA_COLUMN_H
#define YG_DATA_COLUMN_H

#include "source.h"

#include <jansson.h>

/* Some cells of one column: cells[0], cells[stride], … */
typedef struct yg_cells {
    const yg_cell *cells;
    size_t stride;
    int64_t count;
} yg_cells;

static inline const yg_cell *yg_cell_at(const yg_cells *cells, int64_t i) {
    return &cells->cells[(size_t)i * cells->stride];
}

/* What is wrong with a cell. A kind has more of its own, from YG_FAULT_OWN on. Those from
 * YG_FAULT_ALONE on depend on the cells before; it makes no sense to count the cells that have
 * them. */
enum {
    YG_FAULT_NONE = 0,
    YG_FAULT_MISSING,
    YG_FAULT_SCALE,   /* the column's scale has no number for it */
    YG_FAULT_PICTURE, /* it is a picture, which the kind does not take */
    YG_FAULT_OWN,
    YG_FAULT_ALONE = 100,
};

typedef struct yg_column yg_column;

typedef struct yg_column_kind {
    const char *name;           /* as `kind:` has it */
    const char *doc;            /* "a cell is …" */
    const yg_setting *settings; /* its options, besides those that all kinds have. They are read
                                   into its state before `configure` is called */
    size_t setting_count;
    size_t size; /* of its state, which begins with yg_column and is all zeros at first */
    /* The type that its elements may be held in, smaller than a number's: see decoder.h. NULL: it
     * gives numbers only. */
    const yg_element_kind *held;
    bool texts;  /* a text in quotes, in the rows of a model file, is a value */
    bool shared; /* encoding a cell changes nothing that another thread sees, so threads may share
                    the cells */
    bool costly; /* a cell takes many microseconds, as a picture does, so few are worth sharing */
    /* Whether the column must see the training part before it can encode a cell. NULL: no. */
    bool (*learns)(const yg_column *column);

    /* Reads column->options and checks that the port can hold what it gives. NULL: it takes none.
     */
    bool (*configure)(yg_column *column, yg_error *error);
    /* Called before a source is read, when the last three members are set. NULL: nothing is to be
     * done. */
    bool (*begin)(yg_column *column, yg_error *error);
    /* Only of a column that learns: takes in cells of the training part. Returns the number of
     * cells before the first that it refuses. */
    int64_t (*learn)(yg_column *column, const yg_cells *cells);
    /* The same columns: all has been learnt. */
    bool (*settle)(yg_column *column, yg_error *error);
    /* How many elements of the port it gives, known once it is settled. NULL: 1. */
    int64_t (*width)(const yg_column *column);
    /* Encodes cells: cell i to to[i * stride …]. Floats are for ports of floating-point numbers,
     * wholes for others, and must fit the port's type. Returns the number of cells before the first
     * that it refuses. */
    int64_t (*encode_floats)(yg_column *column, const yg_cells *cells, double *to, size_t stride);
    int64_t (*encode_wholes)(yg_column *column, const yg_cells *cells, int64_t *to, size_t stride);
    /* The same in the type `held`; the stride counts elements. */
    int64_t (*encode_held)(yg_column *column, const yg_cells *cells, void *to, size_t stride);
    /* Of a kind whose cells can be sequences: appends the elements of a cell. False where it
     * refuses the cell, and when out of memory. NULL: a cell is no sequence. */
    bool (*encode_list)(yg_column *column, const yg_cell *cell, yg_list *to);
    /* Why a cell would be refused; YG_FAULT_NONE: it would not, or there is no memory. */
    int (*check)(yg_column *column, const yg_cell *cell);
    /* Tells that, for the cell that check() has just seen. Always returns false. */
    bool (*refuse)(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error);
    /* Of a kind that learns while it encodes: replaces what it wrote provisionally, when all
     * `count` examples of the training data are in `elements`. NULL: all is final. */
    bool (*finish)(yg_column *column, const yg_elements *elements, int64_t count, yg_error *error);
    /* "sex=male": what element `i` of its width stands for. NULL: the column's name. */
    const char *(*element)(const yg_column *column, int64_t i, char *text, size_t size);
    /* What was learnt, to be kept with the weights: an object, or NULL when out of memory. NULL in
     * place of the function: nothing. */
    json_t *(*save)(const yg_column *column);
    /* Takes that back. False if it is not what save() gives, which the caller tells, or when out of
     * memory, which it tells itself. */
    bool (*load)(yg_column *column, const json_t *learnt, yg_error *error);
    void (*free)(yg_column *column); /* what its state holds; NULL: nothing */
} yg_column_kind;

struct yg_column {
    const yg_column_kind *kind;
    const yg_port *port;
    int first; /* the first dimension of a cell: behind the batch, and behind the rows of a window
                  or a sequence */
    bool sequence;              /* a cell is a sequence, of any length: see sequences.h */
    yg_port_encoding *encoding; /* of the port */
    char *name;                 /* owned; NULL: no column, but rows of the model file */
    const yg_value *options;    /* a mapping of the model file or of `document`; NULL: none */
    yg_document *document;      /* owned: options that the weights remember; NULL: none */
    /* While a source is read: */
    yg_dtype dtype;   /* the network's floating-point type */
    bool kept;        /* values are stored as they are read, so they must fit: yg_value_is_kept() */
    bool learning;    /* these are the training data, and nothing is known of them yet */
    const char *base; /* as yg_table.base, never NULL while cells are encoded */
    /* What all kinds have in common: */
    struct yg_missing *missing; /* what becomes of missing cells; NULL: they are errors */
    struct yg_scale *scale;     /* a function of the numbers; NULL: none */
    int64_t *wholes; /* owned: room for a cell of many whole numbers; NULL: not needed yet */
};

extern const yg_column_kind yg_column_number, yg_column_label, yg_column_category,
    yg_column_boolean, yg_column_date, yg_column_text, yg_column_image, yg_column_list;

/* All kinds; ends with NULL. */
const yg_column_kind *const *yg_column_kinds(void);

/* ----------------------------------------------------------------------------- column.c ------ */

/* What a column is made for. */
typedef struct yg_column_request {
    const yg_model *model;
    yg_encoding *encoding;
    size_t port;
    const char *name; /* NULL: rows of the model file */
    bool alone;       /* it gives all elements of the port */
} yg_column_request;

/* A column with options: a mapping, or the text that is its `kind`; NULL: none. Without a kind, a
 * column is read as a label where its port has classes and it is alone; otherwise as numbers. NULL
 * on failure. */
yg_column *yg_column_new(const yg_column_request *request, const yg_value *options,
                         yg_error *error);
void yg_column_free(yg_column *column); /* NULL is allowed */

/* An element of a port as a number in the units of its column, for one that the network gives. */
double yg_encoding_in_units(const yg_port_encoding *encoding, int64_t i, double value);
/* The same as a formula, for a graph: the value · factor + offset, and then a function. */
typedef struct yg_inverse {
    enum { YG_INVERSE_LINEAR, YG_INVERSE_EXP, YG_INVERSE_EXPM1, YG_INVERSE_QUANTILE } way;
    double factor, offset;
    const double *quantiles; /* YG_INVERSE_QUANTILE: those at the parts 0 … 1, in even steps */
    int64_t quantile_count;
} yg_inverse;
yg_inverse yg_encoding_inverse(const yg_port_encoding *encoding, int64_t i);
/* Whether that differs from what the network gives. */
bool yg_encoding_has_units(const yg_port_encoding *encoding);
/* How many elements of an example have units: all that the columns or the mean are known of. */
int64_t yg_encoding_width(const yg_port_encoding *encoding);

/* What the section says under `columns:` of a column; NULL: nothing. The entry "*" is for columns
 * of inputs that have none of their own. */
const yg_value *yg_column_options(const yg_column_request *request);

/* To be called before a source is read. */
bool yg_column_begin(yg_column *column, const yg_reading *reading, size_t port, yg_error *error);

int64_t yg_column_width(const yg_column *column);

/* Whether the column must see the training part before it can encode a cell. */
bool yg_column_learns(const yg_column *column);
/* Takes in cells of the training part. Returns the number of cells before the first that is
 * refused. */
int64_t yg_column_learn(yg_column *column, const yg_cells *cells);
/* All has been learnt. */
bool yg_column_settle(yg_column *column, yg_error *error);

/* Whether several threads may encode cells of the column at the same time. */
bool yg_column_can_share(const yg_column *column);
/* Whether that is worth it also for few cells. */
bool yg_column_is_costly(const yg_column *column);
/* The type that its elements may be held in; NULL: numbers only. */
const yg_element_kind *yg_column_held(const yg_column *column);
/* Encodes cells as elements to[at], to[at + to->width], … Returns the number of cells before the
 * first that is refused. */
int64_t yg_column_encode(yg_column *column, const yg_cells *cells, const yg_elements *to,
                         int64_t at);
/* Of a column whose cells are sequences: appends the elements of a cell. False where it is refused.
 */
bool yg_column_encode_list(yg_column *column, const yg_cell *cell, yg_list *to);
/* Why a cell would be refused; YG_FAULT_NONE: it would not, or there is no memory. */
int yg_column_check(yg_column *column, const yg_cell *cell);
/* Fails for a cell that was refused; *fault, which may be NULL, becomes the reason. */
bool yg_column_refuse(yg_column *column, const yg_cell *cell, const yg_place *place, int *fault,
                      yg_error *error);

/* "sex=male" for element `i` of a column; "age" for one of a single element. Returns `text`. */
const char *yg_column_element(const yg_column *column, int64_t i, char *text, size_t size);
/* The same for an element of an example of a port; "" where no table tells. */
const char *yg_encoding_element(const yg_port_encoding *encoding, int64_t i, char *text,
                                size_t size);

/* Kind, options and what was learnt as JSON: *json becomes NULL where nothing needs to be kept,
 * because the default kind without options says it all. False when out of memory. */
bool yg_column_save(const yg_column *column, json_t **json);
/* Fails where the section asks for other options than the column has; NULL: it has none. A model
 * file that asks for none is content. */
bool yg_column_check_options(const yg_column *column, const yg_column_request *request,
                             const char *path, yg_error *error);
/* A column as yg_column_save() kept it. `path` stands for the weights in messages. */
yg_column *yg_column_load(const yg_column_request *request, const json_t *json, const char *path,
                          yg_error *error);

/* A cell as text, for messages and labels: text[0 .. size). Returns `text`. */
const char *yg_cell_text(const yg_cell *cell, char *text, size_t size);

/* Memory for the text of one cell; all zeros is none. The owner frees `text`. */
typedef struct yg_cell_room {
    char *text;
    size_t size;
} yg_cell_room;

/* All of a cell's text with a NUL behind it, in room->text, which grows as is needed. NULL when out
 * of memory. */
const char *yg_cell_string(const yg_cell *cell, yg_cell_room *room);
/* `true` and `false`, as Python, R and databases write them: 1 and 0. */
bool yg_cell_truth(const yg_cell *cell, int64_t *value);
/* A cell as a finite number. False if it is none. */
bool yg_cell_number(const yg_cell *cell, double *number);
/* Whether a cell has no value: NULL, or a text that is empty or stands for nothing, as NA, None, ?
 * and the errors of a spreadsheet, in upper or lower case. */
bool yg_cell_is_missing(const yg_cell *cell);
/* Whether it is a BLOB that begins as a PNG or JPEG file does. */
bool yg_cell_is_picture(const yg_cell *cell);
/* "PLACE: a missing value …" Always returns false. */
bool yg_column_refuse_missing(const yg_column *column, const yg_cell *cell, const yg_place *place,
                              yg_error *error);

/* ------------------------------------------------------------------------- column_missing.c -- */

enum { YG_MISSING_SETTINGS = 2, YG_SCALE_SETTINGS = 1 };
extern const yg_setting yg_missing_settings[YG_MISSING_SETTINGS];

/* Reads the options. `learns`, `learn` and `settle` are as of a kind; only a column that learns is
 * given cells, and none that is missing. */
bool yg_missing_configure(yg_column *column, yg_error *error);
bool yg_missing_learns(const yg_column *column);
bool yg_missing_learn(yg_column *column, const yg_cell *cell); /* false when out of memory */
bool yg_missing_settle(yg_column *column, yg_error *error);
/* The cell that stands for a missing one; NULL: none does, or it is not known yet. */
const yg_cell *yg_missing_cell(const yg_column *column);
bool yg_missing_drops(const yg_column *column);     /* rows without a value are left out */
bool yg_missing_indicates(const yg_column *column); /* one more element says what was missing */
json_t *yg_missing_save(const yg_column *column);   /* of a column with `missing` */
bool yg_missing_load(yg_column *column, const json_t *json, yg_error *error);
void yg_missing_free(yg_column *column);

/* --------------------------------------------------------------------------- column_scale.c -- */

extern const yg_setting yg_scale_settings[YG_SCALE_SETTINGS];

bool yg_scale_configure(yg_column *column, yg_error *error);
bool yg_scale_learns(const yg_column *column);
bool yg_scale_learn(yg_column *column, const yg_cell *cell); /* false when out of memory */
bool yg_scale_settle(yg_column *column, yg_error *error);
/* The function and its inverse, of a column with a scale. They may give NaN or an infinity. */
double yg_scale_apply(const yg_column *column, double number);
double yg_scale_invert(const yg_column *column, double number);
/* The same after `inverse`, which is of the numbers that the scale gives. */
void yg_scale_inverse(const yg_column *column, yg_inverse *inverse);
json_t *yg_scale_save(const yg_column *column);
bool yg_scale_load(yg_column *column, const json_t *json, yg_error *error);
void yg_scale_free(yg_column *column);

#endif
