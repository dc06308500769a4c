/*
 * PNG files that are written: see image.h. Their data are stored, not compressed, so this needs no
 * library.
 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 65535, BEFORE = 8, CHUNK = 12, HEADER = 13 };

static unsigned char *put32(unsigned char *to, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        *to++ = (unsigned char)(value >> shift);
    return to;
}

static uint32_t checksum(const unsigned char *bytes, size_t size) {
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ 0xedb88320u : sum >> 1;
    }
    return ~sum;
}

/* Ends a chunk that begins at `chunk` with room for its length. Returns what is behind it. */
static unsigned char *end_chunk(unsigned char *chunk, unsigned char *end) {
    put32(chunk, (uint32_t)(end - chunk - 8));
    return put32(end, checksum(chunk + 4, (size_t)(end - chunk - 4)));
}

/* Rows, each with a byte before that says they are not filtered, as zlib's stored blocks. */
static unsigned char *put_rows(unsigned char *to, const yg_image *image) {
    const size_t row = (size_t)image->width * (size_t)image->channels + 1;
    const size_t total = row * (size_t)image->height;
    uint32_t a = 1, b = 0;
    *to++ = 0x78;
    *to++ = 1;
    for (size_t i = 0; i < total; i++) {
        if (i % BLOCK == 0) {
            const size_t left = total - i, size = left < BLOCK ? left : BLOCK;
            const unsigned char head[] = {size == left, (unsigned char)size,
                                          (unsigned char)(size >> 8), (unsigned char)~size,
                                          (unsigned char)(~size >> 8)};
            memcpy(to, head, sizeof head);
            to += sizeof head;
        }
        *to = i % row ? image->pixels[i / row * (row - 1) + i % row - 1] : 0;
        a = (a + *to++) % 65521;
        b = (b + a) % 65521;
    }
    return put32(to, b << 16 | a);
}

char *yg_image_encode(const yg_image *image, size_t *size) {
    const size_t data =
        ((size_t)image->width * (size_t)image->channels + 1) * (size_t)image->height;
    const size_t most = BEFORE + 3 * CHUNK + HEADER + 6 + data + 5 * (data / BLOCK + 1);
    const unsigned char kind = image->channels == 1 ? 0 : 2;
    unsigned char *bytes = most < INT32_MAX ? malloc(most) : NULL, *to = bytes;
    if (!bytes)
        return NULL;
    memcpy(to, "\x89PNG\r\n\x1a\n\0\0\0\0IHDR", 16);
    to = put32(put32(to + 16, (uint32_t)image->width), (uint32_t)image->height);
    const unsigned char rest[] = {8, kind, 0, 0, 0};
    memcpy(to, rest, sizeof rest);
    to = end_chunk(bytes + BEFORE, to + sizeof rest);
    memcpy(to + 4, "IDAT", 4);
    to = end_chunk(to, put_rows(to + 8, image));
    memcpy(to + 4, "IEND", 4);
    to = end_chunk(to, to + 8);
    *size = (size_t)(to - bytes);
    return (char *)bytes;
}
