/*
 * Attention: what the shape rules, definitions and kernels of `attention` and `attention_gradient`
 * share.
 *
 * Queries are [batch…, L, H·E], or [batch…, L, E] without heads (attribute num_heads 0). Keys are
 * [batch…, S, K·E] and values [batch…, S, K·V]. H is a multiple of K: H / K heads of queries next
 * to each other share a head of keys and values. The last batch dimension of the queries may be a
 * multiple of that of the keys in the same way. The result is [batch…, L, H·V].
 *
 * The scores of one head are the matrix [L, S] of all products query · key · scale. A mask
 * broadcasts to [batch…, H, L, S], without H if there are no heads.
 */
#ifndef YG_OPS_ATTENTION_H
#define YG_OPS_ATTENTION_H

#include "../graph/graph.h"
#include "gemm.h"

/* The first operands of both operators. */
enum {
    YG_ATTENTION_MASK, /* bool: true where a query may read a key; float: added to the scores. A
                          bool scalar that is true stands for no mask */
    YG_ATTENTION_KEY,  /* i32 [2], a random key: see dropout_factors */
    YG_ATTENTION_Q,
    YG_ATTENTION_K,
    YG_ATTENTION_V,
    YG_ATTENTION_OPERANDS,
};

/* The attributes of both operators. */
enum { YG_ATTENTION_HEADS, YG_ATTENTION_CAUSAL, YG_ATTENTION_SCALE, YG_ATTENTION_P };
extern const yg_attr_spec yg_attention_attrs[4];

/* A call's sizes. */
typedef struct yg_attention {
    yg_dtype dtype;
    int64_t batches, kv_batches;  /* the products of all batch dimensions */
    int64_t heads, kv_heads;      /* 1 without heads */
    int64_t queries, keys;        /* L and S */
    int64_t size, value_size;     /* of a query and a key; of a value, in one head */
    int rank;                     /* of the mask: batch dimensions, heads, L and S */
    int64_t shape[YG_MAX_RANK];   /* what a mask broadcasts to */
    int64_t strides[YG_MAX_RANK]; /* the mask's, 0 where it is broadcast */
} yg_attention;

/* Checks the first five operands and reads their sizes. */
bool yg_attention_read(const yg_infer *call, yg_attention *attention, yg_error *error);
/* The type of the result. */
bool yg_attention_result(const yg_infer *call, const yg_attention *attention, yg_type *result,
                         yg_error *error);
/* The type of one number a query, [batch…, H, L]: the scores' without the keys. */
bool yg_attention_rows(const yg_attention *attention, yg_type *result, yg_error *error);

/* For definitions. Queries (or results) with heads as a batch dimension, [batch…, H, L, E], and
 * keys (or values), repeated for each head and batch of queries: */
yg_node yg_attention_split_queries(yg_graph *graph, const yg_infer *call, yg_node x);
yg_node yg_attention_split_keys(yg_graph *graph, const yg_infer *call, yg_node x);
/* The transposes of these. Heads come side by side again, and what was repeated is added up. */
yg_node yg_attention_join_queries(yg_graph *graph, const yg_infer *call, yg_node x);
yg_node yg_attention_join_keys(yg_graph *graph, const yg_infer *call, yg_node x);
/* Scores, scaled and masked: -infinity where a query may not read a key. */
yg_node yg_attention_scores(yg_graph *graph, const yg_infer *call, const yg_node *operands);
/* The weights exp(score - logsumexp). */
yg_node yg_attention_weights(yg_graph *graph, yg_node scores, yg_node logsumexp);
/* x, which has the shape of the scores, times the factors of dropout. */
yg_node yg_attention_drop(yg_graph *graph, const yg_infer *call, yg_node key, yg_node x);
/* The cotangent of the scores, given those of attention_gradient. */
yg_node yg_attention_score_slopes(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                  yg_node weights, yg_node delta, yg_node dy);

/* For references. `at` is a multi-index of the scores. An element of operand k: at `column` of the
 * query, key or value that the score belongs to. */
double yg_attention_reference_element(const yg_reference *r, const yg_attention *a,
                                      const int64_t *at, size_t k, int64_t column);
