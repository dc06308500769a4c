/*
 * ctc_posterior: y[t, n, c] = the posterior of ctc_paths, as a function with a definition in
 * plainer operators.
 *
 * It serves second and higher derivatives of ctc: its own derivative is that of the definition,
 * which takes a few nodes for each step of time. The definition computes with -1e30 for the
 * logarithm of 0, so that no derivative is infinity - infinity.
 */
#include "build.h"
#include "ctc_paths.h"
#include "elementwise.h"
#include "registry.h"

static const double log_of_zero = -1e30;

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    *result = call->operands[YG_CTC_LOG_PROBS];
    return yg_ctc_check(call, error);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    return yg_ctc_run(call, NULL, call->out, error);
}

/* -------------------------------------------------------------------------------- definition -- */

/* Nodes of the definition. Rows of states are [N, 2S + 1]. */
typedef struct lattice {
    yg_graph *graph;
    yg_dtype dtype;
    int64_t steps, batch, states;
    yg_node log_probs, input_lengths, target_lengths; /* lengths: [N, 1], i64 */
    yg_node labels;                                   /* the class of each state, i64 */
    yg_node skips; /* whether the state can be reached from the one before the last */
} lattice;

static yg_type matrix(yg_dtype dtype, int64_t rows, int64_t columns) {
    return (yg_type){.dtype = dtype, .rank = 2, .shape = {rows, columns}};
}

/* x[:, begin : end] of rows of states */
static yg_node columns_of(const lattice *l, yg_node x, int64_t begin, int64_t end) {
    const int64_t start[] = {0, begin}, stop[] = {l->batch, end}, step[] = {1, 1};
    return yg_slice(l->graph, x, start, stop, step);
}

/* x moved `by` states to the right, `fill` in the first ones */
static yg_node moved(const lattice *l, yg_node x, int64_t by, yg_dtype dtype, double fill) {
    const int64_t kept = l->states > by ? l->states - by : 0;
    const yg_type front = matrix(dtype, l->batch, l->states - kept);
    const yg_node parts[] = {yg_full(l->graph, &front, fill), columns_of(l, x, 0, kept)};
    return yg_concat(l->graph, parts, 2, 1);
}

static yg_node as_column(yg_graph *graph, yg_node lengths, int64_t batch) {
    const yg_type type = matrix(YG_I64, batch, 1);
    return yg_reshape(graph, yg_cast(graph, lengths, YG_I64), &type);
}

/* Blank, label, blank, label, …, blank. Labels beyond the length of a target may be anything. */
static yg_node all_labels(const lattice *l, yg_node targets, int64_t blank, int64_t classes) {
    const int64_t size = l->states / 2;
    const yg_type column = {.dtype = YG_I64, .rank = 3, .shape = {l->batch, size, 1}};
    const yg_type pairs = matrix(YG_I64, l->batch, 2 * size), last = matrix(YG_I64, l->batch, 1);
    const yg_attr bounds[] = {{.f = 0}, {.f = (double)(classes - 1)}};
    const yg_node whole = yg_cast(l->graph, targets, YG_I64);
    const yg_node safe = yg_apply(l->graph, &yg_op_clip, &whole, 1, bounds);
    const yg_node both[] = {yg_full(l->graph, &column, (double)blank),
                            yg_reshape(l->graph, safe, &column)};
    const yg_node parts[] = {yg_reshape(l->graph, yg_concat(l->graph, both, 2, 2), &pairs),
                             yg_full(l->graph, &last, (double)blank)};
    return yg_concat(l->graph, parts, 2, 1);
}

/* Whether state number s of each row is one of those that a path may end in. */
static yg_node is_end(const lattice *l, yg_node states) {
    yg_graph *graph = l->graph;
    const yg_node last = yg_scale(graph, l->target_lengths, 2);
    const yg_node before = yg_offset(graph, last, -1);
    return yg_logical_or(graph, yg_equal(graph, states, last), yg_equal(graph, states, before));
}

/* log_probs[t, n, label] for each state */
static yg_node emissions(const lattice *l, int64_t t) {
    const yg_type *p = yg_node_type(l->graph, l->log_probs);
    const int64_t start[] = {t, 0, 0}, stop[] = {t + 1, p->shape[1], p->shape[2]};
    const int64_t step[] = {1, 1, 1};
    const yg_type row = matrix(l->dtype, p->shape[1], p->shape[2]);
    const yg_node operands[] = {
        yg_reshape(l->graph, yg_slice(l->graph, l->log_probs, start, stop, step), &row), l->labels};
    const yg_attr dim = {.i = 1};
    return yg_apply(l->graph, &yg_op_gather, operands, 2, &dim);
}

/* log Σ exp over dimension `dim` */
static yg_node log_of_sum(yg_graph *graph, yg_node x, int64_t dim) {
    const yg_attr attrs[] = {{.count = 1, .ints = {dim}}, {0}};
    return yg_apply(graph, &yg_op_logsumexp, &x, 1, attrs);
}

