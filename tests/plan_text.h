/*
 * Counts row loops and stages in a program's text.
 */
#ifndef YG_TESTS_PLAN_TEXT_H
#define YG_TESTS_PLAN_TEXT_H

#include "graph/program.h"

typedef struct plan_shape {
    int row_loops; /* row loops of several instructions */
    int chunked;   /* row loops that run in more than one chunk */
    int stages;    /* stages of several row loops */
} plan_shape;

plan_shape plan_shape_of(const yg_program *program);

#endif
