/*
 * Temporary files of the fuzz targets.
 */
#include "fuzz.h"
#include "require.h"

#include <unistd.h>

void fuzz_file(char *path, const uint8_t *bytes, size_t size) {
    const int file = mkstemp(path);
    require(file >= 0, "a temporary file can be made");
    require(write(file, bytes, size) == (ssize_t)size, "a temporary file can be written");
    close(file);
}
