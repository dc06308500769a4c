/*
 * A survey of a model: what its layers cost, for `yamlgrad show`.
 */
#ifndef YG_CLI_SURVEY_H
#define YG_CLI_SURVEY_H

#include "../models/model.h"
#include "dims.h"

#define SURVEY_SHAPE_TEXT 256
#define SURVEY_DIMS_MAX   DIMS_MAX

/* A line of the table: an input, a target, or a layer. */
typedef struct survey_row {
    const char *name;
    const char *type;              /* "input", "linear", "expression" */
    char shape[SURVEY_SHAPE_TEXT]; /* with symbols where a dimension follows one: "[B, 3]" */
    int64_t parameters;
    double flops; /* of evaluating it once at this batch size */
    int depth;
} survey_row;

typedef struct survey {
    yg_network *network; /* in evaluation mode, with loss and metrics */
    yg_dim dims[SURVEY_DIMS_MAX];
    size_t dim_count;
    const char *batch; /* the batch dimension's name; "" for a model without one */
    size_t row_count;
    survey_row *rows;
    int64_t parameters, trainable; /* elements */
    int64_t weight_bytes;
    double forward_flops;
    yg_dtype dtype;
    unsigned graph_flags;
} survey;

/* `sizes` gives numbers to symbolic dimensions ("B", 64); one that is missing there gets
 * `otherwise`. `graph_flags`: as those of yg_network_options. */
bool survey_make(const yg_model *model, const yg_dim *sizes, size_t size_count, int64_t otherwise,
                 yg_dtype dtype, unsigned graph_flags, survey *out, yg_error *error);
void survey_free(survey *survey);

#endif
