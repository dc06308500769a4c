/*
 * Checks that two models compute the same outputs, loss, metrics and gradients.
 */
#ifndef YG_TESTS_SAME_MODEL_H
#define YG_TESTS_SAME_MODEL_H

#include "graph/program.h"
#include "models/model.h"

/* Fails the test, in the name of `name`, unless both have the same parameters and give the same
 * values for the same inputs: to the bit with a tolerance of 0, else to that part of the largest
 * magnitude of each tensor. Every symbolic dimension is given by the options. */
void expect_same_model(const char *name, const yg_model *a, const yg_network_options *a_options,
                       const yg_model *b, const yg_network_options *b_options, double tolerance);

/* The same for one model that is compiled in two ways. */
void expect_same_program(const char *name, const yg_model *model, const yg_network_options *options,
                         const yg_compile_options *a, const yg_compile_options *b,
                         double tolerance);

/* Expands a model, loads the text again, and compares both to the bit. Expanding again must give
 * the same text. */
void expect_expands(const char *name, const yg_model *model, const yg_network_options *options);

#endif
