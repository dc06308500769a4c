/*
 * The shape rule, the reference and the builders of the three primitives of convolution.
 */
#include "build.h"
#include "convolution.h"
#include "registry.h"

#include <inttypes.h>
#include <string.h>

enum { X = YG_CONVOLUTION_X, Y = YG_CONVOLUTION_Y, WEIGHT = YG_CONVOLUTION_WEIGHT };

#define SIZES .kind = YG_ATTR_INTS, .required = true, .max = (double)INT64_MAX
const yg_attr_spec yg_convolution_attrs[YG_CONVOLUTION_ATTRS] = {
    [YG_CONVOLUTION_SIZE] = {.name = "size", SIZES, .doc = "the spatial size of the result"},
    [YG_CONVOLUTION_STRIDE] = {.name = "stride",
                               .kind = YG_ATTR_INTS,
                               .required = true,
                               .min = 1,
                               .max = (double)INT32_MAX,
                               .doc = "between neighbours of y, in elements of x"},
    [YG_CONVOLUTION_PADDING] = {.name = "padding",
                                .kind = YG_ATTR_INTS,
                                .required = true,
                                .min = -(double)INT32_MAX,
                                .max = (double)INT32_MAX,
                                .doc = "zeros before x; fewer than none cut x off"},
    [YG_CONVOLUTION_DILATION] = {.name = "dilation",
                                 .kind = YG_ATTR_INTS,
                                 .required = true,
                                 .min = 1,
                                 .max = (double)INT32_MAX,
                                 .doc = "between neighbours of the weight, in elements of x"},
    [YG_CONVOLUTION_GROUPS] = {.name = "groups",
                               .kind = YG_ATTR_INT,
                               .fallback = {.i = 1},
                               .min = 1,
                               .max = (double)INT32_MAX,
                               .doc = "channels and filters meet only within a group"},
};

static bool fail(const yg_infer *call, const char *what, yg_error *error) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    return yg_fail(error, YG_ERROR_SHAPE, call->origin, "%s: %s and %s: %s", call->op->name,
                   yg_type_text(&call->operands[0], a), yg_type_text(&call->operands[1], b), what);
}

/* Checks the ranks and the lengths of the lists. Returns the number of spatial dimensions, or 0. */
static int read_rank(const yg_infer *call, yg_error *error) {
    const int rank = call->operands[0].rank - 2;
    if (rank < 1 || rank > YG_CONVOLUTION_DIMS || call->operands[1].rank != rank + 2) {
        fail(call, "both need one to three spatial dimensions, as many as the other", error);
        return 0;
    }
    if (call->operands[0].dtype != call->operands[1].dtype) {
        fail(call, "the element types differ", error);
        return 0;
    }
    for (int i = YG_CONVOLUTION_SIZE; i <= YG_CONVOLUTION_DILATION; i++) {
        if (call->attrs[i].count != rank) {
            yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                    "%s: %s has %" PRId64 " entries, there are %d spatial dimensions",
                    call->op->name, yg_convolution_attrs[i].name, call->attrs[i].count, rank);
            return 0;
        }
    }
    return rank;
}

static void read_sizes(const yg_infer *call, int rank, const yg_type *types[3], yg_convolution *c) {
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++) {
        c->x[d] = c->y[d] = c->taps[d] = c->stride[d] = c->dilation[d] = 1;
        c->padding[d] = 0;
    }
    for (int i = 0, d = YG_CONVOLUTION_DIMS - rank; i < rank; i++, d++) {
        const int64_t size = call->attrs[YG_CONVOLUTION_SIZE].ints[i];
        c->x[d] = types[X] ? types[X]->shape[1 + i] : size;
        c->y[d] = types[Y] ? types[Y]->shape[1 + i] : size;
        c->taps[d] = types[WEIGHT] ? types[WEIGHT]->shape[2 + i] : size;
        c->stride[d] = call->attrs[YG_CONVOLUTION_STRIDE].ints[i];
        c->padding[d] = call->attrs[YG_CONVOLUTION_PADDING].ints[i];
        c->dilation[d] = call->attrs[YG_CONVOLUTION_DILATION].ints[i];
    }
}

