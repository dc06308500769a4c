/*
 * Constant folding: an operator whose operands are all constants is evaluated when it is added.
 */
#include "loop_op.h"
#include "threads.h"

#include <stdlib.h>

/* Results with more elements are not folded: computing them in a run is cheaper than keeping them.
 */
#define FOLD_ELEMENTS 1024

/* The operands' data and types: `types` has room for as many as `in`. */
typedef struct operand_list {
    const void **in;
    const yg_type **types;
} operand_list;

static bool run(const yg_infer *call, const operand_list *operands, const yg_type *types,
                void *const *outs, yg_error *error) {
    const yg_op *op = call->op;
    const yg_dtype key = call->operands[call->operand_count - 1].dtype;
    if (op->flags & YG_OP_ELEMENTWISE) {
        op->tile[key](outs[0], operands->in, (size_t)yg_type_count(types), call->attrs);
        return true;
    }
    for (size_t k = 0; k < call->operand_count; k++)
        operands->types[k] = &call->operands[k];
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
        .in = operands->in,
        .out_type = types,
        .in_types = operands->types,
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

static bool are_small_constants(const yg_graph *graph, const yg_infer *call,
                                const yg_node *operands) {
    for (size_t k = 0; k < call->operand_count; k++) {
        if (!graph->records[operands[k]].data || !is_small(&call->operands[k], 1))
            return false;
    }
    return true;
}

/* Runs the operator and makes a constant of each result. */
static bool fold_into(yg_graph *graph, const yg_infer *call, const operand_list *operands,
                      const yg_type *types, yg_node *results) {
    const size_t count = yg_op_result_count(call->op);
    void *outs[YG_OP_MAX_RESULTS] = {NULL};
    bool done = take_room(types, count, outs, &graph->error);
    if (done) {
        const unsigned before = yg_float_state_enter(); /* as in a run, to get the same bits */
        done = run(call, operands, types, outs, &graph->error);
        yg_float_state_leave(before);
    }
    for (size_t i = 0; i < count; i++) {
        if (done)
            results[i] = yg_constant(graph, &types[i], outs[i]);
        free(outs[i]);
    }
    return done && !graph->error.code;
}

bool yg_fold(yg_graph *graph, const yg_infer *call, const yg_node *operands, const yg_type *types,
             yg_node *results) {
    const yg_op *op = call->op;
    /* A broadcast is cheaper kept than stored; a view has no kernel; a loop needs a program. */
    if (call->operand_count == 0 || yg_loop_of(op) || op == graph->ops->broadcast ||
        op->flags & YG_OP_VIEW || !is_small(types, yg_op_result_count(op)) ||
        !are_small_constants(graph, call, operands))
        return false;
    const void **in = malloc(2 * call->operand_count * sizeof *in);
    if (!in)
        return yg_fail_memory(&graph->error);
    for (size_t k = 0; k < call->operand_count; k++)
        in[k] = graph->records[operands[k]].data;
    const operand_list list = {in, (const yg_type **)(in + call->operand_count)};
    const bool done = fold_into(graph, call, &list, types, results);
    free(in);
    return done;
}
