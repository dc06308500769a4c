/*
 * Copies boxes whose elements change their order within short stretches only: pixels that become
 * channels, a few elements that are repeated, every second element, small matrices that are
 * transposed. A stretch of the source is loaded into a few vectors, and each vector of the target
 * is picked from these.
 */
#ifndef YG_OPS_COPY_BLOCKS_H
#define YG_OPS_COPY_BLOCKS_H

#include "copy.h"
#include "gemm.h"

#include <stdbool.h>

/* Copies the box as yg_copy_box() does, with a set of instructions that the processor has. False if
 * its elements do not keep to such stretches, or other ways are faster; then nothing is done. No
 * dimension is empty. */
bool yg_copy_blocks(const yg_box *box, size_t element, void *to, const void *from, yg_gemm_isa isa);

#endif
