/*
 * The rule sum_of_products: a·b + c·d + … = [a c …] · [b; d; …], one product whose inner dimension
 * is the inner dimensions one after the other.
 *
 * The gradient of a weight that several time steps share is such a sum. Each of its products is as
 * large as the weight, but only as deep as the batch (the depth is the inner dimension). One deep
 * product is faster than many shallow ones, which mostly load and store the result.
 *
 * Changes rounding: the terms of the products are added in another order.
 */
#include "build.h"
#include "registry.h"
#include "rules.h"

#include <stdlib.h>

/* The terms of a sum, a tree of additions. No partial sum inside the tree has another user. */
typedef struct tree {
    const yg_node *leaves; /* the terms, from right to left: see leaf_at(); in the rule's scratch */
    size_t count;
} tree;

/* Whether the only user of an addition is another addition. */
static bool is_partial_sum(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_add && r->uses[node] == 1 &&
           r->user[node] != YG_NONE && yg_node_op(r->graph, r->user[node]) == &yg_op_add;
}

/* Finds the terms of the sum `root`, from left to right. Both lists share the scratch: the stack
 * grows from its start, the leaves from its end. They cannot meet, because together they hold at
 * most one node more than the tree has additions. */
static tree find_leaves(const yg_rewriting *r, yg_node root) {
    yg_node *stack = r->scratch, *end = r->scratch + yg_graph_size(r->graph), *leaf = end;
    size_t depth = 0;
    for (size_t k = 2; k-- > 0;)
        stack[depth++] = yg_node_operand(r->graph, root, k);
    while (depth > 0) {
        const yg_node node = stack[--depth];
        if (!is_partial_sum(r, node)) {
            *--leaf = node;
            continue;
        }
        for (size_t k = 2; k-- > 0;)
            stack[depth++] = yg_node_operand(r->graph, node, k);
    }
    return (tree){leaf, (size_t)(end - leaf)};
}

/* Leaf i, counted from the left. */
static yg_node leaf_at(const tree *t, size_t i) {
    return t->leaves[t->count - 1 - i];
}

static bool transposes(const yg_graph *graph, yg_node product, int operand) {
    return yg_node_attrs(graph, product)[operand].i != 0;
}

/* The inner dimension of a product. */
static double depth_of(const yg_graph *graph, yg_node product) {
    const yg_type *a = yg_node_type(graph, yg_node_operand(graph, product, 0));
    return (double)a->shape[transposes(graph, product, 0) ? 0 : 1];
}

/* The dimension along which operand 0 (a) or 1 (b) is joined: the columns of a, the rows of b; for
 * a transposed operand the other one. */
static int joined_dim(const yg_graph *graph, yg_node product, int operand) {
    return (operand == 0) != transposes(graph, product, operand) ? 1 : 0;
}

/* Whether an operand must be copied to be joined. Joined along dimension 0 it is one stretch of the
 * joint tensor, and its kernel can write there directly (yg_op_plan.joins). A leaf or a view has no
 * kernel that could. */
static bool is_copied(const yg_graph *graph, yg_node product, int operand) {
    const yg_node node = yg_node_operand(graph, product, (size_t)operand);
    return yg_node_op(graph, node)->flags & (YG_OP_LEAF | YG_OP_VIEW) ||
           joined_dim(graph, product, operand) != 0;
}

/* How many elements of memory traffic it saves to join one more product, n × m and of depth k, to
 * others; the number is halved. Left alone, its n·m results are written once and read once, to be
 * added. Joined, operands that must be copied are read and written once more, k·n and k·m elements.
 * So with both copied: n·m - k·n - k·m. */
static double gain(const yg_graph *graph, yg_node product) {
    const yg_type *y = yg_node_type(graph, product);
    const double depth = depth_of(graph, product);
    double elements = (double)y->shape[0] * (double)y->shape[1];
    for (int operand = 0; operand < 2; operand++)
        elements -= is_copied(graph, product, operand) ? depth * (double)y->shape[operand] : 0;
    return elements;
}

