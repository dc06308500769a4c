/*
 * Plain convolutions: loops over pixels and taps, with vectors along the channels. They compute
 * what the register tiles (convolution_tile.h) do not suit.
 */
#ifndef YG_OPS_CONVOLUTION_PLAIN_H
#define YG_OPS_CONVOLUTION_PLAIN_H

#include "convolution.h"

/* The images [begin, end) of y, of x, and the whole weight. `bias` may be NULL. `scratch` has room
 * for a weight. The operands are as in convolution.h; `element` is 4 (f32) or 8 (f64) bytes. */
void yg_convolution_plain_y(const yg_convolution *c, size_t element, int64_t begin, int64_t end,
                            const void *x, const void *weight, const void *bias, void *y,
                            void *scratch);
void yg_convolution_plain_x(const yg_convolution *c, size_t element, int64_t begin, int64_t end,
                            const void *y, const void *weight, void *x, void *scratch);
void yg_convolution_plain_w(const yg_convolution *c, size_t element, const void *x, const void *y,
                            void *weight, void *scratch);

#endif
