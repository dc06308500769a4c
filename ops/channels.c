/*
 * Channels: see channels.h.
 */
#include "channels.h"

#include "../graph/shards.h"
#include "build.h"
#include "registry.h"
#include "row_normalize.h"
#include "shape.h"

const yg_attr_spec yg_channels_attrs[1] = {
    {.name = "second",
     .kind = YG_ATTR_BOOL,
     .doc = "the channels are the second dimension, not the last"},
};

bool yg_channels_second_of(const yg_attr *attrs) {
    return attrs[0].i != 0;
}

yg_attr yg_channels_attr(const yg_type *x) {
    return (yg_attr){.i = x->rank > 2};
}

static int64_t part_of(int64_t image, int64_t most) {
    if (image <= most)
        return image > 0 ? most / image * image : most;
    for (int64_t size = most; size >= most / 4; size--)
        if (image % size == 0)
            return size;
    return most;
}

/* The least number of pixels that fill whole vectors. */
static int64_t together_of(int64_t channels) {
    int64_t pixels = 1;
    while (pixels < YG_CHANNEL_LANES && pixels * channels % YG_CHANNEL_LANES != 0)
        pixels *= 2;
    return pixels;
}

yg_channels yg_channels_of(const yg_type *x, bool second) {
    const int at = second ? 1 : x->rank - 1;
    yg_channels c = {.channels = x->shape[at], .second = second, .run = 1, .together = 1};
    if (second) {
        c.run = c.part = yg_shape_product(x->shape, 2, x->rank);
        c.pixels = x->shape[0] * c.run;
        c.groups = c.run > 0 ? x->shape[0] : 0;
        c.parts = c.groups * c.channels;
        return c;
    }
    const bool few = c.channels > 0 && c.channels < YG_CHANNEL_LANES;
    const int64_t most =
        few ? 2 * YG_CHANNEL_PART * YG_CHANNEL_LANES / c.channels : YG_CHANNEL_PART;
    c.pixels = yg_shape_product(x->shape, 0, at);
    c.part = part_of(yg_shape_product(x->shape, 1, at), most);
    c.parts = c.groups = c.pixels / c.part + (c.pixels % c.part != 0);
    c.together = few ? together_of(c.channels) : 1;
    return c;
}

void yg_channels_plan_sums(const yg_infer *call, int64_t numbers, yg_kernel reduce,
                           yg_kernel finish, yg_op_plan *plan) {
    const yg_type *x = &call->operands[0];
    const yg_channels c = yg_channels_of(x, yg_channels_second_of(call->attrs));
    const int64_t in_part = c.second ? 1 : c.channels;
    const int64_t bytes = numbers * in_part * (int64_t)yg_dtype_size(x->dtype);
    plan->whole = ~(uint64_t)1;
    plan->flops = 4 * (double)yg_type_count(x);
    plan->scratch_bytes = c.parts * bytes;
    if (c.parts > 0 && c.channels > 0)
        plan->parts = (yg_parts){.elements = c.part * in_part,
                                 .count = c.parts,
                                 .bytes = bytes,
                                 .reduce = reduce,
                                 .finish = finish};
}

bool yg_channels_check(const yg_infer *call, size_t first, yg_error *error) {
    const yg_type *x = &call->operands[0];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    const bool second = yg_channels_second_of(call->attrs);
    if (!yg_dtype_is_float(x->dtype) || x->rank <= second)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s takes a float tensor with channels, not %s", call->op->name,
                       yg_type_text(x, a));
    for (size_t k = first; k < call->operand_count; k++) {
        const yg_type *other = &call->operands[k];
        if (other->dtype != x->dtype || other->rank != 1 ||
            other->shape[0] != x->shape[second ? 1 : x->rank - 1])
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "%s: %s does not fit the channels of %s", call->op->name,
                           yg_type_text(other, a), yg_type_text(x, b));
    }
    return true;
}

