/*
 * Attention in plainer operators: what the definitions of `attention` and `attention_gradient`, and
 * their references, are made of. See attention.h.
 */
#include "../graph/random.h"
#include "attention.h"
#include "build.h"
#include "dropout_factors.h"
#include "registry.h"

#include <math.h>
#include <string.h>

typedef struct sizes {
    yg_attention a;
    yg_type q, k;                    /* of the operands */
    int64_t batch_share, head_share; /* batches and heads of queries with the same keys */
} sizes;

/* The call's sizes; the shape rule has checked them. */
static sizes sizes_of(const yg_infer *call) {
    sizes s = {.q = call->operands[YG_ATTENTION_Q], .k = call->operands[YG_ATTENTION_K]};
    yg_attention_read(call, &s.a, NULL);
    s.batch_share = s.a.kv_batches > 0 ? s.a.batches / s.a.kv_batches : 1;
    s.head_share = s.a.kv_heads > 0 ? s.a.heads / s.a.kv_heads : 1;
    return s;
}

static yg_node reshape(yg_graph *graph, yg_node x, int rank, const int64_t *shape) {
    yg_type type = {.rank = rank};
    memcpy(type.shape, shape, (size_t)rank * sizeof *shape);
    return yg_reshape(graph, x, &type);
}

/* [batch…, H, n, size]: the shape of the scores with other last two dimensions. */
static yg_node as_scores(yg_graph *graph, const yg_attention *a, yg_node x, int64_t n,
                         int64_t size) {
    int64_t shape[YG_MAX_RANK];
    memcpy(shape, a->shape, sizeof shape);
    shape[a->rank - 2] = n;
    shape[a->rank - 1] = size;
    return reshape(graph, x, a->rank, shape);
}

/* The size of a row of one head in x, which has `heads` of them side by side. */
static int64_t row_size(yg_graph *graph, yg_node x, int64_t heads) {
    const yg_type *type = yg_node_type(graph, x);
    return type->shape[type->rank - 1] / heads;
}

static const int64_t swap_middle[] = {0, 2, 1, 3};

yg_node yg_attention_split_queries(yg_graph *graph, const yg_infer *call, yg_node x) {
    if (x == YG_NONE)
        return x;
    const sizes s = sizes_of(call);
    const yg_attention *a = &s.a;
    const int64_t size = row_size(graph, x, a->heads);
    x = reshape(graph, x, 4, (const int64_t[]){a->batches, a->queries, a->heads, size});
    x = yg_permute(graph, x, swap_middle);
    return as_scores(graph, a, x, a->queries, size);
}

yg_node yg_attention_join_queries(yg_graph *graph, const yg_infer *call, yg_node x) {
    if (x == YG_NONE)
        return x;
    const sizes s = sizes_of(call);
    const yg_attention *a = &s.a;
    const int64_t size = row_size(graph, x, 1);
    x = reshape(graph, x, 4, (const int64_t[]){a->batches, a->heads, a->queries, size});
    x = yg_permute(graph, x, swap_middle);
    int64_t shape[YG_MAX_RANK];
    memcpy(shape, s.q.shape, sizeof shape);
    shape[s.q.rank - 1] = a->heads * size;
    return reshape(graph, x, s.q.rank, shape);
}

yg_node yg_attention_split_keys(yg_graph *graph, const yg_infer *call, yg_node x) {
    if (x == YG_NONE)
        return x;
    const sizes s = sizes_of(call);
    const yg_attention *a = &s.a;
    const int64_t size = row_size(graph, x, a->kv_heads);
    x = reshape(graph, x, 4, (const int64_t[]){a->kv_batches, a->keys, a->kv_heads, size});
    x = yg_permute(graph, x, swap_middle);
    int64_t shape[] = {a->kv_batches, 1, a->kv_heads, 1, a->keys, size};
    x = reshape(graph, x, 6, shape);
    yg_type repeated = {.rank = 6};
    memcpy(repeated.shape, shape, sizeof shape);
    repeated.shape[1] = s.batch_share;
    repeated.shape[3] = s.head_share;
    x = yg_broadcast(graph, x, &repeated);
    return as_scores(graph, a, x, a->keys, size);
}

yg_node yg_attention_join_keys(yg_graph *graph, const yg_infer *call, yg_node x) {
    if (x == YG_NONE)
        return x;
    const sizes s = sizes_of(call);
    const yg_attention *a = &s.a;
    const int64_t size = row_size(graph, x, 1);
    x = reshape(
        graph, x, 6,
        (const int64_t[]){a->kv_batches, s.batch_share, a->kv_heads, s.head_share, a->keys, size});
    x = yg_sum(graph, x, (const int64_t[]){1, 3}, 2, false);
    x = yg_permute(graph, x, swap_middle);
    int64_t shape[YG_MAX_RANK];
    memcpy(shape, s.k.shape, sizeof shape);
    shape[s.k.rank - 1] = a->kv_heads * size;
    return reshape(graph, x, s.k.rank, shape);
}

static yg_node positions(yg_graph *graph, int64_t count) {
    yg_attr attrs[4];
    yg_op_defaults(&yg_op_arange, attrs);
    attrs[yg_op_attr(&yg_op_arange, "start")].i = count;
    return yg_apply(graph, &yg_op_arange, NULL, 0, attrs);
}

