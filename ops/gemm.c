/*
 * Matrix products: the scheme of Goto and van de Geijn ("Anatomy of high-performance matrix
 * multiplication", ACM Transactions on Mathematical Software 34(3), 2008).
 *
 * Blocks of A and panels of B are packed, so that the innermost loop reads both in order from the
 * caches, and runs over the depth with a tile of C in registers. Each element of C is summed in the
 * order of the depth, in blocks of GEMM_DEPTH, whatever rows a call covers. A processor with fused
 * multiply-add rounds less often than one without: its bits differ.
 */
#include "gemm.h"

#include "multiversion.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define GEMM_HAVE_FMA
#include <immintrin.h>
#endif

/* clang vectorises unasked, and warns of loops that it cannot. */
#ifdef __clang__
#define GEMM_SIMD
#else
#define GEMM_SIMD _Pragma("omp simd")
#endif

enum {
    GEMM_TILE_ROWS = 6, /* by two vectors: 12 of the 16 vector registers of AVX2 and SSE2 */
    GEMM_WIDEST = 16,   /* columns of the widest tile: two vectors of 8 floats */
    GEMM_DEPTH = 256,   /* a packed tile row of A and column of B fit in L1 together */
    GEMM_ROWS = 96,     /* a packed block of A takes a part of L2, … */
    GEMM_COLUMNS = 256, /* … and B's panels most of the rest */
    GEMM_THIN = 4,      /* rows below which B is read too seldom to be packed */
    GEMM_PLAIN = 1024,  /* products up to which packing does not pay */
    GEMM_TINY = 64,     /* products up to which vectors do not pay */
    PIECES = 16,        /* at most: enough for as many threads as share one matrix product */
    PIECE_ROWS = 24,    /* a piece is whole tiles, of ours and of the libraries' */
    PIECE_COLUMNS = 64,
};
_Static_assert(GEMM_ROWS % GEMM_TILE_ROWS == 0 && PIECE_ROWS % GEMM_TILE_ROWS == 0,
               "blocks of rows are whole tiles");
/* Products of a piece: some 20 microseconds, well above what sharing costs. */
static const double PIECE_WORK = 1e6;

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t round_up(int64_t n, int64_t step) {
    return (n + step - 1) / step * step;
}

#ifdef GEMM_HAVE_FMA
static bool has_fma(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

/* Columns of a tile for elements of this size. */
static int64_t panel_width(int64_t element) {
#ifdef GEMM_HAVE_FMA
    if (has_fma())
        return 2 * 32 / element;
#endif
    return 2 * 16 / element;
}

static int64_t packed_columns(int64_t columns, int64_t width) {
    return round_up(smaller(columns, GEMM_COLUMNS), width);
}

static bool is_plain(const yg_gemm *gemm) {
    if (gemm->rows < GEMM_THIN || gemm->columns < 3 || gemm->depth == 0)
        return true;
    return gemm->rows <= GEMM_PLAIN && gemm->columns <= GEMM_PLAIN && gemm->depth <= GEMM_PLAIN &&
           gemm->rows * gemm->columns * gemm->depth <= GEMM_PLAIN;
}

static bool is_tiny(const yg_gemm *gemm) {
    return gemm->rows <= GEMM_TINY && gemm->columns <= GEMM_TINY && gemm->depth <= GEMM_TINY &&
           gemm->rows * gemm->columns * gemm->depth <= GEMM_TINY;
}

/* The larger side is cut: the operand of the other side is then read again by each piece. */
static int64_t piece_size(const yg_gemm *gemm) {
    const bool rows = gemm->rows >= gemm->columns;
    const int64_t side = rows ? gemm->rows : gemm->columns;
    const int64_t grain = rows ? PIECE_ROWS : PIECE_COLUMNS;
    const double work = (double)gemm->rows * (double)gemm->columns * (double)gemm->depth;
    if (work < 2 * PIECE_WORK)
        return side;
    int64_t pieces = 1;
    while (pieces < PIECES && work >= 2 * PIECE_WORK * (double)pieces)
        pieces *= 2;
    return round_up((side + pieces - 1) / pieces, grain);
}

int64_t yg_gemm_pieces(const yg_gemm *gemm) {
    const int64_t side = gemm->rows >= gemm->columns ? gemm->rows : gemm->columns;
    const int64_t size = piece_size(gemm);
    return size > 0 ? (side + size - 1) / size : 1;
}

yg_gemm yg_gemm_piece(const yg_gemm *gemm, int64_t index, int64_t offsets[3]) {
    yg_gemm piece = *gemm;
    const int64_t size = piece_size(gemm), first = index * size;
    const bool rows = gemm->rows >= gemm->columns;
    offsets[0] = rows ? first * gemm->a_stride[0] : 0;
    offsets[1] = rows ? 0 : first * gemm->b_stride[1];
    offsets[2] = rows ? first * gemm->c_stride : first;
    if (rows)
        piece.rows = smaller(gemm->rows - first, size);
    else
        piece.columns = smaller(gemm->columns - first, size);
    return piece;
}

int64_t yg_gemm_scratch_bytes(const yg_gemm *gemm, int64_t element) {
    if (is_plain(gemm))
        return 0;
    const int64_t columns = packed_columns(gemm->columns, panel_width(element));
    const int64_t rows = round_up(smaller(gemm->rows, GEMM_ROWS), GEMM_TILE_ROWS);
    return (columns + rows) * smaller(gemm->depth, GEMM_DEPTH) * element;
}

#define GEMM_REAL             float
#define GEMM_NAME(x)          x##_f32
#define GEMM_FUSED(a, x, sum) _mm256_fmadd_ps(_mm256_set1_ps(a), x, sum)
#include "gemm_kernel.h"

#define GEMM_REAL             double
#define GEMM_NAME(x)          x##_f64
#define GEMM_FUSED(a, x, sum) _mm256_fmadd_pd(_mm256_set1_pd(a), x, sum)
#include "gemm_kernel.h"
