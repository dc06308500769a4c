/*
 * PNG files, by libpng: see image.h.
 *
 * libpng reports an error by a jump out of its functions. So it is called below a function that
 * sets the target of the jump and does nothing else. What is to be freed is in a struct of that
 * function's caller: a variable of its own would be lost by the jump.
 */
#include "image.h"

#ifdef YG_PNG_SONAME

#include <dlfcn.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

struct yg_png {
    void *handle;
    __typeof__(png_create_read_struct) *create;
    __typeof__(png_create_info_struct) *create_info;
    __typeof__(png_destroy_read_struct) *destroy;
    __typeof__(png_init_io) *init_io;
    __typeof__(png_set_user_limits) *set_limits;
    __typeof__(png_read_info) *read_info;
    __typeof__(png_get_image_width) *width;
    __typeof__(png_get_image_height) *height;
    __typeof__(png_get_channels) *channels;
    __typeof__(png_set_expand) *expand;
    __typeof__(png_set_scale_16) *scale_16;
    __typeof__(png_set_interlace_handling) *interlace;
    __typeof__(png_read_update_info) *update;
    __typeof__(png_read_row) *read_row;
    __typeof__(png_read_end) *read_end;
};

/* POSIX's way from an object pointer to a function pointer. */
static bool find(void *handle, const char *name, void *function) {
    *(void **)function = dlsym(handle, name);
    return *(void **)function != NULL;
}

static bool find_all(struct yg_png *png) {
    void *handle = png->handle;
    return find(handle, "png_create_read_struct", &png->create) &&
           find(handle, "png_create_info_struct", &png->create_info) &&
           find(handle, "png_destroy_read_struct", &png->destroy) &&
           find(handle, "png_init_io", &png->init_io) &&
           find(handle, "png_set_user_limits", &png->set_limits) &&
           find(handle, "png_read_info", &png->read_info) &&
           find(handle, "png_get_image_width", &png->width) &&
           find(handle, "png_get_image_height", &png->height) &&
           find(handle, "png_get_channels", &png->channels) &&
           find(handle, "png_set_expand", &png->expand) &&
           find(handle, "png_set_scale_16", &png->scale_16) &&
           find(handle, "png_set_interlace_handling", &png->interlace) &&
           find(handle, "png_read_update_info", &png->update) &&
           find(handle, "png_read_row", &png->read_row) &&
           find(handle, "png_read_end", &png->read_end);
}

struct yg_png *yg_png_open(const char *name, yg_error *error) {
    struct yg_png *png = calloc(1, sizeof *png);
    if (!png) {
        yg_fail_memory(error);
        return NULL;
    }
    png->handle = dlopen(YG_PNG_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (png->handle && find_all(png))
        return png;
    yg_png_close(png);
    yg_fail(error, YG_ERROR_IO, (yg_origin){name, 0, 0},
            "it is a PNG file, and libpng is not installed (Debian's package is libpng16-16)");
    return NULL;
}

void yg_png_close(struct yg_png *png) {
    if (!png)
        return;
    if (png->handle)
        dlclose(png->handle);
    free(png);
}

/* A picture that is being decoded. */
typedef struct decoding {
    const struct yg_png *png;
    png_structp state;
    png_infop info;
    FILE *file;
    const char *name;
    yg_image *image;
    yg_error *error;
    char message[200]; /* of libpng */
    jmp_buf jump;
} decoding;

/* libpng calls this, and aborts if it returns. It is given libpng's state only, so it asks the
 * library, which is open, for the struct that belongs to it. */
static void on_error(png_structp state, png_const_charp message) {
    void *handle = dlopen(YG_PNG_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    __typeof__(png_get_error_ptr) *context_of;
    if (!handle || !find(handle, "png_get_error_ptr", &context_of))
        return;
    decoding *d = context_of(state);
    dlclose(handle);
    snprintf(d->message, sizeof d->message, "%s", message ? message : "");
    longjmp(d->jump, 1);
}

static void on_warning(png_structp state, png_const_charp message) {
    (void)state;
    (void)message;
}

/* Any depth and palette become bytes for 1 to 4 channels. */
static bool read_picture(decoding *d) {
    const struct yg_png *png = d->png;
    png->set_limits(d->state, YG_IMAGE_MAX_SIDE, YG_IMAGE_MAX_SIDE);
    png->init_io(d->state, d->file);
    png->read_info(d->state, d->info);
    png->expand(d->state);
    png->scale_16(d->state);
    const int passes = png->interlace(d->state);
    png->update(d->state, d->info);
    const int64_t height = png->height(d->state, d->info), width = png->width(d->state, d->info);
    const int channels = png->channels(d->state, d->info);
    if (!yg_image_reserve(d->image, height, width, channels, d->name, d->error))
        return false;
    for (int pass = 0; pass < passes; pass++)
        for (int64_t y = 0; y < height; y++)
            png->read_row(d->state, d->image->pixels + y * width * channels, NULL);
    png->read_end(d->state, NULL);
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
    bool good;
    if (comes_back(d, &good))
        return good;
    return yg_fail(d->error, YG_ERROR_DATA, (yg_origin){d->name, 0, 0},
                   "the PNG file is damaged or cut off (%s)", d->message);
}

bool yg_png_decode(const struct yg_png *png, const void *bytes, size_t size, const char *name,
                   yg_image *image, yg_error *error) {
    decoding d = {.png = png, .name = name, .image = image, .error = error};
    d.file = fmemopen((void *)(uintptr_t)bytes, size, "r");
    d.state = png->create(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
    d.info = d.state ? png->create_info(d.state) : NULL;
    const bool good = d.file && d.info ? catch_errors(&d) : yg_fail_memory(error);
    if (d.state)
        png->destroy(&d.state, &d.info, NULL);
    if (d.file)
        fclose(d.file);
    return good;
}

#else

struct yg_png *yg_png_open(const char *name, yg_error *error) {
    yg_fail(error, YG_ERROR_IO, (yg_origin){name, 0, 0},
            "it is a PNG file, and yamlgrad was built without libpng (Debian's package is "
            "libpng-dev)");
    return NULL;
}

void yg_png_close(struct yg_png *png) {
    (void)png;
}

bool yg_png_decode(const struct yg_png *png, const void *bytes, size_t size, const char *name,
                   yg_image *image, yg_error *error) {
    (void)png;
    (void)bytes;
    (void)size;
    (void)name;
    (void)image;
    return yg_fail_memory(error);
}

#endif
