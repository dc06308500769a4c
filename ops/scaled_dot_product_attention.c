/*
 * scaled_dot_product_attention: y = dropout(softmax(scale · query · keyᵀ + mask)) · value.
 *
 * A composite: it broadcasts batch dimensions, fills in what is left out, and applies `attention`.
 * As PyTorch's function, with two additions. With num_heads the heads lie side by side in the rows,
 * [batch…, L, num_heads · E], as the products of a transformer make them: nothing is permuted. And
 * a mask may stand beside is_causal, which PyTorch refuses: a query then reads what both allow.
 */
#include "attention.h"
#include "build.h"
#include "registry.h"
#include "streams.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { QUERY, KEY, VALUE, MASK };
enum { IS_CAUSAL, DROPOUT_P, SCALE, ENABLE_GQA, NUM_HEADS };
#define NAME "scaled_dot_product_attention"

static bool check_operands(yg_graph *graph, const yg_infer *call) {
    char text[YG_TYPE_TEXT];
    for (size_t k = QUERY; k <= VALUE; k++) {
        const yg_type *x = &call->operands[k];
        const int least = call->attrs[ENABLE_GQA].i && call->attrs[NUM_HEADS].i == 0 ? 3 : 2;
        if (!yg_dtype_is_float(x->dtype) || x->dtype != call->operands[QUERY].dtype) {
            yg_graph_fail(graph, YG_ERROR_DTYPE, NAME ": %s must be a tensor of %s, not %s",
                          call->op->operand_names[k], k == QUERY ? "floats" : "query's float type",
                          yg_type_text(x, text));
            return false;
        }
        if (x->rank < least) {
            yg_graph_fail(
                graph, YG_ERROR_SHAPE, NAME ": %s needs %d dimensions at least%s; it is %s",
                call->op->operand_names[k], least,
                least == 3 ? ", the heads before the last two" : "", yg_type_text(x, text));
            return false;
        }
    }
    return true;
}

/* The batch dimensions of an operand. Where heads are one of them and need not agree, that one
 * counts as 1 here. */
static yg_type batch_of(const yg_infer *call, size_t k) {
    yg_type batch = call->operands[k];
    batch.rank -= 2;
    if (call->attrs[ENABLE_GQA].i && call->attrs[NUM_HEADS].i == 0)
        batch.shape[batch.rank - 1] = 1;
    return batch;
}

/* x with each of its heads `times` times. */
static yg_node repeat_heads(yg_graph *graph, yg_node x, int64_t times) {
    const yg_type type = *yg_node_type(graph, x);
    const int heads = type.rank - 3;
    yg_type apart = {.rank = 3, .shape = {1, 1, 1}}, result = type;
    for (int d = 0; d < type.rank; d++)
        apart.shape[d <= heads ? 0 : 2] *= type.shape[d];
    x = yg_reshape(graph, x, &apart);
    apart.shape[1] = times;
    result.shape[heads] *= times;
    return yg_reshape(graph, yg_broadcast(graph, x, &apart), &result);
}

/* Broadcasts the batch dimensions of query, key and value to each other. */
static bool broadcast_batch(yg_graph *graph, const yg_infer *call, yg_node *operands) {
    yg_type batch = batch_of(call, QUERY);
    for (size_t k = KEY; k <= VALUE; k++) {
        const yg_type other = batch_of(call, k);
        if (!yg_shape_broadcast(&batch, &other, &batch)) {
            char q[YG_TYPE_TEXT], x[YG_TYPE_TEXT];
            yg_graph_fail(graph, YG_ERROR_SHAPE,
                          NAME ": the batch dimensions, all but the last two, do not broadcast: "
                               "query %s, %s %s",
                          yg_type_text(&call->operands[QUERY], q), call->op->operand_names[k],
                          yg_type_text(&call->operands[k], x));
            return false;
        }
    }
    const bool own_heads = call->attrs[ENABLE_GQA].i && call->attrs[NUM_HEADS].i == 0;
    for (size_t k = QUERY; k <= VALUE; k++) {
        const yg_type *x = &call->operands[k];
        yg_type whole = batch;
        if (own_heads)
            whole.shape[whole.rank - 1] = x->shape[x->rank - 3];
        if (whole.rank + 2 > YG_MAX_RANK) {
            yg_graph_fail(graph, YG_ERROR_SHAPE, NAME ": too many dimensions");
            return false;
        }
        whole.shape[whole.rank++] = x->shape[x->rank - 2];
        whole.shape[whole.rank++] = x->shape[x->rank - 1];
        operands[k] = yg_broadcast(graph, operands[k], &whole);
    }
    return true;
}

