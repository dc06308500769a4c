/*
 * Every registered operator keeps what its descriptor promises of pieces of its work, which row
 * loops and threads rely on; and the checker is checked: each kind of broken promise is caught.
 */
#include "../ops/gemm_amx.h"
#include "../ops/gemm_library.h"
#include "ops/ops.h"
#include "piece_check.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

ParameterizedTestParameters(pieces, each) {
    static size_t numbers[1024];
    const size_t count = yg_ops()->count;
    cr_assert_leq(count, sizeof numbers / sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, count);
}

ParameterizedTest(size_t *number, pieces, each) {
    piece_counts counts;
    char why[WHY_SIZE];
    cr_assert(piece_check(yg_ops(), yg_ops()->ops[*number], &counts, why), "%s", why);
}

static const yg_op *find(const char *name) {
    const yg_op *op = yg_op_find(yg_ops(), name);
    cr_assert_not_null(op, "no operator %s", name);
    return op;
}

/* Products that run in bands of rows; the right side is packed once. Neither rows nor columns fill
 * whole tiles. */
typedef struct band_case {
    const char *op;
    bool transpose_a, transpose_b;
    yg_dtype dtype;
    const char *operands[YG_SAMPLE_OPERANDS];
} band_case;

static const band_case bands[] = {
    {"matmul", true, false, YG_F32, {"f[9, 101]", "f[9, 1243]"}},
    {"matmul", false, false, YG_F32, {"f[101, 9]", "f[9, 1243]"}},
    {"matmul", true, true, YG_F32, {"f[9, 389]", "f[323, 9]"}},
    {"matmul", false, true, YG_F64, {"f[389, 7]", "f[163, 7]"}},
    {"matmul", true, false, YG_F64, {"f[17, 101]", "f[17, 621]"}},
    {"addmm", true, false, YG_F32, {"f[101, 1243]", "f[9, 101]", "f[9, 1243]"}},
    {"addmm", false, true, YG_F64, {"f[389, 163]", "f[389, 7]", "f[163, 7]"}},
};

#define BANDS (sizeof bands / sizeof *bands)

ParameterizedTestParameters(pieces, products_in_bands) {
    static size_t numbers[BANDS];
    for (size_t i = 0; i < BANDS; i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, BANDS);
}

ParameterizedTest(size_t *number, pieces, products_in_bands) {
    const band_case *test = &bands[*number];
    const yg_attr attrs[] = {{.i = test->transpose_a}, {.i = test->transpose_b}};
    yg_sample sample = {.attrs = attrs};
    memcpy(sample.operands, test->operands, sizeof sample.operands);
    if (test->dtype == YG_F32 && yg_gemm_library_preferred() != YG_GEMM_LIBRARIES)
        cr_skip_test("on this processor a library computes large products");
    piece_counts counts;
    char why[WHY_SIZE];
    cr_assert(piece_check_large(yg_ops(), find(test->op), &sample, test->dtype, &counts, why), "%s",
              why);
    cr_expect_gt(counts.min_rows, 0, "not in bands");
    cr_expect_gt(counts.kept, 3);
}

/* Products with AMX: neither rows nor columns, nor the depth, fill whole tiles. */
static const band_case by_amx[] = {
    {"matmul", false, true, YG_F32, {"f[150, 130]", "f[230, 130]"}},
    {"matmul", true, false, YG_F32, {"f[610, 110]", "f[610, 170]"}},
    {"addmm", false, false, YG_F32, {"f[160, 230]", "f[160, 130]", "f[130, 230]"}},
};

Test(pieces, products_by_amx) {
    if (!yg_gemm_amx_suits(&(yg_gemm){.rows = 160, .columns = 230, .depth = 130}) ||
        !yg_gemm_amx_allowed())
        cr_skip_test("this processor does not have AMX, or it may not be used");
    for (size_t i = 0; i < sizeof by_amx / sizeof *by_amx; i++) {
        const band_case *test = &by_amx[i];
        const yg_attr attrs[] = {{.i = test->transpose_a}, {.i = test->transpose_b}};
        yg_sample sample = {.attrs = attrs};
        memcpy(sample.operands, test->operands, sizeof sample.operands);
        piece_counts counts;
        char why[WHY_SIZE];
        cr_assert(piece_check_large(yg_ops(), find(test->op), &sample, test->dtype, &counts, why),
                  "%s", why);
        cr_expect_gt(counts.units, 0);
    }
}

