/*
 * sum_of_products: a·b + c·d + … = [a c …] · [b; d; …], one product over the joined inner
 * dimension.
 *
 * The gradient of a weight that several time steps share is such a sum, in which every product is
 * as large as the weight and as deep as the batch.
 *
 * Changes rounding: the products' terms are added in another order.
 */
#include "build.h"
#include "registry.h"
#include "rules.h"

/* The leaves of a tree of additions whose partial sums are seen by nobody else. */
typedef struct tree {
    const yg_node *leaves;
    size_t count;
} tree;

static bool is_partial_sum(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_add && r->uses[node] == 1 &&
           r->user[node] != YG_NONE && yg_node_op(r->graph, r->user[node]) == &yg_op_add;
}

/* From left to right. The stack grows from one end of the room and the leaves from the other: both
 * together are at most one more than the additions. */
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

/* The tree's leaf `i`, from left to right. */
static yg_node leaf_at(const tree *t, size_t i) {
    return t->leaves[t->count - 1 - i];
}

static bool transposes(const yg_graph *graph, yg_node product, int operand) {
    return yg_node_attrs(graph, product)[operand].i != 0;
}

static double depth_of(const yg_graph *graph, yg_node product) {
    const yg_type *a = yg_node_type(graph, yg_node_operand(graph, product, 0));
    return (double)a->shape[transposes(graph, product, 0) ? 0 : 1];
}

/* The dimension along which the operands are joined: the columns of a and the rows of b, or the
 * other way round where they are transposed. */
static int joined_dim(const yg_graph *graph, yg_node product, int operand) {
    return (operand == 0) != transposes(graph, product, operand) ? 1 : 0;
}

/* Whether an operand has to be copied to be joined: what is computed is computed where it goes
 * (yg_op_plan.joins) if it goes there in one piece, along the first dimension. */
static bool is_copied(const yg_graph *graph, yg_node product, int operand) {
    const yg_node node = yg_node_operand(graph, product, (size_t)operand);
    return yg_node_op(graph, node)->flags & (YG_OP_LEAF | YG_OP_VIEW) ||
           joined_dim(graph, product, operand) != 0;
}

/* Elements that joining one more product of depth k to others spares, n × m being the result's
 * shape: by itself its n·m results are written and read again to be added; joined, its k·n and k·m
 * operands are read and written where they have to be copied. So half of
 *     2·n·m - 2·k·n - 2·k·m. */
static double gain(const yg_graph *graph, yg_node product) {
    const yg_type *y = yg_node_type(graph, product);
    const double depth = depth_of(graph, product);
    double elements = (double)y->shape[0] * (double)y->shape[1];
    for (int operand = 0; operand < 2; operand++)
        elements -= is_copied(graph, product, operand) ? depth * (double)y->shape[operand] : 0;
    return elements;
}

/* A product this deep keeps the processor busy by itself; one of fewer terms mostly loads and
 * stores its result. Measured against sums whose products are added as they are computed
 * (accumulate): with joining, 2 to 8 products of 64² to 256² results take 0.82 to 0.96 of the time
 * at depth 8, 0.92 to 1.00 of it at 16, the same at 32; a training step of an Elman network of 64
 * to 256 units over 8 to 32 time steps takes 0.95 to 0.97 of it at depth 16 (its batch), 0.97
 * to 1.01 at 32, 1.03 to 1.09 at 64. */
#define JOINED_DEPTH 16

/* A product of two matrices that pays to be joined to others. */
static bool joins(const yg_rewriting *r, yg_node node) {
    const yg_graph *graph = r->graph;
    return yg_node_op(graph, node) == &yg_op_matmul && r->uses[node] == 1 &&
           yg_node_type(graph, yg_node_operand(graph, node, 0))->rank == 2 &&
           yg_node_type(graph, yg_node_operand(graph, node, 1))->rank == 2 &&
           gain(graph, node) > 0 && depth_of(graph, node) <= JOINED_DEPTH;
}

/* One product is written and read in any case. */
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

/* The operands of several products as one, all stored as the first of them is. */
static yg_node join(const yg_rewriting *r, yg_graph *to, const yg_node *products, size_t count,
                    int operand, const yg_node *made) {
    const bool transposed = transposes(r->graph, products[0], operand);
    yg_node parts[YG_MAX_OPERANDS];
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

static yg_node joined(const yg_rewriting *r, yg_graph *to, const yg_node *products, size_t count,
                      const yg_node *made) {
    if (count == 1)
        return made[products[0]];
    const yg_node a = join(r, to, products, count, 0, made);
    const yg_node b = join(r, to, products, count, 1, made);
    return yg_matmul(to, a, b, transposes(r->graph, products[0], 0),
                     transposes(r->graph, products[0], 1));
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const tree t = find_leaves(r, node);
    yg_node products[YG_MAX_OPERANDS], sum = YG_NONE;
    size_t count = 0;
    for (size_t i = 0; i < t.count; i++) {
        if (!joins(r, leaf_at(&t, i)))
            sum = plus(to, sum, made[leaf_at(&t, i)]);
    }
    for (size_t i = 0; i < t.count; i++) {
        if (!joins(r, leaf_at(&t, i)))
            continue;
        products[count++] = leaf_at(&t, i);
        if (count == YG_MAX_OPERANDS) {
            sum = plus(to, sum, joined(r, to, products, count, made));
            count = 0;
        }
    }
    return count ? plus(to, sum, joined(r, to, products, count, made)) : sum;
}

const yg_rule yg_rule_sum_of_products = {
    .name = "sum_of_products",
    .doc = "makes a sum of matrix products one product over the joined inner dimension",
    .op = &yg_op_matmul,
    .matches = matches,
    .build = build,
};
