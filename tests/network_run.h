/*
 * A network with its gradients, compiled. Tests of models fill and read its tensors by name.
 */
#ifndef YG_TESTS_NETWORK_RUN_H
#define YG_TESTS_NETWORK_RUN_H

#include "graph/program.h"
#include "models/model.h"

typedef struct network_run {
    yg_network *network;
    yg_program *program;
    yg_node *gradients; /* of the loss by parameter, in the network's order; YG_NONE: none */
} network_run;

/* Builds, differentiates the loss (if there is one) and compiles loss, outputs and gradients. False
 * with *error set; network_run_close() in either case. */
bool network_run_open(network_run *run, const yg_model *model, const yg_network_options *options,
                      yg_error *error);
/* The same with compile options. */
bool network_run_compile(network_run *run, const yg_model *model, const yg_network_options *options,
                         const yg_compile_options *compiling, yg_error *error);
void network_run_close(network_run *run);

/* Fills all parameters with their initial values. */
bool network_run_initialize(network_run *run, uint64_t seed, yg_error *error);

/* Fills an input, a target or a parameter; values are rounded to its type. False if none has the
 * name. */
bool network_run_set(network_run *run, const char *name, const double *values);
/* Fills inputs and targets from a seed: uniform in (0, 1), integers 0 or 1. */
void network_run_draw(network_run *run, uint64_t seed);

/* The values of an output, "loss", a gradient ("gradient h.weight"), or of what a state becomes
 * ("update h.running_mean"), as doubles; freed by the
 * caller, NULL if there is none of that name. Zeros for a parameter without a gradient. */
double *network_run_get(const network_run *run, const char *name, size_t *count);

#endif
