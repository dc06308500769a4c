/*
 * where: y = a if condition, else b, elementwise. The condition is bool, a and b have one element
 * type; all three broadcast.
 *
 * vjp: da = dy where condition, else 0; db = 0 where condition, else dy. So a NaN or an infinity in
 * the operand that was not chosen does not reach its gradient.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

#define WHERE_TILE(function, type)                                                                 \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        const uint8_t *condition = in[0];                                                          \
        const type *a = in[1];                                                                     \
        const type *b = in[2];                                                                     \
        type *result = out;                                                                        \
        (void)attrs;                                                                               \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                       \
            const type if_true = a[i], if_false = b[i];                                            \
            result[i] = condition[i] ? if_true : if_false;                                         \
        }                                                                                          \
    }

WHERE_TILE(where_bool, uint8_t)
WHERE_TILE(where_i32, int32_t)
WHERE_TILE(where_i64, int64_t)
WHERE_TILE(where_f32, float)
WHERE_TILE(where_f64, double)

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *condition = &call->operands[0], *a = &call->operands[1];
    const yg_type *b = &call->operands[2];
    char text[2][YG_TYPE_TEXT];
    if (condition->dtype != YG_BOOL)
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       "where: the condition is %s, not bool; compare it with something",
                       yg_type_text(condition, text[0]));
    if (a->dtype != b->dtype)
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       "where: a is %s and b is %s; cast one of them", yg_type_text(a, text[0]),
                       yg_type_text(b, text[1]));
    *result = *a;
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node condition = yg_node_operand(graph, y, 0);
    const yg_node zero = yg_scalar(graph, yg_node_type(graph, y)->dtype, 0);
    return k == 1 ? yg_where(graph, condition, dy, zero) : yg_where(graph, condition, zero, dy);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node condition = operands[0], a = operands[1], b = operands[2];
    double chosen;
    if (a == b)
        return a;
    if (yg_node_is_scalar(graph, condition, &chosen))
        return chosen != 0 ? a : b;
    const yg_node opposite = yg_operand_if(graph, condition, &yg_op_logical_not);
    if (opposite == YG_NONE || yg_node_type(graph, opposite)->dtype != YG_BOOL)
        return YG_NONE;
    return yg_where(graph, opposite, b, a);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index) != 0 ? yg_at(r, 1, index) : yg_at(r, 2, index);
}

static const yg_sample samples[] = {
    {{"b[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL}, {{"b[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, NULL},
    {{"b[4, 1]", "f[3]", "f[]"}, NULL},        {{"b[]", "f[]", "f[]"}, NULL},
    {{"b[0, 3]", "f[3]", "f[3]"}, NULL},       {{"b[7]", "i[7]", "i[]"}, NULL},
    {{"b[7]", "b[7]", "b[7]"}, NULL},
};

const yg_op yg_op_where = {
    .name = "where",
    .formula = "y = a if condition, else b",
    .doc = "Chooses element by element. The gradient goes to the chosen side only.",
    .group = "elementwise",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"condition", "a", "b"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_KEEP_DTYPES,
    .infer = infer,
    .tile = YG_ALL_TILES(where),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{0, 1}},
    YG_SAMPLES(samples),
};
