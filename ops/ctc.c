/*
 * ctc: connectionist temporal classification: minus the log-probability that the classes of T
 * steps, repetitions joined and blanks left out, are the target, reduced.
 *
 * A composite: ctc_paths, then the reduction. As in PyTorch the mean is that of each loss divided
 * by its target's length. But the gradient by log_probs is the true one. PyTorch's has the gradient
 * of log_softmax in it, and is right only where log_probs comes from there.
 */
#include "build.h"
#include "ctc_paths.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

enum { REDUCTION, BLANK, ZERO_INFINITY };
enum { LOG_PROBS, TARGETS, INPUT_LENGTHS, TARGET_LENGTHS };

/* The batch of one that a single sequence is: [T, C] becomes [T, 1, C], [S] becomes [1, S]. */
static yg_type batched(const yg_type *type, int place) {
    yg_type one = *type;
    one.rank++;
    for (int d = type->rank; d > place; d--)
        one.shape[d] = type->shape[d - 1];
    one.shape[place] = 1;
    return one;
}

/* The types of the call as those of a batch. */
static void batch_types(const yg_infer *call, yg_type types[4]) {
    const bool single = call->operands[LOG_PROBS].rank == 2;
    for (size_t k = 0; k < call->operand_count; k++)
        types[k] = call->operands[k];
    if (!single)
        return;
    types[LOG_PROBS] = batched(&call->operands[LOG_PROBS], 1);
    types[TARGETS] = batched(&call->operands[TARGETS], 0);
    for (size_t k = INPUT_LENGTHS; k < call->operand_count; k++)
        if (types[k].rank == 0)
            types[k] = batched(&call->operands[k], 0);
}

/* The lengths that are given, or all steps or labels. */
static yg_node lengths(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                       const yg_type *types, size_t k, int64_t all) {
    if (k < call->operand_count)
        return yg_reshape(graph, operands[k], &types[k]);
    const yg_type type = {.dtype = YG_I64, .rank = 1, .shape = {types[LOG_PROBS].shape[1]}};
    return yg_full(graph, &type, (double)all);
}

/* The losses divided by the lengths, or by 1 where the target is empty. */
static yg_node by_length(yg_graph *graph, yg_node elements, yg_node target_lengths,
                         yg_dtype dtype) {
    const yg_node length = yg_cast(graph, target_lengths, dtype);
    return yg_divide(graph, elements, yg_maximum(graph, length, yg_scalar(graph, dtype, 1)));
}

static bool check_ranks(yg_graph *graph, const yg_infer *call) {
    const yg_type *p = &call->operands[LOG_PROBS], *targets = &call->operands[TARGETS];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if ((p->rank == 3 && targets->rank == 2) || (p->rank == 2 && targets->rank == 1))
        return true;
    yg_graph_fail(
        graph, YG_ERROR_SHAPE,
        "ctc: log_probs is %s and targets is %s; expected [T, N, C] and [N, S], or [T, C] and "
        "[S]%s",
        yg_type_text(p, a), yg_type_text(targets, b),
        p->rank == 3 && targets->rank == 1
            ? "; targets one after the other must be padded to one length"
            : "");
    return false;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!check_ranks(graph, call))
        return 0;
    yg_type types[4];
    batch_types(call, types);
    const yg_type *p = &types[LOG_PROBS];
    const yg_node steps = lengths(graph, call, operands, types, INPUT_LENGTHS, p->shape[0]);
    const yg_node labels =
        lengths(graph, call, operands, types, TARGET_LENGTHS, types[TARGETS].shape[1]);
    const yg_node inner[] = {
        [YG_CTC_TARGETS] = yg_reshape(graph, operands[TARGETS], &types[TARGETS]),
        [YG_CTC_INPUT_LENGTHS] = steps,
        [YG_CTC_TARGET_LENGTHS] = labels,
        [YG_CTC_LOG_PROBS] = yg_reshape(graph, operands[LOG_PROBS], p),
    };
    yg_node both[2];
    if (yg_apply_all(graph, &yg_op_ctc_paths, inner, 4, &call->attrs[BLANK], both, 2) == 0)
        return 0;
    yg_node elements = both[0];
    if (call->attrs[ZERO_INFINITY].i) {
        const yg_node infinite = yg_scalar(graph, p->dtype, (double)INFINITY);
        elements = yg_where(graph, yg_equal(graph, elements, infinite),
                            yg_scalar(graph, p->dtype, 0), elements);
    }
    if (call->attrs[REDUCTION].i == YG_REDUCTION_MEAN)
        elements = by_length(graph, elements, labels, p->dtype);
    results[0] = yg_loss_reduce(graph, elements, call->attrs[REDUCTION].i);
    const yg_type scalar = {.dtype = p->dtype};
    if (call->operands[LOG_PROBS].rank == 2)
        results[0] = yg_reshape(graph, results[0], &scalar);
    return results[0] != YG_NONE;
}

