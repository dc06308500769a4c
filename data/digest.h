/*
 * Digests of data: FNV-1a, of 64 bits at a time. Private to the library.
 */
#ifndef YG_DATA_DIGEST_H
#define YG_DATA_DIGEST_H

#include <stdint.h>
#include <string.h>

#define YG_DIGEST_BEGIN 14695981039346656037u

static inline uint64_t yg_digest(uint64_t digest, const void *bytes, size_t count) {
    for (size_t at = 0; at < count; at += sizeof digest) {
        uint64_t bits = 0;
        memcpy(&bits, (const char *)bytes + at,
               count - at < sizeof bits ? count - at : sizeof bits);
        digest = (digest ^ bits) * 1099511628211u;
        digest ^= digest >> 29;
    }
    return digest;
}

#endif
