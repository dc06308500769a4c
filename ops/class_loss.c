/*
 * Losses of class scores: see class_loss.h for the formula.
 *
 * The loss is built from logits wherever they can be found, because softmax(z) - t is then the
 * gradient: it neither overflows nor loses its digits. So the operands are unwrapped first (softmax
 * and log_softmax are taken off), then the classes are moved to the last dimension. Two functions
 * build the loss of the rows, one for class indices and one for target probabilities.
 */
#include "class_loss.h"

#include "build.h"
#include "class_index.h"
#include "loss.h"
#include "registry.h"
#include "rows.h"

#include <inttypes.h>
#include <math.h>

/* The operands once they are unwrapped, with the classes in the last dimension. */
typedef struct operands {
    yg_node scores;
    bool logits; /* the scores are logits; otherwise log-probabilities */
    yg_node target;
    yg_node weight; /* [C], or YG_NONE */
    int64_t classes;
} operands;

/* Whether the target holds class indices; otherwise it holds probabilities. If its type fits
 * neither, fails in the graph and sets *valid to false. */
static bool has_indices(yg_graph *graph, const yg_infer *call, int dim, bool *valid) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    const yg_type *scores = &call->operands[0], *target = &call->operands[1];
    *valid = true;
    if (yg_dtype_is_float(target->dtype) && yg_shape_equal(scores, target))
        return false;
    bool fits = target->rank == scores->rank - 1;
    for (int i = 0; fits && i < target->rank; i++)
        fits = target->shape[i] == scores->shape[i + (i >= dim)];
    if (fits && (target->dtype == YG_I32 || target->dtype == YG_I64))
        return true;
    yg_graph_fail(graph, fits ? YG_ERROR_DTYPE : YG_ERROR_SHAPE,
                  "%s: target %s does not fit %s %s with the classes in dimension %d: it must be "
                  "class indices (i32 or i64) of that shape without dimension %d, or probabilities "
                  "(float) of that shape",
                  call->op->name, yg_type_text(target, a), call->op->operand_names[0],
                  yg_type_text(scores, b), dim, dim);
    *valid = false;
    return false;
}

static bool check_scores(yg_graph *graph, const yg_infer *call, int64_t wanted, int *dim) {
    char text[YG_TYPE_TEXT];
    const yg_type *scores = &call->operands[0];
    const char *name = call->op->operand_names[0];
    if (!yg_dtype_is_float(scores->dtype))
        yg_graph_fail(graph, YG_ERROR_DTYPE, "%s: %s must be a float tensor, not %s",
                      call->op->name, name, yg_type_text(scores, text));
    else if (scores->rank == 0 || !yg_dimension(wanted, scores->rank, dim))
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "%s: %s %s have no dimension %" PRId64 " that could hold the classes",
                      call->op->name, name, yg_type_text(scores, text), wanted);
    else
        return true;
    return false;
}

static bool check_weight(yg_graph *graph, const yg_infer *call, int64_t classes) {
    if (call->operand_count < 3)
        return true;
    const yg_type *weight = &call->operands[2];
    if (weight->rank == 1 && weight->shape[0] == classes)
        return true;
    char text[YG_TYPE_TEXT];
    yg_graph_fail(graph, YG_ERROR_SHAPE,
                  "%s: weight must be [%" PRId64 "], one for each class, "
                  "not %s",
                  call->op->name, classes, yg_type_text(weight, text));
    return false;
}

static yg_node move_last(yg_graph *graph, yg_node x, int dim) {
    if (x == YG_NONE)
        return YG_NONE;
    const int rank = yg_node_type(graph, x)->rank;
    if (dim == rank - 1)
        return x;
    int64_t order[YG_MAX_RANK];
    for (int i = 0; i < rank - 1; i++)
        order[i] = i + (i >= dim);
    order[rank - 1] = dim;
    return yg_permute(graph, x, order);
}

/* If the scores are log_softmax(z), takes z in their place, as logits. This is exact: the loss of
 * logits applies log_softmax to them. */
static void unwrap_log_softmax(yg_graph *graph, int dim, operands *o) {
    if (o->scores == YG_NONE || yg_node_op(graph, o->scores) != &yg_op_log_softmax)
        return;
    int normalised = 0;
    const int rank = yg_node_type(graph, o->scores)->rank;
    if (!yg_dimension(yg_node_attrs(graph, o->scores)[0].i, rank, &normalised) || normalised != dim)
        return;
    o->scores = yg_node_operand(graph, o->scores, 0);
    o->logits = true;
}

