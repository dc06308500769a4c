/*
 * yamlgrad's side of `./dev bench ops`: single operators, forward and with gradient. One process
 * measures many calls. A call is a model file of fixed shapes, whose outputs are its results.
 *
 *   operator [ROUND_SECONDS]
 *
 * Reads commands on stdin, one a line, and answers each with one line of JSON:
 *
 *   load SLOT f|g MODEL [INPUT=LOW:HIGH]…   compiles the call. f: its results; g: also the gradient
 *                                           of every float input, for given cotangents
 *   run SLOT                                times a round: {"seconds": of one repetition}
 *   free SLOT
 *   bandwidth                               what this machine can do at best
 */
#include "../graph/program.h"
#include "../graph/version.h"
#include "../models/model.h"
#include "../ops/build.h"
#include "bandwidth.h"
#include "protocol.h"
#include "synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 256, MOST_INPUTS = 64, MOST_RESULTS = 64, LINE_BYTES = 4096, CHECKED = 4096 };
enum { STREAM_COTANGENTS = 50, STREAM_CHECK = 77 };

/* The values of an input, by its name. */
typedef struct range {
    const char *name;
    double low, high;
} range;

typedef struct call {
    yg_model *model;
    yg_network *network;
    yg_graph *graph; /* the network's */
    size_t input_count, result_count, output_count;
    const yg_tensor_name *inputs, *results;
    yg_node cotangents[MOST_RESULTS]; /* YG_NONE: of a result that has none */
    yg_node outputs[MOST_RESULTS + MOST_INPUTS];
    yg_program *program;
    long repetitions; /* that fill a round; 0: not known yet */
    uint64_t step;
} call;

static void call_free(call *call) {
    yg_program_free(call->program);
    yg_network_free(call->network);
    yg_model_free(call->model);
    *call = (struct call){0};
}

/* ---------------------------------------------------------------------------------- building -- */

static bool open_model(const char *path, call *call, yg_error *error) {
    const yg_network_options options = {.training = true, .outputs_only = true, .dtype = YG_F32};
    call->model = yg_model_load(path, NULL, error);
    if (!call->model)
        return false;
    call->network = yg_network_build(call->model, &options, error);
    if (!call->network)
        return false;
    call->graph = yg_network_graph(call->network);
    call->inputs = yg_network_inputs(call->network, &call->input_count);
    call->results = yg_network_outputs(call->network, &call->result_count);
    if (call->input_count > MOST_INPUTS || call->result_count > MOST_RESULTS)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "%s has too many inputs or outputs",
                       path);
    for (size_t i = 0; i < call->result_count; i++)
        call->outputs[call->output_count++] = call->results[i].node;
    return true;
}

static bool is_float(const yg_graph *graph, yg_node node) {
    return yg_dtype_is_float(yg_node_type(graph, node)->dtype);
}

/* What is differentiated: the result itself if there is one, or else the sum of the products of
 * results and cotangents. */
static yg_node weighted_sum(call *call, yg_node *cotangent) {
    yg_node sum = YG_NONE, only = YG_NONE;
    size_t count = 0;
    for (size_t i = 0; i < call->result_count; i++) {
        call->cotangents[i] = YG_NONE;
        if (!is_float(call->graph, call->results[i].node))
            continue;
        char name[32];
        snprintf(name, sizeof name, "cotangent.%zu", i);
        only = call->results[i].node;
        call->cotangents[i] = yg_input(call->graph, name, yg_node_type(call->graph, only));
        *cotangent = call->cotangents[i];
        const yg_node part =
            yg_sum(call->graph, yg_multiply(call->graph, only, *cotangent), NULL, 0, false);
        sum = count++ == 0 ? part : yg_add(call->graph, sum, part);
    }
    if (count == 1)
        return only;
    *cotangent = YG_NONE;
    return sum;
}

