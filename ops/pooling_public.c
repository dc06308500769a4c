/*
 * The public operators of pooling: their attributes, what PyTorch asks of them, and the composites.
 * See pooling.h.
 */
#include "build.h"
#include "pooling.h"
#include "registry.h"

#include <inttypes.h>
#include <string.h>

/* -------------------------------------------------------------------------------- attributes -- */

#define SIZES .kind = YG_ATTR_INTS, .max = INT32_MAX
#define KERNEL_SIZE                                                                                \
    {                                                                                              \
        .name = "kernel_size", SIZES, .required = true, .min = 1,                                  \
        .doc = "the size of a window: a number for all dimensions, or one for each"                \
    }
#define STRIDE                                                                                     \
    { .name = "stride", SIZES, .min = 1, .doc = "from one window to the next; none: kernel_size" }
#define CEIL_MODE                                                                                  \
    {                                                                                              \
        .name = "ceil_mode", .kind = YG_ATTR_BOOL,                                                 \
        .doc = "the last window may reach past the end, if it starts before it"                    \
    }

#define RETURN_INDICES                                                                             \
    {                                                                                              \
        .name = "return_indices", .kind = YG_ATTR_BOOL,                                            \
        .doc = "a second result tells where in the image the elements are, as max_unpool wants it" \
    }

const yg_attr_spec yg_max_pool_attrs[YG_MAX_POOL_ATTRS] = {
    KERNEL_SIZE,
    STRIDE,
    {.name = "padding",
     SIZES,
     .fallback = {.count = 1},
     .doc = "elements of -infinity around x, at most half of kernel_size"},
    {.name = "dilation",
     SIZES,
     .fallback = {.count = 1, .ints = {1}},
     .min = 1,
     .doc = "from one element of a window to the next"},
    CEIL_MODE,
    RETURN_INDICES,
};

const yg_attr_spec yg_avg_pool_attrs[YG_AVG_POOL_ATTRS] = {
    KERNEL_SIZE,
    STRIDE,
    {.name = "padding",
     SIZES,
     .fallback = {.count = 1},
     .doc = "zeros around x, at most half of kernel_size"},
    CEIL_MODE,
    {.name = "count_include_pad",
     .kind = YG_ATTR_BOOL,
     .fallback = {.i = 1},
     .doc = "the zeros count as elements of a window"},
    {.name = "divisor_override",
     .kind = YG_ATTR_INT,
     .min = INT32_MIN,
     .max = INT32_MAX,
     .doc = "what sums are divided by; 0: the number of elements of the window"},
};

const yg_attr_spec yg_lp_pool_attrs[YG_LP_POOL_ATTRS] = {
    {.name = "norm_type",
     .kind = YG_ATTR_FLOAT,
     .required = true,
     .min = 1e-3,
     .max = 1e3,
     .doc = "the exponent p"},
    KERNEL_SIZE,
    STRIDE,
    CEIL_MODE,
};

const yg_attr_spec yg_adaptive_pool_attrs[YG_ADAPTIVE_MAX_POOL_ATTRS] = {
    {.name = "output_size",
     SIZES,
     .required = true,
     .min = -1,
     .doc = "the number of windows: a number for all dimensions, or one for each; null or -1: as "
            "many as x has elements there"},
    RETURN_INDICES,
};

static const yg_attr *find(const yg_infer *call, const char *name) {
    const int at = yg_op_attr(call->op, name);
    return at < 0 ? NULL : &call->attrs[at];
}

static bool is_set(const yg_infer *call, const char *name) {
    const yg_attr *attr = find(call, name);
    return attr && attr->i != 0;
}

/* Reads a list of one entry a dimension. One number stands for all of them; a list that the
 * operator does not have, or that is empty, is `fallback`. */
static bool read_list(const yg_infer *call, const char *name, int dims, const yg_attr *fallback,
                      yg_attr *list, yg_error *error) {
    const yg_attr *given = find(call, name);
    *list = (yg_attr){.count = dims};
    if (!given || given->count == 0) {
        *list = *fallback;
        return true;
    }
    if (given->count != 1 && given->count != dims)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: %s has %" PRId64 " entries; it takes one, or one for each of %d "
                       "dimensions",
                       call->op->name, name, given->count, dims);
    for (int d = 0; d < dims; d++)
        list->ints[d] = yg_attr_ints(given)[given->count == 1 ? 0 : d];
    return true;
}

/* ------------------------------------------------------------------------------------ checks -- */

static bool check_operand(const yg_infer *call, int dims, yg_attr *input, yg_error *error) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    static const char *const spaces[] = {"", "length", "height, width", "depth, height, width"};
    if (!yg_dtype_is_float(x->dtype))
        return yg_fail(error, YG_ERROR_DTYPE, call->origin, "%s takes a float tensor, not %s",
                       call->op->name, yg_type_text(x, text));
    if (x->rank != dims + 1 && x->rank != dims + 2)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s takes images [batch, channels, %s], or one without the batch, not %s",
                       call->op->name, spaces[dims], yg_type_text(x, text));
    *input = (yg_attr){.count = dims};
    for (int d = 0; d < dims; d++)
        input->ints[d] = x->shape[x->rank - dims + d];
    for (int d = x->rank - dims - 1; d < x->rank; d++)
        if (x->shape[d] == 0 || x->shape[d] > INT32_MAX)
            return yg_fail(error, YG_ERROR_SHAPE, call->origin, "%s: an image of %s is %s",
                           call->op->name, yg_type_text(x, text),
                           x->shape[d] == 0 ? "empty" : "too large");
    return true;
}

