/*
 * How our own kernels cut a product into blocks for the caches, which operands they pack, and
 * whether they compute C = A · B or Cᵀ = Bᵀ · Aᵀ.
 *
 * The depth of a block decides the order of summation, and so the bits of the result. It depends
 * on the product's depth only. If it depended on rows or columns, a piece of a product would have
 * other bits than the whole.
 */
#include "gemm_packed.h"

/* Sizes of blocks. bench/gemm measured these as the fastest. */
typedef struct caches {
    int64_t line;     /* bytes of a row of A in a block, which sets the depth of a block */
    int64_t across;   /* the same, if A is transposed and B is not */
    int64_t a;        /* bytes of A in a block: they stay in L2 beside one panel of B */
    int64_t columns;  /* columns of B in a block: they stay in L3 */
    int64_t beside;   /* a B of at most so many bytes stays in L2 instead, and A is read … */
    int64_t few_rows; /* … so many rows at a time */
    int64_t far;      /* operands of more bytes than this are prefetched */
    int64_t l2;       /* a result of at most so many bytes is still in L2 when it is read */
    bool fetches;     /* tiles prefetch what they read (AHEAD in gemm_tile.h): a transposed A is
                         read where it lies, and B packed as it is read, also if they are far */
} caches;

/* On a Zen 3: 32 KiB of L1, 512 KiB of L2. */
static const caches narrow = {
    .line = 1600,
    .across = 1600,
    .a = 230400,
    .columns = 512,
    .beside = 300000,
    .few_rows = 144,
    .far = INT32_MAX,
    .l2 = 200000,
};

/* Processors with vectors of 64 bytes have 1 MiB of L2 and more; on a Zen 4. */
static const caches wide = {
    .line = 4096,
    .across = 512,
    .a = 600000,
    .columns = 512,
    .beside = 600000,
    .few_rows = 24,
    .far = 500000,
    .l2 = 500000,
    .fetches = true,
};

enum {
    COPY_COLUMNS = 256, /* columns from which copying A into one piece is faster */
    PACK_ROWS = 32,     /* rows from which packing B is faster */
    ALIASED = 1024,     /* rows a multiple of so many bytes apart compete for the same sets of L1 */
    PAGE = 4096,
    FETCHED_DEPTH = 32, /* depth from which a tile takes long enough to prefetch its part of C */
    WHOLE_TILES = 12,   /* the rows of a block are a multiple of it */
};

/* Costs in multiply-adds: of moving an element of a turned tile, of packing an element of B, and of
 * packing one while transposing. */
static const double TURNING = 20, PACKING = 2, TRANSPOSING = 8;
/* In bands each thread packs B. That is worth it for products that take so many times longer than
 * packing. */
static const double BAND_PACKING = 48;

/* The size of the fewest equal blocks of at most `most`, rounded up to a multiple of `step`. */
static int64_t equal_blocks(int64_t n, int64_t most, int64_t step) {
    const int64_t blocks = n > most ? (n + most - 1) / most : 1;
    return yg_round_up((n + blocks - 1) / blocks, step);
}

/* An element type and a kernel. The sizes of blocks depend on these and on the product. */
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

/* The most rows of A that a block may have. */
static int64_t most_rows(const format *f, int64_t depth) {
    return f->caches->a / (depth * f->element) / WHOLE_TILES * WHOLE_TILES;
}

/* Where both operands lie across the depth, as in the gradient of a weight, A is read where it
 * lies: one cache line for each step of the depth. A panel of B of few steps leaves room in L1 for
 * these lines. */
static int64_t block_depth(const format *f, const yg_gemm *gemm) {
    const bool across = gemm->a_stride[1] != 1 && gemm->b_stride[1] == 1;
    const int64_t line = across ? f->caches->across : f->caches->line;
    return equal_blocks(gemm->depth, line / f->element, 8);
}

/* The distance between rows of a copy of A. One cache line more than the row keeps it from being a
 * power of two, for which all rows would compete for the same sets of the cache. */
static int64_t copy_step(int64_t depth, int64_t element) {
    return depth + 64 / element;
}

