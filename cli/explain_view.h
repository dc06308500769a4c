/*
 * An explanation as text, as JSON and as a page.
 */
#ifndef YG_CLI_EXPLAIN_VIEW_H
#define YG_CLI_EXPLAIN_VIEW_H

#include "../graph/text.h"
#include "../train/explain.h"
#include "json.h"

/* How numbers are written. */
typedef struct explain_style {
    int64_t most;        /* numbers that are listed; of a larger tensor the range is told */
    int digits;          /* of each */
    const char *between; /* rows of a matrix */
    const char *unknown; /* stands for NaN where that means that a number is not known; NULL: NaN
                            is a value like others, "nan" */
} explain_style;

/* Appends the values of a tensor: "[0.5 0.25]", or "12 from -1 to 3". */
void explain_values(yg_text *text, const yg_type *type, const double *values,
                    const explain_style *style);

/* The same of a local derivative. */
void explain_local(yg_text *text, const yg_explained_edge *edge, const yg_type *type,
                   const explain_style *style);

/* "delta2 = da2 * (a2 * (1 - a2)) = a2 - y" */
void explain_chain(yg_text *text, const yg_explained_node *node);

/* NULL when out of memory. */
json_t *explain_json(const yg_model *model, const yg_explanation *explanation);
char *explain_page(const yg_model *model, const char *part, const yg_explanation *explanation);

#endif
