/*
 * slice: y[i, j, …] = x[start[0] + i · step[0], start[1] + j · step[1], …].
 *
 * Dimension d has ⌈(stop[d] - start[d]) / step[d]⌉ elements, none if that is negative. start and
 * stop are read as in Python: negative ones count from the end, and both are clamped to the
 * dimension.
 *
 * vjp: dx = dy, padded with zeros before, after and between. If x has several cotangents, dy is
 * added to their sum instead (add_to_slice), which costs only the size of the slice.
 */
#include "build.h"
#include "copy.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

typedef struct range {
    int64_t start, step, count;
} range;

static int64_t clamp(int64_t at, int64_t size) {
    if (at < 0)
        at = at < -size ? 0 : at + size;
    return at > size ? size : at;
}

/* The range of dimension d. Dimensions beyond the end of an attribute are taken whole. */
static range read_range(const yg_type *x, const yg_attr *attrs, int d) {
    const int64_t size = x->shape[d];
    const int64_t start = d < attrs[0].count ? clamp(attrs[0].ints[d], size) : 0;
    const int64_t stop = d < attrs[1].count ? clamp(attrs[1].ints[d], size) : size;
    const int64_t step = d < attrs[2].count ? attrs[2].ints[d] : 1;
    /* ⌈(stop - start) / step⌉ without the sum stop - start + step, which could overflow. */
    return (range){start, step, stop > start ? (stop - start - 1) / step + 1 : 0};
}

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    int64_t shape[YG_MAX_RANK];
    for (size_t k = 0; k < 3; k++)
        if (call->attrs[k].count > x->rank)
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "slice: %s has %d dimensions, %s has %" PRId64 " entries",
                           yg_type_text(x, text), (int)x->rank, call->op->attrs[k].name,
                           call->attrs[k].count);
    for (int d = 0; d < x->rank; d++)
        shape[d] = read_range(x, call->attrs, d).count;
    return yg_type_make(x->dtype, x->rank, shape, result, error);
}

/* The slice is one stretch of x, a view, if every step is 1 and only one dimension of more than one
 * element is cut. All dimensions before it must have one element in the result, and all after it
 * must be whole. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_type *x = &call->operands[0];
    int64_t strides[YG_MAX_RANK], offset = 0;
    yg_type_strides(x, strides);
    bool one = true; /* the dimensions so far have one element each in the result */
    for (int d = 0; d < x->rank; d++) {
        const range range = read_range(x, call->attrs, d);
        if ((!one && range.count != x->shape[d]) || (range.count > 1 && range.step != 1))
            return;
        offset += range.start * strides[d];
        one &= range.count == 1;
    }
    plan->view = yg_type_count(results) > 0 ? offset : -1;
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const yg_type *x = call->in_types[0], *y = call->out_type;
    if (yg_type_count(y) == 0)
        return true;
    const size_t element = yg_dtype_size(y->dtype);
    int64_t strides[YG_MAX_RANK], offset = 0;
    yg_type_strides(x, strides);
    yg_box box = {.rank = y->rank};
    yg_type_strides(y, box.to_stride);
    for (int d = 0; d < y->rank; d++) {
        const range range = read_range(x, call->attrs, d);
        offset += range.start * strides[d];
        box.size[d] = range.count;
        /* The step over a single element may be too large to multiply; it is not needed. */
        box.from_stride[d] = range.count > 1 ? range.step * strides[d] : 0;
    }
    yg_copy_box(&box, element, call->out, (const char *)call->in[0] + offset * (int64_t)element);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_type *x = yg_node_type(graph, yg_node_operand(graph, y, 0));
    yg_attr pad[4] = {{.count = x->rank}, {.count = x->rank}, {.f = 0}, {.count = x->rank}};
    for (int d = 0; d < x->rank; d++) {
        const range range = read_range(x, yg_node_attrs(graph, y), d);
        const int64_t between = range.count > 1 ? range.step - 1 : 0;
        const int64_t covered = range.count + (range.count > 1 ? (range.count - 1) * between : 0);
        pad[0].ints[d] = range.start;
        pad[1].ints[d] = x->shape[d] - range.start - covered;
        pad[3].ints[d] = between;
    }
    return yg_apply(graph, &yg_op_constant_pad, &dy, 1, pad);
}

