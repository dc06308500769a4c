/*
 * exp() of vectors of numbers up to 88 (float) or 709 (double). What is below the smallest normal
 * number becomes 0. The greatest error is 1.5 units in the last place. Included after gemm_parts.h.
 *
 * x = n · log 2 + r with |r| <= log(2) / 2, and exp(x) = 2^n · exp(r). exp(r) is a polynomial with
 * the least relative error (by Remez' algorithm): 2e-9 for float, 3e-18 for double. log 2 is
 * subtracted in two parts. n times the first part is exact (Cody and Waite, "Software manual for
 * the elementary functions", 1980).
 */
GEMM_INLINE GEMM_TARGET GEMM_NAME(vector) GEMM_NAME(vector_exp)(GEMM_NAME(vector) x) {
    typedef GEMM_NAME(vector) vector;
    enum { IS_FLOAT = sizeof(GEMM_REAL) == 4, MANTISSA = IS_FLOAT ? 23 : 52, TERMS = 12 };
    static const double coefficients[2][TERMS] = {
        {0x1p+0, 0x1p+0, 0x1.000000000001p-1, 0x1.55555555554a0p-3, 0x1.555555554f2a8p-5,
         0x1.11111111311ebp-7, 0x1.6c16c187aafc6p-10, 0x1.a01a010f79a1fp-13, 0x1.a01992600757fp-16,
         0x1.71df4632dc9d6p-19, 0x1.28b37ada2c879p-22, 0x1.ad659982dce6ep-26},
        {0x1p+0, 0x1.0000009cef3edp+0, 0x1.fffffaa749291p-2, 0x1.5554092d0d84ep-3,
         0x1.55589d86f3631p-5, 0x1.126dbd550fe58p-7, 0x1.6ab8db8e267cfp-10},
    };
    const vector zero = {0};
    /* Adding 1.5 · 2^MANTISSA rounds to a whole number, which then stands in the lowest bits. */
    const vector magic = zero + (GEMM_REAL)(IS_FLOAT ? 0x1.8p23 : 0x1.8p52);
    const vector lowest = zero + (GEMM_REAL)(IS_FLOAT ? -87.3 : -708.3);
    const vector log2_e = zero + (GEMM_REAL)0x1.71547652b82fep+0;
    const vector high = zero - (GEMM_REAL)(IS_FLOAT ? 0x1.63p-1 : 0x1.62e42fee00000p-1);
    const vector low =
        zero - (GEMM_REAL)(IS_FLOAT ? -0x1.bd0105c610ca8p-13 : 0x1.a39ef35793c76p-33);
    const vector sum = GEMM_FUSED(x, log2_e, magic), n = sum - magic;
    const vector r = GEMM_FUSED(n, low, GEMM_FUSED(n, high, x));
    const double *c = coefficients[IS_FLOAT];
    const int degree = IS_FLOAT ? 6 : 11;
    vector p = zero + (GEMM_REAL)c[degree];
    GEMM_UNROLL for (int i = degree - 1; i >= 0; i--) {
        const vector term = zero + (GEMM_REAL)c[i];
        p = GEMM_FUSED(p, r, term);
    }
#ifdef GEMM_POWER
    return GEMM_POWER(p, n, x, lowest);
#else
    typedef GEMM_NAME(integers) integers;
    const integers power = (integers)p + ((integers)sum << MANTISSA);
    /* A comparison has all bits 1 where it is true. All bits 1 is NaN. */
    return (vector)((power & ~(integers)(x < lowest)) | (integers)(x != x));
#endif
}
