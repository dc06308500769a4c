/*
 * Constant folding: an operator whose operands are all constants is evaluated when it is added.
 */
#include "loop_op.h"
#include "threads.h"

#include <stdlib.h>

/* Results with more elements are not folded: computing them in a run is cheaper than keeping them.
 */
#define FOLD_ELEMENTS 1024

static bool run(const yg_infer *call, const void *const *in, const yg_type *types,
                void *const *outs, yg_error *error) {
    const yg_op *op = call->op;
    const yg_dtype key = call->operands[call->operand_count - 1].dtype;
    if (op->flags & YG_OP_ELEMENTWISE) {
        op->tile[key](outs[0], in, (size_t)yg_type_count(types), call->attrs);
        return true;
    }
    const yg_type *in_types[YG_MAX_OPERANDS];
    for (size_t k = 0; k < call->operand_count; k++)
        in_types[k] = &call->operands[k];
    void *scratch = NULL;
    const yg_op_plan plan = yg_op_plan_of(call, types, false);
    if (plan.scratch_bytes > 0) {
        scratch = aligned_alloc(64, ((size_t)plan.scratch_bytes + 63) / 64 * 64);
        if (!scratch)
            return yg_fail_memory(error);
    }
    const yg_kernel_call kernel_call = {
        .out = outs[0],
        .outs = outs,
        .in = in,
        .out_type = types,
        .in_types = in_types,
        .operand_count = call->operand_count,
        .attrs = call->attrs,
        .scratch = scratch,
        .begin = 0,
        .end = plan.units,
        .origin = call->origin,
    };
    const bool done = op->kernel[key](&kernel_call, error);
    free(scratch);
    return done;
}

/* Allocates room for the elements of each result. */
static bool take_room(const yg_type *types, size_t count, void **outs, yg_error *error) {
    for (size_t i = 0; i < count; i++) {
        outs[i] = aligned_alloc(64, ((size_t)yg_type_bytes(&types[i]) + 127) / 64 * 64);
        if (!outs[i])
            return yg_fail_memory(error);
    }
    return true;
}

static bool is_small(const yg_type *types, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (yg_type_count(&types[i]) > FOLD_ELEMENTS)
            return false;
    }
    return true;
}

bool yg_fold(yg_graph *graph, const yg_infer *call, const yg_node *operands, const yg_type *types,
             yg_node *results) {
    const yg_op *op = call->op;
    const size_t count = yg_op_result_count(op);
    /* A broadcast is left alone: its elements would take memory and say nothing new. A view has no
     * kernel. A loop needs a program to run. */
    if (call->operand_count == 0 || yg_loop_of(op) || op == graph->ops->broadcast ||
        op->flags & YG_OP_VIEW || !is_small(types, count))
        return false;
    const void *in[YG_MAX_OPERANDS];
    for (size_t k = 0; k < call->operand_count; k++) {
        in[k] = graph->records[operands[k]].data;
        if (!in[k] || !is_small(&call->operands[k], 1))
            return false;
    }
    void *outs[YG_OP_MAX_RESULTS] = {NULL};
    bool done = take_room(types, count, outs, &graph->error);
    if (done) {
        const unsigned before = yg_float_state_enter(); /* as in a run, to get the same bits */
        done = run(call, in, types, outs, &graph->error);
        yg_float_state_leave(before);
    }
    for (size_t i = 0; i < count; i++) {
        if (done)
            results[i] = yg_constant(graph, &types[i], outs[i]);
        free(outs[i]);
    }
    return done && !graph->error.code;
}
