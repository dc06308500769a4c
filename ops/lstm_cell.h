/*
 * What lstm_cell and its gradient share.
 */
#ifndef YG_OPS_LSTM_CELL_H
#define YG_OPS_LSTM_CELL_H

#include "../graph/op.h"

/* The four gates lie one after the other in the last dimension, in PyTorch's order. */
typedef enum yg_lstm_gate {
    YG_LSTM_INPUT,  /* i */
    YG_LSTM_FORGET, /* f */
    YG_LSTM_CELL,   /* g */
    YG_LSTM_OUTPUT, /* o */
    YG_LSTM_GATES,
} yg_lstm_gate;

#endif
