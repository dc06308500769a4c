/*
 * Interpolating along a dimension: see resample_taps.h.
 */
#include "resample_taps.h"

#include "shape.h"

#include <inttypes.h>
#include <math.h>

/* How far two neighbours of the result are apart in x. */
static double step_of(const yg_resample_sizes *s) {
    if (s->align_corners)
        return s->to > 1 ? (double)(s->from - 1) / (double)(s->to - 1) : 0;
    return s->scale > 0 ? 1 / s->scale : (double)s->from / (double)s->to;
}

static int64_t clamp(int64_t at, int64_t size) {
    return at < 0 ? 0 : at >= size ? size - 1 : at;
}

/* The nearest element is found in single precision, as by PyTorch: a quotient that should be whole
 * is then not just below it. */
static void nearest(const yg_resample_sizes *s, double at, int64_t *index, double *weight) {
    index[0] = clamp((int64_t)floorf((float)at), s->from);
    weight[0] = 1;
}

static void linear(const yg_resample_sizes *s, double at, int64_t *index, double *weight) {
    const double inside = at < 0 ? 0 : at;
    index[0] = clamp((int64_t)inside, s->from);
    index[1] = clamp(index[0] + 1, s->from);
    weight[1] = fmin(fmax(inside - (double)index[0], 0), 1);
    weight[0] = 1 - weight[1];
}

/* Keys' kernel with a = -0.75, at distances up to 1 and from there up to 2. */
static double near_weight(double distance) {
    const double a = -0.75;
    return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
}

static double far_weight(double distance) {
    const double a = -0.75;
    return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
}

static void cubic(const yg_resample_sizes *s, double at, int64_t *index, double *weight) {
    const double below = floor(at), past = fmin(fmax(at - below, 0), 1);
    for (int t = 0; t < 4; t++)
        index[t] = clamp((int64_t)below - 1 + t, s->from);
    weight[0] = far_weight(past + 1);
    weight[1] = near_weight(past);
    weight[2] = near_weight(1 - past);
    weight[3] = far_weight(2 - past);
}

void yg_resample_block_at(const yg_resample_sizes *sizes, int64_t first, yg_resample_block *block) {
    const double step = step_of(sizes);
    const int64_t rest = sizes->to - first;
    const bool same = sizes->from == sizes->to && sizes->mode == YG_RESAMPLE_LINEAR;
    block->first = first;
    block->count = rest < YG_RESAMPLE_BLOCK ? rest : YG_RESAMPLE_BLOCK;
    block->taps = sizes->mode == YG_RESAMPLE_CUBIC ? 4 : sizes->mode == YG_RESAMPLE_LINEAR ? 2 : 1;
    for (int64_t i = 0; i < block->count; i++) {
        int64_t *index = block->index + i * block->taps;
        double *weight = block->weight + i * block->taps;
        const double o = (double)(first + i);
        const double centre = sizes->align_corners ? step * o : step * (o + 0.5) - 0.5;
        if (sizes->mode == YG_RESAMPLE_NEAREST)
            nearest(sizes, step * o, index, weight);
        else if (sizes->mode == YG_RESAMPLE_NEAREST_EXACT)
            nearest(sizes, centre + 0.5, index, weight);
        else if (sizes->mode == YG_RESAMPLE_LINEAR)
            linear(sizes, same ? o : centre, index, weight);
        else
            cubic(sizes, centre, index, weight);
    }
}

bool yg_resample_infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    const int64_t size = call->attrs[YG_RESAMPLE_SIZE].i;
    int dim;
    char text[YG_TYPE_TEXT];
    if (!yg_shape_dim(call, call->attrs[YG_RESAMPLE_DIM].i, x->rank, &dim, error))
        return false;
    if (!yg_dtype_is_float(x->dtype))
        return yg_fail(error, YG_ERROR_DTYPE, call->origin, "%s takes a float tensor, not %s",
                       call->op->name, yg_type_text(x, text));
    if (x->rank == 0 || x->shape[dim] == 0)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: there is nothing in dimension %d of %s to interpolate", call->op->name,
                       dim, yg_type_text(x, text));
    *result = *x;
    result->shape[dim] = size;
    return yg_type_make(x->dtype, x->rank, result->shape, result, error);
}

void yg_resample_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[YG_RESAMPLE_DIM].i, results->rank, &dim);
    plan->units = yg_shape_product(results->shape, 0, dim);
    plan->flops = 4 * (double)yg_type_count(results);
}

yg_resample_walk yg_resample_walk_of(const yg_type *x, const yg_type *y, const yg_attr *attrs,
                                     bool gradient) {
    int dim = 0;
    yg_dimension(attrs[YG_RESAMPLE_DIM].i, x->rank, &dim);
    return (yg_resample_walk){
        .sizes = {.from = gradient ? y->shape[dim] : x->shape[dim],
                  .to = gradient ? x->shape[dim] : y->shape[dim],
                  .mode = attrs[YG_RESAMPLE_MODE].i,
                  .align_corners = attrs[YG_RESAMPLE_ALIGN].i != 0,
                  .scale = attrs[YG_RESAMPLE_SCALE].f},
        .inner = yg_shape_product(x->shape, dim + 1, x->rank),
    };
}

static const char *const modes[] = {"nearest", "nearest-exact", "linear", "cubic", NULL};

const yg_attr_spec yg_resample_attrs[YG_RESAMPLE_ATTRS] = {
    [YG_RESAMPLE_DIM] = {.name = "dim",
                         .kind = YG_ATTR_INT,
                         .required = true,
                         .min = -YG_MAX_RANK,
                         .max = YG_MAX_RANK - 1,
                         .doc = "the dimension to interpolate along"},
    [YG_RESAMPLE_SIZE] = {.name = "size",
                          .kind = YG_ATTR_INT,
                          .required = true,
                          .min = 1,
                          .max = (double)INT64_MAX,
                          .doc = "its size in the result"},
    [YG_RESAMPLE_MODE] = {.name = "mode",
                          .kind = YG_ATTR_CHOICE,
                          .choices = modes,
                          .doc = "how many elements of x an element of the result is made of"},
    [YG_RESAMPLE_ALIGN] = {.name = "align_corners",
                           .kind = YG_ATTR_BOOL,
                           .doc = "the first and last elements lie at the same place"},
    [YG_RESAMPLE_SCALE] = {.name = "scale",
                           .kind = YG_ATTR_FLOAT,
                           .doc = "how many times larger the result is; 0: the ratio of sizes"},
};
