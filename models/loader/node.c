/*
 * Names and their values while a network is built, parameters among them, and failures of the graph
 * as errors at the user's lines.
 */
#include "call.h"

#include <string.h>

void yg_builder_at(const yg_builder *builder, yg_origin origin) {
    yg_graph_at(builder->graph, builder->inner ? builder->place : origin);
}

bool yg_fail_from_graph(const yg_builder *builder, yg_origin origin) {
    /* A product that was lifted out of a scan's body may have failed around it. */
    const yg_error *failure = yg_graph_error(builder->graph);
    for (const yg_builder *b = builder->outer; b && !failure; b = b->outer)
        failure = yg_graph_error(b->graph);
    if (!failure && builder->error->code == YG_ERROR_MEMORY)
        return false;
    if (!failure)
        return yg_fail(builder->error, YG_ERROR_INTERNAL, origin,
                       "a node could not be built, and no reason was given");
    return yg_fail(builder->error, failure->code, origin, "%s", failure->message);
}

bool yg_fail_unknown(const yg_builder *builder, const char *name, yg_origin origin) {
    char hint[500];
    return yg_fail(builder->error, YG_ERROR_NAME, origin, "unknown name '%s'%s", name,
                   yg_names_suggest(&builder->names, name, hint, sizeof hint));
}

bool yg_builder_add(yg_builder *builder, const char *name, yg_term term) {
    yg_term *grown =
        yg_pool_grow(builder->pool, builder->terms, builder->names.count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(builder->error);
    builder->terms = grown;
    builder->terms[builder->names.count] = term;
    return yg_names_add(&builder->names, builder->pool, name) || yg_fail_memory(builder->error);
}

const yg_term *yg_builder_find(const yg_builder *builder, const char *name) {
    const size_t found = yg_names_find(&builder->names, name);
    if (found != YG_NOT_FOUND)
        return &builder->terms[found];
    const size_t param =
        builder->params ? yg_names_find(&builder->flat->param_names, name) : YG_NOT_FOUND;
    return param == YG_NOT_FOUND ? NULL : &builder->params[param];
}

bool yg_build_param(yg_builder *builder, const yg_flat_param *param, yg_node *node) {
    yg_type type;
    yg_error failure = {0};
    const yg_dtype dtype = yg_dtype_is_float(param->dtype) ? builder->dtype : param->dtype;
    if (!yg_type_make(dtype, param->rank, param->shape, &type, &failure))
        return yg_fail(builder->error, failure.code, param->origin, "%s '%s': %s",
                       param->state ? "state" : "parameter", param->name, failure.message);
    yg_graph_at(builder->graph, param->origin);
    *node = yg_parameter(builder->graph, param->name, &type);
    const yg_term term = {.kind = YG_TERM_TENSOR, .node = *node};
    if (*node == YG_NONE)
        return yg_fail_from_graph(builder, param->origin);
    if (!builder->params)
        return yg_builder_add(builder, param->name, term);
    builder->params[param - builder->flat->params] = term;
    return true;
}

/* The value of a parameter of a copy that was skipped. NULL: there is none, or after a failure. */
static const yg_term *read_skipped(yg_builder *builder, const char *name) {
    const bool may_be = builder->flat && !builder->params;
    const size_t param = may_be ? yg_names_find(&builder->flat->param_names, name) : YG_NOT_FOUND;
    yg_node node;
    return param != YG_NOT_FOUND && yg_build_param(builder, &builder->flat->params[param], &node)
               ? yg_builder_find(builder, name)
               : NULL;
}

/* ------------------------------------------------------------------------- around a scan's body --
 */

/* A node of the body that stands for a node around it. YG_NONE on failure. */
static yg_node capture(yg_builder *builder, const char *name, yg_node given) {
    const yg_graph *around = builder->outer->graph;
    const yg_type *type = yg_node_type(around, given);
    const void *data = yg_node_constant(around, given);
    if (data)
        return yg_constant(builder->graph, type, data);
    yg_node *captured =
        yg_pool_grow(builder->pool, builder->captured, builder->captured_count, sizeof *captured);
    yg_node *nodes =
        yg_pool_grow(builder->pool, builder->given, builder->captured_count, sizeof *nodes);
    if (!captured || !nodes) {
        yg_fail_memory(builder->error);
        return YG_NONE;
    }
    const yg_node node = yg_input(builder->graph, name, type);
    if (node == YG_NONE)
        return YG_NONE;
    builder->captured = captured;
    builder->given = nodes;
    captured[builder->captured_count] = node;
    nodes[builder->captured_count++] = given;
    return node;
}

yg_node yg_builder_cut(yg_builder *builder, yg_node sequence, const char *name) {
    const size_t count = builder->slice_count;
    yg_node *slices = yg_pool_grow(builder->pool, builder->slices, count, sizeof *slices);
    yg_node *sequences = yg_pool_grow(builder->pool, builder->sequences, count, sizeof *sequences);
    if (!slices || !sequences)
        yg_fail_memory(builder->error);
    if (!slices || !sequences || sequence == YG_NONE)
        return YG_NONE;
    yg_type type = *yg_node_type(builder->outer->graph, sequence);
    type.rank--;
    memmove(type.shape, type.shape + 1, (size_t)type.rank * sizeof *type.shape);
    type.shape[type.rank] = 0;
    builder->slices = slices;
    builder->sequences = sequences;
    const yg_node slice = yg_input(builder->graph, name, &type);
    slices[count] = slice;
    sequences[count] = sequence;
    builder->slice_count += slice != YG_NONE;
    return slice;
}

/* Replaces the tensors in a term by those that stand for them in the body. */
static bool capture_term(yg_builder *builder, const char *name, yg_term *term) {
    if (term->kind == YG_TERM_TENSOR) {
        term->node = capture(builder, name, term->node);
        return term->node != YG_NONE;
    }
    if (term->kind != YG_TERM_LIST)
        return true;
    yg_term *items = yg_pool_take(builder->pool, (term->count + 1) * sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < term->count; i++) {
        items[i] = term->items[i];
        if (!capture_term(builder, name, &items[i]))
            return false;
    }
    term->items = items;
    return true;
}

const yg_term *yg_builder_read(yg_builder *builder, const char *name) {
    const yg_term *found = yg_builder_find(builder, name);
    if (found || !builder->outer)
        return found ? found : read_skipped(builder, name);
    found = yg_builder_read(builder->outer, name);
    if (!found || (found->kind != YG_TERM_TENSOR && found->kind != YG_TERM_LIST))
        return found;
    yg_term term = *found;
    if (!capture_term(builder, name, &term) || !yg_builder_add(builder, name, term)) {
        yg_fail_memory(builder->error);
        return NULL;
    }
    return yg_builder_find(builder, name);
}
