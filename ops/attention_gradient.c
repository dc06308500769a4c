/*
 * attention_gradient: the cotangents of q, k and v in `attention`, given that of y. Three results.
 *
 * With the weights w = exp(score - logsumexp) and the factors f of dropout:
 *
 *   dv_j = Σ_i w_ij · f_ij · dy_i
 *   ds_ij = w_ij · (f_ij · (v_j · dy_i) - delta_i),  delta_i = y_i · dy_i
 *   dq_i = scale · Σ_j ds_ij · k_j
 *   dk_j = scale · Σ_i ds_ij · q_i
 *
 * Its own derivative is that of this definition.
 */
#include "attention.h"
#include "build.h"
#include "registry.h"

#include <math.h>
#include <string.h>

enum { LOGSUMEXP = YG_ATTENTION_OPERANDS, DELTA, DY, OPERANDS };
enum { DQ, DK, DV, RESULTS };

static bool same_type(const yg_infer *call, size_t k, const yg_type *wanted, yg_error *error) {
    const yg_type *found = &call->operands[k];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    return yg_type_equal(found, wanted) ||
           yg_fail(error, YG_ERROR_SHAPE, call->origin,
                   "attention_gradient: operand %zu is %s, not %s", k, yg_type_text(found, a),
                   yg_type_text(wanted, b));
}

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    yg_attention a;
    yg_type y, rows;
    if (!yg_attention_read(call, &a, error) || !yg_attention_result(call, &a, &y, error) ||
        !yg_attention_rows(&a, &rows, error) || !same_type(call, LOGSUMEXP, &rows, error) ||
        !same_type(call, DELTA, &rows, error) || !same_type(call, DY, &y, error))
        return false;
    for (size_t k = 0; k < RESULTS; k++)
        results[k] = call->operands[YG_ATTENTION_Q + k];
    return true;
}

/* A unit is a head of keys, with all heads of queries that read it. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_attention a;
    if (yg_attention_read(call, &a, NULL))
        yg_attention_plan(call, &a, a.kv_batches * a.kv_heads, 5, plan);
}

/* Sets the rows of dk and dv to 0 whose keys no query reads. */
static void clear_unread(const yg_attention_head *head, size_t element) {
    const int64_t read =
        !head->causal ? head->keys : (head->queries < head->keys ? head->queries : head->keys);
    for (int64_t j = head->queries > 0 ? read : 0; j < head->keys; j++) {
        if (head->dk)
            memset((char *)head->dk + (size_t)(j * head->k_step) * element, 0,
                   (size_t)head->size * element);
        if (head->dv)
            memset((char *)head->dv + (size_t)(j * head->v_step) * element, 0,
                   (size_t)head->value_size * element);
    }
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    yg_attention a;
    yg_attention_of_call(&yg_op_attention_gradient, call, &a);
    const yg_attention_backward run = yg_attention_choose(a.dtype, yg_gemm_isa_best()).backward;
    for (int64_t unit = call->begin; unit < call->end; unit++) {
        const int64_t batches = a.batches / a.kv_batches, heads = a.heads / a.kv_heads;
        for (int64_t i = 0; i < batches * heads; i++) {
            const int64_t batch = unit / a.kv_heads * batches + i / heads;
            yg_attention_head head =
                yg_attention_head_of(&a, call, batch, unit % a.kv_heads * heads + i % heads);
            head.logsumexp = (char *)call->in[LOGSUMEXP] + head.at_row;
            head.delta = (const char *)call->in[DELTA] + head.at_row;
            head.dy = (const char *)call->in[DY] + head.at_y;
            head.dq = (char *)call->outs[DQ] + head.at_q;
            head.dk = call->outs[DK] ? (char *)call->outs[DK] + head.at_k : NULL;
            head.dv = call->outs[DV] ? (char *)call->outs[DV] + head.at_v : NULL;
            head.adds = i > 0;
            if (i == 0)
                clear_unread(&head, yg_dtype_size(a.dtype));
            run(&head);
        }
    }
    return true;
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const double scale = call->attrs[YG_ATTENTION_SCALE].f;
    const yg_node scores = yg_attention_scores(graph, call, operands);
    const yg_node weights = yg_attention_weights(graph, scores, operands[LOGSUMEXP]);
    const yg_node ds =
        yg_attention_score_slopes(graph, call, operands, weights, operands[DELTA], operands[DY]);
    const yg_node q = yg_attention_split_queries(graph, call, operands[YG_ATTENTION_Q]);
    const yg_node k = yg_attention_split_keys(graph, call, operands[YG_ATTENTION_K]);
    const yg_node dy = yg_attention_split_queries(graph, call, operands[DY]);
    const yg_node kept = yg_attention_drop(graph, call, operands[YG_ATTENTION_KEY], weights);
    const yg_node slopes = yg_scale(graph, ds, scale);
    const yg_node dq = yg_matmul(graph, slopes, k, false, false);
    const yg_node dk = yg_matmul(graph, slopes, q, true, false);
    const yg_node dv = yg_matmul(graph, kept, dy, true, false);
    results[DQ] = yg_attention_join_queries(graph, call, dq);
    results[DK] = yg_attention_join_keys(graph, call, dk);
    results[DV] = yg_attention_join_keys(graph, call, dv);
    return RESULTS;
}

/* ------------------------------------------------------------------------------------- testing --
 */

