/*
 * Means over shards in a program: see shard_statistics.h.
 */
#include "shard_statistics.h"

#include "../ops/build.h"

#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------- operator ---- */

enum { EXCHANGE, WEIGHT, X }; /* operands */

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)error;
    *result = call->operands[X];
    return true;
}

static bool run(const yg_kernel_call *call, yg_error *error) {
    int64_t address;
    double weight;
    memcpy(&address, call->in[EXCHANGE], sizeof address);
    memcpy(&weight, call->in[WEIGHT], sizeof weight);
    if (address)
        return yg_exchange_mean((yg_exchange *)(intptr_t)address, call->in[X], call->in_types[X],
                                weight, call->out, error);
    memcpy(call->out, call->in[X], (size_t)yg_type_bytes(call->out_type));
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k);

static const yg_op mean_op = {
    .name = "mean_of_shards",
    .formula = "y = Σ over shards of weight · x",
    .doc = "The mean of a tensor over the shards of a batch, for which it waits.",
    .group = "training",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"exchange", "weight", "x"},
    .flags = YG_OP_EFFECTS | YG_OP_INTERNAL,
    .infer = infer,
    .vjp = vjp,
    .kernel = {[YG_F32] = run, [YG_F64] = run},
};

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    if (k != X)
        return YG_NONE;
    const yg_node operands[] = {yg_node_operand(graph, y, EXCHANGE),
                                yg_node_operand(graph, y, WEIGHT), dy};
    return yg_apply(graph, &mean_op, operands, 3, NULL);
}

/* ----------------------------------------------------------------------------- building ---- */

void yg_shard_inputs_make(yg_graph *graph, yg_shard_inputs *inputs) {
    const yg_type scalar = yg_type_scalar(YG_F64), address = yg_type_scalar(YG_I64);
    if (inputs->exchange != YG_NONE)
        return;
    inputs->exchange = yg_input(graph, "train.exchange", &address);
    inputs->weight = yg_input(graph, "train.weight", &scalar);
    inputs->first = yg_input(graph, "train.first", &scalar);
}

/* Makes room for the mean of a node. */
static bool make_room(yg_shard_statistics *s, yg_node x) {
    if (x < s->room)
        return true;
    const size_t room = 2 * (size_t)x + 64;
    yg_node *grown = realloc(s->means, room * sizeof *grown);
    if (!grown)
        return false;
    for (size_t i = s->room; i < room; i++)
        grown[i] = YG_NONE;
    s->means = grown;
    s->room = room;
    return true;
}

static yg_node mean(void *context, yg_graph *graph, yg_node x) {
    yg_shard_statistics *s = context;
    if (x == YG_NONE || s->role == YG_BATCH_NO_SHARD)
        return x;
    if (s->graph && s->graph != graph)
        return yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                             "statistics of a whole batch (`sync: true`) cannot be taken in the "
                             "body of a scan while `train` cuts batches into `shards`");
    s->graph = graph;
    if (!make_room(s, x))
        return yg_graph_fail(graph, YG_ERROR_MEMORY, "out of memory");
    if (s->means[x] == YG_NONE) {
        yg_shard_inputs_make(graph, s->inputs);
        const yg_node operands[] = {s->inputs->exchange, s->inputs->weight, x};
        s->means[x] = yg_apply(graph, &mean_op, operands, 3, NULL);
    }
    return s->means[x];
}

static yg_node part(void *context, yg_graph *graph) {
    const yg_shard_statistics *s = context;
    yg_shard_inputs_make(graph, s->inputs);
    return s->inputs->weight;
}

const yg_graph_shards *yg_shard_statistics_begin(yg_shard_statistics *s) {
    s->functions = (yg_graph_shards){.mean = mean, .part = part, .context = s};
    s->graph = NULL;
    s->means = NULL;
    s->room = 0;
    return &s->functions;
}

void yg_shard_statistics_end(yg_shard_statistics *s) {
    free(s->means);
    s->means = NULL;
}

bool yg_shard_statistics_list(const yg_graph *graph, yg_exchange *exchange, yg_error *error) {
    size_t count = 0;
    for (size_t i = 0; i < yg_graph_size(graph); i++) {
        const yg_type *type = yg_node_type(graph, (yg_node)i);
        if (yg_node_op(graph, (yg_node)i) == &mean_op &&
            !yg_exchange_statistic(exchange, count++, type->dtype, yg_type_count(type), error))
            return false;
    }
    return true;
}
