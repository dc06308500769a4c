/*
 * Gradients against central differences: see gradients.h.
 *
 * A number of elements of each parameter stand for it (spread.h). The gradient of each is compared
 * with difference quotients (difference.h). Where it does not agree, or the loss bends, the element
 * is a suspect and is looked at again (suspects.h):
 *
 *   it agrees here, and is not wrong nearby             it is right
 *   it disagrees at a kink, and is not wrong nearby     it is left out: no difference can tell
 *   it disagrees before a stop_gradient (stopped.h)     it is left out, too
 *   anything else                                       it is wrong
 *
 * A model without a loss gets one: its outputs times random numbers.
 */
#include "../data/encoding_file.h"
#include "../data/source.h"
#include "../graph/random.h"
#include "executable.h"
#include "run.h"
#include "spread.h"
#include "stopped.h"
#include "suspects.h"
#include "weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Without `--elements`: at most ELEMENTS of a parameter. The cost is a few forward passes an
 * element, so a model of many parameters gets fewer of each: about IN_ALL, but at least FEWEST. */
enum { EXAMPLES = 8, ELEMENTS = 64, IN_ALL = 1024, FEWEST = 4 };

typedef struct checker {
    yg_executable *gradients; /* computes loss and gradients */
    yg_executable *losses;    /* computes the loss alone, which costs a third */
    yg_tensor_file store;
    yg_probe probe;
    uint64_t seed; /* of the elements that are compared */
    yg_suspects suspects;
    double **copies; /* of the gradients: a later run may use their buffers */
    yg_error *error;
} checker;

