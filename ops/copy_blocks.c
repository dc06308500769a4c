/*
 * Copying block by block: see copy_blocks.h.
 *
 * A block is a run of elements of the target. It takes the inner dimensions that fit, and a part of
 * the next one. Where each of its elements comes from is looked up in a table, which is the same
 * for all blocks.
 */
#include "copy_blocks.h"

#include "gemm_packed.h"
#include "strides.h"

#include <string.h>
#ifdef YG_GEMM_X86
#include <immintrin.h>
#endif

enum {
    LANES = 16,                  /* words of 4 bytes in a vector */
    VECTORS = 4,                 /* of a block, at most, in either tensor */
    MOST = LANES * VECTORS,      /* words of a block, at most */
    NEAR = 8 * 1024,             /* bytes that are read again soon enough to be in the L1 cache */
    LEAST = 4 * LANES * VECTORS, /* words of a box: the tables must pay */
};

/* Elements of 8 bytes are two words each, others one. */
typedef struct block {
    int64_t count, span; /* words of the target; words of the source from the first to the last */
    int32_t place[MOST]; /* where in the source a word comes from */
    int64_t to_step, from_step; /* in elements, from a block to the next */
    int64_t blocks;             /* that follow each other by these steps */
} block;

/* ---------------------------------------------------------------------------------- planning -- */

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Words from the first to the last of `n` elements that are `stride` apart, each of `span` words.
 */
static int64_t span_of(int64_t span, int64_t n, int64_t stride, int64_t words) {
    return span + (n - 1) * stride * words;
}

/* How many elements of dimension d a block takes that has `count` and `span` words so far: as many
 * as fit, and if it can be, so that whole vectors are written. 0: none. */
static int64_t part_of(const yg_box *box, int d, int64_t words, int64_t count, int64_t span) {
    const int64_t stride = box->from_stride[d];
    if (box->to_stride[d] * words != count || stride < 0 || stride > MOST)
        return 0;
    int64_t part = smaller(box->size[d], MOST / count);
    if (stride > 0)
        part = smaller(part, (MOST - span) / (stride * words) + 1);
    if (part < box->size[d])
        for (int64_t n = part; n > part / 2; n--)
            if (n * count % LANES == 0)
                return n;
    return part;
}

/* The inner dimensions of a block: those from *first on, and *part elements of *first. False if a
 * block would not fill a vector, or if other ways are faster. */
static bool find_block(const yg_box *box, int64_t words, int *first, int64_t *part) {
    const int last = box->rank - 1;
    const int64_t run = box->size[last] * words;
    if ((box->from_stride[last] == 1 || box->from_stride[last] == 0) && run >= LANES)
        return false; /* rows are copied or filled as they are */
    int64_t count = words, span = words;
    int d = box->rank;
    do {
        const int64_t n = part_of(box, d - 1, words, count, span);
        if (n == 0)
            break;
        d--;
        *part = n;
        count *= n;
        span = span_of(span, n, box->from_stride[d], words);
    } while (d > 0 && *part == box->size[d]);
    *first = d;
    return count >= LANES;
}

/* Fills the table of a block that has `part` elements of dimension `first`. */
static void fill_places(const yg_box *box, int64_t words, int first, int64_t part, block *b) {
    b->count = b->span = 1;
    b->place[0] = 0;
    for (int d = box->rank; d-- > first;) {
        const int64_t n = d == first ? part : box->size[d], inner = b->count;
        for (int64_t i = 1; i < n; i++)
            for (int64_t k = 0; k < inner; k++)
                b->place[i * inner + k] = b->place[k] + (int32_t)(i * box->from_stride[d]);
        b->count *= n;
        b->span = span_of(b->span, n, box->from_stride[d], 1);
    }
    for (int64_t i = b->count; words == 2 && i-- > 0;) {
        b->place[2 * i + 1] = 2 * b->place[i] + 1;
        b->place[2 * i] = 2 * b->place[i];
    }
    b->count *= words;
    b->span *= words;
}

/* ------------------------------------------------------------------------------------ copying --
 */

