/*
 * Sums over shards in a program: see shard_operators.h.
 */
#include "shard_operators.h"

#include "../ops/build.h"

#include <stdlib.h>
#include <string.h>

/* A bucket is closed when it has so many bytes. Smaller ones are sent sooner, larger ones in fewer
 * messages. */
static const int64_t BUCKET_BYTES = 4 << 20;

/* ---------------------------------------------------------------------------- operators ---- */

static yg_exchange *exchange_of(const yg_kernel_call *call) {
    int64_t address;
    memcpy(&address, call->in[0], sizeof address);
    return (yg_exchange *)(intptr_t)address;
}

static bool infer_give(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)call;
    (void)error;
    *result = yg_type_scalar(YG_F64);
    return true;
}

static bool give(const yg_kernel_call *call, yg_error *error) {
    double weight;
    memcpy(&weight, call->in[1], sizeof weight);
    memset(call->out, 0, sizeof(double));
    return !exchange_of(call) ||
           yg_exchange_add(exchange_of(call), (size_t)call->attrs[0].i, call->in + 2,
                           call->in_types + 2, call->operand_count - 2, weight, error);
}

static const yg_attr_spec give_attrs[] = {
    {.name = "bucket", .kind = YG_ATTR_INT, .required = true, .doc = "which bucket"},
};

static const yg_op give_op = {
    .name = "give_shard",
    .formula = "bucket += weight · parts",
    .doc = "Gives the parts of a bucket to the exchange of shards.",
    .group = "training",
    .min_operands = 2,
    .max_operands = YG_ANY_COUNT,
    .operand_names = {"exchange", "weight", "parts"},
    .attrs = give_attrs,
    .attr_count = 1,
    .flags = YG_OP_EFFECTS | YG_OP_NON_DIFFERENTIABLE | YG_OP_INTERNAL | YG_OP_LIST,
    .infer = infer_give,
    .kernel = {[YG_F32] = give, [YG_F64] = give},
};

static bool infer_take(const yg_infer *call, yg_type *result, yg_error *error) {
    return yg_type_make((yg_dtype)call->attrs[1].i, 1, &call->attrs[2].i, result, error);
}

static bool take(const yg_kernel_call *call, yg_error *error) {
    if (exchange_of(call))
        return yg_exchange_total(exchange_of(call), (size_t)call->attrs[0].i, call->out, error);
    memset(call->out, 0, (size_t)yg_type_bytes(call->out_type));
    return true;
}

static const yg_attr_spec take_attrs[] = {
    {.name = "bucket", .kind = YG_ATTR_INT, .required = true, .doc = "which bucket"},
    {.name = "dtype", .kind = YG_ATTR_DTYPE, .required = true, .doc = "of its elements"},
    {.name = "count", .kind = YG_ATTR_INT, .required = true, .doc = "of its elements"},
};

static const yg_op take_op = {
    .name = "take_sum",
    .formula = "y = Σ over shards of a bucket",
    .doc = "Waits until the sum of a bucket over all shards is there.",
    .group = "training",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"exchange"},
    .attrs = take_attrs,
    .attr_count = 3,
    .flags = YG_OP_EFFECTS | YG_OP_NON_DIFFERENTIABLE | YG_OP_INTERNAL,
    .infer = infer_take,
    .kernel = {[YG_I64] = take},
};

/* ------------------------------------------------------------------------------ buckets ---- */

typedef struct item {
    yg_node *value;       /* replaced by its sum */
    yg_type type;         /* of the value */
    yg_node given;        /* the value as it is given: a whole number as f64 */
    bool whole;           /* whole numbers: only those of the first shard count */
    int64_t frozen_until; /* of its parameter; of a state 0 */
} item;

typedef struct job {
    yg_batch_role role;
    yg_graph *graph;
    yg_exchange *exchange;
    int64_t phase;
    yg_shard_inputs *inputs;
    yg_node *operands; /* room for those of a bucket of all items */
    item *items;
    size_t count;
    size_t states; /* so many of them, the first ones, are states */
    size_t bucket_count;
    size_t *ends;   /* by bucket: its last item, plus 1 */
    int64_t *sizes; /* by bucket: elements */
} job;

static yg_dtype dtype_of(const job *j, const item *of) {
    return yg_node_type(j->graph, of->given)->dtype;
}

static void add_item(job *j, yg_node *value, int64_t frozen_until) {
    if (*value == YG_NONE)
        return;
    const yg_type type = *yg_node_type(j->graph, *value);
    const bool whole = !yg_dtype_is_float(type.dtype);
    const yg_node given = whole ? yg_cast(j->graph, *value, YG_F64) : *value;
    if (given != YG_NONE)
        j->items[j->count++] = (item){value, type, given, whole, frozen_until};
}

/* Lists the states that are of whole numbers, or the others. */
static void list_states(job *j, const yg_shard_values *values, bool whole) {
    for (size_t i = 0; i < values->state_count; i++)
        if (whole != yg_dtype_is_float(yg_node_type(j->graph, values->states[i])->dtype))
            add_item(j, &values->states[i], 0);
}