/* The term of one query and one key in an element of a result. `at` is the index of their score. */
static double term(const yg_reference *r, const yg_attention *a, const int64_t *at,
                   int64_t column) {
    int64_t of_y[YG_MAX_RANK] = {0};
    const int q_rank = r->call->operands[YG_ATTENTION_Q].rank;
    const bool heads = r->call->attrs[YG_ATTENTION_HEADS].i > 0;
    const int64_t first = heads ? at[q_rank - 2] * a->value_size : 0;
    memcpy(of_y, at, (size_t)(q_rank - 2) * sizeof *at);
    of_y[q_rank - 2] = at[a->rank - 2];
    double weight = exp(yg_attention_reference_score(r, a, at) - yg_at(r, LOGSUMEXP, at));
    const double factor = yg_attention_reference_factor(r, a, at);
    if (r->result == DV) {
        of_y[q_rank - 1] = first + column;
        return weight * factor * yg_at(r, DY, of_y);
    }
    double dp = 0;
    for (int64_t c = 0; c < a->value_size; c++) {
        of_y[q_rank - 1] = first + c;
        dp += yg_at(r, DY, of_y) * yg_attention_reference_element(r, a, at, YG_ATTENTION_V, c);
    }
    const double ds = weight * (factor * dp - yg_at(r, DELTA, at));
    return ds * r->call->attrs[YG_ATTENTION_SCALE].f *
           yg_attention_reference_element(
               r, a, at, r->result == DQ ? YG_ATTENTION_K : YG_ATTENTION_Q, column);
}

/* Goes over all scores, and adds up the terms of those that the element depends on. */
static double reference(const yg_reference *r, const int64_t *index) {
    yg_attention a;
    yg_attention_read(r->call, &a, NULL);
    const yg_type *x = &r->call->operands[YG_ATTENTION_Q + r->result];
    const yg_type *q = &r->call->operands[YG_ATTENTION_Q];
    const int lead = q->rank - 2;
    const bool heads = r->call->attrs[YG_ATTENTION_HEADS].i > 0;
    const int64_t x_heads = r->result == DQ ? a.heads : a.kv_heads;
    const int64_t size = x->shape[lead + 1] / x_heads, head = index[lead + 1] / size;
    int64_t count = 1, at[YG_MAX_RANK];
    for (int d = 0; d < a.rank; d++)
        count *= a.shape[d];
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i;
        for (int d = a.rank; d-- > 0; rest /= a.shape[d])
            at[d] = rest % a.shape[d];
        bool uses = index[lead] == at[a.rank - (r->result == DQ ? 2 : 1)];
        for (int d = 0; d < lead; d++)
            uses = uses && index[d] == at[d] / (q->shape[d] / x->shape[d]);
        uses = uses && (!heads || head == at[lead] / (a.heads / x_heads));
        if (uses)
            sum += term(r, &a, at, index[lead + 1] % size);
    }
    return sum;
}

/* num_heads, is_causal, scale, dropout_p */
#define ATTRS(heads, causal, factor, p)                                                            \
    (const yg_attr[]) {                                                                            \
        {.i = (heads)}, {.i = (causal)}, {.f = (factor)}, {                                        \
            .f = (p)                                                                               \
        }                                                                                          \
    }

static const yg_sample samples[] = {
    {{"b[]", "i[2]", "f[3, 4]", "f[5, 4]", "f[5, 2]", "f[3]", "f[3]", "f[3, 2]"},
     ATTRS(0, 0, 0.5, 0)},
    {{"b[3, 5]", "i[2]", "f[2, 3, 4]", "f[2, 5, 4]", "f[2, 5, 4]", "f[2, 3]", "f[2, 3]",
      "f[2, 3, 4]"},
     ATTRS(0, 1, 0.5, 0)},
    {{"f[5]", "i[2]", "f[4, 3, 2]", "f[2, 5, 2]", "f[2, 5, 3]", "f[4, 3]", "f[4, 3]", "f[4, 3, 3]"},
     ATTRS(0, 0, 0.5, 0)},
    {{"b[2, 1, 1, 4]", "i[2]", "f[2, 3, 8]", "f[2, 4, 4]", "f[2, 4, 6]", "f[2, 4, 3]", "f[2, 4, 3]",
      "f[2, 3, 12]"},
     ATTRS(4, 0, 0.5, 0.4)},
    {{"b[]", "i[2]", "f[34, 4]", "f[35, 4]", "f[35, 2]", "f[2, 34]", "f[2, 34]", "f[34, 2]"},
     ATTRS(2, 1, 0.5, 0)},
    {{"b[]", "i[2]", "f[2, 3]", "f[0, 3]", "f[0, 2]", "f[2]", "f[2]", "f[2, 2]"},
     ATTRS(0, 0, 1, 0)},
    {{"b[]", "i[2]", "f[0, 3]", "f[2, 3]", "f[2, 2]", "f[0]", "f[0]", "f[0, 2]"},
     ATTRS(0, 0, 1, 0)},
};

const yg_op yg_op_attention_gradient = {
    .name = "attention_gradient",
    .formula = "dq, dk, dv = (∂y/∂q)ᵀ · dy, (∂y/∂k)ᵀ · dy, (∂y/∂v)ᵀ · dy",
    .doc = "The gradient of attention, from the logsumexp of the scores and dy · y, one each a "
           "query.",
    .group = "attention",
    .min_operands = OPERANDS,
    .max_operands = OPERANDS,
    .operand_names = {"mask", "random_key", "query", "key"},
    .attrs = yg_attention_attrs,
    .attr_count = sizeof yg_attention_attrs / sizeof *yg_attention_attrs,
    .flags = YG_OP_INTERNAL,
    .results = RESULTS,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .domain = {{0, 0}, {-2000000000, 2000000000}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
