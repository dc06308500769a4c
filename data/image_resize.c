/*
 * Pictures of another size: see image.h.
 *
 * Along each dimension, a new pixel is a weighted mean of the old ones around its centre. The
 * weights form a triangle, whose half width is one old pixel, or one new pixel where that is
 * larger. They are whole numbers of 22 bits, as in Pillow, and each pass rounds to bytes.
 */
#include "image.h"

#include <math.h>
#include <stdlib.h>

enum { BITS = 22 };

/* The old pixels that a new one is made of. */
typedef struct tap {
    int64_t first, count;
    const int32_t *weights;
} tap;

typedef struct taps {
    tap *items; /* [to] */
    int32_t *weights;
} taps;

static void free_taps(taps *t) {
    free(t->items);
    free(t->weights);
}

/* Weights of one new pixel. */
static void weigh(int64_t from, double scale, int64_t i, double *exact, int32_t *weights,
                  tap *out) {
    const double half = scale > 1 ? scale : 1, centre = ((double)i + 0.5) * scale;
    double total = 0;
    int64_t first = (int64_t)(centre - half + 0.5), end = (int64_t)(centre + half + 0.5);
    first = first < 0 ? 0 : first;
    end = end > from ? from : end;
    for (int64_t k = first; k < end; k++) {
        const double distance = fabs(((double)k - centre + 0.5) * (1 / half));
        exact[k - first] = distance < 1 ? 1 - distance : 0;
        total += exact[k - first];
    }
    for (int64_t k = 0; k < end - first; k++)
        weights[k] = (int32_t)(0.5 + (total != 0 ? exact[k] / total : exact[k]) * (1 << BITS));
    *out = (tap){first, end - first, weights};
}

static bool make_taps(int64_t from, int64_t to, taps *out, yg_error *error) {
    const double scale = (double)from / (double)to;
    const size_t most = (size_t)ceil(scale > 1 ? scale : 1) * 2 + 1;
    double *exact = calloc(most, sizeof *exact);
    *out = (taps){calloc((size_t)to, sizeof(tap)), calloc((size_t)to * most, sizeof(int32_t))};
    const bool good = exact && out->items && out->weights;
    for (int64_t i = 0; good && i < to; i++)
        weigh(from, scale, i, exact, out->weights + (size_t)i * most, &out->items[i]);
    free(exact);
    return good || yg_fail_memory(error);
}

/* A new pixel's channel of old ones, `step` bytes apart. */
static uint8_t blend(const tap *t, const uint8_t *from, int64_t step) {
    int64_t sum = 1 << (BITS - 1);
    for (int64_t k = 0; k < t->count; k++)
        sum += (int64_t)from[(t->first + k) * step] * t->weights[k];
    sum >>= BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static bool resize_rows(const yg_image *from, int64_t width, yg_image *to, const char *name,
                        yg_error *error) {
    const int channels = from->channels;
    taps along = {0};
    const bool good = yg_image_reserve(to, from->height, width, channels, name, error) &&
                      make_taps(from->width, width, &along, error);
    for (int64_t y = 0; good && y < from->height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int c = 0; c < channels; c++)
                to->pixels[(y * width + x) * channels + c] =
                    blend(&along.items[x], from->pixels + y * from->width * channels + c, channels);
    free_taps(&along);
    return good;
}

static bool resize_columns(const yg_image *from, int64_t height, yg_image *to, const char *name,
                           yg_error *error) {
    const int64_t row = from->width * from->channels;
    taps along = {0};
    const bool good = yg_image_reserve(to, height, from->width, from->channels, name, error) &&
                      make_taps(from->height, height, &along, error);
    for (int64_t y = 0; good && y < height; y++)
        for (int64_t i = 0; i < row; i++)
            to->pixels[y * row + i] = blend(&along.items[y], from->pixels + i, row);
    free_taps(&along);
    return good;
}

bool yg_image_resize(const yg_image *from, int64_t height, int64_t width, yg_image *to,
                     yg_image *room, const char *name, yg_error *error) {
    const bool narrow = from->width != width;
    return (!narrow || resize_rows(from, width, room, name, error)) &&
           resize_columns(narrow ? room : from, height, to, name, error);
}