/* In the order in which they are known: states before the backward pass, and the gradients of the
 * last parameters first. States of whole numbers are cast, by nodes behind all others. */
static void list_items(job *j, const yg_shard_values *values) {
    list_states(j, values, false);
    j->states = j->count;
    for (size_t i = values->gradient_count; i-- > 0;)
        add_item(j, &values->gradients[i], values->frozen_until[i]);
    list_states(j, values, true);
}

/* Cuts the list into buckets. What a phase leaves out is in other buckets than the rest. Where the
 * list is cut does not depend on the phase, so all programs agree. */
static void cut(job *j) {
    int64_t bytes = 0;
    for (size_t i = 0; i < j->count; i++) {
        const item *at = &j->items[i], *before = at - 1;
        const bool begins = i == 0 || i == j->states || bytes >= BUCKET_BYTES ||
                            before->whole != at->whole || dtype_of(j, before) != dtype_of(j, at) ||
                            before->frozen_until != at->frozen_until;
        if (begins)
            bytes = j->sizes[j->bucket_count++] = 0;
        bytes += yg_type_bytes(yg_node_type(j->graph, at->given));
        j->sizes[j->bucket_count - 1] += yg_type_count(&at->type);
        j->ends[j->bucket_count - 1] = i + 1;
    }
}

static void append_give(job *j, size_t bucket, size_t first) {
    size_t count = 0;
    const yg_attr attr = {.i = (int64_t)bucket};
    j->operands[count++] = j->inputs->exchange;
    j->operands[count++] = j->items[first].whole ? j->inputs->first : j->inputs->weight;
    for (size_t i = first; i < j->ends[bucket]; i++)
        j->operands[count++] = j->items[i].given;
    yg_apply(j->graph, &give_op, j->operands, count, &attr);
}

/* Replaces the values of a bucket by stretches of its sum. */
static void append_take(job *j, size_t bucket, size_t first) {
    static const int64_t step = 1;
    const yg_attr attrs[] = {{.i = (int64_t)bucket},
                             {.i = (int64_t)dtype_of(j, &j->items[first])},
                             {.i = j->sizes[bucket]}};
    const yg_node sum = yg_apply(j->graph, &take_op, &j->inputs->exchange, 1, attrs);
    int64_t at = 0;
    for (size_t i = first; i < j->ends[bucket]; i++) {
        const item *of = &j->items[i];
        const int64_t end = at + yg_type_count(&of->type);
        const yg_node part = yg_slice(j->graph, sum, &at, &end, &step);
        const yg_node value = yg_reshape(j->graph, part, &of->type);
        *of->value = of->whole ? yg_cast(j->graph, value, of->type.dtype) : value;
        at = end;
    }
}

/* Whether the bucket that begins with that item is summed in this phase. */
static bool is_needed(const job *j, size_t first) {
    return j->phase == 0 || j->items[first].frozen_until < j->phase;
}

static bool append(job *j, yg_error *error) {
    cut(j);
    for (size_t b = 0; b < j->bucket_count; b++) {
        const size_t first = b ? j->ends[b - 1] : 0;
        if (!yg_exchange_bucket(j->exchange, b, dtype_of(j, &j->items[first]), j->sizes[b],
                                j->items[first].frozen_until, error))
            return false;
        if (j->role != YG_BATCH_NO_SHARD && is_needed(j, first))
            append_give(j, b, first);
    }
    for (size_t b = 0; b < j->bucket_count && j->role != YG_BATCH_SHARD; b++) {
        const size_t first = b ? j->ends[b - 1] : 0;
        if (is_needed(j, first))
            append_take(j, b, first);
    }
    return !yg_graph_error(j->graph) || yg_fail_as(error, yg_graph_error(j->graph));
}

bool yg_shards_build(yg_batch_role role, yg_graph *graph, yg_exchange *exchange, int64_t phase,
                     const yg_shard_values *values, yg_shard_inputs *inputs, yg_error *error) {
    const size_t room = values->gradient_count + values->state_count + 1;
    job j = {.role = role, .graph = graph, .exchange = exchange, .phase = phase, .inputs = inputs};
    yg_shard_inputs_make(graph, inputs);
    j.operands = calloc(room + 2, sizeof *j.operands);
    j.items = calloc(room, sizeof *j.items);
    j.ends = calloc(room, sizeof *j.ends);
    j.sizes = calloc(room, sizeof *j.sizes);
    bool good = j.operands && j.items && j.ends && j.sizes;
    if (!good)
        yg_fail_memory(error);
    if (good) {
        list_items(&j, values);
        good = yg_shard_statistics_list(graph, exchange, error) && append(&j, error);
    }
    free(j.operands);
    free(j.items);
    free(j.ends);
    free(j.sizes);
    return good;
}
