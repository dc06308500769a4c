/*
 * bits_per_character: the cross-entropy of logits with classes, in bits.
 */
#include "build.h"
#include "class_index.h"
#include "class_loss_metric.h"

#include <math.h>

YG_CLASS_LOSS_METRIC(bits_per_character, "y = mean(-log2 softmax(z)_c)",
                     "The mean cross-entropy in bits: of each character, where the classes are "
                     "characters.",
                     yg_scale(graph, loss, 1 / log(2)), loss / log(2))
