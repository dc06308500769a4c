/*
 * Softmax and what is made of it, row by row: rows of every length up to several vectors, in every
 * layout, beside rows that are not finite. Each is what the definition says, and its bits are those
 * of the same row computed alone: otherwise a result would change with the batch size and the
 * number of threads.
 */
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { ROWS = 2 * 16 + 9, LONGEST = 70, ELEMENTS = ROWS * LONGEST };

typedef enum first { NONE, PROBABILITIES, CLASSES } first;

/* A row of n logits, its log-sum-exp, its class and probabilities. */
typedef struct row {
    const double *z, *t;
    int n, target;
    double log_sum;
} row;

static double softmax(const row *r, int i) {
    return exp(r->z[i] - r->log_sum);
}
static double log_softmax(const row *r, int i) {
    return r->z[i] - r->log_sum;
}
static double logsumexp(const row *r, int i) {
    (void)i;
    return r->log_sum;
}
static double soft_cross_entropy(const row *r, int i) {
    (void)i;
    double loss = 0;
    for (int c = 0; c < r->n; c++)
        loss += r->t[c] * (r->log_sum - r->z[c]);
    return loss;
}
static double index_cross_entropy(const row *r, int i) {
    (void)i;
    return r->log_sum - r->z[r->target];
}
static double softmax_minus_one_hot(const row *r, int i) {
    return softmax(r, i) - (i == r->target);
}

static const struct {
    const char *name;
    first first;
    bool by_row; /* one result a row, otherwise one an element */
    bool any_dim;
    double (*expected)(const row *r, int i);
} cases[] = {
    {"softmax", NONE, false, true, softmax},
    {"log_softmax", NONE, false, true, log_softmax},
    {"logsumexp", NONE, true, false, logsumexp},
    {"soft_cross_entropy", PROBABILITIES, true, false, soft_cross_entropy},
    {"index_cross_entropy", CLASSES, true, false, index_cross_entropy},
    {"softmax_minus_one_hot", CLASSES, false, false, softmax_minus_one_hot},
};
enum { CASES = sizeof cases / sizeof *cases };

/* Each kind is in every seventh row: only -infinity, a NaN, an infinity, some masked elements, some
 * that underflow, some with a denormal exponential. */
static double logit(int r, int i, int n) {
    const double usual = (r * 31 + i * 17) % 97 / 12.0 - 4;
    const bool some = (i + r) % 3 == 0 && n > 1;
    switch (r % 7) {
    case 1:
        return -INFINITY;
    case 2:
        return i == r % n ? NAN : usual;
    case 3:
        return i == r % n ? INFINITY : usual;
    case 4:
        return some ? -INFINITY : usual;
    case 5:
        return some ? -1e5 : usual;
    case 6:
        return some ? usual - 98 : usual;
    default:
        return usual;
    }
}

typedef struct buffers {
    _Alignas(64) char z[ELEMENTS * 8], first[ELEMENTS * 8], whole[ELEMENTS * 8], own[ELEMENTS * 8];
} buffers;

/* An operator on ROWS rows of n logits, which lie side by side or, if `columns`, as columns. */
typedef struct subject {
    const yg_op *op;
    yg_attr attrs[16];
    yg_type types[2], result;
    size_t count;
    buffers *b;
} subject;

static int64_t place(bool columns, int n, int r, int i) {
    return columns ? (int64_t)i * ROWS + r : (int64_t)r * n + i;
}

static subject make_subject(int c, yg_dtype real, int n, bool columns, buffers *b) {
    subject s = {.op = yg_op_find(yg_ops(), cases[c].name), .b = b};
    yg_error error = {0};
    cr_assert_not_null(s.op);
    yg_op_defaults(s.op, s.attrs);
    if (cases[c].any_dim)
        s.attrs[0].i = columns ? 0 : -1;
    else if (cases[c].first == NONE)
        s.attrs[0] = (yg_attr){.count = 1, .ints = {-1}};
    const int64_t shape[2] = {columns ? n : ROWS, columns ? ROWS : n};
    yg_type logits;
    cr_assert(yg_type_make(real, 2, shape, &logits, &error));
    if (cases[c].first != NONE)
        s.types[s.count++] = logits;
    if (cases[c].first == CLASSES)
        cr_assert(yg_type_make(YG_I32, 1, shape, &s.types[0], &error));
    s.types[s.count++] = logits;
    const yg_infer infer = {
        .op = s.op, .operands = s.types, .operand_count = s.count, .attrs = s.attrs};
    cr_assert(s.op->infer(&infer, &s.result, &error), "%s", error.message);
    for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < n; i++) {
            yg_element_set(real, b->z, place(columns, n, r, i), logit(r, i, n));
            if (cases[c].first == PROBABILITIES)
                yg_element_set(real, b->first, place(columns, n, r, i), 1.0 / (1 + (i + r) % 4));
        }
        if (cases[c].first == CLASSES)
            yg_element_set(YG_I32, b->first, r, r % n);
    }
    return s;
}

