/*
 * index_nll: y = -l_c for each row l of log-probabilities [..., C] and its class c [...]; 0 for an
 * ignored row. The result has the class indices' shape.
 *
 * Its definition is -sum(l · one_hot(c)).
 * vjp: dl = -dy · one_hot(c), by index_nll_gradient.
 */
#include "build.h"
#include "class_index.h"
#include "registry.h"

#define INDEX_NLL_KERNEL(function, real)                                                           \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const yg_type *scores = call->in_types[1];                                                 \
        const int64_t classes = scores->shape[scores->rank - 1];                                   \
        const real *l = call->in[1];                                                               \
        real *y = call->out;                                                                       \
        for (int64_t row = call->begin; row < call->end; row++) {                                  \
            int64_t target;                                                                        \
            if (!yg_class_read(call, row, &target, error))                                         \
                return false;                                                                      \
            y[row] = target < 0 ? 0 : -l[row * classes + target];                                  \
        }                                                                                          \
        return true;                                                                               \
    }
INDEX_NLL_KERNEL(index_nll_f32, float)
INDEX_NLL_KERNEL(index_nll_f64, double)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = plan->rows = yg_type_count(results);
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    if (k == 0)
        return YG_NONE;
    const yg_node operands[] = {yg_node_operand(graph, y, 0), yg_node_operand(graph, y, 1), dy};
    return yg_apply(graph, &yg_op_index_nll_gradient, operands, 3, yg_node_attrs(graph, y));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node one_hot =
        yg_class_one_hot(graph, operands[0], &call->operands[1], call->attrs[0].i);
    const int64_t last = -1;
    const yg_node chosen = yg_multiply(graph, operands[1], one_hot);
    results[0] = yg_negative(graph, yg_sum(graph, chosen, &last, 1, false));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->call->operands[0].rank;
    int64_t at[YG_MAX_RANK];
    for (int i = 0; i < rank; i++)
        at[i] = index[i];
    at[rank] = yg_class_reference(r, index);
    return at[rank] < 0 ? 0 : -yg_at(r, 1, at);
}

const yg_op yg_op_index_nll = {
    .name = "index_nll",
    .formula = "y = -l_c",
    .doc = "Minus the log-probability of each row's class; see nll.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"target", "log_probability"},
    .attrs = yg_class_attrs,
    .attr_count = 1,
    .flags = YG_OP_INTERNAL,
    .infer = yg_class_infer_rows,
    .kernel = {[YG_F32] = index_nll_f32, [YG_F64] = index_nll_f64},
    .plan = plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {YG_CLASS_DOMAIN, {-4, 0}},
    .samples = yg_class_samples,
    .sample_count = sizeof yg_class_samples / sizeof *yg_class_samples,
};
