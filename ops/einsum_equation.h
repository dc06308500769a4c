/*
 * The equation of einsum, as in torch.einsum: 'bij,bjk->bik'. Each operand has a letter for each of
 * its dimensions, or '...' for those that have none. Without '->' the result has the dimensions of
 * '...' and then the letters that occur once, in the order of the alphabet, capitals first.
 */
#ifndef YG_OPS_EINSUM_EQUATION_H
#define YG_OPS_EINSUM_EQUATION_H

#include "../graph/op.h"

/* Labels: A to Z, a to z, then the dimensions of '...', counted from its last one. */
enum {
    YG_EINSUM_LETTERS = 52,
    YG_EINSUM_LABELS = YG_EINSUM_LETTERS + YG_MAX_RANK /* fewer than the bits of a mask */
};

/* The labels of a tensor's dimensions. */
typedef struct yg_einsum_labels {
    int count;
    uint8_t label[YG_MAX_RANK];
} yg_einsum_labels;

typedef struct yg_einsum_equation {
    yg_einsum_labels *operands; /* one for each operand of the call */
    yg_einsum_labels result;
    int64_t size[YG_EINSUM_LABELS]; /* -1: the label does not occur */
} yg_einsum_equation;

/* Reads attribute 0 of a call. `operands` has room for the labels of each operand. Fails, with the
 * equation and the place in it, if it is written wrongly or does not fit the operands. */
bool yg_einsum_read(const yg_infer *call, yg_einsum_labels *operands, yg_einsum_equation *equation,
                    yg_error *error);

#endif
