/*
 * Fast convolutions: tiles of several pixels and one or two vectors of filters, which stay in
 * registers while all products are added. Nothing of the image is copied: a row of a weight's taps
 * meets a contiguous stretch of a channels-last image.
 *
 * convolution and convolution_data are the same work, on `passes`. A pass computes some of the
 * pixels of the result, those at every k-th place. A convolution is one pass. The data of a
 * convolution with stride 2 are two passes in each dimension: even and odd pixels meet different
 * taps.
 */
#ifndef YG_OPS_CONVOLUTION_DIRECT_H
#define YG_OPS_CONVOLUTION_DIRECT_H

#include "convolution.h"
#include "gemm.h"

/* What reads pixels of one tensor, `from`, and writes pixels of another, `to`. Position p of the
 * pass, in dimension d, meets with tap t the pixel from_start + p · from_step + t · tap_step of
 * `from`, if there is one. It writes the pixel to_start + p · to_step. Strides are in elements. */
typedef struct yg_direct_dim {
    int64_t positions;
    int64_t taps;
    int64_t from, from_start, from_step, tap_step;
    int64_t from_stride; /* from one pixel of `from` to the next */
    int64_t to_stride;   /* from one position to the next, in `to` */
    int64_t first, last; /* the positions [first, last) meet all taps */
} yg_direct_dim;

typedef struct yg_direct_pass {
    yg_direct_dim dim[YG_CONVOLUTION_DIMS];
    bool depthwise; /* channel i of `to` reads channel i of `from` alone: one group, of depth 1 */
    int64_t groups, depth;  /* depth: channels of `from` in a group */
    int64_t width;          /* channels of `to` in a group, times `together` */
    int64_t together;       /* neighbouring positions that are computed as one: see direct.c */
    int64_t from_at, to_at; /* where pixel 0 of `from` and position 0 of `to` begin */
    int64_t to_group;       /* from one group of `to` to the next */
    bool relu;              /* what is less than 0 becomes 0 */
    int64_t weights_at;     /* where the turned weights of the pass begin, in the scratch */
} yg_direct_pass;

/* The filters of a tile: one or two vectors. */
static inline int64_t yg_direct_vectors(int64_t width, int64_t at, int64_t lanes) {
    return width - at > lanes ? 2 : 1;
}

/* Computes all pixels of a pass for one image. `weights` are those of the pass, turned: for each
 * group and block of filters [taps…, channel, filters of the block], then what is added to each
 * pixel, [filters of the block]; filled up with zeros. */
typedef void (*yg_direct_kernel)(const yg_direct_pass *pass, const void *from, const void *weights,
                                 void *to);

/* A part of convolution_weight: the sums for the taps of a unit of work, over some images. */
typedef struct yg_direct_sum {
    int64_t images;
    int64_t x_image, y_image;               /* elements of an image */
    int64_t positions[YG_CONVOLUTION_DIMS]; /* pixels of y that the sum goes over */
    int64_t x_stride[YG_CONVOLUTION_DIMS], y_stride[YG_CONVOLUTION_DIMS];
    int64_t run;             /* neighbouring channels of x, each a row of sums */
    int64_t width;           /* filters: of one block */
    int64_t columns, before; /* of sum_row and sum_depthwise of yg_direct_kernels: columns of x, and
                                the column of y that its column 0 meets with tap 0 */
    int64_t tap, stride, dilation; /* of sum_depthwise: the first tap; both in columns of x */
} yg_direct_sum;

/* sums[run, block] += Σ x[…, run] · y[…, block]. x and y point at the first pixels that meet. */
typedef void (*yg_direct_sum_kernel)(const yg_direct_sum *sum, const void *x, const void *y,
                                     void *sums);

typedef struct yg_direct_kernels {
    int64_t lanes; /* elements of a vector */
    yg_direct_kernel run;
    yg_direct_sum_kernel sum;
    int64_t most[2]; /* the most channels of `sum` that stay in registers, by vectors - 1 */
    /* As `sum`, for YG_DIRECT_ROW neighbouring taps of a row: sums[tap, run, lanes]. x and y point
     * at column 0. For one vector of filters and at most YG_DIRECT_RUN channels. NULL: it does not
     * pay with these instructions. */
    yg_direct_sum_kernel sum_row;
    /* The sums of a depthwise convolution for `run` neighbouring taps of a row, at most
     * YG_DIRECT_RUN: sums[tap, width] += Σ x[…, width] · y[…, width]. x points at
     * column 0. */
    yg_direct_sum_kernel sum_depthwise;
} yg_direct_kernels;

#define YG_DIRECT_ROW 3
#define YG_DIRECT_RUN 8

/* The kernels for an element of 4 (f32) or 8 (f64) bytes. */
yg_direct_kernels yg_direct_choose(size_t element, yg_gemm_isa isa);

/* What a call needs, worked out once. */
typedef struct yg_direct yg_direct;

/* `result` is the tensor that is computed, see convolution.h. NULL when out of memory. */
yg_direct *yg_direct_new(const yg_convolution *c, int result, size_t element, yg_gemm_isa isa);
void yg_direct_free(void *direct);
int64_t yg_direct_units(const yg_direct *direct);
int64_t yg_direct_scratch_bytes(const yg_direct *direct);
/* Of a weight: its sums over stretches of images, or NULL if these are not kept apart. */
const struct yg_convolution_sums *yg_direct_parts(const yg_direct *direct);
/* Units [begin, end): images of x or y, or parts of the weight. `bias`, of y, may be NULL. `kept`:
 * the scratch holds the turned weights of a call before this one. */
void yg_direct_run(const yg_direct *direct, int64_t begin, int64_t end, const void *a,
                   const void *b, const void *bias, void *to, void *scratch, bool kept);

#endif
