/*
 * convolution_weight by tiles: the sums for some taps and filters stay in registers over all pixels
 * of an image.
 */
#ifndef YG_OPS_CONVOLUTION_SUMS_H
#define YG_OPS_CONVOLUTION_SUMS_H

#include "convolution_direct.h"

/* How the weight falls into units of work. A unit has a block of filters, one tap or a row of taps,
 * and a part of the channels. So there are units enough for several threads. */
struct yg_convolution_sums {
    yg_convolution c;
    yg_direct_kernels kernels;
    bool depthwise;     /* `c` is one group of as many filters as x has channels; see rows */
    int64_t x_channels; /* of a pixel of x, in all groups */
    bool rows;          /* a unit's channels are those of all taps of a row, one after the other */
    int64_t taps;       /* that a unit sums for, each for its channels: 1, or YG_DIRECT_ROW */
    int64_t block;      /* filters in a block */
    int64_t blocks;     /* of filters in a group */
    int64_t places;     /* units of a block: rows of taps, or taps */
    int64_t together;   /* pixels of y that are computed as one, of more filters and taps */
    int64_t run;        /* channels of a place; with `rows` those of each tap */
    int64_t parts;      /* units of a place */
    int64_t part;       /* channels of a unit; the last one of a place may have fewer */
    int64_t images; /* of a stretch: the sums of each stretch of images are added up apart, so that
                       threads can share the images. It divides the batch. */
    int64_t unit;   /* elements of the sums of a unit */
    int64_t before; /* with rows: zeros before each row of a copy of x, in pixels; 0 and … */
    int64_t row;    /* … pixels of such a row; 0: x is read where it lies */
};
typedef struct yg_convolution_sums yg_convolution_sums;

yg_convolution_sums yg_convolution_sums_of(const yg_convolution *c, yg_direct_kernels kernels);
int64_t yg_convolution_sums_units(const yg_convolution_sums *sums);
int64_t yg_convolution_sums_scratch(const yg_convolution_sums *sums); /* in elements */
/* Whether all units of a stretch of images are worth keeping for each stretch: yg_op_plan.parts. */
bool yg_convolution_sums_in_parts(const yg_convolution_sums *sums);
/* Elements of the sums of all units. */
int64_t yg_convolution_sums_size(const yg_convolution_sums *sums);
/* The sums of stretches [begin, end) of images: yg_convolution_sums_size() elements each. `scratch`
 * is that of yg_convolution_sums_run(). */
void yg_convolution_sums_reduce(const yg_convolution_sums *sums, size_t element, int64_t begin,
                                int64_t end, const void *x, const void *y, void *to, void *scratch);
/* The weight from the sums of all stretches. */
void yg_convolution_sums_finish(const yg_convolution_sums *sums, size_t element, const void *of,
                                void *weight);
/* Units [begin, end) of the weight; `element` is 4 (f32) or 8 (f64) bytes. */
void yg_convolution_sums_run(const yg_convolution_sums *sums, size_t element, int64_t begin,
                             int64_t end, const void *x, const void *y, void *weight,
                             void *scratch);

#endif