/* Products deeper than this are not joined: a deep product keeps the processor busy by itself, a
 * shallow one mostly loads and stores its result. Measured, as the time with joining over the time
 * with `accumulate` alone:
 *
 *   depth                                          8            16           32           64
 *   2 to 8 products with 64² to 256² results   0.82 – 0.96  0.92 – 1.00         1.00            –
 *   training step of an Elman network with
 *   64 to 256 units, 8 to 32 time steps, and
 *   a batch of that size                                 –  0.95 – 0.97  0.97 – 1.01  1.03 – 1.09
 */
#define JOINED_DEPTH 16

/* Whether a node is a product of two matrices, not of batches, that is worth joining to others. */
static bool joins(const yg_rewriting *r, yg_node node) {
    const yg_graph *graph = r->graph;
    return yg_node_op(graph, node) == &yg_op_matmul && r->uses[node] == 1 &&
           yg_node_type(graph, yg_node_operand(graph, node, 0))->rank == 2 &&
           yg_node_type(graph, yg_node_operand(graph, node, 1))->rank == 2 &&
           gain(graph, node) > 0 && depth_of(graph, node) <= JOINED_DEPTH;
}

/* Whether joining saves memory traffic in total. The result of the joined product must be written
 * and read once too: `spared` starts at minus that. */
static bool matches(const yg_rewriting *r, yg_node node) {
    const yg_type *y = yg_node_type(r->graph, node);
    if (yg_node_op(r->graph, node) != &yg_op_add || y->rank != 2 || is_partial_sum(r, node))
        return false;
    const tree t = find_leaves(r, node);
    double spared = -(double)y->shape[0] * (double)y->shape[1];
    for (size_t i = 0; i < t.count; i++) {
        if (joins(r, t.leaves[i]))
            spared += gain(r->graph, t.leaves[i]);
    }
    return spared > 0;
}

/* Joins operand 0 or 1 of several products. If the first one is stored transposed, so is the joint
 * operand; others are permuted to match. */
static yg_node join(const yg_rewriting *r, yg_graph *to, const yg_node *products, size_t count,
                    int operand, const yg_node *made, yg_node *parts) {
    const bool transposed = transposes(r->graph, products[0], operand);
    for (size_t i = 0; i < count; i++) {
        parts[i] = made[yg_node_operand(r->graph, products[i], (size_t)operand)];
        if (transposes(r->graph, products[i], operand) != transposed)
            parts[i] = yg_permute(to, parts[i], (const int64_t[]){1, 0});
    }
    return yg_concat(to, parts, count, joined_dim(r->graph, products[0], operand));
}

static yg_node plus(yg_graph *to, yg_node sum, yg_node term) {
    return sum == YG_NONE ? term : yg_add(to, sum, term);
}

/* One product in place of `count`. A single product stays as it is. `parts` has room for as many as
 * `products`. */
static yg_node joined(const yg_rewriting *r, yg_graph *to, const yg_node *products, size_t count,
                      const yg_node *made, yg_node *parts) {
    if (count == 1)
        return made[products[0]];
    const yg_node a = join(r, to, products, count, 0, made, parts);
    const yg_node b = join(r, to, products, count, 1, made, parts);
    return yg_matmul(to, a, b, transposes(r->graph, products[0], 0),
                     transposes(r->graph, products[0], 1));
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const tree t = find_leaves(r, node);
    yg_node *products = malloc(2 * t.count * sizeof *products), sum = YG_NONE;
    size_t count = 0;
    if (!products)
        return yg_graph_fail(to, YG_ERROR_MEMORY, "sum_of_products: out of memory");
    for (size_t i = 0; i < t.count; i++) {
        const yg_node leaf = leaf_at(&t, i);
        if (joins(r, leaf))
            products[count++] = leaf;
        else
            sum = plus(to, sum, made[leaf]);
    }
    if (count > 0)
        sum = plus(to, sum, joined(r, to, products, count, made, products + t.count));
    free(products);
    return sum;
}

const yg_rule yg_rule_sum_of_products = {
    .name = "sum_of_products",
    .doc = "makes a sum of matrix products one product over the joined inner dimension",
    .op = &yg_op_matmul,
    .matches = matches,
    .build = build,
};
