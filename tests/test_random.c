/*
 * Random numbers: Philox4x32-10 against the known-answer vectors that its authors publish (file
 * kat_vectors of the Random123 library), FNV-1a against its published values, and the moments of
 * the distributions.
 */
#include "graph/random.h"
#include "ops/random_words.h"

#include <criterion/criterion.h>
#include <math.h>

Test(random, philox_known_answers) {
    static const struct {
        uint64_t key, high, low;
        uint32_t expected[4];
    } vectors[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822,
         0x0370734413198a2e,
         0x85a308d3243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
        uint32_t word[4];
        yg_philox(vectors[v].key, vectors[v].high, vectors[v].low, word);
        for (int i = 0; i < 4; i++)
            cr_assert_eq(word[i], vectors[v].expected[i], "vector %zu, word %d: %08x, not %08x", v,
                         i, word[i], vectors[v].expected[i]);
    }
}

/* Blocks of counters of every length, also across a carry into the upper half, with each set of
 * instructions that this processor has; nothing is written behind them. */
Test(random, words_of_a_block_are_those_of_single_counters) {
    enum { MOST = 40 };
    static const uint64_t starts[] = {0, 0xfffffff9, 0x1234567890abcdef};
    for (yg_gemm_isa isa = YG_GEMM_BASELINE; isa < YG_GEMM_ISAS; isa++)
        for (int64_t count = 0; count <= MOST && yg_gemm_isa_available(isa); count++)
            for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
                uint32_t words[4 * MOST + 1], one[4];
                words[4 * count] = 7;
                yg_random_words_choose(isa)(0xfedcba9876543210, 0x8000000100000003, starts[s],
                                            count, words);
                cr_assert_eq(words[4 * count], 7);
                for (int64_t i = 0; i < count; i++) {
                    yg_philox(0xfedcba9876543210, 0x8000000100000003, starts[s] + (uint64_t)i, one);
                    cr_assert_arr_eq(words + 4 * i, one, sizeof one,
                                     "instructions %d, counter %d of %d", (int)isa, (int)i,
                                     (int)count);
                }
            }
}

Test(random, key_is_fnv_1a) {
    cr_assert_eq(yg_random_key(""), 0xcbf29ce484222325);
    cr_assert_eq(yg_random_key("a"), 0xaf63dc4c8601ec8c);
    cr_assert_eq(yg_random_key("foobar"), 0x85944171f73967e8);
}

/* The mean of n numbers with variance v has a standard deviation of sqrt(v / n). The bounds below
 * are five of these. */
Test(random, moments) {
    enum { COUNT = 200000, BOUND = 7 };
    double uniform = 0, uniform_square = 0, normal = 0, normal_square = 0;
    int64_t bins[BOUND] = {0};
    for (uint64_t i = 0; i < COUNT; i++) {
        const double u = yg_random_uniform(42, 1, i), z = yg_random_normal(42, 2, i);
        cr_assert(u >= 0 && u < 1);
        cr_assert(isfinite(z));
        uniform += u / COUNT;
        uniform_square += u * u / COUNT;
        normal += z / COUNT;
        normal_square += z * z / COUNT;
        const uint64_t below = yg_random_below(42, 3, i, BOUND);
        cr_assert_lt(below, BOUND);
        bins[below]++;
    }
    cr_assert_lt(fabs(uniform - 0.5), 5 * sqrt(1.0 / 12 / COUNT));
    cr_assert_lt(fabs(uniform_square - 1.0 / 3), 5 * sqrt(4.0 / 45 / COUNT));
    cr_assert_lt(fabs(normal), 5 * sqrt(1.0 / COUNT));
    cr_assert_lt(fabs(normal_square - 1), 5 * sqrt(2.0 / COUNT));
    for (int b = 0; b < BOUND; b++)
        cr_assert_lt(fabs((double)bins[b] - COUNT / 7.0), 5 * sqrt(COUNT * 6.0 / 49), "bin %d", b);
}

/* The values themselves, by the formula of Box and Muller. Many other formulas have the same
 * moments, but would give a network other initial weights. */
Test(random, normal_is_of_its_words) {
    const double two_pi = 6.283185307179586;
    for (uint64_t i = 0; i < 100; i++) {
        uint32_t word[4];
        yg_philox(8, 9, i, word);
        const double u = ldexp((double)word[0], -32) + ldexp((double)word[1], -64);
        const double v = ldexp((double)word[2], -32) + ldexp((double)word[3], -64);
        const double expected = sqrt(-2 * log1p(-u)) * cos(two_pi * v);
        cr_expect_float_eq(yg_random_normal(8, 9, i), expected, 1e-9, "element %d", (int)i);
    }
}

Test(random, key_stream_and_index_all_matter) {
    const double here = yg_random_uniform(1, 2, 3);
    cr_assert_eq(here, yg_random_uniform(1, 2, 3));
    cr_assert_neq(here, yg_random_uniform(2, 2, 3));
    cr_assert_neq(here, yg_random_uniform(1, 3, 3));
    cr_assert_neq(here, yg_random_uniform(1, 2, 4));
}

/* With a bound of 2^63 the result is the top 63 bits, which shows multiply_high() on large factors.
 */
Test(random, below_takes_large_bounds) {
    uint32_t word[4];
    yg_philox(5, 6, 7, word);
    const uint64_t bits = (uint64_t)word[0] << 32 | word[1];
    cr_assert_eq(yg_random_below(5, 6, 7, UINT64_C(1) << 63), bits >> 1);
    cr_assert_eq(yg_random_below(5, 6, 7, 1), 0);
    cr_assert_lt(yg_random_below(5, 6, 7, UINT64_MAX), UINT64_MAX);
}
