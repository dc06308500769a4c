/*
 * Matrix products with AMX: see gemm_amx.h.
 *
 * The loops are those of Goto and van de Geijn, as in gemm_kernel.h. A block of B is split into
 * parts and packed once; it stays in the L2 cache. Then 32 rows of A at a time are split and
 * packed, and stay in L1. Each pair of two groups of A and two groups of B gives 32 x 32 elements,
 * which AMX sums in four of its eight registers.
 */
#define _GNU_SOURCE /* syscall() */
#include "gemm_amx.h"

#include "gemm_packed.h"
#include "instructions.h"

#if defined(YG_GEMM_X86) && defined(__linux__) && !defined(__clang__)
#define HAS_AMX
#endif

#ifdef HAS_AMX

#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TARGET __attribute__((target("avx512f,amx-tile,amx-bf16")))

enum {
    GROUP = 16,         /* rows of A, or columns of B, in a tile */
    STEP = 32,          /* numbers along the depth in a tile */
    PARTS = 3,          /* of a number */
    TILE = 1024,        /* bytes */
    DEPTH = 512,        /* of a block, at most */
    DEPTH_ACROSS = 256, /* the same, where both operands lie across the depth */
    B_BYTES = 5 << 18,  /* of a packed block of B, at most: it stays in an L2 cache of 2 MiB */
    TWO_GROUPS = 2 * GROUP,
    LEAST_DEPTH = 64,
};

static const float SCALE = 0x1p12F, UNSCALE = 0x1p-24F;
/* The squares of a group's numbers, scaled, add up to less: all are below 2^42, and the sum of the
 * products of any two groups is below 2^128. */
static const float MOST_SQUARES = 0x1p108F;

/* One operand. Its "outer" dimension is the rows of A, or the columns of B. */
typedef struct operand {
    const float *x;
    int64_t outer, inner; /* elements from row (column) to row, from step to step of the depth */
    bool is_b;
} operand;

/* Packed groups: [group][step][part][TILE]. */
typedef struct packed {
    char *tiles;
    uint8_t *unfit; /* by group: AVX-512 must compute its products */
} packed;

/* ------------------------------------------------------------------------------------ packing --
 */

/* 16 rows of 16 floats from memory, transposed. */
TARGET static void transpose(const float *from, int64_t step, float to[GROUP][GROUP]) {
    for (int q = 0; q < GROUP; q += 4) {
        __m512 w[4];
        for (int r = 0; r < 4; r++) {
            const float *x = from + r * step + q;
            __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(x));
            v = _mm512_insertf32x4(v, _mm_loadu_ps(x + 4 * step), 1);
            v = _mm512_insertf32x4(v, _mm_loadu_ps(x + 8 * step), 2);
            w[r] = _mm512_insertf32x4(v, _mm_loadu_ps(x + 12 * step), 3);
        }
        const __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(w[0], w[1]));
        const __m512d b = _mm512_castps_pd(_mm512_unpackhi_ps(w[0], w[1]));
        const __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(w[2], w[3]));
        const __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(w[2], w[3]));
        _mm512_store_ps(to[q], _mm512_castpd_ps(_mm512_unpacklo_pd(a, c)));
        _mm512_store_ps(to[q + 1], _mm512_castpd_ps(_mm512_unpackhi_pd(a, c)));
        _mm512_store_ps(to[q + 2], _mm512_castpd_ps(_mm512_unpacklo_pd(b, d)));
        _mm512_store_ps(to[q + 3], _mm512_castpd_ps(_mm512_unpackhi_pd(b, d)));
    }
}

/* Splits 32 floats, and stores a row of each part's tile. A pair of bfloat16 that AMX multiplies
 * together is low[i], high[i]: steps i and i + 16 of the depth, in both operands. */
