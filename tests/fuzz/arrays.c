/*
 * Any bytes as a file of arrays, .npy, .npz, safetensors or IDX: rows that can be read, or a
 * message.
 */
#include "data/array_file.h"
#include "fuzz.h"
#include "require.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads the first rows of an array. */
static void read_rows(yg_array *array) {
    const yg_array_type *type = yg_array_type_of(array);
    yg_error error = {0};
    int64_t row = type->kind.size, elements = 1;
    for (int d = 1; d < type->rank && elements <= 4096; d++)
        elements *= type->shape[d] < 4096 ? type->shape[d] : 4097;
    if (type->rank == 0 || elements > 4096)
        return;
    row *= elements;
    unsigned char *bytes = malloc((size_t)row + 1);
    require(bytes != NULL, "there is memory");
    for (int64_t r = 0; r < type->shape[0] && r < 8; r++) {
        if (!yg_array_read(array, 1, bytes, &error)) {
            require_failure(&error);
            break;
        }
        double total = 0;
        int64_t whole;
        for (int64_t k = 0; k < elements; k++)
            total += yg_element_number(&type->kind, bytes, k) +
                     yg_element_whole(&type->kind, bytes, k, &whole);
        require(total == total || strchr("fg", type->kind.kind), "integers are numbers");
    }
    free(bytes);
}

int fuzz_arrays(const uint8_t *bytes, size_t size) {
    char path[] = "/tmp/yamlgrad-fuzz-XXXXXX", named[sizeof path + 16];
    yg_error error = {0};
    fuzz_file(path, bytes, size);
    const char *ending = size == 0                     ? "npy"
                         : size > 8 && bytes[8] == '{' ? "safetensors"
                         : bytes[0] == 'P'             ? "npz"
                         : bytes[0] == 0x1F            ? "idx.gz"
                         : bytes[0] == 0               ? "idx"
                                                       : "npy";
    snprintf(named, sizeof named, "%s.%s", path, ending);
    require(rename(path, named) == 0, "a temporary file can be renamed");
    yg_array_file *file = yg_array_file_open(named, YG_NOWHERE, &error);
    yg_array *array = file ? yg_array_file_find(file, "x", &error) : NULL;
    if (array)
        read_rows(array);
    else
        require_failure(&error);
    yg_array_file_close(file);
    unlink(named);
    return 0;
}
