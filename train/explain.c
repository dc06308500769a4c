/*
 * Explanations: see explain.h.
 */
#include "explain.h"

#include "../data/encoding_file.h"
#include "../data/stream.h"
#include "../models/loader/names.h"
#include "../ops/registry.h"
#include "explain_work.h"
#include "settings.h"
#include "weights.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool yg_explain_fail(const yg_explain_work *work) {
    const yg_error *failure = work->graph ? yg_graph_error(work->graph) : NULL;
    return failure ? yg_fail_as(work->error, failure) : yg_fail_memory(work->error);
}

const void *yg_explain_value(const yg_explain_work *work, yg_node node) {
    const void *constant = yg_node_constant(work->graph, node);
    return constant ? constant : yg_program_data(work->program, node);
}

bool yg_explain_is_function(const yg_explain_work *work, yg_node node) {
    const yg_op *op = yg_node_op(work->graph, node);
    return !(op->flags & (YG_OP_LEAF | YG_OP_RANDOM | YG_OP_EFFECTS)) && op != &yg_op_stop_gradient;
}

/* --------------------------------------------------------------------------------- the data -- */

static const yg_part *find_part(const yg_explain_work *work) {
    const char *name = work->options->part ? work->options->part : "train";
    const yg_data *data = &work->data;
    const yg_part *part = strcmp(name, "train") == 0        ? &data->train
                          : strcmp(name, "validation") == 0 ? &data->validation
                          : strcmp(name, "test") == 0       ? &data->test
                                                            : NULL;
    const int64_t example = work->options->example;
    if (!part || !part->count) {
        yg_fail(work->error, YG_ERROR_ARGUMENT, (yg_origin){yg_model_path(work->model), 0, 0},
                "the data have no part '%s'", name);
        return NULL;
    }
    if (example >= 0 && example < part->count)
        return part;
    yg_fail(work->error, YG_ERROR_ARGUMENT, (yg_origin){yg_model_path(work->model), 0, 0},
            "there is no example %" PRId64 ": the part '%s' has examples 0 to %" PRId64, example,
            name, part->count - 1);
    return NULL;
}

static bool fill(yg_explain_work *work, const yg_part *part) {
    size_t counts[2];
    const yg_tensor_name *lists[2] = {yg_network_inputs(work->network, &counts[0]),
                                      yg_network_targets(work->network, &counts[1])};
    yg_feed *feeds = calloc(counts[0] + counts[1] + 1, sizeof *feeds);
    if (!feeds)
        return yg_fail_memory(work->error);
    size_t count = 0;
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l]; i++) {
            const yg_type *type = yg_node_type(work->graph, lists[l][i].node);
            feeds[count++] = (yg_feed){.port = yg_model_find_port(work->model, lists[l][i].name),
                                       .dtype = type->dtype,
                                       .width = yg_type_count(type),
                                       .data = yg_program_data(work->program, lists[l][i].node)};
        }
    yg_stream *stream = yg_stream_open(part, work->error);
    bool good = stream != NULL;
    if (good) {
        yg_stream_seek(stream, 0, work->options->example);
        good = yg_stream_next(stream, feeds, count, 0, 1, work->error);
    }
    yg_stream_close(stream);
    free(feeds);
    return good;
}

static bool bind(yg_explain_work *work) {
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(work->network, &count);
    uint64_t seed = work->options->seed;
    yg_tensor_file file = {0};
    const char *weights = work->options->weights;
    bool good = (work->options->has_seed || yg_settings_seed(work->model, &seed, work->error)) &&
                yg_weights_initialize(work->network, seed, &work->store, work->error) &&
                (!weights ||
                 (yg_safetensors_read(weights, &file, work->error) &&
                  yg_weights_assign(&file, weights, work->store.count, &work->store, work->error)));
    yg_tensor_file_free(&file);
    for (size_t i = 0; good && i < count; i++)
        if (yg_program_data(work->program, parameters[i].node))
            good = yg_program_bind(work->program, parameters[i].node, work->store.tensors[i].data,
                                   work->error);
    return good;
}

/* -------------------------------------------------------------------------------- the graph -- */