GEMM_INLINE TARGET void split(__m512 low, __m512 high, char *to, __m512 *squares) {
    const __m512i half = _mm512_set1_epi32(0x8000), upper = _mm512_set1_epi32(-0x10000);
    low *= SCALE;
    high *= SCALE;
    *squares = _mm512_fmadd_ps(low, low, _mm512_fmadd_ps(high, high, *squares));
    GEMM_UNROLL for (int part = 0; part < PARTS; part++) {
        /* Rounds to the nearest bfloat16. The last part needs none. */
        const __m512i l = part + 1 < PARTS ? _mm512_add_epi32(_mm512_castps_si512(low), half)
                                           : _mm512_castps_si512(low);
        const __m512i h = part + 1 < PARTS ? _mm512_add_epi32(_mm512_castps_si512(high), half)
                                           : _mm512_castps_si512(high);
        /* (h & upper) | l >> 16 */
        _mm512_store_si512(to + part * TILE,
                           _mm512_ternarylogic_epi32(h, upper, _mm512_srli_epi32(l, 16), 0xEA));
        low -= _mm512_castsi512_ps(_mm512_and_si512(l, upper));
        high -= _mm512_castsi512_ps(_mm512_and_si512(h, upper));
    }
}

/* [rows, lanes] floats at `from`, with zeros around them to 16 x 16. */
TARGET static void copy_corner(const float *from, int64_t step, int64_t rows, int64_t lanes,
                               float to[GROUP][GROUP]) {
    const __mmask16 mask = (__mmask16)((1u << yg_larger(0, yg_smaller(lanes, GROUP))) - 1);
    for (int64_t i = 0; i < GROUP; i++)
        _mm512_store_ps(to[i], i < rows ? _mm512_maskz_loadu_ps(mask, from + i * step)
                                        : _mm512_setzero_ps());
}

/* Packs a step of a group: `rows` and `lanes` are how many there are from here on, along the two
 * dimensions in memory. */
GEMM_INLINE TARGET void pack_step(const float *low, const float *high, int64_t step,
                                  const int64_t rows[2], const int64_t lanes[2], bool turns,
                                  char *to, __m512 *squares) {
    float corner[2][GROUP][GROUP] __attribute__((aligned(64)));
    float turned[2][GROUP][GROUP] __attribute__((aligned(64)));
    const float *from[2] = {low, high};
    int64_t steps[2] = {step, step};
    for (int i = 0; i < 2; i++)
        if (rows[i] < GROUP || lanes[i] < GROUP) {
            copy_corner(from[i], step, rows[i], lanes[i], corner[i]);
            from[i] = corner[i][0];
            steps[i] = GROUP;
        }
    for (int i = 0; turns && i < 2; i++) {
        transpose(from[i], steps[i], turned[i]);
        from[i] = turned[i][0];
        steps[i] = GROUP;
    }
    for (int64_t i = 0; i < GROUP; i++)
        split(_mm512_loadu_ps(from[0] + i * steps[0]), _mm512_loadu_ps(from[1] + i * steps[1]),
              to + i * STEP * 2, squares);
}

/* Packs `count` rows or columns from `first` on, over the steps [p, p + depth). */
TARGET static void pack(const operand *o, int64_t first, int64_t count, int64_t p, int64_t depth,
                        const packed *to) {
    const bool along = o->inner == 1; /* neighbours in memory are neighbours along the depth */
    char *tile = to->tiles;
    for (int64_t g = 0; g < count; g += GROUP) {
        __m512 squares = _mm512_setzero_ps();
        for (int64_t k = 0; k < depth; k += STEP, tile += PARTS * TILE) {
            const float *low = o->x + (first + g) * o->outer + (p + k) * o->inner;
            const float *high = low + GROUP * o->inner;
            const int64_t wide[2] = {count - g, count - g};
            const int64_t deep[2] = {depth - k, depth - k - GROUP};
            if (along)
                pack_step(low, high, o->outer, wide, deep, o->is_b, tile, &squares);
            else
                pack_step(low, high, o->inner, deep, wide, !o->is_b, tile, &squares);
        }
        to->unfit[g / GROUP] = (uint8_t) !(_mm512_reduce_add_ps(squares) < MOST_SQUARES);
    }
}

/* ------------------------------------------------------------------------------------- results --
 */

