/*
 * Gradients against central differences: see gradients.h.
 *
 * In float64, for an element p of a parameter and h = 6e-6 · max(1, |p|), the cube root of the
 * precision, which balances truncation and rounding:
 *
 *   difference = (loss(p + h) - loss(p - h)) / 2h
 *
 * An element passes if |gradient - difference| <= 1e-6 · max(1, |difference|, |loss|). Rounding in
 * the loss alone makes an error of |loss| · 1e-16 / h = 2e-11 |loss|, truncation one of h² ·
 * f'''/6.
 *
 * A step that crosses a kink, such as relu's at 0, gives a difference that is neither slope. So an
 * element that fails is tried again with steps 100 and 10,000 times smaller, at a tolerance that
 * grows with the rounding. An element at a kink itself has two slopes. It passes with either, or
 * with one between them. A kink may also be one of several elements together: where three are
 * equal, the slope of max() by one of them depends on how the others move. So the last resort is to
 * look at the slopes at random points nearby. A gradient between the lowest and the highest is
 * right.
 */
#include "../graph/random.h"
#include "encoding.h"
#include "executable.h"
#include "settings.h"
#include "source.h"
#include "weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double STEP = 6e-6, TOLERANCE = 1e-6, PRECISION = 2.3e-16;
/* The step of one-sided differences. Rounding makes an error of 16 · 2e-16 / 6e-8 = 6e-8 of the
 * loss, curvature one of 6e-8 of the second derivative. */
static const double KINK_STEP = 6e-8;
/* How far the points around a kink are from it: far beyond KINK_STEP. */
static const double NEARBY = 1e-6;
enum { EXAMPLES = 8, ELEMENTS = 64, RETRIES = 3, POINTS = 16 };

/* --------------------------------------------------------------------------------- checking --- */

typedef struct checker {
    yg_executable *executable;
    yg_tensor_file store;
    double loss;   /* at the parameters as they are */
    uint64_t seed; /* of the elements that are compared */
    yg_error *error;
} checker;

static bool loss_at(const checker *c, double *value, double moved, double *loss) {
    *value = moved;
    if (!yg_executable_run(c->executable, 0, 0, c->error))
        return false;
    *loss = yg_result_scalar(&c->executable->loss);
    return true;
}

/* The central difference with a step of `h` at *value, which is put back. */
static bool difference_at(const checker *c, double *value, double h, double *difference) {
    const double kept = *value;
    double up, down;
    /* h as it is after rounding, so that the quotient's denominator is exact. */
    const volatile double above = kept + h, below = kept - h;
    const bool good = loss_at(c, value, above, &up) && loss_at(c, value, below, &down);
    *value = kept;
    if (good)
        *difference = (up - down) / (above - below);
    return good;
}

/* Whether *value is at a kink: the slopes to both sides differ by more than curvature and rounding
 * can explain. Then what is between them is right, as the derivative of relu at 0 may be 0 or 1. */
static bool is_kink(const checker *c, double *value, double gradient, bool *kink) {
    const double kept = *value, h = KINK_STEP * fmax(1, fabs(kept));
    double at, up, down;
    const volatile double above = kept + h, below = kept - h;
    const bool good = loss_at(c, value, kept, &at) && loss_at(c, value, above, &up) &&
                      loss_at(c, value, below, &down);
    *value = kept;
    if (!good)
        return false;
    const double right = (up - at) / (above - kept), left = (at - down) / (kept - below);
    const double scale = fmax(fmax(1, fabs(c->loss)), fmax(fabs(right), fabs(left)));
    const double allowed = 1e-5 * scale;
    *kink = fabs(right - left) > allowed && gradient >= fmin(left, right) - allowed &&
            gradient <= fmax(left, right) + allowed;
    return true;
}

/* Moves all parameters to a random point nearby, number `point`, or back from it. */
static void move_all(const checker *c, double *const *kept, uint64_t point, bool back) {
    for (size_t t = 0; t < c->store.count; t++) {
        double *data = c->store.tensors[t].data;
        const uint64_t stream = yg_random_key(c->store.tensors[t].name) + point;
        for (int64_t i = 0; i < yg_type_count(&c->store.tensors[t].type); i++) {
            const double share = yg_random_uniform(c->seed, stream, (uint64_t)i) - 0.5;
            data[i] = back ? kept[t][i] : kept[t][i] + NEARBY * share * fmax(1, fabs(kept[t][i]));
        }
    }
}

