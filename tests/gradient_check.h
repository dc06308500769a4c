/*
 * Compares gradients of first and second order with differences. All tests of gradients use this.
 */
#ifndef YG_TESTS_GRADIENT_CHECK_H
#define YG_TESTS_GRADIENT_CHECK_H

#include "graph/graph.h"
#include "why.h"

#include <stddef.h>
#include <stdint.h>

/* An input or a parameter and the value to check at: yg_type_bytes() of it. */
typedef struct gradient_leaf {
    yg_node node;
    const void *data;
} gradient_leaf;

/* Appends the gradient of `y` (f64, any shape) to the graph, and the gradient of that gradient, and
 * compares both with differences along one random direction of all f64 leaves and the cotangent.
 * Leaves of other types stay as they are; leaves must hold every leaf that y needs.
 *
 * With random x' (direction), c (cotangent), c' and u this checks, at t = 0,
 *   first order    d/dt <c + t·c', y(x + t·x')>                     relative to 1e-6
 *   second order   d/dt <u, vjp(x + t·x', c + t·c')>                relative to 1e-6
 * by the five-point rule, whose error is of order t⁴.
 *
 * Returns false with the reason in `why` (WHY_SIZE bytes) if they differ, or cannot be computed. */
bool gradient_check(yg_graph *graph, yg_node y, const gradient_leaf *leaves, size_t count,
                    uint64_t seed, char *why);

#endif
