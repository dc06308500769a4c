/*
 * What the three primitives of convolution share: convolution, convolution_data and
 * convolution_weight.
 *
 * All tensors of values are channels last: x [N, spatial…, channels], y [N, spatial…, filters],
 * with one to three spatial dimensions. The weight is [filters, channels / groups, taps…], as
 * PyTorch stores it. The three are bilinear, and each is a derivative of the other two:
 *
 *   convolution         y[n, o, f] = Σ x[n, i, c] · weight[f, c, t]
 *   convolution_data    x[n, i, c] = Σ y[n, o, f] · weight[f, c, t]
 *   convolution_weight  weight[f, c, t] = Σ x[n, i, c] · y[n, o, f]
 *
 * Each sum goes over all of its products with i = o · stride + t · dilation - padding, in each
 * spatial dimension, for which i lies in x and o in y. A channel and a filter meet only if they are
 * of the same group. So padding may be any number, negative too: outside of a tensor is zero.
 */
#ifndef YG_OPS_CONVOLUTION_H
#define YG_OPS_CONVOLUTION_H

#include "../graph/graph.h"

enum { YG_CONVOLUTION_DIMS = 3 };

/* The sizes of a call. Fewer spatial dimensions than three are the last ones; the others have size
 * 1, one tap, stride 1, and no padding. */
typedef struct yg_convolution {
    int64_t batch;
    int64_t groups;
    int64_t channels; /* of x, in a group */
    int64_t filters;  /* channels of y, in a group */
    int64_t x[YG_CONVOLUTION_DIMS], y[YG_CONVOLUTION_DIMS];
    int64_t taps[YG_CONVOLUTION_DIMS];
    int64_t stride[YG_CONVOLUTION_DIMS];
    int64_t padding[YG_CONVOLUTION_DIMS];
    int64_t dilation[YG_CONVOLUTION_DIMS];
    bool relu; /* of convolution_relu: y is 0 where it would be less */
} yg_convolution;

/* Whether each channel is a group of its own, with one filter. Channels are then neighbours in all
 * tensors of values, and kernels compute a vector of them at once. */
static inline bool yg_convolution_is_depthwise(const yg_convolution *c) {
    return c->groups > 1 && c->channels == 1 && c->filters == 1;
}

/* The tensors of a call, each at the place of its type in an array of three. */
enum { YG_CONVOLUTION_X, YG_CONVOLUTION_Y, YG_CONVOLUTION_WEIGHT };

/* The attributes of the three: `size`, the spatial size of the result, or the taps of a weight;
 * stride, padding, dilation, one entry a spatial dimension; and groups. */
enum { YG_CONVOLUTION_ATTRS = 5 };
enum {
    YG_CONVOLUTION_SIZE,
    YG_CONVOLUTION_STRIDE,
    YG_CONVOLUTION_PADDING,
    YG_CONVOLUTION_DILATION,
    YG_CONVOLUTION_GROUPS,
};
extern const yg_attr_spec yg_convolution_attrs[YG_CONVOLUTION_ATTRS];

/* The shape rule of convolution and convolution_relu, which may have a bias. */
bool yg_convolution_infer(const yg_infer *call, yg_type *result, yg_error *error);

/* The sizes of a call whose result is tensor `result`, one of the three above. The operands are the
 * other two, in that order. Writes the type of the result too. Fails if the operands do not fit. */
bool yg_convolution_read(const yg_infer *call, int result, yg_convolution *c, yg_type *type,
                         yg_error *error);
/* The same for a kernel, whose call has been checked. */
yg_convolution yg_convolution_of(const yg_kernel_call *call, const yg_op *op, int result);

/* yg_op.plan and the kernel. `result` is the tensor that is computed. An image of x or y is a unit
 * of work and a row; a weight falls into units, but not into rows. */
void yg_convolution_plan(const yg_infer *call, int result, yg_op_plan *plan);
void yg_convolution_run(const yg_kernel_call *call, const yg_op *op, int result);

/* Attributes of samples: the size of the result, stride, padding, dilation; with one entry, or with
 * two of each but the stride. */
#define YG_CONVOLUTION_1D(size, stride, padding, dilation, groups)                                 \
    (const yg_attr[]) {                                                                            \
        {.count = 1, .ints = {size}}, {.count = 1, .ints = {stride}},                              \
            {.count = 1, .ints = {padding}}, {.count = 1, .ints = {dilation}}, {                   \
            .i = groups                                                                            \
        }                                                                                          \
    }
#define YG_CONVOLUTION_2D(size0, size1, stride, padding0, padding1, dilation0, dilation1, groups)  \
    (const yg_attr[]) {                                                                            \
        {.count = 2, .ints = {size0, size1}}, {.count = 2, .ints = {stride, stride}},              \
            {.count = 2, .ints = {padding0, padding1}},                                            \
            {.count = 2, .ints = {dilation0, dilation1}}, {                                        \
            .i = groups                                                                            \
        }                                                                                          \
    }

/* The element of the result at a multi-index, by the definition. */
double yg_convolution_reference(const yg_reference *r, int result, const int64_t *index);

/* Nodes of the three primitives. `like` is a node of any of them: stride, padding, dilation and
 * groups are taken from there, and the size of the result from `size`, the shape of that tensor. */
yg_node yg_convolution_y(yg_graph *graph, yg_node like, yg_node x, yg_node weight,
                         const yg_type *size);
yg_node yg_convolution_x(yg_graph *graph, yg_node like, yg_node y, yg_node weight,
                         const yg_type *size);
yg_node yg_convolution_w(yg_graph *graph, yg_node like, yg_node x, yg_node y, const yg_type *size);

/* The range [*first, *last) of taps of spatial dimension d that position o of y meets x with. */
static inline void yg_convolution_taps(const yg_convolution *c, int d, int64_t o, int64_t *first,
                                       int64_t *last) {
    const int64_t start = o * c->stride[d] - c->padding[d], step = c->dilation[d];
    *first = start >= 0 ? 0 : (-start + step - 1) / step;
    *last = start >= c->x[d] ? 0 : (c->x[d] - start + step - 1) / step;
    if (*last > c->taps[d])
        *last = c->taps[d];
    if (*first > *last)
        *first = *last;
}

#endif
