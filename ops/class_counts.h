/*
 * Counts of right and wrong answers by class: the common code of precision, recall, f1 and their
 * kind.
 *
 * Operands of a call:
 *   0  prediction: floats [..., C], scores or probabilities of C classes
 *   1  target, in one of two forms:
 *      - class indices (i32 or i64) of the shape without the last dimension. The largest score of
 *        a row is its answer.
 *      - 0 or 1 for each prediction, of the prediction's shape: questions of yes or no. The answer
 *        is yes above `threshold`. Each place of the last dimension is a question of its own.
 *        Without a second dimension there is one question.
 *   2  weight: optional, one number for each row, of the shape without the last dimension
 *
 * All counts are sums over the rows. They add up over batches, so what is computed from them is
 * exact for any batch size.
 */
#ifndef YG_OPS_CLASS_COUNTS_H
#define YG_OPS_CLASS_COUNTS_H

#include "../graph/graph.h"

/* The attributes, in this order. */
enum {
    YG_COUNT_THRESHOLD,
    YG_COUNT_IGNORE,
    YG_COUNT_ZERO, /* zero_division */
    YG_COUNT_AVERAGE,
    YG_COUNT_CLASS,
    YG_COUNT_ATTRS
};

/* Values of the attribute `average`. */
enum { YG_AVERAGE_MACRO, YG_AVERAGE_MICRO, YG_AVERAGE_WEIGHTED, YG_AVERAGE_NONE };

extern const yg_attr_spec yg_class_count_attrs[YG_COUNT_ATTRS];

/* What is known of the answers. A form is made by yg_class_answers(). */
typedef struct yg_class_answers_of {
    bool indices;    /* the target holds class indices */
    int64_t classes; /* C; 1 for a single question */
    yg_node score;   /* [..., C], of the prediction's type */
    yg_node guess;   /* [..., C]: 1 where the answer is this class, else 0 */
    yg_node truth;   /* [..., C]: 1 where the target is this class, else 0 */
    yg_node weight;  /* [..., 1]: the weights, 0 for an ignored row; YG_NONE: all are 1 */
} yg_class_answers_of;

/* Checks the operands and builds the answers. False after yg_graph_fail(). */
bool yg_class_answers(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      double threshold, int64_t ignore_index, yg_class_answers_of *answers);

/* The sum over all dimensions but the last of x, or of x · y, by weight. y may be YG_NONE. */
yg_node yg_class_sum(yg_graph *graph, const yg_class_answers_of *answers, yg_node x, yg_node y);

/* The mean of elements [..., n] by weight. NaN where no row counts. */
yg_node yg_class_mean(yg_graph *graph, const yg_class_answers_of *answers, yg_node elements);

/* Sums by class, [C]. */
typedef struct yg_class_counts_of {
    bool indices;
    int64_t classes;
    yg_node hits;      /* rows of the class that were answered so */
    yg_node predicted; /* rows that were answered so */
    yg_node actual;    /* rows of the class */
} yg_class_counts_of;

/* Counts, with the attributes of the call. False after yg_graph_fail(). */
bool yg_class_counts_make(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                          yg_class_counts_of *counts);

/* numerator / denominator, element by element, and `fallback` where the denominator is 0. */
yg_node yg_ratio_or(yg_graph *graph, yg_node numerator, yg_node denominator, double fallback);

/* The ratio of two sums by class, averaged as the attributes of the call say; [C] where they say
 * `none`. */
yg_node yg_class_average(yg_graph *graph, const yg_infer *call, const yg_class_counts_of *counts,
                         yg_node numerator, yg_node denominator);

/* For references: the counts of one class. */
typedef struct yg_class_count {
    double hits, predicted, actual;
} yg_class_count;

int64_t yg_class_reference_classes(const yg_reference *reference);
yg_class_count yg_class_count_reference(const yg_reference *reference, int64_t class_index);

/* For references: the rows of one class that were answered with another, by weight. The attributes
 * of the call begin with those of class_counts up to YG_COUNT_IGNORE. A single question has the
 * classes 0 and 1. */
double yg_class_pair_reference(const yg_reference *reference, int64_t class_index, int64_t answer);

/* For references: the average of hits · the rows that were answered with their class, divided by
 * predicted · answers + actual · rows, as the attributes say. `index` is that of the result. */
double yg_class_average_reference(const yg_reference *reference, const int64_t *index, double hits,
                                  double predicted, double actual);

#endif
