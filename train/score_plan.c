/*
 * Cutting scores into parts and heads: see score_plan.h. The class of a score's node
 * (score_classes.h) says how the score of all examples is computed.
 */
#include "score_plan.h"

#include "../ops/registry.h"
#include "executable.h"
#include "score_classes.h"
#include "score_rows.h"
#include "score_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------- means ---- */

/* Whether the node is a finite scalar constant, or a broadcast of one; *value becomes it. */
static bool scalar_of(const yg_graph *graph, yg_node node, double *value) {
    return yg_node_is_scalar(graph, node, value) && isfinite(*value);
}

/* For a score k · sum(x), *product becomes k times the number of elements of x. A mean has k =
 * 1 / count, so its product is the same for every batch size. False for any other score. */
static bool scaled_sum(const yg_score_classes *a, const yg_graph *graph, yg_node node,
                       double *product) {
    double factor = 1, value;
    while (!a->is_part[node]) {
        const yg_op *op = yg_node_op(graph, node);
        const yg_node *of = yg_node_operands(graph, node);
        if (op == &yg_op_multiply && scalar_of(graph, of[1], &value)) {
            factor *= value;
            node = of[0];
        } else if (op == &yg_op_multiply && scalar_of(graph, of[0], &value)) {
            factor *= value;
            node = of[1];
        } else if (op == &yg_op_divide && scalar_of(graph, of[1], &value)) {
            factor /= value;
            node = of[0];
        } else if (op->flags & YG_OP_VIEW || op == &yg_op_negative) {
            node = of[0];
        } else {
            return false;
        }
    }
    if (yg_node_op(graph, node) != &yg_op_sum)
        return false;
    const yg_type *summed = yg_node_type(graph, yg_node_operand(graph, node, 0));
    *product = factor * (double)yg_type_count(summed);
    return true;
}

static bool is_mean(const yg_score_classes *a, yg_node node) {
    double first, second;
    return scaled_sum(a, a->graph, node, &first) && scaled_sum(a, a->other, node, &second) &&
           fabs(first - second) <= 1e-5 * fabs(first);
}

/* ---------------------------------------------------------------------------------- parts ---- */

/* The index of a part, which is added if the plan lacks it. SIZE_MAX when out of memory. */
static size_t add_part(yg_score_plan *plan, const yg_score_part *part) {
    size_t *latest = &plan->latest[part->node];
    for (size_t i = *latest; i > 0; i = plan->parts[i - 1].before)
        if (plan->parts[i - 1].kind == part->kind)
            return i - 1;
    if (plan->part_count == plan->part_room) {
        const size_t room = plan->part_room ? 2 * plan->part_room : 8;
        yg_score_part *grown = realloc(plan->parts, room * sizeof *grown);
        if (!grown)
            return SIZE_MAX;
        plan->parts = grown;
        plan->part_room = room;
    }
    plan->parts[plan->part_count] = *part;
    plan->parts[plan->part_count].before = *latest;
    *latest = plan->part_count + 1;
    return plan->part_count++;
}

/* What is gathered of a node: rows of an example, or its total. */
static yg_score_part part_of(const yg_score_classes *a, yg_node node) {
    const yg_op *op = yg_node_op(a->graph, node);
    const yg_type *type = yg_node_type(a->graph, node);
    yg_score_part part = {.node = node, .elements = yg_type_count(type), .dtype = type->dtype};
    if (a->classes[node] == YG_CLASS_ROWS) {
        part.kind = YG_PART_ROWS;
        part.elements /= YG_FIRST_SIZE;
        part.axis = yg_score_classes_axis(a, node);
    } else if (a->is_part[node]) {
        part.kind = op == &yg_op_max ? YG_PART_MAX : op == &yg_op_min ? YG_PART_MIN : YG_PART_SUM;
    } else {
        part.kind = YG_PART_MEAN;
    }
    return part;
}

/* Gives a score its parts. */
static bool take_parts(yg_score_plan *plan, yg_scored *scored, const yg_score_part *parts,
                       size_t count) {
    scored->parts = calloc(count + 1, sizeof *scored->parts);
    for (size_t i = 0; scored->parts && i < count; i++) {
        scored->parts[i] = add_part(plan, &parts[i]);
        if (scored->parts[i] == SIZE_MAX)
            return false;
        scored->part_count++;
    }
    return scored->parts != NULL;
}

