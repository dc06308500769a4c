/*
 * The common parts of conv1d, conv2d, conv3d and of their transposed forms. Names, defaults and
 * errors are those of torch.nn.functional.
 */
#include "conv.h"

#include "build.h"
#include "convolution.h"
#include "registry.h"

#include <inttypes.h>
#include <string.h>

enum { X, WEIGHT, BIAS };
enum { STRIDE, PADDING };
enum { CONV_DILATION = 2, CONV_GROUPS, CONV_PADDING_MODE };
enum { TRANSPOSE_OUTPUT_PADDING = 2, TRANSPOSE_GROUPS, TRANSPOSE_DILATION };
enum { MOST = YG_CONVOLUTION_DIMS };

static const char *const paddings[] = {"valid", "same", NULL};
enum { VALID, SAME };
static const char *const padding_modes[] = {"zeros", "reflect", "replicate", "circular", NULL};
enum { ZEROS }; /* the others are numbered as in pad */

#define NUMBERS(least, value)                                                                      \
    .kind = YG_ATTR_INTS, .fallback = {.count = 1, .ints = {value}}, .min = (least),               \
    .max = (double)INT32_MAX
#define STRIDE_ATTR                                                                                \
    { .name = "stride", NUMBERS(1, 1), .doc = "a number, or one for each spatial dimension" }
#define DILATION_ATTR                                                                              \
    {                                                                                              \
        .name = "dilation", NUMBERS(1, 1),                                                         \
        .doc = "the distance between neighbours of the weight, in elements of x"                   \
    }
#define GROUPS_ATTR                                                                                \
    {                                                                                              \
        .name = "groups", .kind = YG_ATTR_INT, .fallback = {.i = 1}, .min = 1,                     \
        .max = (double)INT32_MAX, .doc = "channels and filters meet only within a group"           \
    }

const yg_attr_spec yg_conv_attrs[YG_CONV_ATTRS] = {
    [STRIDE] = STRIDE_ATTR,
    [PADDING] = {.name = "padding",
                 NUMBERS(0, 0),
                 .choices = paddings,
                 .doc = "zeros on both sides of each spatial dimension; same: as many as keep the "
                        "size; valid: none"},
    [CONV_DILATION] = DILATION_ATTR,
    [CONV_GROUPS] = GROUPS_ATTR,
    [CONV_PADDING_MODE] = {.name = "padding_mode",
                           .kind = YG_ATTR_CHOICE,
                           .choices = padding_modes,
                           .doc = "what padding adds: zeros, x mirrored, its edge, or x from the "
                                  "other end"},
};

const yg_attr_spec yg_conv_transpose_attrs[YG_CONV_TRANSPOSE_ATTRS] = {
    [STRIDE] = STRIDE_ATTR,
    [PADDING] = {.name = "padding",
                 NUMBERS(0, 0),
                 .doc = "elements that are cut off on both sides of each spatial dimension"},
    [TRANSPOSE_OUTPUT_PADDING] = {.name = "output_padding",
                                  NUMBERS(0, 0),
                                  .doc = "elements more at the end of each spatial dimension"},
    [TRANSPOSE_GROUPS] = GROUPS_ATTR,
    [TRANSPOSE_DILATION] = DILATION_ATTR,
};

enum { YG_PAD_ATTRS = 5 };

/* A call, read. */
typedef struct conv {
    yg_graph *graph;
    const yg_infer *call;
    int dims;     /* spatial dimensions */
    bool batched; /* x has a batch dimension */
    const yg_type *x, *weight;
    int64_t stride[MOST], before[MOST], after[MOST], dilation[MOST], output_padding[MOST];
    int64_t groups;
    int64_t size[MOST]; /* of the result */
} conv;

