/*
 * global_avg_pool: y[n, c] = (Σ x[n, c, …]) / count, the average of each channel of each example.
 *
 * A composite: a mean over all dimensions from the third on. Written as flatten and mean it would
 * keep a network from being computed channels last.
 */
#include "build.h"
#include "row_normalize.h"
#include "shape.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const int rank = call->operands[0].rank;
    if (!yg_check_normalizable(graph, call, 2))
        return 0;
    int64_t dims[YG_MAX_RANK] = {0};
    for (int d = 2; d < rank; d++)
        dims[d - 2] = d;
    results[0] =
        rank == 2 ? operands[0] : yg_mean(graph, operands[0], dims, (size_t)rank - 2, false);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int64_t count = yg_shape_product(x->shape, 2, x->rank);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK] = {index[0], index[1]}, rest = i;
        for (int d = x->rank; d-- > 2;) {
            at[d] = rest % x->shape[d];
            rest /= x->shape[d];
        }
        sum += yg_at(r, 0, at);
    }
    return sum / (double)count;
}

static const yg_sample samples[] = {
    {{"f[2, 3, 4]"}, NULL},
    {{"f[2, 3, 2, 3]"}, NULL},
    {{"f[2, 3]"}, NULL},
    {{"f[0, 3, 4]"}, NULL},
};

const yg_op yg_op_global_avg_pool = {
    .name = "global_avg_pool",
    .formula = "y[n, c] = (Σ x[n, c, …]) / count",
    .doc = "The average of each channel of each example: [batch, channels, …] becomes "
           "[batch, channels].",
    .group = "pooling",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
