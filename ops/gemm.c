/*
 * Matrix products: which kernel computes one, and how it is cut for threads.
 *
 * Each element of C is summed in the order of the depth, in blocks whose number and size depend on
 * the depth only; the sums of blocks are added in order. So its bits are the same whatever rows and
 * columns are computed with it. A processor with fused multiply-add rounds less often than one
 * without: its bits differ.
 */
#include "gemm.h"

#include "gemm_packed.h"
#include "instructions.h"
#include "multiversion.h"

/* clang vectorises unasked, and warns of loops that it cannot. */
#ifdef __clang__
#define GEMM_SIMD
#define GEMM_SCALAR
#else
#define GEMM_SIMD   _Pragma("omp simd")
/* gcc's vectors, with the tests of whether they suit, take longer than a tiny product. */
#define GEMM_SCALAR __attribute__((optimize("no-tree-vectorize")))
#endif

enum {
    GEMM_THIN = 4,       /* with fewer rows B is not read often enough to be packed */
    GEMM_PLAIN = 128,    /* with at most so many multiply-adds packing is slower */
    GEMM_TINY = 64,      /* with at most so many multiply-adds vectors are slower */
    GEMM_TINY_DEPTH = 4, /* each depth up to this one has a kernel of its own */
};

bool yg_gemm_is_plain(const yg_gemm *gemm) {
    if (gemm->rows < GEMM_THIN || gemm->columns < 3 || gemm->depth == 0)
        return true;
    return gemm->rows <= GEMM_PLAIN && gemm->columns <= GEMM_PLAIN && gemm->depth <= GEMM_PLAIN &&
           gemm->rows * gemm->columns * gemm->depth <= GEMM_PLAIN;
}

static bool is_tiny(const yg_gemm *gemm) {
    return gemm->rows <= GEMM_TINY && gemm->columns <= GEMM_TINY && gemm->depth <= GEMM_TINY &&
           gemm->rows * gemm->columns * gemm->depth <= GEMM_TINY;
}

/* The larger side is cut, since each piece reads all of the other side's operand. */
static bool is_cut_by_rows(const yg_gemm *gemm) {
    return gemm->in_bands || gemm->rows >= gemm->columns;
}

/* How a product is cut for threads. Our own kernel computes several neighbouring pieces as one, so
 * its pieces are small, and any number of threads gets shares of nearly the same size. A library
 * must compute each piece by itself, since its bits may depend on the size of the product. It packs
 * its operands for each piece, so its pieces are larger. With AMX neighbours are computed as one,
 * too. But a thread takes what is left in several calls, and each call splits B anew. */
typedef struct cutting {
    int64_t most;          /* pieces at most */
    int64_t rows, columns; /* a piece has a multiple of so many: whole tiles */
    double work;           /* multiply-adds of a piece at least */
} cutting;

static const cutting ours = {.most = 64, .rows = 12, .columns = 32, .work = 250e3};
static const cutting by_amx = {.most = 16, .rows = 32, .columns = 32, .work = 2e6};
static const cutting a_library = {.most = 16, .rows = 24, .columns = 16, .work = 1e6};

/* A product of at most so many multiply-adds is not cut: it takes some 20 microseconds on one
 * thread, and sharing it would not make it faster. */
static const double MOST_WHOLE = 1e6;

static int64_t piece_size(const yg_gemm *gemm) {
    if (gemm->in_bands)
        return 1;
    const cutting *cut = gemm->by_amx ? &by_amx : gemm->by_library ? &a_library : &ours;
    const bool rows = is_cut_by_rows(gemm);
    const int64_t side = rows ? gemm->rows : gemm->columns;
    const double work = (double)gemm->rows * (double)gemm->columns * (double)gemm->depth;
    if (work < MOST_WHOLE)
        return side;
    int64_t pieces = 1;
    while (pieces < cut->most && work >= 2 * cut->work * (double)pieces)
        pieces *= 2;
    const int64_t size = yg_round_up((side + pieces - 1) / pieces, rows ? cut->rows : cut->columns);
    /* Equal pieces of many rows can run in a row loop with the units after them. The last tile of
     * each piece may be low then, which costs little with so many rows. */
    for (int64_t n = pieces;
         gemm->by_library && rows && size >= YG_GEMM_PIECE_ROWS && n < 2 * pieces; n++)
        if (side % n == 0)
            return side / n;
    return size;
}

