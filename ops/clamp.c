/*
 * clamp: y = min(max(x, min), max), elementwise, with bounds that are tensors or numbers.
 *
 * A composite: clip where both bounds are numbers, otherwise bounded_by. The gradient is
 * then PyTorch's for tensors: where x equals a bound, each of the two gets half; where both bounds
 * are equal and x is too, x gets it all.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

enum { X, MIN, MAX };

/* Whether an operand is a constant number; writes it. */
static bool is_number(const yg_graph *graph, yg_node node, double *number) {
    const yg_type *type = yg_node_type(graph, node);
    const void *data = type->rank == 0 ? yg_node_constant(graph, node) : NULL;
    *number = data ? yg_element_get(type->dtype, data, 0) : 0;
    return data != NULL;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)call;
    const yg_node x = operands[X], low = operands[MIN], high = operands[MAX];
    yg_attr bounds[] = {{.f = 0}, {.f = 0}};
    if (is_number(graph, low, &bounds[0].f) && is_number(graph, high, &bounds[1].f)) {
        results[0] = yg_apply(graph, &yg_op_clip, &x, 1, bounds);
        return results[0] != YG_NONE;
    }
    results[0] = yg_apply(graph, &yg_op_bounded_by, operands, 3, NULL);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    double value[3];
    for (size_t k = 0; k < 3; k++) {
        const yg_type *type = &r->call->operands[k];
        int64_t at[YG_MAX_RANK] = {0};
        const int skipped = r->out_type->rank - type->rank;
        for (int d = 0; d < type->rank; d++)
            at[d] = type->shape[d] == 1 ? 0 : index[skipped + d];
        value[k] = yg_at(r, k, at);
    }
    return fmin(fmax(value[X], value[MIN]), value[MAX]);
}

static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL},
    {{"f[2, 3]", "f[3]", "f[2, 1]"}, NULL},
    {{"f[3]", "f[]", "f[]"}, NULL},
    {{"f[]", "f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]", "f[3]"}, NULL},
};

const yg_op yg_op_clamp = {
    .name = "clamp",
    .formula = "y = min(max(x, min), max)",
    .doc = "clip with bounds that are tensors. They broadcast. Where x equals a bound, both get "
           "half of the gradient, as in maximum and minimum, which clamp to a single bound. Of two "
           "numbers it is clip.",
    .group = "elementwise",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "min", "max"},
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {-1.5, 0}, {0.1, 1.5}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
