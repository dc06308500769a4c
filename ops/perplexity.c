/*
 * perplexity: e to the cross-entropy of logits with classes.
 */
#include "build.h"
#include "class_index.h"
#include "class_loss_metric.h"

#include <math.h>

YG_CLASS_LOSS_METRIC(perplexity, "y = exp(mean(-log softmax(z)_c))",
                     "The exponential of the mean cross-entropy: a model that chooses among n "
                     "equally likely classes has perplexity n.",
                     yg_exp(graph, loss), exp(loss))
