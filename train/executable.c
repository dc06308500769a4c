/*
 * Executables: see executable.h.
 */
#include "executable.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- building ---- */

static bool build_network(const yg_executable_options *options, yg_executable *executable,
                          yg_error *error) {
    const char *symbol = NULL;
    if (executable->batch && !yg_batch_symbol(options->model, &symbol, error))
        return false;
    yg_dim *dims = calloc(options->data->dim_count + 1, sizeof *dims);
    if (!dims)
        return yg_fail_memory(error);
    size_t count = 0;
    if (symbol)
        dims[count++] = (yg_dim){symbol, executable->batch};
    for (size_t i = 0; i < options->data->dim_count; i++)
        dims[count++] = options->data->dims[i];
    const yg_network_options network = {
        .dims = dims,
        .dim_count = count,
        .training = options->training,
        .outputs_only = options->outputs_only,
        .dtype = options->dtype,
        .graph_flags = options->graph_flags,
    };
    executable->network = yg_network_build(options->model, &network, error);
    free(dims);
    if (!executable->network)
        return false;
    executable->forward_end = executable->backward_end =
        (yg_node)yg_graph_size(yg_network_graph(executable->network));
    if (!options->outputs_only && yg_network_loss(executable->network) == YG_NONE)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){yg_model_path(options->model), 0, 0},
                       "the model has no `loss:`");
    return true;
}

/* Nodes that the program is to compute, and what becomes of them. */
typedef struct plan {
    size_t node_count;
    yg_node *nodes;
    size_t trainable;
    yg_node *parameters, *gradients; /* of the trainable ones */
} plan;

static void free_plan(plan *p) {
    free(p->nodes);
    free(p->parameters);
    free(p->gradients);
}

static bool differentiate(const yg_executable_options *options, yg_executable *executable, plan *p,
                          yg_error *error) {
    yg_graph *graph = yg_network_graph(executable->network);
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(executable->network, &count);
    p->parameters = calloc(count + 1, sizeof *p->parameters);
    p->gradients = calloc(count + 1, sizeof *p->gradients);
    if (!p->parameters || !p->gradients)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        if (parameters[i].trainable)
            p->parameters[p->trainable++] = parameters[i].node;
    if (!yg_grad(graph, yg_network_loss(executable->network), YG_NONE, p->parameters, p->trainable,
                 p->gradients))
        return yg_fail_as(error, yg_graph_error(graph));
    executable->backward_end = (yg_node)yg_graph_size(graph);
    if (!options->optimizer)
        return true;
    if (options->clip_grad_norm > 0 &&
        !yg_clip_grad_norm(graph, p->gradients, p->trainable, options->clip_grad_norm, error))
        return false;
    return yg_optimizer_build(options->optimizer, graph, p->parameters, p->gradients, p->trainable,
                              &executable->updates, error);
}

static bool list_nodes(const yg_executable_options *options, const yg_executable *executable,
                       plan *p, yg_error *error) {
    size_t metrics, outputs;
    const yg_tensor_name *metric = yg_network_metrics(executable->network, &metrics);
    const yg_tensor_name *output = yg_network_outputs(executable->network, &outputs);
    p->nodes = calloc(metrics + outputs + p->trainable + 1, sizeof *p->nodes);
    if (!p->nodes)
        return yg_fail_memory(error);
    if (options->outputs_only) {
        for (size_t i = 0; i < outputs; i++)
            p->nodes[p->node_count++] = output[i].node;
        return true;
    }
    p->nodes[p->node_count++] = yg_network_loss(executable->network);
    for (size_t i = 0; i < metrics; i++)
        p->nodes[p->node_count++] = metric[i].node;
    for (size_t i = 0; options->gradients && i < p->trainable; i++)
        if (p->gradients[i] != YG_NONE)
            p->nodes[p->node_count++] = p->gradients[i];
    return true;
}

/* -------------------------------------------------------------------------------- results ---- */

/* Where a result lies is told by point_results(), when parameters are bound: a result may be a
 * parameter or a view of one, and binding frees the buffer that the program had for it. */
static yg_result result_of(const yg_executable *executable, const char *name, yg_node node,
                           yg_origin origin) {
    return (yg_result){.name = name,
                       .node = node,
                       .type = *yg_node_type(yg_network_graph(executable->network), node),
                       .origin = origin};
}

