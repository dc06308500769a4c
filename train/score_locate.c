/*
 * Finding the parts of a plan in a network of another batch size: see score_plan.h.
 */
#include "../ops/registry.h"
#include "score_classes.h"
#include "score_plan.h"
#include "score_rows.h"

#include <stdlib.h>
#include <string.h>

/* What is known of a node of `from`. Each score has a number, its turn, so that nothing has to be
 * cleared between scores. */
typedef struct mark {
    size_t part_turn, match_turn; /* the last turn in which what follows was noted; 0: none */
    size_t part;                  /* it is this part of the score */
    yg_node match;                /* its counterpart */
} mark;

typedef struct location {
    const yg_score_plan *plan;
    const yg_graph *from, *to;
    int64_t batch; /* examples of `to` */
    yg_node *nodes;
    mark *marks; /* by node of `from` */
    size_t turn;
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

/* Whether a node of `to` has the size that a part must have there. */
static bool fits(const location *l, const yg_score_part *part, yg_node to) {
    const int64_t count = yg_type_count(yg_node_type(l->to, to));
    return count == part->elements * (part->kind == YG_PART_ROWS ? l->batch : 1);
}

static bool match(location *l, yg_node from, yg_node to);

/* Goes on where an operand does not match: the parts below the others are found all the same. */
static bool match_operands(location *l, yg_node from, yg_node to) {
    bool good = true;
    for (size_t k = 0; k < yg_node_operand_count(l->from, from); k++) {
        const yg_node operand = yg_node_operand(l->from, from, k);
        good = (yg_score_is_constant(l->from, operand) ||
                match(l, operand, yg_node_operand(l->to, to, k))) &&
               good;
    }
    return good;
}

/* Where only one of the two graphs has an operator that cannot change the result, skips it. */
static bool match_unequal(location *l, yg_node from, yg_node to) {
    const yg_op *op = yg_node_op(l->from, from), *found = yg_node_op(l->to, to);
    double unused;
    const bool scales = op == &yg_op_multiply || op == &yg_op_divide;
    const bool found_scales = found == &yg_op_multiply || found == &yg_op_divide;
    const yg_node of = scales ? scaled_by(l->from, from, &unused) : YG_NONE;
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

/* Walks from a score down to its parts in both graphs at once, and notes the node `to` for each
 * part that it meets. */
static bool match(location *l, yg_node from, yg_node to) {
    mark *mark = &l->marks[from];
    if (mark->match_turn == l->turn && mark->match == to)
        return true;
    if (mark->part_turn == l->turn) {
        if (!fits(l, &l->plan->parts[mark->part], to))
            return false;
        l->nodes[mark->part] = mark->match = to;
        mark->match_turn = l->turn;
        return true;
    }
    const bool same = yg_node_op(l->from, from) == yg_node_op(l->to, to) &&
                      yg_node_operand_count(l->from, from) == yg_node_operand_count(l->to, to);
    if (!(same ? match_operands(l, from, to) : match_unequal(l, from, to)))
        return false;
    mark->match = to;
    mark->match_turn = l->turn;
    return true;
}

/* The only node of a name; YG_NONE if there are none or several. */
static yg_node find_named(const yg_graph *graph, const char *name) {
    yg_node found = YG_NONE;
    for (yg_node i = 0; i < yg_graph_size(graph); i++)
        if (strcmp(yg_node_name(graph, i), name) == 0) {
            if (found != YG_NONE)
                return YG_NONE;
            found = i;
        }
    return found;
}

/* Rows are mostly a tensor that the model names. For one example the nodes after it may be others:
 * a mean over one row is that row. So it is looked for by its name too. */
static void locate_by_name(location *l, size_t part) {
    const char *name = yg_node_name(l->from, l->plan->parts[part].node);
    if (l->plan->parts[part].kind != YG_PART_ROWS || l->nodes[part] != YG_NONE || !*name ||
        find_named(l->from, name) != l->plan->parts[part].node)
        return;
    const yg_node found = find_named(l->to, name);
    if (found != YG_NONE && fits(l, &l->plan->parts[part], found))
        l->nodes[part] = found;
}

bool yg_score_lacks(const yg_scored *scored, const yg_node *nodes) {
    for (size_t i = 0; i < scored->part_count; i++)
        if (nodes[scored->parts[i]] == YG_NONE)
            return true;
    return false;
}

static void locate_score(location *l, yg_network *network, size_t score) {
    size_t count;
    const yg_tensor_name *metrics = yg_network_metrics(network, &count);
    yg_node sums[2];
    const yg_scored *scored = &l->plan->scores[score];
    l->turn = score + 1;
    for (size_t i = 0; i < scored->part_count; i++) {
        mark *mark = &l->marks[l->plan->parts[scored->parts[i]].node];
        mark->part = scored->parts[i];
        mark->part_turn = l->turn;
    }
    if (scored->way == YG_SCORE_RATIO && yg_network_ratio(network, score - 1, sums))
        for (size_t k = 0; k < 2; k++)
            l->nodes[scored->parts[k]] = sums[k];
    else if (scored->part_count)
        match(l, scored->node, score ? metrics[score - 1].node : yg_network_loss(network));
}

bool yg_score_plan_locate(const yg_score_plan *plan, yg_network *network, int64_t batch,
                          yg_node *nodes, yg_error *error) {
    location l = {.plan = plan,
                  .from = yg_network_graph(plan->network),
                  .to = yg_network_graph(network),
                  .batch = batch,
                  .nodes = nodes};
    const bool same = yg_same_nodes(l.from, l.to);
    /* Batches of longer and shorter sequences have the same nodes, but not the same sizes. */
    for (size_t i = 0; i < plan->part_count; i++)
        nodes[i] =
            same && fits(&l, &plan->parts[i], plan->parts[i].node) ? plan->parts[i].node : YG_NONE;
    if (same || !plan->part_count)
        return true;
    l.marks = calloc(yg_graph_size(l.from) + 1, sizeof *l.marks);
    if (!l.marks)
        return yg_fail_memory(error);
    for (size_t i = 0; i < plan->count; i++)
        locate_score(&l, network, i);
    for (size_t i = 0; i < plan->part_count; i++)
        locate_by_name(&l, i);
    free(l.marks);
    return true;
}