/* Checks that pieces of every kind were compared. */
Test(pieces, some_operators_promise_each) {
    piece_counts counts;
    char why[WHY_SIZE];
    cr_assert(piece_check(yg_ops(), find("sum"), &counts, why), "%s", why);
    cr_expect_gt(counts.units, 0);
    cr_expect_gt(counts.rows, 0);
    cr_expect_gt(counts.parts, 0);
}

Test(pieces, some_operator_works_in_place) {
    piece_counts counts;
    char why[WHY_SIZE];
    cr_assert(piece_check(yg_ops(), find("addmm"), &counts, why), "%s", why);
    cr_expect_gt(counts.units, 0);
    cr_expect_gt(counts.in_place, 0);
}

Test(pieces, some_operators_share_memory) {
    piece_counts counts;
    char why[WHY_SIZE];
    cr_assert(piece_check(yg_ops(), find("slice"), &counts, why), "%s", why);
    cr_expect_gt(counts.views, 0);
    cr_assert(piece_check(yg_ops(), find("concat"), &counts, why), "%s", why);
    cr_expect_gt(counts.joins, 0);
}

static void expect_caught(const yg_op *wrong, const char *message) {
    piece_counts counts;
    char why[WHY_SIZE] = "";
    cr_assert_not(piece_check(yg_ops(), wrong, &counts, why), "not caught; expected: %s", message);
    cr_assert_not_null(strstr(why, message), "caught as '%s', expected '%s'", why, message);
}

/* A wrong plan: it takes dimension 0 for rows, whatever the kernel reads. */
static void leading(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan->units = yg_type_count(results);
    plan->rows = call->operands[0].rank ? call->operands[0].shape[0] : 1;
}

/* The plan of softmax, but with dimension 0 for rows. */
static void softmax_by_leading(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    find("softmax")->plan(call, results, plan);
    plan->rows = call->operands[0].rank ? call->operands[0].shape[0] : 1;
}

/* Along dimension 0 of a square matrix units are columns, as many as there are rows. */
Test(piece_checker, catches_rows_that_read_each_other) {
    static const yg_attr along_0[] = {{.i = 0}};
    static const yg_sample square[] = {{.operands = {"f[6, 6]"}, .attrs = along_0}};
    yg_op wrong = *find("softmax");
    wrong.plan = softmax_by_leading;
    wrong.samples = square;
    wrong.sample_count = 1;
    expect_caught(&wrong, "is not as in the whole run");
}

static void softmax_by_elements(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    find("softmax")->plan(call, results, plan);
    plan->rows = yg_type_count(results);
}

Test(piece_checker, catches_rows_that_do_not_divide_the_work) {
    yg_op wrong = *find("softmax");
    wrong.plan = softmax_by_elements;
    expect_caught(&wrong, "rows do not divide");
}

/* The kernel reads all of the second operand, but the descriptor does not say so. */
static bool first_of_second(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const size_t size = yg_dtype_size(call->out_type->dtype);
    for (int64_t i = call->begin; i < call->end; i++)
        memcpy((char *)call->out + (size_t)i * size, call->in[1], size);
    return true;
}

static bool like_first(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)error;
    *result = call->operands[0];
    return true;
}

static void second_is_whole(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    leading(call, results, plan);
    plan->whole = 1 << 1;
}

static void one_an_element(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = yg_type_count(results);
}

/* The kernel packs the second operand's first element into scratch. The test says in which calls.
 */
static bool from_scratch(const yg_kernel_call *call, bool packs) {
    const size_t size = yg_dtype_size(call->out_type->dtype);
    if (packs)
        memcpy(call->scratch, call->in[1], size);
    for (int64_t i = call->begin; i < call->end; i++)
        memcpy((char *)call->out + (size_t)i * size, call->scratch, size);
    return true;
}