/* sum + the cotangent of x: only the elements that the slice reads change. */
static yg_node vjp_add(yg_graph *graph, yg_node y, yg_node dy, size_t k, yg_node sum) {
    (void)k;
    const yg_type *x = yg_node_type(graph, sum);
    yg_attr at[2] = {{.count = x->rank}, {.count = x->rank}};
    for (int d = 0; d < x->rank; d++) {
        const range range = read_range(x, yg_node_attrs(graph, y), d);
        at[0].ints[d] = range.start;
        at[1].ints[d] = range.step;
    }
    const yg_node operands[] = {sum, dy};
    return yg_apply(graph, &yg_op_add_to_slice, operands, 2, at);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_type *x = &call->operands[0];
    yg_type result;
    double value;
    if (!infer(call, &result, NULL))
        return YG_NONE;
    if (yg_shape_equal(x, &result))
        return operands[0];
    if (x->dtype != YG_I64 && yg_node_is_scalar(graph, operands[0], &value))
        return yg_full(graph, &result, value);
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++) {
        int64_t start = d < r->call->attrs[0].count ? r->call->attrs[0].ints[d] : 0;
        if (start < 0)
            start = start + x->shape[d] < 0 ? 0 : start + x->shape[d];
        at[d] = start + index[d] * (d < r->call->attrs[2].count ? r->call->attrs[2].ints[d] : 1);
    }
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "start",
     .kind = YG_ATTR_INTS,
     .doc = "the first index in each dimension, negative from the end; dimensions that are not "
            "named: 0"},
    {.name = "stop",
     .kind = YG_ATTR_INTS,
     .doc = "the index to stop before in each dimension; dimensions that are not named: the end"},
    {.name = "step",
     .kind = YG_ATTR_INTS,
     .min = 1,
     .max = (double)INT64_MAX,
     .doc = "the distance between indices in each dimension; dimensions that are not named: 1"},
};

#define WHOLE INT64_MAX
static const yg_sample samples[] = {
    {{"f[7]"}, (const yg_attr[]){{.count = 1, .ints = {2}}, {.count = 1, .ints = {5}}, {0}}},
    {{"f[7]"},
     (const yg_attr[]){
         {.count = 1, .ints = {1}}, {.count = 1, .ints = {WHOLE}}, {.count = 1, .ints = {3}}}},
    {{"f[5, 6]"},
     (const yg_attr[]){{.count = 2, .ints = {-3, 0}}, {.count = 2, .ints = {-1, 4}}, {0}}},
    {{"f[3, 4, 5]"},
     (const yg_attr[]){{.count = 3, .ints = {0, 1, 0}},
                       {.count = 3, .ints = {WHOLE, WHOLE, WHOLE}},
                       {.count = 3, .ints = {2, 1, 2}}}},
    {{"f[4, 3]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}, {0}}},
    {{"f[4, 3]"}, (const yg_attr[]){{.count = 1, .ints = {3}}, {.count = 1, .ints = {1}}, {0}}},
    {{"f[4]"}, (const yg_attr[]){{.count = 1, .ints = {-9}}, {.count = 1, .ints = {9}}, {0}}},
    {{"f[4]"},
     (const yg_attr[]){{.count = 1, .ints = {2}}, {0}, {.count = 1, .ints = {INT64_MAX}}}},
    {{"f[]"}, NULL},
    {{"i[5]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}, {0}}},
};

const yg_op yg_op_slice = {
    .name = "slice",
    .formula = "y[i, …] = x[start + i · step, …]",
    .doc = "What x[start:stop:step, …] means in Python, for steps of 1 and more; written so in a "
           "model.",
    .group = "indexing",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .infer = infer,
    .kernel = {[YG_BOOL] = kernel,
               [YG_I32] = kernel,
               [YG_I64] = kernel,
               [YG_F32] = kernel,
               [YG_F64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .vjp_add = vjp_add,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
