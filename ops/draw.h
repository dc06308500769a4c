/*
 * What uniform and normal share: numbers of a given shape, or of that of a tensor, from the
 * standard distribution, scaled and moved.
 */
#ifndef YG_OPS_DRAW_H
#define YG_OPS_DRAW_H

#include "../graph/graph.h"

/* The attributes of both: shape, two numbers of the distribution, dtype. */
enum { YG_DRAW_SHAPE, YG_DRAW_FIRST, YG_DRAW_SECOND, YG_DRAW_DTYPE };

#define YG_DRAW_SHAPE_ATTR                                                                         \
    {                                                                                              \
        .name = "shape", .kind = YG_ATTR_INTS, .max = (double)INT64_MAX,                           \
        .doc = "the shape, as [B, 3]; left out where `like` is given"                              \
    }
#define YG_DRAW_DTYPE_ATTR                                                                         \
    {                                                                                              \
        .name = "dtype", .kind = YG_ATTR_DTYPE, .fallback = {.i = YG_F32},                         \
        .doc = "the element type, a float; beside f64 operands the result is converted to theirs"  \
    }

/* scale · numbers + offset of the distribution ("uniform" or "normal"); YG_NONE after a failure. */
yg_node yg_draw(yg_graph *graph, const yg_infer *call, const char *distribution, double scale,
                double offset);

/* The number of random_numbers for an element, at seed 0, step 0 and stream 0. */
double yg_draw_reference(const yg_reference *reference, const int64_t *index,
                         const char *distribution);

#endif
