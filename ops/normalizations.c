/*
 * What the normalisations of the model language share: see row_normalize.h.
 */
#include "build.h"
#include "registry.h"
#include "row_normalize.h"
#include "shape.h"

#include <inttypes.h>
#include <math.h>

yg_node yg_normalize_last(yg_graph *graph, yg_node x, yg_node weight, yg_node bias, int dims,
                          bool centered, double eps) {
    if (x == YG_NONE)
        return YG_NONE;
    const yg_type type = *yg_node_type(graph, x);
    yg_type rows = {.dtype = type.dtype, .rank = 2, .shape = {1, 1}};
    for (int d = 0; d < type.rank; d++)
        rows.shape[d >= type.rank - dims] *= type.shape[d];
    const yg_type row = {.dtype = type.dtype, .rank = 1, .shape = {rows.shape[1]}};
    yg_node operands[] = {yg_reshape(graph, x, &rows), YG_NONE, YG_NONE}, results[3];
    size_t count = 1;
    if (weight != YG_NONE)
        operands[count++] = yg_reshape(graph, weight, &row);
    if (bias != YG_NONE)
        operands[count++] = yg_reshape(graph, bias, &row);
    const yg_attr given[] = {[YG_ROW_CENTERED] = {.i = centered}, [YG_ROW_EPS] = {.f = eps}};
    if (yg_apply_all(graph, &yg_op_row_normalize, operands, count, given, results, 3) == 0)
        return YG_NONE;
    return yg_reshape(graph, results[YG_ROW_NORMAL], &type);
}

bool yg_check_affine(yg_graph *graph, const yg_infer *call, size_t k, int rank,
                     const int64_t *shape) {
    if (k >= call->operand_count)
        return true;
    yg_type expected;
    const yg_type *found = &call->operands[k];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    yg_error error = {0};
    if (!yg_type_make(call->operands[0].dtype, rank, shape, &expected, &error))
        yg_graph_fail(graph, error.code, "%s", error.message);
    else if (yg_type_equal(found, &expected))
        return true;
    else
        yg_graph_fail(graph, YG_ERROR_SHAPE, "%s: %s must be %s, not %s", call->op->name,
                      call->op->operand_names[k], yg_type_text(&expected, a),
                      yg_type_text(found, b));
    return false;
}

bool yg_check_normalizable(yg_graph *graph, const yg_infer *call, int rank) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(x->dtype))
        yg_graph_fail(graph, YG_ERROR_DTYPE, "%s takes a float tensor, not %s", call->op->name,
                      yg_type_text(x, text));
    else if (x->rank < rank)
        yg_graph_fail(graph, YG_ERROR_SHAPE, "%s: %s has fewer than %d dimensions", call->op->name,
                      yg_type_text(x, text), rank);
    else
        return true;
    return false;
}

/* -------------------------------------------------------------------- the last dimensions -- */

/* How many of the last dimensions are normalised; 0 if the call does not say. */
static int normalized_dims(const yg_infer *call) {
    if (call->attrs[0].count > 0)
        return (int)call->attrs[0].count;
    return call->operand_count > 1 ? call->operands[1].rank : 0;
}

static bool check_shape(yg_graph *graph, const yg_infer *call, int dims) {
    const yg_type *x = &call->operands[0];
    const yg_attr *given = &call->attrs[0];
    char text[YG_TYPE_TEXT], list[YG_TYPE_TEXT];
    if (dims == 0) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "%s needs normalized_shape, or a weight that has this shape", call->op->name);
        return false;
    }
    bool fits = dims <= x->rank;
    for (int d = 0; fits && given->count > 0 && d < dims; d++)
        fits = given->ints[d] == x->shape[x->rank - dims + d];
    yg_type shape;
    if (fits)
        return true;
    const int64_t *sizes = given->count > 0 ? given->ints : call->operands[1].shape;
    if (yg_type_make(x->dtype, dims, sizes, &shape, NULL))
        yg_graph_fail(graph, YG_ERROR_SHAPE, "%s: %s does not end in normalized_shape %s",
                      call->op->name, yg_type_text(x, text), yg_shape_text(&shape, list));
    else
        yg_graph_fail(graph, YG_ERROR_SHAPE, "%s: %s does not end in normalized_shape",
                      call->op->name, yg_type_text(x, text));
    return false;
}

