/*
 * Matrix products by every path that this build and processor have, on the same shapes, against
 * sums in double precision: our kernels, each set of instructions, and each library. A path that is
 * missing is skipped by name.
 */
#include "../ops/gemm.h"
#include "../ops/gemm_amx.h"
#include "../ops/gemm_library.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct shape {
    int64_t rows, columns, depth;
} shape;

/* Each shape is tried with all four combinations of transposed operands, stored and added. */
static const shape shapes[] = {
    {1, 1, 1},       {2, 2, 3},     {2, 3, 2},      {1, 7, 40},     {3, 50, 20},
    {40, 1, 30},     {4, 3, 90},    {5, 5, 41},     {6, 16, 64},    {7, 17, 33},
    {8, 15, 12},     {9, 31, 20},   {11, 33, 65},   {12, 32, 64},   {13, 40, 17},
    {14, 64, 401},                                 /* over the border of a block of
                                                      the depth */
    {31, 8, 23},     {36, 96, 16},  {33, 20, 256}, /* rows a multiple of a page apart */
    {5, 1024, 9},    {64, 30, 784}, {160, 20, 400}, {240, 40, 500}, /* several blocks of rows */
    {150, 530, 400},                                                /* and of columns */
    {9, 12, 0},      {1, 300, 70},  {2, 33, 100},   {3, 41, 64},    {4, 70, 130},
    {3, 9, 47},                                                  /* few rows … */
    {300, 1, 70},    {100, 2, 33},  {40, 4, 131},   {9, 3, 200}, /* or columns */
    {5, 200, 61},    {8, 1100, 20}, {200, 7, 30},   {1100, 5, 19},  {67, 8, 8},
    {9, 70, 3},      {6, 4200, 5},  {13, 33, 8},    {4, 64, 1}, /* shallow */
    {16, 70, 33},    {9, 131, 20},  {5, 40, 100},   {3, 33, 20},    {12, 65, 7},
    {50, 10, 64},    {4, 4, 4},     {37, 16, 21},   {3, 5, 300}, /* narrow */
};

enum { SHAPES = sizeof shapes / sizeof *shapes, PADDING = 3 };

/* With AMX the error must not grow with the depth as that of single sums may: a part of a number
 * that is left out, or is multiplied by the wrong part, would hide in it. */
enum { AMX_SUMS = 2 };

/* A path under test: a library, AMX, or our kernels with some instructions. */
typedef struct path {
    const yg_gemm_library *library;
    bool amx;
    yg_gemm_isa isa;
    size_t element;
} path;

typedef struct operands {
    yg_gemm gemm;
    size_t element;
    int64_t counts[3]; /* of a, b and c */
    void *a, *b, *c, *scratch;
} operands;

/* A number in [-1, 1), computed from the element's index. */
static double number(uint64_t stream, int64_t i) {
    uint64_t x = (uint64_t)i * 0x9E3779B97F4A7C15u + stream * 0xD1B54A32D192ED03u;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    x ^= x >> 32;
    return (double)(x >> 11) / 4503599627370496.0 - 1;
}

static double get(const void *data, size_t element, int64_t i) {
    return element == sizeof(float) ? ((const float *)data)[i] : ((const double *)data)[i];
}

/* The buffer has exactly the size, so the sanitizer sees the first byte beyond it. */
static void *new_numbers(uint64_t stream, size_t element, int64_t count) {
    void *data = malloc((size_t)count * element + 1);
    cr_assert_not_null(data);
    for (int64_t i = 0; i < count; i++) {
        if (element == sizeof(float))
            ((float *)data)[i] = (float)number(stream, i);
        else
            ((double *)data)[i] = number(stream, i);
    }
    return data;
}

static void *new_scratch(int64_t bytes) {
    void *scratch = aligned_alloc(64, (size_t)(bytes + 63) / 64 * 64);
    cr_assert_not_null(scratch);
    memset(scratch, 0xFF, (size_t)bytes); /* NaN */
    return scratch;
}

