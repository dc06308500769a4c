/*
 * Interpolating along a dimension: see resample_taps.h.
 */
#include "resample_taps.h"

#include "registry.h"
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

/* How far the filter of a smooth mode reaches to either side in x. */
static double reach(const yg_resample_sizes *s) {
    const double step = step_of(s), size = s->mode == YG_RESAMPLE_CUBIC_SMOOTH ? 2 : 1;
    return step >= 1 ? size * step : size;
}

/* A triangle, or Keys' kernel with a = -0.5, at a distance of `at`. */
static double filter(int64_t mode, double at) {
    const double distance = fabs(at), a = -0.5;
    if (mode == YG_RESAMPLE_LINEAR_SMOOTH)
        return distance < 1 ? 1 - distance : 0;
    if (distance < 1)
        return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
    return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0;
}

/* All taps in reach, with weights that add up to 1. A filter is as wide as the step. Taps that are
 * left over have the weight 0. */
static void smooth(const yg_resample_sizes *s, int64_t o, int64_t taps, int64_t *index,
                   double *weight) {
    const double step = step_of(s), width = fmax(step, 1);
    const double centre = step * ((double)o + 0.5), wide = reach(s);
    int64_t first = (int64_t)(centre - wide + 0.5), end = (int64_t)(centre + wide + 0.5);
    first = first < 0 ? 0 : first;
    end = end > s->from ? s->from : end;
    const int64_t count = end - first > taps ? taps : end - first;
    double sum = 0;
    for (int64_t t = 0; t < taps; t++) {
        index[t] = clamp(first + (t < count ? t : count - 1), s->from);
        weight[t] = t < count ? filter(s->mode, ((double)(first + t) - centre + 0.5) / width) : 0;
        sum += weight[t];
    }
    for (int64_t t = 0; t < taps && sum != 0; t++)
        weight[t] /= sum;
}

int64_t yg_resample_taps(const yg_resample_sizes *sizes) {
    switch (sizes->mode) {
    case YG_RESAMPLE_LINEAR:
        return 2;
    case YG_RESAMPLE_CUBIC:
        return 4;
    case YG_RESAMPLE_LINEAR_SMOOTH:
    case YG_RESAMPLE_CUBIC_SMOOTH: {
        const double most = 2 * ceil(reach(sizes)) + 1;
        return most < (double)sizes->from ? (int64_t)most : sizes->from;
    }
    default:
        return 1;
    }
}

void yg_resample_block_at(const yg_resample_sizes *sizes, int64_t first, yg_resample_block *block) {
    const double step = step_of(sizes);
    const int64_t rest = sizes->to - first;
    const bool same = sizes->from == sizes->to && sizes->mode == YG_RESAMPLE_LINEAR;
    block->first = first;
    block->taps = (int)yg_resample_taps(sizes);
    const int64_t room = YG_RESAMPLE_ENTRIES / block->taps;
    const int64_t most = room < YG_RESAMPLE_BLOCK ? room : YG_RESAMPLE_BLOCK;
    block->count = rest < most ? rest : most;
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
        else if (sizes->mode == YG_RESAMPLE_CUBIC)
            cubic(sizes, centre, index, weight);
        else
            smooth(sizes, first + i, block->taps, index, weight);
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
    /* The gradient's x is the result of resample. */
    const bool back = call->op == &yg_op_resample_gradient;
    const yg_resample_walk walk = yg_resample_walk_of(x, result, call->attrs, back);
    if (yg_resample_taps(&walk.sizes) > YG_RESAMPLE_ENTRIES)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "interpolate: an element of the result would be an average of %" PRId64
                       " elements of dimension %d of %s; more than %d are not possible",
                       yg_resample_taps(&walk.sizes), dim, yg_type_text(x, text),
                       YG_RESAMPLE_ENTRIES);
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

static const char *const modes[] = {"nearest",       "nearest-exact", "linear", "cubic",
                                    "linear-smooth", "cubic-smooth",  NULL};

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
