/*
 * Surveying a model: see survey.h.
 *
 * A shape is shown with symbols ("[B, 3]"), but a built network knows only numbers. So for each
 * symbol the network is built once more with that symbol one larger. A dimension that grows by k
 * is k times the symbol.
 */
#include "survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------- dimensions -- */

static bool add_dim(survey *survey, const char *name, const yg_dim *sizes, size_t size_count,
                    int64_t otherwise, yg_error *error) {
    for (size_t i = 0; i < survey->dim_count; i++)
        if (strcmp(survey->dims[i].name, name) == 0)
            return true;
    if (survey->dim_count == SURVEY_DIMS_MAX)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "more than %d symbolic dimensions cannot be shown", SURVEY_DIMS_MAX);
    yg_dim dim = {.name = name, .size = otherwise};
    for (size_t i = 0; i < size_count; i++)
        if (strcmp(sizes[i].name, name) == 0)
            dim.size = sizes[i].size;
    survey->dims[survey->dim_count++] = dim;
    return true;
}

static bool collect_dims(const yg_model *model, const yg_dim *sizes, size_t size_count,
                         int64_t otherwise, survey *survey, yg_error *error) {
    survey->batch = "";
    for (size_t i = 0; i < yg_model_port_count(model); i++) {
        const yg_port *port = yg_model_port(model, i);
        for (int d = 0; d < port->rank; d++) {
            const char *name = port->symbols[d];
            if (!name)
                continue;
            if (i == 0 && d == 0)
                survey->batch = name;
            if (!add_dim(survey, name, sizes, size_count, otherwise, error))
                return false;
        }
    }
    return true;
}

static yg_network *build(const yg_model *model, const survey *survey, size_t enlarged,
                         yg_error *error) {
    yg_dim dims[SURVEY_DIMS_MAX];
    memcpy(dims, survey->dims, sizeof dims);
    if (enlarged < survey->dim_count)
        dims[enlarged].size++;
    const yg_network_options options = {
        .dims = dims,
        .dim_count = survey->dim_count,
        .dtype = survey->dtype,
        .graph_flags = survey->graph_flags,
    };
    return yg_network_build(model, &options, error);
}

/* -------------------------------------------------------------------------------------- rows -- */

/* The node of row `index`: inputs, targets, then layers. */
static yg_node row_node(yg_network *network, size_t index) {
    size_t inputs = 0;
    size_t targets = 0;
    size_t layers = 0;
    const yg_tensor_name *input = yg_network_inputs(network, &inputs);
    const yg_tensor_name *target = yg_network_targets(network, &targets);
    const yg_network_layer *layer = yg_network_layers(network, &layers);
    if (index < inputs)
        return input[index].node;
    index -= inputs;
    if (index < targets)
        return target[index].node;
    index -= targets;
    return index < layers ? layer[index].output : YG_NONE;
}

static bool make_rows(survey *survey, yg_error *error) {
    size_t inputs = 0;
    size_t targets = 0;
    size_t layers = 0;
    const yg_tensor_name *input = yg_network_inputs(survey->network, &inputs);
    const yg_tensor_name *target = yg_network_targets(survey->network, &targets);
    const yg_network_layer *layer = yg_network_layers(survey->network, &layers);
    survey->rows = calloc(inputs + targets + layers + 1, sizeof *survey->rows);
    if (!survey->rows)
        return yg_fail_memory(error);
    survey_row *row = survey->rows;
    for (size_t i = 0; i < inputs; i++)
        *row++ = (survey_row){.name = input[i].name, .type = "input"};
    for (size_t i = 0; i < targets; i++)
        *row++ = (survey_row){.name = target[i].name, .type = "target"};
    for (size_t i = 0; i < layers; i++)
        *row++ = (survey_row){
            .name = layer[i].name,
            .type = layer[i].type[0] == '\0' ? "expression" : layer[i].type,
            .parameters = layer[i].parameters,
            .depth = layer[i].depth,
        };
    survey->row_count = (size_t)(row - survey->rows);
    return true;
}

/* -------------------------------------------------------------------------------------- cost -- */

/* `operands` has room for the types of any node's operands. */
static double node_flops(const yg_graph *graph, yg_node node, yg_type *operands) {
    const yg_op *op = yg_node_op(graph, node);
    const yg_type *type = yg_node_type(graph, node);
    if ((op->flags & (YG_OP_LEAF | YG_OP_VIEW)) != 0)
        return 0;
    const size_t count = yg_node_operand_count(graph, node);
    for (size_t k = 0; k < count; k++)
        operands[k] = *yg_node_type(graph, yg_node_operand(graph, node, k));
    const yg_infer call = {
        .op = op,
        .operands = operands,
        .operand_count = count,
        .attrs = yg_node_attrs(graph, node),
    };
    return yg_op_plan_of(&call, type, false).flops;
}

