/*
 * Operators on the channels of a tensor. These are its last dimension, [pixels…, channels], or with
 * the attribute `second` its second one, [batch, channels, pixels…]. Batch normalisation is made of
 * them. Statistics are [channels].
 *
 * The composites say `second`, as the language does. What computes with the channels last, as a
 * convolution, ends with a permutation; the rule `permutations` then makes these operators read its
 * operand.
 *
 * The first dimension is the batch. Sums over all pixels are taken in parts: a few pixels, or one
 * channel of one image. The sums of the parts are added up in double. So they can be taken while
 * the pixels are in the cache, by any number of threads, and always have the same bits.
 */
#ifndef YG_OPS_CHANNELS_H
#define YG_OPS_CHANNELS_H

#include "../graph/graph.h"

enum {
    YG_CHANNEL_LANES = 16,  /* elements of a vector: channels that are computed together */
    YG_CHANNEL_VECTORS = 4, /* vectors that are computed together */
    YG_CHANNEL_WIDE = YG_CHANNEL_VECTORS * YG_CHANNEL_LANES,
    YG_CHANNEL_MOST_WIDE = (YG_CHANNEL_LANES - 1) * YG_CHANNEL_LANES, /* see yg_channels.together */
    YG_CHANNEL_PART = 64, /* the most pixels of a part, if images have more and channels are many */
};

/* The attribute of these operators. */
extern const yg_attr_spec yg_channels_attrs[1];

/* A tensor as pixels of channels. */
typedef struct yg_channels {
    int64_t pixels, channels; /* pixels of all images together */
    bool second;
    int64_t run;   /* neighbours of one channel: the pixels of an image with `second`, else 1 */
    int64_t part;  /* pixels in a part of a sum; the last part may be shorter */
    int64_t parts; /* how many parts there are: with `second`, each has one channel only */
    /* Fewer channels than lanes: so many pixels side by side fill whole vectors. Otherwise 1. */
    int64_t together;
    int64_t groups; /* of parts that have all channels together; without `second`, the parts */
} yg_channels;

/* The size of a part fits into an image, or images into it, so that a row loop can cut the pixels
 * by images. */
yg_channels yg_channels_of(const yg_type *x, bool second);

/* Of a call of these operators. */
bool yg_channels_second_of(const yg_attr *attrs);

/* Of what parts have, `numbers` for each channel: number k of channel l of group g is at
 * g · channels · numbers + l · step + k · apart. */
static inline int64_t yg_channels_step(const yg_channels *c, int64_t numbers) {
    return c->second ? numbers : 1;
}

static inline int64_t yg_channels_apart(const yg_channels *c) {
    return c->second ? 1 : c->channels;
}

/* The pixels of group g of the parts. */
static inline int64_t yg_channels_group(const yg_channels *c, int64_t g) {
    return g + 1 < c->groups || c->second ? c->part : c->pixels - (c->groups - 1) * c->part;
}

/* yg_op.plan of a sum over operand 0 with two results of real numbers. A part has so many `numbers`
 * for each channel. Operands after the first are read whole. */
void yg_channels_plan_sums(const yg_infer *call, int64_t numbers, yg_kernel reduce,
                           yg_kernel finish, yg_op_plan *plan);

/* Shape rule: fails unless operand 0 is float and has a dimension of channels, and each operand
 * from `first` on is [channels], of its type. */
bool yg_channels_check(const yg_infer *call, size_t first, yg_error *error);

/* For a composite: mean and biased variance of each channel, dimension 1 of operand 0. Fails as
 * PyTorch does where a channel has a single value: normalised it would always be 0. `sync`: where
 * the graph is built for a shard, those of the whole batch (graph/shards.h). */
bool yg_channels_moments(yg_graph *graph, const yg_infer *call, yg_node x, bool sync,
                         yg_node moments[2]);
/* The unbiased variance, given the biased one. */
yg_node yg_channels_unbiased(yg_graph *graph, const yg_infer *call, bool sync, yg_node variance);

/* The number of values of each channel, dimension 1 of x. */
int64_t yg_channels_count(const yg_type *x);

/* For a reference: mean, or biased variance, of a channel, dimension 1 of operand 0. */
double yg_channels_reference(const yg_reference *r, int64_t channel, bool variance);

/* For a composite: the attribute for x, whose channels are dimension 1. With two dimensions they
 * are the last as well. */
yg_attr yg_channels_attr(const yg_type *x);

/* Statistics, [channels], in a shape that broadcasts along the channels of x. */
yg_node yg_channels_along(yg_graph *graph, yg_node statistics, const yg_type *x, bool second);

/* The sum of x over all but its channels. */
yg_node yg_channels_sum(yg_graph *graph, yg_node x, bool second);

/* For a reference: the index into x of pixel i of a channel. */
void yg_channels_at(const yg_type *x, bool second, int64_t channel, int64_t i,
                    int64_t at[YG_MAX_RANK]);

#endif
