/*
 * What max_unpool1d, max_unpool2d and max_unpool3d share: the elements that max_pool took go back
 * to where they were, and zeros fill the rest. A composite: the pixels of an image are one row, and
 * scatter writes to it.
 */
#ifndef YG_OPS_UNPOOL_H
#define YG_OPS_UNPOOL_H

#include "../graph/graph.h"

enum { YG_UNPOOL_ATTRS = 4 };
extern const yg_attr_spec yg_unpool_attrs[YG_UNPOOL_ATTRS];

/* yg_op.compose, for `dims` dimensions of space, and yg_op.reference. */
size_t yg_unpool(yg_graph *graph, const yg_infer *call, const yg_node *operands, yg_node *results,
                 int dims);
double yg_unpool_reference(const yg_reference *r, const int64_t *index, int dims);

#define YG_UNPOOL_DOC                                                                              \
    "Puts the elements of x where `indices`, the second result of max_pool with return_indices, "  \
    "says, with zeros around them. Of several elements for one place the last counts. An index "   \
    "that is not in the image stops the run."

#endif
