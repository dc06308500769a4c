/*
 * Constant folding: an operator on constants is run when the graph is built.
 */
#include "loop_op.h"
#include "threads.h"

#include <stdlib.h>

/* Larger results are cheaper to compute in a run than to keep. */
#define FOLD_ELEMENTS 1024

static bool run(const yg_infer *call, const void *const *in, const yg_type *result, void *out,
                yg_error *error) {
    const yg_op *op = call->op;
    const yg_dtype key = call->operands[call->operand_count - 1].dtype;
    if (op->flags & YG_OP_ELEMENTWISE) {
        op->tile[key](out, in, (size_t)yg_type_count(result), call->attrs);
        return true;
    }
    const yg_type *types[YG_MAX_OPERANDS];
    for (size_t k = 0; k < call->operand_count; k++)
        types[k] = &call->operands[k];
    void *scratch = NULL;
    const yg_op_plan plan = yg_op_plan_of(call, result, false);
    if (plan.scratch_bytes > 0) {
        scratch = aligned_alloc(64, ((size_t)plan.scratch_bytes + 63) / 64 * 64);
        if (!scratch)
            return yg_fail_memory(error);
    }
    const yg_kernel_call kernel_call = {
        .out = out,
        .in = in,
        .out_type = result,
        .in_types = types,
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

yg_node yg_fold(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                const yg_type *result) {
    const yg_op *op = call->op;
    /* A broadcast is cheaper kept than stored; a view has no kernel; a loop needs a program. */
    if (call->operand_count == 0 || yg_loop_of(op) || op == graph->ops->broadcast ||
        op->flags & YG_OP_VIEW || yg_type_count(result) > FOLD_ELEMENTS)
        return YG_NONE;
    const void *in[YG_MAX_OPERANDS];
    for (size_t k = 0; k < call->operand_count; k++) {
        in[k] = graph->records[operands[k]].data;
        if (!in[k] || yg_type_count(&call->operands[k]) > FOLD_ELEMENTS)
            return YG_NONE;
    }
    void *out = aligned_alloc(64, ((size_t)yg_type_bytes(result) + 127) / 64 * 64);
    if (!out) {
        yg_fail_memory(&graph->error);
        return YG_NONE;
    }
    const unsigned before = yg_float_state_enter(); /* as in a run: the same bits */
    const bool done = run(call, in, result, out, &graph->error);
    yg_float_state_leave(before);
    const yg_node node = done ? yg_constant(graph, result, out) : YG_NONE;
    free(out);
    return node;
}
