/*
 * Pictures: from the bytes of a PNG or JPEG file to pixels. Private to the library.
 *
 * The libraries libpng and libjpeg are opened when the first such picture is met, and not linked,
 * as zlib is: a machine without them reads everything else.
 *
 * A pixel is a byte for each channel. More bits are rounded to eight, fewer are spread; a palette's
 * colours are looked up. Nothing else changes a value: no gamma, no colour profile. So a picture
 * has the numbers that other programs read of it.
 */
#ifndef YG_DATA_IMAGE_H
#define YG_DATA_IMAGE_H

#include "../graph/error.h"

#include <stddef.h>
#include <stdint.h>

/* The sides of a picture that is decoded, at most. A damaged file may claim any size. */
enum { YG_IMAGE_MAX_SIDE = 65500, YG_IMAGE_MAX_PIXELS = 1 << 28 };

/* All zeros is an empty one. Its memory is used again by the next picture that it is given. */
typedef struct yg_image {
    int64_t height, width;
    int channels;    /* 1: grey; 2: grey and opacity; 3: red, green, blue; 4: with opacity */
    uint8_t *pixels; /* [height, width, channels] */
    size_t room;     /* bytes that `pixels` has */
} yg_image;

void yg_image_free(yg_image *image); /* what it holds, not the struct */

/* Gives it a size. `name` stands for the file in messages; a size above the limits is an error. */
bool yg_image_reserve(yg_image *image, int64_t height, int64_t width, int channels,
                      const char *name, yg_error *error);

/* Makes 1 or 3 channels of what there are, in place. Opacity is dropped. Grey is the luma of
 * Recommendation ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B. */
bool yg_image_convert(yg_image *image, int channels, const char *name, yg_error *error);

/* ------------------------------------------------------------------------- image_resize.c ---- */

/* `from`, of another size, in `to`: bilinear. A picture that shrinks is smoothed before: each pixel
 * is the mean of those that it covers, weighted by a triangle. The numbers are those of Pillow's
 * Image.resize with BILINEAR, up to 1: rows may be shortened before columns or after. `room` is
 * memory to work in. */
bool yg_image_resize(const yg_image *from, int64_t height, int64_t width, yg_image *to,
                     yg_image *room, const char *name, yg_error *error);

/* --------------------------------------------------------------------------- image_file.c ---- */

/* Decodes pictures, one after the other. */
typedef struct yg_image_decoder yg_image_decoder;

yg_image_decoder *yg_image_decoder_new(yg_error *error);
void yg_image_decoder_free(yg_image_decoder *decoder); /* NULL is allowed */

/* Whether bytes begin as those of a PNG or JPEG file do. */
bool yg_image_is_encoded(const void *bytes, size_t size);

/* `name` stands for the file in messages. */
bool yg_image_decode(yg_image_decoder *decoder, const void *bytes, size_t size, const char *name,
                     yg_image *image, yg_error *error);
bool yg_image_read(yg_image_decoder *decoder, const char *path, yg_image *image, yg_error *error);

/* ----------------------------------------------------------------------- image_png_write.c ---- */

/* A picture of 1 or 3 channels as a PNG file. Freed by the caller; NULL on failure. */
char *yg_image_encode(const yg_image *image, size_t *size, yg_error *error);

/* ---------------------------------------------------------------- image_png.c, image_jpeg.c -- */

/* The functions of a library. NULL on failure: the library is not there. */
struct yg_png *yg_png_open(const char *name, yg_error *error);
void yg_png_close(struct yg_png *png); /* NULL is allowed */
bool yg_png_decode(const struct yg_png *png, const void *bytes, size_t size, const char *name,
                   yg_image *image, yg_error *error);

struct yg_jpeg *yg_jpeg_open(const char *name, yg_error *error);
void yg_jpeg_close(struct yg_jpeg *jpeg); /* NULL is allowed */
bool yg_jpeg_decode(const struct yg_jpeg *jpeg, const void *bytes, size_t size, const char *name,
                    yg_image *image, yg_error *error);

#endif
