/*
 * conv3d: y[n, f, o] = bias[f] + Σ x[n, c, o · stride + t · dilation - padding] · weight[f, c, t],
 * where o and t have three entries each.
 */
#include "conv.h"
#include "registry.h"

static const yg_sample samples[] = {
    {{"f[1, 2, 3, 2, 3]", "f[2, 2, 2, 1, 2]", "f[2]"}, NULL},
    {{"f[1, 2, 2, 2, 3]", "f[2, 1, 2, 2, 2]", "f[2]"},
     (const yg_attr[]){{.count = 3, .ints = {1, 2, 1}},
                       {.count = 3, .ints = {0, 1, 1}},
                       {.count = 3, .ints = {1, 1, 2}},
                       {.i = 2},
                       {0}}},
    {{"f[1, 2, 2, 2]", "f[2, 1, 1, 2, 3]"},
     (const yg_attr[]){YG_ONE(1), {.is_word = true, .i = 1}, YG_ONE(1), {.i = 1}, {0}}},
};

YG_CONV(3,
        "y[n, f, o] = bias[f] + Σ x[n, c, o · stride + t · dilation - padding] · weight[f, c, t]")
