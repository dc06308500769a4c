/*
 * Making and freeing a graph, its leaves, and reading it. Building nodes from operators is in
 * build.c.
 */
#include "loop_op.h"
#include "result.h"
#include "shards.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

yg_graph *yg_store_new(const yg_op_set *ops, unsigned flags, yg_pool *pool) {
    yg_graph *graph = calloc(1, sizeof *graph);
    if (graph) {
        graph->ops = ops;
        graph->flags = flags;
        graph->pool = pool;
    }
    return graph;
}

void yg_store_free(yg_graph *graph) {
    if (!graph)
        return;
    free(graph->records);
    free(graph->table);
    free(graph->operand_types);
    free(graph);
}

yg_graph *yg_graph_new(const yg_op_set *ops, unsigned flags) {
    yg_pool *pool = yg_pool_new();
    yg_graph *graph = pool ? yg_store_new(ops, flags, pool) : NULL;
    if (!graph)
        yg_pool_free(pool);
    return graph;
}

void yg_graph_free(yg_graph *graph) {
    if (!graph)
        return;
    yg_loop_ops_free(graph->loops);
    yg_pool_free(graph->pool);
    yg_store_free(graph);
}

const yg_op_set *yg_graph_ops(const yg_graph *graph) {
    return graph->ops;
}

bool yg_graph_training(const yg_graph *graph) {
    return (graph->flags & YG_GRAPH_TRAINING) != 0;
}

void yg_graph_set_shards(yg_graph *graph, const yg_graph_shards *shards) {
    graph->shards = shards;
}

const yg_graph_shards *yg_graph_get_shards(const yg_graph *graph) {
    return graph->shards;
}

const yg_error *yg_graph_error(const yg_graph *graph) {
    return graph->error.code ? &graph->error : NULL;
}

yg_node yg_graph_fail(yg_graph *graph, yg_code code, const char *format, ...) {
    char message[sizeof graph->error.message];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    yg_fail(&graph->error, code, graph->at, "%s", message);
    return YG_NONE;
}

/* A copy of a file name that the graph owns. The last few names are remembered; an older one is
 * copied again, which costs little, since a model has few files. */
static const char *own_file(yg_graph *graph, const char *file) {
    const size_t count = sizeof graph->files / sizeof *graph->files;
    for (size_t i = 0; i < count && graph->files[i]; i++) {
        if (graph->files[i] == file || strcmp(graph->files[i], file) == 0)
            return graph->files[i];
    }
    const char *copy = yg_pool_copy(graph->pool, file, strlen(file));
    if (!copy) {
        yg_fail_memory(&graph->error);
        return NULL;
    }
    memmove(graph->files + 1, graph->files, (count - 1) * sizeof *graph->files);
    graph->files[0] = copy;
    return copy;
}

yg_origin yg_graph_at(yg_graph *graph, yg_origin origin) {
    const yg_origin before = graph->at;
    graph->at = origin;
    if (origin.file)
        graph->at.file = own_file(graph, origin.file);
    return before;
}

/* ----------------------------------------------------------------------------------- leaves -- */

/* Checks a type that a caller may have filled in by hand, before anything relies on it. */
static bool check_type(yg_graph *graph, const char *what, const yg_type *type, yg_type *checked) {
    yg_error error;
    error.code = YG_OK; /* the rest is large, and written only by a failure */
    if (yg_type_make(type->dtype, type->rank, type->shape, checked, &error))
        return true;
    yg_graph_fail(graph, error.code, "%s: %s", what, error.message);
    return false;
}

static yg_node add_leaf(yg_graph *graph, const yg_op *op, const char *name, const yg_type *type) {
    yg_type checked;
    if (!check_type(graph, op->name, type, &checked))
        return YG_NONE;
    const yg_record record = {.op = op, .type = &checked};
    const yg_node node = yg_store_add(graph, &record, false);
    yg_node_set_name(graph, node, name);
    return node;
}

yg_node yg_input(yg_graph *graph, const char *name, const yg_type *type) {
    return add_leaf(graph, &yg_leaf_input, name, type);
}

yg_node yg_parameter(yg_graph *graph, const char *name, const yg_type *type) {
    return add_leaf(graph, &yg_leaf_parameter, name, type);
}

