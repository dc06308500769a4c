/*
 * mse: the squared error (p - t)² of predictions p and targets t, reduced. The
 * operands have one shape; the result is a scalar, or has that shape (reduction none).
 *
 * A composite of subtract and square, then the reduction.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_node difference = yg_subtract(graph, operands[0], operands[1]);
    results[0] = yg_loss_reduce(graph, yg_square(graph, difference), call->attrs[0].i);
    return 1;
}

static double element(const yg_reference *r, const int64_t *index) {
    return pow(yg_at(r, 0, index) - yg_at(r, 1, index), 2);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

const yg_op yg_op_mse = {
    .name = "mse",
    .formula = "l = (p - t)²",
    .doc = "Squared error. For the 1/2 of some textbooks, write 0.5 * mse(p, t).",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"prediction", "target"},
    .attrs = yg_loss_attrs,
    .attr_count = 1,
    .compose = compose,
    .reference = reference,
    .samples = yg_loss_samples,
    .sample_count = sizeof yg_loss_samples / sizeof *yg_loss_samples,
};
