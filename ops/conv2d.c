/*
 * conv2d: y[n, f, o] = bias[f] + Σ x[n, c, o · stride + t · dilation - padding] · weight[f, c, t],
 * where o and t have two entries each.
 */
#include "conv.h"
#include "registry.h"

static const yg_sample samples[] = {
    {{"f[2, 2, 4, 5]", "f[3, 2, 3, 2]", "f[3]"}, NULL},
    {{"f[1, 4, 5, 6]", "f[6, 2, 3, 2]", "f[6]"},
     (const yg_attr[]){YG_TWO(2, 1), YG_TWO(0, 2), YG_TWO(1, 2), {.i = 2}, {0}}},
    {{"f[3, 3, 4]", "f[2, 3, 2, 3]"},
     (const yg_attr[]){YG_ONE(1), {.is_word = true, .i = 1}, YG_ONE(1), {.i = 1}, {0}}},
    {{"f[1, 3, 2, 2]", "f[3, 1, 3, 3]"},
     (const yg_attr[]){YG_ONE(1), YG_ONE(1), YG_ONE(1), {.i = 3}, {0}}},
    {{"f[1, 2, 3, 3]", "f[2, 2, 2, 2]"},
     (const yg_attr[]){YG_ONE(3), {.is_word = true, .i = 0}, YG_ONE(2), {.i = 1}, {0}}},
    {{"f[1, 2, 3, 4]", "f[2, 2, 3, 3]", "f[2]"},
     (const yg_attr[]){YG_ONE(1), YG_TWO(1, 2), YG_ONE(1), {.i = 1}, {.i = 1}}},
    {{"f[1, 2, 3, 4]", "f[2, 2, 3, 3]"},
     (const yg_attr[]){YG_ONE(2), YG_TWO(3, 2), YG_ONE(1), {.i = 1}, {.i = 2}}},
    {{"f[2, 3, 4]", "f[2, 2, 3, 2]"},
     (const yg_attr[]){YG_ONE(1), {.is_word = true, .i = 1}, YG_ONE(1), {.i = 1}, {.i = 3}}},
};

YG_CONV(2,
        "y[n, f, o] = bias[f] + Σ x[n, c, o · stride + t · dilation - padding] · weight[f, c, t]")
