/*
 * Floats as integers that have the same order, with NaN above all else. Then the largest of many
 * elements is found by one instruction an element, max of integers, which loses no NaN. Comparing
 * floats takes four, of which each waits for the one before.
 *
 * The bits of a float that is not negative are in order. Of a negative one all but the sign are
 * turned round. What is moved down at last is such that -infinity becomes the least integer: a NaN
 * with a sign, which would be less, wraps round to the top. -0 is less than 0.
 */
#ifndef YG_OPS_EXTREME_KEY_H
#define YG_OPS_EXTREME_KEY_H

#include <stdint.h>
#include <string.h>

/* Keys are kept, and in the end their floats' bits, where a caller reads floats. */
typedef int32_t __attribute__((may_alias)) yg_key32;
typedef int64_t __attribute__((may_alias)) yg_key64;

static inline int32_t yg_key_f32(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits ^= (bits >> 31) & INT32_MAX;
    return (int32_t)((uint32_t)bits - 0x007FFFFFU);
}

static inline int64_t yg_key_f64(double x) {
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits ^= (bits >> 63) & INT64_MAX;
    return (int64_t)((uint64_t)bits - 0x000FFFFFFFFFFFFFU);
}

/* The bits of the float that has a key. */
static inline int32_t yg_key_bits_f32(int32_t key) {
    const int32_t bits = (int32_t)((uint32_t)key + 0x007FFFFFU);
    return bits ^ ((bits >> 31) & INT32_MAX);
}

static inline int64_t yg_key_bits_f64(int64_t key) {
    const int64_t bits = (int64_t)((uint64_t)key + 0x000FFFFFFFFFFFFFU);
    return bits ^ ((bits >> 63) & INT64_MAX);
}

#endif