static operands make_operands(const path *path, const shape *shape, bool transpose_a,
                              bool transpose_b, bool add) {
    operands o = {
        .element = path->element,
        .gemm = {.rows = shape->rows,
                 .columns = shape->columns,
                 .depth = shape->depth,
                 .a_stride = {transpose_a ? 1 : shape->depth, transpose_a ? shape->rows : 1},
                 .b_stride = {transpose_b ? 1 : shape->columns, transpose_b ? shape->depth : 1},
                 .c_stride = shape->columns + PADDING,
                 .add = add}};
    const yg_gemm *g = &o.gemm;
    o.counts[0] = g->rows * g->depth;
    o.counts[1] = g->depth * g->columns;
    o.counts[2] = g->rows * g->c_stride;
    o.a = new_numbers(1, o.element, o.counts[0]);
    o.b = new_numbers(2, o.element, o.counts[1]);
    o.c = new_numbers(3, o.element, o.counts[2]);
    o.gemm.by_amx = path->amx;
    o.scratch = new_scratch(path->library ? yg_gemm_library_scratch_bytes(g)
                            : path->amx   ? yg_gemm_amx_scratch_bytes(g)
                                          : yg_gemm_scratch_bytes(g, o.element, path->isa));
    return o;
}

static void free_operands(operands *o) {
    free(o->a);
    free(o->b);
    free(o->c);
    free(o->scratch);
}

/* Computes the pieces [begin, end) with the kernel of the whole product. */
static void multiply(const path *path, const operands *o, void *c, int64_t begin, int64_t end) {
    int64_t at[3];
    const yg_gemm part = yg_gemm_part(&o->gemm, begin, end, at);
    const char *a = (const char *)o->a + (size_t)at[0] * o->element;
    const char *b = (const char *)o->b + (size_t)at[1] * o->element;
    char *to = (char *)c + (size_t)at[2] * o->element;
    if (path->library)
        yg_gemm_library_f32(path->library, &part, (const float *)(const void *)a,
                            (const float *)(const void *)b, (float *)(void *)to, o->scratch);
    else if (path->amx)
        yg_gemm_amx_f32(&part, a, b, to, o->scratch);
    else
        yg_gemm_choose(&o->gemm, o->element, path->isa)(&part, a, b, to, o->scratch);
}

/* Compares each element of C with its definition. Bytes between the rows must not change. */
static void check_element(const operands *o, int64_t i, int64_t j, const char *what) {
    const yg_gemm *g = &o->gemm;
    const int64_t at = i * g->c_stride + j;
    const double before = o->element == sizeof(float) ? (float)number(3, at) : number(3, at);
    const double epsilon = o->element == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;
    double sum = j >= g->columns || g->add ? before : 0, size = fabs(sum);
    for (int64_t p = 0; j < g->columns && p < g->depth; p++) {
        const double product = get(o->a, o->element, i * g->a_stride[0] + p * g->a_stride[1]) *
                               get(o->b, o->element, p * g->b_stride[0] + j * g->b_stride[1]);
        sum += product;
        size += fabs(product);
    }
    /* Each of depth + 1 sums rounds what has come together so far (Higham, "Accuracy and Stability
     * of Numerical Algorithms", 3.1); the reference, in double, does too. */
    const double sums = g->by_amx ? AMX_SUMS : (double)g->depth + 1;
    const double bound = j < g->columns ? 2 * epsilon * sums * size : 0;
    const double found = get(o->c, o->element, at);
    cr_assert(fabs(found - sum) <= bound,
              "%s, %d x %d x %d, A %s, B %s, %s: (%d, %d) is %.9g instead of %.9g ± %.2g", what,
              (int)g->rows, (int)g->columns, (int)g->depth,
              g->a_stride[1] == 1 ? "plain" : "transposed",
              g->b_stride[1] == 1 ? "plain" : "transposed", g->add ? "added" : "stored", (int)i,
              (int)j, found, sum, bound);
}