/* The numbers of windows that are given; a size of x for -1. */
static bool check_windows(const yg_infer *call, yg_attr *attrs, yg_error *error) {
    yg_attr *output = &attrs[YG_POOLING_OUTPUT];
    for (int64_t d = 0; d < output->count; d++) {
        if (output->ints[d] == 0)
            return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                           "%s: output_size has an entry 0; it must be at least 1, or null for the "
                           "size of x",
                           call->op->name);
        if (output->ints[d] == -1)
            output->ints[d] = attrs[YG_POOLING_INPUT].ints[d];
    }
    return true;
}

/* How many windows there are along dimension d. */
static bool count_windows(const yg_infer *call, yg_attr *attrs, int d, yg_error *error) {
    const int64_t kernel = attrs[YG_POOLING_KERNEL].ints[d];
    const int64_t stride = attrs[YG_POOLING_STRIDE].ints[d];
    const int64_t padding = attrs[YG_POOLING_PADDING].ints[d];
    const int64_t dilation = attrs[YG_POOLING_DILATION].ints[d];
    const int64_t input = attrs[YG_POOLING_INPUT].ints[d];
    char text[YG_TYPE_TEXT];
    if (padding > kernel / 2)
        return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                       "%s: padding %" PRId64 " is more than half of kernel_size %" PRId64,
                       call->op->name, padding, kernel);
    /* PyTorch's avg_pool3d, and lp_pool3d which calls it, do not let padding make up for that. */
    if (attrs[YG_POOLING_INPUT].count == 3 && !find(call, "dilation") && input < kernel)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: size %" PRId64 " of %s is smaller than kernel_size %" PRId64,
                       call->op->name, input, yg_type_text(&call->operands[0], text), kernel);
    const int64_t room = input + 2 * padding - dilation * (kernel - 1) - 1;
    const bool ceil_mode = is_set(call, "ceil_mode");
    int64_t count = room + (ceil_mode ? stride - 1 : 0) < 0
                        ? 0
                        : (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    if (ceil_mode && (count - 1) * stride >= input + padding)
        count--;
    if (count < 1)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: no window of kernel_size %" PRId64 " with dilation %" PRId64
                       " and padding %" PRId64 " fits into size %" PRId64 " of %s",
                       call->op->name, kernel, dilation, padding, input,
                       yg_type_text(&call->operands[0], text));
    attrs[YG_POOLING_OUTPUT].ints[d] = count;
    return true;
}

bool yg_pooling_read(const yg_infer *call, int dims, yg_attr attrs[YG_POOLING_ATTRS],
                     yg_error *error) {
    static const yg_attr ones = {.count = YG_POOLING_DIMS, .ints = {1, 1, 1}};
    memset(attrs, 0, YG_POOLING_ATTRS * sizeof *attrs);
    yg_attr one = ones, zero = {.count = dims};
    one.count = dims;
    if (!check_operand(call, dims, &attrs[YG_POOLING_INPUT], error) ||
        !read_list(call, "kernel_size", dims, &one, &attrs[YG_POOLING_KERNEL], error) ||
        !read_list(call, "stride", dims, &attrs[YG_POOLING_KERNEL], &attrs[YG_POOLING_STRIDE],
                   error) ||
        !read_list(call, "padding", dims, &zero, &attrs[YG_POOLING_PADDING], error) ||
        !read_list(call, "dilation", dims, &one, &attrs[YG_POOLING_DILATION], error) ||
        !read_list(call, "output_size", dims, &zero, &attrs[YG_POOLING_OUTPUT], error))
        return false;
    attrs[YG_POOLING_INCLUDE_PAD].i = is_set(call, "count_include_pad");
    const yg_attr *divisor = find(call, "divisor_override");
    attrs[YG_POOLING_DIVISOR].i = divisor ? divisor->i : 0;
    attrs[YG_POOLING_ADAPTIVE].i = find(call, "output_size") != NULL;
    if (attrs[YG_POOLING_ADAPTIVE].i)
        return check_windows(call, attrs, error);
    for (int d = 0; d < dims; d++)
        if (!count_windows(call, attrs, d, error))
            return false;
    return true;
}

/* ------------------------------------------------------------------------------- composites -- */

/* An image without a batch is a batch of one. */
static yg_node to_channels_last(yg_graph *graph, const yg_type *x, yg_node node, int dims) {
    if (x->rank == dims + 1) {
        yg_type batch = {.dtype = x->dtype, .rank = (int8_t)(dims + 2), .shape = {1}};
        memcpy(&batch.shape[1], x->shape, (size_t)x->rank * sizeof *x->shape);
        node = yg_reshape(graph, node, &batch);
    }
    int64_t order[YG_MAX_RANK] = {0};
    for (int d = 0; d < dims; d++)
        order[1 + d] = 2 + d;
    order[1 + dims] = 1;
    return yg_permute(graph, node, order);
}