static yg_gemm_blocks unturned_blocks(const yg_gemm *gemm, const format *f) {
    const int64_t element = f->element, width = f->width;
    yg_gemm_blocks blocks = {.depth = block_depth(f, gemm)};
    blocks.a_step = copy_step(blocks.depth, element);
    blocks.rows = equal_blocks(gemm->rows, most_rows(f, blocks.depth), WHOLE_TILES);
    if (gemm->rows > blocks.rows && blocks.depth * gemm->columns * element <= f->caches->beside)
        blocks.rows = equal_blocks(gemm->rows, f->caches->few_rows, WHOLE_TILES);
    blocks.keeps_panels = gemm->rows > blocks.rows;
    blocks.columns = blocks.keeps_panels ? equal_blocks(gemm->columns, f->caches->columns, width)
                                         : yg_round_up(gemm->columns, width);
    blocks.copies_a = gemm->columns >= COPY_COLUMNS ||
                      (gemm->columns >= 4 * width && gemm->a_stride[0] * element % ALIASED == 0);
    if (gemm->a_stride[1] != 1)
        blocks.copies_a = !f->caches->fetches || gemm->a_stride[1] * element % PAGE == 0;
    blocks.packs_b = gemm->b_stride[1] != 1 || gemm->rows >= PACK_ROWS ||
                     gemm->b_stride[0] * element % PAGE == 0;
    const int64_t b_bytes = gemm->depth * gemm->columns * element;
    blocks.b_is_near = b_bytes <= f->caches->far;
    blocks.packs_as_read =
        blocks.b_is_near || (f->caches->fetches && gemm->b_stride[0] * element % PAGE != 0);
    blocks.is_large =
        gemm->depth >= FETCHED_DEPTH &&
        b_bytes + gemm->rows * (gemm->depth + gemm->columns) * element > f->caches->far;
    return blocks;
}

/* The cost of a product, for each step of the depth, in multiply-adds. Tiles at the border of C
 * compute whole vectors, so the columns count rounded up. Packing B is added. */
static double effort(const yg_gemm *gemm, int64_t width) {
    const double rows = (double)gemm->rows, columns = (double)gemm->columns;
    const double packing = gemm->b_stride[1] == 1 ? PACKING : TRANSPOSING;
    return rows * (double)yg_round_up(gemm->columns, width) + packing * columns;
}

yg_gemm_blocks yg_gemm_blocks_of(const yg_gemm *gemm, int64_t element, int64_t width) {
    const format f = format_of(element, width);
    const yg_gemm turned = yg_gemm_turned(gemm);
    const bool keeps = gemm->kept != YG_GEMM_KEPT_NOT;
    const double moving =
        TURNING * (double)gemm->rows * (double)gemm->columns / (double)block_depth(&f, gemm);
    if (keeps || effort(&turned, width) + moving >= effort(gemm, width)) {
        yg_gemm_blocks blocks = unturned_blocks(gemm, &f);
        if (keeps) {
            blocks.columns = yg_round_up(gemm->columns, width);
            blocks.keeps_panels = blocks.packs_b = true;
        }
        return blocks;
    }
    yg_gemm_blocks blocks = unturned_blocks(&turned, &f);
    blocks.turned = true;
    return blocks;
}

bool yg_gemm_suits_bands(const yg_gemm *gemm, size_t element, yg_gemm_isa isa) {
    const format f = format_of_isa((int64_t)element, isa);
    const double packing = gemm->b_stride[1] == 1 ? PACKING : TRANSPOSING;
    return !yg_gemm_is_plain(gemm) && gemm->columns >= f.width &&
           gemm->rows * gemm->columns * f.element > f.caches->l2 &&
           gemm->depth * gemm->columns * f.element <= f.caches->beside &&
           (double)gemm->rows >= BAND_PACKING * packing;
}

int64_t yg_gemm_band_rows(void) {
    return WHOLE_TILES;
}

/* Scratch for any part of the product, as C = A · B. */
static int64_t unturned_scratch(const yg_gemm *gemm, const format *f) {
    const int64_t depth = block_depth(f, gemm), most = most_rows(f, depth);
    const int64_t rows = yg_smaller(yg_round_up(gemm->rows, WHOLE_TILES), most);
    const int64_t columns = yg_round_up(gemm->columns, f->width);
    const int64_t panels =
        gemm->rows > most ? yg_smaller(columns, f->caches->columns) : 2 * f->width;
    return (rows * copy_step(depth, f->element) + panels * depth) * f->element;
}

/* Scratch for bands: all of B, and the rows of A of one part. */
static int64_t band_scratch(const yg_gemm *gemm, const format *f) {
    const int64_t depth = block_depth(f, gemm);
    const int64_t rows = yg_smaller(yg_round_up(gemm->rows, WHOLE_TILES), most_rows(f, depth));
    return (yg_round_up(gemm->columns, f->width) * gemm->depth +
            rows * copy_step(depth, f->element)) *
           f->element;
}

int64_t yg_gemm_scratch_bytes(const yg_gemm *gemm, size_t element, yg_gemm_isa isa) {
    const yg_gemm_way way = yg_gemm_way_of(gemm, element, isa);
    if (way != YG_GEMM_WAYS)
        return yg_gemm_way_scratch(gemm, element, way);
    if (yg_gemm_is_plain(gemm))
        return 0;
    const yg_gemm turned = yg_gemm_turned(gemm);
    const format f = format_of_isa((int64_t)element, isa);
    const int64_t as_it_is = unturned_scratch(gemm, &f);
    const int64_t other_way = unturned_scratch(&turned, &f);
    const int64_t in_bands = gemm->in_bands ? band_scratch(gemm, &f) : 0;
    return yg_larger(yg_larger(as_it_is, other_way), in_bands);
}
