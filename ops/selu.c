/*
 * selu: y = scale · (x if x > 0, else alpha · (exp(x) - 1)), elementwise.
 *
 * A composite: scaled_elu. The constants are those of Klambauer, Unterthiner, Mayr, Hochreiter,
 * "Self-normalizing neural networks", 2017.
 */
#include "elementwise.h"
#include "registry.h"
#include "scaled_elu.h"

static const double alpha = 1.6732632423543772848, scale = 1.0507009873554804934;

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)call;
    results[0] = yg_scaled_elu(graph, operands[0], alpha, scale, 1);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return scale * (x > 0 ? x : alpha * expm1(x));
}

const yg_op yg_op_selu = {
    .name = "selu",
    .formula = "y = scale · (x if x > 0, else alpha · (exp(x) - 1))",
    .doc = "Self-normalising: scale = 1.0507…, alpha = 1.6733… keep mean 0 and variance 1 from "
           "layer to layer.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .compose = compose,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