yg_node yg_attention_scores(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const sizes s = sizes_of(call);
    const yg_attention *a = &s.a;
    const yg_node q = yg_attention_split_queries(graph, call, operands[YG_ATTENTION_Q]);
    const yg_node k = yg_attention_split_keys(graph, call, operands[YG_ATTENTION_K]);
    const yg_node nothing = yg_scalar(graph, a->dtype, -INFINITY);
    yg_node scores =
        yg_scale(graph, yg_matmul(graph, q, k, false, true), call->attrs[YG_ATTENTION_SCALE].f);
    if (call->operands[YG_ATTENTION_MASK].dtype == YG_BOOL)
        scores = yg_where(graph, operands[YG_ATTENTION_MASK], scores, nothing);
    else
        scores = yg_add(graph, scores, operands[YG_ATTENTION_MASK]);
    if (!call->attrs[YG_ATTENTION_CAUSAL].i)
        return scores;
    const yg_node rows =
        reshape(graph, positions(graph, a->queries), 2, (const int64_t[]){a->queries, 1});
    return yg_where(graph, yg_greater_equal(graph, rows, positions(graph, a->keys)), scores,
                    nothing);
}

/* x [batch…, H, L] as [batch…, H, L, 1]. */
static yg_node as_column(yg_graph *graph, yg_node x) {
    if (x == YG_NONE)
        return x;
    yg_type type = *yg_node_type(graph, x);
    type.shape[type.rank++] = 1;
    return yg_reshape(graph, x, &type);
}

yg_node yg_attention_weights(yg_graph *graph, yg_node scores, yg_node logsumexp) {
    return yg_exp(graph, yg_subtract(graph, scores, as_column(graph, logsumexp)));
}

yg_node yg_attention_drop(yg_graph *graph, const yg_infer *call, yg_node key, yg_node x) {
    const sizes s = sizes_of(call);
    if (call->attrs[YG_ATTENTION_P].f == 0)
        return x;
    yg_attr attrs[3];
    attrs[yg_op_attr(&yg_op_dropout_factors, "dtype")] = (yg_attr){.i = s.a.dtype};
    attrs[yg_op_attr(&yg_op_dropout_factors, "p")] = call->attrs[YG_ATTENTION_P];
    yg_attr *shape = &attrs[yg_op_attr(&yg_op_dropout_factors, "shape")];
    *shape = (yg_attr){.count = s.a.rank};
    memcpy(shape->ints, s.a.shape, sizeof s.a.shape);
    return yg_multiply(graph, x, yg_apply(graph, &yg_op_dropout_factors, &key, 1, attrs));
}

yg_node yg_attention_score_slopes(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                  yg_node weights, yg_node delta, yg_node dy) {
    const yg_node v = yg_attention_split_keys(graph, call, operands[YG_ATTENTION_V]);
    yg_node dp = yg_matmul(graph, yg_attention_split_queries(graph, call, dy), v, false, true);
    dp = yg_attention_drop(graph, call, operands[YG_ATTENTION_KEY], dp);
    return yg_multiply(graph, weights, yg_subtract(graph, dp, as_column(graph, delta)));
}

/* ---------------------------------------------------------------------------------- references --
 */

double yg_attention_reference_element(const yg_reference *r, const yg_attention *a,
                                      const int64_t *at, size_t k, int64_t column) {
    const yg_type *q = &r->call->operands[YG_ATTENTION_Q], *x = &r->call->operands[k];
    const int lead = q->rank - 2;
    const bool of_key = k == YG_ATTENTION_K || k == YG_ATTENTION_V;
    int64_t index[YG_MAX_RANK];
    for (int d = 0; d < lead; d++)
        index[d] = at[d] / (q->shape[d] / x->shape[d]);
    int64_t head = r->call->attrs[YG_ATTENTION_HEADS].i > 0 ? at[lead] : 0;
    const int64_t heads = of_key ? a->kv_heads : a->heads;
    head /= a->heads / heads;
    index[lead] = at[a->rank - (of_key ? 1 : 2)];
    index[lead + 1] = head * (x->shape[lead + 1] / heads) + column;
    return yg_at(r, k, index);
}

double yg_attention_reference_score(const yg_reference *r, const yg_attention *a,
                                    const int64_t *at) {
    double sum = 0;
    for (int64_t c = 0; c < a->size; c++)
        sum += yg_attention_reference_element(r, a, at, YG_ATTENTION_Q, c) *
               yg_attention_reference_element(r, a, at, YG_ATTENTION_K, c);
    sum *= r->call->attrs[YG_ATTENTION_SCALE].f;
    if (r->call->attrs[YG_ATTENTION_CAUSAL].i && at[a->rank - 1] > at[a->rank - 2])
        return -INFINITY;
    const yg_type *mask = &r->call->operands[YG_ATTENTION_MASK];
    int64_t index[YG_MAX_RANK];
    for (int d = 0; d < mask->rank; d++)
        index[d] = mask->shape[d] == 1 ? 0 : at[a->rank - mask->rank + d];
    const double value = yg_at(r, YG_ATTENTION_MASK, index);
    if (mask->dtype == YG_BOOL)
        return value != 0 ? sum : -INFINITY;
    return sum + value;
}

double yg_attention_reference_factor(const yg_reference *r, const yg_attention *a,
                                     const int64_t *at) {
    const double p = r->call->attrs[YG_ATTENTION_P].f;
    if (p == 0)
        return 1;
    int64_t row = 0;
    for (int d = 0; d < a->rank - 1; d++)
        row = row * a->shape[d] + at[d];
    return yg_dropout_reference(r, YG_ATTENTION_KEY, p, row, a->shape[a->rank - 1],
                                at[a->rank - 1]);
}