static yg_result *list_named(const yg_executable *executable, const yg_tensor_name *named,
                             size_t count, yg_error *error) {
    yg_result *results = calloc(count + 1, sizeof *results);
    if (!results)
        yg_fail_memory(error);
    for (size_t i = 0; results && i < count; i++)
        results[i] = result_of(executable, named[i].name, named[i].node, named[i].origin);
    return results;
}

static bool list_gradients(yg_executable *executable, const plan *p, yg_error *error) {
    size_t count;
    const yg_network_parameter *parameter = yg_network_parameters(executable->network, &count);
    executable->gradients = calloc(p->trainable + 1, sizeof *executable->gradients);
    if (!executable->gradients)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        if (!parameter[i].trainable)
            continue;
        yg_result *out = &executable->gradients[executable->gradient_count];
        *out = result_of(executable, parameter[i].name, parameter[i].node, parameter[i].origin);
        out->node = p->gradients[executable->gradient_count++];
    }
    return true;
}

static bool list_results(const yg_executable_options *options, yg_executable *executable,
                         const plan *p, yg_error *error) {
    size_t metrics, outputs;
    const yg_tensor_name *metric = yg_network_metrics(executable->network, &metrics);
    const yg_tensor_name *output = yg_network_outputs(executable->network, &outputs);
    if (options->outputs_only) {
        executable->outputs = list_named(executable, output, outputs, error);
        executable->output_count = executable->outputs ? outputs : 0;
        return executable->outputs != NULL;
    }
    executable->loss =
        result_of(executable, "loss", yg_network_loss(executable->network), YG_NOWHERE);
    executable->metrics = list_named(executable, metric, metrics, error);
    executable->metric_count = executable->metrics ? metrics : 0;
    return executable->metrics && (!options->gradients || list_gradients(executable, p, error));
}

static void point_to(yg_executable *executable, yg_result *results, size_t count) {
    for (size_t i = 0; i < count; i++)
        results[i].data = results[i].node == YG_NONE
                              ? NULL
                              : yg_program_data(executable->program, results[i].node);
}

/* Whether a result lies in a parameter's bytes: it is that parameter, or a view of it that the
 * program did not copy. */
static bool lies_in_parameter(yg_executable *executable, const yg_result *result) {
    const yg_graph *graph = yg_network_graph(executable->network);
    yg_node node = result->node;
    while (!yg_node_is_parameter(graph, node)) {
        const yg_op *op = yg_node_op(graph, node);
        if (!(op->flags & YG_OP_VIEW) && !op->view)
            return false;
        node = yg_node_operand(graph, node, 0);
    }
    const char *begin = yg_program_data(executable->program, node), *at = result->data;
    return begin && at >= begin && at < begin + yg_type_bytes(yg_node_type(graph, node));
}

static void note_overwritten(yg_executable *executable, yg_result *result) {
    result->taken_before =
        executable->updates.update_count && lies_in_parameter(executable, result);
}

/* Asked again after each time that parameters are bound. */
static void point_results(yg_executable *executable) {
    point_to(executable, executable->outputs, executable->output_count);
    point_to(executable, executable->metrics, executable->metric_count);
    point_to(executable, executable->gradients, executable->gradient_count);
    if (!executable->loss.name)
        return;
    point_to(executable, &executable->loss, 1);
    note_overwritten(executable, &executable->loss);
    for (size_t i = 0; i < executable->metric_count; i++)
        note_overwritten(executable, &executable->metrics[i]);
}

static size_t port_of(const yg_model *model, const char *name) {
    size_t p = 0;
    while (p < yg_model_port_count(model) && strcmp(yg_model_port(model, p)->name, name) != 0)
        p++;
    return p;
}

static bool list_feeds(const yg_executable_options *options, yg_executable *executable,
                       yg_error *error) {
    yg_graph *graph = yg_network_graph(executable->network);
    size_t counts[2];
    const yg_tensor_name *lists[2] = {yg_network_inputs(executable->network, &counts[0]),
                                      yg_network_targets(executable->network, &counts[1])};
    executable->feeds = calloc(counts[0] + counts[1] + 1, sizeof *executable->feeds);
    if (!executable->feeds)
        return yg_fail_memory(error);
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l]; i++) {
            const yg_type *type = yg_node_type(graph, lists[l][i].node);
            executable->feeds[executable->feed_count++] = (yg_feed){
                .port = port_of(options->model, lists[l][i].name),
                .dtype = type->dtype,
                .width = executable->batch ? yg_type_count(type) / executable->batch : 0,
                .data = yg_program_data(executable->program, lists[l][i].node),
            };
        }
    return true;
}