/* The call with the operands in the order of ctc_paths, all lengths given. */
static double sequence_loss(const yg_reference *r, int64_t n) {
    yg_type given[4];
    batch_types(r->call, given);
    const yg_type types[] = {given[TARGETS], given[INPUT_LENGTHS], given[TARGET_LENGTHS],
                             given[LOG_PROBS]};
    const double *in[] = {r->in[TARGETS], r->in[INPUT_LENGTHS], r->in[TARGET_LENGTHS],
                          r->in[LOG_PROBS]};
    const yg_infer call = {.op = &yg_op_ctc_paths,
                           .operands = types,
                           .operand_count = 4,
                           .attrs = &r->call->attrs[BLANK]};
    const yg_reference inner = {.call = &call, .out_type = r->out_type, .in = in};
    const double loss = yg_ctc_reference_loss(&inner, n);
    if (r->call->attrs[ZERO_INFINITY].i && isinf(loss))
        return 0;
    const bool divides = r->call->attrs[REDUCTION].i == YG_REDUCTION_MEAN;
    const double length = r->call->operand_count > TARGET_LENGTHS ? r->in[TARGET_LENGTHS][n]
                                                                  : (double)given[TARGETS].shape[1];
    return divides ? loss / fmax(1, length) : loss;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *p = &r->call->operands[LOG_PROBS];
    return p->rank == 2 ? sequence_loss(r, 0)
                        : yg_loss_reference_rows(r, index, p->shape[1], sequence_loss);
}

static const yg_attr_spec attrs[] = {
    [REDUCTION] = YG_REDUCTION_ATTR,
    [BLANK] = YG_CTC_BLANK_ATTR,
    [ZERO_INFINITY] = {.name = "zero_infinity",
                       .kind = YG_ATTR_BOOL,
                       .doc = "a target that does not fit into its input has the loss 0, not inf"},
};

static const yg_attr none[] = {{.i = YG_REDUCTION_NONE}, {.i = 3}, {.i = 0}},
                     zero[] = {{.i = YG_REDUCTION_SUM}, {.i = 0}, {.i = 1}};

static const yg_sample samples[] = {
    {{"f[4, 3, 3]", "i[3, 2]", "i[3]", "i[3]"}, NULL},
    {{"f[5, 2, 4]", "i[2, 2]", "i[2]", "i[2]"}, none},
    {{"f[4, 2, 3]", "i[2, 4]", "i[2]", "i[2]"}, zero},
    {{"f[4, 0, 3]", "i[0, 2]", "i[0]", "i[0]"}, zero},
    {{"f[4, 3]", "i[2]", "i[]", "i[]"}, NULL},
};

const yg_op yg_op_ctc = {
    .name = "ctc",
    .formula = "l = -log Σ Π p[t, c_t] over the paths c that become the target",
    .doc = "For labels without times: log_probs is [T, N, C], of log_softmax; targets are [N, S], "
           "padded with anything; input_lengths and target_lengths are [N], left out: T and S. One "
           "sequence may come without N. The mean divides each loss by its target's length first. "
           "A target that does not fit into "
           "its input has the loss inf and the gradient 0.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 4,
    .operand_names = {"log_probs", "targets", "input_lengths", "target_lengths"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-3, -0.2}, {1, 2}, {3, 4}, {1, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
