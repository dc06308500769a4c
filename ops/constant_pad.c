/*
 * constant_pad: y is x with added elements, all of them `value`: along dimension d, before[d] in
 * front, after[d] at the end, and interior[d] between any two neighbours.
 *
 * The primitive behind `pad`, which knows other ways to fill, and how to crop.
 * y[before + i · (1 + interior)] = x[i]. vjp: dx = dy, sliced.
 */
#include "build.h"
#include "copy.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>
#include <string.h>

enum { BEFORE, AFTER, VALUE, INTERIOR };

static int64_t entry(const yg_attr *attrs, int which, int d) {
    return attrs[which].count ? attrs[which].ints[d] : 0;
}

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    static const int lists[] = {BEFORE, AFTER, INTERIOR};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const int64_t count = call->attrs[lists[i]].count;
        if (count != 0 && count != x->rank)
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "constant_pad: %s has %d dimensions, %s has %" PRId64 " entries",
                           yg_type_text(x, text), (int)x->rank, call->op->attrs[lists[i]].name,
                           count);
    }
    int64_t shape[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++) {
        const int64_t gaps = x->shape[d] > 1 ? x->shape[d] - 1 : 0;
        int64_t between;
        if (__builtin_mul_overflow(gaps, entry(call->attrs, INTERIOR, d), &between) ||
            __builtin_add_overflow(x->shape[d], between, &shape[d]) ||
            __builtin_add_overflow(shape[d], entry(call->attrs, BEFORE, d), &shape[d]) ||
            __builtin_add_overflow(shape[d], entry(call->attrs, AFTER, d), &shape[d]))
            return yg_fail(error, YG_ERROR_MEMORY, call->origin,
                           "constant_pad: %s becomes too large", yg_type_text(x, text));
    }
    return yg_type_make(x->dtype, x->rank, shape, result, error);
}

/* So many bytes of the result are filled, and get their elements of x while they are near. */
enum { BLOCK_BYTES = 16 * 1024 };

/* The rows [first, first + count) of dimension d, the first of more than one element. */
static void pad_rows(const yg_kernel_call *call, int d, int64_t first, int64_t count) {
    const yg_type *x = call->in_types[0], *y = call->out_type;
    const size_t element = yg_dtype_size(y->dtype);
    const bool spread = entry(call->attrs, INTERIOR, d) > 0; /* then these are all rows */
    const int64_t before = entry(call->attrs, BEFORE, d);
    const int64_t begin = spread || first < before ? before : first;
    const int64_t last = before + x->shape[d];
    const int64_t end = spread || first + count > last ? last : first + count;
    uint64_t value = 0; /* holds one element of any type */
    int64_t strides[YG_MAX_RANK],
        offset = (begin - first) * yg_shape_product(y->shape, d + 1, y->rank);
    yg_box box = {.rank = x->rank - d};
    yg_element_set(y->dtype, &value, 0, call->attrs[VALUE].f);
    char *to =
        (char *)call->out + (size_t)(first * yg_shape_product(y->shape, d + 1, y->rank)) * element;
    yg_copy_fill(element, to, count * yg_shape_product(y->shape, d + 1, y->rank), &value);
    if (yg_type_count(x) == 0 || begin >= end)
        return;
    yg_type_strides(x, strides);
    const char *from =
        (const char *)call->in[0] + (size_t)((begin - before) * strides[d]) * element;
    memcpy(box.from_stride, strides + d, (size_t)box.rank * sizeof *strides);
    yg_type_strides(y, strides);
    for (int i = d; i < x->rank; i++) {
        const int64_t size = i == d ? end - begin : x->shape[i];
        box.size[i - d] = size;
        box.to_stride[i - d] = size > 1 ? (1 + entry(call->attrs, INTERIOR, i)) * strides[i] : 0;
        offset += i == d ? 0 : entry(call->attrs, BEFORE, i) * strides[i];
    }
    yg_copy_box(&box, element, to + offset * (int64_t)element, from);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const yg_type *y = call->out_type;
    int d = 0;
    while (d < y->rank - 1 && y->shape[d] == 1)
        d++;
    if (y->rank == 0 || yg_type_count(y) == 0) {
        memcpy(call->out, call->in[0], (size_t)yg_type_bytes(y));
        return true;
    }
    const int64_t rows = y->shape[d], row = yg_type_bytes(y) / rows;
    const bool spread = entry(call->attrs, INTERIOR, d) > 0;
    const int64_t most = spread ? rows : row < BLOCK_BYTES ? BLOCK_BYTES / row : 1;
    for (int64_t first = 0; first < rows; first += most)
        pad_rows(call, d, first, rows - first < most ? rows - first : most);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_type *x = yg_node_type(graph, yg_node_operand(graph, y, 0));
    const yg_attr *attrs = yg_node_attrs(graph, y);
    int64_t start[YG_MAX_RANK], stop[YG_MAX_RANK], step[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++) {
        const int64_t gaps = x->shape[d] > 1 ? x->shape[d] - 1 : 0;
        start[d] = entry(attrs, BEFORE, d);
        stop[d] = start[d] + x->shape[d] + gaps * entry(attrs, INTERIOR, d);
        step[d] = gaps > 0 ? 1 + entry(attrs, INTERIOR, d) : 1;
    }
    return yg_slice(graph, dy, start, stop, step);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)graph;
    yg_type result;
    /* If the shape stays the same, nothing is added and y is x. */
    if (infer(call, &result, NULL) && yg_shape_equal(&call->operands[0], &result))
        return operands[0];
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++) {
        const int64_t step = 1 + entry(r->call->attrs, INTERIOR, d);
        const int64_t position = index[d] - entry(r->call->attrs, BEFORE, d);
        if (position < 0 || position % step != 0 || position / step >= x->shape[d])
            return r->call->attrs[VALUE].f;
        at[d] = position / step;
    }
    return yg_at(r, 0, at);
}