yg_node yg_channels_along(yg_graph *graph, yg_node statistics, const yg_type *x, bool second) {
    if (statistics == YG_NONE || !second)
        return statistics;
    yg_type shape = {.dtype = x->dtype, .rank = (int8_t)(x->rank - 1), .shape = {x->shape[1]}};
    for (int d = 1; d < shape.rank; d++)
        shape.shape[d] = 1;
    return yg_reshape(graph, statistics, &shape);
}

yg_node yg_channels_sum(yg_graph *graph, yg_node x, bool second) {
    if (x == YG_NONE)
        return YG_NONE;
    const int rank = yg_node_type(graph, x)->rank;
    int64_t dims[YG_MAX_RANK];
    size_t count = 0;
    for (int d = 0; d < rank; d++)
        if (d != (second ? 1 : rank - 1))
            dims[count++] = d;
    return count == 0 ? x : yg_sum(graph, x, dims, count, false);
}

void yg_channels_at(const yg_type *x, bool second, int64_t channel, int64_t i,
                    int64_t at[YG_MAX_RANK]) {
    const int of = second ? 1 : x->rank - 1;
    for (int d = x->rank; d-- > 0;) {
        at[d] = d == of ? channel : i % x->shape[d];
        i /= d == of ? 1 : x->shape[d];
    }
}

int64_t yg_channels_count(const yg_type *x) {
    return x->shape[0] * yg_shape_product(x->shape, 2, x->rank);
}

static const yg_graph_shards *shards_of(const yg_graph *graph, bool sync) {
    return sync ? yg_graph_get_shards(graph) : NULL;
}

/* Makes the moments of a shard those of all shards together. The variance of all is the mean of
 * what the shards have around the common mean: no difference of large numbers is taken. */
static void join_shards(yg_graph *graph, const yg_graph_shards *shards, yg_node moments[2]) {
    const yg_node mean = shards->mean(shards->context, graph, moments[0]);
    const yg_node apart = yg_square(graph, yg_subtract(graph, moments[0], mean));
    moments[1] = shards->mean(shards->context, graph, yg_add(graph, moments[1], apart));
    moments[0] = mean;
}

bool yg_channels_moments(yg_graph *graph, const yg_infer *call, yg_node x, bool sync,
                         yg_node moments[2]) {
    const yg_type *type = &call->operands[0];
    const yg_graph_shards *shards = shards_of(graph, sync);
    char text[YG_TYPE_TEXT];
    if (!yg_check_normalizable(graph, call, 2))
        return false;
    if (yg_channels_count(type) == 1 && !shards) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: a channel of %s is a single value; training needs several",
                      call->op->name, yg_type_text(type, text));
        return false;
    }
    const yg_attr attr = yg_channels_attr(type);
    if (yg_apply_all(graph, &yg_op_channel_moments, &x, 1, &attr, moments, 2) != 2)
        return false;
    if (shards)
        join_shards(graph, shards, moments);
    return moments[1] != YG_NONE;
}

yg_node yg_channels_unbiased(yg_graph *graph, const yg_infer *call, bool sync, yg_node variance) {
    const double n = (double)yg_channels_count(&call->operands[0]);
    const yg_graph_shards *shards = shards_of(graph, sync);
    if (!shards)
        return yg_scale(graph, variance, n / (n - 1));
    /* The whole batch has n / part values, which only the step knows. */
    const yg_node part = shards->part(shards->context, graph);
    const yg_node rest = yg_offset(graph, yg_scale(graph, part, -1 / n), 1);
    const yg_node factor = yg_divide(graph, yg_scalar(graph, YG_F64, 1), rest);
    return yg_multiply(graph, variance, yg_cast(graph, factor, call->operands[0].dtype));
}

double yg_channels_reference(const yg_reference *r, int64_t channel, bool variance) {
    const yg_type *x = &r->call->operands[0];
    const int64_t n = yg_channels_count(x);
    double mean = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < n; i++) {
            int64_t at[YG_MAX_RANK];
            yg_channels_at(x, true, channel, i, at);
            const double value = yg_at(r, 0, at);
            if (pass == 0)
                mean += value / (double)n;
            else
                squares += (value - mean) * (value - mean) / (double)n;
        }
    return variance ? squares : mean;
}
