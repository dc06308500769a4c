/*
 * The synthetic batch and parameters: see synthetic.h.
 */
#include "synthetic.h"

/* lowbias32, Chris Wellons, https://nullprogram.com/blog/2018/07/31/. */
double uniform(uint32_t stream, int64_t index) {
    uint32_t h = (uint32_t)index * 0x9E3779B1u + stream * 0x85EBCA77u;
    h ^= h >> 16;
    h *= 0x7FEB352Du;
    h ^= h >> 15;
    h *= 0x846CA68Bu;
    h ^= h >> 16;
    return (double)h / 4294967296.0;
}

void fill_uniform(float *data, int64_t count, uint32_t stream, double spread) {
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)((2 * uniform(stream, i) - 1) * spread);
}