static bool add_gradient(call *call, yg_error *error) {
    yg_node wrt[MOST_INPUTS], gradients[MOST_INPUTS], cotangent = YG_NONE;
    size_t count = 0;
    for (size_t i = 0; i < call->input_count; i++) {
        if (is_float(call->graph, call->inputs[i].node))
            wrt[count++] = call->inputs[i].node;
    }
    const yg_node y = weighted_sum(call, &cotangent);
    if (y == YG_NONE || !yg_grad(call->graph, y, cotangent, wrt, count, gradients)) {
        const yg_error *failure = yg_graph_error(call->graph);
        return failure ? yg_fail_as(error, failure)
                       : yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "no result is a float");
    }
    const size_t before = call->output_count;
    for (size_t i = 0; i < count; i++) {
        if (gradients[i] != YG_NONE)
            call->outputs[call->output_count++] = gradients[i];
    }
    return call->output_count > before ||
           yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "no input has a gradient");
}

/* ----------------------------------------------------------------------------------- values -- */

static void fill(call *call, yg_node node, uint32_t stream, double low, double high) {
    void *data = yg_program_data(call->program, node);
    const yg_type *type = yg_node_type(call->graph, node);
    const int64_t count = yg_type_count(type);
    for (int64_t i = 0; data && i < count; i++) {
        const double u = uniform(stream, i);
        if (type->dtype == YG_F32)
            ((float *)data)[i] = (float)(low + (high - low) * u);
        else if (yg_dtype_is_float(type->dtype))
            yg_element_set(type->dtype, data, i, low + (high - low) * u);
        else if (type->dtype == YG_BOOL)
            yg_element_set(type->dtype, data, i, u < 0.5);
        else
            yg_element_set(type->dtype, data, i, floor(low + (high - low + 1) * u));
    }
}

static void fill_all(call *call, const range *ranges, size_t range_count) {
    for (size_t i = 0; i < call->input_count; i++) {
        double low = -2, high = 2;
        for (size_t r = 0; r < range_count; r++) {
            if (strcmp(ranges[r].name, call->inputs[i].name) == 0)
                low = ranges[r].low, high = ranges[r].high;
        }
        fill(call, call->inputs[i].node, STREAM_DATA + (uint32_t)i, low, high);
    }
    for (size_t i = 0; i < call->result_count; i++) {
        if (call->cotangents[i] != YG_NONE)
            fill(call, call->cotangents[i], STREAM_COTANGENTS + (uint32_t)i, -1, 1);
    }
}

/* An output may be an operand, a cotangent, or another output: nothing is written for it. */
static bool is_written(const call *call, size_t output) {
    const yg_node node = call->outputs[output];
    for (size_t i = 0; i < output; i++) {
        if (call->outputs[i] == node)
            return false;
    }
    return !yg_node_is_input(call->graph, node);
}

/* The answer to "load": of each output the weighted sum of some elements, the sum of their weighted
 * absolute values, and how many of them are not finite; and what the call costs. */
static void print_loaded(call *call) {
    double bytes[2] = {0, 0}; /* read, written */
    printf("{\"check\": [");
    for (size_t i = 0; i < call->output_count; i++) {
        const yg_type *type = yg_node_type(call->graph, call->outputs[i]);
        const void *data = yg_program_data(call->program, call->outputs[i]);
        const int64_t count = yg_type_count(type), stride = count > CHECKED ? count / CHECKED : 1;
        double sum = 0, absolute = 0;
        int strange = 0;
        for (int64_t k = 0; k < CHECKED && k * stride < count; k++) {
            const double value = yg_element_get(type->dtype, data, k * stride);
            const double weight = 0.5 + uniform(STREAM_CHECK, k);
            if (!isfinite(value)) {
                strange++;
                continue;
            }
            sum += weight * value;
            absolute += weight * fabs(value);
        }
        printf("%s[%.9g, %.9g, %d]", i == 0 ? "" : ", ", sum, absolute, strange);
        if (is_written(call, i))
            bytes[1] += (double)yg_type_bytes(type);
    }
    for (size_t i = 0; i < call->input_count + call->result_count; i++) {
        const yg_node node =
            i < call->input_count ? call->inputs[i].node : call->cotangents[i - call->input_count];
        if (node != YG_NONE && yg_program_data(call->program, node))
            bytes[0] += (double)yg_type_bytes(yg_node_type(call->graph, node));
    }
    const yg_program_stats stats = yg_program_get_stats(call->program);
    printf("], \"read\": %.0f, \"written\": %.0f, \"flops\": %.0f, \"instructions\": %zu, "
           "\"version\": \"%s\"}\n",
           bytes[0], bytes[1], stats.flops, stats.instructions, yg_version());
}

