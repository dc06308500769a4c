/*
 * The passes of convolution and convolution_data (convolution_direct.h), and what a call of these
 * works out once.
 */
#ifndef YG_OPS_CONVOLUTION_PASSES_H
#define YG_OPS_CONVOLUTION_PASSES_H

#include "convolution_direct.h"
#include "convolution_sums.h"

/* A pass, and where its taps lie in the weight: tap t is tap first + t · by of the weight. */
typedef struct yg_pass {
    yg_direct_pass direct;
    int64_t tap_first[YG_CONVOLUTION_DIMS], tap_by[YG_CONVOLUTION_DIMS];
    int64_t first[YG_CONVOLUTION_DIMS]; /* data: the pixel of x that position 0 is */
} yg_pass;

struct yg_direct {
    yg_convolution c;
    int result;
    size_t element;
    yg_direct_kernels kernels;
    yg_pass *passes; /* `plain_count` that compute pixels one by one, then those of together */
    size_t plain_count, count;
    bool has_gaps;    /* some passes have no taps: their pixels are zero */
    bool spreads;     /* data of few channels: passes write products, see spread_pass() in
                         convolution_passes.c */
    int64_t products; /* elements of the products of the largest pass */
    int64_t together; /* images that are computed at once: see yg_direct_together() */
    int64_t turned;   /* elements of all turned weights */
    int64_t from_image, to_image;
    yg_convolution_sums sums; /* of convolution_weight */
};

/* Lists the passes; `plain_count` come first. False when out of memory. */
bool yg_direct_plan(yg_direct *direct);

/* How many images are best computed at once. */
int64_t yg_direct_together(const yg_direct *direct);

/* Whether the pixels of a pass meet no tap, as most pixels of the data of a convolution of size 1
 * with stride 2. */
static inline bool yg_pass_is_empty(const yg_direct_pass *p) {
    return p->dim[0].taps == 0 || p->dim[1].taps == 0 || p->dim[2].taps == 0;
}

static inline int64_t yg_volume(const int64_t size[YG_CONVOLUTION_DIMS]) {
    return size[0] * size[1] * size[2];
}

#endif