/* The loss of each row with target probabilities, [..., C] → [...]: -sum_c t_c·l_c. */
static yg_node soft_rows(yg_graph *graph, const operands *o, yg_node target) {
    if (o->logits) {
        const yg_node pair[] = {target, o->scores};
        return yg_apply(graph, &yg_op_soft_cross_entropy, pair, 2, NULL);
    }
    const int64_t last = -1;
    const yg_node terms = yg_multiply(graph, target, o->scores);
    return yg_negative(graph, yg_sum(graph, terms, &last, 1, false));
}

static yg_node smooth(yg_graph *graph, yg_node target, double smoothing, int64_t classes) {
    if (smoothing == 0)
        return target;
    return yg_offset(graph, yg_scale(graph, target, 1 - smoothing), smoothing / (double)classes);
}

static yg_node with_weight(yg_graph *graph, yg_node target, yg_node weight) {
    return weight == YG_NONE ? target : yg_multiply(graph, target, weight);
}

static yg_node probability_loss(yg_graph *graph, const operands *o,
                                const yg_class_options *options) {
    const yg_node smoothed = smooth(graph, o->target, options->label_smoothing, o->classes);
    const yg_node rows = soft_rows(graph, o, with_weight(graph, smoothed, o->weight));
    return yg_loss_reduce(graph, rows, options->reduction);
}

static yg_node index_loss(yg_graph *graph, const operands *o, const yg_class_options *options) {
    const yg_node index = o->target;
    if (o->scores == YG_NONE)
        return YG_NONE;
    const yg_type type = *yg_node_type(graph, o->scores);
    const int64_t last = -1;
    yg_node one_hot = YG_NONE, row_weight;
    if (o->weight != YG_NONE || options->label_smoothing != 0)
        one_hot = yg_class_one_hot(graph, index, &type, options->ignore_index);
    const yg_node counts = yg_class_counts(graph, index, options->ignore_index);
    if (o->weight != YG_NONE)
        row_weight = yg_sum(graph, yg_multiply(graph, one_hot, o->weight), &last, 1, false);
    else
        row_weight = yg_cast(graph, counts, type.dtype);

    yg_node rows;
    if (options->label_smoothing == 0) {
        const yg_node pair[] = {index, o->scores};
        const yg_attr ignore = {.i = options->ignore_index};
        rows = yg_apply(graph, o->logits ? &yg_op_index_cross_entropy : &yg_op_index_nll, pair, 2,
                        &ignore);
        if (o->weight != YG_NONE)
            rows = yg_multiply(graph, rows, row_weight);
    } else {
        const yg_node smoothed = smooth(graph, one_hot, options->label_smoothing, o->classes);
        rows = soft_rows(graph, o, with_weight(graph, smoothed, o->weight));
    }
    /* Ignored rows must have cotangent 0 too. If all rows are ignored, the mean divides by 0 and
     * the cotangent of `rows` is infinite; multiplying it by 0 would give NaN, `where` gives 0. */
    rows = yg_where(graph, counts, rows, yg_scalar(graph, type.dtype, 0));
    if (options->reduction != YG_REDUCTION_MEAN)
        return yg_loss_reduce(graph, rows, options->reduction);
    return yg_divide(graph, yg_sum(graph, rows, NULL, 0, false),
                     yg_sum(graph, row_weight, NULL, 0, false));
}

/* Whether `node` is a softmax along `dim`. */
static bool is_softmax(const yg_graph *graph, yg_node node, int dim) {
    int normalised = 0;
    return yg_node_op(graph, node) == &yg_op_softmax &&
           yg_dimension(yg_node_attrs(graph, node)[0].i, yg_node_type(graph, node)->rank,
                        &normalised) &&
           normalised == dim;
}

/* The result of softmax is never meant as logits: softmax would then be applied twice. If
 * cross_entropy is given softmax(z) along `dim`, takes z in its place. A softmax along another
 * dimension, or where log-probabilities are expected, is a mistake: fails in the graph and returns
 * false. */
static bool unwrap_softmax(yg_graph *graph, const yg_infer *call, int dim, yg_scores kind,
                           yg_node *scores) {
    if (kind == YG_LOGITS && is_softmax(graph, *scores, dim)) {
        *scores = yg_node_operand(graph, *scores, 0);
        return true;
    }
    if (kind == YG_PROBABILITIES || yg_node_op(graph, *scores) != &yg_op_softmax)
        return true;
    yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                  kind == YG_LOGITS
                      ? "%s: softmax was taken over another dimension than that of the classes"
                      : "%s takes log-probabilities, not the probabilities that softmax makes: "
                        "write log_softmax, or cross_entropy of the logits",
                  call->op->name);
    return false;
}

