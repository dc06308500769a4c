/*
 * A sample of many numbers, for medians and other quantiles. Private to the library.
 *
 * Up to YG_SAMPLE_LIMIT numbers are all kept, so quantiles are exact. Of more, a random choice of
 * so many is kept, the same one each time. The rank of a quantile is then off by less than 0.3 % of
 * the numbers, with a probability of more than 0.9999999.
 */
#ifndef YG_DATA_NUMBER_SAMPLE_H
#define YG_DATA_NUMBER_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

enum { YG_SAMPLE_LIMIT = 1000000 };

/* All zeros is an empty sample. */
typedef struct yg_number_sample {
    int64_t limit; /* so many are kept at most; 0: YG_SAMPLE_LIMIT */
    int64_t met;   /* numbers so far */
    int64_t count, room;
    double *numbers; /* [count]; owned */
    bool sorted;
} yg_number_sample;

void yg_number_sample_free(yg_number_sample *sample); /* what it holds, not the struct */

/* False when out of memory. */
bool yg_number_sample_add(yg_number_sample *sample, double number);

/* The number of a rank, from 0 for the smallest to count - 1; between two numbers it is
 * interpolated. 0 where there is no number. */
double yg_number_sample_at(yg_number_sample *sample, double rank);

/* The quantile at `part`, in [0, 1], interpolated between neighbours as NumPy does by default.
 * 0 where there is no number. */
double yg_number_sample_quantile(yg_number_sample *sample, double part);

#endif
