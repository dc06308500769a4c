/*
 * Element types and shapes: everything that is known of a tensor before it has values.
 *
 * Tensors are dense and row-major (the last dimension is contiguous). Rank 0 is a scalar; a
 * dimension may be 0, and the tensor then has no elements. Every size is checked: a yg_type made
 * by yg_type_make() has an element count and a byte count that fit in int64_t.
 */
#ifndef YG_GRAPH_TYPE_H
#define YG_GRAPH_TYPE_H

#include "error.h"

#include <stddef.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

#define YG_MAX_RANK 8

/* In the order of promotion: if the operands of an elementwise operator have different types, it
 * computes in the later one. */
typedef enum yg_dtype { YG_BOOL, YG_I32, YG_I64, YG_F32, YG_F64 } yg_dtype;
#define YG_DTYPE_COUNT 5

typedef struct yg_type {
    yg_dtype dtype;
    int32_t rank;
    int64_t shape[YG_MAX_RANK]; /* entries from rank on are 0 */
} yg_type;

/* The longest text of yg_type_text(), with its NUL. */
#define YG_TYPE_TEXT 200

/* Fails (YG_ERROR_DTYPE) on what is no element type, and (YG_ERROR_SHAPE) on a rank over
 * YG_MAX_RANK, a negative dimension, or a size that overflows. `shape` has `rank` entries and may
 * be NULL for rank 0. */
bool yg_type_make(yg_dtype dtype, int rank, const int64_t *shape, yg_type *type, yg_error *error);

/* The type of a scalar, rank 0. */
yg_type yg_type_scalar(yg_dtype dtype);

int64_t yg_type_count(const yg_type *type); /* elements */
int64_t yg_type_bytes(const yg_type *type);
bool yg_type_equal(const yg_type *a, const yg_type *b);
bool yg_shape_equal(const yg_type *a, const yg_type *b);

/* The same shape with another element type. */
yg_type yg_type_with_dtype(const yg_type *type, yg_dtype dtype);

/* Writes the row-major strides, in elements: strides[rank - 1] is 1. */
void yg_type_strides(const yg_type *type, int64_t strides[YG_MAX_RANK]);

/* "f32[64, 10]", "i32[]". Returns `text`, which has room for YG_TYPE_TEXT bytes. */
const char *yg_type_text(const yg_type *type, char *text);

/* The shape alone: "[64, 10]". Returns `text`. */
const char *yg_shape_text(const yg_type *type, char *text);

/* Writes the shape that a and b broadcast to, by NumPy's rule: dimensions are compared from the
 * last one, and a dimension of size 1 is stretched. The element type of `out` is a's. False if the
 * shapes do not fit; *out is then unspecified. */
bool yg_shape_broadcast(const yg_type *a, const yg_type *b, yg_type *out);

size_t yg_dtype_size(yg_dtype dtype);
const char *yg_dtype_name(yg_dtype dtype); /* "f32"; static */
bool yg_dtype_is_float(yg_dtype dtype);
/* Finds an element type by its name. False if there is none of that name. */
bool yg_dtype_parse(const char *name, yg_dtype *dtype);

/* Resolves a dimension, which counts from the end if it is negative: -1 is the last. Writes it to
 * *out, in [0, rank). False if it is outside of [-rank, rank). For rank 0, the dimensions 0 and -1
 * are accepted, as in PyTorch, and give 0. */
bool yg_dimension(int64_t dim, int rank, int *out);

/* Read element `index`, row-major, of `data` as a double, and write one, rounded to the type.
 * Integers beyond 2^53 lose bits. */
double yg_element_get(yg_dtype dtype, const void *data, int64_t index);
void yg_element_set(yg_dtype dtype, void *data, int64_t index, double value);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
