/*
 * addmm: y[…, i, j] = c[…, i, j] + Σ_k a[…, i, k] · b[…, k, j].
 *
 * A product that is added to c. a, b and the attributes are as in matmul; c has the type of the
 * product. The kernel may write over c, so adding several products takes a single buffer.
 * Its derivative is that of its definition, matmul and add.
 */
#include "build.h"
#include "product.h"
#include "registry.h"

enum { C, A }; /* operands; b follows a */

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    if (!yg_product_infer(call, A, result, error))
        return false;
    const yg_type *c = &call->operands[C];
    if (yg_type_equal(c, result))
        return true;
    char found[YG_TYPE_TEXT], expected[YG_TYPE_TEXT];
    yg_fail(error, c->dtype == result->dtype ? YG_ERROR_SHAPE : YG_ERROR_DTYPE, call->origin,
            "addmm: c is %s, but the product is %s", yg_type_text(c, found),
            yg_type_text(result, expected));
    return false;
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    yg_product_plan(call, A, true, plan);
    plan->flops += (double)yg_type_count(results);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    return yg_product_run(call, &yg_op_addmm, A, call->in[C], error);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node product = yg_apply(graph, &yg_op_matmul, &operands[A], 2, call->attrs);
    results[0] = yg_add(graph, operands[C], product);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, C, index) + yg_product_reference(r, A, index);
}

#define FLAGS(a, b)                                                                                \
    (const yg_attr[]) {                                                                            \
        {.i = (a)}, {                                                                              \
            .i = (b)                                                                               \
        }                                                                                          \
    }
static const yg_sample samples[] = {
    {{"f[2, 4]", "f[2, 3]", "f[3, 4]"}, NULL},
    {{"f[2, 4]", "f[3, 2]", "f[3, 4]"}, FLAGS(1, 0)},
    {{"f[2, 4]", "f[2, 3]", "f[4, 3]"}, FLAGS(0, 1)},
    {{"f[2, 4]", "f[3, 2]", "f[4, 3]"}, FLAGS(1, 1)},
    {{"f[31, 19]", "f[31, 23]", "f[23, 19]"}, NULL}, /* sizes are not multiples of tiles */
    {{"f[8, 9]", "f[300, 8]", "f[300, 9]"}, FLAGS(1, 0)},
    {{"f[]", "f[3]", "f[3]"}, NULL},
    {{"f[5]", "f[5, 40]", "f[40]"}, NULL},
    {{"f[2, 3, 5]", "f[2, 3, 4]", "f[4, 5]"}, NULL},
    {{"f[2, 3, 2]", "f[3, 4]", "f[2, 4, 2]"}, NULL},
    {{"f[130, 200]", "f[130, 90]", "f[90, 200]"}, NULL}, /* several pieces */
    {{"f[200, 130]", "f[90, 200]", "f[90, 130]"}, FLAGS(1, 0)},
    {{"f[2, 3]", "f[2, 0]", "f[0, 3]"}, NULL},
    {{"f[0, 3]", "f[0, 2]", "f[2, 3]"}, NULL},
};

const yg_op yg_op_addmm = {
    .name = "addmm",
    .formula = "y[…, i, j] = c[…, i, j] + Σ_k a[…, i, k] · b[…, k, j]",
    .doc = "A product of matrices, as in matmul, added to c, which has its shape.",
    .group = "linear algebra",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"c", "a", "b"},
    .attrs = yg_product_attrs,
    .attr_count = sizeof yg_product_attrs / sizeof *yg_product_attrs,
    .flags = YG_OP_INTERNAL | YG_OP_IN_PLACE,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