/* -------------------------------------------------------------------------------- commands -- */

static bool load(call *call, bool gradient, const char *path, const range *ranges,
                 size_t range_count, yg_error *error) {
    const yg_compile_options options = {.threads = 1};
    for (size_t i = 0; i < MOST_RESULTS; i++)
        call->cotangents[i] = YG_NONE;
    if (!open_model(path, call, error) || (gradient && !add_gradient(call, error)))
        return false;
    call->program =
        yg_compile(call->graph, call->outputs, call->output_count, NULL, 0, &options, error);
    if (!call->program)
        return false;
    fill_all(call, ranges, range_count);
    if (!yg_program_run(call->program, 0, call->step++, error))
        return false;
    print_loaded(call);
    return true;
}

static bool repeat(call *call, double *seconds, yg_error *error) {
    const double start = now();
    for (long i = 0; i < call->repetitions; i++) {
        if (!yg_program_run(call->program, 0, call->step++, error))
            return false;
    }
    *seconds = now() - start;
    return true;
}

/* Times repetitions for about `round_seconds`. The first round finds out how many these are. */
static bool run(call *call, double round_seconds, yg_error *error) {
    double seconds;
    if (call->repetitions == 0)
        call->repetitions = 1;
    for (;;) {
        if (!repeat(call, &seconds, error))
            return false;
        if (seconds >= round_seconds / 2)
            break;
        const double wanted = (double)call->repetitions * round_seconds / (seconds + 1e-9);
        const double most = 10.0 * (double)call->repetitions;
        call->repetitions = (long)(wanted < most ? wanted : most) + 1;
    }
    printf("{\"seconds\": %.9g}\n", seconds / (double)call->repetitions);
    return true;
}

/* The words of a line. Returns how many there are. */
static size_t split_line(char *line, char **words, size_t room) {
    size_t count = 0;
    for (char *word = strtok(line, " \n"); word && count < room; word = strtok(NULL, " \n"))
        words[count++] = word;
    return count;
}

/* Reads NAME=LOW:HIGH, and cuts the text after the name. */
static bool read_range(char *text, range *range) {
    char *equals = strchr(text, '=');
    if (!equals)
        return false;
    char *end;
    *equals = '\0';
    range->name = text;
    range->low = strtod(equals + 1, &end);
    if (*end != ':')
        return false;
    range->high = strtod(end + 1, &end);
    return *end == '\0';
}

static bool wrong_command(yg_error *error) {
    return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                   "expected load SLOT f|g MODEL [INPUT=LOW:HIGH]…, run SLOT, free SLOT or "
                   "bandwidth");
}

static bool obey(char *line, call *calls, double round_seconds, yg_error *error) {
    char *words[MOST_INPUTS + 4];
    range ranges[MOST_INPUTS];
    long slot;
    const size_t count = split_line(line, words, MOST_INPUTS + 4);
    if (count == 1 && strcmp(words[0], "bandwidth") == 0)
        return print_bandwidth(error);
    if (count < 2 || !read_count(words[1], 0, SLOTS - 1, &slot))
        return wrong_command(error);
    call *call = &calls[slot];
    if (strcmp(words[0], "free") == 0) {
        call_free(call);
        printf("{}\n");
        return true;
    }
    if (strcmp(words[0], "run") == 0 && call->program)
        return run(call, round_seconds, error);
    if (strcmp(words[0], "load") != 0 || count < 4 || strlen(words[2]) != 1)
        return wrong_command(error);
    for (size_t i = 4; i < count; i++) {
        if (!read_range(words[i], &ranges[i - 4]))
            return wrong_command(error);
    }
    call_free(call);
    return load(call, words[2][0] == 'g', words[3], ranges, count - 4, error);
}

int main(int argc, char **argv) {
    static call calls[SLOTS];
    static char line[LINE_BYTES];
    const double round_seconds = argc > 1 ? strtod(argv[1], NULL) : 0.01;
    while (fgets(line, sizeof line, stdin)) {
        yg_error error = {0};
        if (!obey(line, calls, round_seconds, &error))
            report_error(&error);
        fflush(stdout);
    }
    for (size_t i = 0; i < SLOTS; i++)
        call_free(&calls[i]);
    return EXIT_SUCCESS;
}
