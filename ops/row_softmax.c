/*
 * Softmax of a few rows: instantiates row_softmax_kernel.h for float and double. See row_softmax.h.
 */
#include "row_softmax.h"

#include "multiversion.h"
#include "vector_exp.h"
#include "vector_math.h"

#include <string.h>
#include <tgmath.h>

enum {
    LANES = YG_ROW_GROUP,
    LONGEST_LANE = 48, /* the longest row that is computed in a lane */
    FEWEST_LANES = 6,  /* the smallest group whose rows are computed in lanes */
};

/* Whether it is faster to compute the group with one row in each lane than one row after the other.
 * Both ways give the same bits. */
static bool is_for_lanes(const yg_row_group *rows) {
    return rows->length <= LONGEST_LANE && rows->count >= FEWEST_LANES;
}

/* Whether longer rows lie beside each other. */
static bool is_for_columns(const yg_row_group *rows) {
    return rows->count == LANES && rows->step == 1 && rows->stride > 1;
}

typedef double half_sum __attribute__((vector_size(LANES / 2 * sizeof(double))));

#define ROW_REAL       float
#define ROW_NAME(name) name##_f32
#include "row_softmax_kernel.h"

#define ROW_REAL       double
#define ROW_NAME(name) name##_f64
#include "row_softmax_kernel.h"
