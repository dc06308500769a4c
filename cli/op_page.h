/*
 * docs/ops.md: the reference of all operators, made from their descriptors.
 */
#ifndef YG_CLI_OP_PAGE_H
#define YG_CLI_OP_PAGE_H

#include "../graph/op.h"

/* Prints the page. The example of an operator is a model that calls it as the first suitable one of
 * its samples does. Returns the status. */
int op_page_print(const yg_op_set *set);

#endif
