/*
 * relu6: y = min(max(x, 0), 6), elementwise.
 *
 * A composite: hardtanh(x, 0, 6).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)call;
    const yg_attr bounds[] = {{.f = 0}, {.f = 6}};
    results[0] = yg_apply(graph, &yg_op_hardtanh, operands, 1, bounds);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return fmin(fmax(yg_at(r, 0, index), 0), 6);
}

const yg_op yg_op_relu6 = {
    .name = "relu6",
    .formula = "y = min(max(x, 0), 6)",
    .doc = "A rectifier with a ceiling. The gradient at 0 and at 6 is 0; NaN stays NaN.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .compose = compose,
    .reference = reference,
    .domain = {{-3, 9}},
    YG_SAMPLES(yg_unary_samples),
};
