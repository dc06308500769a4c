/*
 * Executables: see executable.h.
 */
#include "executable.h"

#include "optimizer_update.h"
#include "results.h"
#include "units_node.h"
#include "untrained.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- building ---- */

static bool is_shard(yg_batch_role role) {
    return role >= YG_BATCH_SHARD;
}

/* `inputs`: those of a shard, which the network may need. */
static yg_network *build_network(const yg_executable_options *options, int64_t batch,
                                 yg_shard_inputs *inputs, yg_error *error) {
    yg_shard_statistics statistics = {.role = options->role, .inputs = inputs};
    const char *symbol = NULL;
    if (batch && !yg_batch_symbol(options->model, &symbol, error))
        return NULL;
    yg_dim *dims = calloc(options->data->dim_count + 2, sizeof *dims);
    if (!dims) {
        yg_fail_memory(error);
        return NULL;
    }
    size_t count = 0;
    if (symbol)
        dims[count++] = (yg_dim){symbol, batch};
    if (options->data->sequencing.symbol)
        dims[count++] = (yg_dim){options->data->sequencing.symbol, options->length};
    for (size_t i = 0; i < options->data->dim_count; i++)
        dims[count++] = options->data->dims[i];
    const yg_network_options asked = {
        .dims = dims,
        .dim_count = count,
        .training = options->training,
        .outputs_only = options->outputs_only,
        .dtype = options->dtype,
        .graph_flags = options->graph_flags,
        .in_units = yg_units_node,
        .units_context = (void *)(uintptr_t)options->data,
        .shards = options->training && is_shard(options->role)
                      ? yg_shard_statistics_begin(&statistics)
                      : NULL,
    };
    yg_network *network = yg_network_build(options->model, &asked, error);
    free(dims);
    yg_shard_statistics_end(&statistics);
    if (network && !options->outputs_only && !options->random_loss &&
        yg_network_loss(network) == YG_NONE) {
        yg_fail(error, YG_ERROR_DATA, (yg_origin){yg_model_path(options->model), 0, 0},
                "the model has no `loss:`");
        yg_network_free(network);
        return NULL;
    }
    return network;
}

yg_network *yg_executable_network(const yg_executable_options *options, int64_t batch,
                                  yg_error *error) {
    yg_shard_inputs inputs = {YG_NONE, YG_NONE, YG_NONE};
    return build_network(options, batch, &inputs, error);
}

/* What the program is to compute. */
typedef struct plan {
    size_t node_count;
    yg_node *nodes;
    size_t trainable;
    yg_node *parameters, *gradients; /* of the trainable ones */
    int64_t *frozen_until;           /* likewise: how many epochs they are frozen */
    bool *frozen;                    /* likewise: they have a gradient, but not in this phase */
    size_t state_count;
    yg_node *states; /* the new values of the model's own */
} plan;

static void free_plan(plan *p) {
    free(p->nodes);
    free(p->parameters);
    free(p->gradients);
    free(p->frozen_until);
    free(p->frozen);
    free(p->states);
}

static bool list_unreached(yg_executable *executable, const plan *p, yg_error *error) {
    const yg_graph *graph = yg_network_graph(executable->network);
    executable->trainable_count = p->trainable;
    executable->unreached = calloc(p->trainable + 1, sizeof *executable->unreached);
    if (!executable->unreached)
        return yg_fail_memory(error);
    for (size_t i = 0; i < p->trainable; i++)
        if (p->gradients[i] == YG_NONE)
            executable->unreached[executable->unreached_count++] =
                yg_node_name(graph, p->parameters[i]);
    return true;
}

bool yg_executable_check_trainable(const yg_executable *executable, const yg_model *model,
                                   yg_error *error) {
    const yg_value *loss = yg_model_section(model, "loss");
    if (executable->unreached_count < executable->trainable_count)
        return true;
    const yg_origin origin = loss ? loss->origin : (yg_origin){yg_model_path(model), 0, 0};
    if (yg_model_is_untrained(model))
        return yg_untrained_refuse(model, error);
    if (!executable->trainable_count)
        return yg_fail(
            error, YG_ERROR_GRADIENT, origin,
            "the model has no trainable parameter, so there is nothing to train: each says "
            "`trainable: false`, or is a state");
    return yg_fail(error, YG_ERROR_GRADIENT, origin,
                   "the loss depends on no trainable parameter by a differentiable path, so there "
                   "is nothing to train (comparisons, argmax and casts to integers pass no "
                   "gradient)");
}

