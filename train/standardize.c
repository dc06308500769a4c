/*
 * Standardisation: mean 0 and standard deviation 1 for each element of a port, by the training
 * examples alone.
 */
#include "source.h"

#include <math.h>
#include <stdlib.h>

bool yg_standardize_fit(const yg_dataset *dataset, size_t port, yg_port_encoding *encoding,
                        yg_error *error) {
    const int64_t width = dataset->widths[port];
    const double *values = dataset->values[port];
    const double count = (double)dataset->count;
    encoding->mean = calloc((size_t)width + 1, sizeof *encoding->mean);
    encoding->deviation = calloc((size_t)width + 1, sizeof *encoding->deviation);
    if (!encoding->mean || !encoding->deviation)
        return yg_fail_memory(error);
    encoding->width = width;
    for (int64_t i = 0; i < width; i++) {
        /* Twice over the data, which keeps the digits that the one-pass formula cancels. */
        double sum = 0, squares = 0;
        for (int64_t e = 0; e < dataset->count; e++)
            sum += values[e * width + i];
        const double mean = sum / count;
        for (int64_t e = 0; e < dataset->count; e++)
            squares += (values[e * width + i] - mean) * (values[e * width + i] - mean);
        const double deviation = sqrt(squares / count);
        encoding->mean[i] = mean;
        /* A constant element's deviation is 0, or the rounding of its mean. */
        encoding->deviation[i] = deviation > 1e-14 * fabs(mean) ? deviation : 1;
    }
    return true;
}

void yg_standardize_apply(const yg_port_encoding *encoding, double *values, int64_t count) {
    if (!encoding->mean)
        return;
    for (int64_t e = 0; e < count; e++)
        for (int64_t i = 0; i < encoding->width; i++) {
            double *value = &values[e * encoding->width + i];
            *value = (*value - encoding->mean[i]) / encoding->deviation[i];
        }
}
