/*
 * embedding: y[i, …, :] = weight[index[i, …], :].
 *
 * index [i, …] of integers, weight [n, d] → y [i, …, d].
 * vjp: dweight[r, :] = Σ dy[i, …, :] where index[i, …] = r (embedding_gradient).
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <string.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *index = &call->operands[0], *weight = &call->operands[1];
    char text[YG_TYPE_TEXT];
    if (!yg_shape_need_index(call, 0, error))
        return false;
    if (weight->rank != 2)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "embedding: weight must be a matrix, a row for each index, not %s",
                       yg_type_text(weight, text));
    if (index->rank == YG_MAX_RANK)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "embedding: index %s has %d dimensions already, the most there can be",
                       yg_type_text(index, text), YG_MAX_RANK);
    int64_t shape[YG_MAX_RANK];
    memcpy(shape, index->shape, sizeof shape);
    shape[index->rank] = weight->shape[1];
    return yg_type_make(weight->dtype, index->rank + 1, shape, result, error);
}

/* A unit of work is a row of the result. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    plan->units = yg_type_count(&call->operands[0]);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const yg_type *weight = call->in_types[1];
    const size_t row = (size_t)weight->shape[1] * yg_dtype_size(weight->dtype);
    char *out = call->out;
    for (int64_t i = call->begin; i < call->end; i++) {
        int64_t chosen;
        if (!yg_index_read(call, "embedding", 0, i, weight->shape[0], &chosen, error))
            return false;
        memcpy(out + (size_t)i * row, (const char *)call->in[1] + (size_t)chosen * row, row);
    }
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k; /* always that of weight: the index is an integer tensor and has no cotangent */
    const yg_node operands[] = {yg_node_operand(graph, y, 0), dy};
    const yg_type *weight = yg_node_type(graph, yg_node_operand(graph, y, 1));
    const yg_attr rows = {.i = weight->shape[0]};
    return yg_apply(graph, &yg_op_embedding_gradient, operands, 2, &rows);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->call->operands[0].rank;
    const int64_t at[2] = {(int64_t)yg_at(r, 0, index), index[rank]};
    return yg_at(r, 1, at);
}

/* The tests draw indices from 0 to 3: see `domain`. */
static const yg_sample samples[] = {
    {{"i[5]", "f[4, 3]"}, NULL}, {{"i[2, 3]", "f[6, 2]"}, NULL}, {{"i[]", "f[4, 3]"}, NULL},
    {{"i[0]", "f[4, 3]"}, NULL}, {{"i[3]", "f[4, 0]"}, NULL},
};

const yg_op yg_op_embedding = {
    .name = "embedding",
    .formula = "y[i, …, :] = weight[index[i, …], :]",
    .doc = "Looks up rows of a matrix. An index that is not there stops the run. The gradient of a "
           "row that is used more than once is summed, in order.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"index", "weight"},
    .infer = infer,
    .kernel = {[YG_BOOL] = kernel,
               [YG_I32] = kernel,
               [YG_I64] = kernel,
               [YG_F32] = kernel,
               [YG_F64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .domain = {{0, 3}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