#define PLAIN(element)                                                                             \
    static void plain_##element(const block *b, int64_t count, element *to, const element *from) { \
        for (int64_t i = 0; i < b->blocks; i++, to += b->to_step, from += b->from_step)            \
            for (int64_t k = 0; k < count; k++)                                                    \
                to[k] = from[b->place[k]];                                                         \
    }
PLAIN(uint8_t)
PLAIN(uint32_t)

typedef struct pair {
    uint32_t word[2];
} pair;

static void plain_pair(const block *b, pair *to, const pair *from) {
    for (int64_t i = 0; i < b->blocks; i++, to += b->to_step, from += b->from_step)
        for (int64_t k = 0; k < b->count; k += 2)
            to[k / 2] = from[b->place[k] / 2];
}

static void copy_plain(const block *b, size_t element, void *to, const void *from) {
    if (element == 1)
        plain_uint8_t(b, b->count, to, from);
    else if (element == 4)
        plain_uint32_t(b, b->count, to, from);
    else
        plain_pair(b, to, from);
}

#ifdef YG_GEMM_X86

#define TARGET __attribute__((target("avx512f")))

/* What picks a vector of the target: from the first two vectors of the source, and where `high`
 * says so from the next two. */
typedef struct picks {
    int32_t low_place[VECTORS][LANES], high_place[VECTORS][LANES];
    __mmask16 high[VECTORS];
} picks;

static void make_picks(const block *b, picks *p) {
    memset(p, 0, sizeof *p);
    for (int64_t i = 0; i < b->count; i++) {
        const int32_t place = b->place[i];
        if (place < 2 * LANES)
            p->low_place[i / LANES][i % LANES] = place;
        else {
            p->high_place[i / LANES][i % LANES] = place - 2 * LANES;
            p->high[i / LANES] |= (__mmask16)(1u << i % LANES);
        }
    }
}

/* The lanes of vector k that hold some of `count` words. */
static __mmask16 lanes(int64_t count, int64_t k) {
    const int64_t left = count - k * LANES;
    return (__mmask16)(left >= LANES ? 0xffff : left <= 0 ? 0 : (1u << left) - 1);
}

/* `sources` is a constant where this is inlined: 1, 2, or 4 for more than two. */
TARGET static inline __attribute__((always_inline)) void
copy_vectors(const block *b, const picks *p, int64_t words, uint32_t *to, const uint32_t *from,
             const int sources) {
    const int whole = (int)(b->count / LANES);
    const __mmask16 rest = lanes(b->count, whole);
    __mmask16 loaded[VECTORS];
    for (int k = 0; k < sources; k++)
        loaded[k] = lanes(b->span, k);
    for (int64_t i = 0; i < b->blocks; i++) {
        __m512i v[VECTORS];
        for (int k = 0; k < sources; k++)
            v[k] = _mm512_maskz_loadu_epi32(loaded[k], from + k * LANES);
        for (int k = 0; k < whole + (rest != 0); k++) {
            const __m512i low = _mm512_loadu_si512(p->low_place[k]);
            __m512i y = sources == 1 ? _mm512_permutexvar_epi32(low, v[0])
                                     : _mm512_permutex2var_epi32(v[0], low, v[1]);
            if (sources > 2) {
                const __m512i high = _mm512_loadu_si512(p->high_place[k]);
                y = _mm512_mask_mov_epi32(y, p->high[k],
                                          _mm512_permutex2var_epi32(v[2], high, v[3]));
            }
            if (k < whole)
                _mm512_storeu_si512(to + k * LANES, y);
            else
                _mm512_mask_storeu_epi32(to + k * LANES, rest, y);
        }
        to += b->to_step * words;
        from += b->from_step * words;
    }
}

TARGET static void copy_avx512(const block *b, const picks *p, int64_t words, uint32_t *to,
                               const uint32_t *from) {
    if (b->span <= LANES)
        copy_vectors(b, p, words, to, from, 1);
    else if (b->span <= 2 * LANES)
        copy_vectors(b, p, words, to, from, 2);
    else
        copy_vectors(b, p, words, to, from, 4);
}

