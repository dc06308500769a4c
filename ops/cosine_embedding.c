/*
 * cosine_embedding: 1 - cos(a, b) of pairs that are alike (target 1), max(0, cos(a, b) - margin) of
 * pairs that are not (target -1), reduced.
 *
 * a and b are [N, D] and the target [N], or [D] and a scalar. A composite. As in PyTorch 1e-12 is
 * added to both squared lengths, so that the cosine of a zero vector is 0; and of any other target
 * the loss is 0.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static const double least_square = 1e-12;

static bool check(yg_graph *graph, const yg_infer *call) {
    const yg_type *a = &call->operands[0], *target = &call->operands[2];
    char text[2][YG_TYPE_TEXT];
    if (!yg_loss_check(graph, call))
        return false;
    if ((a->rank == 1 || a->rank == 2) && target->rank == a->rank - 1 &&
        (target->rank == 0 || target->shape[0] == a->shape[0]))
        return true;
    yg_graph_fail(graph, YG_ERROR_SHAPE,
                  "cosine_embedding: a and b are %s and target is %s; expected [N, D] and [N], or "
                  "[D] and a scalar",
                  yg_type_text(a, text[0]), yg_type_text(target, text[1]));
    return false;
}

/* Σ a·b along the last dimension */
static yg_node inner_product(yg_graph *graph, yg_node a, yg_node b) {
    const int64_t last = -1;
    return yg_sum(graph, yg_multiply(graph, a, b), &last, 1, false);
}

static yg_node cosine(yg_graph *graph, yg_node a, yg_node b) {
    const yg_node square_a = yg_offset(graph, inner_product(graph, a, a), least_square);
    const yg_node square_b = yg_offset(graph, inner_product(graph, b, b), least_square);
    return yg_divide(graph, inner_product(graph, a, b),
                     yg_sqrt(graph, yg_multiply(graph, square_a, square_b)));
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!check(graph, call))
        return 0;
    const yg_dtype dtype = call->operands[0].dtype;
    const yg_node b = yg_cast(graph, operands[1], dtype);
    const yg_node target = yg_cast(graph, operands[2], dtype);
    const yg_node zero = yg_scalar(graph, dtype, 0), one = yg_scalar(graph, dtype, 1);
    const yg_node cos = cosine(graph, operands[0], b);
    const yg_node excess = yg_relu(graph, yg_offset(graph, cos, -call->attrs[1].f));
    const yg_node is_near = yg_equal(graph, target, one);
    const yg_node is_far = yg_equal(graph, target, yg_scalar(graph, dtype, -1));
    const yg_node elements = yg_where(graph, is_near, yg_subtract(graph, one, cos),
                                      yg_where(graph, is_far, excess, zero));
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return results[0] != YG_NONE;
}

/* Of pair number n. */
static double pair_loss(const yg_reference *r, int64_t n) {
    const yg_type *a = &r->call->operands[0];
    double product = 0, square_a = least_square, square_b = least_square;
    for (int64_t d = 0; d < a->shape[a->rank - 1]; d++) {
        const int64_t at[] = {a->rank == 2 ? n : d, d};
        product += yg_at(r, 0, at) * yg_at(r, 1, at);
        square_a += pow(yg_at(r, 0, at), 2);
        square_b += pow(yg_at(r, 1, at), 2);
    }
    const double cos = product / sqrt(square_a * square_b), target = yg_at(r, 2, &n);
    if (target == 1)
        return 1 - cos;
    return target == -1 ? fmax(0, cos - r->call->attrs[1].f) : 0;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *a = &r->call->operands[0];
    const int64_t pairs = a->rank == 2 ? a->shape[0] : 1;
    return yg_loss_reference_rows(r, index, pairs, pair_loss);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    {.name = "margin",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 0},
     .doc = "the cosine up to which pairs of target -1 have no loss"},
};

static const yg_attr sum[] = {{.i = YG_REDUCTION_SUM}, {.f = 0.2}},
                     none[] = {{.i = YG_REDUCTION_NONE}, {.f = -0.4}};

static const yg_sample samples[] = {
    {.operands = {"f[6, 3]", "f[6, 3]", "i[6]"}},
    {.operands = {"f[6, 3]", "f[6, 3]", "i[6]"}, .attrs = sum},
    {.operands = {"f[6, 3]", "f[6, 3]", "i[6]"}, .attrs = none},
    {.operands = {"f[5]", "f[5]", "i[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]", "i[0]"}, .attrs = sum},
};

const yg_op yg_op_cosine_embedding = {
    .name = "cosine_embedding",
    .formula = "l = 1 - cos(a, b) where t = 1, max(0, cos(a, b) - margin) where t = -1",
    .doc = "Turns pairs of target 1 into one direction and those of target -1 apart. a and b are "
           "[N, D] and the target is [N], or [D] and a scalar.",
    .group = "loss",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"a", "b", "target"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {-2, 2}, {-1, 1}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
