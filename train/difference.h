/*
 * The loss as a function of one element of a parameter: difference quotients, and kinks. Private to
 * the gradient check.
 */
#ifndef YG_TRAIN_DIFFERENCE_H
#define YG_TRAIN_DIFFERENCE_H

#include "executable.h"

typedef struct yg_probe {
    yg_executable *losses; /* computes the loss at the parameters that it is bound to */
    uint64_t seed;         /* of dropout, where the network is built for training */
    double loss;           /* at the point, before anything is moved */
    yg_error *error;
} yg_probe;

/* What difference quotients at a point say of a gradient there. */
typedef struct yg_comparison {
    bool agrees;
    bool bent;          /* the slopes to both sides differ by much: a kink, or a strong curvature */
    double difference;  /* the central difference */
    double left, right; /* the slopes to both sides */
} yg_comparison;

/* Runs the loss. */
bool yg_probe_loss(const yg_probe *probe, double *loss);

/* Compares `gradient`, the derivative by *value, with differences. False on failure. */
bool yg_probe_compare(const yg_probe *probe, double *value, double gradient, yg_comparison *out);

/* Whether *value is at a kink: the slopes to both sides differ however small the step is, and do
 * not come closer, as those of a curve do. */
bool yg_probe_is_kink(const yg_probe *probe, double *value, bool *kink);

/* The central difference with a step so small that it hardly crosses kinks. */
bool yg_probe_slope(const yg_probe *probe, double *value, double *slope);

/* The error that is allowed for slopes of that size. */
double yg_probe_allowed(const yg_probe *probe, double slope);

#endif
