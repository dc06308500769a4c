/*
 * bounded: y = x, where no element of x may lie outside [low, high]. One that does stops the run.
 *
 * It checks what is known only while a program runs: that no variance is negative, and that no
 * sequence is longer than its tensor. NaN passes. Results that depend on y depend on the check, so
 * no pass can drop it alone.
 * vjp: dx = dy.
 */
#include "bounded.h"

#include "../graph/number.h"
#include "registry.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LOW, HIGH, WHAT };

/* What x is, in messages. */
static const char *const names[] = {"x", "variance", "lengths", NULL};
static const char *const messages[] = {"bounded", "gaussian_nll: variance", "lengths"};

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)error;
    *result = call->operands[0];
    return true;
}

static bool outside(const yg_kernel_call *call, int64_t position, double element, yg_error *error) {
    const double low = call->attrs[LOW].f, high = call->attrs[HIGH].f;
    char found[YG_NUMBER_TEXT], least[YG_NUMBER_TEXT], most[YG_NUMBER_TEXT];
    yg_number_text(low, least);
    yg_number_text(high, most);
    const bool open = isinf(high);
    return yg_fail(error, YG_ERROR_DATA, call->origin,
                   "%s: element %" PRId64 " is %s; it must be %s%s%s%s",
                   messages[call->attrs[WHAT].i], position, yg_number_text(element, found),
                   open ? "at least " : "from ", least, open ? "" : " to ", open ? "" : most);
}

#define KERNEL(function, type)                                                                     \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const int64_t count = yg_type_count(call->out_type);                                       \
        const double low = call->attrs[LOW].f, high = call->attrs[HIGH].f;                         \
        const type *x = call->in[0];                                                               \
        for (int64_t i = 0; i < count; i++)                                                        \
            if ((double)x[i] < low || (double)x[i] > high)                                         \
                return outside(call, i, (double)x[i], error);                                      \
        if (call->out != call->in[0] && count > 0)                                                 \
            memcpy(call->out, x, (size_t)count * sizeof *x);                                       \
        return true;                                                                               \
    }
KERNEL(kernel_i32, int32_t)
KERNEL(kernel_i64, int64_t)
KERNEL(kernel_f32, float)
KERNEL(kernel_f64, double)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)graph;
    (void)y;
    (void)k;
    return dy;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {
    [LOW] = {.name = "low", .kind = YG_ATTR_FLOAT, .required = true, .doc = "the lower bound"},
    [HIGH] = {.name = "high", .kind = YG_ATTR_FLOAT, .required = true, .doc = "the upper bound"},
    [WHAT] = {.name = "what", .kind = YG_ATTR_CHOICE, .choices = names, .doc = "what x is"},
};

yg_node yg_bounded(yg_graph *graph, yg_node x, double low, double high, int what) {
    const yg_attr bounds[] = {{.f = low}, {.f = high}, {.i = what}};
    return yg_apply(graph, &yg_op_bounded, &x, 1, bounds);
}

static const yg_attr wide[] = {{.f = -2}, {.f = 2}, {.i = YG_BOUNDED_X}};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, wide},
    {{"f[]"}, wide},
    {{"f[0, 3]"}, wide},
    {{"i[7]"}, wide},
};

const yg_op yg_op_bounded = {
    .name = "bounded",
    .formula = "y = x",
    .doc = "Stops the run if an element lies outside two bounds.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_IN_PLACE | YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .vjp = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
