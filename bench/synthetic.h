/*
 * The synthetic batch and parameters, the same for every subject: a tensor's elements are hashes of
 * their index and of the tensor's number. bench/peers/protocol.py makes them for the others.
 */
#ifndef YG_BENCH_SYNTHETIC_H
#define YG_BENCH_SYNTHETIC_H

#include <stdint.h>

enum {
    /* Numbers of the tensors: an input or target counts on from STREAM_DATA, a trainable parameter
     * from STREAM_PARAMETERS, and its direction in a Hessian-vector product from STREAM_TANGENTS.
     */
    STREAM_DATA = 0,
    STREAM_PARAMETERS = 2,
    STREAM_TANGENTS = 100,
    CHECKED_STEPS = 3, /* with a real learning rate, before the loss that is compared */
};

/* The element in [0, 1). */
double uniform(uint32_t stream, int64_t index);

/* Fills with numbers uniform in (-spread, spread). */
void fill_uniform(float *data, int64_t count, uint32_t stream, double spread);

#endif