int64_t yg_gemm_pieces(const yg_gemm *gemm) {
    const int64_t side = is_cut_by_rows(gemm) ? gemm->rows : gemm->columns;
    const int64_t size = piece_size(gemm);
    return size > 0 ? (side + size - 1) / size : 1;
}

int64_t yg_gemm_piece_rows(const yg_gemm *gemm) {
    const int64_t size = piece_size(gemm);
    return size > 0 && is_cut_by_rows(gemm) && gemm->rows % size == 0 ? size : 0;
}

yg_gemm yg_gemm_part(const yg_gemm *gemm, int64_t begin, int64_t end, int64_t offsets[3]) {
    yg_gemm part = *gemm;
    const int64_t size = piece_size(gemm), first = begin * size;
    const bool rows = is_cut_by_rows(gemm);
    offsets[0] = rows ? first * gemm->a_stride[0] : 0;
    offsets[1] = rows ? 0 : first * gemm->b_stride[1];
    offsets[2] = rows ? first * gemm->c_stride : first;
    if (rows)
        part.rows = yg_smaller(gemm->rows, end * size) - first;
    else
        part.columns = yg_smaller(gemm->columns, end * size) - first;
    return part;
}

#define GEMM_REAL    float
#define GEMM_NAME(x) x##_f32
#include "gemm_plain.h"

#define GEMM_REAL    double
#define GEMM_NAME(x) x##_f64
#include "gemm_plain.h"

bool yg_gemm_isa_available(yg_gemm_isa isa) {
#ifdef YG_GEMM_X86
    if (isa == YG_GEMM_AVX2)
        return yg_has_avx2();
    if (isa == YG_GEMM_AVX512)
        return yg_has_avx512();
#endif
    return isa == YG_GEMM_BASELINE;
}

yg_gemm_isa yg_gemm_isa_best(void) {
    for (yg_gemm_isa isa = YG_GEMM_ISAS; isa-- > YG_GEMM_BASELINE;)
        if (yg_gemm_isa_available(isa))
            return isa;
    return YG_GEMM_BASELINE;
}

typedef struct kernels {
    yg_gemm_kernel tiny[GEMM_TINY_DEPTH + 1]; /* by the depth; [0] for any */
    yg_gemm_kernel plain, packed[YG_GEMM_ISAS];
} kernels;

static const kernels kernels_f32 = {
    .tiny = {tiny_any_f32, tiny_1_f32, tiny_2_f32, tiny_3_f32, tiny_4_f32},
    .plain = plain_f32,
    .packed =
        {
            [YG_GEMM_BASELINE] = yg_gemm_f32_baseline,
#ifdef YG_GEMM_X86
            [YG_GEMM_AVX2] = yg_gemm_f32_avx2,
            [YG_GEMM_AVX512] = yg_gemm_f32_avx512,
#endif
        },
};

static const kernels kernels_f64 = {
    .tiny = {tiny_any_f64, tiny_1_f64, tiny_2_f64, tiny_3_f64, tiny_4_f64},
    .plain = plain_f64,
    .packed =
        {
            [YG_GEMM_BASELINE] = yg_gemm_f64_baseline,
#ifdef YG_GEMM_X86
            [YG_GEMM_AVX2] = yg_gemm_f64_avx2,
            [YG_GEMM_AVX512] = yg_gemm_f64_avx512,
#endif
        },
};

yg_gemm_kernel yg_gemm_choose(const yg_gemm *gemm, size_t element, yg_gemm_isa isa) {
    const kernels *kernels = element == sizeof(float) ? &kernels_f32 : &kernels_f64;
    const yg_gemm_way way = yg_gemm_way_of(gemm, element, isa);
    if (way != YG_GEMM_WAYS)
        return yg_gemm_way_kernel(element, isa, way);
    if (!yg_gemm_is_plain(gemm))
        return kernels->packed[isa];
    if (is_tiny(gemm))
        return kernels->tiny[gemm->depth <= GEMM_TINY_DEPTH ? gemm->depth : 0];
    return kernels->plain;
}
