/*
 * What a run finds at its kept weights, beyond scores: which classes are taken for which, curves of
 * the receiver's operating characteristic (ROC), predictions beside true values, and the examples
 * that are predicted worst. It becomes evaluation.json in the run's folder, which a report is made
 * of. Private to train/.
 *
 * An output is compared with a target where it tells a label of it (interpretation.h), or is a
 * number for each of the target's: it names the target as its `units`, or the two are the only ones
 * of their size.
 *
 *   {"format": 1, "parts": [{"part": "validation", "examples": 23, "stride": 1, "outputs": [
 *     {"kind": "classes", "output": "p", "target": "species", "classes": ["setosa", …],
 *      "confusion": [[8, 0], …],             rows are true classes; left out beyond 100 classes
 *      "roc": [{"class": "setosa", "auc": 1, "points": [[0, 0], …]}, …],   at most 10 classes
 *      "worst": [{"example": 3, "true": "virginica", "predicted": "versicolor",
 *                 "probability": 0.02, "wrong": 3.9, "row": {"petal_width": "1.5", …},
 *                 "inputs": {}}, …]},
 *     {"kind": "numbers", "output": "price", "target": "y", "points": [[true, predicted], …],
 *      "worst": [{"example": 3, "true": 5, "predicted": 1, "wrong": 4, "inputs": {…}}, …]}]}]}
 *
 * `row` has the cells of the example as they stand in the file, of the columns of inputs and
 * targets. `inputs` has pictures, and the numbers of inputs where there is no such row. `wrong` is
 * the negative logarithm of the probability, or the distance of the two numbers.
 *
 * `example` counts from 0 in its part. `stride` n: curves and points are of every n-th example.
 *
 * An output that answers each step of a sequence is compared with a target that has steps too; so
 * are scores of classes for each element of a target that has several. Then
 * "steps": 812 tells how many there are, a `stride` of its own counts steps, all counts are of
 * steps, and each of the worst has its "step", from 0 in its example.
 */
#ifndef YG_TRAIN_FINDINGS_H
#define YG_TRAIN_FINDINGS_H

#include "../data/example_cells.h"
#include "../graph/text.h"
#include "interpretation.h"
#include "run.h"

enum { YG_FINDING_WORST = 12 };

/* An example that is predicted badly. */
typedef struct yg_worst {
    int64_t example;
    int64_t step; /* of its sequence; 0 where examples are told as a whole */
    double wrong; /* how badly: the negative logarithm of the true class's probability, or
                     the distance */
    double truth, predicted; /* classes or numbers */
    double probability;      /* of the true class */
} yg_worst;

/* An output beside its target. */
typedef struct yg_finding {
    size_t output, port;
    char *const *names;  /* of the classes; NULL: they are numbers */
    const char *name;    /* of the output */
    int64_t classes;     /* 0: numbers are compared */
    int64_t width;       /* scores of an example, or elements */
    bool in_units;       /* both are told in the target's units */
    bool by_step;        /* answers and truth are of steps, not of examples */
    int64_t steps;       /* of each example; 0: that depends on its sequence */
    int64_t rows;        /* examples, or their steps */
    int64_t stride;      /* every so many of them are kept */
    bool scored, logits; /* `logits` has been found out: the scores are no probabilities yet */
    int64_t *confusion;  /* [classes, classes]; NULL: too many */
    int64_t count;       /* rows that are kept */
    double *predicted;   /* [count, width]: probabilities, or numbers */
    double *truth;       /* [count], or [count, width] of numbers */
    size_t worst_count;
    yg_worst worst[YG_FINDING_WORST]; /* the worst first */
} yg_finding;

typedef struct yg_findings {
    const char *part_name;
    const yg_part *part;
    int64_t batch;    /* examples that run at a time */
    int64_t stride;   /* of outputs that answer examples */
    int64_t steps;    /* of all sequences; 0: no output answers them by step */
    int64_t *lengths; /* then: of each sequence, in the part's order */
    size_t count;
    yg_finding *items;
    yg_interpretation outputs;
    yg_example_cells cells; /* of the worst examples, as they stand in the file */
} yg_findings;

/* Evaluates the kept weights, which are in the run's store, on its validation and test parts, or on
 * its training part where there is neither, and writes evaluation.json. A model whose outputs
 * cannot be compared with targets gets none. False on failure. */
bool yg_findings_write(yg_run *run, yg_error *error);

/* Adds the findings of a part as JSON. (findings_json.c) */
bool yg_findings_json(const yg_run *run, const yg_findings *findings, yg_text *out,
                      yg_error *error);

#endif
