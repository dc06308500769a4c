/*
 * Matrix products: which kernel computes one, and how it is cut, for caches and for threads.
 *
 * Each element of C is summed in the order of the depth, in blocks whose number and size depend on
 * the depth only; the sums of blocks are added in order. So its bits are the same whatever rows and
 * columns are computed with it. A processor with fused multiply-add rounds less often than one
 * without: its bits differ.
 */
#include "gemm.h"

#include "gemm_packed.h"
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
    GEMM_THIN = 4,       /* rows below which B is read too seldom to be packed */
    GEMM_PLAIN = 128,    /* products up to which packing does not pay */
    GEMM_TINY = 64,      /* products up to which vectors do not pay */
    GEMM_TINY_DEPTH = 4, /* up to which there is a kernel for each */
    EQUAL_ROWS = 192,
};

/* Sizes of blocks, as measured best by bench/gemm. */
typedef struct caches {
    int64_t line;     /* bytes of a row of A in a block: a panel of B has so many times its width */
    int64_t a;        /* bytes of A in a block: in L2 … */
    int64_t far;      /* bytes of operands from which they are asked for ahead */
    int64_t l2;       /* bytes that are still there after a while */
    int64_t beside;   /* bytes of B that stay in L2 while rows of A pass by, … */
    int64_t few_rows; /* … so many at a time */
    int64_t columns;  /* … beside the panel of B in use; the others may be in L3 */
} caches;

/* On a Zen 3: 32 KiB of L1, 512 KiB of L2. */
static const caches narrow = {.line = 1600,
                              .a = 230400,
                              .far = INT32_MAX,
                              .l2 = 200000,
                              .beside = 300000,
                              .few_rows = 144,
                              .columns = 512};
/* Processors with vectors of 64 bytes have 1 MiB of L2 and more; on a Zen 4. */
static const caches wide = {.line = 4096,
                            .a = 600000,
                            .far = 500000,
                            .l2 = 500000,
                            .beside = 600000,
                            .few_rows = 24,
                            .columns = 512};

enum {
    COPY_COLUMNS = 256, /* from which a copy of A, in one piece, pays */
    PACK_ROWS = 32,     /* from which packing B pays: at most six tiles high */
    ALIASED = 1024,     /* rows that are a multiple of so many bytes apart share sets of L1 */
    PAGE = 4096,
    FETCHED_DEPTH =
        32,           /* from which a tile takes so long that C's place can be fetched meanwhile */
    WHOLE_TILES = 12, /* blocks of rows are a multiple of it */
};

/* What moving an element of a turned tile, and packing one of B, take, in multiply-adds. */
static const double TURNING = 20, PACKING = 2, TRANSPOSING = 8;
/* How much longer than packing B a product must take that is shared by a few threads, each of which
 * packs it. */
static const double BAND_PACKING = 48;

static int64_t round_up(int64_t n, int64_t step) {
    return (n + step - 1) / step * step;
}

/* The largest equal blocks up to a size, in steps. */
static int64_t equal_blocks(int64_t n, int64_t most, int64_t step) {
    const int64_t blocks = n > most ? (n + most - 1) / most : 1;
    return round_up((n + blocks - 1) / blocks, step);
}

/* An element type and a kernel: what a block's sizes depend on but for the product. */
typedef struct format {
    int64_t element; /* bytes */
    int64_t width;   /* elements: columns of a tile */
    const caches *caches;
} format;

static format format_of(int64_t element, int64_t width) {
    return (format){element, width, width * element == 2 * YG_GEMM_AVX512_BYTES ? &wide : &narrow};
}

static format format_of_isa(int64_t element, yg_gemm_isa isa) {
    static const int64_t bytes[YG_GEMM_ISAS] = {
        [YG_GEMM_BASELINE] = YG_GEMM_BASELINE_BYTES,
        [YG_GEMM_AVX2] = YG_GEMM_AVX2_BYTES,
        [YG_GEMM_AVX512] = YG_GEMM_AVX512_BYTES,
    };
    return format_of(element, 2 * bytes[isa] / element);
}