/* Room for the types of any node's operands. NULL when out of memory. */
static yg_type *room_for_operands(const yg_graph *graph) {
    size_t most = 1;
    for (yg_node node = 0; node < yg_graph_size(graph); node++) {
        const size_t count = yg_node_operand_count(graph, node);
        most = count > most ? count : most;
    }
    return calloc(most, sizeof(yg_type));
}

/* total[i]: floating-point operations of the nodes before i. The difference of two entries is the
 * cost of the nodes between them. A node that no output, no loss and no effect depends on is not
 * computed, so it costs nothing. Freed by the caller; NULL when out of memory. */
static double *running_flops(yg_network *network) {
    const yg_graph *graph = yg_network_graph(network);
    const size_t size = yg_graph_size(graph);
    double *total = calloc(size + 1, sizeof *total);
    bool *live = calloc(size + 1, sizeof *live);
    yg_type *operands = room_for_operands(graph);
    size_t outputs = 0;
    const yg_tensor_name *output = yg_network_outputs(network, &outputs);
    if (total && live && operands) {
        for (size_t i = 0; i < outputs; i++)
            live[output[i].node] = true;
        if (yg_network_loss(network) != YG_NONE)
            live[yg_network_loss(network)] = true;
        for (size_t i = 0; i < size; i++)
            live[i] |= (yg_node_op(graph, (yg_node)i)->flags & YG_OP_EFFECTS) != 0;
        for (size_t i = size; i-- > 0;)
            for (size_t k = 0; live[i] && k < yg_node_operand_count(graph, (yg_node)i); k++)
                live[yg_node_operand(graph, (yg_node)i, k)] = true;
        for (size_t i = 0; i < size; i++)
            total[i + 1] = total[i] + (live[i] ? node_flops(graph, (yg_node)i, operands) : 0);
    }
    if (!live || !operands) {
        free(total);
        total = NULL;
    }
    free(live);
    free(operands);
    return total;
}

/* A row by its output, for sorting. */
typedef struct place {
    yg_node output;
    size_t row;
} place;

static int compare_places(const void *a, const void *b) {
    const place *x = a, *y = b;
    return x->output == y->output ? 0 : x->output < y->output ? -1 : 1;
}

/* The graph is built from top to bottom. So a layer's nodes begin where the layer before it ended
 * and go up to its own output. The layer before it has the same depth or a smaller one; a layer
 * inside it has a larger depth, and its nodes belong to both. Layers that share an output, such as
 * a layer and the last one inside it, are handled together: each begins after the same layers.
 *
 * `places` are sorted by output. ends[d], for d < depths: the first node after the last layer of
 * depth d so far. */
static void share_flops(survey *survey, const place *places, size_t count, const double *total,
                        yg_node *ends, int depths) {
    for (size_t i = 0, next = 0; i < count; i = next) {
        while (next < count && places[next].output == places[i].output)
            next++;
        for (size_t k = i; k < next; k++) {
            survey_row *row = &survey->rows[places[k].row];
            yg_node start = 0;
            for (int d = 0; d <= row->depth; d++)
                start = ends[d] > start ? ends[d] : start;
            row->flops = total[places[k].output + 1] - total[start];
        }
        for (size_t k = i; k < next; k++)
            if (survey->rows[places[k].row].depth < depths)
                ends[survey->rows[places[k].row].depth] = places[k].output + 1;
    }
}

static bool count_flops(survey *survey, yg_error *error) {
    size_t ports = 0, targets = 0, count = 0;
    int depths = 1;
    yg_network_inputs(survey->network, &ports);
    yg_network_targets(survey->network, &targets);
    ports += targets;
    for (size_t i = ports; i < survey->row_count; i++)
        depths = survey->rows[i].depth >= depths ? survey->rows[i].depth + 1 : depths;
    double *total = running_flops(survey->network);
    place *places = calloc(survey->row_count + 1, sizeof *places);
    yg_node *ends = calloc((size_t)depths, sizeof *ends);
    const bool room = total && places && ends;
    for (size_t i = ports; room && i < survey->row_count; i++)
        places[count++] = (place){.output = row_node(survey->network, i), .row = i};
    if (room) {
        survey->forward_flops = total[yg_graph_size(yg_network_graph(survey->network))];
        qsort(places, count, sizeof *places, compare_places);
        share_flops(survey, places, count, total, ends, depths);
    }
    free(total);
    free(places);
    free(ends);
    return room || yg_fail_memory(error);
}

static void count_parameters(survey *survey) {
    size_t count = 0;
    const yg_network_parameter *parameter = yg_network_parameters(survey->network, &count);
    const yg_graph *graph = yg_network_graph(survey->network);
    for (size_t i = 0; i < count; i++) {
        const yg_type *type = yg_node_type(graph, parameter[i].node);
        *(parameter[i].state ? &survey->state : &survey->parameters) += yg_type_count(type);
        *(parameter[i].state ? &survey->state_bytes : &survey->weight_bytes) += yg_type_bytes(type);
        if (parameter[i].trainable)
            survey->trainable += yg_type_count(type);
    }
}

