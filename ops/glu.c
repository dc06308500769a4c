/*
 * glu: y = a · sigmoid(b), a and b the halves of x along dimension `dim`.
 *
 * A composite of split, sigmoid and a product.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>
#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    int dim;
    if (x->rank == 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "glu: %s has no dimension to halve",
                      yg_type_text(x, text));
        return 0;
    }
    if (!yg_compose_dim(graph, call, call->attrs[0].i, x->rank, &dim))
        return 0;
    if (x->shape[dim] % 2 != 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "glu: dimension %d of %s is odd, and has no halves",
                      dim, yg_type_text(x, text));
        return 0;
    }
    const yg_attr halves[] = {{.count = 1, .ints = {2}}, {.i = dim}};
    yg_node half[2];
    if (yg_apply_all(graph, &yg_op_split, operands, 1, halves, half, 2) == 0)
        return 0;
    results[0] = yg_multiply(graph, half[0], yg_sigmoid(graph, half[1]));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int64_t given = r->call->attrs[0].i, dim = given < 0 ? given + x->rank : given;
    int64_t other[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++)
        other[d] = index[d] + (d == dim ? x->shape[d] / 2 : 0);
    return yg_at(r, 0, index) / (1 + exp(-yg_at(r, 0, other)));
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .fallback = {.i = -1},
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to halve, negative from the end; its size is even"},
};

static const yg_attr first[] = {{.i = 0}}, middle[] = {{.i = -2}};

static const yg_sample samples[] = {
    {{"f[3, 4]"}, NULL}, {{"f[4]"}, first},   {{"f[2, 6, 3]"}, middle},
    {{"f[0, 4]"}, NULL}, {{"f[3, 0]"}, NULL},
};

const yg_op yg_op_glu = {
    .name = "glu",
    .formula = "y = a · sigmoid(b); a and b are the halves of x along dim",
    .doc =
        "The gated linear unit: the second half decides how much of the first passes. The result "
        "is half as large along dim.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
