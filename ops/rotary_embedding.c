/*
 * rotary_embedding: turns each pair of elements of a row by an angle that grows with the row's
 * position t (Su, Lu, Pan, Murtadha, Wen, Liu, "RoFormer: enhanced transformer with rotary position
 * embedding", 2021). The product of a turned query and a turned key depends on the distance of
 * their positions only.
 *
 * x [..., T, num_heads · E], E even. In each head elements i and i + E/2 are a pair; its angle is
 * t · base^(-2i / E). A composite, with tables of cosines and sines as constants.
 */
#include "build.h"
#include "registry.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUM_HEADS, BASE };

static double angle_of(int64_t position, int64_t pair, int64_t size, double base) {
    return (double)position * pow(base, -2 * (double)pair / (double)size);
}

/* The cosines (or sines) of all positions and pairs, [T, 1, E / 2]. */
static yg_node table(yg_graph *graph, yg_dtype dtype, int64_t length, int64_t size, double base,
                     double (*function)(double)) {
    const int64_t half = size / 2, shape[] = {length, 1, half};
    yg_type type;
    yg_error error = {0};
    if (!yg_type_make(dtype, 3, shape, &type, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
        return YG_NONE;
    }
    void *data = malloc((size_t)yg_type_bytes(&type) + 1);
    if (!data) {
        yg_graph_fail(graph, YG_ERROR_MEMORY, "rotary_embedding: out of memory");
        return YG_NONE;
    }
    for (int64_t t = 0; t < length; t++)
        for (int64_t i = 0; i < half; i++)
            yg_element_set(dtype, data, t * half + i, function(angle_of(t, i, size, base)));
    const yg_node node = yg_constant(graph, &type, data);
    free(data);
    return node;
}

/* One half of each head: elements [half · part, half · (part + 1)) of the last dimension. */
static yg_node half_of(yg_graph *graph, yg_node x, const yg_type *type, int64_t part) {
    int64_t start[YG_MAX_RANK] = {0}, stop[YG_MAX_RANK], step[YG_MAX_RANK];
    memcpy(stop, type->shape, sizeof stop);
    for (int d = 0; d < type->rank; d++)
        step[d] = 1;
    const int64_t half = type->shape[type->rank - 1] / 2;
    start[type->rank - 1] = part * half;
    stop[type->rank - 1] = (part + 1) * half;
    return yg_slice(graph, x, start, stop, step);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const int64_t heads = call->attrs[NUM_HEADS].i;
    const double base = call->attrs[BASE].f;
    char text[YG_TYPE_TEXT];
    const int last = x->rank - 1;
    if (!yg_dtype_is_float(x->dtype) || x->rank < 2 || x->shape[last] % (2 * heads) != 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "rotary_embedding: takes floats [..., T, features], with an even number of "
                      "features in each of %" PRId64 " heads, not %s",
                      heads, yg_type_text(x, text));
        return 0;
    }
    yg_type apart = {.dtype = x->dtype, .rank = 4};
    const int64_t size = x->shape[last] / heads, length = x->shape[last - 1];
    int64_t batches = 1;
    for (int d = 0; d < last - 1; d++)
        batches *= x->shape[d];
    memcpy(apart.shape, (const int64_t[]){batches, length, heads, size}, 4 * sizeof batches);
    const yg_node whole = yg_reshape(graph, operands[0], &apart);
    const yg_node cosine = table(graph, x->dtype, length, size, base, cos);
    const yg_node sine = table(graph, x->dtype, length, size, base, sin);
    const yg_node a = half_of(graph, whole, &apart, 0), b = half_of(graph, whole, &apart, 1);
    const yg_node halves[] = {
        yg_subtract(graph, yg_multiply(graph, a, cosine), yg_multiply(graph, b, sine)),
        yg_add(graph, yg_multiply(graph, b, cosine), yg_multiply(graph, a, sine)),
    };
    results[0] = yg_reshape(graph, yg_concat(graph, halves, 2, -1), x);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int last = x->rank - 1;
    const int64_t size = x->shape[last] / r->call->attrs[NUM_HEADS].i, half = size / 2;
    const int64_t within = index[last] % size, pair = within % half;
    const double angle = angle_of(index[last - 1], pair, size, r->call->attrs[BASE].f);
    int64_t other[YG_MAX_RANK];
    memcpy(other, index, sizeof other);
    other[last] += within < half ? half : -half;
    const double sign = within < half ? -1 : 1;
    return yg_at(r, 0, index) * cos(angle) + sign * yg_at(r, 0, other) * sin(angle);
}

static const yg_attr_spec attrs[] = {
    [NUM_HEADS] = {.name = "num_heads",
                   .kind = YG_ATTR_INT,
                   .fallback = {.i = 1},
                   .min = 1,
                   .max = 1 << 20,
                   .doc = "heads side by side in a row"},
    [BASE] = {.name = "base",
              .kind = YG_ATTR_FLOAT,
              .fallback = {.f = 10000},
              .min = 1,
              .max = 1e300,
              .doc = "the slowest pair turns by about 1 / base a position"},
};

static const yg_attr two[] = {{.i = 2}, {.f = 100}};
static const yg_sample samples[] = {
    {{"f[3, 4]"}, NULL},
    {{"f[2, 5, 8]"}, two},
    {{"f[1, 2]"}, NULL},
    {{"f[0, 3, 4]"}, NULL},
};

const yg_op yg_op_rotary_embedding = {
    .name = "rotary_embedding",
    .formula = "y_i = x_i · cos a - x_(i+E/2) · sin a, y_(i+E/2) = x_(i+E/2) · cos a + x_i · sin a",
    .doc =
        "Turns pairs of elements by the angle a = t · base^(-2i/E), which grows with the position "
        "t: x is [..., T, num_heads · E]. For queries and keys of attention.",
    .group = "attention",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
