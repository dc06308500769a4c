/*
 * The metrics of a network: see build_metrics.h.
 *
 * A metric with `units: y` is computed from what its tensors are in the units of y. So the names in
 * its expression get other values while it is built: the tensors of y's shape are turned back, and
 * all floats become float64. Numbers such as prices are large beside their errors, and float32
 * would round the errors away.
 */
#include "build_metrics.h"

#include "../../ops/build.h"
#include "expression_value.h"

#include <string.h>

/* ----------------------------------------------------------------------------------- units --- */

/* The names of an expression whose values are replaced. */
typedef struct replacing {
    yg_builder *builder;
    const yg_model *model;
    size_t port;       /* that gives the units */
    yg_node port_node; /* in this network */
    yg_names names;    /* replaced */
    yg_term *kept;     /* by name: the value before */
    bool meets_port;   /* the expression names the port itself */
    bool meets_tensor; /* and a tensor that is computed, */
    bool turns_tensor; /* one of them of the port's shape */
    bool failed;
} replacing;

static bool same_shape(const yg_graph *graph, yg_node a, yg_node b) {
    const yg_type *one = yg_node_type(graph, a), *other = yg_node_type(graph, b);
    return one->rank == other->rank &&
           memcmp(one->shape, other->shape, (size_t)one->rank * sizeof *one->shape) == 0;
}

/* Inputs and targets have units of their own, and parameters have none. */
static bool is_turned(replacing *r, const char *name, yg_node node) {
    const yg_graph *graph = r->builder->graph;
    const size_t port = yg_model_find_port(r->model, name);
    if (port != SIZE_MAX) {
        r->meets_port = r->meets_port || port == r->port;
        return port == r->port;
    }
    const bool turned = !yg_node_is_parameter(graph, node) && same_shape(graph, node, r->port_node);
    r->meets_tensor = true;
    r->turns_tensor = r->turns_tensor || turned;
    return turned;
}

static void replace(void *context, const char *name) {
    replacing *r = context;
    yg_builder *builder = r->builder;
    const size_t at = yg_names_find(&builder->names, name);
    if (r->failed || at == YG_NOT_FOUND || yg_names_find(&r->names, name) != YG_NOT_FOUND)
        return;
    yg_term *term = &builder->terms[at];
    if (term->kind != YG_TERM_TENSOR ||
        !yg_dtype_is_float(yg_node_type(builder->graph, term->node)->dtype))
        return;
    yg_term *kept = yg_pool_grow(builder->pool, r->kept, r->names.count, sizeof *kept);
    if (!kept) {
        r->failed = !yg_fail_memory(builder->error);
        return;
    }
    r->kept = kept;
    kept[r->names.count] = *term;
    if (!yg_names_add(&r->names, builder->pool, name)) {
        r->failed = !yg_fail_memory(builder->error);
        return;
    }
    yg_node node = yg_cast(builder->graph, term->node, YG_F64);
    if (is_turned(r, name, term->node) && builder->in_units)
        node = builder->in_units(builder->units_context, builder->graph, r->port, node);
    r->failed = node == YG_NONE;
    if (r->failed)
        yg_fail_as(builder->error, yg_graph_error(builder->graph));
    else
        term->node = node;
}

static void restore(replacing *r) {
    for (size_t i = 0; i < r->names.count; i++)
        r->builder->terms[yg_names_find(&r->builder->names, r->names.names[i])] = r->kept[i];
}

/* Where only the target would be in its units, the prediction is hidden in an expression. */
static bool check_units(const replacing *r, const yg_output_spec *spec) {
    return !r->meets_port || !r->meets_tensor || r->turns_tensor ||
           yg_fail(r->builder->error, YG_ERROR_SHAPE, spec->units_origin,
                   "metric '%s' is in the units of '%s', but names no other tensor of its shape: "
                   "give the prediction a name in `graph`, and use that here",
                   spec->name, spec->units);
}

/* -------------------------------------------------------------------------------- building --- */

/* A quotient of two sums. A constant one is no quotient any more: it has been computed. */
static bool build_ratio(yg_builder *builder, const yg_output_spec *spec, yg_node *sums,
                        yg_node *node) {
    const yg_expression *value = spec->value;
    if (value->kind != YG_EXPRESSION_CALL || value->count != 2)
        return yg_expression_node(builder, value, spec->name, node);
    for (size_t k = 0; k < 2; k++)
        if (!yg_expression_node(builder, value->children[k], spec->name, &sums[k]))
            return false;
    *node = yg_divide(builder->graph, sums[0], sums[1]);
    return *node != YG_NONE || yg_fail_as(builder->error, yg_graph_error(builder->graph));
}

static bool build_value(yg_builder *builder, const yg_output_spec *spec, yg_node *sums,
                        yg_node *node) {
    return spec->join == YG_JOIN_RATIO ? build_ratio(builder, spec, sums, node)
                                       : yg_expression_node(builder, spec->value, spec->name, node);
}

static yg_node node_of_port(const yg_network *network, const char *name) {
    for (size_t i = 0; i < network->input_count; i++)
        if (strcmp(network->inputs[i].name, name) == 0)
            return network->inputs[i].node;
    for (size_t i = 0; i < network->target_count; i++)
        if (strcmp(network->targets[i].name, name) == 0)
            return network->targets[i].node;
    return YG_NONE;
}

static bool build_in_units(yg_builder *builder, const yg_network *network, const yg_model *model,
                           const yg_output_spec *spec, yg_node *sums, yg_node *node) {
    const yg_dtype dtype = builder->dtype;
    replacing r = {.builder = builder,
                   .model = model,
                   .port = yg_model_find_port(model, spec->units),
                   .port_node = node_of_port(network, spec->units)};
    yg_visit_names(spec->value, replace, &r);
    builder->dtype = YG_F64;
    const bool good = !r.failed && check_units(&r, spec) && build_value(builder, spec, sums, node);
    builder->dtype = dtype;
    restore(&r);
    return good;
}

/* One number, or a table. */
static bool check(const yg_builder *builder, const yg_tensor_name *metric) {
    char found[YG_TYPE_TEXT];
    const yg_type *type = yg_node_type(builder->graph, metric->node);
    return type->rank <= 2 || yg_fail(builder->error, YG_ERROR_SHAPE, metric->origin,
                                      "metric '%s': one number or a table is expected, found %s",
                                      metric->name, yg_type_text(type, found));
}

bool yg_build_metrics(yg_builder *builder, yg_network *network, const yg_model *model,
                      const yg_flat *flat) {
    const size_t count = flat->metric_count;
    network->metrics = yg_pool_take(builder->pool, (count + 1) * sizeof *network->metrics);
    network->ratios = yg_pool_take(builder->pool, (2 * count + 1) * sizeof *network->ratios);
    if (!network->metrics || !network->ratios)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < count; i++) {
        const yg_output_spec *spec = &flat->metrics[i];
        yg_tensor_name *metric = &network->metrics[i];
        yg_node *sums = &network->ratios[2 * i];
        sums[0] = sums[1] = YG_NONE;
        *metric =
            (yg_tensor_name){.name = spec->name, .units = spec->units, .origin = spec->origin};
        if (!(spec->units ? build_in_units(builder, network, model, spec, sums, &metric->node)
                          : build_value(builder, spec, sums, &metric->node)) ||
            !check(builder, metric))
            return false;
    }
    network->metric_count = count;
    return true;
}
