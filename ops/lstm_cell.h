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

/* One gate's part of a tensor of four. */
yg_node yg_lstm_gate_of(yg_graph *graph, yg_node all, yg_lstm_gate gate);
/* A tensor of four gates. */
yg_node yg_lstm_join(yg_graph *graph, const yg_node gates[YG_LSTM_GATES]);

/* Whether `all`, [..., 4n], has four times as many elements a row as `one`, [..., n], of the same
 * float type. */
bool yg_lstm_fits(const yg_type *all, const yg_type *one);

/* yg_op.plan: a row is one example's. */
void yg_lstm_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* The length n of a state's row. */
int64_t yg_lstm_length(const yg_type *state);

#endif