static bool packed_first(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    return from_scratch(call, call->kept != YG_SCRATCH_AGAIN);
}

/* Packs only in calls that begin with row 0, as if the first call always did. */
static bool packed_with_row_0(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    return from_scratch(call, call->kept == YG_SCRATCH_LOST || call->begin == 0);
}

/* Destroys what it has packed, though the next call may expect it. */
static bool packed_beside_rows(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    from_scratch(call, call->kept != YG_SCRATCH_AGAIN);
    memset(call->scratch, 0, 1);
    return true;
}

static void eight_bytes(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    second_is_whole(call, results, plan);
    plan->scratch_bytes = 8;
}

static void two_bytes(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    second_is_whole(call, results, plan);
    plan->scratch_bytes = 2;
}

static void no_rows_at_a_time(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    eight_bytes(call, results, plan);
    plan->min_rows = 0;
}

Test(piece_checker, catches_scratch_that_is_not_kept) {
    static const yg_sample pair[] = {{.operands = {"f[6]", "f[6]"}}};
    yg_op op = {.name = "kept",
                .operand_names = {"x", "w"},
                .min_operands = 2,
                .max_operands = 2,
                .infer = like_first,
                .kernel = {[YG_F32] = packed_first, [YG_F64] = packed_first},
                .plan = eight_bytes,
                .samples = pair,
                .sample_count = 1};
    piece_counts counts;
    char why[WHY_SIZE] = "";
    cr_expect(piece_check(yg_ops(), &op, &counts, why), "%s", why);
    cr_expect_gt(counts.kept, 0);
    op.kernel[YG_F32] = packed_with_row_0;
    expect_caught(&op, "1 rows at a time, from 2 on");
    op.kernel[YG_F32] = packed_beside_rows;
    expect_caught(&op, "1 rows at a time, from 0 on");
    op.kernel[YG_F32] = packed_first;
    op.plan = two_bytes;
    expect_caught(&op, "behind the 2 of its scratch");
    op.plan = no_rows_at_a_time;
    expect_caught(&op, "0 rows at a time");
}

Test(piece_checker, catches_an_operand_that_is_read_as_a_whole) {
    static const yg_sample pair[] = {{.operands = {"f[6]", "f[6]"}}};
    yg_op wrong = {.name = "wrong",
                   .operand_names = {"x", "w"},
                   .min_operands = 2,
                   .max_operands = 2,
                   .infer = like_first,
                   .kernel = {[YG_F32] = first_of_second, [YG_F64] = first_of_second},
                   .plan = leading,
                   .samples = pair,
                   .sample_count = 1};
    expect_caught(&wrong, "rows [1, 2) of 6");
    wrong.plan = second_is_whole;
    piece_counts counts;
    char why[WHY_SIZE] = "";
    cr_expect(piece_check(yg_ops(), &wrong, &counts, why), "%s", why);
    cr_expect_gt(counts.rows, 0);
}

/* Computes everything, not only the units that were asked for. */
static bool greedy(const yg_kernel_call *call, yg_error *error) {
    yg_kernel_call all = *call;
    all.begin = 0;
    all.end = yg_type_count(call->out_type);
    return find("softmax")->kernel[call->out_type->dtype](&all, error);
}

Test(piece_checker, catches_units_that_write_more_than_their_own) {
    yg_op wrong = *find("softmax");
    for (int dtype = YG_F32; dtype <= YG_F64; dtype++)
        wrong.kernel[dtype] = greedy;
    static const yg_sample column[] = {{.operands = {"f[6, 1]"}}};
    wrong.samples = column;
    wrong.sample_count = 1;
    expect_caught(&wrong, "written by another unit too");
}

/* The bits depend on the beginning of the range. */
static bool counting(const yg_kernel_call *call, yg_error *error) {
    if (!find("softmax")->kernel[call->out_type->dtype](call, error))
        return false;
    if (call->begin > 0)
        memset((char *)call->out + yg_type_bytes(call->out_type) - 1, 0, 1);
    return true;
}

