/*
 * What a program's text says of how it runs.
 */
#ifndef YG_TESTS_PLAN_TEXT_H
#define YG_TESTS_PLAN_TEXT_H

#include "graph/program.h"

typedef struct plan_shape {
    int row_loops; /* of several instructions, by rows … */
    int chunked;   /* … of which so many run in more than one chunk */
    int stages;    /* of several row loops */
} plan_shape;

plan_shape plan_shape_of(const yg_program *program);

#endif