/* Reads a list with one entry for each spatial dimension, or a single one for all of them. */
static bool read_list(const conv *c, size_t index, int64_t list[MOST]) {
    const yg_attr *attr = &c->call->attrs[index];
    if (attr->count != 1 && attr->count != c->dims) {
        yg_graph_fail(c->graph, YG_ERROR_ARGUMENT,
                      "%s: %s has %" PRId64 " numbers, %s fits: one for each spatial dimension",
                      c->call->op->name, c->call->op->attrs[index].name, attr->count,
                      c->dims == 1   ? "one"
                      : c->dims == 2 ? "one or two"
                                     : "one or three");
        return false;
    }
    for (int i = 0; i < c->dims; i++)
        list[i] = attr->ints[attr->count == 1 ? 0 : i];
    return true;
}

static int64_t size_of_x(const conv *c, int i) {
    return c->x->shape[c->x->rank - c->dims + i];
}

/* Checks the operands. The weight's dimension `filters` holds what becomes channels of the result,
 * in the transposed form those of one group. */
static bool read_operands(conv *c, const yg_infer *call, bool transposed) {
    const char *name = call->op->name;
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    c->x = &call->operands[X];
    c->weight = &call->operands[WEIGHT];
    c->batched = c->x->rank == c->dims + 2;
    yg_type_text(c->x, a);
    yg_type_text(c->weight, b);
    if (!c->batched && c->x->rank != c->dims + 1) {
        yg_graph_fail(c->graph, YG_ERROR_SHAPE,
                      "%s: x is %s, it needs %d dimensions [N, C, …], or %d without a batch", name,
                      a, c->dims + 2, c->dims + 1);
        return false;
    }
    if (c->weight->rank != c->dims + 2) {
        yg_graph_fail(c->graph, YG_ERROR_SHAPE, "%s: the weight is %s, it needs %d dimensions",
                      name, b, c->dims + 2);
        return false;
    }
    if (c->x->dtype != c->weight->dtype || !yg_dtype_is_float(c->x->dtype)) {
        yg_graph_fail(c->graph, YG_ERROR_DTYPE,
                      "%s: x is %s and the weight %s: both need the same float type", name, a, b);
        return false;
    }
    const int64_t channels = c->x->shape[c->batched], first = c->weight->shape[0];
    if (first == 0 || first % c->groups != 0) {
        yg_graph_fail(c->graph, YG_ERROR_SHAPE,
                      "%s: dimension 0 of the weight %s is not divisible into %" PRId64 " groups",
                      name, b, c->groups);
        return false;
    }
    const int64_t wanted = transposed ? first : c->weight->shape[1] * c->groups;
    if (channels != wanted) {
        yg_graph_fail(c->graph, YG_ERROR_SHAPE,
                      "%s: x %s has %" PRId64 " channels, the weight %s with %" PRId64
                      " group%s wants %" PRId64,
                      name, a, channels, b, c->groups, c->groups == 1 ? "" : "s", wanted);
        return false;
    }
    return true;
}

static bool check_bias(const conv *c, int64_t filters) {
    if (c->call->operand_count <= BIAS)
        return true;
    const yg_type *bias = &c->call->operands[BIAS];
    char text[YG_TYPE_TEXT];
    if (bias->rank == 1 && bias->shape[0] == filters && bias->dtype == c->x->dtype)
        return true;
    yg_graph_fail(c->graph, YG_ERROR_SHAPE, "%s: the bias is %s, it needs to be %s[%" PRId64 "]",
                  c->call->op->name, yg_type_text(bias, text), yg_dtype_name(c->x->dtype), filters);
    return false;
}

/* Fails unless each spatial size, and each number of taps, is at least 1. */
static bool check_not_empty(const conv *c) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    for (int i = 0; i < c->dims; i++)
        if (size_of_x(c, i) == 0 || c->weight->shape[2 + i] == 0) {
            yg_graph_fail(c->graph, YG_ERROR_SHAPE,
                          "%s: x is %s and the weight %s: no spatial dimension may be empty",
                          c->call->op->name, yg_type_text(c->x, a), yg_type_text(c->weight, b));
            return false;
        }
    return true;
}

/* The extent of the weight in spatial dimension i, less one: from its first tap to its last. */
static int64_t span(const conv *c, int i) {
    return c->dilation[i] * (c->weight->shape[2 + i] - 1);
}

