/*
 * Passes: see pass.h.
 */
#include "pass.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- building ---- */

static bool build_network(const yg_pass_options *options, yg_pass *pass, yg_error *error) {
    const char *symbol = NULL;
    if (pass->batch && !yg_batch_symbol(options->model, &symbol, error))
        return false;
    yg_dim *dims = calloc(options->data->dim_count + 1, sizeof *dims);
    if (!dims)
        return yg_fail_memory(error);
    size_t count = 0;
    if (symbol)
        dims[count++] = (yg_dim){symbol, pass->batch};
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
    pass->network = yg_network_build(options->model, &network, error);
    free(dims);
    if (!pass->network)
        return false;
    pass->forward_end = pass->backward_end =
        (yg_node)yg_graph_size(yg_network_graph(pass->network));
    if (!options->outputs_only && yg_network_loss(pass->network) == YG_NONE)
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

static bool differentiate(const yg_pass_options *options, yg_pass *pass, plan *p, yg_error *error) {
    yg_graph *graph = yg_network_graph(pass->network);
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(pass->network, &count);
    p->parameters = calloc(count + 1, sizeof *p->parameters);
    p->gradients = calloc(count + 1, sizeof *p->gradients);
    if (!p->parameters || !p->gradients)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        if (parameters[i].trainable)
            p->parameters[p->trainable++] = parameters[i].node;
    if (!yg_grad(graph, yg_network_loss(pass->network), YG_NONE, p->parameters, p->trainable,
                 p->gradients))
        return yg_fail_as(error, yg_graph_error(graph));
    pass->backward_end = (yg_node)yg_graph_size(graph);
    if (!options->optimizer)
        return true;
    if (options->clip_grad_norm > 0 &&
        !yg_clip_grad_norm(graph, p->gradients, p->trainable, options->clip_grad_norm, error))
        return false;
    return yg_optimizer_build(options->optimizer, graph, p->parameters, p->gradients, p->trainable,
                              &pass->updates, error);
}

static bool list_nodes(const yg_pass_options *options, const yg_pass *pass, plan *p,
                       yg_error *error) {
    size_t metrics, outputs;
    const yg_tensor_name *metric = yg_network_metrics(pass->network, &metrics);
    const yg_tensor_name *output = yg_network_outputs(pass->network, &outputs);
    p->nodes = calloc(metrics + outputs + p->trainable + 1, sizeof *p->nodes);
    if (!p->nodes)
        return yg_fail_memory(error);
    if (options->outputs_only) {
        for (size_t i = 0; i < outputs; i++)
            p->nodes[p->node_count++] = output[i].node;
        return true;
    }
    p->nodes[p->node_count++] = yg_network_loss(pass->network);
    for (size_t i = 0; i < metrics; i++)
        p->nodes[p->node_count++] = metric[i].node;
    for (size_t i = 0; options->gradients && i < p->trainable; i++)
        if (p->gradients[i] != YG_NONE)
            p->nodes[p->node_count++] = p->gradients[i];
    return true;
}

/* -------------------------------------------------------------------------------- results ---- */

static yg_result result_of(yg_pass *pass, const char *name, yg_node node, yg_origin origin) {
    return (yg_result){name, *yg_node_type(yg_network_graph(pass->network), node),
                       yg_program_data(pass->program, node), origin};
}

static bool list_results(const yg_pass_options *options, yg_pass *pass, const plan *p,
                         yg_error *error) {
    size_t metrics, outputs, parameters;
    const yg_tensor_name *metric = yg_network_metrics(pass->network, &metrics);
    const yg_tensor_name *output = yg_network_outputs(pass->network, &outputs);
    const yg_network_parameter *parameter = yg_network_parameters(pass->network, &parameters);
    pass->metrics = calloc(metrics + 1, sizeof *pass->metrics);
    pass->outputs = calloc(outputs + 1, sizeof *pass->outputs);
    pass->gradients = calloc(p->trainable + 1, sizeof *pass->gradients);
    if (!pass->metrics || !pass->outputs || !pass->gradients)
        return yg_fail_memory(error);
    if (options->outputs_only) {
        for (; pass->output_count < outputs; pass->output_count++) {
            const yg_tensor_name *o = &output[pass->output_count];
            pass->outputs[pass->output_count] = result_of(pass, o->name, o->node, o->origin);
        }
        return true;
    }
    pass->loss = result_of(pass, "loss", yg_network_loss(pass->network), YG_NOWHERE);
    for (; pass->metric_count < metrics; pass->metric_count++) {
        const yg_tensor_name *m = &metric[pass->metric_count];
        pass->metrics[pass->metric_count] = result_of(pass, m->name, m->node, m->origin);
    }
    for (size_t i = 0; options->gradients && i < parameters; i++) {
        if (!parameter[i].trainable)
            continue;
        const yg_node gradient = p->gradients[pass->gradient_count];
        yg_result *out = &pass->gradients[pass->gradient_count++];
        *out = result_of(pass, parameter[i].name, parameter[i].node, parameter[i].origin);
        out->data = gradient == YG_NONE ? NULL : yg_program_data(pass->program, gradient);
    }
    return true;
}

static size_t port_of(const yg_model *model, const char *name) {
    size_t p = 0;
    while (p < yg_model_port_count(model) && strcmp(yg_model_port(model, p)->name, name) != 0)
        p++;
    return p;
}

static bool list_feeds(const yg_pass_options *options, yg_pass *pass, yg_error *error) {
    yg_graph *graph = yg_network_graph(pass->network);
    size_t counts[2];
    const yg_tensor_name *lists[2] = {yg_network_inputs(pass->network, &counts[0]),
                                      yg_network_targets(pass->network, &counts[1])};
    pass->feeds = calloc(counts[0] + counts[1] + 1, sizeof *pass->feeds);
    if (!pass->feeds)
        return yg_fail_memory(error);
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l]; i++) {
            const yg_type *type = yg_node_type(graph, lists[l][i].node);
            pass->feeds[pass->feed_count++] = (yg_feed){
                .port = port_of(options->model, lists[l][i].name),
                .dtype = type->dtype,
                .width = pass->batch ? yg_type_count(type) / pass->batch : 0,
                .data = yg_program_data(pass->program, lists[l][i].node),
            };
        }
    return true;
}