/* Positions are computed without a check of each: they must not overflow. */
static bool check_sizes(const yg_infer *call, const yg_convolution *c, yg_error *error) {
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++) {
        int64_t steps, taps;
        if (__builtin_mul_overflow(c->y[d], c->stride[d], &steps) ||
            __builtin_mul_overflow(c->taps[d], c->dilation[d], &taps) || steps > INT64_MAX / 4 ||
            taps > INT64_MAX / 4 || c->x[d] > INT64_MAX / 4)
            return fail(call, "too large", error);
    }
    return true;
}

bool yg_convolution_read(const yg_infer *call, int result, yg_convolution *c, yg_type *type,
                         yg_error *error) {
    const int rank = read_rank(call, error);
    if (rank == 0)
        return false;
    const yg_type *types[3] = {NULL, NULL, NULL};
    const yg_type *operand = call->operands;
    for (int i = 0; i < 3; i++)
        types[i] = i == result ? NULL : operand++;
    const int64_t groups = c->groups = call->attrs[YG_CONVOLUTION_GROUPS].i;
    c->relu = call->op == &yg_op_convolution_relu;
    read_sizes(call, rank, types, c);
    if (types[X] && types[Y] && types[X]->shape[0] != types[Y]->shape[0])
        return fail(call, "the batches differ", error);
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): only types[result] is NULL
    c->batch = types[result == X ? Y : X]->shape[0];
    const yg_type *a = &call->operands[0], *b = &call->operands[1];
    const int64_t channels = result == X ? b->shape[1] * groups : a->shape[rank + 1];
    const int64_t filters = result == Y ? b->shape[0] : (result == X ? a : b)->shape[rank + 1];
    c->channels = channels / groups;
    c->filters = filters / groups;
    if (channels % groups != 0 || filters % groups != 0)
        return fail(call, "the channels are not divisible by groups", error);
    if (types[WEIGHT] &&
        (types[WEIGHT]->shape[0] != filters || types[WEIGHT]->shape[1] != c->channels))
        return fail(call, "the channels do not fit the weight", error);

    int64_t shape[YG_MAX_RANK] = {c->batch};
    const int64_t *size = call->attrs[YG_CONVOLUTION_SIZE].ints;
    if (result == WEIGHT) {
        shape[0] = filters;
        shape[1] = c->channels;
        memcpy(shape + 2, size, (size_t)rank * sizeof *shape);
    } else {
        memcpy(shape + 1, size, (size_t)rank * sizeof *shape);
        shape[rank + 1] = result == X ? channels : filters;
    }
    return check_sizes(call, c, error) &&
           yg_type_make(call->operands[0].dtype, rank + 2, shape, type, error);
}

yg_convolution yg_convolution_of(const yg_kernel_call *call, const yg_op *op, int result) {
    const yg_type types[2] = {*call->in_types[0], *call->in_types[1]};
    const yg_infer of = {.op = op, .operands = types, .operand_count = 2, .attrs = call->attrs};
    yg_convolution c = {0};
    yg_type type;
    yg_convolution_read(&of, result, &c, &type, NULL);
    return c;
}

/* -------------------------------------------------------------------------------- reference -- */

/* One product of the definition: adds it if the three positions meet. */
static double product(const yg_reference *r, int result, const yg_convolution *c, int rank,
                      const int64_t at[3][YG_MAX_RANK]) {
    for (int d = YG_CONVOLUTION_DIMS - rank, i = 0; d < YG_CONVOLUTION_DIMS; d++, i++) {
        if (at[X][1 + i] !=
            at[Y][1 + i] * c->stride[d] + at[WEIGHT][2 + i] * c->dilation[d] - c->padding[d])
            return 0;
    }
    const int first = result == X ? Y : X, second = result == WEIGHT ? Y : WEIGHT;
    return yg_at(r, 0, at[first]) * yg_at(r, 1, at[second]);
}

