/*
 * The model that `yamlgrad new` proposes for a table: what each column is, and how large a network
 * fits the number of rows. The file draft_text.c writes it down.
 */
#ifndef YG_CLI_DRAFT_H
#define YG_CLI_DRAFT_H

#include "../data/summary.h"

typedef enum draft_kind {
    DRAFT_LEFT_OUT,
    DRAFT_TARGET,
    DRAFT_NUMBER,
    DRAFT_CATEGORY,
    DRAFT_BOOLEAN,
    DRAFT_DATE,
    DRAFT_IMAGE,
    DRAFT_TEXT,
} draft_kind;

/* What the pictures of a folder are made to: all zeros where there are none. */
typedef struct draft_pictures {
    int64_t height, width;
    int channels; /* 1 or 3 */
    bool resized; /* they differ in size, or are large */
} draft_pictures;

typedef enum draft_task {
    DRAFT_ANY,
    DRAFT_CLASSIFICATION,
    DRAFT_REGRESSION,
    DRAFT_LABELS, /* of a head: several columns of yes and no */
} draft_task;

typedef struct draft_column {
    const yg_column_summary *summary;
    draft_kind kind;
    draft_task task;    /* of a target */
    bool label;         /* of a target: it is one of several labels */
    char *reason;       /* why it is left out; owned; NULL for other kinds */
    size_t *values;     /* of a category and of classes: numbers of summary->values; owned */
    size_t value_count; /* others have no place of their own */
    bool logarithmic;   /* numbers are spread over orders of magnitude */
    bool indicated;     /* cells without a value are common, and get an element */
    bool by_year, by_week, by_day; /* dates: which cycles they go through */
    int64_t width;                 /* elements that it gives to the input `x` */
    int64_t length;                /* of a text: its tokens */
} draft_column;

/* What predicts one target, or several labels: a layer, its output, its term of the loss. */
typedef struct draft_head {
    draft_task task;
    char port[64];       /* the name of the target in the model */
    size_t first, count; /* columns: draft.targets[first, first + count) */
} draft_head;

typedef struct draft {
    const yg_summary *summary;
    draft_column *columns; /* [summary->count] */
    size_t *targets;       /* columns [target_count]; labels are the last */
    size_t target_count;
    draft_head *heads; /* [head_count] */
    size_t head_count;
    draft_pictures pictures;
    int64_t rows;       /* with a target; of several, those of the one with most gaps */
    int64_t width;      /* elements of all columns of the input `x`; 0: there is none */
    size_t text_count;  /* columns of sentences: each is an input of its own */
    int64_t vocabulary; /* tokens of a text that are told apart */
    /* The network and how it is trained: */
    int64_t hidden, batch_size, epochs, patience;
    int layers;
    double dropout, rate, weight_decay;
    bool parted;             /* examples are taken away for validation and test */
    double validation, test; /* what fraction each has, or would have */
} draft;

/* What the user asks for. */
typedef struct draft_request {
    const char *const *targets;  /* each a column, or several with commas between */
    size_t target_count;         /* 0: the column called target, label, class or y */
    draft_task task;             /* DRAFT_ANY: by the targets' values */
    const char *const *excluded; /* columns */
    size_t excluded_count;
    draft_pictures pictures; /* all zeros: there are none */
    size_t picture_column;   /* that has them; SIZE_MAX: none has */
} draft_request;

/* Decides. `table` is the one that was summarised. False on failure; freed by draft_free() in
 * either case. */
bool draft_make(const yg_table *table, const yg_summary *summary, const draft_request *request,
                draft *draft, yg_error *error);
void draft_free(draft *draft); /* what it holds, not the struct */

/* How the table is read, as keys of the model file. */
typedef struct draft_source {
    const char *command;      /* how the file was made, for its first line */
    const char *name;         /* of the model */
    const char *const *paths; /* [path_count] of the table, from the model file's folder */
    size_t path_count;
    const char *key;  /* of its kind, as `csv` */
    const char *keys; /* further keys, each "NAME: VALUE\n"; "": none */
} draft_source;

/* The text of the model file; freed by the caller. NULL when out of memory. */
char *draft_text(const draft *draft, const draft_source *source);

/* An identifier made of a name, as `body_mass_g` of "body mass (g)"; `otherwise` if nothing is
 * left of it. Returns `text`. */
const char *draft_identifier(const char *name, const char *otherwise, char *text, size_t size);

#endif
