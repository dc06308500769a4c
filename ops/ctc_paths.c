/*
 * ctc_paths: losses[n] = -log Σ Π exp(log_probs[t, n, c_t]) over the paths c that become the
 * target, and posterior[t, n, c] = the share of the paths with c_t = c in that sum.
 *
 * Of a path, repetitions of a class count once, and then blanks are left out (Graves et al.,
 * "Connectionist temporal classification", ICML 2006). The states of a target are its labels with a
 * blank before, between and after them, 2S + 1 in all. A path stays in a state, moves to the next,
 * or skips a blank between two different labels. alpha[t, s] is the logarithm of the sum over the
 * beginnings of paths that are in state s at time t, beta[t, s] that over their ends. It all stays
 * in logarithms: a state that is unlikely for now may be the only one that reaches the end.
 *
 * vjp: d log_probs = -d losses · posterior. Where a cotangent reaches the posterior, too, its
 * derivative is that of ctc_posterior, which has a definition.
 */
#include "ctc_paths.h"

#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>
#include <string.h>

enum { LOSSES, POSTERIOR };
/* A row of states has MARGIN elements of -inf before the first state and behind the last, so that
 * the neighbours of every state can be read. The states are padded to whole blocks. */
enum { MARGIN = 2, BLOCK = YG_MATH_BLOCK };

/* -------------------------------------------------------------------------------- shape rule -- */

bool yg_ctc_check(const yg_infer *call, yg_error *error) {
    const yg_type *x = call->operands, *p = &x[YG_CTC_LOG_PROBS];
    const int64_t blank = call->attrs[0].i;
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(p->dtype) || p->rank != 3)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "ctc: log_probs is %s, not a float tensor [T, N, C]", yg_type_text(p, a));
    if (blank >= p->shape[2])
        return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                       "ctc: blank = %" PRId64 " is no class of log_probs %s", blank,
                       yg_type_text(p, a));
    for (size_t k = 0; k < YG_CTC_LOG_PROBS; k++) {
        if (x[k].dtype != YG_I32 && x[k].dtype != YG_I64)
            return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                           "ctc: %s must be i32 or i64, not %s", call->op->operand_names[k],
                           yg_type_text(&x[k], a));
        if (x[k].rank != (k == YG_CTC_TARGETS ? 2 : 1) || x[k].shape[0] != p->shape[1])
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "ctc: %s is %s; for log_probs %s it is [%" PRId64 "%s]",
                           call->op->operand_names[k], yg_type_text(&x[k], a), yg_type_text(p, b),
                           p->shape[1], k == YG_CTC_TARGETS ? ", S" : "");
    }
    int64_t cells;
    if (__builtin_mul_overflow(x[YG_CTC_TARGETS].shape[1] + BLOCK, p->shape[0] + 8, &cells) ||
        __builtin_mul_overflow(cells, 4 * (int64_t)sizeof(double), &cells))
        return yg_fail(error, YG_ERROR_MEMORY, call->origin,
                       "ctc: targets %s over log_probs %s are too many states",
                       yg_type_text(&x[YG_CTC_TARGETS], a), yg_type_text(p, b));
    return true;
}

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    if (!yg_ctc_check(call, error))
        return false;
    const yg_type *p = &call->operands[YG_CTC_LOG_PROBS];
    results[POSTERIOR] = *p;
    return yg_type_make(p->dtype, 1, &p->shape[1], &results[LOSSES], error);
}

/* ------------------------------------------------------------------------------------ memory -- */

/* The states of all targets are padded to the same number. */
static int64_t state_count(const yg_type *targets) {
    return (2 * targets->shape[1] + 1 + BLOCK - 1) / BLOCK * BLOCK;
}

/* The scratch of one sequence. Rows have `stride` elements. */
typedef struct lattice {
    int64_t count, stride;
    double *alpha;    /* rows 0 … T: alpha[t - 1]; row 0 is before the first step */
    double *skip;     /* 0 where state s can be reached from s - 2, else -inf */
    double *emission; /* log_probs[t, n, label of the state] */
    double *beta, *ahead;
    double *nothing; /* zeros */
    int64_t *label;  /* the class of a state */
} lattice;

enum { OTHER_ROWS = 6 };

