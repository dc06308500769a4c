/*
 * Classes of nodes: see score_classes.h.
 */
#include "score_classes.h"

#include "../graph/loop.h"
#include "../ops/registry.h"

#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------- dimensions ---- */

/* Returns how many dimensions depend on the number of examples. *axis becomes the last of them, or
 * -1 if its size is not a multiple of the number of examples, as in a slice of the batch. */
static int batch_axes(const yg_score_classes *a, yg_node node, int *axis) {
    const yg_type *first = yg_node_type(a->graph, node), *second = yg_node_type(a->other, node);
    int count = 0;
    *axis = 0;
    for (int d = 0; d < first->rank; d++) {
        if (first->shape[d] == second->shape[d])
            continue;
        const int64_t each = first->shape[d] / YG_FIRST_SIZE;
        const bool multiple =
            first->shape[d] == each * YG_FIRST_SIZE && second->shape[d] == each * YG_SECOND_SIZE;
        *axis = multiple ? d : -1;
        count++;
    }
    return count;
}

/* Whether an operator works along dimension `axis` of its first operand. Where that dimension holds
 * the batch, examples are mixed, as by a softmax over examples. The `dims` of a permutation name
 * all dimensions, but it only puts them in another order. */
static bool acts_along(const yg_score_classes *a, yg_node node, int axis) {
    const yg_op *op = yg_node_op(a->graph, node);
    if (op == &yg_op_permute)
        return false;
    const int rank = yg_node_type(a->graph, yg_node_operand(a->graph, node, 0))->rank;
    for (size_t i = 0; i < op->attr_count; i++) {
        const yg_attr *attr = &yg_node_attrs(a->graph, node)[i];
        if (strcmp(op->attrs[i].name, "dim") != 0 && strcmp(op->attrs[i].name, "dims") != 0)
            continue;
        const bool list = op->attrs[i].kind == YG_ATTR_INTS;
        const int64_t count = list ? attr->count : 1;
        for (int64_t k = 0; k < count; k++) {
            const int64_t dim = list ? attr->ints[k] : attr->i;
            if ((dim < 0 ? dim + rank : dim) == axis)
                return true;
        }
    }
    return false;
}

/* ----------------------------------------------------------------------------- classifying --- */

static bool all_elements_equal(const yg_score_classes *a, yg_node node) {
    const yg_type *type = yg_node_type(a->graph, node);
    const size_t size = yg_dtype_size(type->dtype), bytes = (size_t)yg_type_bytes(type);
    const char *data = yg_node_constant(a->graph, node);
    return data && (bytes <= size || memcmp(data, data + size, bytes - size) == 0);
}

int yg_score_classes_axis(const yg_score_classes *classes, yg_node node) {
    int axis;
    batch_axes(classes, node, &axis);
    return axis;
}

static yg_score_class class_of_leaf(const yg_score_classes *a, yg_node node) {
    int axis;
    const int axes = batch_axes(a, node, &axis);
    if (yg_node_is_input(a->graph, node))
        return axes == 1 && axis >= 0 ? YG_CLASS_ROWS : YG_CLASS_MIXED;
    if (axes == 0)
        return YG_CLASS_FIXED;
    return axes == 1 && all_elements_equal(a, node) ? YG_CLASS_ROWS : YG_CLASS_MIXED;
}

/* The class of a node whose operands are ROWS or FIXED, and at least one is ROWS. */
static yg_score_class class_of_rows(yg_score_classes *a, yg_node node) {
    const yg_op *op = yg_node_op(a->graph, node);
    int axis, from;
    const int axes = batch_axes(a, node, &axis);
    if (axes == 0) {
        /* A product of matrices that has no batch is a sum over it. */
        a->is_part[node] =
            op == &yg_op_sum || op == &yg_op_max || op == &yg_op_min || op == &yg_op_matmul;
        return a->is_part[node] ? YG_CLASS_TOTAL : YG_CLASS_MIXED;
    }
    if (axes > 1 || axis < 0)
        return YG_CLASS_MIXED;
    const yg_node operand = yg_node_operand(a->graph, node, 0);
    return batch_axes(a, operand, &from) == 1 && acts_along(a, node, from) ? YG_CLASS_MIXED
                                                                           : YG_CLASS_ROWS;
}

/* ----------------------------------------------------------------------------------- loops --- */

static bool begin(const yg_graph *graph, const yg_graph *other, yg_score_classes *classes) {
    *classes = (yg_score_classes){.graph = graph, .other = other, .size = yg_graph_size(graph)};
    classes->classes = calloc(classes->size + 1, sizeof *classes->classes);
    classes->is_part = calloc(classes->size + 1, sizeof *classes->is_part);
    if (classes->classes && classes->is_part)
        return true;
    yg_score_classes_free(classes);
    return false;
}

/* Classes all nodes but those that are `known`; NULL: none is. */
static void class_all(yg_score_classes *a, const bool *known);

/* Gives the inputs of a loop's body the classes of the operands, which are its starts, sequences
 * and captured tensors. False where the loop mixes examples: a total goes in, or it runs along the
 * batch. */
static bool class_inputs(const yg_score_classes *a, yg_node node, const yg_loop_spec *spec,
                         const yg_score_classes *body, bool *known) {
    const yg_node *lists[] = {spec->carries, spec->slices, spec->captured};
    const size_t counts[] = {spec->carry_count, spec->slice_count, spec->captured_count};
    size_t k = 0;
    for (int l = 0; l < 3; l++)
        for (size_t i = 0; i < counts[l]; i++, k++) {
            int axis;
            const yg_score_class class = a->classes[yg_node_operand(a->graph, node, k)];
            const int axes = batch_axes(body, lists[l][i], &axis);
            if (class == YG_CLASS_TOTAL || class == YG_CLASS_MIXED ||
                (class == YG_CLASS_ROWS && (axes != 1 || axis < 0)))
                return false;
            body->classes[lists[l][i]] = (uint8_t) class;
            known[lists[l][i]] = true;
        }
    return true;
}

