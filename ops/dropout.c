/*
 * dropout: in a training graph, each element of x is set to 0 with probability p, and the others
 * are divided by 1 - p, which keeps the expected value. In any other graph the result is x itself.
 *
 * A composite: x · dropout_mask, whose vjp is dy · the same mask.
 */
#include "build.h"
#include "registry.h"

#include <string.h>

/* A number for a new mask: one more than that of the latest mask in the graph. So each mask of a
 * model has its own random numbers, and two equal models have equal ones. */
static int64_t next_stream(const yg_graph *graph) {
    const int stream = yg_op_attr(&yg_op_dropout_mask, "stream");
    for (size_t i = yg_graph_size(graph); i-- > 0;) {
        if (yg_node_op(graph, (yg_node)i) == &yg_op_dropout_mask)
            return yg_node_attrs(graph, (yg_node)i)[stream].i + 1;
    }
    return 0;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const double p = call->attrs[0].f;
    if (!yg_dtype_is_float(x->dtype)) {
        char text[YG_TYPE_TEXT];
        yg_graph_fail(graph, YG_ERROR_DTYPE, "dropout takes a float tensor, not %s",
                      yg_type_text(x, text));
        return 0;
    }
    results[0] = operands[0];
    if (!yg_graph_training(graph) || p == 0)
        return 1;
    const yg_op *op = &yg_op_dropout_mask;
    yg_attr attrs[4];
    yg_op_defaults(op, attrs);
    yg_attr *shape = &attrs[yg_op_attr(op, "shape")];
    shape->count = x->rank;
    memcpy(shape->ints, x->shape, sizeof shape->ints);
    attrs[yg_op_attr(op, "dtype")].i = x->dtype;
    attrs[yg_op_attr(op, "p")].f = p;
    attrs[yg_op_attr(op, "stream")].i = next_stream(graph);
    results[0] = yg_multiply(graph, operands[0], yg_apply(graph, op, NULL, 0, attrs));
    return 1;
}

/* The tests' graphs do not train: y = x. */
static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {{
    .name = "p",
    .kind = YG_ATTR_FLOAT,
    .fallback = {.f = 0.5},
    .min = 0,
    .max = 1,
    .doc = "the probability that an element is dropped",
}};

static const yg_attr never[] = {{.f = 0}};

static const yg_sample samples[] = {
    {.operands = {"f[3, 4]"}},
    {.operands = {"f[3, 4]"}, .attrs = never},
    {.operands = {"f[0, 4]"}},
};

const yg_op yg_op_dropout = {
    .name = "dropout",
    .formula = "y = x·m / (1 - p); m = 0 with probability p, else 1",
    .doc = "While training, sets elements to 0 at random and scales up the others; otherwise x "
           "itself. The same seed and step drop the same elements.",
    .group = "random",
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
