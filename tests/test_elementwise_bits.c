/*
 * An element's bits depend on its operands alone: not on its place in the tensor, on how many
 * elements there are, on the alignment, or on the elements beside it. Otherwise a result would
 * change with the batch size and the number of threads.
 */
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define LONGEST 70
#define ROOM    (LONGEST + 1) /* one more, to start at an address that is no multiple of 16 */
#define WIDEST  8             /* bytes of an element */

static const double values[] = {0.7, -1.3, 0,   -0.0, 2,     -104, 88.5,      INFINITY, 5.25,
                                1,   -7.5, NAN, 0.1,  1e-40, 3e38, -INFINITY, -0.5};
#define VALUE_COUNT (sizeof values / sizeof *values)

typedef struct call {
    const yg_op *op;
    yg_dtype operands[YG_SAMPLE_OPERANDS], result;
    size_t operand_count;
    yg_tile tile;
    const yg_attr *attrs;
} call;

/* Prepares the sample's operator for `dtype`. False if it takes no such operands. */
static bool make_call(const yg_op *op, const yg_sample *sample, yg_dtype dtype,
                      const yg_attr *attrs, call *made) {
    *made = (call){.op = op, .attrs = attrs};
    yg_type types[YG_SAMPLE_OPERANDS], result;
    for (; made->operand_count < YG_SAMPLE_OPERANDS; made->operand_count++) {
        const char *text = sample->operands[made->operand_count];
        if (!text)
            break;
        if (text[0] == 'i')
            return false;
        const yg_dtype own = text[0] == 'b' ? YG_BOOL : dtype;
        made->operands[made->operand_count] = own;
        types[made->operand_count] = yg_type_scalar(own);
    }
    if (made->operands[made->operand_count - 1] != dtype)
        return false;
    made->tile = op->tile[dtype];
    made->result = dtype;
    const yg_infer infer = {
        .op = op, .operands = types, .operand_count = made->operand_count, .attrs = attrs};
    if (op->infer) {
        yg_error error = {0};
        cr_assert(op->infer(&infer, &result, &error), "%s: %s", op->name, error.message);
        made->result = result.dtype;
    }
    return made->tile != NULL;
}

/* The k-th operand of case `number`. The cases pair each value with several others. */
static double operand_value(size_t number, size_t k) {
    return values[(number + k * (1 + number / VALUE_COUNT)) % VALUE_COUNT];
}

/* Runs the tile on n elements, which begin `shift` elements into the buffers. Element i is case
 * numbers[i]. Returns the first element of the result. */
static const char *run(const call *call, const size_t *numbers, size_t n, size_t shift,
                       char *result) {
    static _Alignas(64) char operands[YG_SAMPLE_OPERANDS][ROOM * WIDEST];
    const void *in[YG_SAMPLE_OPERANDS];
    for (size_t k = 0; k < call->operand_count; k++) {
        const yg_dtype dtype = call->operands[k];
        for (size_t i = 0; i < n; i++) {
            const double value = operand_value(numbers[i], k);
            yg_element_set(dtype, operands[k], (int64_t)(shift + i),
                           dtype == YG_BOOL ? value > 0 : value);
        }
        in[k] = operands[k] + shift * yg_dtype_size(dtype);
    }
    char *out = result + shift * yg_dtype_size(call->result);
    call->tile(out, in, n, call->attrs);
    return out;
}

static void check_call(const call *call) {
    enum { CASES = 3 * VALUE_COUNT };
    static _Alignas(64) char buffer[ROOM * WIDEST];
    static char alone[CASES][WIDEST];
    const size_t size = yg_dtype_size(call->result);
    size_t numbers[LONGEST];
    for (size_t c = 0; c < CASES; c++) {
        numbers[0] = c;
        memcpy(alone[c], run(call, numbers, 1, 0, buffer), size);
    }
    for (size_t n = 1; n <= LONGEST; n++) {
        for (size_t shift = 0; shift < 2; shift++) {
            for (size_t i = 0; i < n; i++)
                numbers[i] = (i * 7 + n) % CASES;
            const char *out = run(call, numbers, n, shift, buffer);
            for (size_t i = 0; i < n; i++)
                cr_assert_arr_eq(out + i * size, alone[numbers[i]], size,
                                 "%s on %s: element %zu of %zu differs from the same one alone "
                                 "(operands %g, %g)",
                                 call->op->name, yg_dtype_name(call->operands[0]), i, n,
                                 operand_value(numbers[i], 0), operand_value(numbers[i], 1));
        }
    }
}

Test(elementwise_bits, depend_on_the_operands_alone) {
    const yg_op_set *set = yg_ops();
    size_t elementwise = 0, checked = 0;
    for (size_t o = 0; o < set->count; o++) {
        const yg_op *op = set->ops[o];
        if (!(op->flags & YG_OP_ELEMENTWISE))
            continue;
        elementwise++;
        size_t calls = 0;
        for (size_t s = 0; s < op->sample_count; s++) {
            yg_attr defaults[16];
            cr_assert_leq(op->attr_count, 16);
            yg_op_defaults(op, defaults);
            const yg_attr *attrs = op->samples[s].attrs ? op->samples[s].attrs : defaults;
            for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++) {
                call call;
                if (!make_call(op, &op->samples[s], dtype, attrs, &call))
                    continue;
                check_call(&call);
                calls++;
            }
        }
        cr_expect_gt(calls, 0, "%s: no sample with float operands", op->name);
        checked += calls > 0;
    }
    cr_assert_gt(elementwise, 40);
    cr_assert_eq(checked, elementwise);
}