/* Appends the updates of the model's own states to those of the optimizer. */
static bool add_state_updates(yg_executable *executable, const plan *p, yg_error *error) {
    size_t count;
    const yg_network_update *states = yg_network_updates(executable->network, &count);
    yg_optimizer_graph *out = &executable->updates;
    yg_update *grown = realloc(out->updates, (out->update_count + count + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    out->updates = grown;
    for (size_t i = 0; i < count; i++)
        out->updates[out->update_count++] = (yg_update){states[i].state, p->states[i]};
    return true;
}

/* What is an input of the program, as nodes. */
typedef struct step_inputs {
    yg_node average_rate;
    yg_accumulate_inputs batch;
    yg_shard_inputs shard;
} step_inputs;

/* Puts sums over batches, or over shards, in place of the gradients. */
static bool add_sums(const yg_executable_options *options, yg_executable *executable, plan *p,
                     step_inputs *inputs, yg_error *error) {
    yg_graph *graph = yg_network_graph(executable->network);
    if (is_shard(options->role)) {
        const yg_shard_values values = {.gradients = p->gradients,
                                        .states = p->states,
                                        .gradient_count = p->trainable,
                                        .state_count = p->state_count,
                                        .frozen_until = p->frozen_until};
        return yg_shards_build(options->role, graph, options->exchange, options->phase, &values,
                               &inputs->shard, error);
    }
    yg_optimizer_graph *out =
        options->role == YG_BATCH_PART ? &executable->updates : &executable->sums;
    return options->role == YG_BATCH_WHOLE ||
           yg_accumulate_build(options->role, graph, p->parameters, p->gradients, p->frozen,
                               p->trainable, out, &inputs->batch, error);
}

/* Notes which parameters are frozen. Their gradients are in the graph, but nothing that is computed
 * reads them. */
static bool list_frozen(const yg_executable_options *options, const yg_graph *graph, plan *p,
                        yg_error *error) {
    p->frozen_until = calloc(p->trainable + 1, sizeof *p->frozen_until);
    p->frozen = calloc(p->trainable + 1, sizeof *p->frozen);
    if (!p->frozen_until || !p->frozen)
        return yg_fail_memory(error);
    if (!yg_optimizer_list_frozen(options->optimizer, graph, p->parameters, p->trainable,
                                  p->frozen_until, error))
        return false;
    for (size_t i = 0; i < p->trainable; i++)
        p->frozen[i] = p->gradients[i] != YG_NONE && options->phase > 0 &&
                       p->frozen_until[i] >= options->phase;
    return true;
}

/* Penalties and clipping. As in PyTorch, a parameter that is frozen has no part in the norm. */
static bool apply_terms(const yg_executable_options *options, yg_graph *graph, const plan *p,
                        yg_error *error) {
    yg_node *trained = calloc(p->trainable + 1, sizeof *trained);
    if (!trained)
        return yg_fail_memory(error);
    for (size_t i = 0; i < p->trainable; i++)
        trained[i] = p->frozen[i] ? YG_NONE : p->gradients[i];
    const bool good = yg_gradient_terms_apply(&options->terms, graph, p->parameters, trained,
                                              p->trainable, error);
    for (size_t i = 0; i < p->trainable; i++)
        if (!p->frozen[i])
            p->gradients[i] = trained[i];
    free(trained);
    return good;
}

static bool add_updates(const yg_executable_options *options, yg_executable *executable, plan *p,
                        step_inputs *inputs, yg_error *error) {
    yg_graph *graph = yg_network_graph(executable->network);
    yg_optimizer_graph *out = &executable->updates;
    if (!list_frozen(options, graph, p, error) || !add_sums(options, executable, p, inputs, error))
        return false;
    if (options->role == YG_BATCH_SHARD)
        return true;
    if (options->role == YG_BATCH_PART)
        return add_state_updates(executable, p, error);
    yg_optimizer optimizer = *options->optimizer;
    optimizer.phase = options->phase;
    return apply_terms(options, graph, p, error) &&
           yg_optimizer_build(&optimizer, graph, p->parameters, p->gradients, p->trainable, out,
                              error) &&
           (!options->average ||
            yg_average_build(options->average, graph, p->parameters, p->frozen, p->trainable, out,
                             &inputs->average_rate, error)) &&
           add_state_updates(executable, p, error);
}

static bool differentiate(const yg_executable_options *options, yg_executable *executable, plan *p,
                          step_inputs *inputs, yg_error *error) {
    yg_graph *graph = yg_network_graph(executable->network);
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(executable->network, &count);
    p->parameters = calloc(count + 1, sizeof *p->parameters);
    p->gradients = calloc(count + 1, sizeof *p->gradients);
    const yg_network_update *states = yg_network_updates(executable->network, &p->state_count);
    p->states = calloc(p->state_count + 1, sizeof *p->states);
    if (!p->parameters || !p->gradients || !p->states)
        return yg_fail_memory(error);
    for (size_t i = 0; i < p->state_count; i++)
        p->states[i] = states[i].value;
    for (size_t i = 0; i < count; i++)
        if (parameters[i].trainable)
            p->parameters[p->trainable++] = parameters[i].node;
    if (!yg_grad(graph, executable->loss_node, YG_NONE, p->parameters, p->trainable, p->gradients))
        return yg_fail_as(error, yg_graph_error(graph));
    executable->backward_end = (yg_node)yg_graph_size(graph);
    if (!list_unreached(executable, p, error))
        return false;
    return !options->optimizer || add_updates(options, executable, p, inputs, error);
}

static bool list_nodes(const yg_executable_options *options, const yg_executable *executable,
                       plan *p, yg_error *error) {
    size_t metrics, outputs;
    const yg_tensor_name *metric = yg_network_metrics(executable->network, &metrics);
    const yg_tensor_name *output = yg_network_outputs(executable->network, &outputs);
    p->nodes =
        calloc(metrics + outputs + p->trainable + executable->part_count + 1, sizeof *p->nodes);
    if (!p->nodes)
        return yg_fail_memory(error);
    if (options->outputs_only) {
        for (size_t i = 0; i < outputs; i++)
            p->nodes[p->node_count++] = output[i].node;
        return true;
    }
    if (options->role == YG_BATCH_NO_SHARD)
        return true;
    p->nodes[p->node_count++] = executable->loss_node;
    for (size_t i = 0; i < metrics; i++)
        p->nodes[p->node_count++] = metric[i].node;
    for (size_t i = 0; i < executable->part_count; i++)
        if (executable->parts[i].node != YG_NONE)
            p->nodes[p->node_count++] = executable->parts[i].node;
    for (size_t i = 0; options->gradients && i < p->trainable; i++)
        if (p->gradients[i] != YG_NONE)
            p->nodes[p->node_count++] = p->gradients[i];
    return true;
}

/* -------------------------------------------------------------------------------- feeds ---- */

/* The port of that name, searched for from port `p` on: a network has its inputs and targets in the
 * order of the model's ports, so that the search for all of them passes each port once. */
static size_t port_of(const yg_model *model, size_t p, const char *name) {
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
    size_t port = 0;
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l]; i++) {
            const yg_type *type = yg_node_type(graph, lists[l][i].node);
            port = port_of(options->model, port, lists[l][i].name);
            executable->feeds[executable->feed_count++] = (yg_feed){
                .port = port,
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
                                        .shares_memory = !options->own_memory,
                                        .recompute = options->recompute};
    step_inputs inputs = {YG_NONE, {YG_NONE, YG_NONE}, {YG_NONE, YG_NONE, YG_NONE}};
    executable->updates.inputs = (yg_optimizer_inputs){YG_NONE, YG_NONE};
    executable->network = build_network(options, executable->batch, &inputs.shard, error);
    if (!executable->network)
        return false;
    executable->loss_node = yg_network_loss(executable->network);
    if (executable->loss_node == YG_NONE && options->random_loss &&
        !yg_random_loss_build(executable->network, &executable->random_loss, &executable->loss_node,
                              error))
        return false;
    executable->forward_end = executable->backward_end =
        (yg_node)yg_graph_size(yg_network_graph(executable->network));
    if ((options->plan && !yg_results_locate_parts(options->plan, executable, error)) ||
        ((options->gradients || options->optimizer) &&
         !differentiate(options, executable, p, &inputs, error)) ||
        !list_nodes(options, executable, p, error))
        return false;
    executable->program =
        yg_compile(yg_network_graph(executable->network), p->nodes, p->node_count,
                   executable->updates.updates, executable->updates.update_count, &compile, error);
    if (!executable->program ||
        !yg_results_list(options, executable, p->gradients, p->trainable, error) ||
        !list_feeds(options, executable, error))
        return false;
    yg_random_loss_fill(&executable->random_loss, yg_network_graph(executable->network),
                        executable->program);
    executable->lr = scalar_input(executable, executable->updates.inputs.lr);
    executable->t = scalar_input(executable, executable->updates.inputs.t);
    executable->average_rate = scalar_input(executable, inputs.average_rate);
    const bool shard = is_shard(options->role);
    executable->first = scalar_input(executable, shard ? inputs.shard.first : inputs.batch.first);
    executable->weight =
        scalar_input(executable, shard ? inputs.shard.weight : inputs.batch.weight);
    executable->exchange =
        shard ? yg_program_data(executable->program, inputs.shard.exchange) : NULL;
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
    executable->length = options->length;
    executable->role = options->role;
    executable->phase = options->phase;
    executable->plan = options->plan;
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
    yg_optimizer_graph_free(&executable->sums);
    free(executable->feeds);
    yg_results_free(executable);
    yg_random_loss_free(&executable->random_loss);
    free(executable->unreached);
    free(executable);
}

/* -------------------------------------------------------------------------------- running ---- */

const yg_tensor *yg_evaluated_tensor(const yg_tensor_file *store, const char *parameter,
                                     yg_error *error) {
    static const char prefix[] = "@" YG_STATE_AVERAGE ".";
    const size_t size = sizeof prefix + strlen(parameter);
    char *name = malloc(size);
    if (!name) {
        yg_fail_memory(error);
        return NULL;
    }
    snprintf(name, size, "%s%s", prefix, parameter);
    const yg_tensor *average = yg_tensor_find(store, name), *own = yg_tensor_find(store, parameter);
    free(name);
    if (!average && !own)
        yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "'%s' is not in the store", parameter);
    return average ? average : own;
}