void yg_ctc_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    const yg_type *p = &call->operands[YG_CTC_LOG_PROBS];
    const int64_t count = state_count(&call->operands[YG_CTC_TARGETS]);
    const int64_t rows = p->shape[0] + 1 + OTHER_ROWS;
    plan->units = p->shape[1];
    plan->scratch_bytes = rows * (count + 2 * MARGIN) * (int64_t)sizeof(double);
    plan->flops = 60.0 * (double)p->shape[1] * (double)p->shape[0] * (double)count;
}

static lattice lay_out(const yg_kernel_call *call) {
    lattice l = {.count = state_count(call->in_types[YG_CTC_TARGETS])};
    l.stride = l.count + 2 * MARGIN;
    l.label = call->scratch;
    double *row = (double *)call->scratch + l.stride;
    double **const rows[] = {&l.skip, &l.emission, &l.beta, &l.ahead, &l.nothing};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, row += l.stride) {
        *rows[i] = row + MARGIN;
        for (int64_t s = -MARGIN; s < l.count + MARGIN; s++)
            (*rows[i])[s] = rows[i] == &l.nothing ? 0 : (double)-INFINITY;
    }
    l.alpha = row + MARGIN;
    return l;
}

/* ------------------------------------------------------------------------------------ kernel -- */

/* out[s] = log(exp(a[s]) + exp(b[s]) + exp(c[s] + skip[s])) + more[s]. The largest is taken off
 * first, so that the sum neither overflows nor vanishes; if it is -inf, so is the sum. */
YG_MULTIVERSION static void combine(double *out, const double *a, const double *b, const double *c,
                                    const double *skip, const double *more, int64_t count) {
    _Pragma("omp simd") for (int64_t s = 0; s < count; s++) {
        const double third = c[s] + skip[s];
        const double pair = a[s] > b[s] ? a[s] : b[s];
        const double most = pair > third ? pair : third;
        const double base = most == (double)-INFINITY ? 0 : most;
        const double sum = exp(a[s] - base) + exp(b[s] - base) + exp(third - base);
        out[s] = base + log(sum) + more[s];
    }
}

/* out[s] = exp(a[s] + b[s] + shift) */
YG_MULTIVERSION static void exponentials(double *out, const double *a, const double *b,
                                         double shift, int64_t count) {
    _Pragma("omp simd") for (int64_t s = 0; s < count; s++) out[s] = exp(a[s] + b[s] + shift);
}

static double load(const yg_kernel_call *call, int64_t at) {
    const void *p = call->in[YG_CTC_LOG_PROBS];
    return call->in_types[YG_CTC_LOG_PROBS]->dtype == YG_F32 ? (double)((const float *)p)[at]
                                                             : ((const double *)p)[at];
}

/* A sequence of the batch. */
typedef struct sequence {
    int64_t n, steps, labels; /* its number and lengths */
    int64_t states;           /* 2 · labels + 1 */
} sequence;

static bool read_sequence(const yg_kernel_call *call, lattice *l, sequence *q, yg_error *error) {
    const yg_type *p = call->in_types[YG_CTC_LOG_PROBS], *targets = call->in_types[YG_CTC_TARGETS];
    const int64_t blank = call->attrs[0].i;
    if (!yg_index_read(call, "ctc: input_lengths", YG_CTC_INPUT_LENGTHS, q->n, p->shape[0] + 1,
                       &q->steps, error) ||
        !yg_index_read(call, "ctc: target_lengths", YG_CTC_TARGET_LENGTHS, q->n,
                       targets->shape[1] + 1, &q->labels, error))
        return false;
    q->states = 2 * q->labels + 1;
    for (int64_t s = 0; s < q->states; s++) {
        l->label[s] = blank;
        l->skip[s] = (double)-INFINITY;
        if (s % 2 == 0)
            continue;
        if (!yg_index_read(call, "ctc: targets", YG_CTC_TARGETS, q->n * targets->shape[1] + s / 2,
                           p->shape[2], &l->label[s], error))
            return false;
        if (l->label[s] == blank)
            return yg_fail(error, YG_ERROR_DATA, call->origin,
                           "ctc: targets: the label at [%" PRId64 ", %" PRId64 "] is the blank",
                           q->n, s / 2);
        if (s > 1 && l->label[s] != l->label[s - 2])
            l->skip[s] = 0;
    }
    for (int64_t s = q->states; s < l->count; s++)
        l->skip[s] = (double)-INFINITY;
    return true;
}