/* Keys and values may have different numbers of heads, which divide the number of queries'. Then
 * both are repeated. */
static bool share_heads(yg_graph *graph, const yg_infer *call, yg_node *operands) {
    if (!call->attrs[ENABLE_GQA].i || call->attrs[NUM_HEADS].i > 0)
        return true;
    int64_t heads[3];
    for (size_t k = QUERY; k <= VALUE; k++)
        heads[k] = call->operands[k].shape[call->operands[k].rank - 3];
    for (size_t k = KEY; k <= VALUE; k++) {
        if (heads[k] == 0 ? heads[QUERY] != 0 : heads[QUERY] % heads[k] != 0) {
            yg_graph_fail(graph, YG_ERROR_SHAPE,
                          NAME ": the %" PRId64 " heads of %s must divide the %" PRId64
                               " heads of query",
                          heads[k], call->op->operand_names[k], heads[QUERY]);
            return false;
        }
    }
    for (size_t k = KEY; k <= VALUE && heads[KEY] != heads[VALUE]; k++)
        operands[k] = repeat_heads(graph, operands[k], heads[QUERY] / heads[k]);
    return true;
}

static bool check_heads(yg_graph *graph, const yg_infer *call) {
    const int64_t heads = call->attrs[NUM_HEADS].i;
    const yg_type *q = &call->operands[QUERY], *k = &call->operands[KEY];
    if (heads == 0 || call->attrs[ENABLE_GQA].i || q->shape[q->rank - 1] == k->shape[k->rank - 1])
        return true;
    char query[YG_TYPE_TEXT], key[YG_TYPE_TEXT];
    yg_graph_fail(graph, YG_ERROR_SHAPE,
                  NAME
                  ": query %s and key %s have rows of different sizes; fewer heads of keys than "
                  "of queries need enable_gqa=true",
                  yg_type_text(q, query), yg_type_text(k, key));
    return false;
}

/* The mask as `attention` takes it. */
static yg_node mask_of(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    double value;
    if (call->operand_count <= MASK ||
        (call->operands[MASK].dtype == YG_BOOL &&
         yg_node_is_scalar(graph, operands[MASK], &value) && value != 0))
        return yg_scalar(graph, YG_BOOL, 1);
    const yg_type *mask = &call->operands[MASK];
    const yg_dtype dtype = call->operands[QUERY].dtype;
    if (mask->dtype != YG_BOOL && !yg_dtype_is_float(mask->dtype)) {
        char text[YG_TYPE_TEXT];
        yg_graph_fail(graph, YG_ERROR_DTYPE,
                      NAME ": attn_mask must be bool (true: may attend) or float (added to the "
                           "scores), not %s",
                      yg_type_text(mask, text));
        return YG_NONE;
    }
    const yg_node node =
        mask->dtype == YG_BOOL ? operands[MASK] : yg_cast(graph, operands[MASK], dtype);
    const yg_type one = {.rank = 2, .shape = {1, 1}};
    return mask->rank == 0 ? yg_reshape(graph, node, &one) : node;
}

static yg_node key_of(yg_graph *graph, bool drops) {
    if (!drops) {
        const yg_type type = {.dtype = YG_I32, .rank = 1, .shape = {2}};
        return yg_full(graph, &type, 0);
    }
    const yg_attr stream = {.i = yg_next_stream(graph, &yg_op_random_key)};
    return yg_apply(graph, &yg_op_random_key, NULL, 0, &stream);
}

