/*
 * Cutting scores into parts and heads: see score_plan.h. The class of a score's node
 * (score_classes.h) says how the score of all examples is computed.
 */
#include "score_plan.h"

#include "../ops/registry.h"
#include "executable.h"
#include "score_classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------- choosing --- */

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

/* Whether a node is a constant, or one that is repeated. It may hold the number of examples, so it
 * is no part: the head has its own. */
static bool is_constant(const yg_graph *graph, yg_node node) {
    while (yg_node_op(graph, node) == &yg_op_broadcast)
        node = yg_node_operand(graph, node, 0);
    return yg_node_constant(graph, node) != NULL;
}

static bool add_part(yg_score_plan *plan, const yg_score_classes *a, yg_node node) {
    const yg_op *op = yg_node_op(a->graph, node);
    yg_score_part *grown = realloc(plan->parts, (plan->part_count + 1) * sizeof *grown);
    if (!grown)
        return false;
    plan->parts = grown;
    grown[plan->part_count++] = (yg_score_part){
        .kind = !a->is_part[node]  ? YG_PART_MEAN
                : op == &yg_op_max ? YG_PART_MAX
                : op == &yg_op_min ? YG_PART_MIN
                                   : YG_PART_SUM,
        .node = node,
        .elements = yg_type_count(yg_node_type(a->graph, node)),
    };
    return true;
}

/* Finds the parts of one score. `worklist` has room for all nodes. `seen` is all false, before and
 * after the call. */
static bool collect_parts(yg_score_plan *plan, const yg_score_classes *a, yg_scored *scored,
                          yg_node *worklist, bool *seen) {
    size_t count = 0, at = 0;
    bool good = true;
    worklist[count++] = scored->node;
    seen[scored->node] = true;
    scored->first_part = plan->part_count;
    for (; at < count && good; at++) {
        const yg_node node = worklist[at];
        if (a->is_part[node] ||
            (a->classes[node] == YG_CLASS_FIXED && !is_constant(a->graph, node)))
            good = add_part(plan, a, node);
        for (size_t k = 0; a->classes[node] == YG_CLASS_TOTAL && !a->is_part[node] &&
                           k < yg_node_operand_count(a->graph, node);
             k++) {
            const yg_node operand = yg_node_operand(a->graph, node, k);
            if (!seen[operand])
                worklist[count++] = operand;
            seen[operand] = true;
        }
    }
    for (size_t i = 0; i < count; i++)
        seen[worklist[i]] = false;
    scored->part_count = plan->part_count - scored->first_part;
    return good;
}

static bool choose(yg_score_plan *plan, const yg_score_classes *a, yg_error *error) {
    yg_node *worklist = calloc(a->size + 1, sizeof *worklist);
    bool *seen = calloc(a->size + 1, sizeof *seen);
    bool good = worklist && seen;
    for (size_t i = 0; i < plan->count && good; i++) {
        yg_scored *scored = &plan->scores[i];
        const yg_score_class class = a->classes[scored->node];
        if (class == YG_CLASS_TOTAL && !is_mean(a, scored->node)) {
            scored->way = YG_SCORE_PARTS;
            good = collect_parts(plan, a, scored, worklist, seen);
        } else {
            scored->way =
                class == YG_CLASS_TOTAL || class == YG_CLASS_FIXED ? YG_SCORE_MEAN : YG_SCORE_WHOLE;
            plan->whole = plan->whole || scored->way == YG_SCORE_WHOLE;
        }
    }
    free(worklist);
    free(seen);
    return good || yg_fail_memory(error);
}

static bool analyse(yg_score_plan *plan, yg_network *other, yg_error *error) {
    yg_score_classes classes;
    const bool good = yg_score_classes_make(yg_network_graph(plan->network),
                                            yg_network_graph(other), &classes, error) &&
                      choose(plan, &classes, error);
    yg_score_classes_free(&classes);
    return good;
}

static bool list_scores(yg_score_plan *plan, yg_error *error) {
    size_t count;
    const yg_tensor_name *metrics = yg_network_metrics(plan->network, &count);
    plan->scores = calloc(count + 1, sizeof *plan->scores);
    if (!plan->scores)
        return yg_fail_memory(error);
    plan->count = count + 1;
    plan->scores[0] = (yg_scored){.name = "loss", .node = yg_network_loss(plan->network)};
    for (size_t i = 0; i < count; i++)
        if (strcmp(metrics[i].name, "loss") == 0)
            return yg_fail(error, YG_ERROR_NAME, metrics[i].origin,
                           "a metric cannot be called 'loss': the history and `monitor` have that "
                           "name for the loss itself");
    for (size_t i = 0; i < count; i++)
        plan->scores[i + 1] = (yg_scored){.name = metrics[i].name, .node = metrics[i].node};
    return true;
}

