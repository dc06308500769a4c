/*
 * Attention: from a call to heads, and the choice of a kernel. See attention.h.
 */
#include "attention.h"
#include "dropout_factors.h"
#include "gemm_packed.h"
#include "shape.h"

static const yg_attention_kernels kernels_f32[YG_GEMM_ISAS] = {
    [YG_GEMM_BASELINE] = {yg_attention_forward_f32_baseline, yg_attention_backward_f32_baseline},
#ifdef YG_GEMM_X86
    [YG_GEMM_AVX2] = {yg_attention_forward_f32_avx2, yg_attention_backward_f32_avx2},
    [YG_GEMM_AVX512] = {yg_attention_forward_f32_avx512, yg_attention_backward_f32_avx512},
#endif
};

static const yg_attention_kernels kernels_f64[YG_GEMM_ISAS] = {
    [YG_GEMM_BASELINE] = {yg_attention_forward_f64_baseline, yg_attention_backward_f64_baseline},
#ifdef YG_GEMM_X86
    [YG_GEMM_AVX2] = {yg_attention_forward_f64_avx2, yg_attention_backward_f64_avx2},
    [YG_GEMM_AVX512] = {yg_attention_forward_f64_avx512, yg_attention_backward_f64_avx512},
#endif
};

yg_attention_kernels yg_attention_choose(yg_dtype dtype, yg_gemm_isa isa) {
    return (dtype == YG_F32 ? kernels_f32 : kernels_f64)[isa];
}

int64_t yg_attention_scratch_bytes(const yg_attention *a) {
    enum { PARTS = 10, WIDEST = 32 }; /* the parts of a room, each rounded up to whole tiles */
    const int64_t block = yg_attention_block(a->queries, a->keys);
    const int64_t most = yg_larger(a->size, a->value_size);
    int64_t elements, bytes;
    if (__builtin_mul_overflow(most, 3 * block, &elements) ||
        __builtin_add_overflow(elements,
                               3 * block * block + 3 * block + WIDEST * YG_ATTENTION_LONG_BLOCK +
                                   PARTS * WIDEST,
                               &elements) ||
        __builtin_mul_overflow(elements, (int64_t)yg_dtype_size(a->dtype), &bytes))
        return INT64_MAX / 2; /* cannot be allocated: compiling reports it */
    return bytes;
}

void yg_attention_plan(const yg_infer *call, const yg_attention *a, int64_t units, double products,
                       yg_op_plan *plan) {
    const double pairs = (double)a->batches * (double)a->heads * (double)a->queries *
                         (double)a->keys / (call->attrs[YG_ATTENTION_CAUSAL].i ? 2 : 1);
    plan->units = units;
    plan->scratch_bytes = yg_attention_scratch_bytes(a);
    plan->flops = pairs * products * (double)(a->size + a->value_size);
    if (a->batches != a->kv_batches)
        return;
    /* A batch is a row (yg_op_plan.rows). */
    plan->rows = a->batches;
    plan->whole = 1u << YG_ATTENTION_MASK | 1u << YG_ATTENTION_KEY;
}

void yg_attention_of_call(const yg_op *op, const yg_kernel_call *call, yg_attention *attention) {
    yg_type types[YG_ATTENTION_OPERANDS];
    for (size_t k = 0; k < YG_ATTENTION_OPERANDS; k++)
        types[k] = *call->in_types[k];
    const yg_infer of = {.op = op,
                         .operands = types,
                         .operand_count = YG_ATTENTION_OPERANDS,
                         .attrs = call->attrs,
                         .origin = call->origin};
    yg_attention_read(&of, attention, NULL); /* the shape rule has checked it */
}

static int mask_kind(const yg_kernel_call *call) {
    const yg_type *mask = call->in_types[YG_ATTENTION_MASK];
    if (mask->dtype != YG_BOOL)
        return YG_ATTENTION_FLOAT_MASK;
    const bool always = mask->rank == 0 && *(const uint8_t *)call->in[YG_ATTENTION_MASK];
    return always ? YG_ATTENTION_NO_MASK : YG_ATTENTION_BOOL_MASK;
}

/* Where the mask of score matrix number `matrix` begins, in elements. */
static int64_t mask_offset(const yg_attention *a, int64_t matrix) {
    int64_t offset = 0;
    for (int d = a->rank - 2; d-- > 0;) {
        offset += matrix % a->shape[d] * a->strides[d];
        matrix /= a->shape[d];
    }
    return offset;
}

yg_attention_head yg_attention_head_of(const yg_attention *a, const yg_kernel_call *call,
                                       int64_t batch, int64_t head) {
    const size_t element = yg_dtype_size(a->dtype);
    const int64_t kv_batch = batch / (a->batches / a->kv_batches);
    const int64_t kv_head = head / (a->heads / a->kv_heads);
    const int64_t matrix = batch * a->heads + head;
    yg_attention_head h = {
        .queries = a->queries,
        .keys = a->keys,
        .size = a->size,
        .value_size = a->value_size,
        .q_step = a->heads * a->size,
        .k_step = a->kv_heads * a->size,
        .v_step = a->kv_heads * a->value_size,
        .y_step = a->heads * a->value_size,
        .scale = call->attrs[YG_ATTENTION_SCALE].f,
        .causal = call->attrs[YG_ATTENTION_CAUSAL].i != 0,
        .mask_kind = mask_kind(call),
        .mask_step = {a->strides[a->rank - 2], a->strides[a->rank - 1]},
        .random_key = yg_random_key_of(call->in[YG_ATTENTION_KEY]),
        .random_row = matrix * a->queries,
        .drop_p = call->attrs[YG_ATTENTION_P].f,
        .scratch = call->scratch,
    };
    h.at_q = (size_t)(batch * a->queries * h.q_step + head * a->size) * element;
    h.at_k = (size_t)(kv_batch * a->keys * h.k_step + kv_head * a->size) * element;
    h.at_v = (size_t)(kv_batch * a->keys * h.v_step + kv_head * a->value_size) * element;
    h.at_y = (size_t)(batch * a->queries * h.y_step + head * a->value_size) * element;
    h.at_row = (size_t)(matrix * a->queries) * element;
    h.q = (const char *)call->in[YG_ATTENTION_Q] + h.at_q;
    h.k = (const char *)call->in[YG_ATTENTION_K] + h.at_k;
    h.v = (const char *)call->in[YG_ATTENTION_V] + h.at_v;
    h.mask =
        (const char *)call->in[YG_ATTENTION_MASK] +
        (size_t)mask_offset(a, matrix) * yg_dtype_size(call->in_types[YG_ATTENTION_MASK]->dtype);
    return h;
}
