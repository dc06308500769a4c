/*
 * References of pooling, for the tests: each goes through a window position by position, in double
 * precision. See pooling.h.
 */
#include "pooling.h"

#include <math.h>

/* The position number `step` of window `at`, or -1 if it lies in the padding. */
static int64_t position(const yg_pooling_dim *dim, int64_t at, int64_t step) {
    if (dim->adaptive) {
        const double share = (double)dim->input / (double)dim->output;
        const int64_t from = (int64_t)floor((double)at * share + 1e-9);
        const int64_t end = (int64_t)ceil((double)(at + 1) * share - 1e-9);
        return from + step < end ? from + step : -1;
    }
    const int64_t here = at * dim->stride - dim->padding + step * dim->dilation;
    return here >= 0 && here < dim->input ? here : -1;
}

/* The number of positions to try. */
static int64_t steps(const yg_pooling_dim *dim) {
    return dim->adaptive ? dim->input : dim->kernel;
}

/* Positions that lie in the image or in the padding of its size around it. With ceil_mode a window
 * may reach farther. */
static int64_t padded(const yg_pooling_dim *dim, int64_t at) {
    int64_t count = 0;
    for (int64_t step = 0; step < steps(dim); step++) {
        const int64_t here = at * dim->stride - dim->padding + step * dim->dilation;
        count += dim->adaptive ? position(dim, at, step) >= 0 : here < dim->input + dim->padding;
    }
    return count;
}

static void add(yg_pooled *pooled, double value, int64_t pixel) {
    if (pooled->pixel < 0 || value > pooled->max || isnan(value)) {
        pooled->max = value;
        pooled->pixel = pixel;
    }
    pooled->sum += value;
    pooled->powers += pow(value, pooled->norm);
    pooled->divisor++;
}

/* `lead` is the first dimension of space, of operand and result alike. */
static void go_through(const yg_reference *r, const yg_attr *attrs, int lead, const int64_t *index,
                       yg_pooled *pooled) {
    const yg_pooling p = yg_pooling_of(attrs, &r->call->operands[0]);
    const yg_pooling_dim *dim = p.dim;
    const int dims = (int)attrs[YG_POOLING_KERNEL].count, skipped = YG_POOLING_DIMS - dims;
    int64_t at[YG_MAX_RANK], window[YG_POOLING_DIMS] = {0};
    for (int d = 0; d < r->call->operands[0].rank; d++)
        at[d] = index[d];
    for (int d = 0; d < dims; d++)
        window[skipped + d] = index[lead + d];
    *pooled = (yg_pooled){.max = -INFINITY, .pixel = -1, .norm = pooled->norm};
    for (int64_t i = 0; i < steps(&dim[0]); i++)
        for (int64_t j = 0; j < steps(&dim[1]); j++)
            for (int64_t k = 0; k < steps(&dim[2]); k++) {
                const int64_t here[] = {position(&dim[0], window[0], i),
                                        position(&dim[1], window[1], j),
                                        position(&dim[2], window[2], k)};
                if (here[0] < 0 || here[1] < 0 || here[2] < 0)
                    continue;
                for (int d = 0; d < dims; d++)
                    at[lead + d] = here[skipped + d];
                add(pooled, yg_at(r, 0, at),
                    (here[0] * dim[1].input + here[1]) * dim[2].input + here[2]);
            }
    if (p.divisor != 0)
        pooled->divisor = (double)p.divisor;
    else if (p.include_pad)
        pooled->divisor = (double)(padded(&dim[0], window[0]) * padded(&dim[1], window[1]) *
                                   padded(&dim[2], window[2]));
}

void yg_pooled_of(const yg_reference *r, const int64_t *index, yg_pooled *pooled) {
    go_through(r, r->call->attrs, 1, index, pooled);
}

void yg_pooling_unravel(const yg_type *type, const int64_t *index, int64_t which,
                        int64_t at[YG_MAX_RANK]) {
    const int last = type->rank - 1;
    at[0] = index[0];
    at[last] = index[last];
    for (int d = last; d-- > 1;) {
        at[d] = which % type->shape[d];
        which /= type->shape[d];
    }
}

/* The same for a public operator, channels first. */
static yg_pooled pool(const yg_reference *r, const int64_t *index, int dims, double norm) {
    yg_attr attrs[YG_POOLING_ATTRS];
    yg_pooled pooled = {.norm = norm};
    if (yg_pooling_read(r->call, dims, attrs, NULL))
        go_through(r, attrs, r->call->operands[0].rank - dims, index, &pooled);
    return pooled;
}

double yg_max_pool_reference(const yg_reference *r, const int64_t *index, int dims) {
    return pool(r, index, dims, 1).max;
}

double yg_avg_pool_reference(const yg_reference *r, const int64_t *index, int dims) {
    const yg_pooled pooled = pool(r, index, dims, 1);
    return pooled.sum / pooled.divisor;
}

/* The sum is the average times the full size of a window, as in PyTorch. */
double yg_lp_pool_reference(const yg_reference *r, const int64_t *index, int dims) {
    yg_attr attrs[YG_POOLING_ATTRS];
    const double norm = r->call->attrs[0].f;
    const yg_pooled pooled = pool(r, index, dims, norm);
    double size = 1;
    for (int d = 0; yg_pooling_read(r->call, dims, attrs, NULL) && d < dims; d++)
        size *= (double)attrs[YG_POOLING_KERNEL].ints[d];
    return pow(pooled.powers / pooled.divisor * size, 1 / norm);
}
