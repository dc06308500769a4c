/*
 * arange: y[i] = start + i · step, for all values before end. No operands.
 *
 * The numbers are read as in Python's range(): a single number is the end, and the start is 0.
 */
#include "build.h"
#include "multiversion.h"
#include "registry.h"

#include <inttypes.h>

enum { START, END, STEP, DTYPE };

static void read_range(const yg_attr *attrs, int64_t *start, int64_t *end) {
    const bool both = attrs[END].count > 0;
    *start = both ? attrs[START].i : 0;
    *end = both ? attrs[END].ints[0] : attrs[START].i;
}

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    if (call->attrs[END].count > 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, call->origin, "arange: end is a single number");
    const int64_t step = call->attrs[STEP].i;
    int64_t start, end, distance;
    read_range(call->attrs, &start, &end);
    if (step == 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, call->origin, "arange: step must not be 0");
    if (__builtin_sub_overflow(end, start, &distance))
        return yg_fail(error, YG_ERROR_MEMORY, call->origin,
                       "arange: %" PRId64 " to %" PRId64 " is too far", start, end);
    if (distance != 0 && (distance > 0) != (step > 0))
        return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                       "arange: steps of %" PRId64 " do not lead from %" PRId64 " to %" PRId64,
                       step, start, end);
    const int64_t count = distance == 0 ? 0 : (distance - (step > 0 ? 1 : -1)) / step + 1;
    return yg_type_make((yg_dtype)call->attrs[DTYPE].i, 1, &count, result, error);
}

/* A float is the nearest to the whole number. */
#define ARANGE_KERNEL(function, count_on, element)                                                 \
    YG_MULTIVERSION static void count_on(element *y, int64_t start, int64_t step, int64_t count) { \
        for (int64_t i = 0; i < count; i++)                                                        \
            y[i] = (element)(start + i * step);                                                    \
    }                                                                                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        int64_t start, end;                                                                        \
        read_range(call->attrs, &start, &end);                                                     \
        count_on(call->out, start, call->attrs[STEP].i, call->out_type->shape[0]);                 \
        return true;                                                                               \
    }
ARANGE_KERNEL(kernel_i32, count_i32, int32_t)
ARANGE_KERNEL(kernel_i64, count_i64, int64_t)
ARANGE_KERNEL(kernel_f32, count_f32, float)
ARANGE_KERNEL(kernel_f64, count_f64, double)

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_attr *attrs = r->call->attrs;
    const int64_t start = attrs[END].count ? attrs[START].i : 0;
    return (double)(start + index[0] * attrs[STEP].i);
}

static const yg_attr_spec attrs[] = {
    [START] = {.name = "start",
               .kind = YG_ATTR_INT,
               .required = true,
               .doc = "the first value; the only number given is the end instead"},
    [END] = {.name = "end", .kind = YG_ATTR_INTS, .doc = "the value to stop before"},
    [STEP] = {.name = "step",
              .kind = YG_ATTR_INT,
              .fallback = {.i = 1},
              .doc = "the distance between values; negative to count down"},
    [DTYPE] = {.name = "dtype",
               .kind = YG_ATTR_DTYPE,
               .fallback = {.i = YG_I64},
               .doc = "the element type of the result"},
};

static const yg_sample samples[] = {
    {{NULL}, (const yg_attr[]){{.i = 5}, {0}, {.i = 1}, {.i = YG_I64}}},
    {{NULL}, (const yg_attr[]){{.i = 2}, {.count = 1, .ints = {9}}, {.i = 3}, {.i = YG_F32}}},
    {{NULL}, (const yg_attr[]){{.i = 5}, {.count = 1, .ints = {-2}}, {.i = -2}, {.i = YG_I32}}},
    {{NULL}, (const yg_attr[]){{.i = 0}, {0}, {.i = 1}, {.i = YG_F64}}},
};

const yg_op yg_op_arange = {
    .name = "arange",
    .formula = "y[i] = start + i · step",
    .doc = "Counts: arange(5) is 0 to 4, arange(2, 9, 3) is 2, 5, 8.",
    .group = "indexing",
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .infer = infer,
    .kernel = {[YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