/* Rows of A that a block has at most. */
static int64_t most_rows(const format *f, int64_t depth) {
    return f->caches->a / (depth * f->element) / WHOLE_TILES * WHOLE_TILES;
}

static int64_t block_depth(const format *f, int64_t depth) {
    return equal_blocks(depth, f->caches->line / f->element, 8);
}

/* From row to row of a copy of A: whole lines of the cache, and no power of two of them. */
static int64_t copy_step(int64_t depth, int64_t element) {
    return depth + 64 / element;
}

static yg_gemm_blocks unturned_blocks(const yg_gemm *gemm, const format *f) {
    const int64_t element = f->element, width = f->width;
    yg_gemm_blocks blocks = {.depth = block_depth(f, gemm->depth)};
    blocks.a_step = copy_step(blocks.depth, element);
    blocks.rows = equal_blocks(gemm->rows, most_rows(f, blocks.depth), WHOLE_TILES);
    if (gemm->rows > blocks.rows && blocks.depth * gemm->columns * element <= f->caches->beside)
        blocks.rows = equal_blocks(gemm->rows, f->caches->few_rows, WHOLE_TILES);
    blocks.keeps_panels = gemm->rows > blocks.rows;
    blocks.columns = blocks.keeps_panels ? equal_blocks(gemm->columns, f->caches->columns, width)
                                         : round_up(gemm->columns, width);
    blocks.copies_a = gemm->a_stride[1] != 1 || gemm->columns >= COPY_COLUMNS ||
                      (gemm->columns >= 4 * width && gemm->a_stride[0] * element % ALIASED == 0);
    blocks.packs_b = gemm->b_stride[1] != 1 || gemm->rows >= PACK_ROWS ||
                     gemm->b_stride[0] * element % PAGE == 0;
    const int64_t b_bytes = gemm->depth * gemm->columns * element;
    blocks.b_is_near = b_bytes <= f->caches->far;
    blocks.is_large =
        gemm->depth >= FETCHED_DEPTH &&
        b_bytes + gemm->rows * (gemm->depth + gemm->columns) * element > f->caches->far;
    return blocks;
}

/* What computing a product takes, in steps of the depth for an element of C: multiplying, of which
 * a tile that hangs over the border does too much, and packing B. */
static double effort(const yg_gemm *gemm, int64_t width) {
    const double rows = (double)gemm->rows, columns = (double)gemm->columns;
    const double packing = gemm->b_stride[1] == 1 ? PACKING : TRANSPOSING;
    return rows * (double)round_up(gemm->columns, width) + packing * columns;
}