/* ------------------------------------------------------------------------------------ building --
 */

/* Moves the channels behind the spatial dimensions, or back. */
static yg_node move_channels(const conv *c, yg_node x, bool last) {
    int64_t order[YG_MAX_RANK] = {0};
    const int rank = c->dims + 2;
    order[last ? rank - 1 : 1] = last ? 1 : rank - 1;
    for (int i = 0; i < c->dims; i++)
        order[last ? 1 + i : 2 + i] = last ? 2 + i : 1 + i;
    return yg_permute(c->graph, x, order);
}

static yg_attr list_of(const conv *c, const int64_t list[MOST]) {
    yg_attr attr = {.count = c->dims};
    memcpy(attr.ints, list, (size_t)c->dims * sizeof *list);
    return attr;
}

/* channels last, `primitive`, bias, channels first. */
static size_t build(const conv *c, const yg_op *primitive, const yg_node *operands,
                    yg_node *results) {
    yg_graph *graph = c->graph;
    yg_node x = operands[X];
    yg_type shape = *c->x;
    if (!c->batched) {
        shape.rank = c->x->rank + 1;
        shape.shape[0] = 1;
        memcpy(shape.shape + 1, c->x->shape, (size_t)c->x->rank * sizeof *shape.shape);
        x = yg_reshape(graph, x, &shape);
    }
    const yg_attr attrs[YG_CONVOLUTION_ATTRS] = {
        [YG_CONVOLUTION_SIZE] = list_of(c, c->size),
        [YG_CONVOLUTION_STRIDE] = list_of(c, c->stride),
        [YG_CONVOLUTION_PADDING] = list_of(c, c->before),
        [YG_CONVOLUTION_DILATION] = list_of(c, c->dilation),
        [YG_CONVOLUTION_GROUPS] = {.i = c->groups},
    };
    const bool has_bias = c->call->operand_count > BIAS;
    const bool takes_bias = has_bias && primitive->max_operands > BIAS;
    const yg_node given[] = {move_channels(c, x, true), operands[WEIGHT],
                             has_bias ? operands[BIAS] : YG_NONE};
    yg_node y = yg_apply(graph, primitive, given, takes_bias ? 3 : 2, attrs);
    if (has_bias && !takes_bias)
        y = yg_add(graph, y, operands[BIAS]);
    y = move_channels(c, y, false);
    if (!c->batched && y != YG_NONE) {
        shape = *yg_node_type(graph, y);
        shape.rank--;
        memmove(shape.shape, shape.shape + 1, (size_t)shape.rank * sizeof *shape.shape);
        shape.shape[shape.rank] = 0;
        y = yg_reshape(graph, y, &shape);
    }
    results[0] = y;
    return 1;
}

/* --------------------------------------------------------------------------------- convolution --
 */

static bool read_padding(conv *c) {
    const yg_attr *padding = &c->call->attrs[PADDING];
    if (!padding->is_word) {
        if (!read_list(c, PADDING, c->before))
            return false;
        memcpy(c->after, c->before, sizeof c->after);
        return true;
    }
    for (int i = 0; i < c->dims && padding->i == SAME; i++) {
        if (c->stride[i] != 1) {
            yg_graph_fail(c->graph, YG_ERROR_ARGUMENT,
                          "%s: padding `same` needs stride 1, found %" PRId64, c->call->op->name,
                          c->stride[i]);
            return false;
        }
        c->before[i] = span(c, i) / 2;
        c->after[i] = span(c, i) - c->before[i];
    }
    return true;
}

/* The size of the result, as PyTorch computes it. */
static bool find_size(conv *c) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    for (int i = 0; i < c->dims; i++) {
        const int64_t room = size_of_x(c, i) + c->before[i] + c->after[i] - span(c, i);
        if (room < 1) {
            yg_graph_fail(c->graph, YG_ERROR_SHAPE,
                          "%s: the weight %s with dilation %" PRId64
                          " is larger than x %s with its padding, in spatial dimension %d",
                          c->call->op->name, yg_type_text(c->weight, b), c->dilation[i],
                          yg_type_text(c->x, a), i);
            return false;
        }
        c->size[i] = (room - 1) / c->stride[i] + 1;
    }
    return true;
}

