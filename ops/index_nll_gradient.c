/*
 * index_nll_gradient: dl = -dy · one_hot(c) for each row's class c and number dy; 0 for an ignored
 * row. The log-probabilities, operand 1, only say how many classes there are.
 *
 * The gradient of index_nll: most of it is 0, so it is filled, and one number a row written.
 * vjp: of dy, minus the cotangent at the class.
 */
#include "build.h"
#include "class_index.h"
#include "registry.h"

#include <string.h>

enum { TARGET, SCORES, DY }; /* operands */

#define KERNEL(function, real)                                                                     \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const int64_t classes = call->out_type->shape[call->out_type->rank - 1];                   \
        const real *dy = call->in[DY];                                                             \
        real *dl = call->out;                                                                      \
        if (call->end > call->begin)                                                               \
            memset(dl + call->begin * classes, 0,                                                  \
                   (size_t)((call->end - call->begin) * classes) * sizeof *dl);                    \
        for (int64_t row = call->begin; row < call->end; row++) {                                  \
            int64_t target;                                                                        \
            if (!yg_class_read(call, row, &target, error))                                         \
                return false;                                                                      \
            if (target >= 0)                                                                       \
                dl[row * classes + target] = -dy[row];                                             \
        }                                                                                          \
        return true;                                                                               \
    }
KERNEL(index_nll_gradient_f32, float)
KERNEL(index_nll_gradient_f64, double)

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    yg_type rows;
    if (!yg_class_infer_rows(call, &rows, error))
        return false;
    if (!yg_type_equal(&rows, &call->operands[DY]))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin, "index_nll_gradient: dy is %s, not %s",
                       yg_type_text(&call->operands[DY], a), yg_type_text(&rows, b));
    *result = call->operands[SCORES];
    return true;
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    plan->units = plan->rows = yg_type_count(&call->operands[TARGET]);
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    if (k != DY)
        return YG_NONE;
    const yg_node operands[] = {yg_node_operand(graph, y, TARGET), dy};
    return yg_apply(graph, &yg_op_index_nll, operands, 2, yg_node_attrs(graph, y));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node one_hot =
        yg_class_one_hot(graph, operands[TARGET], &call->operands[SCORES], call->attrs[0].i);
    results[0] =
        yg_negative(graph, yg_multiply(graph, one_hot, yg_class_column(graph, operands[DY])));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t target = yg_class_reference(r, index);
    return target >= 0 && index[r->out_type->rank - 1] == target ? -yg_at(r, DY, index) : 0;
}

static const yg_attr ignores[] = {{.i = 2}};

static const yg_sample samples[] = {
    {.operands = {"i[4]", "f[4, 5]", "f[4]"}},
    {.operands = {"i[3, 7]", "f[3, 7, 5]", "f[3, 7]"}, .attrs = ignores},
    {.operands = {"i[]", "f[5]", "f[]"}},
    {.operands = {"i[0]", "f[0, 5]", "f[0]"}},
};

const yg_op yg_op_index_nll_gradient = {
    .name = "index_nll_gradient",
    .formula = "dl = -dy · one_hot(c)",
    .doc = "The gradient of index_nll: minus dy at each row's class, 0 elsewhere.",
    .group = "loss",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"target", "log_probability", "dy"},
    .attrs = yg_class_attrs,
    .attr_count = 1,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = index_nll_gradient_f32, [YG_F64] = index_nll_gradient_f64},
    .plan = plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {YG_CLASS_DOMAIN, {-4, 0}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
