/*
 * exp(), as code that compilers vectorise: without a call, a loop keeps its values in registers. A
 * result below the smallest normal number becomes 0; NaN stays NaN. The greatest error is 1.5 units
 * in the last place. All x take the same time. vector_functions.h has more such functions.
 *
 * Files that include it are compiled with -ffp-contract=fast (CMakeLists.txt): a product and a sum
 * may round once, which takes half the time. gemm_vector_exp.h is the same function for whole
 * vectors, and tells where the polynomial comes from.
 */
#ifndef YG_OPS_VECTOR_EXP_H
#define YG_OPS_VECTOR_EXP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* x = n · log 2 + r with |r| <= log(2) / 2. Adding the magic number rounds to a whole number, which
 * then stands in the lowest bits; 2^n is an addition to the exponent. */
static inline __attribute__((always_inline)) float yg_vector_exp_f32(float x) {
    const float magic = 0x1.8p23f;
    const float sum = x * 0x1.715476p+0f + magic, n = sum - magic;
    const float r = (x - n * 0x1.63p-1f) + n * 0x1.bd0106p-13f;
    float p = 0x1.6ab8dcp-10f;
    p = p * r + 0x1.126dbep-7f;
    p = p * r + 0x1.55589ep-5f;
    p = p * r + 0x1.55540ap-3f;
    p = p * r + 0x1.fffffap-2f;
    p = p * r + 0x1p+0f;
    p = p * r + 0x1p+0f;
    uint32_t bits, power;
    memcpy(&bits, &p, sizeof bits);
    memcpy(&power, &sum, sizeof power);
    bits += power << 23;
    memcpy(&p, &bits, sizeof p);
    p = x < -87.33654f ? 0 : x > 88.72283f ? (float)INFINITY : p;
    return x != x ? x : p;
}

static inline __attribute__((always_inline)) double yg_vector_exp_f64(double x) {
    const double magic = 0x1.8p52;
    const double sum = x * 0x1.71547652b82fep+0 + magic, n = sum - magic;
    const double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
    double p = 0x1.ad659982dce6ep-26;
    p = p * r + 0x1.28b37ada2c879p-22;
    p = p * r + 0x1.71df4632dc9d6p-19;
    p = p * r + 0x1.a01992600757fp-16;
    p = p * r + 0x1.a01a010f79a1fp-13;
    p = p * r + 0x1.6c16c187aafc6p-10;
    p = p * r + 0x1.11111111311ebp-7;
    p = p * r + 0x1.555555554f2a8p-5;
    p = p * r + 0x1.55555555554a0p-3;
    p = p * r + 0x1.000000000001p-1;
    p = p * r + 0x1p+0;
    p = p * r + 0x1p+0;
    uint64_t bits, power;
    memcpy(&bits, &p, sizeof bits);
    memcpy(&power, &sum, sizeof power);
    bits += power << 52;
    memcpy(&p, &bits, sizeof p);
    p = x < -708.39641853226408 ? 0 : x > 709.78271289338397 ? (double)INFINITY : p;
    return x != x ? x : p;
}

/* 1 / (1 + exp(-x)). */
static inline __attribute__((always_inline)) float yg_vector_sigmoid_f32(float x) {
    return 1 / (1 + yg_vector_exp_f32(-x));
}

static inline __attribute__((always_inline)) double yg_vector_sigmoid_f64(double x) {
    return 1 / (1 + yg_vector_exp_f64(-x));
}

#define YG_VECTOR_SIGMOID(x)                                                                       \
    _Generic((x), float : yg_vector_sigmoid_f32, default : yg_vector_sigmoid_f64)(x)

#endif