static void run(const subject *s, int64_t begin, int64_t end, void *out) {
    const void *in[] = {s->count == 1 ? s->b->z : s->b->first, s->b->z};
    const yg_type *types[] = {&s->types[0], &s->types[1]};
    yg_error error = {0};
    const yg_kernel_call call = {.out = out,
                                 .in = in,
                                 .out_type = &s->result,
                                 .in_types = types,
                                 .operand_count = s->count,
                                 .attrs = s->attrs,
                                 .begin = begin,
                                 .end = end};
    cr_assert(s->op->kernel[s->result.dtype](&call, &error), "%s: %s", s->op->name, error.message);
}

static double log_sum_exp(const double *z, int n) {
    double max = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++)
        max = fmax(max, z[i]);
    const double shift = isinf(max) ? 0 : max;
    for (int i = 0; i < n; i++)
        sum += exp(z[i] - shift);
    return log(sum) + shift;
}

/* Compares one row of the whole run with the definition. */
static void check_values(const subject *s, int c, int n, bool columns, int r) {
    const yg_dtype real = s->result.dtype;
    const double epsilon = real == YG_F32 ? FLT_EPSILON : DBL_EPSILON;
    double z[LONGEST], t[LONGEST];
    for (int i = 0; i < n; i++) {
        z[i] = yg_element_get(real, s->b->z, place(columns, n, r, i));
        t[i] = cases[c].first == PROBABILITIES
                   ? yg_element_get(real, s->b->first, place(columns, n, r, i))
                   : 0;
    }
    const row row = {.z = z, .t = t, .n = n, .target = r % n, .log_sum = log_sum_exp(z, n)};
    const bool is_spoilt = isinf(row.log_sum) && cases[c].expected != logsumexp;
    for (int i = 0; i < (cases[c].by_row ? 1 : n); i++) {
        const double expected = is_spoilt ? NAN : cases[c].expected(&row, i);
        const double found =
            yg_element_get(real, s->b->whole, cases[c].by_row ? r : place(columns, n, r, i));
        double scale = 1 + fabs(expected); /* of the numbers whose rounding it suffers from */
        if (cases[c].expected == softmax)
            scale = expected * (1 + fabs(z[i] - row.log_sum)) + 1e-37;
        /* Below the smallest normal number an exponential counts as 0, as in a program. */
        const double least = real == YG_F32 ? (double)FLT_MIN : DBL_MIN;
        const bool is_tiny = found == 0 && expected > 0 && expected < least;
        const bool is_same = isnan(expected) ? isnan(found)
                                             : found == expected || is_tiny ||
                                                   fabs(found - expected) <= 8 * epsilon * scale;
        cr_assert(is_same, "%s on %s, %d %s of %d: element %d of row %d is %.17g, not %.17g",
                  cases[c].name, yg_dtype_name(real), ROWS, columns ? "columns" : "rows", n, i, r,
                  found, expected);
    }
}

/* Compares the bytes of row r in both results. All NaNs are equal. */
static void check_bits(const subject *s, int c, int n, bool columns, int r) {
    const yg_dtype real = s->result.dtype;
    const size_t size = yg_dtype_size(real);
    for (int i = 0; i < (cases[c].by_row ? 1 : n); i++) {
        const int64_t at = cases[c].by_row ? r : place(columns, n, r, i);
        const double whole = yg_element_get(real, s->b->whole, at);
        const double own = yg_element_get(real, s->b->own, at);
        if (isnan(whole) && isnan(own))
            continue;
        cr_assert_arr_eq(s->b->own + (size_t)at * size, s->b->whole + (size_t)at * size, size,
                         "%s on %s, %d %s of %d: element %d of row %d is %.17g beside the others, "
                         "%.17g alone",
                         cases[c].name, yg_dtype_name(real), ROWS, columns ? "columns" : "rows", n,
                         i, r, whole, own);
    }
}

Test(rows, are_what_the_definition_says_and_do_not_depend_on_each_other) {
    static buffers b;
    for (int c = 0; c < CASES; c++)
        for (int columns = 0; columns <= cases[c].any_dim; columns++)
            for (yg_dtype real = YG_F32; real <= YG_F64; real++)
                for (int n = 1; n <= LONGEST; n++) {
                    const subject s = make_subject(c, real, n, columns, &b);
                    run(&s, 0, ROWS, b.whole);
                    for (int r = 0; r < ROWS; r++)
                        run(&s, r, r + 1, b.own);
                    for (int r = 0; r < ROWS; r++) {
                        check_values(&s, c, n, columns, r);
                        check_bits(&s, c, n, columns, r);
                    }
                }
}