static void check_product(const path *path, const shape *shape, int variant, const char *what) {
    operands o = make_operands(path, shape, variant & 1, variant & 2, variant & 4);
    multiply(path, &o, o.c, 0, yg_gemm_pieces(&o.gemm));
    /* All of a small product; of a large one the borders, and some of each tile. */
    const yg_gemm *g = &o.gemm;
    const bool large = g->rows * g->columns * g->depth > 100000;
    for (int64_t i = 0; i < g->rows; i++)
        for (int64_t j = 0; j < g->c_stride; j++)
            if (!large || i + 1 == g->rows || j + 1 == g->columns || (i + 7 * j) % 29 == 0 ||
                j >= g->columns)
                check_element(&o, i, j, what);
    free_operands(&o);
}

static void check_path(const path *path, const char *what) {
    for (size_t i = 0; i < SHAPES; i++)
        for (int variant = 0; variant < 8; variant++)
            if (shapes[i].depth > 0 || (!path->library && !path->amx))
                check_product(path, &shapes[i], variant, what);
}

static void check_isa(yg_gemm_isa isa, const char *what) {
    if (!yg_gemm_isa_available(isa))
        cr_skip_test("this processor does not have %s", what);
    check_path(&(path){.isa = isa, .element = sizeof(float)}, what);
    check_path(&(path){.isa = isa, .element = sizeof(double)}, what);
}

Test(gemm, with_baseline_instructions) {
    check_isa(YG_GEMM_BASELINE, "baseline instructions");
}

Test(gemm, with_avx2) {
    check_isa(YG_GEMM_AVX2, "AVX2");
}

Test(gemm, with_avx512) {
    check_isa(YG_GEMM_AVX512, "AVX-512");
}

static bool has_amx(void) {
    const yg_gemm large = {.rows = 1024, .columns = 1024, .depth = 1024};
    return yg_gemm_amx_suits(&large) && yg_gemm_amx_allowed();
}

static const path amx = {.amx = true, .element = sizeof(float)};
#define NO_AMX "this processor does not have AMX, or it may not be used"

Test(gemm, with_amx) {
    if (!has_amx())
        cr_skip_test(NO_AMX);
    check_path(&amx, "AMX");
    static const shape larger[] = {{130, 70, 1100}, {97, 1500, 520}};
    for (size_t i = 0; i < sizeof larger / sizeof *larger; i++)
        for (int variant = 0; variant < 8; variant++)
            check_product(&amx, &larger[i], variant, "AMX");
}

/* Compares all elements with sums in double precision, infinities and NaN too. */
static void check_all(const operands *o, int variant) {
    const yg_gemm *g = &o->gemm;
    for (int64_t i = 0; i < g->rows; i++)
        for (int64_t j = 0; j < g->columns; j++) {
            double sum = g->add ? (float)number(3, i * g->c_stride + j) : 0, size = fabs(sum);
            for (int64_t p = 0; p < g->depth; p++) {
                const double product = get(o->a, 4, i * g->a_stride[0] + p * g->a_stride[1]) *
                                       get(o->b, 4, p * g->b_stride[0] + j * g->b_stride[1]);
                sum += product;
                size += fabs(product);
            }
            const double found = get(o->c, 4, i * g->c_stride + j);
            const bool same = isfinite(sum)
                                  ? fabs(found - sum) <= 2 * FLT_EPSILON * (double)g->depth * size
                                  : isnan(sum) == isnan(found) && (isnan(sum) || found == sum);
            cr_assert(same, "variant %d: (%d, %d) is %g instead of %g", variant, (int)i, (int)j,
                      found, sum);
        }
}

/* Numbers that have no parts. Each stands in one row of A and one column of B, and so makes some
 * tiles unfit for AMX, in one block of the depth. */
