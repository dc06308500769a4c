/*
 * Softmax of a few rows: see row_softmax.h.
 */
#include "row_softmax.h"

#include "multiversion.h"
#include "vector_math.h"

#include <string.h>
#include <tgmath.h>

enum {
    LANES = YG_ROW_GROUP,
    LONGEST_LANE = 48, /* rows up to this length are cheaper one in each lane … */
    FEWEST_LANES = 6,  /* … where at least so many lanes are used */
};

/* Both ways compute the same bits. */
static bool is_for_lanes(const yg_row_group *rows) {
    return rows->length <= LONGEST_LANE && rows->count >= FEWEST_LANES;
}

#define ROW_REAL       float
#define ROW_NAME(name) name##_f32
#define ROW_UNDERFLOW  (-104) /* exp() is 0 from here on */
#include "row_softmax_kernel.h"

#define ROW_REAL       double
#define ROW_NAME(name) name##_f64
#define ROW_UNDERFLOW  (-746)
#include "row_softmax_kernel.h"