static bool bind_one(yg_executable *executable, yg_node node, const char *name,
                     const yg_tensor *tensor, yg_error *error) {
    if (!yg_program_data(executable->program, node))
        return true; /* nothing that is computed needs it */
    const yg_graph *graph = yg_network_graph(executable->network);
    const bool same = tensor && yg_type_equal(&tensor->type, yg_node_type(graph, node));
    if (tensor && !same && executable->length)
        return yg_fail(error, YG_ERROR_SHAPE, yg_node_origin(graph, node),
                       "the shape of '%s' depends on the length of the sequences, which differs "
                       "from batch to batch",
                       name);
    if (!same)
        return yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE, "'%s' has another type in the store",
                       name);
    return yg_program_bind(executable->program, node, tensor->data, error);
}

/* Binds states to the store's tensors of their names, and adds those that it lacks. */
static bool bind_states(yg_executable *executable, const yg_optimizer_graph *of,
                        yg_tensor_file *store, yg_error *error) {
    const yg_graph *graph = yg_network_graph(executable->network);
    for (size_t i = 0; i < of->state_count; i++) {
        const yg_optimizer_state *state = &of->states[i];
        if (!yg_tensor_find(store, state->name) &&
            !yg_tensor_file_add(store, state->name, yg_node_type(graph, state->node), NULL, error))
            return false;
        if (!bind_one(executable, state->node, state->name, yg_tensor_find(store, state->name),
                      error))
            return false;
    }
    return true;
}