static void note(yg_gradient_check *check, int64_t index, double gradient, double difference,
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

static bool compare_element(checker *c, size_t parameter, double *data, int64_t index,
                            yg_gradient_check *check) {
    yg_suspect suspect = {
        .parameter = parameter, .index = index, .gradient = c->copies[parameter][index]};
    if (!yg_probe_compare(&c->probe, data + index, suspect.gradient, &suspect.here))
        return false;
    if (!suspect.here.agrees || suspect.here.bent)
        return yg_suspects_add(&c->suspects, &suspect, c->error);
    check->compared++;
    note(check, index, suspect.gradient, suspect.here.difference, true);
    return true;
}

static bool check_parameter(checker *c, size_t parameter, int64_t limit, yg_gradient_check *check) {
    const yg_result *result = &c->gradients->gradients[parameter];
    const yg_tensor *tensor = yg_tensor_find(&c->store, result->name);
    const int64_t elements = yg_type_count(&result->type);
    const int64_t count = elements < limit ? elements : limit;
    int64_t *chosen = calloc((size_t)count + 1, sizeof *chosen);
    *check = (yg_gradient_check){.name = strdup(result->name),
                                 .passed = true,
                                 .elements = elements,
                                 .worst_index = -1,
                                 .line = result->origin.line,
                                 .column = result->origin.column,
                                 .file = result->origin.file};
    bool good = (check->name && tensor && chosen &&
                 yg_spread(&result->type, c->seed, yg_random_key(result->name), count, chosen)) ||
                yg_fail_memory(c->error);
    for (int64_t i = 0; good && i < count; i++)
        good = compare_element(c, parameter, tensor->data, chosen[i], check);
    free(chosen);
    return good;
}

/* Decides what a suspect is: see the top of the file. */
static void judge(const yg_suspect *s, bool stopped, yg_gradient_check *check) {
    const bool wrong = !s->here.agrees || s->wrong;
    if (stopped && wrong && isfinite(s->gradient)) {
        check->stopped++;
        return;
    }
    if (!s->here.agrees && !s->wrong && s->kink) {
        check->kinks++;
        return;
    }
    if (s->here.agrees && s->wrong)
        note(check, s->index, s->nearby, s->difference, false);
    else
        note(check, s->index, s->gradient, s->here.difference, s->here.agrees);
    if (check->worst_index == s->index)
        check->nearby = s->here.agrees && s->wrong;
    check->passed = check->passed && s->here.agrees && !s->wrong;
    check->compared++;
}

/* Runs the loss and the gradients at the parameters as they are, and copies the gradients. */
static bool run_here(checker *c, yg_gradient_checks *checks) {
    const yg_executable *gradients = c->gradients;
    c->copies = calloc(gradients->gradient_count + 1, sizeof *c->copies);
    if (!c->copies)
        return yg_fail_memory(c->error);
    if (!yg_executable_run(c->gradients, c->probe.seed, 0, c->error) ||
        !yg_probe_loss(&c->probe, &c->probe.loss))
        return false;
    checks->loss = c->probe.loss;
    if (!isfinite(c->probe.loss))
        return yg_fail(c->error, YG_ERROR_NUMERIC, yg_executable_loss_origin(gradients),
                       "the loss is not finite at these parameters, so there is no gradient to "
                       "check");
    for (size_t i = 0; i < gradients->gradient_count; i++) {
        const size_t bytes = (size_t)yg_type_bytes(&gradients->gradients[i].type);
        c->copies[i] = calloc(1, bytes + 1);
        if (!c->copies[i])
            return yg_fail_memory(c->error);
        if (gradients->gradients[i].data && bytes)
            memcpy(c->copies[i], gradients->gradients[i].data, bytes);
    }
    return true;
}

static bool judge_all(checker *c, yg_gradient_checks *checks) {
    yg_graph *graph = yg_network_graph(c->gradients->network);
    size_t count, trainable = 0;
    const yg_network_parameter *parameters = yg_network_parameters(c->gradients->network, &count);
    bool *stopped = yg_stopped_nodes(graph, c->gradients->forward_end);
    bool *by_gradient = calloc(count + 1, sizeof *by_gradient);
    for (size_t i = 0; stopped && by_gradient && i < count; i++)
        if (parameters[i].trainable)
            by_gradient[trainable++] = stopped[parameters[i].node];
    for (size_t i = 0; stopped && by_gradient && i < c->suspects.count; i++) {
        const yg_suspect *s = &c->suspects.list[i];
        judge(s, by_gradient[s->parameter], &checks->parameters[s->parameter]);
    }
    const bool good = stopped && by_gradient;
    free(stopped);
    free(by_gradient);
    return good || yg_fail_memory(c->error);
}

static bool check_all(checker *c, int64_t limit, yg_gradient_checks *checks) {
    const size_t count = c->gradients->gradient_count;
    checks->parameters = calloc(count + 1, sizeof *checks->parameters);
    bool good = checks->parameters ? run_here(c, checks) : yg_fail_memory(c->error);
    if (!limit) {
        limit = count ? IN_ALL / (int64_t)count : ELEMENTS;
        limit = limit > ELEMENTS ? ELEMENTS : limit < FEWEST ? FEWEST : limit;
    }
    for (size_t i = 0; i < count && good; i++) {
        checks->count = i + 1;
        good = check_parameter(c, i, limit, &checks->parameters[i]);
    }
    good = good && yg_suspects_examine(&c->suspects, &c->probe, c->gradients, &c->store, c->error);
    good = good && judge_all(c, checks);
    checks->passed = true;
    for (size_t i = 0; good && i < count; i++)
        checks->passed = checks->passed && checks->parameters[i].passed;
    return good;
}

/* ------------------------------------------------------------------------------- loading --- */

/* What training would refuse is refused here too, by the same calls. */
static bool check_training(const yg_model *model, const yg_gradients_options *options,
                           char **advice, yg_error *error) {
    yg_settings settings;
    if (!yg_model_section(model, "train"))
        return true;
    return yg_model_section(model, "data") ? yg_run_rehearse(model, options->threads, advice, error)
                                           : yg_settings_read(model, NULL, &settings, error);
}

/* Compiles the program of the gradients or that of the loss alone, and fills its inputs. */
static yg_executable *make_executable(checker *c, const yg_executable_options *options,
                                      const yg_data *data, int64_t examples) {
    yg_executable *executable = yg_executable_new(options, examples, c->error);
    yg_stream *stream = executable ? yg_stream_open(&data->train, c->error) : NULL;
    bool good = stream != NULL;
    for (int64_t i = 0; good && i < examples; i++) {
        /* Spread evenly: files are often sorted by class. */
        yg_stream_seek(stream, 0, i * (data->train.count / examples));
        good = yg_stream_next(stream, executable->feeds, executable->feed_count, i, 1, c->error);
    }
    yg_stream_close(stream);
    if (good)
        return executable;
    yg_executable_free(executable);
    return NULL;
}

static bool check(checker *c, const yg_model *model, const yg_data *data,
                  const yg_gradients_options *options, yg_gradient_checks *checks) {
    yg_executable_options executable_options = {.model = model,
                                                .data = data,
                                                .dtype = YG_F64,
                                                .threads = options->threads,
                                                .training = options->training,
                                                .random_loss = true,
                                                .gradients = true};
    const int64_t examples = data->train.count < EXAMPLES ? data->train.count : EXAMPLES;
    executable_options.length = yg_part_longest(&data->train, 0, data->train.count);
    checks->examples = examples;
    c->gradients = make_executable(c, &executable_options, data, examples);
    executable_options.gradients = false;
    c->losses = c->gradients ? make_executable(c, &executable_options, data, examples) : NULL;
    c->seed = options->has_seed ? options->seed : 0;
    c->probe = (yg_probe){.losses = c->losses, .error = c->error};
    return c->losses && yg_gradients_seed(model, options, &c->probe.seed, c->error) &&
           yg_gradients_parameters(model, options, c->gradients, &c->store, c->error) &&
           yg_executable_bind(c->gradients, &c->store, c->error) &&
           yg_executable_bind(c->losses, &c->store, c->error) &&
           check_all(c, options->elements, checks);
}

static void free_checker(checker *c) {
    for (size_t i = 0; c->copies && i < c->gradients->gradient_count; i++)
        free(c->copies[i]);
    free(c->copies);
    yg_suspects_free(&c->suspects);
    yg_executable_free(c->gradients);
    yg_executable_free(c->losses);
    yg_tensor_file_free(&c->store);
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
    bool good = check_training(model, options, &checks->advice, error) &&
                (checks->random_data
                     ? yg_data_invent(model, YG_F64, &invention, &data, error)
                     : yg_encoding_load_data(model, options->weights, YG_F64, &data, error)) &&
                check(&c, model, &data, options, checks);
    if (!good)
        yg_gradient_checks_free(checks);
    free_checker(&c);
    yg_data_free(&data);
    return good;
}

void yg_gradient_checks_free(yg_gradient_checks *checks) {
    for (size_t i = 0; i < checks->count; i++)
        free(checks->parameters[i].name);
    free(checks->parameters);
    free(checks->advice);
    *checks = (yg_gradient_checks){0};
}