static yg_node next_alpha(const lattice *l, yg_node alpha, int64_t t) {
    yg_graph *graph = l->graph;
    const yg_node nothing = yg_scalar(graph, l->dtype, log_of_zero);
    const yg_node skipped =
        yg_where(graph, l->skips, moved(l, alpha, 2, l->dtype, log_of_zero), nothing);
    const yg_node ways[] = {alpha, moved(l, alpha, 1, l->dtype, log_of_zero), skipped};
    const yg_attr front = {.i = 0};
    const yg_node stacked = yg_apply(graph, &yg_op_stack, ways, 3, &front);
    const yg_node next = yg_add(graph, log_of_sum(graph, stacked, 0), emissions(l, t));
    const yg_node time = yg_scalar(graph, YG_I64, (double)t);
    return yg_where(graph, yg_less(graph, time, l->input_lengths), next, alpha);
}

/* The losses [N]; a target that no path becomes has a constant. */
static yg_node losses(const lattice *l) {
    yg_graph *graph = l->graph;
    const yg_attr range[] = {{.i = l->states}, {0}, {.i = 1}, {.i = YG_I64}};
    const yg_node states = yg_apply(graph, &yg_op_arange, NULL, 0, range);
    const yg_node nothing = yg_scalar(graph, l->dtype, log_of_zero);
    const yg_node is_first = yg_equal(graph, states, yg_scalar(graph, YG_I64, 0));
    const yg_type all = matrix(l->dtype, l->batch, l->states);
    yg_node alpha = yg_broadcast(
        graph, yg_where(graph, is_first, yg_scalar(graph, l->dtype, 0), nothing), &all);
    for (int64_t t = 0; t < l->steps; t++)
        alpha = next_alpha(l, alpha, t);
    const yg_node ends = yg_where(graph, is_end(l, states), alpha, nothing);
    const yg_node loss = yg_negative(graph, log_of_sum(graph, ends, 1));
    const yg_node limit = yg_scalar(graph, l->dtype, -log_of_zero / 10);
    return yg_where(graph, yg_greater(graph, loss, limit), limit, loss);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type *p = &call->operands[YG_CTC_LOG_PROBS];
    lattice l = {.graph = graph,
                 .dtype = p->dtype,
                 .steps = p->shape[0],
                 .batch = p->shape[1],
                 .states = 2 * call->operands[YG_CTC_TARGETS].shape[1] + 1,
                 .log_probs = operands[YG_CTC_LOG_PROBS]};
    l.input_lengths = as_column(graph, operands[YG_CTC_INPUT_LENGTHS], l.batch);
    l.target_lengths = as_column(graph, operands[YG_CTC_TARGET_LENGTHS], l.batch);
    l.labels = all_labels(&l, operands[YG_CTC_TARGETS], call->attrs[0].i, p->shape[2]);
    /* All states of even number are blanks, so none of them differs from the one before the last.
     */
    const yg_node before = moved(&l, l.labels, 2, YG_I64, (double)call->attrs[0].i);
    const yg_node is_label =
        yg_not_equal(graph, l.labels, yg_scalar(graph, YG_I64, (double)call->attrs[0].i));
    l.skips = yg_logical_and(graph, is_label, yg_not_equal(graph, l.labels, before));
    const yg_node loss = losses(&l);
    yg_node slope = YG_NONE;
    if (loss == YG_NONE || !yg_grad(graph, loss, yg_full(graph, yg_node_type(graph, loss), 1),
                                    &l.log_probs, 1, &slope))
        return 0;
    results[0] = slope == YG_NONE ? yg_full(graph, p, 0) : yg_negative(graph, slope);
    return results[0] != YG_NONE;
}

static const yg_attr_spec attrs[] = {YG_CTC_BLANK_ATTR};

static const yg_sample samples[] = {
    {{"i[3, 2]", "i[3]", "i[3]", "f[4, 3, 3]"}, NULL},
    {{"i[2, 2]", "i[2]", "i[2]", "f[4, 2, 4]"}, (const yg_attr[]){{.i = 3}}},
    {{"i[0, 2]", "i[0]", "i[0]", "f[4, 0, 3]"}, NULL},
};

const yg_op yg_op_ctc_posterior = {
    .name = "ctc_posterior",
    .formula = "y[t, n, c] = the share of the paths of a target with class c at time t",
    .doc = "The derivative of ctc, without its sign; see there.",
    .group = "loss",
    .min_operands = 4,
    .max_operands = 4,
    .operand_names = {"targets", "input_lengths", "target_lengths", "log_probs"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = yg_ctc_plan,
    .compose = definition,
    .reference = yg_ctc_reference_posterior,
    .domain = {{1, 2}, {3, 4}, {1, 2}, {-3, -0.2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
