/*
 * attention: y = softmax(scale · q · kᵀ + mask) · v for each head, without the matrix of scores in
 * memory. Its second result is the logsumexp of each query's scores, from which the backward pass
 * computes them again. See attention.h for the operands.
 *
 * The public operator is scaled_dot_product_attention.
 */
#include "attention.h"

#include "build.h"
#include "registry.h"

#include <math.h>
#include <string.h>

enum { Y, LOGSUMEXP };

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    yg_attention a;
    return yg_attention_read(call, &a, error) &&
           yg_attention_result(call, &a, &results[Y], error) &&
           yg_attention_rows(&a, &results[LOGSUMEXP], error);
}

static int64_t blocks_of(const yg_attention *a) {
    const int64_t block = yg_attention_block(a->queries, a->keys);
    return (a->queries + block - 1) / block;
}

/* A unit is a block of queries of a head. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_attention a;
    if (yg_attention_read(call, &a, NULL))
        yg_attention_plan(call, &a, a.batches * a.heads * blocks_of(&a), 2, plan);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    yg_attention a;
    yg_attention_of_call(&yg_op_attention, call, &a);
    const yg_attention_forward run = yg_attention_choose(a.dtype, yg_gemm_isa_best()).forward;
    const int64_t blocks = blocks_of(&a);
    for (int64_t unit = call->begin, count; unit < call->end; unit += count) {
        const int64_t matrix = unit / blocks, first = unit % blocks;
        count = call->end - unit < blocks - first ? call->end - unit : blocks - first;
        yg_attention_head head = yg_attention_head_of(&a, call, matrix / a.heads, matrix % a.heads);
        head.y = (char *)call->out + head.at_y;
        if (call->outs[LOGSUMEXP])
            head.logsumexp = (char *)call->outs[LOGSUMEXP] + head.at_row;
        run(&head, first, first + count);
    }
    return true;
}

/* A query that reads no key has the result 0, as in PyTorch from 2.5 on. With 0 as its logsumexp
 * all of its weights are 0. */
static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_dtype dtype = call->operands[YG_ATTENTION_Q].dtype;
    const yg_node scores = yg_attention_scores(graph, call, operands);
    const yg_attr last[] = {{.count = 1, .ints = {-1}}, {.i = 0}};
    const yg_node sums = yg_apply(graph, &yg_op_logsumexp, &scores, 1, last);
    const yg_node empty = yg_equal(graph, sums, yg_scalar(graph, dtype, -INFINITY));
    results[LOGSUMEXP] = yg_where(graph, empty, yg_scalar(graph, dtype, 0), sums);
    const yg_node weights = yg_attention_weights(graph, scores, results[LOGSUMEXP]);
    const yg_node kept = yg_attention_drop(graph, call, operands[YG_ATTENTION_KEY], weights);
    const yg_node v = yg_attention_split_keys(graph, call, operands[YG_ATTENTION_V]);
    const yg_node y = yg_matmul(graph, kept, v, false, false);
    results[Y] = yg_attention_join_queries(graph, call, y);
    return 2;
}

/* ---------------------------------------------------------------------------------- derivation --
 */

/* A node of this operator as a call. The nodes' own records move when the graph grows. */
typedef struct known_call {
    yg_type types[YG_ATTENTION_OPERANDS];
    yg_attr attrs[4];
    yg_node operands[YG_ATTENTION_OPERANDS];
    yg_infer call;
} known_call;

static void know(yg_graph *graph, yg_node y, known_call *known) {
    memcpy(known->attrs, yg_node_attrs(graph, y), sizeof known->attrs);
    for (size_t k = 0; k < YG_ATTENTION_OPERANDS; k++) {
        known->operands[k] = yg_node_operand(graph, y, k);
        known->types[k] = *yg_node_type(graph, known->operands[k]);
    }
    known->call = (yg_infer){.op = yg_node_op(graph, y),
                             .operands = known->types,
                             .operand_count = YG_ATTENTION_OPERANDS,
                             .attrs = known->attrs};
}

/* For each query the sum of dy · y, less the cotangent of the logsumexp: what the softmax subtracts
 * from the cotangent of each of its weights. */
static yg_node delta_of(yg_graph *graph, const known_call *known, yg_node y, yg_node dy,
                        yg_node dlogsumexp) {
    yg_attention a;
    yg_attention_read(&known->call, &a, NULL); /* the shape rule has checked it */
    const yg_type apart = {.rank = 4, .shape = {a.batches, a.queries, a.heads, a.value_size}};
    yg_type rows = {.rank = a.rank - 1};
    memcpy(rows.shape, a.shape, sizeof rows.shape);
    const yg_node products = yg_reshape(graph, yg_multiply(graph, dy, y), &apart);
    yg_node delta = yg_sum(graph, products, (const int64_t[]){-1}, 1, false);
    delta = yg_permute(graph, delta, (const int64_t[]){0, 2, 1});
    delta = yg_reshape(graph, delta, &rows);
    return dlogsumexp == YG_NONE ? delta : yg_subtract(graph, delta, dlogsumexp);
}

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *cotangents, size_t k) {
    known_call known;
    know(graph, y, &known);
    const yg_node logsumexp = yg_node_result(graph, y, LOGSUMEXP);
    yg_node dy = cotangents[Y];
    if (dy == YG_NONE) {
        const yg_type type = *yg_node_type(graph, y);
        dy = yg_full(graph, &type, 0);
    }
    const yg_node delta = delta_of(graph, &known, y, dy, cotangents[LOGSUMEXP]);
    if (k == YG_ATTENTION_MASK) {
        const yg_node scores = yg_attention_scores(graph, &known.call, known.operands);
        const yg_node weights = yg_attention_weights(graph, scores, logsumexp);
        const yg_node slopes =
            yg_attention_score_slopes(graph, &known.call, known.operands, weights, delta, dy);
        return yg_sum_to(graph, slopes, &known.types[YG_ATTENTION_MASK]);
    }
    yg_node operands[YG_ATTENTION_OPERANDS + 3], results[3];
    memcpy(operands, known.operands, sizeof known.operands);
    operands[YG_ATTENTION_OPERANDS] = logsumexp;
    operands[YG_ATTENTION_OPERANDS + 1] = delta;
    operands[YG_ATTENTION_OPERANDS + 2] = dy;
    const size_t made = yg_apply_all(graph, &yg_op_attention_gradient, operands,
                                     YG_ATTENTION_OPERANDS + 3, known.attrs, results, 3);
    return made == 3 ? results[k - YG_ATTENTION_Q] : YG_NONE;
}

