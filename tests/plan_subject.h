/*
 * Graphs that the compiler treats in one way or another, for tests of its passes and of what
 * verifies them.
 */
#ifndef YG_TESTS_PLAN_SUBJECT_H
#define YG_TESTS_PLAN_SUBJECT_H

#include "graph/plan.h"
#include "ops/build.h"

enum { ROWS = 2048, COLUMNS = 64, LAYERS = 8, NODES = 4 };

/* A graph that is compiled, and the nodes that a mistake wants to name. */
typedef struct subject {
    yg_graph *g;
    yg_compiler *c;  /* while a mistake is made */
    yg_node x, y, w; /* inputs and a parameter: [ROWS, COLUMNS] */
    yg_node a, b, d;
    yg_node outputs[NODES];
    size_t output_count;
    yg_update updates[NODES];
    size_t update_count;
} subject;

/* b is computed from a, and d from both. */
void subject_residual(subject *s);
/* A product that the rule `accumulate` adds to a while it is computed. */
void subject_summed(subject *s);
/* Two iterations of a softmax; d has another type. */
void subject_looped(subject *s);
/* b needs every row of a for each of its own. */
void subject_products(subject *s);
/* The update of w is the last node, and its gradient the first. b reads the old value. */
void subject_updated_late(subject *s);
/* Every layer waits until its own result is read backwards. */
void subject_deep(subject *s);
/* b is the second half of a's rows. */
void subject_viewed(subject *s);
/* a and b are computed where they lie in d. */
void subject_joined(subject *s);
/* Softmaxes of rows, one after the other, and a sum of all rows, which is fed in parts. */
void subject_by_rows(subject *s);
/* The same, and a is needed after it. */
void subject_by_rows_and_later(subject *s);
/* Softmaxes that do not depend on each other: one stage. */
void subject_side_by_side(subject *s);
/* w is read once more after its new value is known. */
void subject_read_late(subject *s);
/* The new value is an output, too. */
void subject_asked_for(subject *s);
/* Another parameter gets the old value of w. */
void subject_passed_on(subject *s);
/* Two parameters get the same value. */
void subject_shared_value(subject *s);
/* Every row needs the first one. */
void subject_first_row_for_all(subject *s);
/* A kernel that can write over w adds each row of w to the next. */
void subject_rows_to_the_next(subject *s);
void subject_fused(subject *s);
/* Effects that do not depend on each other, beside an update that moves. */
void subject_with_effects(subject *s);
/* Effects behind what they could run before. */
void subject_with_late_effects(subject *s);

#endif