static double *scalar_input(yg_executable *executable, yg_node node) {
    return node == YG_NONE ? NULL : yg_program_data(executable->program, node);
}

static bool build(const yg_executable_options *options, yg_executable *executable, plan *p,
                  yg_error *error) {
    const yg_compile_options compile = {.flags = options->compile_flags,
                                        .threads = options->threads,
                                        .without = options->without,
                                        .without_count = options->without_count,
                                        .beside = options->beside,
                                        .recompute = options->recompute};
    executable->updates.inputs = (yg_optimizer_inputs){YG_NONE, YG_NONE};
    if (!build_network(options, executable, error) ||
        ((options->gradients || options->optimizer) &&
         !differentiate(options, executable, p, error)) ||
        !list_nodes(options, executable, p, error))
        return false;
    executable->program =
        yg_compile(yg_network_graph(executable->network), p->nodes, p->node_count,
                   executable->updates.updates, executable->updates.update_count, &compile, error);
    if (!executable->program || !list_results(options, executable, p, error) ||
        !list_feeds(options, executable, error))
        return false;
    executable->lr = scalar_input(executable, executable->updates.inputs.lr);
    executable->t = scalar_input(executable, executable->updates.inputs.t);
    return true;
}

yg_executable *yg_executable_new(const yg_executable_options *options, int64_t batch,
                                 yg_error *error) {
    yg_executable *executable = calloc(1, sizeof *executable);
    plan p = {0};
    if (!executable) {
        yg_fail_memory(error);
        return NULL;
    }
    executable->batch = batch;
    if (!build(options, executable, &p, error)) {
        yg_executable_free(executable);
        executable = NULL;
    }
    free_plan(&p);
    return executable;
}

void yg_executable_free(yg_executable *executable) {
    if (!executable)
        return;
    yg_program_free(executable->program);
    yg_network_free(executable->network);
    yg_optimizer_graph_free(&executable->updates);
    free(executable->feeds);
    free(executable->metrics);
    free(executable->outputs);
    free(executable->gradients);
    free(executable);
}

/* -------------------------------------------------------------------------------- running ---- */

static bool bind_one(yg_executable *executable, yg_node node, const char *name,
                     const yg_tensor_file *store, yg_error *error) {
    const yg_tensor *tensor = yg_tensor_find(store, name);
    if (!yg_program_data(executable->program, node))
        return true; /* nothing that is computed needs it */
    if (!tensor ||
        !yg_type_equal(&tensor->type, yg_node_type(yg_network_graph(executable->network), node)))
        return yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "'%s' has another type in the store",
                       name);
    return yg_program_bind(executable->program, node, tensor->data, error);
}

bool yg_executable_bind(yg_executable *executable, yg_tensor_file *store, yg_error *error) {
    yg_graph *graph = yg_network_graph(executable->network);
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(executable->network, &count);
    for (size_t i = 0; i < count; i++)
        if (!bind_one(executable, parameters[i].node, parameters[i].name, store, error))
            return false;
    for (size_t i = 0; i < executable->updates.state_count; i++) {
        const yg_optimizer_state *state = &executable->updates.states[i];
        if (!yg_tensor_find(store, state->name) &&
            !yg_tensor_file_add(store, state->name, yg_node_type(graph, state->node), NULL, error))
            return false;
        if (!bind_one(executable, state->node, state->name, store, error))
            return false;
    }
    point_results(executable);
    return true;
}

static void copy_example(const yg_feed *feed, const double *from, int64_t at) {
    const int64_t begin = at * feed->width;
    if (feed->dtype == YG_F32) {
        float *to = (float *)feed->data + begin;
        for (int64_t i = 0; i < feed->width; i++)
            to[i] = (float)from[i];
    } else {
        for (int64_t i = 0; i < feed->width; i++)
            yg_element_set(feed->dtype, feed->data, begin + i, from[i]);
    }
}

void yg_executable_fill(const yg_executable *executable, const yg_dataset *dataset,
                        const int64_t *order, int64_t start) {
    for (size_t f = 0; f < executable->feed_count; f++) {
        const yg_feed *feed = &executable->feeds[f];
        for (int64_t i = 0; feed->data && i < executable->batch; i++) {
            const int64_t example = order ? order[i] : start + i;
            copy_example(feed, dataset->values[feed->port] + example * feed->width, i);
        }
    }
}