/* The sums of two groups by two, on their way to C. */
typedef struct sums {
    float at[TWO_GROUPS][TWO_GROUPS] __attribute__((aligned(64)));
    float *c;
    int64_t c_stride;
    bool add;
    int64_t rows;            /* of C; 0 if all are there */
    __mmask16 columns[2][2]; /* of C: of the upper and the lower group, left and right */
} sums;

/* Writes or adds sums to C. */
TARGET static void put(const sums *from) {
    const __m512 unscale = _mm512_set1_ps(UNSCALE);
    for (int64_t i = 0; i < from->rows; i++) {
        const __mmask16 left = from->columns[i / GROUP][0], right = from->columns[i / GROUP][1];
        float *c = from->c + i * from->c_stride;
        __m512 x = _mm512_load_ps(from->at[i]) * unscale;
        __m512 y = _mm512_load_ps(from->at[i] + GROUP) * unscale;
        if (from->add) {
            x += _mm512_maskz_loadu_ps(left, c);
            y += _mm512_maskz_loadu_ps(right, c + GROUP);
        }
        _mm512_mask_storeu_ps(c, left, x);
        _mm512_mask_storeu_ps(c + GROUP, right, y);
    }
}

/* ----------------------------------------------------------------------------------- products --
 */

/* The sums of 32 x 32 elements over the steps of a block. `a` and `b` are two groups each. Each
 * pair of parts needs two registers for A and two for B. In this order only two of them are loaded
 * for each pair but the first. */
TARGET static void multiply(const char *a, const char *b, int64_t steps,
                            float to[TWO_GROUPS][TWO_GROUPS]) {
    const int64_t group = steps * PARTS * TILE;
#define LOAD_A(part)                                                                               \
    _tile_loadd(4, a + (part)*TILE, 64);                                                           \
    _tile_loadd(5, a + group + (part)*TILE, 64)
#define LOAD_B(part)                                                                               \
    _tile_loadd(6, b + (part)*TILE, 64);                                                           \
    _tile_loadd(7, b + group + (part)*TILE, 64)
#define MULTIPLY()                                                                                 \
    _tile_dpbf16ps(0, 4, 6);                                                                       \
    _tile_dpbf16ps(1, 4, 7);                                                                       \
    _tile_dpbf16ps(2, 5, 6);                                                                       \
    _tile_dpbf16ps(3, 5, 7)
    /* gcc's intrinsics do not tell the compiler that they read memory. */
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t s = 0; s < steps; s++, a += PARTS * TILE, b += PARTS * TILE) {
        LOAD_A(2);
        LOAD_B(0);
        MULTIPLY();
        LOAD_A(0);
        MULTIPLY();
        LOAD_B(2);
        MULTIPLY();
        LOAD_B(1);
        MULTIPLY();
        LOAD_A(1);
        MULTIPLY();
        LOAD_B(0);
        MULTIPLY();
    }
    _tile_stored(0, to[0], sizeof to[0]);
    _tile_stored(1, to[0] + GROUP, sizeof to[0]);
    _tile_stored(2, to[GROUP], sizeof to[0]);
    _tile_stored(3, to[GROUP] + GROUP, sizeof to[0]);
#undef LOAD_A
#undef LOAD_B
#undef MULTIPLY
}

/* The part of a product that is computed at a time: `depth` steps from p on. */
typedef struct block {
    const yg_gemm *gemm;
    operand a, b;
    float *c;
    int64_t p, depth;
    bool add;
    void *scratch; /* of AVX-512's kernel */
} block;

/* One tile with AVX-512. */
static void multiply_unfit(const block *k, int64_t i, int64_t j, int64_t rows, int64_t columns) {
    yg_gemm tile = *k->gemm;
    tile.rows = rows;
    tile.columns = columns;
    tile.depth = k->depth;
    tile.add = k->add;
    tile.kept = YG_GEMM_KEPT_NOT;
    tile.prefetch_count = 0;
    yg_gemm_choose(&tile, sizeof(float), YG_GEMM_AVX512)(
        &tile, k->a.x + i * k->a.outer + k->p * k->a.inner,
        k->b.x + j * k->b.outer + k->p * k->b.inner, k->c + i * tile.c_stride + j, k->scratch);
}

