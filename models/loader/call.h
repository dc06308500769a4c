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

/* The types that whole numbers and fractions get where they become tensors. */
typedef struct yg_number_types {
    yg_dtype whole, fraction;
} yg_number_types;

/* *node becomes the term as a tensor: a number becomes a scalar, a list of numbers a constant.
 * False on failure. */
bool yg_term_to_node(yg_builder *builder, const yg_term *term, yg_number_types types,
                     yg_origin origin, yg_node *node);

/* Why a number cannot stand for itself in type `dtype`: "does not fit", "would count as 0 in", to
 * be followed by the type's name. NULL: it can. */
const char *yg_number_lost_in(yg_dtype dtype, double number);

/* A list of numbers as a tensor: its shape, and what its numbers are. */
typedef struct yg_list_shape {
    int rank;
    int64_t shape[YG_MAX_RANK];
    yg_term_kind kind; /* FLOAT if one of them is a fraction, INT, or BOOL */
} yg_list_shape;

/* Fails where the list is ragged, is empty, or has something else than numbers. `graph` is for
 * messages. (list_tensor.c) */
bool yg_list_read_shape(const yg_graph *graph, const yg_term *list, yg_origin origin,
                        yg_list_shape *shape, yg_error *error);
/* Element `index`, in row-major order, of a list of that shape. */
const yg_term *yg_list_number(const yg_term *list, const yg_list_shape *shape, int64_t index);

/* Reports the graph's first failure at `origin`. Returns false. */
bool yg_fail_from_graph(const yg_builder *builder, yg_origin origin);
/* Sets the origin of the nodes that are added from now on. */
void yg_builder_at(const yg_builder *builder, yg_origin origin);

/* The error for a name that nothing has. Always returns false. */
bool yg_fail_unknown(const yg_builder *builder, const char *name, yg_origin origin);

#endif
