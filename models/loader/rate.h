/*
 * The schedule of a model: its learning rate as a formula of the step.
 */
#ifndef YG_MODELS_LOADER_RATE_H
#define YG_MODELS_LOADER_RATE_H

#include "../model.h"
#include "setting.h"
#include "term.h"

typedef struct yg_schedule yg_schedule;
typedef struct yg_definition yg_definition;

/* The numbers that a formula is given: lr, step, steps, epoch. Steps and epochs count from 0. */
typedef struct yg_rate_inputs {
    double lr;
    int64_t step, steps, epoch;
} yg_rate_inputs;

/* One step of a formula: it takes values from the top of a stack, and puts one there. */
typedef struct yg_rate_step {
    enum {
        YG_RATE_CONSTANT, /* puts .constant */
        YG_RATE_INPUT,    /* puts input number .index, or a value that was stored */
        YG_RATE_STORE,    /* takes the top one, and stores it as number .index */
        YG_RATE_INFIX,    /* a sign, .expression, of the top one or two */
        YG_RATE_CALL,     /* .op of the top .count */
        YG_RATE_UNLESS,   /* takes the condition .expression; false: goes on at step .index */
        YG_RATE_GO_ON,    /* goes on at step .index */
    } kind;
    union {
        yg_term constant;
        struct {
            const yg_expression *expression;
            const yg_op *op;
            const yg_attr *attrs;
            size_t count;
        };
    };
    size_t index;
} yg_rate_step;

/* The most values that a formula has waiting at a time. */
#define YG_RATE_STACK 64
/* The most formulas of `where` that depend on the step. */
#define YG_RATE_TERMS 32

/* The most schedules in a list: a step looks for its own. */
#define YG_SCHEDULES_CAP 100

/* The schedule of a model's `train:` section, or the first one of a list. */
struct yg_schedule {
    yg_origin origin;                /* of its entry */
    const char *name;                /* of its type, or "formula" */
    const yg_definition *definition; /* NULL: the formula stands in the section itself */
    const char *written;             /* that formula, with vars replaced; NULL: there is none */
    int64_t warmup_steps;
    int64_t length_steps, length_epochs; /* in a list: how long it lasts, in one of them; the last
                                            one has both 0, and lasts to the end of the run */
    const yg_schedule *next;             /* the one after it; NULL: it is the last */
    yg_origin formula;                   /* of `rate:` or `formula:` */
    const char *terms[YG_RATE_TERMS];    /* the names of the formulas of `where` */
    size_t term_count;
    yg_rate_step *steps;
    size_t count;
    size_t depth; /* of the stack, while the steps are made */
};

/* The keys of `schedule:` that all types have, for documents. (schedules.c) */
extern const yg_setting_group yg_schedule_settings;

/* The schedule, or NULL if the model has none. It belongs to the model. */
const yg_schedule *yg_model_schedule(const yg_model *model);
/* Computes the formula. Nothing is allocated. False, with the place in the formula, where it has no
 * number. */
bool yg_rate_compute(const yg_schedule *schedule, const yg_rate_inputs *inputs, double *rate,
                     yg_error *error);

#endif
