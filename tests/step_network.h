/*
 * A small network, for tests of what `train:` says of a step.
 */
#ifndef YG_TESTS_STEP_NETWORK_H
#define YG_TESTS_STEP_NETWORK_H

#include "data/safetensors.h"
#include "train/train.h"
#include "workspace.h"

/* A model file of f64 with eleven examples and a validation part. Settings of `train` are filled
 * in, where %s stands. */
extern const char step_network_text[];

/* Trains into a folder, the network with those settings or any model. Fails the test where that
 * fails. */
yg_train_result step_network_train(const workspace *w, const char *settings, const char *folder);
yg_train_result step_network_train_text(const workspace *w, const char *text, const char *folder);

/* The tensors of a file there; freed by the caller. */
yg_tensor_file step_network_tensors(const workspace *w, const char *name);
/* The largest difference of two files' tensors. */
double step_network_difference(const workspace *w, const char *a, const char *b);

#endif
