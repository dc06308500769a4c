/*
 * Metrics that have no value for some data. Private to train/ and the command.
 */
#ifndef YG_TRAIN_UNDEFINED_H
#define YG_TRAIN_UNDEFINED_H

/* Why a metric that is a call of this operator may be NaN; NULL: there is no common reason.
 * `function` may be NULL. */
const char *yg_score_undefined(const char *function);

#endif
