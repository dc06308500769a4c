/*
 * What is to be said of scores that depend on the batches that they were computed in.
 */
#ifndef YG_CLI_NOTE_BATCHES_H
#define YG_CLI_NOTE_BATCHES_H

#include "../train/evaluate.h"

/* Names each score that mixes examples and was computed in several batches. */
void note_batches(const yg_scores *scores);

#endif