Test(gemm, with_amx_and_numbers_that_have_no_parts) {
    static const float extremes[] = {INFINITY, 1e18F, 0x1p42F, -INFINITY, NAN, -1e19F, 1e-40F};
    const shape shape = {130, 70, 600};
    if (!has_amx())
        cr_skip_test(NO_AMX);
    for (int variant = 0; variant < 8; variant++) {
        operands o = make_operands(&amx, &shape, variant & 1, variant & 2, variant & 4);
        const yg_gemm *g = &o.gemm;
        for (int64_t k = 0; k < (int64_t)(sizeof extremes / sizeof *extremes); k++) {
            const int64_t p = k * 131 % shape.depth, q = (p + 7) % shape.depth;
            ((float *)o.a)[k * 18 * g->a_stride[0] + p * g->a_stride[1]] = extremes[k];
            ((float *)o.b)[q * g->b_stride[0] + k * 10 * g->b_stride[1]] = extremes[k];
        }
        multiply(&amx, &o, o.c, 0, yg_gemm_pieces(g));
        check_all(&o, variant);
        free_operands(&o);
    }
}

/* Small numbers keep their bits: scaled by a power of two, operands give the same result, scaled.
 */
Test(gemm, with_amx_and_small_numbers) {
    const shape shape = {40, 40, 100};
    if (!has_amx())
        cr_skip_test(NO_AMX);
    operands o = make_operands(&amx, &shape, false, false, false);
    operands small = make_operands(&amx, &shape, false, false, false);
    multiply(&amx, &o, o.c, 0, yg_gemm_pieces(&o.gemm));
    for (int64_t i = 0; i < small.counts[0]; i++)
        ((float *)small.a)[i] = ldexpf(((float *)o.a)[i], -110);
    multiply(&amx, &small, small.c, 0, yg_gemm_pieces(&o.gemm));
    for (int64_t i = 0; i < shape.rows; i++)
        for (int64_t j = 0; j < shape.columns; j++) {
            const int64_t at = i * o.gemm.c_stride + j;
            const double found = ldexp(get(small.c, 4, at), 110), wanted = get(o.c, 4, at);
            cr_assert_float_eq(found, wanted, FLT_EPSILON * 8, "%.9g instead of %.9g", found,
                               wanted);
        }
    free_operands(&o);
    free_operands(&small);
}

static void check_library(yg_gemm_library_kind kind) {
    const char *name = yg_gemm_library_name(kind);
    if (!yg_gemm_library_built(kind))
        cr_skip_test("built without %s", name);
    yg_gemm_library *library = yg_gemm_library_open(kind);
    cr_assert_not_null(library, "built with %s, which cannot be opened", name);
    check_path(&(path){.library = library, .element = sizeof(float)}, name);
    yg_gemm_library_close(library);
}

Test(gemm, by_onednn) {
    check_library(YG_GEMM_DNNL);
}

Test(gemm, by_cblas) {
    check_library(YG_GEMM_CBLAS);
}

/* The bits of a part do not depend on the rest of the call: the whole product, piece by piece, or
 * two parts for two threads. */
static void check_parts(const path *path, const shape *shape, int variant) {
    operands o = make_operands(path, shape, variant & 1, variant & 2, variant & 4);
    const int64_t pieces = yg_gemm_pieces(&o.gemm);
    const size_t bytes = (size_t)o.counts[2] * o.element;
    void *by_pieces = new_numbers(3, o.element, o.counts[2]);
    void *by_halves = new_numbers(3, o.element, o.counts[2]);
    multiply(path, &o, o.c, 0, pieces);
    for (int64_t i = 0; i < pieces; i++)
        multiply(path, &o, by_pieces, i, i + 1);
    multiply(path, &o, by_halves, 0, pieces / 2);
    multiply(path, &o, by_halves, pieces / 2, pieces);
    cr_assert(memcmp(o.c, by_pieces, bytes) == 0, "%d x %d x %d by pieces", (int)shape->rows,
              (int)shape->columns, (int)shape->depth);
    cr_assert(memcmp(o.c, by_halves, bytes) == 0, "%d x %d x %d by halves", (int)shape->rows,
              (int)shape->columns, (int)shape->depth);
    free(by_pieces);
    free(by_halves);
    free_operands(&o);
}

