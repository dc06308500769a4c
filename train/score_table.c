/*
 * Metrics that are tables: see score_table.h.
 */
#include "score_table.h"

#include "json_text.h"

#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------------- names --- */

/* The first column of a curve; the others are classes, or have the second name. */
typedef struct curve {
    const char *function, *first, *other;
} curve;

static const curve curves[] = {
    {"roc_curve", "false_positive_rate", "true_positive_rate"},
    {"precision_recall_curve", "recall", "precision"},
};

static const curve *find_curve(const char *function) {
    for (size_t i = 0; function && i < sizeof curves / sizeof *curves; i++)
        if (strcmp(curves[i].function, function) == 0)
            return &curves[i];
    return NULL;
}

static void free_names(char **names, int64_t count) {
    for (int64_t i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}

static char **copy_names(const char *const *names, int64_t count) {
    char **copy = calloc((size_t)count + 1, sizeof *copy);
    for (int64_t i = 0; copy && i < count; i++)
        if (!(copy[i] = strdup(names[i]))) {
            free_names(copy, count);
            return NULL;
        }
    return copy;
}

/* Marks what a node depends on. */
static bool *cone_of(const yg_graph *graph, yg_node node) {
    bool *cone = calloc(yg_graph_size(graph) + 1, sizeof *cone);
    if (!cone)
        return NULL;
    cone[node] = true;
    for (yg_node i = node + 1; i-- > 0;)
        for (size_t k = 0; cone[i] && k < yg_node_operand_count(graph, i); k++)
            cone[yg_node_operand(graph, i, k)] = true;
    return cone;
}

/* The names of `count` classes of a target that the metric depends on; NULL where there is no such
 * target, or they have no names. */
static const char *const *class_names(const yg_executable_options *options, yg_network *network,
                                      const bool *cone, int64_t count) {
    size_t targets;
    const yg_tensor_name *target = yg_network_targets(network, &targets);
    for (size_t i = 0; i < targets; i++) {
        const size_t p = yg_model_find_port(options->model, target[i].name);
        const yg_port *port = yg_model_port(options->model, p);
        const yg_encoding *encoding = &options->data->encoding;
        if (!cone[target[i].node] || port->classes != count)
            continue;
        if (p < encoding->count && encoding->ports[p].classes)
            return (const char *const *)encoding->ports[p].classes;
        return (const char *const *)port->class_names;
    }
    return NULL;
}

/* Names the dimension of `count` rows or columns. */
static bool name_all(const yg_executable_options *options, yg_network *network, const bool *cone,
                     int64_t count, char ***names) {
    const char *const *classes = class_names(options, network, cone, count);
    *names = classes ? copy_names(classes, count) : NULL;
    return !classes || *names;
}

static bool name_curve(const yg_executable_options *options, yg_network *network, const bool *cone,
                       const curve *curve, yg_score_table *table) {
    const int64_t others = table->columns - 1;
    const char *const *classes = others > 1 ? class_names(options, network, cone, others) : NULL;
    const char **names = calloc((size_t)table->columns + 1, sizeof *names);
    if (!names)
        return false;
    names[0] = curve->first;
    for (int64_t i = 0; i < others; i++)
        names[i + 1] = classes ? classes[i] : curve->other;
    table->column_names = copy_names(names, table->columns);
    free(names);
    return table->column_names != NULL;
}

/* --------------------------------------------------------------------------------- tables ---- */

static bool name_table(const yg_executable_options *options, yg_network *network, yg_node node,
                       yg_score_table *table) {
    const curve *curve = find_curve(table->function);
    bool *cone = cone_of(yg_network_graph(network), node);
    const bool good =
        cone && (curve && table->columns > 1
                     ? name_curve(options, network, cone, curve, table)
                     : name_all(options, network, cone, table->rows, &table->row_names) &&
                           (table->columns == 1 || name_all(options, network, cone, table->columns,
                                                            &table->column_names)));
    free(cone);
    return good;
}

bool yg_score_table_make(const yg_executable_options *options, yg_network *network, size_t metric,
                         yg_score_table **table, yg_error *error) {
    size_t count;
    const yg_node node = yg_network_metrics(network, &count)[metric].node;
    const yg_type *type = yg_node_type(yg_network_graph(network), node);
    *table = NULL;
    if (type->rank == 0)
        return true;
    yg_score_table *made = calloc(1, sizeof *made);
    if (!made)
        return yg_fail_memory(error);
    *made = (yg_score_table){.function = yg_model_get_metric(options->model, metric).function,
                             .rows = type->shape[0],
                             .columns = type->rank > 1 ? type->shape[1] : 1};
    if (!name_table(options, network, node, made)) {
        yg_score_table_free(made);
        return yg_fail_memory(error);
    }
    *table = made;
    return true;
}

static void add_names(yg_text *out, const char *key, char *const *names, int64_t count) {
    yg_text_add(out, ", \"%s\": %s", key, names ? "[" : "null");
    for (int64_t i = 0; names && i < count; i++) {
        yg_text_add(out, "%s", i ? ", " : "");
        yg_json_string(out, names[i]);
    }
    yg_text_add(out, "%s", names ? "]" : "");
}

void yg_score_table_json(const yg_score_table *table, const double *values, yg_text *out) {
    yg_text_add(out, "{\"function\": ");
    if (table->function)
        yg_json_string(out, table->function);
    else
        yg_text_add(out, "null");
    add_names(out, "rows", table->row_names, table->rows);
    add_names(out, "columns", table->column_names, table->columns);
    yg_text_add(out, ", \"values\": [");
    for (int64_t r = 0; r < table->rows; r++) {
        yg_text_add(out, r ? ", [" : "[");
        for (int64_t c = 0; c < table->columns; c++) {
            yg_text_add(out, "%s", c ? ", " : "");
            yg_json_number(out, values[r * table->columns + c]);
        }
        yg_text_add(out, "]");
    }
    yg_text_add(out, "]}");
}

yg_score_table *yg_score_table_copy(const yg_score_table *table) {
    yg_score_table *copy = calloc(1, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = (yg_score_table){
        .function = table->function, .rows = table->rows, .columns = table->columns};
    copy->values = calloc((size_t)(copy->rows * copy->columns) + 1, sizeof *copy->values);
    if (table->row_names)
        copy->row_names = copy_names((const char *const *)table->row_names, table->rows);
    if (table->column_names)
        copy->column_names = copy_names((const char *const *)table->column_names, table->columns);
    if (copy->values && !copy->row_names == !table->row_names &&
        !copy->column_names == !table->column_names)
        return copy;
    yg_score_table_free(copy);
    return NULL;
}

void yg_score_table_free(yg_score_table *table) {
    if (!table)
        return;
    free(table->values);
    free_names(table->row_names, table->rows);
    free_names(table->column_names, table->columns);
    free(table);
}
