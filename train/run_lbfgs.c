/*
 * A run by L-BFGS: see run_lbfgs.h.
 */
#include "run_lbfgs.h"

#include "optimizer_update.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct yg_run_lbfgs {
    yg_lbfgs lbfgs;
    double *x; /* [lbfgs.count] */
    yg_run *run;
    yg_executable *executable; /* that of the step */
    size_t part_count;
    struct part {
        size_t gradient; /* its number in the executable */
        yg_dtype dtype;
        size_t count;
        void *parameter; /* in the store */
    } * parts;
};

/* -------------------------------------------------------------------------------- evaluating ---
 */

static void put_parameters(const yg_run_lbfgs *l, const double *x) {
    for (size_t p = 0; p < l->part_count; x += l->parts[p++].count)
        for (size_t i = 0; i < l->parts[p].count; i++)
            yg_element_set(l->parts[p].dtype, l->parts[p].parameter, (int64_t)i, x[i]);
}

static void get_parameters(const yg_run_lbfgs *l, double *x) {
    for (size_t p = 0; p < l->part_count; x += l->parts[p++].count)
        for (size_t i = 0; i < l->parts[p].count; i++)
            x[i] = yg_element_get(l->parts[p].dtype, l->parts[p].parameter, (int64_t)i);
}

/* The same step number in each evaluation: dropout must not change under the search. */
static bool run_program(const yg_run_lbfgs *l, yg_error *error) {
    return yg_executable_run(l->executable, l->run->settings.seed, (uint64_t)l->run->at.steps,
                             error);
}

static bool evaluate(void *context, const double *x, double *loss, double *gradient,
                     yg_error *error) {
    const yg_run_lbfgs *l = context;
    put_parameters(l, x);
    if (!run_program(l, error))
        return false;
    *loss = yg_result_scalar(&l->executable->loss);
    for (size_t p = 0; p < l->part_count; gradient += l->parts[p++].count) {
        const yg_result *result = &l->executable->gradients[l->parts[p].gradient];
        for (size_t i = 0; i < l->parts[p].count; i++)
            gradient[i] = yg_element_get(result->type.dtype, result->data, (int64_t)i);
    }
    return true;
}

bool yg_run_lbfgs_step(yg_run_lbfgs *lbfgs, yg_run *run, yg_executable *executable, double lr,
                       yg_error *error) {
    double loss;
    lbfgs->run = run;
    lbfgs->executable = executable;
    get_parameters(lbfgs, lbfgs->x);
    if (!yg_lbfgs_step(&lbfgs->lbfgs, lr, lbfgs->x, &loss, error))
        return false;
    /* The last point that the search has looked at may be another one. */
    put_parameters(lbfgs, lbfgs->x);
    return run_program(lbfgs, error);
}

/* ------------------------------------------------------------------------------------- making --
 */

static bool check(const yg_run *run, const yg_executable *executable, yg_error *error) {
    const yg_settings *s = &run->settings;
    size_t states;
    yg_network_updates(executable->network, &states);
    if (run->data.train.count > s->batch_size && s->accumulate == 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, s->optimizer.origin,
                       "lbfgs needs all training examples in one batch; write `batch_size: %" PRId64
                       "`",
                       run->data.train.count);
    if (yg_gradient_terms_any(&s->terms))
        return yg_fail(error, YG_ERROR_ARGUMENT, s->optimizer.origin,
                       "lbfgs needs the gradients as they are; leave out `clip_grad_norm`, "
                       "`clip_grad_value`, `l1` and `l2`");
    if (s->accumulate > 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, s->optimizer.origin,
                       "lbfgs needs all training examples in one batch; leave out `accumulate`");
    if (s->average.written)
        return yg_fail(error, YG_ERROR_ARGUMENT, s->average.origin,
                       "lbfgs takes few and long steps, which are not averaged; leave out "
                       "`average`");
    return !states || yg_fail(error, YG_ERROR_ARGUMENT, s->optimizer.origin,
                              "lbfgs evaluates the loss several times a step, so the model may not "
                              "have states that training changes, as batch normalization has");
}

static bool list_parts(yg_run_lbfgs *l, const yg_run *run, const yg_executable *executable,
                       yg_error *error) {
    l->parts = calloc(executable->gradient_count + 1, sizeof *l->parts);
    if (!l->parts)
        return yg_fail_memory(error);
    for (size_t i = 0; i < executable->gradient_count; i++) {
        const yg_result *gradient = &executable->gradients[i];
        const yg_tensor *parameter = yg_tensor_find(&run->store, gradient->name);
        if (gradient->node == YG_NONE || !parameter)
            continue;
        const size_t count = (size_t)yg_type_count(&parameter->type);
        l->parts[l->part_count++] = (struct part){i, parameter->type.dtype, count, parameter->data};
        l->lbfgs.count += count;
    }
    return true;
}

/* Adds a tensor of doubles, which a checkpoint then holds. */
static double *add_state(yg_run *run, const char *name, size_t rows, size_t columns,
                         yg_error *error) {
    const int64_t shape[] = {(int64_t)rows, (int64_t)columns};
    yg_type type;
    if (!yg_type_make(YG_F64, 2, shape, &type, error))
        return NULL;
    return yg_tensor_file_add(&run->store, name, &type, NULL, error)
               ? yg_tensor_find(&run->store, name)->data
               : NULL;
}

static bool add_states(yg_run_lbfgs *l, yg_run *run, yg_error *error) {
    yg_lbfgs_state *s = &l->lbfgs.state;
    const size_t n = l->lbfgs.count, history = (size_t)l->lbfgs.options.history_size;
    return (s->direction = add_state(run, "@d", 1, n, error)) &&
           (s->last_gradient = add_state(run, "@prev_flat_grad", 1, n, error)) &&
           (s->gradient_changes = add_state(run, "@old_dirs", history, n, error)) &&
           (s->steps = add_state(run, "@old_stps", history, n, error)) &&
           (s->ro = add_state(run, "@ro", 1, history, error)) &&
           (s->scalars = add_state(run, "@lbfgs", 1, YG_LBFGS_SCALARS, error));
}

yg_run_lbfgs *yg_run_lbfgs_new(yg_run *run, const yg_executable *executable, yg_error *error) {
    if (!check(run, executable, error))
        return NULL;
    yg_run_lbfgs *l = calloc(1, sizeof *l);
    if (!l) {
        yg_fail_memory(error);
        return NULL;
    }
    l->lbfgs = (yg_lbfgs){.options = yg_optimizer_lbfgs(&run->settings.optimizer),
                          .evaluate = evaluate,
                          .context = l};
    bool good = list_parts(l, run, executable, error) && add_states(l, run, error) &&
                yg_lbfgs_begin(&l->lbfgs, error);
    if (good && !(l->x = calloc(l->lbfgs.count + 1, sizeof *l->x)))
        good = yg_fail_memory(error);
    if (good)
        return l;
    yg_run_lbfgs_free(l);
    return NULL;
}

void yg_run_lbfgs_free(yg_run_lbfgs *lbfgs) {
    if (!lbfgs)
        return;
    yg_lbfgs_end(&lbfgs->lbfgs);
    free(lbfgs->parts);
    free(lbfgs->x);
    free(lbfgs);
}