static bool take_nodes(yg_score_plan *plan, const yg_score_classes *a, yg_scored *scored,
                       const yg_node *nodes, size_t count) {
    yg_score_part *parts = calloc(count + 1, sizeof *parts);
    for (size_t i = 0; parts && i < count; i++)
        parts[i] = part_of(a, nodes[i]);
    const bool good = parts && take_parts(plan, scored, parts, count);
    free(parts);
    return good;
}

/* Room to go through a graph. */
typedef struct walk {
    yg_node *worklist, *nodes;
    bool *seen;
} walk;

/* Finds the nodes that reduce the batch for a score, and the fixed ones that are no constants. A
 * constant may hold the number of examples: the head has its own. */
static size_t find_totals(const yg_score_classes *a, yg_node score, walk *w) {
    size_t count = 0, found = 0;
    w->worklist[count++] = score;
    w->seen[score] = true;
    for (size_t at = 0; at < count; at++) {
        const yg_node node = w->worklist[at];
        const bool fixed =
            a->classes[node] == YG_CLASS_FIXED && !yg_score_is_constant(a->graph, node);
        if (a->is_part[node] || fixed)
            w->nodes[found++] = node;
        for (size_t k = 0; a->classes[node] == YG_CLASS_TOTAL && !a->is_part[node] &&
                           k < yg_node_operand_count(a->graph, node);
             k++) {
            const yg_node operand = yg_node_operand(a->graph, node, k);
            if (!w->seen[operand])
                w->worklist[count++] = operand;
            w->seen[operand] = true;
        }
    }
    for (size_t i = 0; i < count; i++)
        w->seen[w->worklist[i]] = false;
    return found;
}

/* ----------------------------------------------------------------------------------- ways ---- */

static bool choose_ratio(yg_score_plan *plan, yg_scored *scored, const yg_node *sums) {
    yg_score_part parts[2];
    for (size_t k = 0; k < 2; k++)
        parts[k] = (yg_score_part){
            .kind = YG_PART_SUM,
            .node = sums[k],
            .elements = yg_type_count(yg_node_type(yg_network_graph(plan->network), sums[k]))};
    scored->way = YG_SCORE_RATIO;
    return take_parts(plan, scored, parts, 2);
}

/* The way of a score where the model does not name one. */
static bool choose_by_graph(yg_score_plan *plan, const yg_score_classes *a, yg_scored *scored,
                            bool keeps_rows, walk *w) {
    const yg_score_class class = a->classes[scored->node];
    size_t count = 0;
    bool memory = false;
    if (class == YG_CLASS_FIXED || (class == YG_CLASS_TOTAL && is_mean(a, scored->node))) {
        scored->way = YG_SCORE_MEAN;
    } else if (class == YG_CLASS_TOTAL) {
        scored->way = YG_SCORE_PARTS;
        count = find_totals(a, scored->node, w);
    } else if (keeps_rows && yg_score_rows_choose(a, scored->node, w->nodes, &count, &memory)) {
        scored->way = YG_SCORE_ROWS;
    } else {
        scored->way = YG_SCORE_WHOLE;
        count = 0;
    }
    plan->whole = plan->whole || scored->way == YG_SCORE_WHOLE;
    return !memory && take_nodes(plan, a, scored, w->nodes, count);
}

/* Chooses as the model says; false where it does not. *good becomes false when out of memory. */
static bool choose_as_said(yg_score_plan *plan, size_t score, bool *good) {
    yg_scored *scored = &plan->scores[score];
    yg_node sums[2];
    if (scored->join == YG_JOIN_RATIO && yg_network_ratio(plan->network, score - 1, sums))
        *good = choose_ratio(plan, scored, sums);
    else if (scored->join != YG_JOIN_PLAN && scored->join != YG_JOIN_RATIO)
        scored->way = YG_SCORE_JOINED;
    else
        return false;
    return true;
}

/* The loss of training is what each step has made smaller. Where it compares the examples of a
 * batch, as contrastive losses do, it is a number of batches, and of a whole epoch it would cost
 * the square of its examples. */
static bool choose(yg_score_plan *plan, const yg_score_classes *a, bool training, yg_error *error) {
    walk w = {.worklist = calloc(a->size + 1, sizeof *w.worklist),
              .nodes = calloc(a->size + 1, sizeof *w.nodes),
              .seen = calloc(a->size + 1, sizeof *w.seen)};
    bool good = w.worklist && w.nodes && w.seen;
    for (size_t i = 0; i < plan->count && good; i++)
        if (!choose_as_said(plan, i, &good))
            good = choose_by_graph(plan, a, &plan->scores[i], i > 0 || !training, &w);
    free(w.worklist);
    free(w.nodes);
    free(w.seen);
    return good || yg_fail_memory(error);
}

