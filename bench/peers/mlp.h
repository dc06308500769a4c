/*
 * What the peers in C share: the workload as the runner hands it over, and its data.
 *
 *   PEER KIND WIDTHS BATCH THREADS [OPTIMIZER LR]     a subject (bench/protocol.h), KIND is a
 *                                                     workload's of bench/workloads.py
 *   PEER first_gradient WIDTHS BATCH THREADS          one gradient, then exit
 */
#ifndef YG_BENCH_PEERS_MLP_H
#define YG_BENCH_PEERS_MLP_H

#include "../../graph/error.h"
#include "../protocol.h"
#include "../synthetic.h"

#include <stddef.h>

enum { MAX_LAYERS = 8 };

typedef struct mlp {
    const char *kind;
    size_t layers;              /* linear ones */
    int widths[MAX_LAYERS + 1]; /* the input's first */
    int batch;
    int threads;
    const char *optimizer; /* "sgd", "adam", or NULL */
    float lr;              /* of the checked steps */
    float *x;              /* [batch, first width] */
    float *y; /* [batch, last width]: 0 or 1 for a single output, else one class is 1 */
} mlp;

/* One with a single output is the notebook's: sigmoids and binary cross-entropy. The others have
 * relu between their layers, then softmax and cross-entropy. */
bool mlp_is_notebook(const mlp *mlp);

/* Reads the command line and makes x and y, which the caller frees with mlp_free(), also after a
 * failure. The widths of a workload without a network are not read. */
bool mlp_read(int argc, char **argv, mlp *mlp, yg_error *error);
void mlp_free(mlp *mlp); /* what it holds, not the struct */

/* Fills parameter k: weight [out, in] of layer k / 2, or its bias [out] where k is odd. */
void mlp_fill_parameter(const mlp *mlp, size_t k, float *data);

double squared_norm(const float *data, size_t count);

/* Has this thread, and those that it starts from then on, take denormals as zero: they would slow
 * down an optimizer whose moments of some weights fade. */
void flush_denormals(void);

#endif