yg_gemm_blocks yg_gemm_blocks_of(const yg_gemm *gemm, int64_t element, int64_t width) {
    const format f = format_of(element, width);
    const yg_gemm turned = yg_gemm_turned(gemm);
    const bool keeps = gemm->kept != YG_GEMM_KEPT_NOT;
    const double moving =
        TURNING * (double)gemm->rows * (double)gemm->columns / (double)block_depth(&f, gemm->depth);
    if (keeps || effort(&turned, width) + moving >= effort(gemm, width)) {
        yg_gemm_blocks blocks = unturned_blocks(gemm, &f);
        if (keeps) {
            blocks.columns = round_up(gemm->columns, width);
            blocks.keeps_panels = blocks.packs_b = true;
        }
        return blocks;
    }
    yg_gemm_blocks blocks = unturned_blocks(&turned, &f);
    blocks.turned = true;
    return blocks;
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
static bool is_cut_by_rows(const yg_gemm *gemm) {
    return gemm->in_bands || gemm->rows >= gemm->columns;
}

/* How a product is cut: so finely that any number of threads gets shares of much the same size,
 * since several pieces in a row are computed as one; a library computes one at a time, so that all
 * have the bits that it gives this size, and packs its operands for each. */
typedef struct cutting {
    int64_t most;          /* pieces */
    int64_t rows, columns; /* whole tiles, of ours and of the libraries' */
    double work;           /* multiply-adds of a piece, at least; of a product that is cut, twice as
                              many and above MOST_WHOLE */
} cutting;

static const cutting ours = {.most = 64, .rows = 12, .columns = 32, .work = 250e3};
static const cutting a_library = {.most = 16, .rows = 24, .columns = 64, .work = 1e6};

/* Some 20 microseconds on one thread, well above what sharing costs. */
static const double MOST_WHOLE = 1e6;

static int64_t piece_size(const yg_gemm *gemm) {
    if (gemm->in_bands)
        return 1;
    const cutting *cut = gemm->by_library ? &a_library : &ours;
    const bool rows = is_cut_by_rows(gemm);
    const int64_t side = rows ? gemm->rows : gemm->columns;
    const double work = (double)gemm->rows * (double)gemm->columns * (double)gemm->depth;
    if (work < MOST_WHOLE)
        return side;
    int64_t pieces = 1;
    while (pieces < cut->most && work >= 2 * cut->work * (double)pieces)
        pieces *= 2;
    const int64_t size = round_up((side + pieces - 1) / pieces, rows ? cut->rows : cut->columns);
    /* Equal pieces of many rows can run in step with what comes after: see yg_op.rows. The last
     * tile of each may be cut then, which so many rows do not notice. */
    for (int64_t n = pieces; gemm->by_library && rows && size >= EQUAL_ROWS && n < 2 * pieces; n++)
        if (side % n == 0)
            return side / n;
    return size;
}

bool yg_gemm_suits_bands(const yg_gemm *gemm, size_t element, yg_gemm_isa isa) {
    const format f = format_of_isa((int64_t)element, isa);
    const double packing = gemm->b_stride[1] == 1 ? PACKING : TRANSPOSING;
    return !is_plain(gemm) && gemm->columns >= f.width &&
           gemm->rows * gemm->columns * f.element > f.caches->l2 &&
           gemm->depth * gemm->columns * f.element <= f.caches->beside &&
           (double)gemm->rows >= BAND_PACKING * packing;
}

int64_t yg_gemm_band_rows(void) {
    return WHOLE_TILES;
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
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == YG_GEMM_AVX512)
        return __builtin_cpu_supports("avx512f");
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
    if (!is_plain(gemm))
        return kernels->packed[isa];
    if (is_tiny(gemm))
        return kernels->tiny[gemm->depth <= GEMM_TINY_DEPTH ? gemm->depth : 0];
    return kernels->plain;
}

/* Enough for any part of the product, read this way round. */
static int64_t unturned_scratch(const yg_gemm *gemm, const format *f) {
    const int64_t depth = block_depth(f, gemm->depth), most = most_rows(f, depth);
    const int64_t rows = yg_smaller(round_up(gemm->rows, WHOLE_TILES), most);
    const int64_t columns = round_up(gemm->columns, f->width);
    const int64_t panels =
        gemm->rows > most ? yg_smaller(columns, f->caches->columns) : 2 * f->width;
    return (rows * copy_step(depth, f->element) + panels * depth) * f->element;
}

/* All of B, and what a part has of A. */
static int64_t band_scratch(const yg_gemm *gemm, const format *f) {
    const int64_t depth = block_depth(f, gemm->depth);
    const int64_t rows = yg_smaller(round_up(gemm->rows, WHOLE_TILES), most_rows(f, depth));
    return (round_up(gemm->columns, f->width) * gemm->depth + rows * copy_step(depth, f->element)) *
           f->element;
}

int64_t yg_gemm_scratch_bytes(const yg_gemm *gemm, size_t element, yg_gemm_isa isa) {
    if (is_plain(gemm))
        return 0;
    const yg_gemm turned = yg_gemm_turned(gemm);
    const format f = format_of_isa((int64_t)element, isa);
    const int64_t as_it_is = unturned_scratch(gemm, &f);
    const int64_t other_way = unturned_scratch(&turned, &f);
    const int64_t in_bands = gemm->in_bands ? band_scratch(gemm, &f) : 0;
    return yg_larger(yg_larger(as_it_is, other_way), in_bands);
}
