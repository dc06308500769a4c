/*
 * A loss for a network that has none, so that its gradients can be checked: the sum of its
 * floating-point outputs, each element times a random number. Private to train/.
 *
 * A plain sum would not do: that of a softmax is constant, and a matrix that is transposed by
 * mistake has the same sum.
 */
#ifndef YG_TRAIN_RANDOM_LOSS_H
#define YG_TRAIN_RANDOM_LOSS_H

#include "../graph/program.h"
#include "../models/model.h"

typedef struct yg_random_loss {
    size_t count;
    yg_node *factors; /* inputs of the graph, of the types of the outputs */
} yg_random_loss;

/* Appends the loss to the network's graph. The factors are inputs, filled by yg_random_loss_fill().
 */
bool yg_random_loss_build(yg_network *network, yg_random_loss *random, yg_node *loss,
                          yg_error *error);
/* Fills the factors: normally distributed, the same for each program of the model. */
void yg_random_loss_fill(const yg_random_loss *random, const yg_graph *graph, yg_program *program);
void yg_random_loss_free(yg_random_loss *random); /* what it holds, not the struct */

#endif
