/*
 * Arithmetic of numbers that are known when a graph is built.
 */
#ifndef YG_MODELS_LOADER_ARITHMETIC_H
#define YG_MODELS_LOADER_ARITHMETIC_H

#include "term.h"

/* Whether an operation is one of tensors: a side is a tensor, or a list of numbers, which stands
 * for one. Beside a text a list is no tensor: the two can only be compared. */
bool yg_is_tensor_operation(const yg_term *sides, size_t count);

/* Applies "+", "==", … to two numbers; texts and truth values can only be compared. `graph` is for
 * messages. False on failure. */
bool yg_number_operation(const yg_graph *graph, const yg_expression *operation, const yg_term *a,
                         const yg_term *b, yg_term *result, yg_error *error);
/* The sign of a number. */
bool yg_number_negative(const yg_graph *graph, const yg_expression *operation, const yg_term *a,
                        yg_term *result, yg_error *error);

/* Whether an operator is a function of numbers too, as cos and maximum are: an elementwise one
 * whose result has its operands' type, or is true or false. */
bool yg_is_number_function(const yg_op *op);
/* Calls such an operator with numbers, or with truth values. Whole numbers stay whole where the
 * operator keeps them so. Other results have the bits of the C library's functions in double
 * precision. False on failure. (number_function.c) */
bool yg_number_function(const yg_op *op, const yg_attr *attrs, const yg_term *operands,
                        size_t count, yg_origin origin, yg_term *result, yg_error *error);

/* An item of a list; a negative index counts from the end. */
bool yg_list_item(const yg_term *list, int64_t index, yg_origin origin, yg_term *item,
                  yg_error *error);

#endif