/* ------------------------------------------------------------------------------------ shapes -- */

/* Writes "[B, 3]". larger[s] is the type of the same result with symbol s one larger. */
static void write_shape(const survey *survey, const yg_type *type, const yg_type *larger,
                        char *text) {
    size_t at = (size_t)snprintf(text, SURVEY_SHAPE_TEXT, "[");
    for (int d = 0; d < type->rank; d++) {
        const char *separator = d == 0 ? "" : ", ";
        char dim[80];
        snprintf(dim, sizeof dim, "%lld", (long long)type->shape[d]);
        for (size_t s = 0; s < survey->dim_count; s++) {
            const int64_t factor = larger[s].shape[d] - type->shape[d];
            if (factor > 0 && factor * survey->dims[s].size == type->shape[d] && factor == 1)
                snprintf(dim, sizeof dim, "%.60s", survey->dims[s].name);
            else if (factor > 0 && factor * survey->dims[s].size == type->shape[d])
                snprintf(dim, sizeof dim, "%lld*%.50s", (long long)factor, survey->dims[s].name);
        }
        if (at < SURVEY_SHAPE_TEXT)
            at += (size_t)snprintf(text + at, SURVEY_SHAPE_TEXT - at, "%s%s", separator, dim);
    }
    if (at < SURVEY_SHAPE_TEXT)
        snprintf(text + at, SURVEY_SHAPE_TEXT - at, "]");
}

/* Whether a node of the larger graph is the same one. Nearly all are: the same statements make the
 * same nodes, unless a constant of theirs happens to be the size. */
static bool is_same_node(const yg_graph *graph, const yg_graph *larger, yg_node node) {
    return node < yg_graph_size(larger) && yg_node_op(larger, node) == yg_node_op(graph, node) &&
           strcmp(yg_node_name(larger, node), yg_node_name(graph, node)) == 0 &&
           yg_node_type(larger, node)->rank == yg_node_type(graph, node)->rank;
}

const char *survey_shape(const survey *survey, yg_node node, char *text) {
    const yg_graph *graph = yg_network_graph(survey->network);
    yg_type types[SURVEY_DIMS_MAX];
    for (size_t s = 0; s < survey->dim_count; s++) {
        const yg_graph *larger = survey->larger[s] ? yg_network_graph(survey->larger[s]) : NULL;
        const bool same = larger && is_same_node(graph, larger, node);
        types[s] = *yg_node_type(same ? larger : graph, node);
    }
    write_shape(survey, yg_node_type(graph, node), types, text);
    return text;
}

const char *survey_output_shape(const survey *survey, size_t index, char *text) {
    size_t count;
    const yg_tensor_name *outputs = yg_network_outputs(survey->network, &count);
    const yg_type *type = yg_node_type(yg_network_graph(survey->network), outputs[index].node);
    yg_type types[SURVEY_DIMS_MAX];
    for (size_t s = 0; s < survey->dim_count; s++) {
        yg_network *larger = survey->larger[s];
        const yg_tensor_name *same = larger ? yg_network_outputs(larger, &count) : NULL;
        types[s] = same ? *yg_node_type(yg_network_graph(larger), same[index].node) : *type;
    }
    write_shape(survey, type, types, text);
    return text;
}

static void write_shapes(const yg_model *model, survey *survey) {
    for (size_t s = 0; s < survey->dim_count; s++) {
        /* A symbol may be at its limit, such as a context length. Then this fails, and the symbol
         * is shown as a number. */
        survey->larger[s] = build(model, survey, s, NULL);
    }
    for (size_t i = 0; i < survey->row_count; i++) {
        const yg_type *type =
            yg_node_type(yg_network_graph(survey->network), row_node(survey->network, i));
        yg_type types[SURVEY_DIMS_MAX];
        for (size_t s = 0; s < survey->dim_count; s++) {
            yg_network *larger = survey->larger[s];
            const yg_node node = !larger ? YG_NONE : row_node(larger, i);
            types[s] = node == YG_NONE ? *type : *yg_node_type(yg_network_graph(larger), node);
        }
        write_shape(survey, type, types, survey->rows[i].shape);
    }
}

bool survey_make(const yg_model *model, const yg_dim *sizes, size_t size_count, int64_t otherwise,
                 yg_dtype dtype, unsigned graph_flags, survey *out, yg_error *error) {
    *out = (survey){.dtype = dtype, .graph_flags = graph_flags};
    if (!collect_dims(model, sizes, size_count, otherwise, out, error))
        return false;
    out->network = build(model, out, SURVEY_DIMS_MAX, error);
    if (out->network && make_rows(out, error) && count_flops(out, error)) {
        write_shapes(model, out);
        count_parameters(out);
        return true;
    }
    survey_free(out);
    return false;
}

void survey_free(survey *survey) {
    free(survey->rows);
    for (size_t s = 0; s < survey->dim_count; s++)
        yg_network_free(survey->larger[s]);
    yg_network_free(survey->network);
    *survey = (struct survey){0};
}