size_t yg_normalize_shape(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                          yg_node *results, bool centered, double eps) {
    const int dims = normalized_dims(call);
    if (!yg_check_normalizable(graph, call, 1) || !check_shape(graph, call, dims))
        return 0;
    const yg_type *x = &call->operands[0];
    const int64_t *shape = &x->shape[x->rank - dims];
    if (!yg_check_affine(graph, call, 1, dims, shape) ||
        !yg_check_affine(graph, call, 2, dims, shape))
        return 0;
    results[0] = yg_normalize_last(graph, operands[0], yg_optional_operand(call, operands, 1),
                                   yg_optional_operand(call, operands, 2), dims, centered, eps);
    return results[0] != YG_NONE;
}

/* Mean and scale over the elements of x that an odometer from `from` to the last dimension visits,
 * the first `count` positions of dimension `from` starting at `start`. */
static void statistics(const yg_reference *r, const int64_t *index, int from, int64_t start,
                       int64_t count, bool centered, double eps, double *mean, double *scale) {
    const yg_type *x = &r->call->operands[0];
    const int64_t inner = yg_shape_product(x->shape, from + 1, x->rank);
    double sum = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < count * inner; i++) {
            int64_t at[YG_MAX_RANK], rest = i;
            for (int d = 0; d < from; d++)
                at[d] = index[d];
            for (int d = x->rank; d-- > from + 1;) {
                at[d] = rest % x->shape[d];
                rest /= x->shape[d];
            }
            at[from] = start + rest;
            const double value = yg_at(r, 0, at);
            if (pass == 0)
                sum += centered ? value / (double)(count * inner) : 0;
            else
                squares += (value - sum) * (value - sum) / (double)(count * inner);
        }
    *mean = sum;
    *scale = 1 / sqrt(squares + eps);
}

double yg_normalize_shape_reference(const yg_reference *r, const int64_t *index, bool centered,
                                    double eps) {
    const yg_type *x = &r->call->operands[0];
    const int from = x->rank - normalized_dims(r->call);
    double mean, scale;
    statistics(r, index, from, 0, x->shape[from], centered, eps, &mean, &scale);
    double y = (yg_at(r, 0, index) - mean) * scale;
    if (r->call->operand_count > 1)
        y *= yg_at(r, 1, &index[from]);
    if (r->call->operand_count > 2)
        y += yg_at(r, 2, &index[from]);
    return y;
}

/* ----------------------------------------------------------------------- groups of channels -- */

/* Statistics of groups, [batch · groups], and numbers of channels, [channels], for each channel of
 * each example: [batch · channels]. */
static yg_node spread(yg_graph *graph, yg_node node, const yg_type *x, int64_t groups,
                      bool by_group) {
    const yg_type all = {
        .dtype = x->dtype, .rank = 3, .shape = {x->shape[0], groups, x->shape[1] / groups}};
    const yg_type flat = {.dtype = x->dtype, .rank = 1, .shape = {x->shape[0] * x->shape[1]}};
    yg_type own = all;
    own.shape[by_group ? 2 : 0] = 1;
    return yg_reshape(graph, yg_broadcast(graph, yg_reshape(graph, node, &own), &all), &flat);
}

/* With a weight, and perhaps a bias: moments of groups, then each channel of an example is moved
 * and scaled once, by numbers that join those of the group with those of the channel. */