/* `type` has been checked. */
static yg_node add_constant(yg_graph *graph, const yg_type *type, const void *data) {
    /* A constant without elements may come with data == NULL. Its record must not have NULL: that
     * marks a node that is no constant. */
    const yg_record record = {.op = &yg_leaf_constant, .type = type, .data = data ? data : ""};
    return yg_store_add(graph, &record, true);
}

yg_node yg_constant(yg_graph *graph, const yg_type *type, const void *data) {
    yg_type checked;
    if (!check_type(graph, "constant", type, &checked))
        return YG_NONE;
    return add_constant(graph, &checked, data);
}

yg_node yg_scalar(yg_graph *graph, yg_dtype dtype, double value) {
    const yg_type type = {.dtype = dtype};
    yg_type checked;
    uint64_t bytes = 0;
    if (!check_type(graph, "scalar", &type, &checked))
        return YG_NONE;
    yg_element_set(dtype, &bytes, 0, value);
    return add_constant(graph, &checked, &bytes);
}

yg_node yg_full(yg_graph *graph, const yg_type *type, double value) {
    yg_type checked;
    if (!check_type(graph, "full", type, &checked))
        return YG_NONE;
    const yg_node scalar = yg_scalar(graph, type->dtype, value);
    if (type->rank == 0 || scalar == YG_NONE)
        return scalar;
    yg_attr shape = {.count = type->rank};
    memcpy(shape.ints, type->shape, sizeof shape.ints);
    return yg_apply(graph, graph->ops->broadcast, &scalar, 1, &shape);
}

void yg_node_set_name(yg_graph *graph, yg_node node, const char *name) {
    if (node == YG_NONE || graph->records[node].name[0] || !name)
        return;
    const char *copy = yg_pool_copy(graph->pool, name, strlen(name));
    if (copy)
        graph->records[node].name = copy;
    else
        yg_fail_memory(&graph->error);
}

/* ---------------------------------------------------------------------------------- reading -- */

size_t yg_graph_size(const yg_graph *graph) {
    return graph->size;
}

const yg_op *yg_node_op(const yg_graph *graph, yg_node node) {
    return graph->records[node].op;
}

const yg_type *yg_node_type(const yg_graph *graph, yg_node node) {
    return graph->records[node].type;
}

size_t yg_node_operand_count(const yg_graph *graph, yg_node node) {
    return graph->records[node].operand_count;
}

const yg_node *yg_node_operands(const yg_graph *graph, yg_node node) {
    return graph->records[node].operands;
}

yg_node yg_node_operand(const yg_graph *graph, yg_node node, size_t k) {
    return graph->records[node].operands[k];
}

const yg_attr *yg_node_attrs(const yg_graph *graph, yg_node node) {
    return graph->records[node].attrs;
}

yg_node yg_node_result(const yg_graph *graph, yg_node node, size_t index) {
    return index < yg_op_result_count(graph->records[node].op) ? node + (yg_node)index : YG_NONE;
}

size_t yg_node_result_index(const yg_graph *graph, yg_node node, yg_node *first) {
    *first = node;
    if (!yg_is_result(&graph->records[node]))
        return 0;
    *first = yg_node_operand(graph, node, 0);
    return (size_t)(node - *first);
}

const char *yg_node_name(const yg_graph *graph, yg_node node) {
    return graph->records[node].name;
}

yg_origin yg_node_origin(const yg_graph *graph, yg_node node) {
    return graph->records[node].origin;
}

bool yg_node_is_input(const yg_graph *graph, yg_node node) {
    return graph->records[node].op == &yg_leaf_input;
}

bool yg_node_is_parameter(const yg_graph *graph, yg_node node) {
    return graph->records[node].op == &yg_leaf_parameter;
}

const void *yg_node_constant(const yg_graph *graph, yg_node node) {
    return graph->records[node].data;
}

bool yg_node_is_scalar(const yg_graph *graph, yg_node node, double *value) {
    const yg_record *record = &graph->records[node];
    if (record->op == graph->ops->broadcast)
        record = &graph->records[record->operands[0]];
    if (!record->data || record->type->rank != 0)
        return false;
    if (value)
        *value = yg_element_get(record->type->dtype, record->data, 0);
    return true;
}