/* Whether *value is at a kink of several elements: see the top of the file. */
static bool is_joint_kink(const checker *c, double *const *kept, double *value, double gradient,
                          bool *kink) {
    double low = (double)INFINITY, high = -(double)INFINITY;
    bool good = true;
    for (uint64_t point = 1; good && point <= POINTS; point++) {
        double slope = 0;
        move_all(c, kept, point, false);
        good = difference_at(c, value, KINK_STEP * fmax(1, fabs(*value)), &slope);
        low = fmin(low, slope);
        high = fmax(high, slope);
    }
    move_all(c, kept, 0, true);
    const double scale = fmax(fmax(1, fabs(c->loss)), fmax(fabs(low), fabs(high)));
    const double allowed = 1e-5 * scale;
    *kink = high - low > allowed && gradient >= low - allowed && gradient <= high + allowed;
    return good;
}

/* Copies the parameters, and asks is_joint_kink(). */
static bool look_nearby(const checker *c, double *value, double gradient, bool *kink) {
    double **kept = calloc(c->store.count + 1, sizeof *kept);
    bool good = kept || yg_fail_memory(c->error);
    for (size_t t = 0; good && t < c->store.count; t++) {
        const size_t bytes = (size_t)yg_type_bytes(&c->store.tensors[t].type);
        kept[t] = calloc(1, bytes + 1);
        good = kept[t] || yg_fail_memory(c->error);
        if (good && bytes)
            memcpy(kept[t], c->store.tensors[t].data, bytes);
    }
    good = good && is_joint_kink(c, kept, value, gradient, kink);
    for (size_t t = 0; kept && t < c->store.count; t++)
        free(kept[t]);
    free(kept);
    return good;
}

/* `nearby`: the last resort is worth its time. */
static bool check_element(const checker *c, double *value, double gradient, double *difference,
                          bool nearby, bool *passed, bool *kink) {
    double h = STEP * fmax(1, fabs(*value));
    double scale = fmax(1, fabs(c->loss));
    *passed = *kink = false;
    for (int i = 0; i < RETRIES && !*passed; i++, h /= 100) {
        double now;
        if (!difference_at(c, value, h, &now))
            return false;
        const double rounding = 16 * PRECISION * scale / h;
        const double allowed = TOLERANCE * fmax(scale, fabs(now)) + (i ? rounding : 0);
        *passed = fabs(gradient - now) <= allowed;
        if (i == 0 || *passed)
            *difference = now;
    }
    if (!*passed && !is_kink(c, value, gradient, kink))
        return false;
    if (!*passed && !*kink && nearby && isfinite(gradient) &&
        !look_nearby(c, value, gradient, kink))
        return false;
    *passed = *passed || *kink;
    return true;
}

/* The element to compare in stretch i of `count`, drawn by the seed. With equal steps between
 * elements, all of them could lie in one column of a weight. */
static int64_t draw_element(uint64_t seed, const char *name, int64_t i, int64_t count,
                            int64_t elements) {
    const int64_t each = elements / count, more = elements % count;
    const int64_t begin = i * each + (i < more ? i : more), size = each + (i < more);
    return begin + (int64_t)yg_random_below(seed, yg_random_key(name), (uint64_t)i, (uint64_t)size);
}

static void note_worst(yg_gradient_check *check, int64_t index, double gradient, double difference,
                       bool passed) {
    double wrong = fabs(gradient - difference) / fmax(1, fabs(difference));
    if (!(wrong == wrong))
        wrong = (double)INFINITY;
    /* A failure counts for more than any element that passed. */
    if (check->worst_index >= 0 &&
        (check->passed ? passed && wrong <= check->worst : passed || wrong <= check->worst))
        return;
    check->worst = wrong;
    check->worst_index = index;
    check->gradient = gradient;
    check->difference = difference;
}

static bool check_parameter(const checker *c, const yg_result *result, const double *gradient,
                            int64_t limit, yg_gradient_check *check) {
    const yg_tensor *tensor = yg_tensor_find(&c->store, result->name);
    const int64_t elements = yg_type_count(&result->type);
    check->name = strdup(result->name);
    if (!check->name || !tensor)
        return yg_fail_memory(c->error);
    check->passed = true;
    check->elements = elements;
    check->compared = elements < limit ? elements : limit;
    check->worst_index = -1;
    check->line = result->origin.line;
    check->column = result->origin.column;
    check->file = result->origin.file;
    for (int64_t i = 0; i < check->compared; i++) {
        const int64_t index = draw_element(c->seed, check->name, i, check->compared, elements);
        double difference = 0;
        bool passed, kink;
        /* After a gradient that is wrong, the parameter has failed whatever the others are. */
        if (!check_element(c, (double *)tensor->data + index, gradient[index], &difference,
                           check->passed, &passed, &kink))
            return false;
        check->kinks += kink;
        if (!kink)
            note_worst(check, index, gradient[index], difference, passed);
        check->passed = check->passed && passed;
    }
    return true;
}