/* Pads x with what is not zero. The convolution is then one without padding. */
static yg_node pad(conv *c, yg_node x, int64_t mode) {
    yg_attr attrs[YG_PAD_ATTRS];
    yg_op_defaults(&yg_op_pad, attrs);
    attrs[yg_op_attr(&yg_op_pad, "before")] = list_of(c, c->before);
    attrs[yg_op_attr(&yg_op_pad, "after")] = list_of(c, c->after);
    attrs[yg_op_attr(&yg_op_pad, "mode")].i = mode;
    memset(c->before, 0, sizeof c->before);
    return yg_apply(c->graph, &yg_op_pad, &x, 1, attrs);
}

size_t yg_conv_compose(yg_graph *graph, const yg_infer *call, const yg_node *operands, int dims,
                       yg_node *results) {
    conv c = {.graph = graph, .call = call, .dims = dims, .groups = call->attrs[CONV_GROUPS].i};
    if (!read_operands(&c, call, false) || !check_bias(&c, c.weight->shape[0]) ||
        !check_not_empty(&c) || !read_list(&c, STRIDE, c.stride) ||
        !read_list(&c, CONV_DILATION, c.dilation) || !read_padding(&c) || !find_size(&c))
        return 0;
    const int64_t mode = call->attrs[CONV_PADDING_MODE].i;
    if (mode == ZEROS)
        return build(&c, &yg_op_convolution, operands, results);
    const yg_node padded = pad(&c, operands[X], mode);
    if (padded == YG_NONE)
        return 0;
    const yg_type type = *yg_node_type(graph, padded);
    const yg_node others[] = {padded, operands[WEIGHT],
                              call->operand_count > BIAS ? operands[BIAS] : YG_NONE};
    c.x = &type;
    return build(&c, &yg_op_convolution, others, results);
}

/* ---------------------------------------------------------------------------------- transposed --
 */

static bool find_transposed_size(conv *c) {
    char a[YG_TYPE_TEXT];
    for (int i = 0; i < c->dims; i++) {
        const int64_t more = c->output_padding[i];
        if (more >= c->stride[i] && more >= c->dilation[i]) {
            yg_graph_fail(c->graph, YG_ERROR_ARGUMENT,
                          "%s: output_padding %" PRId64 " is smaller than neither stride %" PRId64
                          " nor dilation %" PRId64,
                          c->call->op->name, more, c->stride[i], c->dilation[i]);
            return false;
        }
        if (__builtin_mul_overflow(size_of_x(c, i) - 1, c->stride[i], &c->size[i]) ||
            __builtin_add_overflow(c->size[i], span(c, i) + more + 1 - 2 * c->before[i],
                                   &c->size[i]) ||
            c->size[i] < 1) {
            yg_graph_fail(c->graph, YG_ERROR_SHAPE,
                          "%s: padding leaves nothing of x %s in spatial dimension %d",
                          c->call->op->name, yg_type_text(c->x, a), i);
            return false;
        }
    }
    return true;
}

size_t yg_conv_transpose_compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                 int dims, yg_node *results) {
    conv c = {
        .graph = graph, .call = call, .dims = dims, .groups = call->attrs[TRANSPOSE_GROUPS].i};
    if (!read_operands(&c, call, true) || !check_bias(&c, c.weight->shape[1] * c.groups) ||
        !check_not_empty(&c) || !read_list(&c, STRIDE, c.stride) ||
        !read_list(&c, TRANSPOSE_DILATION, c.dilation) || !read_list(&c, PADDING, c.before) ||
        !read_list(&c, TRANSPOSE_OUTPUT_PADDING, c.output_padding) || !find_transposed_size(&c))
        return 0;
    return build(&c, &yg_op_convolution_data, operands, results);
}