static yg_node normalize_and_scale(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                   int64_t groups, double eps) {
    const yg_type x = call->operands[0];
    const int64_t pixels = yg_shape_product(x.shape, 2, x.rank), size = x.shape[1] / groups;
    const yg_type rows = {
        .dtype = x.dtype, .rank = 3, .shape = {1, x.shape[0] * groups, size * pixels}};
    const yg_type runs = {
        .dtype = x.dtype, .rank = 3, .shape = {1, x.shape[0] * x.shape[1], pixels}};
    const yg_type flat = {.dtype = x.dtype, .rank = 1, .shape = {x.shape[0] * x.shape[1]}};
    const yg_attr second = {.i = true};
    const yg_node cut = yg_reshape(graph, operands[0], &rows);
    yg_node moments[2];
    if (yg_apply_all(graph, &yg_op_channel_moments, &cut, 1, &second, moments, 2) != 2)
        return YG_NONE;
    const yg_node scale = yg_rsqrt(graph, yg_offset(graph, moments[1], eps));
    const yg_node all[] = {yg_reshape(graph, operands[0], &runs),
                           spread(graph, moments[0], &x, groups, true),
                           yg_multiply(graph, spread(graph, scale, &x, groups, true),
                                       spread(graph, operands[1], &x, groups, false)),
                           call->operand_count > 2 ? spread(graph, operands[2], &x, groups, false)
                                                   : yg_full(graph, &flat, 0)};
    const yg_node y = yg_apply(graph, &yg_op_channel_affine, all, 4, &second);
    return yg_reshape(graph, y, &x);
}

/* [C] as [C, 1, …, 1], so that it broadcasts along the channels of x. */
static yg_node along_channels(yg_graph *graph, yg_node node, const yg_type *x) {
    yg_type shape = {.dtype = x->dtype, .rank = (int8_t)(x->rank - 1), .shape = {x->shape[1]}};
    for (int d = 1; d < shape.rank; d++)
        shape.shape[d] = 1;
    return yg_reshape(graph, node, &shape);
}

size_t yg_normalize_groups(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                           yg_node *results, int64_t groups, double eps) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (x->shape[1] % groups != 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: the %" PRId64 " channels of %s are not divisible into %" PRId64
                      " groups",
                      call->op->name, x->shape[1], yg_type_text(x, text), groups);
        return 0;
    }
    if (!yg_check_affine(graph, call, 1, 1, &x->shape[1]) ||
        !yg_check_affine(graph, call, 2, 1, &x->shape[1]))
        return 0;
    const yg_type type = *x;
    yg_type cut = {.dtype = type.dtype, .rank = 2, .shape = {type.shape[0] * groups, 1}};
    cut.shape[1] = type.shape[1] / groups * yg_shape_product(type.shape, 2, type.rank);
    enum { LEAST_PIXELS = 32 }; /* of one channel, for whole vectors */
    if (call->operand_count > 1 && yg_type_count(&type) > 0 &&
        yg_shape_product(type.shape, 2, type.rank) >= LEAST_PIXELS) {
        results[0] = normalize_and_scale(graph, call, operands, groups, eps);
        return results[0] != YG_NONE;
    }
    const yg_node rows = yg_reshape(graph, operands[0], &cut);
    yg_node y = yg_normalize_last(graph, rows, YG_NONE, YG_NONE, 1, true, eps);
    y = yg_reshape(graph, y, &type);
    if (call->operand_count > 1)
        y = yg_multiply(graph, y, along_channels(graph, operands[1], &type));
    if (call->operand_count > 2)
        y = yg_add(graph, y, along_channels(graph, operands[2], &type));
    results[0] = y;
    return y != YG_NONE;
}

double yg_normalize_groups_reference(const yg_reference *r, const int64_t *index, int64_t groups,
                                     double eps) {
    const yg_type *x = &r->call->operands[0];
    const int64_t size = x->shape[1] / groups;
    double mean, scale;
    statistics(r, index, 1, index[1] / size * size, size, true, eps, &mean, &scale);
    double y = (yg_at(r, 0, index) - mean) * scale;
    if (r->call->operand_count > 1)
        y *= yg_at(r, 1, &index[1]);
    if (r->call->operand_count > 2)
        y += yg_at(r, 2, &index[1]);
    return y;
}