static double *scalar_input(yg_pass *pass, yg_node node) {
    return node == YG_NONE ? NULL : yg_program_data(pass->program, node);
}

static bool build(const yg_pass_options *options, yg_pass *pass, plan *p, yg_error *error) {
    const yg_compile_options compile = {.flags = options->compile_flags,
                                        .threads = options->threads,
                                        .without = options->without,
                                        .without_count = options->without_count,
                                        .beside = options->beside,
                                        .recompute = options->recompute};
    pass->updates.inputs = (yg_optimizer_inputs){YG_NONE, YG_NONE};
    if (!build_network(options, pass, error) ||
        ((options->gradients || options->optimizer) && !differentiate(options, pass, p, error)) ||
        !list_nodes(options, pass, p, error))
        return false;
    pass->program = yg_compile(yg_network_graph(pass->network), p->nodes, p->node_count,
                               pass->updates.updates, pass->updates.update_count, &compile, error);
    if (!pass->program || !list_results(options, pass, p, error) ||
        !list_feeds(options, pass, error))
        return false;
    pass->lr = scalar_input(pass, pass->updates.inputs.lr);
    pass->t = scalar_input(pass, pass->updates.inputs.t);
    return true;
}

yg_pass *yg_pass_new(const yg_pass_options *options, int64_t batch, yg_error *error) {
    yg_pass *pass = calloc(1, sizeof *pass);
    plan p = {0};
    if (!pass) {
        yg_fail_memory(error);
        return NULL;
    }
    pass->batch = batch;
    if (!build(options, pass, &p, error)) {
        yg_pass_free(pass);
        pass = NULL;
    }
    free_plan(&p);
    return pass;
}

void yg_pass_free(yg_pass *pass) {
    if (!pass)
        return;
    yg_program_free(pass->program);
    yg_network_free(pass->network);
    yg_optimizer_graph_free(&pass->updates);
    free(pass->feeds);
    free(pass->metrics);
    free(pass->outputs);
    free(pass->gradients);
    free(pass);
}

/* -------------------------------------------------------------------------------- running ---- */

static bool bind_one(yg_pass *pass, yg_node node, const char *name, const yg_tensor_file *store,
                     yg_error *error) {
    const yg_tensor *tensor = yg_tensor_find(store, name);
    if (!yg_program_data(pass->program, node))
        return true; /* nothing that is computed needs it */
    if (!tensor ||
        !yg_type_equal(&tensor->type, yg_node_type(yg_network_graph(pass->network), node)))
        return yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "'%s' has another type in the store",
                       name);
    return yg_program_bind(pass->program, node, tensor->data, error);
}

