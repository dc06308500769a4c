/*
 * Which products are computed without packing, and how: those whose time is that of reading and
 * writing memory once, and those with few columns, which would leave most of a packed tile empty.
 * The kernels are in gemm_unpacked.h, for the sets of instructions that can load a part of a
 * vector.
 */
#include "gemm_packed.h"

enum {
    FEW = 8,      /* rows, or columns, so few that the other operand is read at memory's speed */
    FEW_DOTS = 4, /* the same for inner products */
    SHALLOW = 8,  /* steps of the depth: C takes longer to write than to compute */
    DEEP = 32,    /* the depth from which inner products are worth adding up across lanes */
    DEEPER = 128, /* the same for FEW of them */
    LONG = 64,    /* a row worth streaming */
    TINY = 48,    /* multiply-adds: fewer take no time beside the call */
    NARROW_ROWS = 2,
    EVICTING = 2048, /* rows so many bytes apart evict each other from L1 */
};

static int64_t lanes_of(size_t element, yg_gemm_isa isa) {
    const int64_t bytes = isa == YG_GEMM_AVX512 ? YG_GEMM_AVX512_BYTES : YG_GEMM_AVX2_BYTES;
    return bytes / (int64_t)element;
}

yg_gemm_way yg_gemm_way_of(const yg_gemm *gemm, size_t element, yg_gemm_isa isa) {
    const int64_t rows = gemm->rows, columns = gemm->columns, depth = gemm->depth;
    const bool a_along = gemm->a_stride[1] == 1, b_along = gemm->b_stride[0] == 1;
    const bool a_across = gemm->a_stride[0] == 1, b_across = gemm->b_stride[1] == 1;
    const int64_t lanes = lanes_of(element, isa);
    if (isa == YG_GEMM_BASELINE || gemm->by_library || gemm->by_amx || depth == 0 || rows == 0)
        return YG_GEMM_WAYS;
    if (depth <= SHALLOW && columns >= 2 * lanes && rows >= YG_GEMM_FEW_ROWS)
        return YG_GEMM_SHALLOW;
    const int64_t few_dots = depth >= DEEPER ? FEW : FEW_DOTS;
    if (depth >= DEEP && rows <= few_dots && columns >= FEW && a_along && b_along)
        return YG_GEMM_DOTS;
    if (depth >= DEEP && columns <= few_dots && rows >= FEW && a_along)
        return YG_GEMM_DOTS_TURNED;
    if (depth >= FEW && rows <= FEW && columns >= LONG && b_across)
        return YG_GEMM_STREAM;
    if (depth >= FEW && columns <= FEW && rows >= LONG && a_across)
        return YG_GEMM_STREAM_TURNED;
    if (columns > 2 && columns <= lanes && rows >= NARROW_ROWS && b_across &&
        rows * columns * depth >= TINY)
        return YG_GEMM_NARROW;
    const bool apart = gemm->b_stride[1] * (int64_t)element % EVICTING == 0;
    if (rows > lanes / 2 && rows <= lanes && columns >= 4 * lanes && b_along && !apart)
        return YG_GEMM_NARROW_TURNED;
    return YG_GEMM_WAYS;
}

int64_t yg_gemm_way_scratch(const yg_gemm *gemm, size_t element, yg_gemm_way way) {
    const int64_t size = (int64_t)element;
    if (way == YG_GEMM_STREAM_TURNED)
        return gemm->columns * yg_gemm_stream_columns(gemm->columns, size) * size;
    if (way == YG_GEMM_SHALLOW || way == YG_GEMM_DOTS_TURNED)
        return gemm->depth * gemm->columns * size;
    if (way == YG_GEMM_NARROW_TURNED)
        return gemm->depth * YG_GEMM_AVX512_BYTES;
    return 0;
}

yg_gemm_kernel yg_gemm_way_kernel(size_t element, yg_gemm_isa isa, yg_gemm_way way) {
    yg_gemm_kernel kernels[YG_GEMM_WAYS] = {NULL};
#ifdef YG_GEMM_X86
    const bool f32 = element == sizeof(float);
    if (isa == YG_GEMM_AVX512)
        (f32 ? yg_gemm_unpacked_f32_avx512 : yg_gemm_unpacked_f64_avx512)(kernels);
    else if (isa == YG_GEMM_AVX2)
        (f32 ? yg_gemm_unpacked_f32_avx2 : yg_gemm_unpacked_f64_avx2)(kernels);
#endif
    (void)element, (void)isa;
    return kernels[way];
}
