/*
 * Sums over long vectors for L-BFGS. Each has so many running sums side by side, which a compiler
 * vectorises: one sum alone would wait for each addition. Their number is fixed, so the bits do not
 * depend on the processor.
 */
#include "../ops/multiversion.h"
#include "lbfgs_work.h"

enum { LANES = 16 };

/* Adds up the lanes in pairs. */
static inline double total(double *lane) {
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    return lane[0];
}

YG_MULTIVERSION static double dot(const double *a, const double *b, size_t count) {
    double lane[LANES] = {0}, rest = 0;
    size_t i = 0;
    for (; count - i >= LANES; i += LANES) {
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            lane[l] += a[i + (size_t)l] * b[i + (size_t)l];
    }
    for (; i < count; i++)
        rest += a[i] * b[i];
    return total(lane) + rest;
}

YG_MULTIVERSION static double add_and_dot(double *to, double factor, const double *x,
                                          const double *b, size_t count) {
    double lane[LANES] = {0}, rest = 0;
    size_t i = 0;
    for (; count - i >= LANES; i += LANES) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            const double sum = to[i + (size_t)l] + factor * x[i + (size_t)l];
            to[i + (size_t)l] = sum;
            lane[l] += sum * b[i + (size_t)l];
        }
    }
    for (; i < count; i++)
        rest += (to[i] += factor * x[i]) * b[i];
    return total(lane) + rest;
}

YG_MULTIVERSION static void curvature(const double *gradient, const double *last,
                                      const double *step, size_t count, double *ys, double *yy) {
    double along[LANES] = {0}, square[LANES] = {0};
    size_t i = 0;
    for (; count - i >= LANES; i += LANES) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            const double y = gradient[i + (size_t)l] - last[i + (size_t)l];
            along[l] += y * step[i + (size_t)l];
            square[l] += y * y;
        }
    }
    *ys = total(along);
    *yy = total(square);
    for (; i < count; i++) {
        const double y = gradient[i] - last[i];
        *ys += y * step[i];
        *yy += y * y;
    }
}

double yg_dot(const double *a, const double *b, size_t count) {
    return dot(a, b, count);
}

double yg_add_and_dot(double *to, double factor, const double *x, const double *b, size_t count) {
    return add_and_dot(to, factor, x, b, count);
}

void yg_curvature(const double *gradient, const double *last, const double *step, size_t count,
                  double *ys, double *yy) {
    curvature(gradient, last, step, count, ys, yy);
}
