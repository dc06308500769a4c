/*
 * Random operators: their distributions, at fixed seeds; what their numbers depend on, and what
 * not; and that dropout drops what it is told to as a whole.
 *
 * Bounds of means are five standard deviations; those of Kolmogorov and Smirnov's statistic
 * √n · max |F - empirical F| are 1.95, which chance exceeds once in a thousand. The seeds are
 * fixed, so a failure is a wrong generator.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <math.h>
#include <stdlib.h>

enum { COUNT = 100000 };

typedef struct draw {
    const char *op;
    yg_dtype dtype;
    double a, b; /* low and high, mean and std, or the probability */
    uint64_t seed, step;
    int skipped; /* nodes of the same operator before this one */
    int threads;
} draw;

static yg_node build(yg_graph *g, const draw *d) {
    const yg_type type = type_of(d->dtype, 1, (int64_t[]){COUNT});
    const yg_op *op = yg_op_find(yg_ops(), d->op);
    cr_assert_not_null(op);
    if (op->min_operands == 1) {
        const yg_node p = yg_full(g, &type, d->a);
        return yg_apply(g, op, &p, 1, NULL);
    }
    yg_attr attrs[4];
    yg_op_defaults(op, attrs);
    attrs[0] = (yg_attr){.count = 1, .ints = {COUNT}};
    attrs[1].f = d->a;
    attrs[2].f = d->b;
    attrs[3].i = d->dtype;
    return yg_apply(g, op, NULL, 0, attrs);
}

/* The numbers that are drawn; freed by the caller. */
static double *numbers(const draw *d) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    for (int i = 0; i < d->skipped; i++)
        build(g, d);
    const yg_node y = build(g, d);
    yg_program *program = compile(g, &y, 1, NULL, 0, 0, d->threads ? d->threads : 1);
    yg_error error = {0};
    cr_assert(yg_program_run(program, d->seed, d->step, &error), "%s", error.message);
    double *values = malloc(COUNT * sizeof *values);
    cr_assert_not_null(values);
    for (int64_t i = 0; i < COUNT; i++)
        values[i] = yg_element_get(d->dtype, yg_program_data(program, y), i);
    yg_program_free(program);
    yg_graph_free(g);
    return values;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double uniform_cdf(double x, const draw *d) {
    return (x - d->a) / (d->b - d->a);
}

static double normal_cdf(double x, const draw *d) {
    return erfc((d->a - x) / d->b / sqrt(2)) / 2;
}

/* √n times the largest distance between the empirical distribution and `cdf`. Sorts the values. */
static double distance(double *values, const draw *d, double (*cdf)(double, const draw *)) {
    qsort(values, COUNT, sizeof *values, compare);
    double most = 0;
    for (int i = 0; i < COUNT; i++) {
        const double at = cdf(values[i], d);
        most = fmax(most, fmax(fabs(at - (double)i / COUNT), fabs(at - (i + 1.0) / COUNT)));
    }
    return most * sqrt(COUNT);
}

/* The mean of the products of the deviations of x[i] and x[i + lag], over the variance. */
static double correlation(const double *x, int lag, double mean, double variance) {
    double sum = 0;
    for (int i = 0; i + lag < COUNT; i++)
        sum += (x[i] - mean) * (x[i + lag] - mean);
    return sum / (COUNT - lag) / variance;
}

static void check_moments(const double *x, double mean, double variance, double fourth) {
    double sum = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
        sum += x[i];
        squares += (x[i] - mean) * (x[i] - mean);
    }
    cr_expect_lt(fabs(sum / COUNT - mean), 5 * sqrt(variance / COUNT), "mean %g", sum / COUNT);
    cr_expect_lt(fabs(squares / COUNT - variance), 5 * sqrt((fourth - variance * variance) / COUNT),
                 "variance %g", squares / COUNT);
    for (int lag = 1; lag <= 4; lag++)
        cr_expect_lt(fabs(correlation(x, lag, mean, variance)), 5 / sqrt(COUNT), "lag %d", lag);
}

Test(noise, uniform_is_uniform) {
    for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++) {
        const draw d = {.op = "uniform", .dtype = dtype, .a = -2, .b = 3, .seed = 5};
        double *x = numbers(&d);
        const double width = d.b - d.a;
        check_moments(x, 0.5, width * width / 12, pow(width, 4) / 80);
        cr_expect_lt(distance(x, &d, uniform_cdf), 1.95);
        cr_expect(x[0] >= d.a && x[COUNT - 1] < d.b);
        free(x);
    }
}

Test(noise, normal_is_normal) {
    for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++) {
        const draw d = {.op = "normal", .dtype = dtype, .a = -1, .b = 2, .seed = 7};
        double *x = numbers(&d);
        check_moments(x, -1, 4, 3 * 16);
        cr_expect_lt(distance(x, &d, normal_cdf), 1.95);
        cr_expect(x[0] > -12 && x[COUNT - 1] < 10 && x[0] < -7 && x[COUNT - 1] > 5);
        free(x);
    }
}

