/*
 * Endings of paths: see array_path.h.
 */
#include "array_path.h"

#include <string.h>

yg_array_format yg_array_format_of(const char *path) {
    static const char *const endings[] = {
        [YG_ARRAY_NPY] = ".npy", [YG_ARRAY_NPZ] = ".npz", [YG_ARRAY_SAFETENSORS] = ".safetensors"};
    const char *dot = strrchr(path, '.');
    for (int i = YG_ARRAY_NPY; dot && i <= YG_ARRAY_SAFETENSORS; i++)
        if (strcmp(dot, endings[i]) == 0)
            return (yg_array_format)i;
    return YG_ARRAY_NONE;
}
