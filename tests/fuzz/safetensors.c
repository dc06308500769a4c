/*
 * Any bytes as a safetensors file: tensors whose every element can be read, or a message.
 */
#include "data/safetensors.h"

#include "fuzz.h"
#include "require.h"

int fuzz_safetensors(const uint8_t *bytes, size_t size) {
    yg_error error = {0};
    yg_tensor_file file = {0};
    if (!yg_safetensors_parse(bytes, size, "fuzz.safetensors", &file, &error)) {
        require_failure(&error);
        return 0;
    }
    int64_t total = 0;
    for (size_t i = 0; i < file.count; i++) {
        const yg_tensor *tensor = &file.tensors[i];
        require(yg_tensor_find(&file, tensor->name) == tensor, "names are different");
        const int64_t count = yg_type_count(&tensor->type);
        require(yg_type_bytes(&tensor->type) <= (int64_t)size, "a tensor fits into its file");
        for (int64_t k = 0; k < count; k++)
            total += yg_element_get(tensor->type.dtype, tensor->data, k) > 0;
    }
    require(total >= 0, "elements can be read");
    yg_tensor_file_free(&file);
    return 0;
}
