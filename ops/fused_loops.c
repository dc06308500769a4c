/*
 * The tables of the fused loops, made from fused_loops.def, and the rule that lists them.
 */
#include "fused_loops.h"

#include "instructions.h"
#include "multiply_add.h"
#include "registry.h"
#include "root_avx512.h"
#include "rules.h"
#include "two_products.h"

_Static_assert(AT_END <= YG_LOOP_VALUES, "a loop has too many values");

/* The number of a loop in the file. */
enum {
#define YG_LOOP(name, operands, steps, results) NUMBER_##name,
#include "fused_loops.def"
#undef YG_LOOP
};

static bool always(void) {
    return true;
}

#ifdef YG_ROOT_AVX512
static bool is_amd_with_avx512(void) {
    return __builtin_cpu_is("amd") && yg_has_avx512();
}
#endif

const yg_loop_way yg_loop_ways[] = {
#ifdef YG_ROOT_AVX512
    {"touch", yg_loops_touch_f32, yg_loops_touch_f64, yg_has_avx512, is_amd_with_avx512},
    {"ahead", yg_loops_ahead_f32, yg_loops_ahead_f64, yg_has_avx512, yg_has_avx512},
#endif
    {"plain", yg_loops_plain_f32, yg_loops_plain_f64, always, always},
    {NULL},
};

static const yg_loop_way *best_way(void) {
    const yg_loop_way *way = yg_loop_ways;
    while (!way->suits())
        way++;
    return way;
}

#define VECTOR(v)  [AT_##v] = YG_LOOP_VECTOR,
#define UNIFORM(v) [AT_##v] = YG_LOOP_UNIFORM,
#define FLAG(v)    [AT_##v] = YG_LOOP_FLAG,
#define STORED(v)  [AT_##v] = YG_LOOP_STORED,

#define UNARY(op, y, a)               {&yg_op_##op, 0, AT_##y, {AT_##a}},
#define BINARY(op, y, a, b)           {&yg_op_##op, 0, AT_##y, {AT_##a, AT_##b}},
#define TERNARY(op, form, y, a, b, c) {&yg_op_##op, form, AT_##y, {AT_##a, AT_##b, AT_##c}},

#define MULTIPLY(y, a, b)         BINARY(multiply, y, a, b)
#define ADD(y, a, b)              BINARY(add, y, a, b)
#define SUBTRACT(y, a, b)         BINARY(subtract, y, a, b)
#define DIVIDE(y, a, b)           BINARY(divide, y, a, b)
#define SQUARE(y, a)              UNARY(square, y, a)
#define SQRT(y, a)                UNARY(sqrt, y, a)
#define ABS(y, a)                 UNARY(abs, y, a)
#define SIGN(y, a)                UNARY(sign, y, a)
#define MAXIMUM(y, a, b)          BINARY(maximum, y, a, b)
#define MINIMUM(y, a, b)          BINARY(minimum, y, a, b)
#define LESS(y, a, b)             BINARY(less, y, a, b)
#define GREATER(y, a, b)          BINARY(greater, y, a, b)
#define WHERE(y, test, a, b)      TERNARY(where, 0, y, test, a, b)
#define PRODUCT_PLUS(y, a, b, c)  TERNARY(multiply_add, YG_PRODUCT_PLUS_C, y, a, b, c)
#define MINUS_PRODUCT(y, a, b, c) TERNARY(multiply_add, YG_C_MINUS_PRODUCT, y, a, b, c)
#define ROOT_QUOTIENT(y, a, b, c) TERNARY(root_quotient, 0, y, a, b, c)
#define PRODUCTS(form, y, a, b, c, d)                                                              \
    {&yg_op_two_products, form, AT_##y, {AT_##a, AT_##b, AT_##c, AT_##d}},
#define TWO_PRODUCTS(y, a, b, c, d)        PRODUCTS(YG_SUM_OF_PRODUCTS, y, a, b, c, d)
#define PRODUCTS_DIFFERENCE(y, a, b, c, d) PRODUCTS(YG_DIFFERENCE_OF_PRODUCTS, y, a, b, c, d)
#define ROOT_STEP(y, a, b, c, s, p)                                                                \
    {&yg_op_root_step, 0, AT_##y, {AT_##a, AT_##b, AT_##c, AT_##s, AT_##p}},

#define LOOP_OF(loop, type, number_type)                                                           \
    static void run_##loop##_##type(void *const *at, size_t n) {                                   \
        best_way()->type[NUMBER_##loop](at, n);                                                    \
    }                                                                                              \
    static const yg_fused_loop loop_##loop##_##type = {.name = #loop,                              \
                                                       .dtype = number_type,                       \
                                                       .steps = steps_##loop,                      \
                                                       .step_count = sizeof steps_##loop /         \
                                                                     sizeof *steps_##loop,         \
                                                       .kinds = kinds_##loop,                      \
                                                       .run = run_##loop##_##type};
#define YG_LOOP(loop, inputs, list, outputs)                                                       \
    static const yg_loop_step steps_##loop[] = {list};                                             \
    static const uint8_t kinds_##loop[YG_LOOP_VALUES] = {inputs outputs};                          \
    LOOP_OF(loop, f32, YG_F32)                                                                     \
    LOOP_OF(loop, f64, YG_F64)
#include "fused_loops.def"
#undef YG_LOOP

const yg_fused_loop *const yg_fused_loops[] = {
#define YG_LOOP(loop, operands, steps, results) &loop_##loop##_f32, &loop_##loop##_f64,
#include "fused_loops.def"
#undef YG_LOOP
    NULL,
};

const yg_rule yg_rule_fused_loops = {
    .name = "fused_loops",
    .doc = "computes all steps of a known update in one loop",
    .loops = yg_fused_loops,
};
