/*
 * What the columns of a table hold, found out by reading it once. Private to the library.
 *
 * Nothing is known of a column before: all that its cells can be is counted side by side. What to
 * make of it is up to the caller, such as `yamlgrad new`.
 */
#ifndef YG_DATA_SUMMARY_H
#define YG_DATA_SUMMARY_H

#include "../models/loader/names.h"
#include "number_sample.h"
#include "table.h"

/* So many values of a column are told apart. */
enum { YG_SUMMARY_VALUES = 2000 };

typedef struct yg_column_summary {
    const char *name; /* belongs to the table */
    int64_t missing;  /* cells without a value */
    /* Of the others: how many can be read in each way. */
    int64_t numbers, wholes, truths; /* wholes are numbers too; truths: yes, no, true, … */
    int64_t pictures, blobs;         /* BLOBs that are pictures, and others */
    int64_t longest;                 /* bytes of a text */
    int64_t words;                   /* blanks in all texts */
    /* Of the numbers: */
    double least, most;
    double mean, squares, cubes; /* sums of (x - mean)², (x - mean)³ */
    bool rising;                 /* each is the one before plus 1, without gaps */
    double last;                 /* the one before */
    yg_number_sample sample;
    /* Of the dates: which forms all cells have, one bit each of yg_summary_date_form(). */
    uint64_t forms;
    double earliest, latest; /* days since 1970, by the first of `forms` */
    bool timed;              /* one has a time of day that is not midnight */
    /* Values as texts, in the order of first appearance. */
    yg_names values;
    int64_t *counts;
    bool many; /* there are more than YG_SUMMARY_VALUES; `values` are the first of them */
} yg_column_summary;

typedef struct yg_summary {
    int64_t rows;
    size_t count; /* columns */
    yg_column_summary *columns;
    yg_pool *pool; /* of the values */
} yg_summary;

/* Called now and then while a table is read, with the rows so far. */
typedef void yg_summary_watch(void *context, yg_table *table, int64_t rows);

/* Reads all of a table. `watch` may be NULL. False on failure; freed by yg_summary_free() in either
 * case. */
bool yg_summarize(yg_table *table, yg_summary_watch *watch, void *context, yg_summary *summary,
                  yg_error *error);
void yg_summary_free(yg_summary *summary); /* what it holds, not the struct */

/* Cells with a value. */
int64_t yg_summary_present(const yg_summary *summary, const yg_column_summary *column);
/* The skewness of the numbers: 0 where they lie alike on both sides of the mean. */
double yg_summary_skewness(const yg_column_summary *column);
double yg_summary_deviation(const yg_column_summary *column);

/* The format of a form of dates, as the column kind `date` takes it; "" for that of ISO 8601; NULL
 * where `form` is past the last. */
const char *yg_summary_date_form(size_t form);
/* The first form that all dates of a column have; SIZE_MAX: they are no dates. */
size_t yg_summary_form_of(const yg_column_summary *column);

#endif
