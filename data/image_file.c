/*
 * Picture files of any format: see image.h.
 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct yg_image_decoder {
    struct yg_png *png;   /* NULL: none was met so far */
    struct yg_jpeg *jpeg; /* likewise */
    uint8_t *bytes;       /* of the file */
    size_t room;
};

yg_image_decoder *yg_image_decoder_new(yg_error *error) {
    yg_image_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        yg_fail_memory(error);
    return decoder;
}

void yg_image_decoder_free(yg_image_decoder *decoder) {
    if (!decoder)
        return;
    yg_png_close(decoder->png);
    yg_jpeg_close(decoder->jpeg);
    free(decoder->bytes);
    free(decoder);
}

static bool begins(const void *bytes, size_t size, const char *magic) {
    return size >= strlen(magic) && memcmp(bytes, magic, strlen(magic)) == 0;
}

static bool is_png(const void *bytes, size_t size) {
    return begins(bytes, size, "\x89PNG\r\n\x1a\n");
}

static bool is_jpeg(const void *bytes, size_t size) {
    return begins(bytes, size, "\xff\xd8\xff");
}

bool yg_image_is_encoded(const void *bytes, size_t size) {
    return is_png(bytes, size) || is_jpeg(bytes, size);
}

/* Formats that are met, but not read. */
static const char *other_format(const void *bytes, size_t size) {
    return begins(bytes, size, "GIF8")                                   ? "a GIF"
           : begins(bytes, size, "BM")                                   ? "a BMP"
           : begins(bytes, size, "RIFF")                                 ? "a WebP"
           : begins(bytes, size, "II*") || begins(bytes, size, "MM")     ? "a TIFF"
           : begins(bytes, size, "<svg") || begins(bytes, size, "<?xml") ? "an SVG"
                                                                         : NULL;
}

bool yg_image_decode(yg_image_decoder *decoder, const void *bytes, size_t size, const char *name,
                     yg_image *image, yg_error *error) {
    const yg_origin origin = {name, 0, 0};
    if (is_png(bytes, size))
        return (decoder->png || (decoder->png = yg_png_open(name, error))) &&
               yg_png_decode(decoder->png, bytes, size, name, image, error);
    if (is_jpeg(bytes, size))
        return (decoder->jpeg || (decoder->jpeg = yg_jpeg_open(name, error))) &&
               yg_jpeg_decode(decoder->jpeg, bytes, size, name, image, error);
    const char *other = other_format(bytes, size);
    return yg_fail(error, YG_ERROR_DATA, origin, "it is %s%s; pictures are PNG or JPEG files",
                   other   ? other
                   : !size ? "empty"
                           : "no picture",
                   other ? " file" : "");
}

static bool read_bytes(yg_image_decoder *decoder, int file, size_t size, const char *path,
                       yg_error *error) {
    if (size > decoder->room) {
        free(decoder->bytes);
        decoder->bytes = malloc(size);
        decoder->room = decoder->bytes ? size : 0;
        if (!decoder->bytes)
            return yg_fail_memory(error);
    }
    for (size_t at = 0; at < size;) {
        const ssize_t got = read(file, decoder->bytes + at, size - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return yg_fail(error, YG_ERROR_IO, (yg_origin){path, 0, 0}, "cannot be read: %s",
                           got ? strerror(errno) : "it has become shorter");
        at += (size_t)got;
    }
    return true;
}

bool yg_image_read(yg_image_decoder *decoder, const char *path, yg_image *image, yg_error *error) {
    const yg_origin origin = {path, 0, 0};
    struct stat status;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return yg_fail(error, YG_ERROR_IO, origin, "cannot be opened: %s", strerror(errno));
    const bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    const bool good =
        regular ? read_bytes(decoder, file, (size_t)status.st_size, path, error)
                : yg_fail(error, YG_ERROR_IO, origin, "it is a folder or device, not a picture");
    close(file);
    return good &&
           yg_image_decode(decoder, decoder->bytes, (size_t)status.st_size, path, image, error);
}
