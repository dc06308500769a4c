/*
 * The types of elements that files of arrays hold: see element_kind.h.
 */
#include "element_kind.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const yg_element_format formats[] = {
    {'b', 1, YG_BOOL, "bool", "b1", "BOOL", 0}, {'u', 1, -1, "u8", "u1", "U8", 0x08},
    {'i', 1, -1, "i8", "i1", "I8", 0x09},       {'u', 2, -1, "u16", "u2", "U16", 0},
    {'i', 2, -1, "i16", "i2", "I16", 0x0B},     {'u', 4, -1, "u32", "u4", "U32", 0},
    {'i', 4, YG_I32, "i32", "i4", "I32", 0x0C}, {'u', 8, -1, "u64", "u8", "U64", 0},
    {'i', 8, YG_I64, "i64", "i8", "I64", 0},    {'f', 2, -1, "f16", "f2", "F16", 0},
    {'g', 2, -1, "bf16", NULL, "BF16", 0},      {'f', 4, YG_F32, "f32", "f4", "F32", 0x0D},
    {'f', 8, YG_F64, "f64", "f8", "F64", 0x0E},
};

enum { COUNT = sizeof formats / sizeof *formats };

const yg_element_format *yg_element_of_numpy(const char *name) {
    for (size_t i = 0; i < COUNT; i++)
        if (formats[i].numpy && strcmp(formats[i].numpy, name) == 0)
            return &formats[i];
    return NULL;
}

const yg_element_format *yg_element_of_safetensors(const char *name) {
    for (size_t i = 0; i < COUNT; i++)
        if (formats[i].safetensors && strcmp(formats[i].safetensors, name) == 0)
            return &formats[i];
    return NULL;
}

const yg_element_format *yg_element_of_idx(unsigned char code) {
    for (size_t i = 0; i < COUNT; i++)
        if (formats[i].idx && formats[i].idx == code)
            return &formats[i];
    return NULL;
}

const yg_element_format *yg_element_of_dtype(yg_dtype dtype) {
    for (size_t i = 0; i < COUNT; i++)
        if (formats[i].dtype == (int)dtype)
            return &formats[i];
    return NULL;
}

const char *yg_element_known(bool computed, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < COUNT && used < size; i++)
        if (formats[i].safetensors && (!computed || formats[i].dtype >= 0))
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     formats[i].safetensors);
    return text;
}

const char *yg_element_name(const yg_element_kind *kind) {
    for (size_t i = 0; i < COUNT; i++)
        if (formats[i].kind == kind->kind && formats[i].size == kind->size)
            return formats[i].name;
    return "?";
}

/* -------------------------------------------------------------------------- the elements ---- */

/* The bits of an element, as a number of 64 bits. */
static uint64_t bits_of(const yg_element_kind *kind, const void *bytes, int64_t index) {
    const unsigned char *at = (const unsigned char *)bytes + index * kind->size;
    const bool big = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) != kind->swapped;
    uint64_t bits = 0;
    for (int i = 0; i < kind->size; i++)
        bits |= (uint64_t)at[i] << 8 * (big ? kind->size - 1 - i : i);
    return bits;
}

/* IEEE 754's 16 bits: 1 of sign, 5 of exponent, 10 of fraction. */
static double half(uint64_t bits) {
    const int exponent = (int)(bits >> 10 & 31);
    const double fraction = (double)(bits & 1023);
    const double size = exponent == 31  ? (bits & 1023 ? (double)NAN : (double)INFINITY)
                        : exponent == 0 ? ldexp(fraction, -24)
                                        : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 & 1 ? -size : size;
}

/* A float of 32 bits. */
static double single(uint64_t bits) {
    const uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
}

/* The bits of a signed number of `size` bytes, as one of 64. */
static int64_t extended(uint64_t bits, int size) {
    const uint64_t sign = (uint64_t)1 << (8 * size - 1);
    const uint64_t wide = (bits ^ sign) - sign;
    int64_t value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

double yg_element_number(const yg_element_kind *kind, const void *bytes, int64_t index) {
    if (kind->kind == 'f' && kind->size == 4 && !kind->swapped) {
        float value;
        memcpy(&value, (const char *)bytes + index * 4, sizeof value);
        return value;
    }
    const uint64_t bits = bits_of(kind, bytes, index);
    double wide;
    if (kind->kind == 'g')
        return single(bits << 16);
    if (kind->kind != 'f')
        return kind->kind == 'i' ? (double)extended(bits, kind->size) : (double)bits;
    memcpy(&wide, &bits, sizeof wide);
    return kind->size == 2 ? half(bits) : kind->size == 4 ? single(bits) : wide;
}

bool yg_element_whole(const yg_element_kind *kind, const void *bytes, int64_t index,
                      int64_t *value) {
    if (kind->kind == 'f' || kind->kind == 'g') {
        const double number = yg_element_number(kind, bytes, index);
        const double limit = 9223372036854775808.0; /* 2^63 */
        if (!(number >= -limit && number < limit) || number != floor(number))
            return false;
        *value = (int64_t)number;
        return true;
    }
    const uint64_t bits = bits_of(kind, bytes, index);
    if (kind->kind != 'i' && bits > INT64_MAX)
        return false;
    *value = kind->kind == 'i' ? extended(bits, kind->size) : (int64_t)bits;
    return true;
}