static double scale_of(const yg_infer *call) {
    if (call->attrs[SCALE].f != 0)
        return call->attrs[SCALE].f;
    const yg_type *q = &call->operands[QUERY];
    const int64_t heads = call->attrs[NUM_HEADS].i;
    const int64_t size = q->shape[q->rank - 1] / (heads > 0 ? heads : 1);
    return size > 0 ? 1 / sqrt((double)size) : 1;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    yg_node inner[YG_ATTENTION_OPERANDS], made[2], *tensors = inner + YG_ATTENTION_Q;
    if (!check_operands(graph, call) || !check_heads(graph, call))
        return 0;
    memcpy(tensors, operands, 3 * sizeof *tensors);
    if (!broadcast_batch(graph, call, tensors) || !share_heads(graph, call, tensors))
        return 0;
    const bool drops = yg_graph_training(graph) && call->attrs[DROPOUT_P].f > 0;
    const yg_attr attrs[] = {
        [YG_ATTENTION_HEADS] = {.i = call->attrs[NUM_HEADS].i},
        [YG_ATTENTION_CAUSAL] = {.i = call->attrs[IS_CAUSAL].i},
        [YG_ATTENTION_SCALE] = {.f = scale_of(call)},
        [YG_ATTENTION_P] = {.f = drops ? call->attrs[DROPOUT_P].f : 0},
    };
    inner[YG_ATTENTION_MASK] = mask_of(graph, call, operands);
    inner[YG_ATTENTION_KEY] = key_of(graph, drops);
    if (yg_apply_all(graph, &yg_op_attention, inner, YG_ATTENTION_OPERANDS, attrs, made, 2) == 0)
        return 0;
    results[0] = made[0];
    return 1;
}

/* ------------------------------------------------------------------------------------- testing --
 */

/* The element of an operand at [batch…, row, column]; batch dimensions broadcast, and heads that
 * are fewer are shared. `index` is that of the result. */
static double element(const yg_reference *r, size_t k, const int64_t *index, int64_t row,
                      int64_t column) {
    const yg_type *x = &r->call->operands[k];
    const int lead = x->rank - 2, missing = r->out_type->rank - x->rank;
    const bool gqa = r->call->attrs[ENABLE_GQA].i && r->call->attrs[NUM_HEADS].i == 0;
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < lead; d++)
        at[d] = x->shape[d] == 1 ? 0 : index[missing + d];
    if (gqa)
        at[lead - 1] = index[missing + lead - 1] /
                       (r->out_type->shape[missing + lead - 1] / x->shape[lead - 1]);
    at[lead] = row;
    at[lead + 1] = column;
    return yg_at(r, k, at);
}

/* exp() of a score, without a shift: the tests' scores are small. 0 where it is masked. */
static double weight(const yg_reference *r, const int64_t *index, int64_t head, int64_t j) {
    const yg_type *q = &r->call->operands[QUERY], *k = &r->call->operands[KEY];
    const int64_t *attrs_heads = &r->call->attrs[NUM_HEADS].i;
    const int64_t heads = *attrs_heads > 0 ? *attrs_heads : 1;
    const int64_t size = q->shape[q->rank - 1] / heads;
    const int64_t kv_head = head / (heads / (size ? k->shape[k->rank - 1] / size : heads));
    const int64_t i = index[r->out_type->rank - 2];
    double score = 0;
    if (r->call->attrs[IS_CAUSAL].i && j > i)
        return 0;
    for (int64_t c = 0; c < size; c++)
        score += element(r, QUERY, index, i, head * size + c) *
                 element(r, KEY, index, j, kv_head * size + c);
    score *= scale_of(r->call);
    if (r->call->operand_count <= MASK)
        return exp(score);
    const yg_type *mask = &r->call->operands[MASK];
    int64_t at[YG_MAX_RANK + 1], where[YG_MAX_RANK];
    int rank = r->out_type->rank - 2;
    memcpy(at, index, sizeof *at * (size_t)rank);
    if (*attrs_heads > 0)
        at[rank++] = head;
    at[rank++] = i;
    at[rank++] = j;
    for (int d = 0; d < mask->rank; d++)
        where[d] = mask->shape[d] == 1 ? 0 : at[rank - mask->rank + d];
    const double value = yg_at(r, MASK, where);
    return mask->dtype == YG_BOOL ? (value != 0 ? exp(score) : 0) : exp(score + value);
}

