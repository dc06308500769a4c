/*
 * Headers of IDX files: see idx.h.
 */
#include "idx.h"

static const uint16_t one = 1;

size_t yg_idx_length(const unsigned char *bytes, const char *name, yg_error *error) {
    const int rank = bytes[3];
    if (bytes[0] || bytes[1] || !yg_element_of_idx(bytes[2])) {
        yg_fail(error, YG_ERROR_DATA, (yg_origin){name, 0, 0},
                "this is no IDX file: it must begin with two zeros, an element type and the "
                "number of dimensions");
        return 0;
    }
    if (rank < 1 || rank > YG_MAX_RANK) {
        yg_fail(error, YG_ERROR_DATA, (yg_origin){name, 0, 0},
                "an IDX file of %d dimensions; 1 to %d are possible", rank, YG_MAX_RANK);
        return 0;
    }
    return YG_IDX_PREFIX + 4 * (size_t)rank;
}

void yg_idx_parse(const unsigned char *bytes, yg_array_type *type) {
    const yg_element_format *element = yg_element_of_idx(bytes[2]); /* of its third byte */
    const bool big_endian = *(const unsigned char *)&one == 0;      /* this machine */
    *type = (yg_array_type){.kind = {.kind = element->kind,
                                     .size = element->size,
                                     .swapped = !big_endian && element->size > 1},
                            .rank = bytes[3]};
    for (int d = 0; d < type->rank; d++) {
        const unsigned char *at = bytes + YG_IDX_PREFIX + 4 * (size_t)d;
        type->shape[d] = (int64_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
    }
}
