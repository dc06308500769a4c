/*
 * cast: y = x converted to the element type `dtype`, elementwise.
 *
 * Float to integer drops the fraction. A number out of range becomes the nearest integer in range,
 * and NaN becomes 0. i64 to i32 keeps the low 32 bits. To bool: whether x is not 0.
 *
 * vjp: dx = dy converted back. There is none if either type is an integer type or bool.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

/* C leaves a conversion out of range undefined, so the range is checked first. A double holds 2^31
 * and 2^63 exactly. */
static int32_t i32_from_float(double x) {
    if (x >= 0x1p31)
        return INT32_MAX;
    return x >= -0x1p31 ? (int32_t)x : isnan(x) ? 0 : INT32_MIN;
}

/* The same without a double between: an f32 holds 2^31 too, and vectors are twice as wide. */
static int32_t i32_from_f32(float x) {
    if (x >= 0x1p31F)
        return INT32_MAX;
    return x >= -0x1p31F ? (int32_t)x : isnan(x) ? 0 : INT32_MIN;
}

static int64_t i64_from_float(double x) {
    if (x >= 0x1p63)
        return INT64_MAX;
    return x >= -0x1p63 ? (int64_t)x : isnan(x) ? 0 : INT64_MIN;
}

/* Defines one tile for each pair of types. The tile cast_<from> calls the one for the type that the
 * attribute names. */
#define CASTS(from, type, to_i32, to_i64)                                                          \
    YG_UNARY_TILE(from##_to_bool, type, uint8_t, x != 0)                                           \
    YG_UNARY_TILE(from##_to_i32, type, int32_t, to_i32)                                            \
    YG_UNARY_TILE(from##_to_i64, type, int64_t, to_i64)                                            \
    YG_UNARY_TILE(from##_to_f32, type, float, x)                                                   \
    YG_UNARY_TILE(from##_to_f64, type, double, x)                                                  \
    static void cast_##from(void *out, const void *const *in, size_t n, const yg_attr *attrs) {    \
        static const yg_tile to[YG_DTYPE_COUNT] = {                                                \
            [YG_BOOL] = from##_to_bool, [YG_I32] = from##_to_i32, [YG_I64] = from##_to_i64,        \
            [YG_F32] = from##_to_f32,   [YG_F64] = from##_to_f64,                                  \
        };                                                                                         \
        to[attrs[0].i](out, in, n, attrs);                                                         \
    }

CASTS(bool, uint8_t, x, x)
CASTS(i32, int32_t, x, x)
CASTS(i64, int64_t, (uint32_t)x, x)
CASTS(f32, float, i32_from_f32(x), i64_from_float(x))
CASTS(f64, double, i32_from_float(x), i64_from_float(x))

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    const yg_dtype dtype = (yg_dtype)call->attrs[0].i;
    /* yg_type_make() and not a copy of the type: with a wider element type the size in bytes may
     * overflow, which it reports. */
    return yg_type_make(dtype, x->rank, x->shape, result, error);
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    if (!yg_dtype_is_float(yg_node_type(graph, y)->dtype))
        return YG_NONE;
    return yg_cast(graph, dy, yg_node_type(graph, yg_node_operand(graph, y, k))->dtype);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    return (yg_dtype)call->attrs[0].i == yg_node_type(graph, operands[0])->dtype ? operands[0]
                                                                                 : YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    switch (r->out_type->dtype) {
    case YG_BOOL:
        return x != 0;
    case YG_I32:
    case YG_I64:
        return trunc(x);
    default:
        return x;
    }
}

static const yg_attr_spec attrs[] = {
    {.name = "dtype",
     .kind = YG_ATTR_DTYPE,
     .required = true,
     .doc = "the element type of the result: bool, i32, i64, f32 or f64"},
};

static const yg_attr to_bool[] = {{.i = YG_BOOL}}, to_i32[] = {{.i = YG_I32}};
static const yg_attr to_i64[] = {{.i = YG_I64}}, to_f64[] = {{.i = YG_F64}};

static const yg_sample samples[] = {
    {{"f[3, 1367]"}, to_i32}, {{"f[2, 3]"}, to_i64}, {{"f[7]"}, to_bool}, {{"f[3, 1367]"}, to_f64},
    {{"f[]"}, to_f64},        {{"f[0, 3]"}, to_f64}, {{"i[7]"}, to_f64},  {{"i[7]"}, to_i64},
    {{"i[7]"}, to_bool},      {{"b[7]"}, to_f64},    {{"b[7]"}, to_i32},
};

const yg_op yg_op_cast = {
    .name = "cast",
    .formula = "y = x as dtype",
    .doc = "Converts the element type. Floats lose their fraction when they become integers; what "
           "does not fit becomes the nearest that does, NaN 0. The gradient passes between floats.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_KEEP_DTYPES,
    .infer = infer,
    .tile = YG_ALL_TILES(cast),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{-9, 9}},
    YG_SAMPLES(samples),
};
