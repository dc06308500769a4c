/*
 * Attention: operands and sizes of a call. See attention.h.
 */
#include "attention.h"
#include "shape.h"

#include <inttypes.h>
#include <string.h>

const yg_attr_spec yg_attention_attrs[4] = {
    [YG_ATTENTION_HEADS] = {.name = "num_heads",
                            .kind = YG_ATTR_INT,
                            .min = 0,
                            .max = 1 << 20,
                            .doc = "heads side by side in a row of queries; 0: heads are batch "
                                   "dimensions"},
    [YG_ATTENTION_CAUSAL] = {.name = "is_causal",
                             .kind = YG_ATTR_BOOL,
                             .doc = "query i reads the keys 0 to i only"},
    [YG_ATTENTION_SCALE] = {.name = "scale",
                            .kind = YG_ATTR_FLOAT,
                            .fallback = {.f = 1},
                            .doc = "the factor of query · key"},
    [YG_ATTENTION_P] = {.name = "dropout_p",
                        .kind = YG_ATTR_FLOAT,
                        .min = 0,
                        .max = 1,
                        .doc = "the probability that a weight is dropped"},
};

/* Users meet both operators by this name. */
#define NAME "scaled_dot_product_attention"

static bool fail_shapes(const yg_infer *call, const char *why, yg_error *error) {
    char q[YG_TYPE_TEXT], k[YG_TYPE_TEXT], v[YG_TYPE_TEXT];
    return yg_fail(error, YG_ERROR_SHAPE, call->origin, NAME ": %s: query %s, key %s, value %s",
                   why, yg_type_text(&call->operands[YG_ATTENTION_Q], q),
                   yg_type_text(&call->operands[YG_ATTENTION_K], k),
                   yg_type_text(&call->operands[YG_ATTENTION_V], v));
}

static bool check_types(const yg_infer *call, yg_error *error) {
    const yg_type *q = &call->operands[YG_ATTENTION_Q];
    const yg_type *mask = &call->operands[YG_ATTENTION_MASK];
    const yg_type *key = &call->operands[YG_ATTENTION_KEY];
    char text[YG_TYPE_TEXT];
    for (size_t k = YG_ATTENTION_Q; k <= YG_ATTENTION_V; k++) {
        const yg_type *x = &call->operands[k];
        if (x->rank < 2 || x->rank != q->rank)
            return fail_shapes(call, "needs two dimensions at least, as many in each", error);
        if (x->dtype != q->dtype || !yg_dtype_is_float(x->dtype))
            return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                           NAME ": query, key and value must be of one float type, not %s and %s",
                           yg_dtype_name(q->dtype), yg_dtype_name(x->dtype));
    }
    if (mask->dtype != YG_BOOL && mask->dtype != q->dtype)
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       NAME ": the mask must be bool or %s, not %s", yg_dtype_name(q->dtype),
                       yg_type_text(mask, text));
    if (key->dtype != YG_I32 || key->rank != 1 || key->shape[0] != 2)
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       NAME ": the random key must be i32[2], not %s", yg_type_text(key, text));
    return true;
}

/* The sizes in the last dimensions: heads side by side. */
static bool read_heads(const yg_infer *call, yg_attention *a, yg_error *error) {
    const int last = call->operands[YG_ATTENTION_Q].rank - 1;
    const int64_t heads = call->attrs[YG_ATTENTION_HEADS].i;
    const int64_t q = call->operands[YG_ATTENTION_Q].shape[last];
    const int64_t k = call->operands[YG_ATTENTION_K].shape[last];
    const int64_t v = call->operands[YG_ATTENTION_V].shape[last];
    a->heads = heads > 0 ? heads : 1;
    if (q % a->heads != 0)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       NAME ": rows of %" PRId64 " do not fall into %" PRId64 " heads", q, heads);
    a->size = q / a->heads;
    if (a->size == 0 ? k != 0 : k % a->size != 0)
        return fail_shapes(call, "a key must have the size of a query", error);
    a->kv_heads = a->size == 0 ? a->heads : k / a->size;
    if (a->kv_heads == 0 || a->heads % a->kv_heads != 0 || (heads == 0 && a->kv_heads != 1))
        return fail_shapes(call,
                           heads == 0 ? "a key must have the size of a query"
                                      : "the heads of keys must divide the heads of queries",
                           error);
    if (v % a->kv_heads != 0)
        return fail_shapes(call, "values have not as many heads as keys", error);
    a->value_size = v / a->kv_heads;
    return true;
}

