/*
 * What a run's settings say that can never happen in it, such as a warm-up that is longer than the
 * run. Each is allowed, and hardly ever meant. Private to train/.
 */
#ifndef YG_TRAIN_ADVICE_H
#define YG_TRAIN_ADVICE_H

#include "../graph/text.h"
#include "settings.h"

/* Adds a line for each of them: "model.yaml:20:3: `patience: 50` …". The plan is that of the
 * settings. */
void yg_settings_advice(const yg_model *model, const yg_settings *settings,
                        const yg_rate_plan *plan, yg_text *out);

#endif