static void take_before(yg_result *result) {
    if (result->taken_before)
        result->value = yg_element_get(result->type.dtype, result->data, 0);
}

bool yg_executable_run(yg_executable *executable, uint64_t seed, uint64_t step, yg_error *error) {
    take_before(&executable->loss);
    for (size_t i = 0; i < executable->metric_count; i++)
        take_before(&executable->metrics[i]);
    return yg_program_run(executable->program, seed, step, error);
}

double yg_result_scalar(const yg_result *result) {
    return result->taken_before ? result->value
                                : yg_element_get(result->type.dtype, result->data, 0);
}

static const yg_program *neighbour(const yg_executables *executables) {
    if (executables->count == 0 && executables->beside)
        executables = executables->beside;
    return executables->count > 0 ? executables->executables[0]->program : NULL;
}

yg_executable *yg_executables_get(yg_executables *executables, int64_t batch, yg_error *error) {
    for (size_t i = 0; i < executables->count; i++)
        if (executables->executables[i]->batch == batch)
            return executables->executables[i];
    yg_executable **grown =
        realloc(executables->executables, (executables->count + 1) * sizeof *grown);
    if (!grown) {
        yg_fail_memory(error);
        return NULL;
    }
    executables->executables = grown;
    executables->options.beside = neighbour(executables);
    yg_executable *executable = yg_executable_new(&executables->options, batch, error);
    if (!executable)
        return NULL;
    if (!yg_executable_bind(executable, executables->store, error)) {
        yg_executable_free(executable);
        return NULL;
    }
    return grown[executables->count++] = executable;
}

void yg_executables_free(yg_executables *executables) {
    for (size_t i = 0; i < executables->count; i++)
        yg_executable_free(executables->executables[i]);
    free(executables->executables);
    executables->executables = NULL;
    executables->count = 0;
}

/* -------------------------------------------------------------------------------- scoring ---- */

bool yg_scores_begin(const yg_executable *executable, yg_scores *sums, yg_error *error) {
    *sums = (yg_scores){.count = executable->metric_count};
    if (executable->metric_count > YG_METRICS_MAX)
        return yg_fail(error, YG_ERROR_ARGUMENT, executable->metrics[YG_METRICS_MAX].origin,
                       "%zu metrics; at most %d are kept", executable->metric_count,
                       YG_METRICS_MAX);
    for (size_t i = 0; i < executable->metric_count; i++) {
        if (strlen(executable->metrics[i].name) >= YG_METRIC_NAME_MAX)
            return yg_fail(error, YG_ERROR_NAME, executable->metrics[i].origin,
                           "the metric's name '%s' is longer than %d bytes",
                           executable->metrics[i].name, YG_METRIC_NAME_MAX - 1);
        memcpy(sums->metrics[i].name, executable->metrics[i].name,
               strlen(executable->metrics[i].name) + 1);
    }
    return true;
}

void yg_scores_add(const yg_executable *executable, yg_scores *sums) {
    const double weight = (double)executable->batch;
    sums->examples += executable->batch;
    sums->loss += weight * yg_result_scalar(&executable->loss);
    for (size_t i = 0; i < sums->count; i++)
        sums->metrics[i].value += weight * yg_result_scalar(&executable->metrics[i]);
}

void yg_scores_finish(const yg_scores *sums, yg_scores *means) {
    *means = *sums;
    if (!sums->examples)
        return;
    means->loss /= (double)sums->examples;
    for (size_t i = 0; i < sums->count; i++)
        means->metrics[i].value /= (double)sums->examples;
}

bool yg_executables_score(yg_executables *executables, const yg_dataset *dataset,
                          int64_t batch_size, yg_scores *scores, yg_error *error) {
    yg_scores sums = {0};
    for (int64_t at = 0; at < dataset->count;) {
        const int64_t left = dataset->count - at;
        yg_executable *executable =
            yg_executables_get(executables, left < batch_size ? left : batch_size, error);
        if (!executable || (at == 0 && !yg_scores_begin(executable, &sums, error)))
            return false;
        yg_executable_fill(executable, dataset, NULL, at);
        if (!yg_executable_run(executable, 0, 0, error))
            return false;
        yg_scores_add(executable, &sums);
        at += executable->batch;
    }
    yg_scores_finish(&sums, scores);
    return true;
}