/* The score, and the factor of dropout. */
double yg_attention_reference_score(const yg_reference *r, const yg_attention *a,
                                    const int64_t *at);
double yg_attention_reference_factor(const yg_reference *r, const yg_attention *a,
                                     const int64_t *at);

/* --------------------------------------------------------------------------------- the kernel --
 */

enum { YG_ATTENTION_NO_MASK, YG_ATTENTION_BOOL_MASK, YG_ATTENTION_FLOAT_MASK };

/* One head of queries with its head of keys and values. Rows of each matrix are `…_step` elements
 * apart. The members from `delta` on are for the gradient only. */
typedef struct yg_attention_head {
    int64_t queries, keys, size, value_size;
    const void *q, *k, *v;
    void *y; /* written by the forward pass */
    void *logsumexp;
    int64_t q_step, k_step, v_step; /* dq, dk, dv: the same */
    int64_t y_step;                 /* dy: the same */
    double scale;
    bool causal;
    int mask_kind;
    const void *mask;
    int64_t mask_step[2]; /* from query to query, from key to key */
    uint64_t random_key;  /* the factors of dropout: see dropout_factors.h */
    int64_t random_row;   /* the first query's row of factors */
    double drop_p;        /* 0: no dropout */
    void *scratch;
    /* Where the head lies in each operand or result, in bytes; at_row: in one with a number a query
     */
    size_t at_q, at_k, at_v, at_y, at_row;

    const void *delta, *dy;
    void *dq, *dk, *dv;
    bool adds; /* to dk and dv, which hold the sums of other heads of queries */
} yg_attention_head;

/* Queries and keys are taken in blocks of this size. It depends on their numbers only, so that the
 * bits do. */
enum { YG_ATTENTION_BLOCK = 32, YG_ATTENTION_LONG_BLOCK = 64, YG_ATTENTION_LONG = 512 };
static inline int64_t yg_attention_block(int64_t queries, int64_t keys) {
    return queries >= YG_ATTENTION_LONG && keys >= YG_ATTENTION_LONG ? YG_ATTENTION_LONG_BLOCK
                                                                     : YG_ATTENTION_BLOCK;
}
/* Bytes of scratch that either kernel needs. */
int64_t yg_attention_scratch_bytes(const yg_attention *attention);

/* The blocks [begin, end) of queries. */
typedef void (*yg_attention_forward)(const yg_attention_head *head, int64_t begin, int64_t end);
/* A whole head. */
typedef void (*yg_attention_backward)(const yg_attention_head *head);

typedef struct yg_attention_kernels {
    yg_attention_forward forward;
    yg_attention_backward backward;
} yg_attention_kernels;

yg_attention_kernels yg_attention_choose(yg_dtype dtype, yg_gemm_isa isa);

/* A kernel call of either operator: reads its sizes … */
void yg_attention_of_call(const yg_op *op, const yg_kernel_call *call, yg_attention *attention);
/* … and sets up a head of queries: operands, mask and dropout. `batch` counts those of queries. */
yg_attention_head yg_attention_head_of(const yg_attention *attention, const yg_kernel_call *call,
                                       int64_t batch, int64_t head);
/* The plan of either operator, with so many units. `products` is the number of products of a row of
 * q, k or v with one number for each score, of either size alike. */
void yg_attention_plan(const yg_infer *call, const yg_attention *attention, int64_t units,
                       double products, yg_op_plan *plan);

/* One head for each set of instructions and element type, in attention_*.c. */
#define YG_ATTENTION_DECLARE(suffix)                                                               \
    void yg_attention_forward_##suffix(const yg_attention_head *head, int64_t begin, int64_t end); \
    void yg_attention_backward_##suffix(const yg_attention_head *head);
YG_ATTENTION_DECLARE(f32_baseline)
YG_ATTENTION_DECLARE(f64_baseline)
YG_ATTENTION_DECLARE(f32_avx2)
YG_ATTENTION_DECLARE(f64_avx2)
YG_ATTENTION_DECLARE(f32_avx512)
YG_ATTENTION_DECLARE(f64_avx512)

#endif
