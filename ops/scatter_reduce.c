/*
 * scatter_reduce: reduces the elements of src that go to one place of x, and with `include_self`
 * the element of x there too, as torch.scatter_reduce. Places that the index does not name keep x.
 *
 * A composite of scatter_add, scatter_prod and scatter_extreme. Without `include_self` the elements
 * of x that the index names are first replaced by one that changes nothing: 0, 1 or an infinity.
 */
#include "build.h"
#include "index_walk.h"
#include "registry.h"

#include <math.h>

enum { X, INDEX, SRC };
enum { DIM, REDUCE, INCLUDE_SELF };
enum { SUM, PROD, MEAN, AMAX, AMIN };

static const char *const reductions[] = {"sum", "prod", "mean", "amax", "amin", NULL};

/* What changes no result of a reduction. The bounds of i64 are not doubles, but -2^63 is one, and a
 * cast rounds what is too large down. */
static double neutral(int64_t reduce, yg_dtype dtype) {
    const double largest = dtype == YG_BOOL  ? 1
                           : dtype == YG_I32 ? INT32_MAX
                           : dtype == YG_I64 ? (double)INT64_MAX
                                             : (double)INFINITY;
    const double smallest = dtype == YG_BOOL  ? 0
                            : dtype == YG_I32 ? INT32_MIN
                            : dtype == YG_I64 ? (double)INT64_MIN
                                              : -(double)INFINITY;
    return reduce == PROD ? 1 : reduce == AMAX ? smallest : reduce == AMIN ? largest : 0;
}

/* The sums divided by how many elements they are of; where that is none, by 1. */
static yg_node mean(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node sums) {
    const yg_type *x = &call->operands[X];
    const yg_node counts[] = {yg_full(graph, x, call->attrs[INCLUDE_SELF].i ? 1 : 0),
                              operands[INDEX], yg_full(graph, &call->operands[SRC], 1)};
    const yg_node count =
        yg_maximum(graph, yg_apply(graph, &yg_op_scatter_add, counts, 3, &call->attrs[DIM]),
                   yg_scalar(graph, x->dtype, 1));
    const yg_node both[] = {sums, count};
    return yg_dtype_is_float(x->dtype) ? yg_divide(graph, sums, count)
                                       : yg_apply(graph, &yg_op_floor_divide, both, 2, NULL);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_attr *dim = &call->attrs[DIM];
    const int64_t reduce = call->attrs[REDUCE].i;
    yg_type type;
    yg_error error = {0};
    if (!yg_scatter_infer(call, &type, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
        return 0;
    }
    yg_node inner[] = {operands[X], operands[INDEX], operands[SRC]};
    if (!call->attrs[INCLUDE_SELF].i) {
        const yg_node fill[] = {operands[X], operands[INDEX],
                                yg_full(graph, &call->operands[SRC], neutral(reduce, type.dtype))};
        inner[X] = yg_apply(graph, &yg_op_scatter, fill, 3, dim);
    }
    const yg_attr extreme[] = {*dim, {.i = reduce == AMIN}};
    if (reduce == AMAX || reduce == AMIN)
        results[0] = yg_apply(graph, &yg_op_scatter_extreme, inner, 3, extreme);
    else
        results[0] = yg_apply(graph, reduce == PROD ? &yg_op_scatter_prod : &yg_op_scatter_add,
                              inner, 3, dim);
    if (reduce == MEAN)
        results[0] = mean(graph, call, operands, results[0]);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[X];
    const int64_t reduce = r->call->attrs[REDUCE].i;
    const bool includes = r->call->attrs[INCLUDE_SELF].i != 0;
    int dim = 0;
    yg_dimension(r->call->attrs[DIM].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0}, count = includes;
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double y = includes ? yg_at(r, X, index) : neutral(reduce, YG_F64);
    const int64_t length = x->rank == 0 ? 1 : r->call->operands[INDEX].shape[dim];
    for (at[dim] = 0; at[dim] < length; at[dim]++) {
        if (!yg_scatter_meets(r, at, index, dim))
            continue;
        const double element = yg_at(r, SRC, at);
        y = reduce == PROD   ? y * element
            : reduce == AMAX ? fmax(y, element)
            : reduce == AMIN ? fmin(y, element)
                             : y + element;
        count++;
    }
    if (count == 0)
        return yg_at(r, X, index);
    return reduce == MEAN ? y / (double)count : y;
}

static const yg_attr_spec attrs[] = {
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .required = true,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension that the index counts along"},
    [REDUCE] = {.name = "reduce",
                .kind = YG_ATTR_CHOICE,
                .required = true,
                .choices = reductions,
                .doc = "what is made of the elements that go to one place"},
    [INCLUDE_SELF] = {.name = "include_self",
                      .kind = YG_ATTR_BOOL,
                      .fallback = {.i = 1},
                      .doc = "the element of x is one of them"},
};

#define CALL(dim, reduce, self)                                                                    \
    (const yg_attr[]) {                                                                            \
        {.i = (dim)}, {.i = (reduce)}, {                                                           \
            .i = (self)                                                                            \
        }                                                                                          \
    }
static const yg_sample samples[] = {
    {{"f[3]", "i[5]", "f[5]"}, CALL(0, SUM, 1)},
    {{"f[4, 3]", "i[4, 6]", "f[4, 7]"}, CALL(-1, SUM, 0)},
    {{"f[3, 5]", "i[2, 4]", "f[2, 4]"}, CALL(0, PROD, 1)},
    {{"f[2, 4, 3]", "i[2, 5, 2]", "f[3, 5, 2]"}, CALL(1, PROD, 0)},
    {{"f[3, 5]", "i[4, 4]", "f[4, 4]"}, CALL(0, MEAN, 1)},
    {{"f[5, 3]", "i[2, 4]", "f[2, 4]"}, CALL(1, MEAN, 0)},
    {{"f[3, 5]", "i[4, 4]", "f[4, 4]"}, CALL(0, AMAX, 1)},
    {{"f[4, 3]", "i[4, 6]", "f[4, 7]"}, CALL(1, AMAX, 0)},
    {{"f[4, 3]", "i[4, 6]", "f[4, 7]"}, CALL(1, AMIN, 0)},
    {{"f[3, 2]", "i[0, 2]", "f[0, 2]"}, CALL(0, AMIN, 1)},
};

const yg_op yg_op_scatter_reduce = {
    .name = "scatter_reduce",
    .formula = "y[k, j] = reduce(x[k, j], src[i, j] for all i with index[i, j] = k) for dim = 0, …",
    .doc = "Reduces src's elements by the places of x that the index names, as "
           "torch.scatter_reduce: by sum, prod, mean, amax or amin. Equal largest elements share "
           "the gradient. An index that is not there stops the run.",
    .group = "indexing",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "index", "src"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