static yg_node to_channels_first(yg_graph *graph, const yg_type *x, yg_node node, int dims) {
    int64_t order[YG_MAX_RANK] = {0, 1 + dims};
    for (int d = 0; d < dims; d++)
        order[2 + d] = 1 + d;
    node = yg_permute(graph, node, order);
    if (node == YG_NONE || x->rank == dims + 2)
        return node;
    yg_type image = *yg_node_type(graph, node);
    image.rank--;
    memmove(&image.shape[0], &image.shape[1], (size_t)image.rank * sizeof *image.shape);
    return yg_reshape(graph, node, &image);
}

/* Applies a primitive to x, an operand of the call, or a node of its type. `results` has room for
 * YG_OP_MAX_RESULTS. */
static bool apply(yg_graph *graph, const yg_infer *call, const yg_op *op, yg_node x, int dims,
                  yg_node *results) {
    yg_attr attrs[YG_POOLING_ATTRS];
    yg_error error = {0};
    if (!yg_pooling_read(call, dims, attrs, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
        return false;
    }
    const yg_type type = call->operands[0];
    const yg_node pixels = to_channels_last(graph, &type, x, dims);
    const size_t count = yg_apply_all(graph, op, &pixels, 1, attrs, results, YG_OP_MAX_RESULTS);
    for (size_t i = 0; i < count; i++)
        results[i] = to_channels_first(graph, &type, results[i], dims);
    return count > 0 && results[count - 1] != YG_NONE;
}

size_t yg_max_pool_results(const yg_infer *call) {
    return is_set(call, "return_indices") ? 2 : 1;
}

/* max(relu(x)) = relu(max(x)), to the bit, and so are the derivatives: with a maximum above 0 the
 * same pixel has it, otherwise no pixel gets anything. So relu runs on the few elements that are
 * left. But where the maximum is is another question: of a window without positive elements, relu
 * makes all of them equal, and the first counts. */
size_t yg_max_pool(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node *results,
                   int dims) {
    yg_node both[YG_OP_MAX_RESULTS];
    const bool indices = is_set(call, "return_indices");
    const bool after_relu = !indices && yg_node_op(graph, operands[0]) == &yg_op_relu;
    const yg_node x = after_relu ? yg_node_operand(graph, operands[0], 0) : operands[0];
    if (!apply(graph, call, &yg_op_max_pooling, x, dims, both))
        return 0;
    results[0] = after_relu ? yg_relu(graph, both[0]) : both[0];
    if (!indices)
        return results[0] != YG_NONE;
    results[1] = yg_cast(graph, both[1], YG_I64);
    return results[1] == YG_NONE ? 0 : 2;
}

/* Whether there is a single window, the whole image. */
static bool is_global(const yg_attr *attrs) {
    for (int64_t d = 0; d < attrs[YG_POOLING_OUTPUT].count; d++)
        if (attrs[YG_POOLING_OUTPUT].ints[d] != 1)
            return false;
    return attrs[YG_POOLING_ADAPTIVE].i != 0;
}

/* The average of whole images is a mean, as in global_avg_pool. */
size_t yg_avg_pool(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node *results,
                   int dims) {
    yg_node result[YG_OP_MAX_RESULTS];
    yg_attr attrs[YG_POOLING_ATTRS];
    yg_error error = {0};
    if (yg_pooling_read(call, dims, attrs, &error) && is_global(attrs)) {
        int64_t space[YG_POOLING_DIMS];
        for (int d = 0; d < dims; d++)
            space[d] = call->operands[0].rank - dims + d;
        results[0] = yg_mean(graph, operands[0], space, (size_t)dims, true);
        return results[0] != YG_NONE;
    }
    if (!apply(graph, call, &yg_op_average_pooling, operands[0], dims, result))
        return 0;
    results[0] = result[0];
    return 1;
}

/* PyTorch's: the p-th root of the sum of p-th powers, where a sum is taken as the average times the
 * full size of a window, also where a window reaches past the end. */
size_t yg_lp_pool(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node *results,
                  int dims) {
    const double norm = call->attrs[0].f;
    const yg_dtype dtype = call->operands[0].dtype;
    yg_attr attrs[YG_POOLING_ATTRS];
    yg_error error = {0};
    if (!yg_pooling_read(call, dims, attrs, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
        return 0;
    }
    double size = 1;
    for (int d = 0; d < dims; d++)
        size *= (double)attrs[YG_POOLING_KERNEL].ints[d];
    const yg_node powers = yg_pow(graph, operands[0], yg_scalar(graph, dtype, norm));
    yg_node average[YG_OP_MAX_RESULTS];
    if (!apply(graph, call, &yg_op_average_pooling, powers, dims, average))
        return 0;
    const yg_node sum = yg_scale(graph, average[0], size);
    results[0] = yg_pow(graph, sum, yg_scalar(graph, dtype, 1 / norm));
    return results[0] != YG_NONE;
}
