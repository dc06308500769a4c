/*
 * Applying operators to terms, while a network is built.
 */
#ifndef YG_MODELS_LOADER_CALL_H
#define YG_MODELS_LOADER_CALL_H

#include "builder.h"

/* A call of an operator: its arguments are `call`'s children, evaluated to `arguments`. */
bool yg_call_operator(yg_builder *builder, const yg_expression *call, const yg_op *op,
                      const yg_term *arguments, yg_term **results, size_t *count);

/* The arguments of a call, sorted into operands and attributes, and checked. An operand may be
 * YG_TERM_WRITTEN, an attribute has a value. Both arrays are in the builder's pool. */
typedef struct yg_sorted_call {
    yg_term *operands;
    size_t operand_count;
    yg_attr *attrs;
} yg_sorted_call;

bool yg_sort_call(yg_builder *builder, const yg_expression *call, const yg_op *op,
                  const yg_term *arguments, yg_sorted_call *sorted);

/* x[:, 0]: `base` and the subscripts, each a number or three bounds. */
typedef struct yg_subscript {
    bool range;
    bool given[3];
    yg_term bounds[3]; /* one number in bounds[0], or start, stop, step */
} yg_subscript;

bool yg_call_index(yg_builder *builder, const yg_expression *expression, const yg_term *base,
                   const yg_subscript *subscripts, yg_term *term);

/* *node becomes the term as a tensor; a number becomes a scalar of type `dtype`. False on failure.
 */
bool yg_term_to_node(yg_builder *builder, const yg_term *term, yg_dtype dtype, yg_origin origin,
                     yg_node *node);

/* Why a number cannot stand for itself in type `dtype`: "does not fit", "would count as 0 in", to
 * be followed by the type's name. NULL: it can. */
const char *yg_number_lost_in(yg_dtype dtype, double number);

/* Reports the graph's first failure at `origin`. Returns false. */
bool yg_fail_from_graph(const yg_builder *builder, yg_origin origin);
/* Sets the origin of the nodes that are added from now on. */
void yg_builder_at(const yg_builder *builder, yg_origin origin);

/* The error for a name that nothing has. Always returns false. */
bool yg_fail_unknown(const yg_builder *builder, const char *name, yg_origin origin);

#endif
