/*
 * conv1d: y[n, f, o] = bias[f] + Σ x[n, c, o · stride + t · dilation - padding] · weight[f, c, t].
 */
#include "conv.h"
#include "registry.h"

static const yg_sample samples[] = {
    {{"f[2, 2, 5]", "f[3, 2, 3]"}, NULL},
    {{"f[2, 4, 6]", "f[6, 2, 2]", "f[6]"},
     (const yg_attr[]){YG_ONE(2), YG_ONE(1), YG_ONE(2), {.i = 2}, {0}}},
    {{"f[3, 4]", "f[2, 3, 4]", "f[2]"},
     (const yg_attr[]){YG_ONE(1), {.is_word = true, .i = 1}, YG_ONE(1), {.i = 1}, {0}}},
    {{"f[1, 1, 1]", "f[1, 1, 3]"},
     (const yg_attr[]){YG_ONE(1), YG_ONE(4), YG_ONE(1), {.i = 1}, {0}}},
    {{"f[0, 2, 5]", "f[3, 2, 3]", "f[3]"}, NULL},
};

YG_CONV(1,
        "y[n, f, o] = bias[f] + Σ x[n, c, o · stride + t · dilation - padding] · weight[f, c, t]")
