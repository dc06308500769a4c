/*
 * conv_transpose3d: y[n, f, o · stride + t · dilation - padding] = bias[f] + Σ x[n, c, o] ·
 * weight[c, f, t], where o and t have three entries each.
 */
#include "conv.h"
#include "registry.h"

static const yg_sample samples[] = {
    {{"f[1, 2, 2, 2, 2]", "f[2, 1, 2, 1, 2]", "f[1]"}, NULL},
    {{"f[2, 2, 1, 2]", "f[2, 1, 2, 2, 2]", "f[2]"},
     (const yg_attr[]){{.count = 3, .ints = {1, 2, 1}},
                       {.count = 3, .ints = {0, 0, 1}},
                       {.count = 3, .ints = {0, 1, 0}},
                       {.i = 2},
                       YG_ONE(1)}},
};

YG_CONV_TRANSPOSE(
    3, "y[n, f, o · stride + t · dilation - padding] = bias[f] + Σ x[n, c, o] · weight[c, f, t]")