/* ----------------------------------------------------------------------------------- reference --
 */

/* Sums over the channels of the group and the taps. `at` finds the position of x for a position of
 * the result and a tap: in one spatial dimension. -1: there is none. */
typedef int64_t (*meet)(const yg_reference *r, int i, int64_t position, int64_t tap);

static int64_t entry(const yg_attr *attr, int i) {
    return attr->ints[attr->count == 1 ? 0 : i];
}

static double sum_products(const yg_reference *r, const int64_t *index, int64_t groups,
                           bool transposed, meet at) {
    const yg_type *x = &r->call->operands[X], *weight = &r->call->operands[WEIGHT];
    const int dims = weight->rank - 2, lead = x->rank - dims - 1; /* 1 with a batch */
    const int64_t filters = r->out_type->shape[lead] / groups, filter = index[lead];
    const int64_t channels = x->shape[lead] / groups, group = filter / filters;
    int64_t taps = 1;
    for (int i = 0; i < dims; i++)
        taps *= weight->shape[2 + i];
    double sum = r->call->operand_count > BIAS ? yg_at(r, BIAS, &filter) : 0;
    for (int64_t k = 0; k < channels * taps; k++) {
        int64_t at_x[YG_MAX_RANK] = {index[0]}, at_weight[YG_MAX_RANK], rest = k / channels;
        const int64_t channel = k % channels;
        at_x[lead] = group * channels + channel;
        at_weight[0] = transposed ? at_x[lead] : filter;
        at_weight[1] = transposed ? filter % filters : channel;
        bool inside = true;
        for (int i = dims; i-- > 0;) {
            at_weight[2 + i] = rest % weight->shape[2 + i];
            rest /= weight->shape[2 + i];
            at_x[lead + 1 + i] = at(r, i, index[lead + 1 + i], at_weight[2 + i]);
            inside =
                inside && at_x[lead + 1 + i] >= 0 && at_x[lead + 1 + i] < x->shape[lead + 1 + i];
        }
        if (inside)
            sum += yg_at(r, X, at_x) * yg_at(r, WEIGHT, at_weight);
    }
    return sum;
}

static int64_t meet_in_conv(const yg_reference *r, int i, int64_t position, int64_t tap) {
    const yg_attr *attrs = r->call->attrs, *padding = &attrs[PADDING];
    const int64_t dilation = entry(&attrs[CONV_DILATION], i);
    const int64_t span = dilation * (r->call->operands[WEIGHT].shape[2 + i] - 1);
    const int64_t before = !padding->is_word    ? entry(padding, i)
                           : padding->i == SAME ? span / 2
                                                : 0;
    const int64_t at = position * entry(&attrs[STRIDE], i) + tap * dilation - before;
    const yg_type *x = &r->call->operands[X];
    const int64_t size = x->shape[x->rank - r->call->operands[WEIGHT].rank + 2 + i];
    switch (attrs[CONV_PADDING_MODE].i) {
    case 1: /* mirrored, without the edge */
        return at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
    case 2:
        return at < 0 ? 0 : at >= size ? size - 1 : at;
    case 3:
        return at < 0 ? at + size : at >= size ? at - size : at;
    default:
        return at;
    }
}

double yg_conv_reference(const yg_reference *r, const int64_t *index) {
    return sum_products(r, index, r->call->attrs[CONV_GROUPS].i, false, meet_in_conv);
}

static int64_t meet_in_transpose(const yg_reference *r, int i, int64_t position, int64_t tap) {
    const yg_attr *attrs = r->call->attrs;
    const int64_t spread =
        position + entry(&attrs[PADDING], i) - tap * entry(&attrs[TRANSPOSE_DILATION], i);
    const int64_t stride = entry(&attrs[STRIDE], i);
    return spread >= 0 && spread % stride == 0 ? spread / stride : -1;
}

double yg_conv_transpose_reference(const yg_reference *r, const int64_t *index) {
    return sum_products(r, index, r->call->attrs[TRANSPOSE_GROUPS].i, true, meet_in_transpose);
}