/* Says where in C the sums from (i, j) on go, and computes the tiles that AMX cannot. */
TARGET static void send(const block *k, int64_t i, const uint8_t *unfit_a, int64_t j,
                        const uint8_t *unfit_b, sums *from) {
    from->c = k->c + i * k->gemm->c_stride + j;
    from->c_stride = k->gemm->c_stride;
    from->add = k->add;
    from->rows = yg_smaller(k->gemm->rows - i, TWO_GROUPS);
    memset(from->columns, 0, sizeof from->columns);
    for (int64_t r = 0; r < from->rows; r += GROUP)
        for (int64_t s = 0; s < TWO_GROUPS && j + s < k->gemm->columns; s += GROUP) {
            const int64_t columns = yg_smaller(k->gemm->columns - j - s, GROUP);
            if (unfit_a[r / GROUP] || unfit_b[s / GROUP])
                multiply_unfit(k, i + r, j + s, yg_smaller(from->rows - r, GROUP), columns);
            else
                from->columns[r / GROUP][s / GROUP] = (__mmask16)((1u << columns) - 1);
        }
}

/* Multiplies all rows of A by a packed block of B, which begins in column j. There are two of
 * `results`: one is on its way to C while the other is made. */
TARGET static void multiply_block(const block *k, int64_t j, int64_t columns, const packed *b,
                                  const packed *a, sums results[2], int64_t *turn) {
    const int64_t steps = (k->depth + STEP - 1) / STEP, group = steps * PARTS * TILE;
    const int64_t rows = k->gemm->rows, tiles = (columns + TWO_GROUPS - 1) / TWO_GROUPS;
    for (int64_t i = 0; i < rows; i += TWO_GROUPS) {
        pack(&k->a, i, yg_smaller(rows - i, TWO_GROUPS), k->p, k->depth, a);
        for (int64_t t = 0; t < tiles; t++, ++*turn) {
            sums *to = &results[*turn % 2];
            multiply(a->tiles, b->tiles + 2 * t * group, steps, to->at);
            put(&results[(*turn + 1) % 2]); /* meanwhile */
            send(k, i, a->unfit, j + t * TWO_GROUPS, b->unfit + 2 * t, to);
        }
    }
}

/* The sizes of blocks. That of the depth decides the bits, so it must not follow from the number of
 * rows or columns, which differs between the whole product and its parts. */
static int64_t block_depth(const yg_gemm *gemm) {
    const bool across = gemm->a_stride[1] != 1 && gemm->b_stride[1] == 1;
    const int64_t most = across ? DEPTH_ACROSS : DEPTH;
    const int64_t blocks = (gemm->depth + most - 1) / most;
    return yg_round_up((gemm->depth + blocks - 1) / blocks, STEP);
}

static int64_t tile_bytes(int64_t outers, int64_t depth) {
    return outers / GROUP * (depth / STEP) * PARTS * TILE;
}

static int64_t most_columns(const yg_gemm *gemm) {
    const int64_t most = B_BYTES / tile_bytes(TWO_GROUPS, block_depth(gemm)) * TWO_GROUPS;
    return yg_smaller(most, yg_round_up(gemm->columns, TWO_GROUPS));
}

static int64_t block_columns(const yg_gemm *gemm) {
    const int64_t most = most_columns(gemm), blocks = (gemm->columns + most - 1) / most;
    return yg_round_up((gemm->columns + blocks - 1) / blocks, TWO_GROUPS);
}

/* Where in the scratch things begin, after the tiles of B: in bytes. */
typedef struct room {
    int64_t a_tiles, b_unfit, a_unfit, rest;
} room;

/* For blocks of B with so many columns, and so many steps. */
static room room_of(int64_t columns, int64_t depth) {
    room r = {.a_tiles = tile_bytes(columns, depth)};
    r.b_unfit = r.a_tiles + tile_bytes(TWO_GROUPS, depth);
    r.a_unfit = r.b_unfit + columns / GROUP;
    r.rest = yg_round_up(r.a_unfit + 2, 64);
    return r;
}

