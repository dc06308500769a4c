/*
 * The units that outputs are given in.
 *
 * `standardize: [y]` trains the network on y's deviations from its mean. An output that says
 * `units: y` is turned back when it is predicted: value * deviation + mean, element by element. Any
 * other output stays as the network computes it.
 */
#ifndef YG_TRAIN_UNITS_H
#define YG_TRAIN_UNITS_H

#include "data.h"

#pragma GCC visibility push(default)

/* Writes a sentence for the user if a target is standardised and no output is in its units; it says
 * what the outputs are in, and what to write. False where there is nothing to say. `encoding` tells
 * what is standardised; NULL: the model's `data: standardize`. */
bool yg_units_advice(const yg_model *model, const yg_encoding *encoding, char *text, size_t size);

#pragma GCC visibility pop

#endif