/* The gradients are copied first: a later run may use their buffers. */
static bool check_all(checker *c, int64_t limit, yg_gradient_checks *checks) {
    yg_executable *executable = c->executable;
    checks->parameters = calloc(executable->gradient_count + 1, sizeof *checks->parameters);
    double **copies = calloc(executable->gradient_count + 1, sizeof *copies);
    bool good = checks->parameters && copies ? yg_executable_run(executable, 0, 0, c->error)
                                             : yg_fail_memory(c->error);
    c->loss = checks->loss = good ? yg_result_scalar(&executable->loss) : 0;
    if (good && !isfinite(c->loss))
        good = yg_fail(c->error, YG_ERROR_NUMERIC, YG_NOWHERE,
                       "the loss is not finite at these parameters, so there is no gradient to "
                       "check");
    for (size_t i = 0; i < executable->gradient_count && good; i++) {
        const size_t bytes = (size_t)yg_type_bytes(&executable->gradients[i].type);
        copies[i] = calloc(1, bytes + 1);
        good = copies[i] || yg_fail_memory(c->error);
        if (good && executable->gradients[i].data && bytes)
            memcpy(copies[i], executable->gradients[i].data, bytes);
    }
    checks->passed = true;
    for (size_t i = 0; i < executable->gradient_count && good; i++) {
        checks->count = i + 1;
        good =
            check_parameter(c, &executable->gradients[i], copies[i], limit, &checks->parameters[i]);
        checks->passed = checks->passed && checks->parameters[i].passed;
    }
    for (size_t i = 0; copies && i < executable->gradient_count; i++)
        free(copies[i]);
    free(copies);
    return good;
}

/* What training would refuse is refused here too. */
static bool check_settings(const yg_model *model, const yg_data *data, yg_error *error) {
    yg_settings settings;
    yg_rate_plan rates;
    if (!yg_model_section(model, "train"))
        return true;
    return yg_settings_read_step(model, &settings, error) &&
           (!yg_model_section(model, "data") ||
            (yg_monitor_check(&settings.monitor, data->validation.count > 0, error) &&
             yg_settings_plan(model, data->train.count, &settings, &rates, error)));
}

static bool check(checker *c, const yg_model *model, const yg_data *data,
                  const yg_gradients_options *options, yg_gradient_checks *checks) {
    const int64_t examples = data->train.count < EXAMPLES ? data->train.count : EXAMPLES;
    const yg_executable_options executable_options = {.model = model,
                                                      .data = data,
                                                      .dtype = YG_F64,
                                                      .threads = options->threads,
                                                      .gradients = true};
    checks->examples = examples;
    c->executable = yg_executable_new(&executable_options, examples, c->error);
    c->seed = options->has_seed ? options->seed : 0;
    if (!c->executable ||
        !yg_gradients_parameters(model, options, c->executable, &c->store, c->error) ||
        !yg_executable_bind(c->executable, &c->store, c->error))
        return false;
    int64_t order[EXAMPLES]; /* spread evenly: files are often sorted by class */
    for (int64_t i = 0; i < examples; i++)
        order[i] = i * (data->train.count / examples);
    yg_dataset_copy(&data->train, order, 0, examples, c->executable->feeds,
                    c->executable->feed_count);
    return check_all(c, options->elements > 0 ? options->elements : ELEMENTS, checks);
}

bool yg_check_gradients(const yg_model *model, const yg_gradients_options *options,
                        yg_gradient_checks *checks, yg_error *error) {
    static const yg_gradients_options defaults = {0};
    yg_data data = {0};
    checker c = {.error = error};
    if (!options)
        options = &defaults;
    *checks = (yg_gradient_checks){.passed = true,
                                   .random_data = !yg_model_section(model, "data"),
                                   .has_loss = yg_model_section(model, "loss") != NULL};
    /* Every symbolic dimension gets the size 3: small, and not 1, which would hide mistakes. */
    static const yg_invention invention = {.examples = EXAMPLES, .otherwise = 3};
    bool good = checks->random_data
                    ? yg_data_invent(model, YG_F64, &invention, &data, error)
                    : yg_encoding_load_data(model, options->weights, YG_F64, &data, error);
    good = good && check_settings(model, &data, error) &&
           (!checks->has_loss || check(&c, model, &data, options, checks));
    if (!good)
        yg_gradient_checks_free(checks);
    yg_executable_free(c.executable);
    yg_tensor_file_free(&c.store);
    yg_data_free(&data);
    return good;
}

void yg_gradient_checks_free(yg_gradient_checks *checks) {
    for (size_t i = 0; i < checks->count; i++)
        free(checks->parameters[i].name);
    free(checks->parameters);
    *checks = (yg_gradient_checks){0};
}