bool yg_pass_bind(yg_pass *pass, yg_tensor_file *store, yg_error *error) {
    yg_graph *graph = yg_network_graph(pass->network);
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(pass->network, &count);
    for (size_t i = 0; i < count; i++)
        if (!bind_one(pass, parameters[i].node, parameters[i].name, store, error))
            return false;
    for (size_t i = 0; i < pass->updates.state_count; i++) {
        const yg_optimizer_state *state = &pass->updates.states[i];
        if (!yg_tensor_find(store, state->name) &&
            !yg_tensor_file_add(store, state->name, yg_node_type(graph, state->node), NULL, error))
            return false;
        if (!bind_one(pass, state->node, state->name, store, error))
            return false;
    }
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

void yg_pass_fill(const yg_pass *pass, const yg_dataset *dataset, const int64_t *order,
                  int64_t start) {
    for (size_t f = 0; f < pass->feed_count; f++) {
        const yg_feed *feed = &pass->feeds[f];
        for (int64_t i = 0; feed->data && i < pass->batch; i++) {
            const int64_t example = order ? order[i] : start + i;
            copy_example(feed, dataset->values[feed->port] + example * feed->width, i);
        }
    }
}

double yg_result_scalar(const yg_result *result) {
    return yg_element_get(result->type.dtype, result->data, 0);
}

static const yg_program *neighbour(const yg_passes *passes) {
    if (passes->count == 0 && passes->beside)
        passes = passes->beside;
    return passes->count > 0 ? passes->passes[0]->program : NULL;
}

yg_pass *yg_passes_get(yg_passes *passes, int64_t batch, yg_error *error) {
    for (size_t i = 0; i < passes->count; i++)
        if (passes->passes[i]->batch == batch)
            return passes->passes[i];
    yg_pass **grown = realloc(passes->passes, (passes->count + 1) * sizeof *grown);
    if (!grown) {
        yg_fail_memory(error);
        return NULL;
    }
    passes->passes = grown;
    passes->options.beside = neighbour(passes);
    yg_pass *pass = yg_pass_new(&passes->options, batch, error);
    if (!pass)
        return NULL;
    if (!yg_pass_bind(pass, passes->store, error)) {
        yg_pass_free(pass);
        return NULL;
    }
    return grown[passes->count++] = pass;
}

void yg_passes_free(yg_passes *passes) {
    for (size_t i = 0; i < passes->count; i++)
        yg_pass_free(passes->passes[i]);
    free(passes->passes);
    passes->passes = NULL;
    passes->count = 0;
}

/* -------------------------------------------------------------------------------- scoring ---- */

bool yg_scores_begin(const yg_pass *pass, yg_scores *sums, yg_error *error) {
    *sums = (yg_scores){.count = pass->metric_count};
    if (pass->metric_count > YG_METRICS_MAX)
        return yg_fail(error, YG_ERROR_ARGUMENT, pass->metrics[YG_METRICS_MAX].origin,
                       "%zu metrics; at most %d are kept", pass->metric_count, YG_METRICS_MAX);
    for (size_t i = 0; i < pass->metric_count; i++) {
        if (strlen(pass->metrics[i].name) >= YG_METRIC_NAME_MAX)
            return yg_fail(error, YG_ERROR_NAME, pass->metrics[i].origin,
                           "the metric's name '%s' is longer than %d bytes", pass->metrics[i].name,
                           YG_METRIC_NAME_MAX - 1);
        memcpy(sums->metrics[i].name, pass->metrics[i].name, strlen(pass->metrics[i].name) + 1);
    }
    return true;
}

void yg_scores_add(const yg_pass *pass, yg_scores *sums) {
    const double weight = (double)pass->batch;
    sums->examples += pass->batch;
    sums->loss += weight * yg_result_scalar(&pass->loss);
    for (size_t i = 0; i < sums->count; i++)
        sums->metrics[i].value += weight * yg_result_scalar(&pass->metrics[i]);
}

void yg_scores_finish(const yg_scores *sums, yg_scores *means) {
    *means = *sums;
    if (!sums->examples)
        return;
    means->loss /= (double)sums->examples;
    for (size_t i = 0; i < sums->count; i++)
        means->metrics[i].value /= (double)sums->examples;
}

bool yg_passes_score(yg_passes *passes, const yg_dataset *dataset, int64_t batch_size,
                     yg_scores *scores, yg_error *error) {
    yg_scores sums = {0};
    for (int64_t at = 0; at < dataset->count;) {
        const int64_t left = dataset->count - at;
        yg_pass *pass = yg_passes_get(passes, left < batch_size ? left : batch_size, error);
        if (!pass || (at == 0 && !yg_scores_begin(pass, &sums, error)))
            return false;
        yg_pass_fill(pass, dataset, NULL, at);
        if (!yg_program_run(pass->program, 0, 0, error))
            return false;
        yg_scores_add(pass, &sums);
        at += pass->batch;
    }
    yg_scores_finish(&sums, scores);
    return true;
}
