/*
 * The words for a value that is not finite: the node where it begins, the values of its operands,
 * the example, what helps, and where the batch is kept. Private to train/.
 */
#ifndef YG_TRAIN_NAN_REPORT_H
#define YG_TRAIN_NAN_REPORT_H

#include "../graph/text.h"
#include "failed_step.h"
#include "find_nan.h"
#include "node_names.h"

typedef struct yg_nan_report {
    yg_executable *executable; /* of the batch, with its values; NULL: there is none */
    yg_nan_source source;      /* its node is YG_NONE where nothing was found */
    yg_node_names names;       /* of nodes, for people; the caller makes them */
    yg_origin origin;          /* the place that the message is for */
    yg_text text;              /* what has been told so far */
} yg_nan_report;

/* Where the data of an example are. */
typedef struct yg_example_at {
    const yg_model *model;
    yg_data *data;
    const yg_part *part;
    const char *name; /* of the part */
    yg_dtype dtype;
} yg_example_at;

/* "not a number" or "infinite" */
const char *yg_nan_kind(double value);

void yg_nan_report_begin(yg_nan_report *report, const yg_model *model);

/* Finds the source in the executable's last run, which was with this seed and step, and tells of
 * it: "it begins at step 3: 's' (log, model.yaml:7) is infinite", and its operands. `options` are
 * those that the executable was made with; `when` is "at step 3". */
void yg_nan_look(yg_nan_report *report, const yg_executable_options *options, uint64_t seed,
                 uint64_t step, const char *when);

/* "in example 2 of the batch, counted from 0: rows.csv:18". `number` is the example's in the
 * dataset; -1: it is not known. To be called where the source has an example. */
void yg_nan_tell_example(yg_nan_report *report, const yg_example_at *at, int64_t number);

/* What may help. `untrained`: the weights are those of the run's start. */
void yg_nan_tell_advice(yg_nan_report *report, bool untrained);

/* Keeps the batch, and tells the command that computes it again: `explain` where an example is
 * known, else `command`. */
void yg_nan_tell_kept(yg_nan_report *report, const yg_failed_step *failed, const char *command);

/* Turns what was told into the error. Always returns false. */
bool yg_nan_report_fail(yg_nan_report *report, yg_error *error);

#endif
