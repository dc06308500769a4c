/*
 * Channels: see channels.h.
 */
#include "channels.h"

#include "build.h"
#include "registry.h"
#include "row_normalize.h"
#include "shape.h"

static int64_t part_of(int64_t image) {
    if (image <= YG_CHANNEL_PART)
        return image > 0 ? YG_CHANNEL_PART / image * image : YG_CHANNEL_PART;
    for (int64_t size = YG_CHANNEL_PART; size >= YG_CHANNEL_PART / 4; size--)
        if (image % size == 0)
            return size;
    return YG_CHANNEL_PART;
}

yg_channels yg_channels_of(const yg_type *x) {
    yg_channels c = {.pixels = yg_shape_product(x->shape, 0, x->rank - 1),
                     .channels = x->shape[x->rank - 1],
                     .part = part_of(yg_shape_product(x->shape, 1, x->rank - 1))};
    c.parts = c.pixels / c.part + (c.pixels % c.part != 0);
    return c;
}

void yg_channels_plan_sums(const yg_infer *call, yg_kernel reduce, yg_kernel finish,
                           yg_op_plan *plan) {
    const yg_type *x = &call->operands[0];
    const yg_channels c = yg_channels_of(x);
    const int64_t bytes = 2 * c.channels * (int64_t)yg_dtype_size(x->dtype);
    plan->whole = ~(uint64_t)1;
    plan->flops = 4 * (double)yg_type_count(x);
    plan->scratch_bytes = c.parts * bytes;
    if (c.parts > 0 && c.channels > 0)
        plan->parts = (yg_parts){.elements = c.part * c.channels,
                                 .count = c.parts,
                                 .bytes = bytes,
                                 .reduce = reduce,
                                 .finish = finish};
}

bool yg_channels_check(const yg_infer *call, size_t first, yg_error *error) {
    const yg_type *x = &call->operands[0];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(x->dtype) || x->rank == 0)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s takes a float tensor with the channels last, not %s", call->op->name,
                       yg_type_text(x, a));
    for (size_t k = first; k < call->operand_count; k++) {
        const yg_type *other = &call->operands[k];
        if (other->dtype != x->dtype || other->rank != 1 ||
            other->shape[0] != x->shape[x->rank - 1])
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "%s: %s does not fit the channels of %s", call->op->name,
                           yg_type_text(other, a), yg_type_text(x, b));
    }
    return true;
}

yg_node yg_channels_last(yg_graph *graph, yg_node x) {
    if (x == YG_NONE)
        return YG_NONE;
    const int rank = yg_node_type(graph, x)->rank;
    int64_t order[YG_MAX_RANK] = {0};
    for (int d = 1; d < rank; d++)
        order[d] = d + 1 < rank ? d + 1 : 1;
    return yg_permute(graph, x, order);
}

yg_node yg_channels_second(yg_graph *graph, yg_node x) {
    if (x == YG_NONE)
        return YG_NONE;
    const int rank = yg_node_type(graph, x)->rank;
    int64_t order[YG_MAX_RANK] = {0};
    for (int d = 1; d < rank; d++)
        order[d] = d > 1 ? d - 1 : rank - 1;
    return yg_permute(graph, x, order);
}

int64_t yg_channels_count(const yg_type *x) {
    return x->shape[0] * yg_shape_product(x->shape, 2, x->rank);
}

bool yg_channels_moments(yg_graph *graph, const yg_infer *call, yg_node x, yg_node moments[2]) {
    const yg_type *type = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (!yg_check_normalizable(graph, call, 2))
        return false;
    if (yg_channels_count(type) == 1) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: a channel of %s is a single value; training needs several",
                      call->op->name, yg_type_text(type, text));
        return false;
    }
    const yg_node last = yg_channels_last(graph, x);
    return yg_apply_all(graph, &yg_op_channel_moments, &last, 1, NULL, moments, 2) == 2;
}

double yg_channels_reference(const yg_reference *r, int64_t channel, bool variance) {
    const yg_type *x = &r->call->operands[0];
    const int64_t n = yg_channels_count(x);
    double mean = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < n; i++) {
            int64_t at[YG_MAX_RANK], rest = i;
            for (int d = x->rank; d-- > 2;) {
                at[d] = rest % x->shape[d];
                rest /= x->shape[d];
            }
            at[0] = rest;
            at[1] = channel;
            const double value = yg_at(r, 0, at);
            if (pass == 0)
                mean += value / (double)n;
            else
                squares += (value - mean) * (value - mean) / (double)n;
        }
    return variance ? squares : mean;
}
