/*
 * Units as nodes: see units_node.h.
 */
#include "units_node.h"

#include "../data/column.h"
#include "../ops/build.h"
#include "../ops/registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number for each element of an example, which repeats over examples. */
typedef struct turning {
    yg_graph *graph;
    yg_type type; /* of the constants: [1, …] */
    int64_t count;
    yg_inverse *inverses; /* [count] */
} turning;

static yg_node constant(const turning *t, double (*number)(const yg_inverse *inverse)) {
    double *values = calloc((size_t)t->count + 1, sizeof *values);
    for (int64_t i = 0; values && i < t->count; i++)
        values[i] = number(&t->inverses[i]);
    const yg_node node = values ? yg_constant(t->graph, &t->type, values)
                                : yg_graph_fail(t->graph, YG_ERROR_MEMORY, "out of memory");
    free(values);
    return node;
}

static double factor_of(const yg_inverse *inverse) {
    return inverse->factor;
}

static double offset_of(const yg_inverse *inverse) {
    return inverse->offset;
}

static double is_exp(const yg_inverse *inverse) {
    return inverse->way == YG_INVERSE_EXP;
}

static double is_expm1(const yg_inverse *inverse) {
    return inverse->way == YG_INVERSE_EXPM1;
}

static double is_quantile(const yg_inverse *inverse) {
    return inverse->way == YG_INVERSE_QUANTILE;
}

static double steps_of(const yg_inverse *inverse) {
    return is_quantile(inverse) != 0 ? (double)(inverse->quantile_count - 1) : 0;
}

static bool any(const turning *t, double (*is)(const yg_inverse *inverse)) {
    for (int64_t i = 0; i < t->count; i++)
        if (is(&t->inverses[i]) != 0)
            return true;
    return false;
}

/* `changed` in the elements that are so, x in the others. */
static yg_node choose(const turning *t, double (*is)(const yg_inverse *inverse), yg_node changed,
                      yg_node x) {
    const yg_node mask = yg_not_equal(t->graph, constant(t, is), yg_scalar(t->graph, YG_F64, 0));
    return yg_where(t->graph, mask, changed, x);
}

/* The quantiles of all elements one after the other; *begins becomes where those of each begin. */
static yg_node all_quantiles(const turning *t, yg_node *begins) {
    yg_type list = {.dtype = YG_F64, .rank = 1};
    for (int64_t i = 0; i < t->count; i++)
        list.shape[0] += t->inverses[i].quantile_count;
    double *values = calloc((size_t)list.shape[0] + 1, sizeof *values);
    double *places = calloc((size_t)t->count + 1, sizeof *places);
    int64_t at = 0;
    for (int64_t i = 0; values && places && i < t->count; i++) {
        const yg_inverse *inverse = &t->inverses[i];
        places[i] = is_quantile(inverse) != 0 ? (double)at : 0;
        for (int64_t k = 0; k < inverse->quantile_count; k++)
            values[at++] = inverse->quantiles[k];
    }
    const bool good = values && places;
    const yg_node node = good ? yg_constant(t->graph, &list, values)
                              : yg_graph_fail(t->graph, YG_ERROR_MEMORY, "out of memory");
    *begins = good ? yg_constant(t->graph, &t->type, places) : YG_NONE;
    free(values);
    free(places);
    return node;
}

/* The quantiles at some places, of x's shape. */
static yg_node at_places(const turning *t, yg_node quantiles, yg_node places) {
    if (places == YG_NONE || quantiles == YG_NONE)
        return YG_NONE;
    const yg_type shape = *yg_node_type(t->graph, places);
    const yg_type flat = {.dtype = YG_I32, .rank = 1, .shape = {yg_type_count(&shape)}};
    const yg_node index = yg_reshape(t->graph, yg_cast(t->graph, places, YG_I32), &flat);
    const yg_attr dim = {.i = 0};
    const yg_node found =
        yg_apply(t->graph, &yg_op_gather, (const yg_node[]){quantiles, index}, 2, &dim);
    return yg_reshape(t->graph, found, &shape);
}

/* Between two quantiles the inverse is a straight line. */
static yg_node from_quantiles(const turning *t, yg_node x) {
    yg_graph *graph = t->graph;
    yg_node begins;
    const yg_node quantiles = all_quantiles(t, &begins), steps = constant(t, steps_of);
    const yg_node zero = yg_scalar(graph, YG_F64, 0), one = yg_scalar(graph, YG_F64, 1);
    const yg_node lost = yg_isnan(graph, x);
    const yg_node part =
        yg_minimum(graph, yg_maximum(graph, yg_where(graph, lost, zero, x), zero), one);
    const yg_node at = yg_multiply(graph, part, steps);
    const yg_node below = yg_apply(graph, &yg_op_floor, &at, 1, NULL);
    const yg_node above = yg_minimum(graph, yg_add(graph, below, one), steps);
    const yg_node low = at_places(t, quantiles, yg_add(graph, begins, below));
    const yg_node high = at_places(t, quantiles, yg_add(graph, begins, above));
    const yg_node rest = yg_subtract(graph, at, below);
    const yg_node between =
        yg_add(graph, low, yg_multiply(graph, yg_subtract(graph, high, low), rest));
    return yg_where(graph, lost, x, between);
}

static yg_node turn(const turning *t, yg_node node) {
    yg_graph *graph = t->graph;
    const yg_node product = yg_multiply(graph, node, constant(t, factor_of));
    const yg_node number = yg_add(graph, product, constant(t, offset_of));
    yg_node result = number;
    if (any(t, is_exp))
        result = choose(t, is_exp, yg_exp(graph, number), result);
    if (any(t, is_expm1))
        result = choose(t, is_expm1, yg_expm1(graph, number), result);
    if (any(t, is_quantile))
        result = choose(t, is_quantile, from_quantiles(t, number), result);
    return result;
}

yg_node yg_units_node(void *context, yg_graph *graph, size_t port, yg_node node) {
    const yg_data *data = context;
    const yg_port_encoding *encoding =
        port < data->encoding.count ? &data->encoding.ports[port] : NULL;
    if (!encoding || node == YG_NONE || !yg_encoding_has_units(encoding))
        return node;
    const int64_t width = yg_encoding_width(encoding);
    turning t = {.graph = graph, .type = *yg_node_type(graph, node)};
    t.type.shape[0] = 1;
    t.count = yg_type_count(&t.type);
    /* An example of a window or of a sequence has several rows of that width. */
    if (width <= 0 || t.count % width != 0)
        return yg_graph_fail(graph, YG_ERROR_SHAPE,
                             "units: an example has %lld elements, and its columns have %lld",
                             (long long)t.count, (long long)width);
    t.inverses = calloc((size_t)t.count + 1, sizeof *t.inverses);
    for (int64_t i = 0; t.inverses && i < t.count; i++)
        t.inverses[i] = yg_encoding_inverse(encoding, i % width);
    const yg_node turned =
        t.inverses ? turn(&t, node) : yg_graph_fail(graph, YG_ERROR_MEMORY, "out of memory");
    free(t.inverses);
    return turned;
}