static void emit(const yg_kernel_call *call, const lattice *l, const sequence *q, int64_t t) {
    const yg_type *p = call->in_types[YG_CTC_LOG_PROBS];
    const int64_t row = (t * p->shape[1] + q->n) * p->shape[2];
    for (int64_t s = 0; s < l->count; s++)
        l->emission[s] = s < q->states ? load(call, row + l->label[s]) : (double)-INFINITY;
}

/* Fills alpha and returns the loss. */
static double run_forward(const yg_kernel_call *call, const lattice *l, const sequence *q) {
    double *alpha = l->alpha;
    for (int64_t t = 0; t <= q->steps; t++)
        for (int64_t s = -MARGIN; s < l->count + MARGIN; s++)
            alpha[t * l->stride + s] = (double)-INFINITY;
    alpha[0] = 0;
    for (int64_t t = 0; t < q->steps; t++, alpha += l->stride) {
        emit(call, l, q, t);
        combine(alpha + l->stride, alpha, alpha - 1, alpha - 2, l->skip, l->emission, l->count);
    }
    const double blank = alpha[q->states - 1], label = alpha[q->states - 2];
    const double most = blank > label ? blank : label;
    if (most == (double)-INFINITY)
        return (double)INFINITY;
    return -(most + log(exp(blank - most) + exp(label - most)));
}

/* posterior[t, n, c] is the sum over the states s of class c of exp(alpha + beta + loss). */
static void run_backward(const yg_kernel_call *call, const lattice *l, const sequence *q,
                         double loss, void *posterior) {
    const yg_type *p = call->in_types[YG_CTC_LOG_PROBS];
    for (int64_t s = 0; s < l->count; s++)
        l->beta[s] = s < q->states && s >= q->states - 2 ? 0 : (double)-INFINITY;
    for (int64_t t = q->steps; t-- > 0;) {
        exponentials(l->ahead, l->alpha + (t + 1) * l->stride, l->beta, loss, l->count);
        const int64_t row = (t * p->shape[1] + q->n) * p->shape[2];
        for (int64_t s = 0; s < q->states; s++) {
            if (p->dtype == YG_F32)
                ((float *)posterior)[row + l->label[s]] += (float)l->ahead[s];
            else
                ((double *)posterior)[row + l->label[s]] += l->ahead[s];
        }
        emit(call, l, q, t);
        for (int64_t s = 0; s < l->count; s++)
            l->ahead[s] = l->beta[s] + l->emission[s];
        combine(l->beta, l->ahead, l->ahead + 1, l->ahead + 2, l->skip + 2, l->nothing, l->count);
    }
}

static void clear(const yg_kernel_call *call, const sequence *q, void *posterior) {
    const yg_type *p = call->in_types[YG_CTC_LOG_PROBS];
    const int64_t size = (int64_t)yg_dtype_size(p->dtype);
    for (int64_t t = 0; t < p->shape[0]; t++)
        memset((char *)posterior + (t * p->shape[1] + q->n) * p->shape[2] * size, 0,
               (size_t)(p->shape[2] * size));
}

/* A target that no path becomes has the loss inf and the posterior 0. */
bool yg_ctc_run(const yg_kernel_call *call, void *losses, void *posterior, yg_error *error) {
    const yg_dtype dtype = call->in_types[YG_CTC_LOG_PROBS]->dtype;
    lattice l = lay_out(call);
    for (int64_t n = call->begin; n < call->end; n++) {
        sequence q = {.n = n};
        if (!read_sequence(call, &l, &q, error))
            return false;
        const double loss = run_forward(call, &l, &q);
        if (losses)
            yg_element_set(dtype, losses, n, loss);
        if (posterior)
            clear(call, &q, posterior);
        if (posterior && loss != (double)INFINITY)
            run_backward(call, &l, &q, loss, posterior);
    }
    return true;
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    return yg_ctc_run(call, call->outs[LOSSES], call->outs[POSTERIOR], error);
}

