/*
 * mae: the mean absolute error |p - t|.
 *
 * Operands are those of column_mean.h; the result is a scalar, the mean over the columns. A
 * composite.
 */
#include "build.h"
#include "column_mean.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_columns_check(graph, call))
        return 0;
    const yg_node weight = call->operand_count > 2 ? operands[2] : YG_NONE;
    const yg_node difference = yg_subtract(graph, operands[0], operands[1]);
    const yg_node means = yg_column_means(graph, yg_abs(graph, difference), weight);
    results[0] = yg_mean(graph, means, NULL, 0, false);
    return results[0] != YG_NONE;
}

static double term(double prediction, double target, double number) {
    (void)number;
    return fabs(prediction - target);
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    const int64_t columns = yg_columns_reference_count(r);
    double sum = 0;
    for (int64_t c = 0; c < columns; c++)
        sum += yg_column_reference(r, c, term, 0);
    return sum / (double)columns;
}

const yg_op yg_op_mae = {
    .name = "mae",
    .formula = "y = mean(|p - t|)",
    .doc = "The mean absolute error. A weight for each row may follow the target.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"prediction", "target", "weight"},
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {-2, 2}, {0.5, 2}},
    .samples = yg_column_samples,
    .sample_count = sizeof yg_column_samples / sizeof *yg_column_samples,
};
