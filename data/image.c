/*
 * Pictures in memory: see image.h.
 */
#include "image.h"

#include <inttypes.h>
#include <stdlib.h>

void yg_image_free(yg_image *image) {
    free(image->pixels);
    *image = (yg_image){0};
}

bool yg_image_reserve(yg_image *image, int64_t height, int64_t width, int channels,
                      const char *name, yg_error *error) {
    if (height < 1 || width < 1 || height > YG_IMAGE_MAX_SIDE || width > YG_IMAGE_MAX_SIDE ||
        height * width > YG_IMAGE_MAX_PIXELS)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){name, 0, 0},
                       "a picture of %" PRId64 " by %" PRId64 " pixels is not read; at most %d a "
                       "side, and %d in all",
                       height, width, YG_IMAGE_MAX_SIDE, YG_IMAGE_MAX_PIXELS);
    const size_t size = (size_t)(height * width) * (size_t)channels;
    if (size > image->room) {
        free(image->pixels);
        image->pixels = malloc(size);
        image->room = image->pixels ? size : 0;
    }
    image->height = height;
    image->width = width;
    image->channels = channels;
    return image->pixels || yg_fail_memory(error);
}

/* Weights in 65,536ths, rounded to the nearest: white stays white. */
static uint8_t luma(const uint8_t *pixel) {
    return (uint8_t)((pixel[0] * 19595u + pixel[1] * 38470u + pixel[2] * 7471u + 32768u) >> 16);
}

static bool spread_grey(yg_image *image, const char *name, yg_error *error) {
    yg_image wide = {0};
    const int step = image->channels;
    if (!yg_image_reserve(&wide, image->height, image->width, 3, name, error))
        return false;
    for (int64_t i = 0; i < image->height * image->width; i++)
        for (int c = 0; c < 3; c++)
            wide.pixels[3 * i + c] = image->pixels[step * i];
    free(image->pixels);
    *image = wide;
    return true;
}

bool yg_image_convert(yg_image *image, int channels, const char *name, yg_error *error) {
    const int step = image->channels;
    const int64_t count = image->height * image->width;
    if (step == channels)
        return true;
    if (step < channels)
        return spread_grey(image, name, error);
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *from = image->pixels + step * i;
        if (channels == 1)
            image->pixels[i] = step == 2 ? from[0] : luma(from);
        else
            for (int c = 0; c < 3; c++)
                image->pixels[3 * i + c] = from[c];
    }
    image->channels = channels;
    return true;
}
