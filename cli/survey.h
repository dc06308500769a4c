/*
 * What `yamlgrad show` says of a model: a row for each port and layer, with shape, parameters and
 * cost.
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
    double flops; /* floating-point operations of the layer, once, for this batch size */
    int depth;    /* how many layers surround it */
} survey_row;

typedef struct survey {
    yg_network *network;          /* built for evaluation, with loss and metrics */
    yg_dim dims[SURVEY_DIMS_MAX]; /* each symbolic dimension and its size */
    size_t dim_count;
    yg_network *larger[SURVEY_DIMS_MAX]; /* by dimension: the same with that one larger by 1; NULL:
                                          * it cannot be */
    const char *batch; /* the batch dimension's name; "" for a model without one */
    size_t row_count;
    survey_row *rows;
    int64_t parameters, trainable, state; /* elements; state is no parameter */
    int64_t weight_bytes, state_bytes;
    double forward_flops;
    yg_dtype dtype;
    unsigned graph_flags;
} survey;

/* Surveys a model. `sizes` gives numbers to symbolic dimensions ("B", 64); any other one gets the
 * size `otherwise`. `graph_flags` are those of yg_network_options. False on failure; freed by
 * survey_free() after success. */
bool survey_make(const yg_model *model, const yg_dim *sizes, size_t size_count, int64_t otherwise,
                 yg_dtype dtype, unsigned graph_flags, survey *out, yg_error *error);
void survey_free(survey *survey);

/* The shape of a node of the network, with symbols: "[B, 3]". Returns `text`, which has room for
 * SURVEY_SHAPE_TEXT bytes. */
const char *survey_shape(const survey *survey, yg_node node, char *text);
/* The same of an output, by its index. */
const char *survey_output_shape(const survey *survey, size_t index, char *text);

#endif