/* -------------------------------------------------------------------------------- derivative -- */

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    const yg_node *operands = yg_node_operands(graph, y);
    const yg_node log_probs = operands[k];
    yg_node first = YG_NONE, second = YG_NONE;
    if (dy[LOSSES] != YG_NONE) {
        yg_type columns = *yg_node_type(graph, dy[LOSSES]); /* [N, 1], to meet [T, N, C] */
        columns.shape[columns.rank++] = 1;
        const yg_node weight = yg_negative(graph, yg_reshape(graph, dy[LOSSES], &columns));
        first = yg_multiply(graph, weight, yg_node_result(graph, y, POSTERIOR));
    }
    if (dy[POSTERIOR] != YG_NONE) {
        const yg_node posterior =
            yg_apply(graph, &yg_op_ctc_posterior, operands, 4, yg_node_attrs(graph, y));
        if (!yg_grad(graph, posterior, dy[POSTERIOR], &log_probs, 1, &second))
            return YG_NONE;
    }
    if (first == YG_NONE || second == YG_NONE)
        return first == YG_NONE ? second : first;
    return yg_add(graph, first, second);
}

/* --------------------------------------------------------------------------------- reference -- */

/* Whether the path, `steps` classes, becomes the target of sequence n. */
static bool becomes_target(const yg_reference *r, int64_t n, const int64_t *path, int64_t steps) {
    const int64_t blank = r->call->attrs[0].i;
    const int64_t wanted = (int64_t)yg_at(r, YG_CTC_TARGET_LENGTHS, &n);
    int64_t found = 0;
    for (int64_t t = 0; t < steps; t++) {
        if (path[t] == blank || (t > 0 && path[t] == path[t - 1]))
            continue;
        const int64_t at[] = {n, found++};
        if (found > wanted || (int64_t)yg_at(r, YG_CTC_TARGETS, at) != path[t])
            return false;
    }
    return found == wanted;
}

/* The sum over the paths of sequence n that become its target; with `step` ≥ 0 only over those with
 * that class at that step. */
static double sum_of_paths(const yg_reference *r, int64_t n, int64_t step, int64_t class) {
    enum { MOST_STEPS = 16 };
    const int64_t classes = r->call->operands[YG_CTC_LOG_PROBS].shape[2];
    const int64_t steps = (int64_t)yg_at(r, YG_CTC_INPUT_LENGTHS, &n);
    int64_t path[MOST_STEPS] = {0};
    double sum = 0;
    for (bool more = true; more;) {
        double sum_of_logs = 0;
        for (int64_t t = 0; t < steps; t++)
            sum_of_logs += yg_at(r, YG_CTC_LOG_PROBS, (const int64_t[]){t, n, path[t]});
        if ((step < 0 || (step < steps && path[step] == class)) &&
            becomes_target(r, n, path, steps))
            sum += exp(sum_of_logs);
        more = false;
        for (int64_t t = 0; t < steps && !more; t++) { /* the next path: count up in base C */
            path[t] = (path[t] + 1) % classes;
            more = path[t] != 0;
        }
    }
    return sum;
}

double yg_ctc_reference_loss(const yg_reference *r, int64_t n) {
    return -log(sum_of_paths(r, n, -1, 0));
}

double yg_ctc_reference_posterior(const yg_reference *r, const int64_t *index) {
    const double all = sum_of_paths(r, index[1], -1, 0);
    return all == 0 ? 0 : sum_of_paths(r, index[1], index[0], index[2]) / all;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return r->result == LOSSES ? yg_ctc_reference_loss(r, index[0])
                               : yg_ctc_reference_posterior(r, index);
}

static const yg_attr_spec attrs[] = {YG_CTC_BLANK_ATTR};

static const yg_sample samples[] = {
    {{"i[3, 2]", "i[3]", "i[3]", "f[4, 3, 3]"}, NULL},
    {{"i[2, 2]", "i[2]", "i[2]", "f[5, 2, 4]"}, (const yg_attr[]){{.i = 3}}},
    {{"i[0, 2]", "i[0]", "i[0]", "f[4, 0, 3]"}, NULL},
};

const yg_op yg_op_ctc_paths = {
    .name = "ctc_paths",
    .formula = "y, p = -log Σ over paths, and the share of each class at each time",
    .doc = "The connectionist temporal classification of each sequence; see ctc.",
    .group = "loss",
    .min_operands = 4,
    .max_operands = 4,
    .operand_names = {"targets", "input_lengths", "target_lengths", "log_probs"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = yg_ctc_plan,
    .vjp_all = vjp,
    .reference = reference,
    .domain = {{1, 2}, {3, 4}, {1, 2}, {-3, -0.2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
