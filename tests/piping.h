/*
 * Predictions from one pipe to another, in a thread of their own: a test writes rows, and reads the
 * answers that they must have by then. If an answer were held back, reading would wait for ever,
 * and the suite would be ended.
 */
#ifndef YG_TESTS_PIPING_H
#define YG_TESTS_PIPING_H

#include "train/predict.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct piping {
    const yg_model *model;
    yg_predict_options options;
    char weights[256];
    FILE *in, *out;       /* of the thread */
    FILE *feed, *answers; /* of the test */
    pthread_t thread;
    bool good;
    yg_error error;
} piping;

static inline void *piping_run(void *opaque) {
    piping *p = opaque;
    p->good = yg_predict(p->model, &p->options, p->in, "pipe", p->out, NULL, &p->error);
    fclose(p->out);
    return NULL;
}

/* options->weights may change after this. The struct must stay where it is. */
static inline void piping_begin(piping *p, const yg_model *model,
                                const yg_predict_options *options) {
    int to[2], from[2];
    *p = (piping){.model = model, .options = *options};
    snprintf(p->weights, sizeof p->weights, "%s", options->weights);
    p->options.weights = p->weights;
    cr_assert(pipe(to) == 0 && pipe(from) == 0);
    p->in = fdopen(to[0], "rb");
    p->out = fdopen(from[1], "wb");
    p->feed = fdopen(to[1], "wb");
    p->answers = fdopen(from[0], "rb");
    cr_assert_eq(pthread_create(&p->thread, NULL, piping_run, p), 0);
}

/* Reads the next answer, which must be `line`. */
static inline void piping_expect(piping *p, const char *line) {
    char found[200];
    cr_assert_not_null(fgets(found, sizeof found, p->answers), "no answer; expected %s", line);
    cr_assert_str_eq(found, line, "%s, not %s", found, line);
}

/* Ends the input. */
static inline void piping_close_feed(piping *p) {
    fclose(p->feed);
    p->feed = NULL;
}

/* There must be no more answers, and no failure. */
static inline void piping_end(piping *p) {
    char line[200];
    if (p->feed)
        piping_close_feed(p);
    cr_expect_null(fgets(line, sizeof line, p->answers), "%s", line);
    pthread_join(p->thread, NULL);
    cr_expect(p->good, "%s", p->error.message);
    fclose(p->in);
    fclose(p->answers);
}

#endif
