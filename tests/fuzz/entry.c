/*
 * libFuzzer's entry point, for the target named by YG_FUZZ_TARGET.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    return YG_FUZZ_TARGET(bytes, size);
}
