/*
 * Normalisation: statistics stay exact where numbers are far from 0, and in long sums.
 */
#include "graph/program.h"
#include "graph/random.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/row_normalize.h"

#include <criterion/criterion.h>
#include <math.h>

enum { COUNT = 20000, CHANNELS = 2 };
static const float FAR = 10000; /* neighbours differ by 0.001 here */

static float number(int64_t i) {
    return FAR + (float)(2 * yg_random_uniform(1, 2, (uint64_t)i) - 1);
}

/* Mean and variance of the numbers offset, offset + step, …, in double precision. */
static void moments(int64_t offset, int64_t step, double *mean, double *variance) {
    const double count = (double)(COUNT / step);
    *mean = *variance = 0;
    for (int64_t i = offset; i < COUNT; i += step)
        *mean += (double)number(i) / count;
    for (int64_t i = offset; i < COUNT; i += step)
        *variance += pow((double)number(i) - *mean, 2) / count;
}

/* Computes all results of an operator of COUNT numbers, seen as [rows, columns]. */
static yg_program *run(const yg_op *op, int64_t rows, int64_t columns, yg_graph **graph,
                       yg_node results[3]) {
    yg_type type;
    yg_error error = {0};
    cr_assert(yg_type_make(YG_F32, 2, (const int64_t[]){rows, columns}, &type, NULL));
    *graph = yg_graph_new(yg_ops(), 0);
    const yg_node x = yg_input(*graph, "x", &type);
    const size_t count = yg_apply_all(*graph, op, &x, 1, NULL, results, 3);
    cr_assert(count > 0);
    yg_program *program = yg_compile(*graph, results, count, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    float *data = yg_program_data(program, x);
    for (int64_t i = 0; i < COUNT; i++)
        data[i] = number(i);
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    return program;
}

static void expect_near(double found, double expected, double tolerance, const char *what) {
    cr_expect(fabs(found - expected) <= tolerance * fabs(expected), "%s: %.9g, not %.9g", what,
              found, expected);
}

Test(normalisation, moments_of_channels_far_from_0) {
    yg_graph *graph;
    yg_node results[3];
    yg_program *program = run(&yg_op_channel_moments, COUNT / CHANNELS, CHANNELS, &graph, results);
    const float *means = yg_program_data(program, results[0]);
    const float *variances = yg_program_data(program, results[1]);
    for (int c = 0; c < CHANNELS; c++) {
        double mean, variance;
        moments(c, CHANNELS, &mean, &variance);
        expect_near((double)means[c], mean, 1e-7, "mean");
        expect_near((double)variances[c], variance, 1e-5, "variance");
    }
    yg_program_free(program);
    yg_graph_free(graph);
}

Test(normalisation, moments_of_a_long_row_far_from_0) {
    yg_graph *graph;
    yg_node results[3];
    double mean, variance;
    yg_program *program = run(&yg_op_row_normalize, 1, COUNT, &graph, results);
    moments(0, 1, &mean, &variance);
    const float *found = yg_program_data(program, results[YG_ROW_MEAN]);
    const float *scale = yg_program_data(program, results[YG_ROW_SCALE]);
    expect_near((double)*found, mean, 1e-7, "mean");
    expect_near((double)*scale, 1 / sqrt(variance + 1e-5), 1e-5, "scale");
    yg_program_free(program);
    yg_graph_free(graph);
}