Test(noise, bernoulli_has_its_probability) {
    static const double probabilities[] = {0, 1e-3, 0.3, 0.5, 0.9, 1};
    for (size_t i = 0; i < sizeof probabilities / sizeof *probabilities; i++) {
        const double p = probabilities[i];
        const draw d = {.op = "bernoulli", .dtype = YG_F32, .a = p, .seed = 9};
        double *x = numbers(&d), sum = 0;
        for (int e = 0; e < COUNT; e++) {
            cr_assert(x[e] == 0 || x[e] == 1);
            sum += x[e];
        }
        cr_expect_leq(fabs(sum / COUNT - p), 5 * sqrt(p * (1 - p) / COUNT), "p = %g: %g", p,
                      sum / COUNT);
        if (p > 0.1 && p < 1)
            cr_expect_lt(fabs(correlation(x, 1, p, p * (1 - p))), 5 / sqrt(COUNT));
        free(x);
    }
}

/* How many of the numbers are equal in both draws. */
static int shared(const draw *a, const draw *b, double tolerance) {
    double *x = numbers(a), *y = numbers(b);
    int equal = 0;
    for (int i = 0; i < COUNT; i++)
        equal += fabs(x[i] - y[i]) <= tolerance;
    free(x);
    free(y);
    return equal;
}

Test(noise, numbers_depend_on_seed_step_and_node_alone) {
    static const char *const ops[] = {"uniform", "normal", "bernoulli"};
    for (size_t o = 0; o < sizeof ops / sizeof *ops; o++) {
        /* Of two independent draws by bernoulli(0.5) half are equal. */
        const bool flips = o == 2;
        const draw here = {ops[o], YG_F64, flips ? 0.5 : 0, 1, 3, 4, 0, 1};
        const int most = flips ? COUNT / 2 + 1000 : 0;
        draw other = here;
        cr_expect_eq(shared(&here, &other, 0), COUNT);
        other.threads = 3;
        cr_expect_eq(shared(&here, &other, 0), COUNT, "%s: threads", ops[o]);
        other = here;
        other.dtype = YG_F32;
        cr_expect_eq(shared(&here, &other, 1e-6), COUNT, "%s: element type", ops[o]);
        other = here;
        other.seed++;
        cr_expect_leq(shared(&here, &other, 0), most, "%s: seed", ops[o]);
        other = here;
        other.step++;
        cr_expect_leq(shared(&here, &other, 0), most, "%s: step", ops[o]);
        other = here;
        other.skipped = 1;
        cr_expect_leq(shared(&here, &other, 0), most, "%s: node", ops[o]);
    }
}

/* A tensor [20, 30, 4, 5] of ones through the operator, in training. */
static double *dropped(const char *op, int64_t unit, yg_type *type) {
    *type = type_of(YG_F64, 4, (int64_t[]){20, 30, 4, 5});
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_TRAINING);
    const yg_node x = yg_full(g, type, 1);
    const yg_attr attrs[] = {{.f = 0.25}, {.i = unit}};
    const yg_node y = yg_apply(g, yg_op_find(yg_ops(), op), &x, 1, attrs);
    yg_program *program = compile(g, &y, 1, NULL, 0, 0, 1);
    run(program);
    double *values = malloc((size_t)yg_type_bytes(type));
    cr_assert_not_null(values);
    memcpy(values, data(program, y), (size_t)yg_type_bytes(type));
    yg_program_free(program);
    yg_graph_free(g);
    return values;
}

/* Blocks of `size` elements are 0 or 1 / (1 - p) as a whole, and about a quarter of them 0. */
static void check_blocks(const char *op, int64_t unit, int64_t size) {
    yg_type type;
    double *y = dropped(op, unit, &type);
    const int64_t blocks = yg_type_count(&type) / size;
    int64_t zeros = 0;
    for (int64_t b = 0; b < blocks; b++) {
        zeros += y[b * size] == 0;
        for (int64_t i = 0; i < size; i++) {
            cr_assert(y[b * size] == 0 || fabs(y[b * size] - 1 / 0.75) < 1e-15);
            cr_assert_eq(y[b * size + i], y[b * size], "%s: block %d", op, (int)b);
        }
    }
    const double share = (double)zeros / (double)blocks;
    cr_expect_lt(fabs(share - 0.25), 3 * sqrt(0.1875 / (double)blocks), "%s: %g", op, share);
    free(y);
}

Test(noise, dropout_drops_units_as_a_whole) {
    check_blocks("dropout", 0, 1);
    check_blocks("dropout", 1, 20);
    check_blocks("dropout", 2, 600);
    check_blocks("drop_path", 0, 600);
}

Test(noise, bernoulli_refuses_what_is_no_probability) {
    static const double wrong[] = {-0.1, 1.5, NAN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type type = type_of(YG_F64, 1, (int64_t[]){3});
        const yg_node p = yg_input(g, "p", &type), y = yg_call(g, "bernoulli", &p, 1);
        yg_program *program = compile(g, &y, 1, NULL, 0, 0, 1);
        data(program, p)[2] = wrong[i];
        yg_error error = {0};
        cr_assert_not(yg_program_run(program, 0, 0, &error));
        cr_expect(strstr(error.message, "element 2 is"), "%s", error.message);
        yg_program_free(program);
        yg_graph_free(g);
    }
}