yg_node yg_class_loss(yg_graph *graph, const yg_infer *call, const yg_node *given,
                      const yg_class_options *options) {
    int dim = 0;
    bool valid;
    if (!check_scores(graph, call, options->dim, &dim))
        return YG_NONE;
    const yg_type *type = &call->operands[0];
    const bool indices = has_indices(graph, call, dim, &valid);
    yg_node scores = given[0];
    if (!valid || !check_weight(graph, call, type->shape[dim]) ||
        !unwrap_softmax(graph, call, dim, options->scores, &scores))
        return YG_NONE;
    operands o = {
        .scores = scores,
        .logits = options->scores == YG_LOGITS,
        .target = given[1],
        .weight = call->operand_count > 2 ? yg_cast(graph, given[2], type->dtype) : YG_NONE,
        .classes = type->shape[dim],
    };
    if (options->scores == YG_PROBABILITIES)
        o.scores = yg_apply(graph, &yg_op_clamped_log, &o.scores, 1, NULL);
    unwrap_log_softmax(graph, dim, &o);
    o.scores = move_last(graph, o.scores, dim);
    if (indices)
        return index_loss(graph, &o, options);
    o.target = move_last(graph, yg_cast(graph, o.target, type->dtype), dim);
    return probability_loss(graph, &o, options);
}

/* -------------------------------------------------------------------------------- reference -- */

/* The loss of the row at the multi-index `row`, which lacks the class dimension. *row_weight is
 * what the row adds to the divisor of a mean. */
static double reference_row(const yg_reference *r, const int64_t *row, int dim,
                            const yg_class_options *options, double *row_weight) {
    const yg_type *scores = &r->call->operands[0];
    const int64_t classes = scores->shape[dim];
    const bool indices = !yg_dtype_is_float(r->call->operands[1].dtype);
    int64_t class_index = -1, at[YG_MAX_RANK];
    *row_weight = 1;
    for (int i = 0; i < scores->rank; i++)
        at[i] = i == dim ? 0 : row[i - (i > dim)];
    if (indices) {
        class_index = (int64_t)yg_at(r, 1, row);
        *row_weight = 0;
        if (class_index == options->ignore_index)
            return 0;
    }
    double loss = 0;
    for (int64_t c = 0; c < classes; c++) {
        at[dim] = c;
        double log_p = yg_at(r, 0, at);
        if (options->scores == YG_LOGITS)
            log_p -= yg_reference_logsumexp(r, 0, at, dim);
        else if (options->scores == YG_PROBABILITIES)
            log_p = fmax(log(log_p), -100);
        const double weight = r->call->operand_count > 2 ? yg_at(r, 2, &c) : 1;
        const double target = indices ? c == class_index : yg_at(r, 1, at);
        const double smoothed =
            target * (1 - options->label_smoothing) + options->label_smoothing / (double)classes;
        loss -= weight * smoothed * log_p;
        if (indices && c == class_index)
            *row_weight = weight;
    }
    return loss;
}

double yg_class_loss_reference(const yg_reference *r, const int64_t *index,
                               const yg_class_options *options) {
    int dim = 0;
    double weight;
    yg_type rows = r->call->operands[0];
    yg_dimension(options->dim, rows.rank, &dim);
    if (options->reduction == YG_REDUCTION_NONE)
        return reference_row(r, index, dim, options, &weight);
    rows.rank--;
    for (int i = dim; i < rows.rank; i++)
        rows.shape[i] = rows.shape[i + 1];
    int64_t strides[YG_MAX_RANK], row[YG_MAX_RANK];
    yg_type_strides(&rows, strides);
    double sum = 0, weights = 0;
    for (int64_t i = 0; i < yg_type_count(&rows); i++) {
        for (int d = 0; d < rows.rank; d++)
            row[d] = i / strides[d] % rows.shape[d];
        sum += reference_row(r, row, dim, options, &weight);
        weights += weight;
    }
    if (options->reduction == YG_REDUCTION_MEAN)
        return sum / weights;
    return options->reduction == YG_REDUCTION_SUM ? sum : sum / (double)rows.shape[0];
}