#define COUNTS .kind = YG_ATTR_INTS, .max = (double)INT64_MAX
static const yg_attr_spec attrs[] = {
    [BEFORE] = {.name = "before",
                COUNTS,
                .doc = "how many elements come before each dimension, one entry a dimension; "
                       "none: 0"},
    [AFTER] = {.name = "after",
               COUNTS,
               .doc = "how many come after each dimension, one entry a dimension; none: 0"},
    [VALUE] = {.name = "value", .kind = YG_ATTR_FLOAT, .doc = "what they are"},
    [INTERIOR] = {.name = "interior",
                  COUNTS,
                  .doc = "how many come between neighbours, one entry a dimension; none: 0"},
};

static const yg_sample samples[] = {
    {{"f[3]"},
     (const yg_attr[]){{.count = 1, .ints = {2}}, {.count = 1, .ints = {1}}, {.f = 0.5}, {0}}},
    {{"f[2, 3]"},
     (const yg_attr[]){{.count = 2, .ints = {1, 0}}, {.count = 2, .ints = {0, 2}}, {.f = -1}, {0}}},
    {{"f[2, 3]"},
     (const yg_attr[]){{.count = 2, .ints = {0, 1}},
                       {.count = 2, .ints = {1, 0}},
                       {0},
                       {.count = 2, .ints = {2, 1}}}},
    {{"f[2, 0]"}, (const yg_attr[]){{.count = 2, .ints = {1, 2}}, {0}, {.f = 3}, {0}}},
    {{"f[1]"}, (const yg_attr[]){{0}, {.count = 1, .ints = {2}}, {0}, {.count = 1, .ints = {5}}}},
    {{"f[2]"}, NULL},
    /* several blocks */
    {{"f[1, 9, 500]"},
     (const yg_attr[]){
         {.count = 3, .ints = {0, 2, 1}}, {.count = 3, .ints = {0, 3, 3}}, {.f = 2}, {0}}},
    {{"f[]"}, NULL},
    {{"i[2]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}, {.f = 7}, {0}}},
};

const yg_op yg_op_constant_pad = {
    .name = "constant_pad",
    .formula = "y[before + i · (1 + interior)] = x[i], value elsewhere",
    .doc = "Adds elements of a constant value around x, and between its neighbours if asked.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_BOOL] = kernel,
               [YG_I32] = kernel,
               [YG_I64] = kernel,
               [YG_F32] = kernel,
               [YG_F64] = kernel},
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
