/*
 * What the peers in C share: see mlp.h.
 */
#include "mlp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

enum { MAX_WIDTH = 1 << 16, MAX_BATCH = 1 << 16, MAX_THREADS = 1024 };

bool mlp_is_notebook(const mlp *mlp) {
    return mlp->widths[mlp->layers] == 1;
}

static bool read_widths(const char *text, mlp *mlp) {
    size_t count = 0;
    char *end;
    for (;; text = end + 1) {
        const long width = strtol(text, &end, 10);
        if (end == text || width < 1 || width > MAX_WIDTH || count > MAX_LAYERS)
            return false;
        mlp->widths[count++] = (int)width;
        if (*end != ',')
            break;
    }
    mlp->layers = count - 1;
    return *end == '\0' && mlp->layers > 0;
}

static bool fill_batch(mlp *mlp, yg_error *error) {
    const int64_t rows = mlp->batch, inputs = mlp->widths[0], outputs = mlp->widths[mlp->layers];
    mlp->x = calloc((size_t)(rows * inputs), sizeof *mlp->x);
    mlp->y = calloc((size_t)(rows * outputs), sizeof *mlp->y);
    if (!mlp->x || !mlp->y)
        return yg_fail_memory(error);
    for (int64_t i = 0; i < rows * inputs; i++)
        mlp->x[i] = (float)uniform(STREAM_DATA, i);
    for (int64_t i = 0; i < rows; i++) {
        const double u = uniform(STREAM_DATA + 1, i);
        if (mlp_is_notebook(mlp))
            mlp->y[i] = (float)floor(2 * u);
        else
            mlp->y[i * outputs + (int64_t)floor((double)outputs * u)] = 1;
    }
    return true;
}

bool mlp_read(int argc, char **argv, mlp *mlp, yg_error *error) {
    long batch, threads;
    *mlp = (struct mlp){0};
    if ((argc != 5 && argc != 7) || !read_count(argv[3], 0, MAX_BATCH, &batch) ||
        !read_count(argv[4], 1, MAX_THREADS, &threads) ||
        (strcmp(argv[1], "step") == 0 && argc != 7))
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "usage: %s KIND WIDTHS BATCH THREADS [OPTIMIZER LR]", argv[0]);
    mlp->kind = argv[1];
    mlp->batch = (int)batch;
    mlp->threads = (int)threads;
    if (argc == 7) {
        mlp->optimizer = argv[5];
        mlp->lr = strtof(argv[6], NULL);
    }
    if (mlp->optimizer && strcmp(mlp->optimizer, "sgd") != 0 && strcmp(mlp->optimizer, "adam") != 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "found the optimizer `%s`, expected sgd or adam", mlp->optimizer);
    if (batch == 0)
        return true;
    if (!read_widths(argv[2], mlp))
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "found the widths `%s`, expected two to %d numbers with commas", argv[2],
                       MAX_LAYERS + 1);
    return fill_batch(mlp, error);
}

void mlp_free(mlp *mlp) {
    free(mlp->x);
    free(mlp->y);
}

void mlp_fill_parameter(const mlp *mlp, size_t k, float *data) {
    const int64_t inputs = mlp->widths[k / 2], outputs = mlp->widths[k / 2 + 1];
    const int64_t fan = k % 2 == 0 ? inputs : outputs;
    fill_uniform(data, k % 2 == 0 ? inputs * outputs : outputs, STREAM_PARAMETERS + (uint32_t)k,
                 1 / sqrt((double)fan));
}

double squared_norm(const float *data, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)data[i] * (double)data[i];
    return sum;
}

void flush_denormals(void) {
#ifdef __SSE2__
    _mm_setcsr(_mm_getcsr() | 0x8040); /* flush to zero, denormals are zero */
#endif
}
