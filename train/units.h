/*
 * The units that outputs are given in.
 *
 * `standardize: [y]` trains the network on y's deviations from its mean. An output that says
 * `units: y` is turned back when it is predicted: value * deviation + mean, element by element. Any
 * other output stays as the network computes it.
 */
#ifndef YG_TRAIN_UNITS_H
#define YG_TRAIN_UNITS_H

#include "../data/data.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Advises a user whose model standardises a target and has no output in its units: a sentence says
 * what the outputs are in, and what to write. True if there is such a target; then the sentence is
 * in text[0 .. size). `encoding` tells what is standardised; NULL: the model's `data: standardize`.
 */
bool yg_units_advice(const yg_model *model, const yg_encoding *encoding, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