/* Goes through all elements of operand 0, and through those of operand 1 that they can meet. */
double yg_convolution_reference(const yg_reference *r, int result, const int64_t *index) {
    yg_convolution c = {0};
    yg_type type;
    if (!yg_convolution_read(r->call, result, &c, &type, NULL))
        return 0;
    const int rank = type.rank - 2;
    int64_t at[3][YG_MAX_RANK] = {{0}};
    memcpy(at[result], index, (size_t)type.rank * sizeof *index);
    /* Two of n, the spatial positions and the channels are given by the index of the result. */
    const int64_t batch = result == WEIGHT ? c.batch : 1;
    const int64_t channels = result == Y ? c.channels : 1, filters = result == X ? c.filters : 1;
    int64_t places[2] = {1, 1}; /* of operand 0 and 1: spatial positions or taps */
    const int64_t *sizes[2] = {result == X ? c.y : c.x, result == WEIGHT ? c.y : c.taps};
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++) {
        places[0] *= sizes[0][d];
        places[1] *= sizes[1][d];
    }
    const int tensors[2] = {result == X ? Y : X, result == WEIGHT ? Y : WEIGHT};
    double sum = 0;
    for (int64_t n = 0; n < batch; n++)
        for (int64_t p = 0; p < places[0]; p++)
            for (int64_t q = 0; q < places[1]; q++)
                for (int64_t k = 0; k < channels * filters; k++) {
                    int64_t rest[2] = {p, q};
                    for (int i = rank; i-- > 0;)
                        for (int j = 0; j < 2; j++) {
                            const int64_t size = sizes[j][YG_CONVOLUTION_DIMS - rank + i];
                            at[tensors[j]][(tensors[j] == WEIGHT ? 2 : 1) + i] = rest[j] % size;
                            rest[j] /= size;
                        }
                    /* The group, the channel in it and the filter in it. */
                    int64_t group, channel = k / filters, filter = k % filters;
                    if (result == X) {
                        group = index[rank + 1] / c.channels;
                        channel = index[rank + 1] % c.channels;
                    } else {
                        const int64_t f = result == Y ? index[rank + 1] : index[0];
                        group = f / c.filters;
                        filter = f % c.filters;
                        channel = result == WEIGHT ? index[1] : channel;
                    }
                    at[X][0] = at[Y][0] = result == WEIGHT ? n : index[0];
                    at[X][rank + 1] = group * c.channels + channel;
                    at[Y][rank + 1] = at[WEIGHT][0] = group * c.filters + filter;
                    at[WEIGHT][1] = channel;
                    sum += product(r, result, &c, rank, (const int64_t(*)[YG_MAX_RANK])at);
                }
    return sum;
}

/* ---------------------------------------------------------------------------------- builders -- */

/* `first` is where the spatial dimensions of `size` begin. */
static yg_node build(yg_graph *graph, const yg_op *op, yg_node like, yg_node a, yg_node b,
                     const yg_type *size, int first) {
    yg_attr attrs[YG_CONVOLUTION_ATTRS];
    memcpy(attrs, yg_node_attrs(graph, like), sizeof attrs);
    memcpy(attrs[YG_CONVOLUTION_SIZE].ints, size->shape + first,
           (size_t)attrs[YG_CONVOLUTION_SIZE].count * sizeof *size->shape);
    return yg_apply(graph, op, (const yg_node[]){a, b}, 2, attrs);
}

yg_node yg_convolution_y(yg_graph *graph, yg_node like, yg_node x, yg_node weight,
                         const yg_type *size) {
    return build(graph, &yg_op_convolution, like, x, weight, size, 1);
}

yg_node yg_convolution_x(yg_graph *graph, yg_node like, yg_node y, yg_node weight,
                         const yg_type *size) {
    return build(graph, &yg_op_convolution_data, like, y, weight, size, 1);
}

yg_node yg_convolution_w(yg_graph *graph, yg_node like, yg_node x, yg_node y, const yg_type *size) {
    return build(graph, &yg_op_convolution_weight, like, x, y, size, 2);
}