/* A carry must come out of an iteration as it went in, and each result must be of rows or fixed. */
static bool keeps_rows(const yg_loop_spec *spec, const yg_score_classes *body) {
    for (size_t i = 0; i < spec->carry_count; i++)
        if (body->classes[spec->next[i]] != body->classes[spec->carries[i]])
            return false;
    for (size_t i = 0; i < spec->output_count; i++)
        if (body->classes[spec->outputs[i]] > YG_CLASS_ROWS)
            return false;
    return true;
}

/* A loop is of rows if its body, which is classed like a network, is. The node itself is the first
 * result, and must have a batch to be of rows. */
static yg_score_class class_of_loop(const yg_score_classes *a, yg_node node) {
    const yg_loop_spec *spec = yg_loop_spec_of(yg_node_op(a->graph, node));
    const yg_loop_spec *other = yg_loop_spec_of(yg_node_op(a->other, node));
    int axis;
    const int axes = batch_axes(a, node, &axis);
    yg_score_classes body;
    bool *known = calloc(yg_graph_size(spec->body) + 1, sizeof *known);
    bool rows = known && axes == 1 && axis >= 0 && begin(spec->body, other->body, &body);
    if (rows) {
        rows = class_inputs(a, node, spec, &body, known);
        class_all(&body, known);
        rows = rows && keeps_rows(spec, &body);
        yg_score_classes_free(&body);
    }
    free(known);
    return rows ? YG_CLASS_ROWS : YG_CLASS_MIXED;
}

/* ------------------------------------------------------------------------------ all nodes ---- */

static yg_score_class class_of(yg_score_classes *a, yg_node node) {
    const yg_op *op = yg_node_op(a->graph, node);
    const size_t count = yg_node_operand_count(a->graph, node);
    bool reads[YG_CLASS_MIXED + 1] = {false};
    int axis;
    if (op->flags & YG_OP_LEAF)
        return class_of_leaf(a, node);
    if (op->flags & YG_OP_EFFECTS)
        return YG_CLASS_MIXED;
    for (size_t k = 0; k < count; k++)
        reads[a->classes[yg_node_operand(a->graph, node, k)]] = true;
    if (reads[YG_CLASS_MIXED] || (reads[YG_CLASS_ROWS] && reads[YG_CLASS_TOTAL]))
        return YG_CLASS_MIXED;
    if (reads[YG_CLASS_ROWS])
        return yg_loop_spec_of(op) ? class_of_loop(a, node) : class_of_rows(a, node);
    const int axes = batch_axes(a, node, &axis);
    if (reads[YG_CLASS_TOTAL])
        return axes ? YG_CLASS_MIXED : YG_CLASS_TOTAL;
    if (axes == 0)
        return op->flags & YG_OP_RANDOM ? YG_CLASS_MIXED : YG_CLASS_FIXED;
    const bool same_rows = op == &yg_op_broadcast || op->flags & YG_OP_RANDOM;
    return axes == 1 && same_rows ? YG_CLASS_ROWS : YG_CLASS_MIXED;
}

static void class_all(yg_score_classes *a, const bool *known) {
    for (size_t i = 0; i < a->size; i++) {
        int axis;
        if (known && known[i])
            continue;
        a->classes[i] = (uint8_t)class_of(a, (yg_node)i);
        if ((yg_node)i < a->given && a->classes[i] == YG_CLASS_MIXED &&
            batch_axes(a, (yg_node)i, &axis) == 1 && axis >= 0)
            a->classes[i] = YG_CLASS_ROWS;
    }
}

bool yg_score_classes_make(const yg_graph *graph, const yg_graph *other, yg_node given,
                           yg_score_classes *classes, yg_error *error) {
    if (!begin(graph, other, classes))
        return yg_fail_memory(error);
    classes->given = given;
    class_all(classes, NULL);
    return true;
}

void yg_score_classes_free(yg_score_classes *classes) {
    free(classes->classes);
    free(classes->is_part);
    *classes = (yg_score_classes){0};
}

/* Each loop has an operator of its own. Two are the same if their bodies are. */
static bool same_op(const yg_op *a, const yg_op *b) {
    const yg_loop_spec *one = yg_loop_spec_of(a), *other = yg_loop_spec_of(b);
    return a == b ||
           (one && other && one->carry_count == other->carry_count &&
            one->slice_count == other->slice_count && one->output_count == other->output_count &&
            one->iterations == other->iterations && one->reversed == other->reversed &&
            yg_same_nodes(one->body, other->body));
}

bool yg_same_nodes(const yg_graph *a, const yg_graph *b) {
    if (yg_graph_size(a) != yg_graph_size(b))
        return false;
    for (size_t i = 0; i < yg_graph_size(a); i++) {
        const yg_node node = (yg_node)i;
        const size_t count = yg_node_operand_count(a, node);
        if (!same_op(yg_node_op(a, node), yg_node_op(b, node)) ||
            yg_node_type(a, node)->rank != yg_node_type(b, node)->rank ||
            count != yg_node_operand_count(b, node) ||
            (count && memcmp(yg_node_operands(a, node), yg_node_operands(b, node),
                             count * sizeof(yg_node)) != 0))
            return false;
    }
    return true;
}