static bool build(yg_explain_work *work) {
    const char *symbol;
    if (!yg_batch_symbol(work->model, &symbol, work->error))
        return false;
    yg_dim *dims = calloc(work->data.dim_count + 1, sizeof *dims);
    if (!dims)
        return yg_fail_memory(work->error);
    size_t count = 0;
    if (symbol)
        dims[count++] = (yg_dim){symbol, 1};
    for (size_t i = 0; i < work->data.dim_count; i++)
        dims[count++] = work->data.dims[i];
    const yg_network_options options = {
        .dims = dims, .dim_count = count, .dtype = YG_F64, .graph_flags = YG_GRAPH_NO_ALGEBRA};
    work->network = yg_network_build(work->model, &options, work->error);
    free(dims);
    if (!work->network)
        return false;
    work->graph = yg_network_graph(work->network);
    work->loss = yg_network_loss(work->network);
    return work->loss != YG_NONE ||
           yg_fail(work->error, YG_ERROR_DATA, (yg_origin){yg_model_path(work->model), 0, 0},
                   "the model has no `loss:`, so it has no gradients to explain");
}

/* Marks what depends on an input, a parameter or a random number. Constants have no gradients. */
static bool *mark_varying(const yg_explain_work *work) {
    const yg_graph *graph = work->graph;
    bool *varies = calloc(work->size + 1, sizeof *varies);
    for (size_t i = 0; varies && i < work->size; i++) {
        const yg_op *op = yg_node_op(graph, (yg_node)i);
        const bool leaf = op->flags & (YG_OP_LEAF | YG_OP_RANDOM);
        varies[i] = leaf && !yg_node_constant(graph, (yg_node)i);
        for (size_t k = 0; k < yg_node_operand_count(graph, (yg_node)i); k++)
            varies[i] |= varies[yg_node_operand(graph, (yg_node)i, k)];
    }
    return varies;
}

/* Marks what the loss needs. */
static bool mark(yg_explain_work *work) {
    const yg_graph *graph = work->graph;
    work->size = (size_t)work->loss + 1;
    work->live = yg_pool_take(work->pool, work->size * sizeof *work->live);
    work->index = yg_pool_take(work->pool, work->size * sizeof *work->index);
    work->node_of = yg_pool_take(work->pool, work->size * sizeof *work->node_of);
    work->gradients = yg_pool_take(work->pool, work->size * sizeof *work->gradients);
    if (!work->live || !work->index || !work->node_of || !work->gradients)
        return yg_fail_memory(work->error);
    work->live[work->loss] = true;
    for (size_t i = work->size; i-- > 0;)
        for (size_t k = 0; work->live[i] && k < yg_node_operand_count(graph, (yg_node)i); k++)
            work->live[yg_node_operand(graph, (yg_node)i, k)] = true;
    for (size_t i = 0; i < work->size; i++)
        if (work->live[i]) {
            work->index[i] = work->count;
            work->node_of[work->count++] = (yg_node)i;
        }
    return true;
}

/* Appends the gradients of all nodes, and compiles a program that keeps every value. */
static bool differentiate(yg_explain_work *work) {
    yg_node *wrt = calloc(2 * work->count + 1, sizeof *wrt);
    yg_node *out = calloc(work->count + 1, sizeof *out);
    bool *varies = mark_varying(work);
    size_t count = 0;
    bool good = wrt && out && varies;
    for (size_t i = 0; good && i < work->count; i++)
        if (yg_dtype_is_float(yg_node_type(work->graph, work->node_of[i])->dtype) &&
            varies[work->node_of[i]])
            wrt[count++] = work->node_of[i];
    good = good && yg_grad(work->graph, work->loss, YG_NONE, wrt, count, out);
    for (size_t i = 0; i < work->size; i++)
        work->gradients[i] = YG_NONE;
    for (size_t i = 0; good && i < count; i++)
        work->gradients[wrt[i]] = out[i];
    size_t kept = 0; /* nodes for the program to keep: all that has a value */
    for (size_t i = 0; good && i < work->count; i++) {
        const yg_node node = work->node_of[i];
        wrt[kept] = node;
        kept += !yg_node_constant(work->graph, node);
        if (work->gradients[node] != YG_NONE &&
            !yg_node_constant(work->graph, work->gradients[node]))
            wrt[kept++] = work->gradients[node];
    }
    const yg_compile_options options = {.threads = 1, .flags = YG_PROGRAM_NO_PLAN};
    if (good)
        work->program = yg_compile(work->graph, wrt, kept, NULL, 0, &options, work->error);
    free(wrt);
    free(out);
    free(varies);
    return good ? work->program != NULL : yg_explain_fail(work);
}

/* ------------------------------------------------------------------------------ the results -- */