Test(gemm, same_bits_however_it_is_shared) {
    static const shape cut[] = {{64, 128, 784}, {784, 40, 64},  {330, 65, 200}, {150, 530, 401},
                                {3, 5003, 100}, {5003, 2, 120}, {6, 4003, 60},  {4003, 6, 60},
                                {403, 1000, 5}, {9001, 10, 20}, {11, 5003, 40}, {7, 5003, 40}};
    for (yg_gemm_isa isa = 0; isa < YG_GEMM_ISAS; isa++)
        for (size_t i = 0; yg_gemm_isa_available(isa) && i < sizeof cut / sizeof *cut; i++)
            for (int variant = 0; variant < 8; variant++) {
                cr_assert(yg_gemm_pieces(&(yg_gemm){.rows = cut[i].rows,
                                                    .columns = cut[i].columns,
                                                    .depth = cut[i].depth}) > 1);
                check_parts(&(path){.isa = isa, .element = sizeof(float)}, &cut[i], variant);
                check_parts(&(path){.isa = isa, .element = sizeof(double)}, &cut[i], variant);
            }
    for (size_t i = 0; has_amx() && i < sizeof cut / sizeof *cut; i++)
        for (int variant = 1; variant < 8; variant += 3)
            check_parts(&amx, &cut[i], variant);
}

/* Bands of rows give the bits of the whole product. They have `band` rows and 3 · `band` rows in
 * turn. The first band packs B and the others use it. All get memory to prefetch. */
static void check_bands(const path *path, const shape *shape, int variant, int64_t band) {
    operands o = make_operands(path, shape, variant & 1, variant & 2, variant & 4);
    o.gemm.in_bands = true;
    free(o.scratch); /* for bands it takes more, and no byte is to spare */
    const int64_t bytes = yg_gemm_scratch_bytes(&o.gemm, o.element, path->isa);
    o.scratch = aligned_alloc(64, (size_t)(bytes + 63) / 64 * 64);
    cr_assert_not_null(o.scratch);
    const size_t c_bytes = (size_t)o.counts[2] * o.element;
    char *by_bands = new_numbers(3, o.element, o.counts[2]);
    cr_assert_eq(yg_gemm_pieces(&o.gemm), o.gemm.rows);
    multiply(path, &o, o.c, 0, o.gemm.rows);
    memset(o.scratch, 0xFF, (size_t)bytes); /* NaN */
    const yg_stretch stretches[] = {{o.a, o.counts[0]}, {o.b, 1}};
    o.gemm.prefetch = stretches;
    o.gemm.kept = YG_GEMM_KEPT_FIRST;
    for (int64_t begin = 0, end, turn = 0; begin < o.gemm.rows; begin = end, turn++) {
        end = begin + (turn % 2 ? 3 * band : band);
        if (end > o.gemm.rows)
            end = o.gemm.rows;
        o.gemm.prefetch_count = (size_t)(turn % 3);
        multiply(path, &o, by_bands, begin, end);
        o.gemm.kept = YG_GEMM_KEPT_AGAIN;
    }
    cr_assert(memcmp(o.c, by_bands, c_bytes) == 0, "%d x %d x %d, variant %d, %d rows at a time",
              (int)shape->rows, (int)shape->columns, (int)shape->depth, variant, (int)band);
    free(by_bands);
    free_operands(&o);
}

Test(gemm, same_bits_in_bands) {
    /* Bands of the first are small products (yg_gemm_is_small()) in turn; the last are deeper than
     * a block, and B larger than what is near. */
    static const shape cut[] = {{101, 120, 32}, {26, 130, 9},   {101, 70, 40},
                                {30, 300, 930}, {26, 66, 1100}, {101, 70, 5}};
    static const int64_t bands[] = {8, 12, 5, 25};
    for (yg_gemm_isa isa = 0; isa < YG_GEMM_ISAS; isa++)
        for (size_t i = 0; yg_gemm_isa_available(isa) && i < sizeof cut / sizeof *cut; i++)
            for (int variant = 0; variant < 8; variant++) {
                const int64_t band = bands[(size_t)variant % (sizeof bands / sizeof *bands)];
                check_bands(&(path){.isa = isa, .element = sizeof(float)}, &cut[i], variant, band);
                check_bands(&(path){.isa = isa, .element = sizeof(double)}, &cut[i], variant, 12);
            }
}
