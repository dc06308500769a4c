/*
 * JPEG files, by libjpeg: see image.h.
 *
 * libjpeg reports an error by a function that must not return. So it is called below a function
 * that sets the target of a jump, as in image_png.c.
 */
#include "image.h"

#ifdef YG_JPEG_SONAME

#include <dlfcn.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

/* These two need the declarations of the ones above. */
/* clang-format off */
#include <jpeglib.h>
#include <jerror.h>
/* clang-format on */

struct yg_jpeg {
    void *handle;
    __typeof__(jpeg_std_error) *std_error;
    __typeof__(jpeg_CreateDecompress) *create;
    __typeof__(jpeg_destroy_decompress) *destroy;
    __typeof__(jpeg_mem_src) *source;
    __typeof__(jpeg_read_header) *read_header;
    __typeof__(jpeg_start_decompress) *start;
    __typeof__(jpeg_read_scanlines) *read_rows;
    __typeof__(jpeg_finish_decompress) *finish;
};

/* POSIX's way from an object pointer to a function pointer. */
static bool find(void *handle, const char *name, void *function) {
    *(void **)function = dlsym(handle, name);
    return *(void **)function != NULL;
}

struct yg_jpeg *yg_jpeg_open(const char *name, yg_error *error) {
    struct yg_jpeg *jpeg = calloc(1, sizeof *jpeg);
    if (!jpeg) {
        yg_fail_memory(error);
        return NULL;
    }
    void *handle = jpeg->handle = dlopen(YG_JPEG_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (handle && find(handle, "jpeg_std_error", &jpeg->std_error) &&
        find(handle, "jpeg_CreateDecompress", &jpeg->create) &&
        find(handle, "jpeg_destroy_decompress", &jpeg->destroy) &&
        find(handle, "jpeg_mem_src", &jpeg->source) &&
        find(handle, "jpeg_read_header", &jpeg->read_header) &&
        find(handle, "jpeg_start_decompress", &jpeg->start) &&
        find(handle, "jpeg_read_scanlines", &jpeg->read_rows) &&
        find(handle, "jpeg_finish_decompress", &jpeg->finish))
        return jpeg;
    yg_jpeg_close(jpeg);
    yg_fail(error, YG_ERROR_IO, (yg_origin){name, 0, 0},
            "it is a JPEG file, and libjpeg is not installed (Debian's package is "
            "libjpeg62-turbo)");
    return NULL;
}

void yg_jpeg_close(struct yg_jpeg *jpeg) {
    if (!jpeg)
        return;
    if (jpeg->handle)
        dlclose(jpeg->handle);
    free(jpeg);
}

/* A picture that is being decoded. */
typedef struct decoding {
    struct jpeg_error_mgr manager; /* first, so that libjpeg's pointer to it is one to all of it */
    jmp_buf jump;
    const struct yg_jpeg *jpeg;
    struct jpeg_decompress_struct state;
    const unsigned char *bytes;
    size_t size;
    const char *name;
    yg_image *image;
    yg_error *error;
} decoding;

static _Noreturn void on_error(j_common_ptr state) {
    decoding *d = (decoding *)(void *)state->err;
    longjmp(d->jump, 1);
}

/* libjpeg goes on after a warning, with grey pixels for those that are lost. That is an error here.
 * Some warnings are about what does not touch a pixel. */
static void on_message(j_common_ptr state, int level) {
    const int code = state->err->msg_code;
    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM &&
        code != JWRN_JFIF_MAJOR && code != JWRN_TOO_MUCH_DATA)
        on_error(state);
}

/* Four inks, as Adobe's programs write them: 255 is no ink. Others write them the other way round.
 */
static void mix_inks(yg_image *image, bool adobe) {
    const int64_t count = image->height * image->width;
    const uint8_t turn = adobe ? 0 : 255;
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *from = image->pixels + 4 * i;
        const unsigned black = from[3] ^ turn;
        for (int c = 0; c < 3; c++)
            image->pixels[3 * i + c] = (uint8_t)(((unsigned)(from[c] ^ turn) * black + 127) / 255);
    }
    image->channels = 3;
}

static bool read_picture(decoding *d) {
    const struct yg_jpeg *jpeg = d->jpeg;
    struct jpeg_decompress_struct *state = &d->state;
    jpeg->create(state, JPEG_LIB_VERSION, sizeof *state);
    jpeg->source(state, d->bytes, d->size);
    jpeg->read_header(state, TRUE);
    const J_COLOR_SPACE space = state->jpeg_color_space;
    const bool inks = space == JCS_CMYK || space == JCS_YCCK;
    state->out_color_space = inks ? JCS_CMYK : space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    const int channels = inks ? 4 : space == JCS_GRAYSCALE ? 1 : 3;
    if (!yg_image_reserve(d->image, state->image_height, state->image_width, channels, d->name,
                          d->error))
        return false;
    jpeg->start(state);
    while (state->output_scanline < state->output_height) {
        JSAMPROW row = d->image->pixels +
                       (size_t)state->output_scanline * state->output_width * (size_t)channels;
        jpeg->read_rows(state, &row, 1);
    }
    jpeg->finish(state);
    if (inks)
        mix_inks(d->image, state->saw_Adobe_marker);
    return true;
}

/* Whether it came to an end without a jump. */
static bool comes_back(decoding *d, bool *good) {
    if (setjmp(d->jump))
        return false;
    *good = read_picture(d);
    return true;
}

static bool catch_errors(decoding *d) {
    char message[JMSG_LENGTH_MAX];
    bool good;
    if (comes_back(d, &good))
        return good;
    d->manager.format_message((j_common_ptr)&d->state, message);
    return yg_fail(d->error, YG_ERROR_DATA, (yg_origin){d->name, 0, 0},
                   "the JPEG file is damaged or cut off (%s)", message);
}

bool yg_jpeg_decode(const struct yg_jpeg *jpeg, const void *bytes, size_t size, const char *name,
                    yg_image *image, yg_error *error) {
    decoding d = {
        .jpeg = jpeg, .bytes = bytes, .size = size, .name = name, .image = image, .error = error};
    d.state.err = jpeg->std_error(&d.manager);
    d.manager.error_exit = on_error;
    d.manager.emit_message = on_message;
    const bool good = catch_errors(&d);
    jpeg->destroy(&d.state);
    return good;
}

#else

struct yg_jpeg *yg_jpeg_open(const char *name, yg_error *error) {
    yg_fail(error, YG_ERROR_IO, (yg_origin){name, 0, 0},
            "it is a JPEG file, and yamlgrad was built without libjpeg (Debian's package is "
            "libjpeg62-turbo-dev)");
    return NULL;
}

void yg_jpeg_close(struct yg_jpeg *jpeg) {
    (void)jpeg;
}

bool yg_jpeg_decode(const struct yg_jpeg *jpeg, const void *bytes, size_t size, const char *name,
                    yg_image *image, yg_error *error) {
    (void)jpeg;
    (void)bytes;
    (void)size;
    (void)name;
    (void)image;
    return yg_fail_memory(error);
}

#endif
