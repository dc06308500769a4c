/*
 * What cummax and cummin share: see running_extreme.h.
 */
#include "running_extreme.h"

#include "build.h"
#include "registry.h"
#include "shape.h"

#include <math.h>

bool yg_running_infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[0];
    int dim;
    if (!yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    results[YG_RUNNING_VALUES] = *x;
    return yg_type_make(YG_I64, x->rank, x->shape, &results[YG_RUNNING_INDICES], error);
}

/* A unit of work is one index into the dimensions before `dim`. */
void yg_running_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[0].i, results->rank, &dim);
    plan->units = plan->rows = yg_shape_product(results->shape, 0, dim);
}

yg_node yg_running_vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    (void)k;
    const yg_type *x = yg_node_type(graph, y);
    if (x->rank == 0)
        return dy[YG_RUNNING_VALUES];
    const yg_node operands[] = {yg_full(graph, x, 0), yg_node_result(graph, y, YG_RUNNING_INDICES),
                                dy[YG_RUNNING_VALUES]};
    return yg_apply(graph, &yg_op_scatter_add, operands, 3, yg_node_attrs(graph, y));
}

double yg_running_reference(const yg_reference *r, const int64_t *index, double sign) {
    const yg_type *x = &r->call->operands[0];
    int dim = 0;
    yg_dimension(r->call->attrs[0].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0}, place = 0;
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    if (x->rank == 0)
        return r->result == YG_RUNNING_VALUES ? yg_at(r, 0, at) : 0;
    double best = -INFINITY;
    for (at[dim] = 0; at[dim] <= index[dim]; at[dim]++) {
        const double element = sign * yg_at(r, 0, at);
        if (isnan(element) || element >= best) {
            best = element;
            place = at[dim];
        }
    }
    return r->result == YG_RUNNING_VALUES ? sign * best : (double)place;
}

const yg_attr_spec yg_running_attrs[YG_RUNNING_ATTRS] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to run along"},
};

static const yg_attr first[] = {{.i = 0}}, second[] = {{.i = 1}}, last[] = {{.i = -1}};

const yg_sample yg_running_samples[YG_RUNNING_SAMPLES] = {
    {{"f[7]"}, first},     {{"f[2, 3, 4]"}, second}, {{"f[3, 150]"}, first}, {{"f[3, 5]"}, last},
    {{"f[]"}, first},      {{"f[3, 0]"}, second},    {{"i[9]"}, first},      {{"b[2, 4]"}, second},
    {{"f[18, 66]"}, last}, {{"b[5, 70]"}, last},
};
