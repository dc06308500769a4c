/*
 * How resample and its gradient interpolate along a dimension: element o of the result is
 * Σ weight[t] · x[index[t]] over a few taps t. The positions and weights are PyTorch's.
 */
#ifndef YG_OPS_RESAMPLE_TAPS_H
#define YG_OPS_RESAMPLE_TAPS_H

#include "../graph/op.h"

/* The attributes of both operators. SIZE is the size of the result's dimension. */
enum {
    YG_RESAMPLE_DIM,
    YG_RESAMPLE_SIZE,
    YG_RESAMPLE_MODE,
    YG_RESAMPLE_ALIGN,
    YG_RESAMPLE_SCALE,
    YG_RESAMPLE_ATTRS
};
extern const yg_attr_spec yg_resample_attrs[YG_RESAMPLE_ATTRS];

/* The last two average over all elements that an element of a smaller result stands for. */
enum {
    YG_RESAMPLE_NEAREST,
    YG_RESAMPLE_NEAREST_EXACT,
    YG_RESAMPLE_LINEAR,
    YG_RESAMPLE_CUBIC,
    YG_RESAMPLE_LINEAR_SMOOTH,
    YG_RESAMPLE_CUBIC_SMOOTH,
};

enum { YG_RESAMPLE_BLOCK = 64, YG_RESAMPLE_ENTRIES = 1024 };

/* Element o of `to` elements, interpolated from `from` elements. */
typedef struct yg_resample_sizes {
    int64_t from, to;
    int64_t mode;
    bool align_corners; /* the first and last elements of both lie at the same place */
    double scale;       /* how many times larger the result is; 0: to / from */
} yg_resample_sizes;

/* The taps of a few elements of the result, one after the other. */
typedef struct yg_resample_block {
    int64_t first, count; /* elements */
    int taps;             /* of an element */
    int64_t index[YG_RESAMPLE_ENTRIES];
    double weight[YG_RESAMPLE_ENTRIES];
} yg_resample_block;

/* How many taps an element has. A shape rule refuses more than YG_RESAMPLE_ENTRIES. */
int64_t yg_resample_taps(const yg_resample_sizes *sizes);

/* The taps of the elements from `first` on, at most YG_RESAMPLE_BLOCK elements. */
void yg_resample_block_at(const yg_resample_sizes *sizes, int64_t first, yg_resample_block *block);

/* For the two operators: the shape rule, and the plan. A unit of work is one index into the
 * dimensions before `dim`. */
bool yg_resample_infer(const yg_infer *call, yg_type *result, yg_error *error);
void yg_resample_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* What the kernels go through: [units, size, inner]. `sizes` is that of resample; with `gradient`
 * x and the result have changed places. */
typedef struct yg_resample_walk {
    yg_resample_sizes sizes;
    int64_t inner;
} yg_resample_walk;
yg_resample_walk yg_resample_walk_of(const yg_type *x, const yg_type *y, const yg_attr *attrs,
                                     bool gradient);

#endif
