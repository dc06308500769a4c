/*
 * Operators on the channels of a tensor whose last dimension they are: [pixels…, channels]. Batch
 * normalisation is made of them. Statistics are [channels].
 *
 * The first dimension is the batch. Sums over all pixels are taken in parts of a few pixels; the
 * sums of the parts are added up in double. So they can be taken while the pixels are in the cache,
 * by any number of threads, and always have the same bits.
 */
#ifndef YG_OPS_CHANNELS_H
#define YG_OPS_CHANNELS_H

#include "../graph/graph.h"

enum {
    YG_CHANNEL_LANES = 16, /* channels that are computed together */
    YG_CHANNEL_PART = 64,  /* the most pixels of a part, if images have more */
};

/* A tensor as pixels of channels. */
typedef struct yg_channels {
    int64_t pixels, channels;
    int64_t part;  /* pixels in a part of a sum; the last part may be shorter */
    int64_t parts; /* how many parts there are */
} yg_channels;

/* The size of a part fits into an image, or images into it, so that a row loop can cut the pixels
 * by images. */
yg_channels yg_channels_of(const yg_type *x);

/* yg_op.plan of a sum over operand 0 with two results of real numbers. A part has two numbers for
 * each channel. Operands after the first are read whole. */
void yg_channels_plan_sums(const yg_infer *call, yg_kernel reduce, yg_kernel finish,
                           yg_op_plan *plan);

/* Shape rule: fails unless operand 0 is float and has a dimension of channels, and each operand
 * from `first` on is [channels], of its type. */
bool yg_channels_check(const yg_infer *call, size_t first, yg_error *error);

/* For a composite: mean and biased variance of each channel, dimension 1 of operand 0. Fails as
 * PyTorch does where a channel has a single value: normalised it would always be 0. */
bool yg_channels_moments(yg_graph *graph, const yg_infer *call, yg_node x, yg_node moments[2]);

/* The number of values of each channel, dimension 1 of x. */
int64_t yg_channels_count(const yg_type *x);

/* For a reference: mean, or biased variance, of a channel, dimension 1 of operand 0. */
double yg_channels_reference(const yg_reference *r, int64_t channel, bool variance);

/* For a composite: x, whose channels are dimension 1, with the channels last; and back. */
yg_node yg_channels_last(yg_graph *graph, yg_node x);
yg_node yg_channels_second(yg_graph *graph, yg_node x);

#endif
