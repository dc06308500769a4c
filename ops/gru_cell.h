/*
 * What gru_cell and its gradient share.
 */
#ifndef YG_OPS_GRU_CELL_H
#define YG_OPS_GRU_CELL_H

#include "../graph/op.h"

/* The gates lie one after the other in the last dimension, in PyTorch's order. */
typedef enum yg_gru_gate {
    YG_GRU_RESET,  /* r */
    YG_GRU_UPDATE, /* z */
    YG_GRU_NEW,    /* n */
    YG_GRU_GATES,
    /* What the gradient also needs: the part of h in n before it is multiplied by r. */
    YG_GRU_INNER = YG_GRU_GATES,
    YG_GRU_KEPT,
} yg_gru_gate;

#endif