/* All eight registers are 16 rows of 64 bytes. Static, since gcc's intrinsic shows the compiler
 * only the first bytes. */
static const struct shape {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} registers = {.palette = 1,
               .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
               .rows = {GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP}};

TARGET void yg_gemm_amx_f32(const yg_gemm *gemm, const void *a, const void *b, void *c,
                            void *scratch) {
    const int64_t depth = block_depth(gemm), columns = block_columns(gemm);
    const room r = room_of(columns, depth);
    char *at = scratch;
    const packed packed_a = {at + r.a_tiles, (uint8_t *)at + r.a_unfit};
    const packed packed_b = {at, (uint8_t *)at + r.b_unfit};
    block k = {.gemm = gemm,
               .a = {a, gemm->a_stride[0], gemm->a_stride[1], false},
               .b = {b, gemm->b_stride[1], gemm->b_stride[0], true},
               .c = c,
               .scratch = at + r.rest};
    sums results[2];
    results[0].rows = results[1].rows = 0;
    int64_t turn = 0;
    _tile_loadconfig(&registers);
    for (int64_t j = 0; j < gemm->columns; j += columns)
        for (k.p = 0; k.p < gemm->depth; k.p += depth) {
            const int64_t wide = yg_smaller(gemm->columns - j, columns);
            k.depth = yg_smaller(gemm->depth - k.p, depth);
            k.add = gemm->add || k.p > 0;
            pack(&k.b, j, wide, k.p, k.depth, &packed_b);
            multiply_block(&k, j, wide, &packed_b, &packed_a, results, &turn);
        }
    _tile_release();
    put(&results[(turn + 1) % 2]);
}

/* Measured by bench/gemm. To split its operands, a product of n rows and m columns takes n + m for
 * each step of the depth, and multiplying n · m. Where n · m is SPLITTING times n + m, AMX is as
 * fast as AVX-512. Small products gain less, since the processor takes some time to change its
 * clock. */
static const double SPLITTING = 64, LEAST_WORK = 4e6;

/* gcc asks the processor once, and keeps the answer. */
bool yg_gemm_amx_available(void) {
    return YG_INSTRUCTIONS >= YG_INSTRUCTIONS_AMX && __builtin_cpu_supports("amx-tile") &&
           __builtin_cpu_supports("amx-bf16") && yg_gemm_isa_available(YG_GEMM_AVX512);
}

bool yg_gemm_amx_suits(const yg_gemm *gemm) {
    const double rows = (double)gemm->rows, columns = (double)gemm->columns;
    return rows * columns >= SPLITTING * (rows + columns) && gemm->depth >= LEAST_DEPTH &&
           rows * columns * (double)gemm->depth >= LEAST_WORK && yg_gemm_amx_available();
}

bool yg_gemm_amx_allowed(void) {
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
}

int64_t yg_gemm_amx_scratch_bytes(const yg_gemm *gemm) {
    yg_gemm tile = *gemm;
    tile.rows = tile.columns = GROUP;
    tile.depth = block_depth(gemm);
    const int64_t rest = yg_gemm_scratch_bytes(&tile, sizeof(float), YG_GEMM_AVX512);
    return room_of(most_columns(gemm), tile.depth).rest + rest;
}

#else

bool yg_gemm_amx_available(void) {
    return false;
}

bool yg_gemm_amx_suits(const yg_gemm *gemm) {
    (void)gemm;
    return false;
}

bool yg_gemm_amx_allowed(void) {
    return false;
}

int64_t yg_gemm_amx_scratch_bytes(const yg_gemm *gemm) {
    (void)gemm;
    return 0;
}

void yg_gemm_amx_f32(const yg_gemm *gemm, const void *a, const void *b, void *c, void *scratch) {
    yg_gemm_choose(gemm, sizeof(float), yg_gemm_isa_best())(gemm, a, b, c, scratch);
}

#endif