/* --------------------------------------------------------------------------------- making ---- */

static bool analyse(const yg_executable_options *options, yg_score_plan *plan, yg_network *other,
                    yg_error *error) {
    yg_score_classes classes;
    const yg_node given = options->training ? yg_network_forward_end(plan->network) : 0;
    const bool good = yg_score_classes_make(yg_network_graph(plan->network),
                                            yg_network_graph(other), given, &classes, error) &&
                      choose(plan, &classes, options->training, error);
    yg_score_classes_free(&classes);
    return good;
}

static bool list_metric(const yg_executable_options *options, yg_score_plan *plan, size_t metric,
                        const yg_tensor_name *name, yg_error *error) {
    yg_scored *scored = &plan->scores[metric + 1];
    *scored = (yg_scored){
        .name = name->name,
        .node = name->node,
        .join = yg_model_get_metric(options->model, metric).join,
        .elements = yg_type_count(yg_node_type(yg_network_graph(plan->network), name->node))};
    if (strcmp(name->name, "loss") == 0)
        return yg_fail(error, YG_ERROR_NAME, name->origin,
                       "a metric cannot be called 'loss': the history and `monitor` have that "
                       "name for the loss itself");
    return yg_score_table_make(options, plan->network, metric, &scored->table, error);
}

static bool list_scores(const yg_executable_options *options, yg_score_plan *plan,
                        yg_error *error) {
    size_t count;
    const yg_tensor_name *metrics = yg_network_metrics(plan->network, &count);
    plan->scores = calloc(count + 1, sizeof *plan->scores);
    if (!plan->scores)
        return yg_fail_memory(error);
    plan->count = count + 1;
    plan->latest = calloc(yg_graph_size(yg_network_graph(plan->network)) + 1, sizeof *plan->latest);
    if (!plan->latest)
        return yg_fail_memory(error);
    plan->scores[0] =
        (yg_scored){.name = "loss", .node = yg_network_loss(plan->network), .elements = 1};
    for (size_t i = 0; i < count; i++)
        if (!list_metric(options, plan, i, &metrics[i], error))
            return false;
    return true;
}

/* Gives scores and parts their places among the totals. */
static void number_totals(yg_score_plan *plan) {
    plan->element_count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        plan->scores[i].first = plan->element_count;
        plan->element_count += (size_t)plan->scores[i].elements;
    }
    plan->value_count = 2 * plan->element_count + plan->count;
    for (size_t i = 0; i < plan->part_count; i++) {
        plan->parts[i].first = plan->value_count;
        if (plan->parts[i].kind != YG_PART_ROWS)
            plan->value_count += (size_t)plan->parts[i].elements;
    }
}

/* Without an analysis, every score is treated as one that mixes examples. */
static bool plan_whole(const yg_executable_options *options, int64_t batch, yg_score_plan *plan,
                       yg_error *error) {
    if (!plan->network)
        plan->network = yg_executable_network(options, batch, error);
    if (!plan->network || (!plan->scores && !list_scores(options, plan, error)))
        return false;
    bool good = true;
    for (size_t i = 0; i < plan->count; i++) {
        plan->scores[i].way = YG_SCORE_WHOLE;
        plan->whole = !choose_as_said(plan, i, &good) || plan->whole;
    }
    return good || yg_fail_memory(error);
}

bool yg_score_plan_make(const yg_executable_options *options, int64_t batch, yg_score_plan *plan,
                        yg_error *error) {
    yg_error unused = {0};
    *plan = (yg_score_plan){.network = yg_executable_network(options, YG_FIRST_SIZE, &unused)};
    yg_network *other =
        plan->network ? yg_executable_network(options, YG_SECOND_SIZE, &unused) : NULL;
    /* Some models cannot be built for these sizes: one for pairs of examples needs an even number.
     */
    const bool comparable =
        other && yg_same_nodes(yg_network_graph(plan->network), yg_network_graph(other));
    const bool good =
        comparable ? list_scores(options, plan, error) && analyse(options, plan, other, error)
                   : plan_whole(options, batch, plan, error);
    yg_network_free(other);
    free(plan->latest);
    plan->latest = NULL;
    if (good)
        number_totals(plan);
    else
        yg_score_plan_free(plan);
    return good;
}

void yg_score_plan_free(yg_score_plan *plan) {
    yg_network_free(plan->network);
    for (size_t i = 0; i < plan->count; i++) {
        yg_score_table_free(plan->scores[i].table);
        free(plan->scores[i].parts);
    }
    free(plan->scores);
    free(plan->parts);
    *plan = (yg_score_plan){0};
}
