/*
 * An explanation: one example's way through a network, forward and back. It has each node's value,
 * its local derivatives and its gradient, and beside the gradient what differences of the loss
 * give.
 *
 * The network is built as the model file says, without simplifications, in float64, for a batch of
 * that one example, and computes as in evaluation.
 */
#ifndef YG_TRAIN_EXPLAIN_H
#define YG_TRAIN_EXPLAIN_H

#include "../data/data.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_explain_options {
    const char *weights; /* a safetensors file; NULL: the model's initial values */
    uint64_t seed;       /* of the initial values, if has_seed */
    bool has_seed;       /* false: `train: seed`, or 0 without that */
    const char *part;    /* "train", "validation" or "test"; NULL: "train" */
    int64_t example;     /* its number in the part, from 0 */
    /* The most elements of a node to compare with differences, spread over the tensor; 0: 64,
     * and fewer in a graph of many nodes. */
    int64_t elements;
} yg_explain_options;

typedef enum yg_explained_role {
    YG_EXPLAINED_INPUT,
    YG_EXPLAINED_TARGET,
    YG_EXPLAINED_PARAMETER, /* or a state */
    YG_EXPLAINED_CONSTANT,
    YG_EXPLAINED_RESULT, /* of an operator */
} yg_explained_role;

/* The derivative of a node by one of its operands, by itself: other ways from the operand to the
 * node do not count. */
typedef struct yg_explained_edge {
    size_t operand; /* index of the node */
    /* The node is elementwise: local[i] is the derivative of its element i by the operand's element
     * i, and all others are 0. Otherwise local[i · columns + k] is that of element i by element k.
     */
    bool diagonal;
    int64_t rows, columns; /* elements of the node and of the operand */
    const double *local;   /* NULL: there is no derivative, or the matrix is too large */
} yg_explained_edge;

typedef struct yg_explained_node {
    yg_explained_role role;
    const char *name;    /* "a1", or an expression: "x @ W1.T" */
    const char *op;      /* "sigmoid" */
    bool moves;          /* the operator only moves elements, as a transpose does */
    const char *formula; /* "sigmoid(z1)"; "" for a leaf, or where it is too long to read */
    yg_type type;
    yg_origin origin; /* in the model file */
    const double *value;
    /* The gradient of the loss; NULL: the loss does not depend on the node by a differentiable
     * path.
     */
    const double *gradient;
    const char *gradient_name; /* "delta2", "dW1"; "" if it has none */
    /* How the gradient follows from those after it: "da2 * a2 * (1 - a2)"; "" where there is none,
     * or it is too long. */
    const char *chain;
    /* The same after simplification: "a2 - y". "" if it is not shorter, or has no counterpart. */
    const char *simplified;
    /* Differences of the loss: NaN for an element that was not compared. NULL: none was. */
    const double *numeric;
    int64_t compared; /* elements */
    int64_t kinks;    /* of these, where the slopes to both sides differ, as relu's at 0 do; they do
                         not count in `worst` */
    double worst;     /* the largest |gradient - numeric| / max(1, |numeric|) */
    size_t edge_count;
    const yg_explained_edge *edges; /* one for each operand */
} yg_explained_node;

typedef struct yg_explanation {
    double loss;
    int64_t example, examples; /* its number in the part, from 0, and how many that has */
    size_t count;
    const yg_explained_node *nodes; /* operands come before their users; the loss is the last */
    bool agrees;                    /* every `worst` is below 1e-6 */
    struct yg_pool *pool;           /* holds everything */
} yg_explanation;

/* Explains an example. `options` NULL: the first of the training part. False on failure; freed by
 * yg_explanation_free() after success. The model must outlive the explanation. */
bool yg_explain(const yg_model *model, const yg_explain_options *options,
                yg_explanation *explanation, yg_error *error);
void yg_explanation_free(yg_explanation *explanation); /* what it holds, not the struct */

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
