/*
 * r2: the coefficient of determination, 1 - Σ(t - p)² / Σ(t - mean(t))², by column.
 *
 * Operands are those of column_mean.h; the result is a scalar, the mean over the columns. A
 * composite. The sums are in f64, because Σ(t - mean)² is a difference of two of them: then each
 * adds up over batches. A constant target is told by its largest and smallest value, since rounding
 * makes that difference something else than 0.
 */
#include "build.h"
#include "column_mean.h"
#include "registry.h"

/* True for each column whose targets are all equal. */
static yg_node is_constant(yg_graph *graph, yg_node target) {
    const int rank = yg_node_type(graph, target)->rank, rows = rank < 2 ? rank : rank - 1;
    yg_attr attrs[2] = {{.count = rows}, {.i = 0}}; /* dim, keepdim */
    for (int d = 0; d < rows; d++)
        attrs[0].ints[d] = d;
    const yg_node highest = yg_apply(graph, &yg_op_max, &target, 1, attrs);
    const yg_node lowest = yg_apply(graph, &yg_op_min, &target, 1, attrs);
    return yg_equal(graph, highest, lowest);
}

/* Σ(t - mean(t))² = Σt² - (Σt)² / Σ1 */
static yg_node spread(yg_graph *graph, yg_node target, yg_node weight) {
    const yg_node square = yg_square(graph, yg_column_sums(graph, target, weight));
    const yg_node squares = yg_column_sums(graph, yg_square(graph, target), weight);
    return yg_subtract(graph, squares, yg_per_row(graph, square, target, weight));
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_columns_check(graph, call))
        return 0;
    const yg_node weight = call->operand_count > 2 ? operands[2] : YG_NONE;
    const yg_node target = yg_cast(graph, operands[1], YG_F64);
    const yg_node prediction = yg_cast(graph, operands[0], YG_F64);
    if (target == YG_NONE || prediction == YG_NONE)
        return 0;
    const yg_node zero = yg_scalar(graph, YG_F64, 0), one = yg_scalar(graph, YG_F64, 1);
    const yg_node error = yg_square(graph, yg_subtract(graph, target, prediction));
    const yg_node left = yg_column_sums(graph, error, weight);
    const yg_node constant = is_constant(graph, target);
    const yg_node whole = yg_where(graph, constant, one, spread(graph, target, weight));
    const yg_node perfect = yg_cast(graph, yg_equal(graph, left, zero), YG_F64);
    const yg_node value = yg_subtract(graph, one, yg_divide(graph, left, whole));
    const yg_node columns = yg_where(graph, constant, perfect, value);
    results[0] = yg_cast(graph, yg_mean(graph, columns, NULL, 0, false), call->operands[0].dtype);
    return results[0] != YG_NONE;
}

static double target_of(double prediction, double target, double number) {
    (void)prediction;
    (void)number;
    return target;
}

static double error_of(double prediction, double target, double number) {
    (void)number;
    return (target - prediction) * (target - prediction);
}

static double distance_of(double prediction, double target, double mean) {
    (void)prediction;
    return (target - mean) * (target - mean);
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    const int64_t columns = yg_columns_reference_count(r);
    double sum = 0;
    for (int64_t c = 0; c < columns; c++) {
        const double mean = yg_column_reference(r, c, target_of, 0);
        const double left = yg_column_reference(r, c, error_of, 0);
        const double whole = yg_column_reference(r, c, distance_of, mean);
        sum += whole == 0 ? left == 0 : 1 - left / whole;
    }
    return sum / (double)columns;
}

const yg_op yg_op_r2 = {
    .name = "r2",
    .formula = "y = 1 - Σ(t - p)² / Σ(t - mean(t))², by column, averaged",
    .doc = "The coefficient of determination: 1 is perfect, 0 is as good as the mean of the "
           "targets. Of a constant target it is 1 if all predictions are right, otherwise 0. A "
           "weight for each row may follow the target.",
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
