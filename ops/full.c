/*
 * full: y[…] = value, in a given shape. No operands.
 */
#include "build.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)operands;
    yg_type type;
    yg_error error = {0};
    if (!yg_type_make((yg_dtype)call->attrs[2].i, (int)call->attrs[0].count, call->attrs[0].ints,
                      &type, &error)) {
        yg_graph_fail(graph, error.code, "full: %s", error.message);
        return 0;
    }
    results[0] = yg_full(graph, &type, call->attrs[1].f);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    return r->call->attrs[1].f;
}

static const yg_attr_spec attrs[] = {
    {.name = "shape",
     .kind = YG_ATTR_INTS,
     .required = true,
     .max = (double)INT64_MAX,
     .doc = "the shape of the result"},
    {.name = "value", .kind = YG_ATTR_FLOAT, .required = true, .doc = "every element"},
    {.name = "dtype",
     .kind = YG_ATTR_DTYPE,
     .fallback = {.i = YG_F32},
     .doc = "the element type of the result; beside f64 operands it is converted to theirs"},
};

static const yg_sample samples[] = {
    {{NULL}, (const yg_attr[]){{.count = 2, .ints = {2, 3}}, {.f = 1.5}, {.i = YG_F32}}},
    {{NULL}, (const yg_attr[]){{.count = 0}, {.f = -2}, {.i = YG_F64}}},
    {{NULL}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.f = 1}, {.i = YG_I64}}},
};

const yg_op yg_op_full = {
    .name = "full",
    .formula = "y[…] = value",
    .doc = "A tensor of one value.",
    .group = "shape",
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
