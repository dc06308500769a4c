/*
 * The plan and the kernel of the three primitives of convolution: they choose between register
 * tiles (convolution_direct.h) and plain loops (convolution_plain.h).
 */
#include "convolution.h"
#include "convolution_direct.h"
#include "convolution_plain.h"
#include "convolution_sums.h"

enum { X = YG_CONVOLUTION_X, WEIGHT = YG_CONVOLUTION_WEIGHT };

static double flops_of(const yg_convolution *c) {
    double flops =
        2 * (double)c->batch * (double)c->groups * (double)c->channels * (double)c->filters;
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++)
        flops *= (double)c->y[d] * (double)c->taps[d];
    return flops;
}

/* Tiles hold several filters of a group, or channels that are groups. A group of several channels
 * with one filter has nothing to hold. */
static bool suits_tiles(const yg_convolution *c, int result) {
    return c->groups == 1 || yg_convolution_is_depthwise(c) ||
           (result == X ? c->channels : c->filters) > 1;
}

/* The two kernels of a weight that is computed in parts: sums over stretches of images. */
static bool reduce(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const yg_convolution_sums *sums = yg_direct_parts(call->prepared);
    yg_convolution_sums_reduce(sums, yg_dtype_size(call->out_type->dtype), call->begin, call->end,
                               call->in[0], call->in[1], call->out, call->scratch);
    return true;
}

static bool finish(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const yg_convolution_sums *sums = yg_direct_parts(call->prepared);
    yg_convolution_sums_finish(sums, yg_dtype_size(call->out_type->dtype), call->in[0], call->out);
    return true;
}

/* Parts of x. For each of them all of y counts as read. */
static void plan_parts(const yg_direct *direct, size_t element, yg_op_plan *plan) {
    const yg_convolution_sums *sums = yg_direct_parts(direct);
    if (!sums)
        return;
    const yg_convolution *c = &sums->c;
    plan->whole = 1 << 1;
    plan->parts = (yg_parts){
        .elements = sums->images * c->x[0] * c->x[1] * c->x[2] * sums->x_channels,
        .count = c->batch / sums->images,
        .bytes = yg_convolution_sums_size(sums) * (int64_t)element,
        .reduce = reduce,
        .finish = finish,
    };
}

void yg_convolution_plan(const yg_infer *call, int result, yg_op_plan *plan) {
    yg_convolution c = {0};
    yg_type type;
    if (!yg_convolution_read(call, result, &c, &type, NULL))
        return;
    const size_t element = yg_dtype_size(type.dtype);
    const bool tiles = suits_tiles(&c, result);
    yg_direct *direct = tiles ? yg_direct_new(&c, result, element, yg_gemm_isa_best()) : NULL;
    plan->flops = flops_of(&c);
    plan->scratch_bytes = yg_type_bytes(result == WEIGHT ? &type : &call->operands[1]);
    if (result != WEIGHT) {
        plan->units = plan->rows = c.batch;
        plan->whole = 1 << 1 | 1 << 2; /* the weight, the bias */
    }
    if (!direct)
        return;
    const int64_t bytes = yg_direct_scratch_bytes(direct);
    plan->scratch_bytes = bytes > plan->scratch_bytes ? bytes : plan->scratch_bytes;
    plan->units = yg_direct_units(direct);
    if (!plan->prepare) {
        yg_direct_free(direct);
        return;
    }
    plan_parts(direct, element, plan); /* their kernels need what is prepared */
    plan->prepared = direct;
    plan->release = yg_direct_free;
}

/* Without memory for the tiles, plain loops compute all units in the first. */
void yg_convolution_run(const yg_kernel_call *call, const yg_op *op, int result) {
    const size_t element = yg_dtype_size(call->out_type->dtype);
    const void *bias = call->operand_count > 2 ? call->in[2] : NULL;
    if (call->prepared) {
        yg_direct_run(call->prepared, call->begin, call->end, call->in[0], call->in[1], bias,
                      call->out, call->scratch, call->kept == YG_SCRATCH_AGAIN);
        return;
    }
    const yg_convolution c = yg_convolution_of(call, op, result);
    if (result == WEIGHT && call->begin == 0 && call->end > 0)
        yg_convolution_plain_w(&c, element, call->in[0], call->in[1], call->out, call->scratch);
    else if (result == X)
        yg_convolution_plain_x(&c, element, call->begin, call->end, call->in[0], call->in[1],
                               call->out, call->scratch);
    else if (result != WEIGHT)
        yg_convolution_plain_y(&c, element, call->begin, call->end, call->in[0], call->in[1], bias,
                               call->out, call->scratch);
}
