/*
 * The memory of a step: see memory.h.
 */
#include "memory.h"

#include "../graph/number.h"
#include "../ops/gemm_library.h"

#include <stdio.h>

const char *memory_text(const yg_program_stats *step, char text[MEMORY_TEXT]) {
    char parameters[YG_BYTES_TEXT], buffers[YG_BYTES_TEXT], library[YG_BYTES_TEXT];
    const int64_t bytes = yg_gemm_library_resident_bytes();
    snprintf(text, MEMORY_TEXT,
             "%s of parameters and optimizer state + %s of inputs and scratch%s%s%s%s",
             yg_bytes_text((double)step->parameter_bytes, parameters),
             yg_bytes_text((double)step->buffer_bytes, buffers), bytes ? " + " : "",
             bytes ? yg_bytes_text((double)bytes, library) : "", bytes ? " of " : "",
             bytes ? yg_gemm_library_name(yg_gemm_library_preferred()) : "");
    return text;
}
