/*
 * The names of gradients, and how each follows from those after it.
 *
 * The gradient at a pre-activation, the operand of an activation, is a layer's error: delta2 of a
 * node a2 = sigmoid(z2). That of a parameter W1 is dW1.
 */
#include "../models/loader/names.h"
#include "explain_work.h"

#include <ctype.h>
#include <string.h>

static const char *const activations[] = {
    "sigmoid",    "tanh",     "relu",       "gelu",    "silu",       "softplus",    "elu",
    "leaky_relu", "selu",     "celu",       "mish",    "hardswish",  "hardsigmoid", "hardtanh",
    "relu6",      "softsign", "logsigmoid", "softmax", "log_softmax"};

/* The pre-activation of a node, or YG_NONE. */
static yg_node pre_activation(const yg_graph *graph, yg_node node) {
    const char *name = yg_node_op(graph, node)->name;
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        if (strcmp(name, activations[i]) == 0)
            return yg_node_operand(graph, node, 0);
    return YG_NONE;
}

/* "delta2" for "a2", "delta_hidden" for "hidden". */
static const char *delta_name(yg_pool *pool, const char *name) {
    const char *digits = name;
    while (isalpha((unsigned char)*digits))
        digits++;
    const bool numbered = *digits && strspn(digits, "0123456789") == strlen(digits);
    return yg_pool_format(pool, numbered ? "delta%s" : "delta_%s", numbered ? digits : name);
}

/* "dW1", "d(a1.weight)". */
static const char *gradient_name(yg_pool *pool, const char *name) {
    return yg_pool_format(pool, yg_is_name(name, false) ? "d%s" : "d(%s)", name);
}

/* Gives the gradient node of each explained node its name, in the names of its graph. A node that
 * is the gradient of two gets the name of the first: deltas first, then parameters, then others. */
static bool name_gradients(yg_explain_work *work, const yg_node_names *forward, size_t limit,
                           const yg_node *gradients, yg_node_names *all) {
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < limit; i++) {
            const char *own = forward->names[i];
            const yg_node at =
                round == 0 && own ? pre_activation(forward->graph, (yg_node)i) : (yg_node)i;
            const bool parameter = yg_node_is_parameter(forward->graph, (yg_node)i);
            if (!own || at == YG_NONE || (round == 1) != parameter || at >= limit ||
                gradients[at] == YG_NONE || all->names[gradients[at]])
                continue;
            const char *name =
                round == 0 ? delta_name(work->pool, own) : gradient_name(work->pool, own);
            if (!name)
                return yg_fail_memory(work->error);
            if (yg_node_names_find(all, name) == YG_NONE)
                all->names[gradients[at]] = name;
        }
    return true;
}

/* The names of a graph's nodes with room for those of the gradients. */
static bool extend(yg_explain_work *work, const yg_node_names *forward, yg_node_names *all) {
    *all = *forward;
    all->size = yg_graph_size(forward->graph);
    all->names = yg_pool_take(work->pool, (all->size + 1) * sizeof *all->names);
    if (!all->names)
        return yg_fail_memory(work->error);
    memcpy(all->names, forward->names, forward->size * sizeof *all->names);
    return true;
}

/* --------------------------------------------------------------------- the simplified form ---- */

/* The same network with all simplifications: there the gradient of a cross entropy of a sigmoid is
 * one subtraction. */
typedef struct simple {
    yg_network *network;
    yg_node_names forward, all;
    yg_node *gradients; /* by node */
} simple;