/* The tests' graphs do not train: nothing is dropped. */
static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *k = &r->call->operands[KEY], *q = &r->call->operands[QUERY];
    const int64_t heads = r->call->attrs[NUM_HEADS].i > 0 ? r->call->attrs[NUM_HEADS].i : 1;
    const int64_t size = r->out_type->shape[r->out_type->rank - 1] / heads;
    const int64_t column = index[r->out_type->rank - 1], head = column / size;
    const int64_t q_size = q->shape[q->rank - 1] / heads;
    const int64_t kv_heads = q_size ? k->shape[k->rank - 1] / q_size : heads;
    const int64_t of_value = head / (heads / kv_heads) * size + column % size;
    double total = 0, sum = 0;
    for (int64_t j = 0; j < k->shape[k->rank - 2]; j++) {
        const double w = weight(r, index, head, j);
        total += w;
        sum += w * element(r, VALUE, index, j, of_value);
    }
    return total > 0 ? sum / total : 0;
}

static const yg_attr_spec attrs[] = {
    [IS_CAUSAL] = {.name = "is_causal",
                   .kind = YG_ATTR_BOOL,
                   .doc = "query i reads the keys 0 to i only"},
    [DROPOUT_P] = {.name = "dropout_p",
                   .kind = YG_ATTR_FLOAT,
                   .min = 0,
                   .max = 1,
                   .doc = "in training, the probability that a weight is dropped"},
    [SCALE] = {.name = "scale",
               .kind = YG_ATTR_FLOAT,
               .doc = "the factor of query · key; 0 stands for 1 / √E"},
    [ENABLE_GQA] = {.name = "enable_gqa",
                    .kind = YG_ATTR_BOOL,
                    .doc = "heads of queries next to each other share one of the fewer heads of "
                           "keys"},
    [NUM_HEADS] = {.name = "num_heads",
                   .kind = YG_ATTR_INT,
                   .min = 0,
                   .max = 1 << 20,
                   .doc = "heads side by side in the last dimension; 0: none, heads are a batch "
                          "dimension"},
};

#define ATTRS(causal, factor, gqa, heads)                                                          \
    (const yg_attr[]) {                                                                            \
        {.i = (causal)}, {.f = 0.5}, {.f = (factor)}, {.i = (gqa)}, {                              \
            .i = (heads)                                                                           \
        }                                                                                          \
    }

static const yg_sample samples[] = {
    {{"f[2, 3, 4]", "f[2, 5, 4]", "f[2, 5, 3]"}, NULL},
    {{"f[3, 4]", "f[5, 4]", "f[5, 2]", "b[3, 5]"}, NULL},
    {{"f[2, 1, 3, 4]", "f[3, 5, 4]", "f[5, 3]", "f[5]"}, ATTRS(0, 0.3, 0, 0)},
    {{"f[2, 4, 3, 2]", "f[2, 2, 5, 2]", "f[1, 2, 5, 2]"}, ATTRS(1, 0, 1, 0)},
    {{"f[4, 3, 2]", "f[2, 5, 2]", "f[1, 5, 2]", "b[]"}, ATTRS(0, 0, 1, 0)},
    {{"f[2, 5, 6]", "f[2, 5, 6]", "f[2, 5, 4]", "f[2, 1, 1, 5]"}, ATTRS(1, 0, 0, 2)},
    {{"f[5, 8]", "f[3, 4]", "f[3, 6]"}, ATTRS(0, 0, 1, 4)},
    {{"f[0, 3, 4]", "f[0, 5, 4]", "f[0, 5, 3]"}, NULL},
};

const yg_op yg_op_scaled_dot_product_attention = {
    .name = "scaled_dot_product_attention",
    .formula = "y = softmax(scale · query · keyᵀ + attn_mask) · value",
    .doc = "Attention as in PyTorch: query [..., L, E], key [..., S, E] and value [..., S, V] give "
           "[..., L, V]. A bool mask says with true where a query may attend, a float mask is "
           "added. A query that may attend to nothing gives 0. The matrix of scores is never "
           "stored.",
    .group = "attention",
    .min_operands = 3,
    .max_operands = 4,
    .operand_names = {"query", "key", "value", "attn_mask"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
