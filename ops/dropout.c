/*
 * dropout: in a training graph, each element of x is set to 0 with probability p, and the others
 * are divided by 1 - p, which keeps the expected value. In any other graph the result is x itself.
 * Instead of single elements whole channels or whole examples can be dropped.
 *
 * A composite: x · dropout_mask, whose vjp is dy · the same mask. The mask has size 1 in the
 * dimensions that are dropped as a whole.
 */
#include "dropout.h"

#include "build.h"
#include "registry.h"
#include "streams.h"

#include <string.h>

enum { P, UNIT };

static const char *const units[] = {
    [YG_DROP_ELEMENT] = "element",
    [YG_DROP_CHANNEL] = "channel",
    [YG_DROP_EXAMPLE] = "example",
    NULL,
};

/* The number of leading dimensions in which elements are dropped on their own; -1 after a failure.
 */
static int kept_rank(yg_graph *graph, const yg_infer *call) {
    const yg_type *x = &call->operands[0];
    const int64_t unit = call->attrs[UNIT].i;
    const int needed = unit == YG_DROP_ELEMENT ? 0 : unit == YG_DROP_CHANNEL ? 2 : 1;
    char text[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(x->dtype))
        yg_graph_fail(graph, YG_ERROR_DTYPE, "%s takes a float tensor, not %s", call->op->name,
                      yg_type_text(x, text));
    else if (x->rank < needed)
        yg_graph_fail(graph, YG_ERROR_SHAPE, "dropout: x is %s, and has no dimension of %ss",
                      yg_type_text(x, text), units[unit]);
    else
        return needed == 0 ? x->rank : needed;
    return -1;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const double p = call->attrs[P].f;
    const int own = kept_rank(graph, call);
    if (own < 0)
        return 0;
    results[0] = operands[0];
    if (!yg_graph_training(graph) || p == 0)
        return 1;
    const yg_op *op = &yg_op_dropout_mask;
    yg_attr attrs[4];
    yg_op_defaults(op, attrs);
    yg_attr *shape = &attrs[yg_op_attr(op, "shape")];
    shape->count = x->rank;
    for (int d = 0; d < x->rank; d++)
        shape->ints[d] = d < own ? x->shape[d] : 1;
    attrs[yg_op_attr(op, "dtype")].i = x->dtype;
    attrs[yg_op_attr(op, "p")].f = p;
    attrs[yg_op_attr(op, "stream")].i = yg_next_stream(graph, op);
    results[0] = yg_multiply(graph, operands[0], yg_apply(graph, op, NULL, 0, attrs));
    return 1;
}

/* The tests' graphs do not train: y = x. */
static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {
    [P] = {.name = "p",
           .kind = YG_ATTR_FLOAT,
           .fallback = {.f = 0.5},
           .min = 0,
           .max = 1,
           .doc = "the probability of being dropped"},
    [UNIT] = {.name = "unit",
              .kind = YG_ATTR_CHOICE,
              .choices = units,
              .doc = "what is dropped as a whole: each element on its own; channel: x[n, c], as "
                     "PyTorch's dropout1d, 2d and 3d; example: x[n]"},
};

static const yg_attr never[] = {{.f = 0}, {.i = YG_DROP_ELEMENT}},
                     channels[] = {{.f = 0.5}, {.i = YG_DROP_CHANNEL}};

static const yg_sample samples[] = {
    {.operands = {"f[3, 4]"}},
    {.operands = {"f[3, 4]"}, .attrs = never},
    {.operands = {"f[2, 3, 4]"}, .attrs = channels},
    {.operands = {"f[0, 4]"}},
};

const yg_op yg_op_dropout = {
    .name = "dropout",
    .formula = "y = x·m / (1 - p); m = 0 with probability p, else 1",
    .doc = "While training, sets elements to 0 at random, or whole channels or examples, and "
           "scales up "
           "the others; otherwise x "
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