static bool build_simple(yg_explain_work *work, const yg_dim *dims, size_t dim_count, simple *s) {
    const yg_network_options options = {.dims = dims, .dim_count = dim_count, .dtype = YG_F64};
    s->network = yg_network_build(work->model, &options, work->error);
    if (!s->network)
        return false;
    if (!yg_node_names_make(s->network, work->pool, &s->forward))
        return yg_fail_memory(work->error);
    yg_graph *graph = s->forward.graph;
    const size_t size = s->forward.size;
    yg_node *wrt = yg_pool_take(work->pool, (size + 1) * sizeof *wrt);
    yg_node *out = yg_pool_take(work->pool, (size + 1) * sizeof *out);
    s->gradients = yg_pool_take(work->pool, (size + 1) * sizeof *s->gradients);
    if (!wrt || !out || !s->gradients)
        return yg_fail_memory(work->error);
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        s->gradients[i] = YG_NONE;
        if (yg_dtype_is_float(yg_node_type(graph, (yg_node)i)->dtype) &&
            !yg_node_constant(graph, (yg_node)i))
            wrt[count++] = (yg_node)i;
    }
    if (!yg_grad(graph, yg_network_loss(s->network), YG_NONE, wrt, count, out))
        return yg_fail_as(work->error, yg_graph_error(graph));
    for (size_t i = 0; i < count; i++)
        s->gradients[wrt[i]] = out[i];
    return extend(work, &s->forward, &s->all) &&
           name_gradients(work, &s->forward, size, s->gradients, &s->all);
}

/* Sizes of dimensions as the network has them. */
static bool network_dims(yg_explain_work *work, yg_dim **dims, size_t *count) {
    const char *symbol;
    *dims = yg_pool_take(work->pool, (work->data.dim_count + 1) * sizeof **dims);
    *count = 0;
    if (!*dims)
        return yg_fail_memory(work->error);
    if (!yg_batch_symbol(work->model, &symbol, work->error))
        return false;
    if (symbol)
        (*dims)[(*count)++] = (yg_dim){symbol, 1};
    for (size_t i = 0; i < work->data.dim_count; i++)
        (*dims)[(*count)++] = work->data.dims[i];
    return true;
}

/* ----------------------------------------------------------------------------------- texts ---- */

/* The simplified form of the gradient called `name`. */
static const char *simplified(const simple *s, const char *name) {
    const yg_node gradient = yg_node_names_find(&s->all, name);
    return gradient == YG_NONE ? "" : yg_node_expression(&s->all, gradient);
}

enum { LONGEST_NAME = 40 };

/* A node's own name; otherwise its formula, if that is short and no operand is called so. */
static const char *name_of(yg_explain_work *work, size_t index) {
    const yg_node node = work->node_of[index];
    const yg_explained_node *out = &work->nodes[index];
    const char *own = work->names.names[node];
    if (own || node == work->loss) /* the network is freed before the explanation */
        return own ? yg_pool_text(work->pool, own) : "loss";
    bool taken = yg_node_is_silent(work->graph, node);
    for (size_t k = 0; !taken && k < out->edge_count; k++)
        taken = strcmp(work->nodes[out->edges[k].operand].name, out->formula) == 0;
    if (!*out->formula || strlen(out->formula) > LONGEST_NAME)
        return yg_pool_format(work->pool, "%s %zu", out->op, index);
    return taken ? yg_pool_format(work->pool, "%s(%s)", out->op, out->formula) : out->formula;
}

static bool write_texts(yg_explain_work *work, const yg_node_names *all, const simple *s) {
    for (size_t i = 0; i < work->count; i++) {
        const yg_node node = work->node_of[i], gradient = work->gradients[node];
        yg_explained_node *out = &work->nodes[i];
        out->formula = yg_node_expression(&work->names, node);
        if (!(out->name = name_of(work, i)))
            return yg_fail_memory(work->error);
        if (gradient == YG_NONE)
            continue;
        const char *called = all->names[gradient]; /* may be a node of the network */
        out->gradient_name = called ? yg_pool_text(work->pool, called) : "";
        if (!out->gradient_name)
            return yg_fail_memory(work->error);
        out->chain = yg_node_expression(all, gradient);
        const char *form = *out->gradient_name ? simplified(s, out->gradient_name) : "";
        out->simplified = *form && strlen(form) < strlen(out->chain) ? form : "";
    }
    return true;
}

bool yg_explain_texts(yg_explain_work *work) {
    yg_node_names all;
    yg_dim *dims;
    size_t count;
    simple s = {0};
    if (!yg_node_names_make(work->network, work->pool, &work->names))
        return yg_fail_memory(work->error);
    bool good = extend(work, &work->names, &all) &&
                name_gradients(work, &work->names, work->size, work->gradients, &all) &&
                network_dims(work, &dims, &count) && build_simple(work, dims, count, &s);
    good = good && write_texts(work, &all, &s);
    yg_network_free(s.network);
    return good;
}
