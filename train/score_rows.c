/*
 * Rows of scores: see score_rows.h.
 *
 * Rows are kept where they are small. roc_auc turns a class into a row of zeros and ones, and
 * repeats weights; of these the class and the weight are kept, and the head makes the rest again.
 * But only operators are repeated that move elements, or compute with whole numbers. Repeating a
 * softmax in float64 would round otherwise, and two equal scores might differ then, which changes a
 * ranking.
 */
#include "score_rows.h"

#include "../graph/loop.h"
#include "../graph/result.h"
#include "../ops/registry.h"

#include <stdlib.h>

bool yg_score_is_constant(const yg_graph *graph, yg_node node) {
    while (yg_node_op(graph, node) == &yg_op_broadcast)
        node = yg_node_operand(graph, node, 0);
    return yg_node_constant(graph, node) != NULL;
}

/* A second result of an operator can only be repeated with the operator, which is the node of the
 * first. */
static yg_node operator_of(const yg_graph *graph, yg_node node) {
    yg_node first;
    yg_node_result_index(graph, node, &first);
    return first;
}

static bool is_repeatable(const yg_graph *graph, yg_node node) {
    const yg_op *op = yg_node_op(graph, operator_of(graph, node));
    return !(op->flags & (YG_OP_LEAF | YG_OP_RANDOM | YG_OP_EFFECTS)) && !yg_loop_spec_of(op);
}

/* Whether a node of rows is computed from whole numbers and truth values alone, as zeros and ones
 * of classes are. */
static bool is_whole(const yg_score_classes *a, yg_node node, const bool *whole) {
    const yg_op *op = yg_node_op(a->graph, node);
    if (!yg_dtype_is_float(yg_node_type(a->graph, node)->dtype))
        return true;
    if (!is_repeatable(a->graph, node))
        return false;
    for (size_t k = 0; k < yg_node_operand_count(a->graph, node); k++) {
        const yg_node operand = yg_node_operand(a->graph, node, k);
        if (!whole[operand] && !yg_score_is_constant(a->graph, operand))
            return false;
    }
    return yg_node_operand_count(a->graph, node) > 0 && !(op->flags & YG_OP_LEAF);
}

/* Whether repeating a node in float64 changes no ranking: it moves elements, or computes with whole
 * numbers, or multiplies by them, as weights are. A node of the model itself is taken as it is, and
 * so is one with a name: by that it is found in a network of another batch size. */
static bool is_exact(const yg_score_classes *a, yg_node node, const bool *whole) {
    const yg_op *op = yg_node_op(a->graph, node);
    const yg_node *of = yg_node_operands(a->graph, node);
    if (!is_repeatable(a->graph, node) || node < a->given || *yg_node_name(a->graph, node))
        return false;
    if (op->flags & YG_OP_VIEW || op == &yg_op_broadcast || op == &yg_op_cast ||
        op == &yg_op_permute || (op == &yg_op_multiply && (whole[of[0]] || whole[of[1]])))
        return true;
    for (size_t k = 0; k < yg_node_operand_count(a->graph, node); k++)
        if (!whole[of[k]] && !yg_score_is_constant(a->graph, of[k]))
            return false;
    return true;
}

static bool is_kept(const yg_score_classes *a, yg_node node) {
    return a->classes[node] == YG_CLASS_ROWS && !yg_score_is_constant(a->graph, node);
}

/* A node with a name can be found in a network of another batch size by that. So it is worth this
 * many times the bytes of one without a name, such as z[:, 1]. */
static const double UNNAMED = 8;

/* Fills in, for each node of rows, whether its operands are kept rather than the node itself. An
 * operand that several nodes need is counted for each. */
static void weigh(const yg_score_classes *a, double *bytes, bool *whole, bool *repeats) {
    for (yg_node node = 0; node < a->size; node++) {
        if (!is_kept(a, node))
            continue;
        whole[node] = is_whole(a, node, whole);
        double operands = 0;
        bytes[node] = (double)yg_type_bytes(yg_node_type(a->graph, node));
        for (size_t k = 0; k < yg_node_operand_count(a->graph, node); k++)
            operands += bytes[yg_node_operand(a->graph, node, k)];
        repeats[node] = is_exact(a, node, whole) && operands <= UNNAMED * bytes[node];
        if (repeats[node])
            bytes[node] = operands;
    }
}

/* Whether the walk ends at a node, which becomes a part. */
static bool ends(const yg_score_classes *a, yg_node node, const bool *repeats) {
    const bool fixed = a->classes[node] == YG_CLASS_FIXED && !yg_score_is_constant(a->graph, node);
    return fixed || (is_kept(a, node) && !repeats[node]);
}

/* Goes from the score down to what is kept. */
static bool walk(const yg_score_classes *a, yg_node score, const bool *repeats, bool *seen,
                 yg_node *worklist, yg_node *nodes, size_t *count) {
    size_t length = 0;
    worklist[length++] = score;
    seen[score] = true;
    for (size_t at = 0; at < length; at++) {
        const yg_node node = worklist[at];
        if (yg_node_constant(a->graph, node))
            continue;
        if (ends(a, node, repeats)) {
            nodes[(*count)++] = node;
            continue;
        }
        const yg_node whole = operator_of(a->graph, node);
        if (!is_repeatable(a->graph, node) || (whole != node && ends(a, whole, repeats)))
            return false;
        for (size_t k = 0; k < yg_node_operand_count(a->graph, node); k++) {
            const yg_node operand = yg_node_operand(a->graph, node, k);
            if (!seen[operand])
                worklist[length++] = operand;
            seen[operand] = true;
        }
    }
    return true;
}

bool yg_score_rows_choose(const yg_score_classes *a, yg_node score, yg_node *nodes, size_t *count,
                          bool *memory) {
    double *bytes = calloc(a->size + 1, sizeof *bytes);
    bool *repeats = calloc(a->size + 1, sizeof *repeats);
    bool *whole = calloc(a->size + 1, sizeof *whole);
    bool *seen = calloc(a->size + 1, sizeof *seen);
    yg_node *worklist = calloc(a->size + 1, sizeof *worklist);
    *memory = !bytes || !repeats || !whole || !seen || !worklist;
    *count = 0;
    bool good = false;
    if (!*memory) {
        weigh(a, bytes, whole, repeats);
        good = walk(a, score, repeats, seen, worklist, nodes, count);
    }
    free(bytes);
    free(repeats);
    free(whole);
    free(seen);
    free(worklist);
    return good;
}
