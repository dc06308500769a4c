/*
 * dropout_factors: each element is 0 with probability p, otherwise 1 / (1 - p), decided by a random
 * key, i32 [2], and the element's position. So it is a function like any other: the same key gives
 * the same factors. The key comes from random_key.
 *
 * Attention computes the same factors block by block inside its kernel, and its definition uses
 * this operator.
 */
#include "dropout_factors.h"

#include "../graph/random.h"
#include "multiversion.h"
#include "random_words.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

enum { DTYPE, SHAPE, P };

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *key = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (key->dtype != YG_I32 || key->rank != 1 || key->shape[0] != 2)
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       "dropout_factors: the random key must be i32[2], not %s",
                       yg_type_text(key, text));
    if (!yg_dtype_is_float((yg_dtype)call->attrs[DTYPE].i))
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       "dropout_factors: the element type must be f32 or f64");
    return yg_type_make((yg_dtype)call->attrs[DTYPE].i, (int)call->attrs[SHAPE].count,
                        call->attrs[SHAPE].ints, result, error);
}

static int64_t columns_of(const yg_type *type) {
    return type->rank > 0 ? type->shape[type->rank - 1] : 1;
}

/* A unit is a row. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = yg_shape_product(results->shape, 0, results->rank - 1);
}

/* Elements whose words are drawn together. */
enum { BLOCK = 256 };

/* A limit of 2^32 drops all: it is above every word. */
#define FACTORS(function, choose, real)                                                            \
    YG_MULTIVERSION static void choose(const uint32_t *word, uint64_t limit, real kept,            \
                                       int64_t count, real *y) {                                   \
        const uint32_t below = (uint32_t)limit;                                                    \
        if (limit > UINT32_MAX)                                                                    \
            kept = 0;                                                                              \
        _Pragma("omp simd") for (int64_t i = 0; i < count; i++) y[i] =                             \
            word[i] < below ? (real)0 : kept;                                                      \
    }                                                                                              \
    void function(uint64_t key, uint64_t high, int64_t low, double p, int64_t count, real *y) {    \
        for (int64_t i = 0; i < count; i += BLOCK) {                                               \
            const int64_t n = count - i < BLOCK ? count - i : BLOCK;                               \
            uint32_t word[BLOCK];                                                                  \
            yg_random_words(key, high, (uint64_t)(low + i / YG_DROPOUT_FACTORS),                   \
                            yg_dropout_words(n), word);                                            \
            choose(word, yg_drop_limit(p), (real)yg_kept_value(p), n, y + i);                      \
        }                                                                                          \
    }
FACTORS(yg_dropout_f32, choose_f32, float)
FACTORS(yg_dropout_f64, choose_f64, double)

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const uint64_t key = yg_random_key_of(call->in[0]);
    const double p = call->attrs[P].f;
    const int64_t columns = columns_of(call->out_type), words = yg_dropout_words(columns);
    for (int64_t row = call->begin; row < call->end; row++)
        if (call->out_type->dtype == YG_F32)
            yg_dropout_f32(key, 0, row * words, p, columns, (float *)call->out + row * columns);
        else
            yg_dropout_f64(key, 0, row * words, p, columns, (double *)call->out + row * columns);
    return true;
}

double yg_dropout_reference(const yg_reference *r, size_t k, double p, int64_t row, int64_t columns,
                            int64_t column) {
    const int64_t first = 0, second = 1;
    const int32_t key[] = {(int32_t)yg_at(r, k, &first), (int32_t)yg_at(r, k, &second)};
    const int64_t at = row * ((columns + 3) / 4) + column / 4;
    uint32_t word[4];
    yg_philox(yg_random_key_of(key), 0, (uint64_t)at, word);
    return word[column % 4] * 0x1p-32 < p ? 0 : yg_kept_value(p);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *y = r->out_type;
    int64_t row = 0;
    for (int d = 0; d < y->rank - 1; d++)
        row = row * y->shape[d] + index[d];
    return yg_dropout_reference(r, 0, r->call->attrs[P].f, row, columns_of(y),
                                y->rank > 0 ? index[y->rank - 1] : 0);
}

static const yg_attr_spec attrs[] = {
    [DTYPE] = {.name = "dtype",
               .kind = YG_ATTR_DTYPE,
               .fallback = {.i = YG_F32},
               .doc = "the element type, f32 or f64"},
    [SHAPE] = {.name = "shape", .kind = YG_ATTR_INTS, .doc = "the shape"},
    [P] = {.name = "p",
           .kind = YG_ATTR_FLOAT,
           .fallback = {.f = 0.5},
           .min = 0,
           .max = 1,
           .doc = "the probability of 0"},
};

static const yg_attr half[] = {{.i = YG_F64}, {.count = 3, .ints = {3, 5, 9}}, {.f = 0.5}},
                     some[] = {{.i = YG_F32}, {.count = 2, .ints = {40, 8}}, {.f = 0.1}},
                     all[] = {{.i = YG_F64}, {.count = 1, .ints = {9}}, {.f = 1}},
                     scalar[] = {{.i = YG_F64}, {.count = 0}, {.f = 0.25}},
                     no_elements[] = {{.i = YG_F64}, {.count = 2, .ints = {3, 0}}, {.f = 0.5}};

static const yg_sample samples[] = {
    {{"i[2]"}, half},   {{"i[2]"}, some},        {{"i[2]"}, all},
    {{"i[2]"}, scalar}, {{"i[2]"}, no_elements},
};

const yg_op yg_op_dropout_factors = {
    .name = "dropout_factors",
    .formula = "y = 0 with probability p, else 1 / (1 - p)",
    .doc = "The factors of dropout that a random key gives.",
    .group = "random",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"key"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL | YG_OP_NON_DIFFERENTIABLE,
    .infer = infer,
    .kernel = {[YG_I32] = kernel}, /* by the type of the key */
    .plan = plan,
    .reference = reference,
    .domain = {{-2000000000, 2000000000}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
