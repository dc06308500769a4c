/*
 * lbfgs: torch.optim.LBFGS. A step evaluates the loss several times, so it has no nodes in the
 * program: lbfgs.c makes the steps, and run_lbfgs.c runs the program for it.
 */
#include "optimizer_update.h"

#include <math.h>

enum { MAX_ITER, MAX_EVAL, TOLERANCE_GRAD, TOLERANCE_CHANGE, HISTORY_SIZE, LINE_SEARCH };

static const char *const searches[] = {"null", "strong_wolfe", NULL};

static const yg_option options[] = {
    [MAX_ITER] = {"max_iter", YG_OPTION_WHOLE, 20, 1, 1e9, "the most iterations of a step",
                  .example = "50"},
    [MAX_EVAL] = {"max_eval", YG_OPTION_WHOLE, (double)NAN, 1, 1e9,
                  "the most evaluations of the loss in a step (null: 1.25 times max_iter)",
                  .nullable = true, .example = "60"},
    [TOLERANCE_GRAD] = {"tolerance_grad", YG_OPTION_NUMBER, 1e-7, 0, 1e10,
                        "a step ends where no gradient is larger", .example = "1e-5"},
    [TOLERANCE_CHANGE] = {"tolerance_change", YG_OPTION_NUMBER, 1e-9, 0, 1e10,
                          "a step ends where loss or parameters change by less", .example = "1e-8"},
    [HISTORY_SIZE] = {"history_size", YG_OPTION_WHOLE, 100, 1, 1e6,
                      "how many past iterations the curvature is known from", .example = "10"},
    [LINE_SEARCH] = {"line_search_fn", YG_OPTION_CHOICE, 0, 0, 0,
                     "how far to go along a direction: by lr (null), or by a search",
                     .choices = searches},
};

yg_lbfgs_options yg_optimizer_lbfgs(const yg_optimizer *optimizer) {
    const double *o = optimizer->options;
    return (yg_lbfgs_options){
        .max_iter = (int64_t)o[MAX_ITER],
        .max_eval = (int64_t)(isnan(o[MAX_EVAL]) ? floor(o[MAX_ITER] * 5 / 4) : o[MAX_EVAL]),
        .history_size = (int64_t)o[HISTORY_SIZE],
        .tolerance_grad = o[TOLERANCE_GRAD],
        .tolerance_change = o[TOLERANCE_CHANGE],
        .strong_wolfe = o[LINE_SEARCH] > 0,
    };
}

const yg_optimizer_update yg_update_lbfgs = {
    .name = "lbfgs",
    .doc = "steps by the curvature of past steps; for full batches",
    .lr = 1,
    .options = options,
    .option_count = sizeof options / sizeof *options,
};
