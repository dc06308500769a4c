/*
 * conv_transpose1d: y[n, f, o · stride + t · dilation - padding] = bias[f] + Σ x[n, c, o] ·
 * weight[c, f, t].
 */
#include "conv.h"
#include "registry.h"

static const yg_sample samples[] = {
    {{"f[2, 3, 4]", "f[3, 2, 3]"}, NULL},
    {{"f[2, 4, 3]", "f[4, 3, 2]", "f[6]"},
     (const yg_attr[]){YG_ONE(2), YG_ONE(1), YG_ONE(1), {.i = 2}, YG_ONE(2)}},
    {{"f[3, 4]", "f[3, 2, 2]", "f[2]"},
     (const yg_attr[]){YG_ONE(3), YG_ONE(0), YG_ONE(2), {.i = 1}, YG_ONE(1)}},
    {{"f[0, 2, 5]", "f[2, 3, 3]", "f[3]"}, NULL},
};

YG_CONV_TRANSPOSE(
    1, "y[n, f, o · stride + t · dilation - padding] = bias[f] + Σ x[n, c, o] · weight[c, f, t]")