#endif

/* The dimensions around a block; the block itself is repeated along one more. */
typedef struct outside {
    int rank;
    int64_t size[YG_MAX_RANK], to[YG_MAX_RANK], from[YG_MAX_RANK];
} outside;

static void copy_all(block b, outside o, size_t element, void *to, const void *from, bool vectors) {
    if (b.blocks == 1 && o.rank > 0) { /* repeated along the next dimension instead */
        o.rank--;
        b.to_step = o.to[o.rank];
        b.from_step = o.from[o.rank];
        b.blocks = o.size[o.rank];
    }
    int64_t repeats = 1, to_offset = 0, from_offset = 0;
    int64_t to_index[YG_MAX_RANK] = {0}, from_index[YG_MAX_RANK] = {0};
    for (int d = 0; d < o.rank; d++)
        repeats *= o.size[d];
#ifdef YG_GEMM_X86
    picks p;
    if (vectors)
        make_picks(&b, &p);
#endif
    for (int64_t i = 0; i < repeats; i++) {
        char *target = (char *)to + to_offset * (int64_t)element;
        const char *source = (const char *)from + from_offset * (int64_t)element;
#ifdef YG_GEMM_X86
        if (vectors)
            copy_avx512(&b, &p, (int64_t)element / 4, (uint32_t *)(void *)target,
                        (const uint32_t *)(const void *)source);
        else
#endif
            copy_plain(&b, element, target, source);
        to_offset = yg_strides_next(o.rank, o.size, o.to, to_index, to_offset);
        from_offset = yg_strides_next(o.rank, o.size, o.from, from_index, from_offset);
    }
    (void)vectors;
}

/* A dimension whose steps are shorter than a block reads the same bytes again. It moves inwards
 * until they are still near then. */
static void reorder(outside *o, size_t element) {
    for (int d = o->rank - 1; d-- > 0;) {
        const bool again = o->from[d] * (int64_t)element <= MOST * 4;
        for (int k = d;
             again && k + 1 < o->rank && o->size[k + 1] * o->from[k + 1] * (int64_t)element > NEAR;
             k++) {
            const int64_t size = o->size[k], to = o->to[k], from = o->from[k];
            o->size[k] = o->size[k + 1], o->to[k] = o->to[k + 1], o->from[k] = o->from[k + 1];
            o->size[k + 1] = size, o->to[k + 1] = to, o->from[k + 1] = from;
        }
    }
}

bool yg_copy_blocks(const yg_box *box, size_t element, void *to, const void *from,
                    yg_gemm_isa isa) {
    const bool vectors = isa == YG_GEMM_AVX512 && element >= 4;
    const int64_t words = element == 8 ? 2 : 1;
    int first;
    int64_t part = 1, count = words;
    for (int d = 0; d < box->rank; d++)
        count *= box->size[d];
    /* Without vectors a table pays where rows are shorter than what a loop needs to begin. */
    if (count < LEAST || (!vectors && box->size[box->rank - 1] > 8) ||
        !find_block(box, words, &first, &part))
        return false;
    block b;
    fill_places(box, words, first, part, &b);
    outside o = {.rank = first};
    memcpy(o.size, box->size, sizeof o.size);
    memcpy(o.to, box->to_stride, sizeof o.to);
    memcpy(o.from, box->from_stride, sizeof o.from);
    b.to_step = part * box->to_stride[first];
    b.from_step = part * box->from_stride[first];
    b.blocks = box->size[first] / part;
    reorder(&o, element);
    copy_all(b, o, element, to, from, vectors);
    const int64_t rest = box->size[first] % part, done = box->size[first] - rest;
    if (rest == 0)
        return true;
    fill_places(box, words, first, rest, &b);
    b.blocks = 1;
    copy_all(b, o, element, (char *)to + done * box->to_stride[first] * (int64_t)element,
             (const char *)from + done * box->from_stride[first] * (int64_t)element, vectors);
    return true;
}
