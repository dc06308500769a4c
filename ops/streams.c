/*
 * The common code of random operators: see streams.h.
 */
#include "streams.h"

#include "../graph/random.h"

int64_t yg_next_stream(const yg_graph *graph, const yg_op *op) {
    const int stream = yg_op_attr(op, "stream");
    for (size_t i = yg_graph_size(graph); i-- > 0;) {
        if (yg_node_op(graph, (yg_node)i) == op)
            return yg_node_attrs(graph, (yg_node)i)[stream].i + 1;
    }
    return 0;
}

uint64_t yg_stream_key(const char *name, uint64_t seed, int64_t stream) {
    uint32_t word[4];
    yg_philox(seed, yg_random_key(name), (uint64_t)stream, word);
    return (uint64_t)word[0] << 32 | word[1];
}

void yg_random_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    const int64_t count = yg_type_count(results);
    plan->units = count / YG_RANDOM_UNIT + (count % YG_RANDOM_UNIT != 0);
}

void yg_random_range(const yg_kernel_call *call, int64_t *begin, int64_t *end) {
    const int64_t count = yg_type_count(call->out_type);
    *begin = call->begin * YG_RANDOM_UNIT;
    *end = call->end * YG_RANDOM_UNIT < count ? call->end * YG_RANDOM_UNIT : count;
}

int64_t yg_random_position(const yg_reference *reference, const int64_t *index) {
    int64_t strides[YG_MAX_RANK], position = 0;
    yg_type_strides(reference->out_type, strides);
    for (int d = 0; d < reference->out_type->rank; d++)
        position += index[d] * strides[d];
    return position;
}