bool yg_executable_bind(yg_executable *executable, yg_tensor_file *store, yg_error *error) {
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(executable->network, &count);
    const bool trains = executable->updates.state_count > 0 || is_shard(executable->role);
    for (size_t i = 0; i < count; i++) {
        const char *name = parameters[i].name;
        const yg_tensor *tensor =
            trains ? yg_tensor_find(store, name) : yg_evaluated_tensor(store, name, error);
        if ((!trains && !tensor) || !bind_one(executable, parameters[i].node, name, tensor, error))
            return false;
    }
    return bind_states(executable, &executable->updates, store, error) &&
           bind_states(executable, &executable->sums, store, error) &&
           yg_results_point(executable, error);
}

yg_origin yg_executable_loss_origin(const yg_executable *executable) {
    return yg_node_origin(yg_network_graph(executable->network), executable->loss_node);
}

bool yg_executable_fill(const yg_executable *executable, yg_stream *stream, yg_error *error) {
    return yg_stream_next(stream, executable->feeds, executable->feed_count, 0, executable->batch,
                          error);
}

bool yg_executable_run(yg_executable *executable, uint64_t seed, uint64_t step, yg_error *error) {
    yg_results_before_run(executable);
    return yg_program_run(executable->program, seed, step, error);
}

bool yg_executable_go_on(yg_executable *executable, yg_error *error) {
    return yg_program_go_on(executable->program, error);
}
