/*
 * Reading schedules. A schedule is an entry of `define:` with arguments and a formula, `rate:`. The
 * built-in ones are the files of models/schedules/. A formula may also stand in `train:` itself.
 * A list has several schedules, one after the other.
 */
#ifndef YG_MODELS_LOADER_SCHEDULES_H
#define YG_MODELS_LOADER_SCHEDULES_H

#include "expander.h"
#include "rate.h"

/* Reads `train: schedule`, and finds its definitions. Without the key, model->schedule stays NULL.
 * False on failure. */
bool yg_read_schedule(yg_model *model, yg_error *error);

/* Makes the steps that compute an expanded formula. `scope` holds the inputs, bound to themselves.
 * False on failure. (rate.c) */
bool yg_rate_compile(yg_expander *x, const yg_scope *scope, const yg_term *formula,
                     yg_schedule *schedule);
/* The same for a formula of `where`, whose value formulas after it read by its name. (rate.c) */
bool yg_rate_compile_term(yg_expander *x, const yg_scope *scope, const char *name,
                          const yg_term *formula, yg_schedule *schedule);
/* The names of the inputs, in their order; NULL-terminated. (rate.c) */
const char *const *yg_rate_input_names(void);

#endif
