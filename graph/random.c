/*
 * Counter-based random numbers: Philox4x32-10 (philox.h), and distributions made from its bits.
 */
#include "random.h"

#include "philox.h"

#include <math.h>

void yg_philox(uint64_t key, uint64_t high, uint64_t low, uint32_t out[4]) {
    yg_philox_words(key, high, low, out);
}

static uint64_t join(uint32_t high, uint32_t low) {
    return (uint64_t)high << 32 | low;
}

/* The upper 53 bits as a multiple of 2^-53 in [0, 1). */
static double fraction(uint64_t bits) {
    return (double)(bits >> 11) * 0x1p-53;
}

double yg_random_uniform(uint64_t key, uint64_t stream, uint64_t index) {
    uint32_t word[4];
    yg_philox(key, stream, index, word);
    return fraction(join(word[0], word[1]));
}

double yg_random_normal(uint64_t key, uint64_t stream, uint64_t index) {
    uint32_t word[4];
    yg_philox(key, stream, index, word);
    const double two_pi = 6.283185307179586476925;
    const double u = 1 - fraction(join(word[0], word[1])); /* in (0, 1]: its logarithm is finite */
    const double angle = two_pi * fraction(join(word[2], word[3]));
    return sqrt(-2 * log(u)) * cos(angle);
}

/* The upper 64 bits of the 128-bit product, in portable C. */
static uint64_t multiply_high(uint64_t a, uint64_t b) {
    const uint64_t a_low = a & UINT32_MAX, a_high = a >> 32;
    const uint64_t b_low = b & UINT32_MAX, b_high = b >> 32;
    const uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
    const uint64_t carry = (middle & UINT32_MAX) + a_low * b_high;
    return a_high * b_high + (middle >> 32) + (carry >> 32);
}

uint64_t yg_random_below(uint64_t key, uint64_t stream, uint64_t index, uint64_t bound) {
    uint32_t word[4];
    yg_philox(key, stream, index, word);
    return multiply_high(join(word[0], word[1]), bound);
}

uint64_t yg_random_key(const char *name) {
    uint64_t hash = 0xCBF29CE484222325; /* FNV-1a's offset basis and prime for 64 bits */
    for (const char *c = name; *c != '\0'; c++) {
        hash ^= (unsigned char)*c;
        hash *= 0x100000001B3;
    }
    return hash;
}
