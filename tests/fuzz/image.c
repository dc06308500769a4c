/*
 * Any bytes as a PNG or JPEG file: a picture whose every pixel can be read, converted and resized,
 * or a message. The checksums of a PNG file are made right first: otherwise few changes get beyond
 * them.
 */
#include "data/image.h"

#include "fuzz.h"
#include "require.h"

#include <string.h>

enum { HEADER = 8, MOST_PIXELS = 1 << 16 };

static uint32_t number_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t checksum(const uint8_t *bytes, size_t size) {
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
    }
    return sum ^ 0xffffffff;
}

/* A chunk is a length, four letters, data and a checksum of letters and data. */
static void mend(uint8_t *bytes, size_t size) {
    size_t at = HEADER;
    while (at + 12 <= size && number_at(bytes + at) <= size - at - 12) {
        const size_t length = number_at(bytes + at);
        const uint32_t sum = checksum(bytes + at + 4, length + 4);
        for (int k = 0; k < 4; k++)
            bytes[at + 8 + length + (size_t)k] = (uint8_t)(sum >> (24 - 8 * k));
        at += length + 12;
    }
}

/* A picture may be large, and then takes longer than a fuzzer should. */
static bool is_large(const uint8_t *bytes, size_t size) {
    return size >= 24 && bytes[0] == 0x89 &&
           (uint64_t)number_at(bytes + 16) * number_at(bytes + 20) > MOST_PIXELS;
}

static void use(yg_image *image) {
    yg_image smaller = {0}, room = {0};
    yg_error error = {0};
    unsigned sum = 0;
    for (int64_t i = 0; i < image->height * image->width * image->channels; i++)
        sum += image->pixels[i];
    require(sum < UINT32_MAX, "pixels can be read");
    require(yg_image_convert(image, sum % 2 ? 1 : 3, "fuzz", &error), "a picture is converted");
    require(yg_image_resize(image, 3, 2, &smaller, &room, "fuzz", &error), "and resized");
    yg_image_free(&smaller);
    yg_image_free(&room);
}

int fuzz_image(const uint8_t *bytes, size_t size) {
    yg_error error = {0};
    yg_image image = {0};
    uint8_t *copy = malloc(size + 1);
    require(copy != NULL, "there is memory");
    memcpy(copy, bytes, size);
    mend(copy, size);
    yg_image_decoder *decoder = yg_image_decoder_new(&error);
    require(decoder != NULL, "there is memory");
    if (!is_large(copy, size)) {
        if (yg_image_decode(decoder, copy, size, "fuzz", &image, &error))
            use(&image);
        else
            require_failure(&error);
    }
    yg_image_free(&image);
    yg_image_decoder_free(decoder);
    free(copy);
    return 0;
}