Test(piece_checker, catches_bits_that_depend_on_the_range) {
    yg_op wrong = *find("softmax");
    for (int dtype = YG_F32; dtype <= YG_F64; dtype++)
        wrong.kernel[dtype] = counting;
    expect_caught(&wrong, "units [0, 1) of 3");
}

/* The plan of sum. */
static void plan_of_sum(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    find("sum")->plan(call, results, plan);
}

static void finished_by_reducing(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan_of_sum(call, results, plan);
    plan->parts.finish = plan->parts.reduce;
}

static void never_reduced(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan_of_sum(call, results, plan);
    plan->parts.reduce = NULL;
}

Test(piece_checker, catches_parts_that_are_finished_otherwise) {
    yg_op wrong = *find("sum");
    wrong.plan = finished_by_reducing;
    expect_caught(&wrong, "sum, ");
    wrong.plan = never_reduced;
    expect_caught(&wrong, "no kernel for them");
}

static void too_few_parts(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan_of_sum(call, results, plan);
    plan->parts.count = plan->parts.count > 1 ? plan->parts.count - 1 : 0;
}

static void shifted_parts(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan_of_sum(call, results, plan);
    yg_parts *parts = &plan->parts;
    if (parts->count > 1)
        parts->elements -= (parts->elements - 1) / parts->count / 2;
    if (parts->count < 2 || parts->elements * parts->count < yg_type_count(&call->operands[0]))
        parts->count = 0;
}

Test(piece_checker, catches_parts_that_are_not_the_operand) {
    yg_op wrong = *find("sum");
    wrong.plan = too_few_parts;
    expect_caught(&wrong, "are not its");
    wrong.plan = shifted_parts;
    expect_caught(&wrong, "parts [");
}

/* Works from back to front, and so reads what it has written. */
static bool reversed(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const size_t size = yg_dtype_size(call->out_type->dtype);
    const int64_t last = yg_type_count(call->out_type) - 1;
    for (int64_t i = call->begin; i < call->end; i++)
        memcpy((char *)call->out + (size_t)i * size,
               (const char *)call->in[0] + (size_t)(last - i) * size, size);
    return true;
}

Test(piece_checker, catches_a_kernel_that_cannot_work_in_place) {
    static const yg_sample six[] = {{.operands = {"f[6]"}}};
    const yg_op wrong = {.name = "wrong",
                         .operand_names = {"x"},
                         .min_operands = 1,
                         .max_operands = 1,
                         .flags = YG_OP_IN_PLACE,
                         .infer = like_first,
                         .kernel = {[YG_F32] = reversed, [YG_F64] = reversed},
                         .plan = one_an_element,
                         .samples = six,
                         .sample_count = 1};
    expect_caught(&wrong, "in place, its bits are others");
}

static void view_from_1(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    (void)results;
    plan->view = 1;
}

Test(piece_checker, catches_a_view_of_something_else) {
    yg_op wrong = *find("slice");
    wrong.plan = view_from_1;
    expect_caught(&wrong, "a view ");
}

/* A wrong plan: it claims that operands lie one after the other along any dimension. */
static void always_joins(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    (void)results;
    plan->joins = true;
}

Test(piece_checker, catches_an_operand_in_a_wrong_place) {
    yg_op wrong = *find("concat");
    wrong.plan = always_joins;
    expect_caught(&wrong, "is not where it is said to go");
    static const yg_attr half[] = {
        {.count = 1, .ints = {0}}, {.count = 1, .ints = {2}}, {.count = 1, .ints = {1}}};
    static const yg_sample four[] = {{.operands = {"f[4]"}, .attrs = half}};
    yg_op part = *find("slice");
    part.plan = always_joins;
    part.samples = four;
    part.sample_count = 1;
    expect_caught(&part, "operand 0 ends behind the result");
}

Test(piece_checker, catches_promises_that_no_call_shows) {
    static const yg_sample single[] = {{.operands = {"f[]"}}};
    yg_op wrong = *find("sum");
    wrong.samples = single;
    wrong.sample_count = 1;
    expect_caught(&wrong, "no call falls into two");
}
