/*
 * The memory of a step and of the process: see memory.h.
 */
#include "memory.h"

#include "../graph/number.h"
#include "../ops/gemm_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

const char *memory_peak_text(char text[MEMORY_TEXT]) {
    static const char key[] = "VmHWM:"; /* in units of 1024 bytes */
    char line[200];
    double kibibytes = 0;
    /* getrusage() would also count the memory of the process that started this one. */
    FILE *status = fopen("/proc/self/status", "r");
    while (status && kibibytes == 0 && fgets(line, sizeof line, status))
        if (strncmp(line, key, sizeof key - 1) == 0)
            kibibytes = strtod(line + sizeof key - 1, NULL);
    if (status)
        fclose(status);
    return kibibytes > 0 ? yg_bytes_text(kibibytes * 1024, text) : NULL;
}
