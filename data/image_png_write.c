/*
 * PNG files that are written, by libpng: see image.h.
 */
#include "image.h"

#ifdef YG_PNG_SONAME

#include <dlfcn.h>
#include <png.h>
#include <stdlib.h>

/* libpng's simple way to write, which reports errors by what it returns. It is asked twice: for the
 * number of bytes, then for the bytes. */
typedef __typeof__(png_image_write_to_memory) write_function;

static char *encode(write_function *write, const yg_image *image, size_t *size, yg_error *error) {
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)image->width,
                     .height = (png_uint_32)image->height,
                     .format = image->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    png_alloc_size_t needed = 0;
    char *bytes = NULL;
    if (write(&png, NULL, &needed, 0, image->pixels, 0, NULL)) {
        bytes = malloc(needed);
        if (!bytes)
            yg_fail_memory(error);
        else if (write(&png, bytes, &needed, 0, image->pixels, 0, NULL)) {
            *size = needed;
            return bytes;
        }
    }
    if (png.warning_or_error)
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "libpng cannot make the picture: %s", png.message);
    free(bytes);
    return NULL;
}

char *yg_image_encode(const yg_image *image, size_t *size, yg_error *error) {
    void *handle = dlopen(YG_PNG_SONAME, RTLD_NOW | RTLD_LOCAL);
    write_function *write = NULL;
    if (handle)
        *(void **)&write = dlsym(handle, "png_image_write_to_memory");
    char *bytes = write ? encode(write, image, size, error) : NULL;
    if (!write)
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                "a PNG file is written by libpng, which is not installed (Debian's package is "
                "libpng16-16)");
    if (handle)
        dlclose(handle);
    return bytes;
}

#else

char *yg_image_encode(const yg_image *image, size_t *size, yg_error *error) {
    (void)image;
    (void)size;
    yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
            "a PNG file is written by libpng, without which yamlgrad was built (Debian's package "
            "is libpng-dev)");
    return NULL;
}

#endif