static double *copy_values(const yg_explain_work *work, yg_node node) {
    const yg_type *type = yg_node_type(work->graph, node);
    const int64_t count = yg_type_count(type);
    const void *data = yg_explain_value(work, node);
    double *values = yg_pool_take(work->pool, (size_t)count * sizeof *values + 1);
    for (int64_t i = 0; values && data && i < count; i++)
        values[i] = yg_element_get(type->dtype, data, i);
    return values;
}

static yg_explained_role role_of(const yg_explain_work *work, yg_node node) {
    const size_t port = yg_model_find_port(work->model, yg_node_name(work->graph, node));
    if (yg_node_constant(work->graph, node))
        return YG_EXPLAINED_CONSTANT;
    if (yg_node_is_parameter(work->graph, node))
        return YG_EXPLAINED_PARAMETER;
    if (!yg_node_is_input(work->graph, node))
        return YG_EXPLAINED_RESULT;
    return port != SIZE_MAX && yg_model_port(work->model, port)->target ? YG_EXPLAINED_TARGET
                                                                        : YG_EXPLAINED_INPUT;
}

static bool moves(const yg_graph *graph, yg_node node) {
    return yg_node_is_silent(graph, node) || strcmp(yg_node_op(graph, node)->name, "permute") == 0;
}

static bool list_nodes(yg_explain_work *work) {
    work->nodes = yg_pool_take(work->pool, work->count * sizeof *work->nodes);
    if (!work->nodes)
        return yg_fail_memory(work->error);
    for (size_t i = 0; i < work->count; i++) {
        const yg_node node = work->node_of[i];
        const size_t edges = yg_node_operand_count(work->graph, node);
        yg_explained_edge *edge = yg_pool_take(work->pool, (edges + 1) * sizeof *edge);
        yg_explained_node *out = &work->nodes[i];
        *out =
            (yg_explained_node){.role = role_of(work, node),
                                .name = "",
                                .op = yg_pool_text(work->pool, yg_node_op(work->graph, node)->name),
                                .moves = moves(work->graph, node),
                                .formula = "",
                                .type = *yg_node_type(work->graph, node),
                                .origin = yg_node_origin(work->graph, node),
                                .value = copy_values(work, node),
                                .gradient_name = "",
                                .chain = "",
                                .simplified = "",
                                .edge_count = edges,
                                .edges = edge};
        if (work->gradients[node] != YG_NONE)
            out->gradient = copy_values(work, work->gradients[node]);
        if (!edge || !out->op || !out->value ||
            (work->gradients[node] != YG_NONE && !out->gradient))
            return yg_fail_memory(work->error);
        for (size_t k = 0; k < edges; k++)
            edge[k].operand = work->index[yg_node_operand(work->graph, node, k)];
    }
    return true;
}

static bool explain(yg_explain_work *work, yg_explanation *out) {
    const yg_part *part = NULL;
    const bool good = yg_encoding_load_data(work->model, work->options->weights, YG_F64,
                                            &work->data, work->error) &&
                      (part = find_part(work)) && build(work) && mark(work) &&
                      differentiate(work) && bind(work) && fill(work, part) &&
                      yg_program_run(work->program, 0, 0, work->error) && list_nodes(work) &&
                      yg_explain_texts(work) && yg_explain_locals(work) && yg_explain_twins(work);
    if (!good)
        return false;
    *out = (yg_explanation){.loss = work->nodes[work->count - 1].value[0],
                            .example = work->options->example,
                            .examples = part->count,
                            .count = work->count,
                            .nodes = work->nodes,
                            .agrees = true,
                            .pool = work->pool};
    for (size_t i = 0; i < work->count; i++)
        out->agrees = out->agrees && work->nodes[i].worst < YG_EXPLAIN_TOLERANCE;
    return true;
}

bool yg_explain(const yg_model *model, const yg_explain_options *options,
                yg_explanation *explanation, yg_error *error) {
    static const yg_explain_options defaults = {0};
    yg_explain_work work = {.model = model,
                            .options = options ? options : &defaults,
                            .error = error,
                            .pool = yg_pool_new(),
                            .loss = YG_NONE};
    *explanation = (yg_explanation){0};
    const bool good = work.pool ? explain(&work, explanation) : yg_fail_memory(error);
    yg_program_free(work.program);
    yg_network_free(work.network);
    yg_tensor_file_free(&work.store);
    yg_data_free(&work.data);
    if (!good)
        yg_pool_free(work.pool);
    return good;
}

void yg_explanation_free(yg_explanation *explanation) {
    yg_pool_free(explanation->pool);
    *explanation = (yg_explanation){0};
}