/* Without an analysis, every score is treated as one that mixes examples. */
static bool plan_whole(const yg_executable_options *options, int64_t batch, yg_score_plan *plan,
                       yg_error *error) {
    if (!plan->network)
        plan->network = yg_executable_network(options, batch, error);
    if (!plan->network || (!plan->scores && !list_scores(plan, error)))
        return false;
    for (size_t i = 0; i < plan->count; i++)
        plan->scores[i].way = YG_SCORE_WHOLE;
    plan->whole = true;
    return true;
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
    const bool good = comparable ? list_scores(plan, error) && analyse(plan, other, error)
                                 : plan_whole(options, batch, plan, error);
    yg_network_free(other);
    if (!good)
        yg_score_plan_free(plan);
    return good;
}

void yg_score_plan_free(yg_score_plan *plan) {
    yg_network_free(plan->network);
    free(plan->scores);
    free(plan->parts);
    *plan = (yg_score_plan){0};
}

/* -------------------------------------------------------------------------------- locating --- */

typedef struct location {
    const yg_score_plan *plan;
    const yg_scored *scored;
    const yg_graph *from, *to;
    yg_node *nodes;
    int left; /* steps that may still be taken */
} location;

/* Operators that may stand in one network and be missing in the other: for one example, building
 * drops a reshape or a broadcast that changes nothing. */
static bool is_transparent(const yg_op *op) {
    return op->flags & YG_OP_VIEW || op == &yg_op_cast || op == &yg_op_broadcast;
}

/* The operand x of x · c, c · x or x / c, for a scalar constant c; YG_NONE if there is none. */
static yg_node scaled_by(const yg_graph *graph, yg_node node, double *factor) {
    const yg_node *of = yg_node_operands(graph, node);
    if (yg_node_is_scalar(graph, of[1], factor))
        return of[0];
    return yg_node_op(graph, node) == &yg_op_multiply && yg_node_is_scalar(graph, of[0], factor)
               ? of[1]
               : YG_NONE;
}

/* Walks from a score down to its parts in both graphs at once, and notes the node `to` for each
 * part that it meets. Operators that only one graph has are skipped if they cannot change the
 * result. */
static bool match(location *l, yg_node from, yg_node to) {
    for (size_t i = 0; i < l->scored->part_count; i++) {
        const size_t part = l->scored->first_part + i;
        if (l->plan->parts[part].node == from) {
            l->nodes[part] = to;
            return yg_type_count(yg_node_type(l->to, to)) == l->plan->parts[part].elements;
        }
    }
    if (l->left-- <= 0)
        return false;
    const yg_op *op = yg_node_op(l->from, from), *found = yg_node_op(l->to, to);
    const size_t count = yg_node_operand_count(l->from, from);
    if (op == found && count == yg_node_operand_count(l->to, to)) {
        for (size_t k = 0; k < count; k++)
            if (!is_constant(l->from, yg_node_operand(l->from, from, k)) &&
                !match(l, yg_node_operand(l->from, from, k), yg_node_operand(l->to, to, k)))
                return false;
        return true;
    }
    double unused;
    const bool scales = op == &yg_op_multiply || op == &yg_op_divide;
    const bool found_scales = found == &yg_op_multiply || found == &yg_op_divide;
    yg_node of = scales ? scaled_by(l->from, from, &unused) : YG_NONE;
    const yg_node found_of = found_scales ? scaled_by(l->to, to, &unused) : YG_NONE;
    if (of != YG_NONE && found_of != YG_NONE)
        return match(l, of, found_of);
    if (is_transparent(op))
        return match(l, yg_node_operand(l->from, from, 0), to);
    if (is_transparent(found))
        return match(l, from, yg_node_operand(l->to, to, 0));
    /* x · 1 and x / 1 are x: a mean over one example. */
    return of != YG_NONE ? match(l, of, to) : found_of != YG_NONE && match(l, from, found_of);
}

bool yg_score_plan_locate(const yg_score_plan *plan, yg_network *network, yg_node *nodes) {
    location l = {.plan = plan,
                  .from = yg_network_graph(plan->network),
                  .to = yg_network_graph(network),
                  .nodes = nodes};
    if (yg_same_nodes(l.from, l.to)) {
        for (size_t i = 0; i < plan->part_count; i++)
            nodes[i] = plan->parts[i].node;
        return true;
    }
    size_t count;
    const yg_tensor_name *metrics = yg_network_metrics(network, &count);
    for (size_t i = 0; i < plan->count; i++) {
        l.scored = &plan->scores[i];
        l.left = 1000;
        if (l.scored->way == YG_SCORE_PARTS &&
            !match(&l, l.scored->node, i ? metrics[i - 1].node : yg_network_loss(network)))
            return false;
    }
    return true;
}
