/*
 * conv_transpose2d: y[n, f, o · stride + t · dilation - padding] = bias[f] + Σ x[n, c, o] ·
 * weight[c, f, t], where o and t have two entries each.
 */
#include "conv.h"
#include "registry.h"

static const yg_sample samples[] = {
    {{"f[2, 2, 3, 2]", "f[2, 3, 3, 2]", "f[3]"}, NULL},
    {{"f[1, 4, 2, 3]", "f[4, 1, 3, 2]", "f[2]"},
     (const yg_attr[]){YG_TWO(2, 3), YG_TWO(1, 0), YG_TWO(1, 2), {.i = 2}, YG_TWO(1, 2)}},
    {{"f[2, 2, 2]", "f[2, 2, 2, 2]"},
     (const yg_attr[]){YG_ONE(2), YG_ONE(0), YG_ONE(0), {.i = 1}, YG_ONE(1)}},
};

YG_CONV_TRANSPOSE(
    2, "y[n, f, o · stride + t · dilation - padding] = bias[f] + Σ x[n, c, o] · weight[c, f, t]")