/* ------------------------------------------------------------------------------------- testing --
 */

/* The weights are summed up twice: for their total, and for the result. Tests have small scores. */
static double reference(const yg_reference *r, const int64_t *index) {
    yg_attention a;
    yg_attention_read(r->call, &a, NULL);
    int64_t at[YG_MAX_RANK], column = 0;
    const int q_rank = r->call->operands[YG_ATTENTION_Q].rank;
    memcpy(at, index, sizeof at);
    if (r->result == Y) {
        column = index[q_rank - 1] % a.value_size;
        at[a.rank - 2] = index[q_rank - 2];
        if (r->call->attrs[YG_ATTENTION_HEADS].i > 0)
            at[a.rank - 3] = index[q_rank - 1] / a.value_size;
    }
    double total = 0, sum = 0;
    for (int64_t j = 0; j < a.keys; j++) {
        at[a.rank - 1] = j;
        const double weight = exp(yg_attention_reference_score(r, &a, at));
        total += weight;
        if (r->result == Y)
            sum += weight * yg_attention_reference_factor(r, &a, at) *
                   yg_attention_reference_element(r, &a, at, YG_ATTENTION_V, column);
    }
    if (r->result == LOGSUMEXP)
        return total > 0 ? log(total) : 0;
    return total > 0 ? sum / total : 0;
}

/* num_heads, is_causal, scale, dropout_p */
#define ATTRS(heads, causal, factor, p)                                                            \
    (const yg_attr[]) {                                                                            \
        {.i = (heads)}, {.i = (causal)}, {.f = (factor)}, {                                        \
            .f = (p)                                                                               \
        }                                                                                          \
    }

static const yg_sample samples[] = {
    {{"b[]", "i[2]", "f[3, 4]", "f[5, 4]", "f[5, 2]"}, ATTRS(0, 0, 0.5, 0)},
    {{"b[3, 5]", "i[2]", "f[2, 3, 4]", "f[2, 5, 4]", "f[2, 5, 4]"}, ATTRS(0, 0, 0.5, 0)},
    {{"f[2, 1, 5]", "i[2]", "f[2, 3, 4]", "f[2, 5, 4]", "f[2, 5, 3]"}, ATTRS(0, 1, 0.5, 0)},
    {{"b[]", "i[2]", "f[4, 3, 2]", "f[2, 5, 2]", "f[2, 5, 2]"}, ATTRS(0, 1, 0.7, 0)},
    {{"b[2, 1, 1, 6]", "i[2]", "f[2, 4, 12]", "f[2, 6, 6]", "f[2, 6, 4]"}, ATTRS(4, 0, 0.5, 0)},
    {{"f[2, 4, 6]", "i[2]", "f[1, 4, 4]", "f[1, 6, 4]", "f[1, 6, 6]"}, ATTRS(2, 0, 0.5, 0.3)},
    {{"b[]", "i[2]", "f[2, 33, 8]", "f[2, 33, 8]", "f[2, 33, 8]"}, ATTRS(2, 1, 0.5, 0.5)},
    {{"b[35]", "i[2]", "f[40, 3]", "f[35, 3]", "f[35, 9]"}, ATTRS(0, 0, 0.3, 0)},
    {{"b[]", "i[2]", "f[1, 1]", "f[1, 1]", "f[1, 1]"}, ATTRS(0, 0, 1, 0)},
    {{"b[]", "i[2]", "f[2, 3]", "f[0, 3]", "f[0, 2]"}, ATTRS(0, 0, 1, 0)},
    {{"b[]", "i[2]", "f[0, 2, 3]", "f[0, 4, 3]", "f[0, 4, 2]"}, ATTRS(1, 0, 1, 0)},
    {{"b[]", "i[2]", "f[2, 0]", "f[3, 0]", "f[3, 2]"}, ATTRS(0, 1, 1, 0)},
};

const yg_op yg_op_attention = {
    .name = "attention",
    .formula = "y = softmax(scale · q · kᵀ + mask) · v",
    .doc = "Attention with a mask and a random key as operands: see scaled_dot_product_attention.",
    .group = "attention",
    .min_operands = YG_ATTENTION_OPERANDS,
    .max_operands = YG_ATTENTION_OPERANDS,
    .operand_names = {"mask", "random_key", "query", "key"},
    .attrs = yg_attention_attrs,
    .attr_count = sizeof yg_attention_attrs / sizeof *yg_attention_attrs,
    .flags = YG_OP_INTERNAL,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .vjp_all = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{0, 0}, {-2000000000, 2000000000}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