static bool read_batch(const yg_infer *call, yg_attention *a, yg_error *error) {
    const yg_type *q = &call->operands[YG_ATTENTION_Q], *k = &call->operands[YG_ATTENTION_K];
    const yg_type *v = &call->operands[YG_ATTENTION_V];
    const int lead = q->rank - 2;
    a->queries = q->shape[lead];
    a->keys = k->shape[lead];
    if (v->shape[lead] != a->keys)
        return fail_shapes(call, "there must be as many values as keys", error);
    for (int d = 0; d < lead; d++) {
        const int64_t many = q->shape[d], few = k->shape[d];
        const bool shared = d == lead - 1 && few > 0 && many % few == 0;
        if (v->shape[d] != few || (many != few && !shared))
            return fail_shapes(call, "the batch dimensions do not fit", error);
    }
    a->batches = yg_shape_product(q->shape, 0, lead);
    a->kv_batches = yg_shape_product(k->shape, 0, lead);
    return true;
}

static bool read_mask(const yg_infer *call, yg_attention *a, yg_error *error) {
    const yg_type *q = &call->operands[YG_ATTENTION_Q];
    const yg_type *mask = &call->operands[YG_ATTENTION_MASK];
    const bool heads = call->attrs[YG_ATTENTION_HEADS].i > 0;
    a->rank = 0;
    if (q->rank + heads > YG_MAX_RANK)
        return fail_shapes(call, "too many dimensions", error);
    for (int d = 0; d < q->rank - 2; d++)
        a->shape[a->rank++] = q->shape[d];
    if (heads)
        a->shape[a->rank++] = a->heads;
    a->shape[a->rank++] = a->queries;
    a->shape[a->rank++] = a->keys;
    int64_t own[YG_MAX_RANK];
    yg_type_strides(mask, own);
    const int missing = a->rank - mask->rank;
    bool fits = missing >= 0;
    for (int d = 0; fits && d < a->rank; d++) {
        const int64_t size = d < missing ? 1 : mask->shape[d - missing];
        a->strides[d] = size == 1 ? 0 : own[d - missing];
        fits = size == 1 || size == a->shape[d];
    }
    if (fits)
        return true;
    yg_type scores = {.dtype = q->dtype, .rank = a->rank};
    memcpy(scores.shape, a->shape, sizeof a->shape);
    char found[YG_TYPE_TEXT], wanted[YG_TYPE_TEXT];
    return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                   NAME ": the mask %s does not broadcast to the scores %s",
                   yg_type_text(mask, found), yg_shape_text(&scores, wanted));
}

bool yg_attention_read(const yg_infer *call, yg_attention *attention, yg_error *error) {
    *attention = (yg_attention){.dtype = call->operands[YG_ATTENTION_Q].dtype};
    return check_types(call, error) && read_heads(call, attention, error) &&
           read_batch(call, attention, error) && read_mask(call, attention, error);
}

bool yg_attention_result(const yg_infer *call, const yg_attention *attention, yg_type *result,
                         yg_error *error) {
    const yg_type *q = &call->operands[YG_ATTENTION_Q];
    int64_t shape[YG_MAX_RANK];
    memcpy(shape, q->shape, sizeof shape);
    if (__builtin_mul_overflow(attention->heads, attention->value_size, &shape[q->rank - 1]))
        return fail_shapes(call, "the result is too large", error);
    return yg_type_make(q->dtype, q->rank, shape, result, error);
}

bool yg_attention_rows(const yg_attention *attention, yg_type *result, yg_error *error) {
    return yg_type_make(attention->dtype, attention->rank - 1, attention->shape, result, error);
}
