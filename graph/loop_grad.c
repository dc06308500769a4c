/*
 * Builds the gradient of a loop, which is a loop in the other direction. Its body is the gradient
 * of the loop's body: from the cotangents of the results of iteration t it computes those of the
 * operands. For t = T - 1, …, 0 it has
 *
 *   carries   the cotangents of the carries, and for each captured float tensor the sum of its
 *             cotangents so far
 *   slices    the carries that went into iteration t and their cotangents, the slices of the
 *             sequences, the cotangents of the outputs
 *   outputs   the cotangents of the slices
 */
#include "loop_op.h"

#include <stdlib.h>
#include <string.h>

/* The gradient's body while it is being built. It begins with all nodes of the loop's body. */
typedef struct builder {
    const yg_loop_op *loop;
    yg_graph *body;
    yg_node *carries, *next, *slices, *outputs; /* of the gradient */
    size_t carry_count, slice_count, output_count;
    yg_node *results, *seeds; /* results of the loop's body, and the cotangent of each */
    size_t result_count;
    yg_node *wrt, *gradients; /* float inputs of the loop's body, and the cotangent of each */
    size_t wrt_count;
} builder;

static void release(builder *b) {
    yg_node **arrays[] = {&b->carries, &b->next,  &b->slices, &b->outputs,
                          &b->results, &b->seeds, &b->wrt,    &b->gradients};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(*arrays[i]);
}

static bool allocate(builder *b) {
    const yg_loop_spec *s = &b->loop->spec;
    const size_t room =
        3 * s->carry_count + 2 * s->slice_count + s->captured_count + s->output_count + 1;
    yg_node **arrays[] = {&b->carries, &b->next,  &b->slices, &b->outputs,
                          &b->results, &b->seeds, &b->wrt,    &b->gradients};
    bool all = true;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        all &= (*arrays[i] = malloc(room * sizeof **arrays[i])) != NULL;
    return all;
}

static bool is_float(const yg_graph *graph, yg_node node) {
    return yg_dtype_is_float(yg_node_type(graph, node)->dtype);
}

static yg_node new_input(builder *b, yg_node like, const char *name) {
    return yg_input(b->body, name, yg_node_type(b->loop->spec.body, like));
}

/* Adds an input to the gradient's body: the cotangent of node `result` of the loop's body. */
static yg_node add_cotangent(builder *b, yg_node result, const char *name) {
    b->results[b->result_count] = result;
    return b->seeds[b->result_count++] = new_input(b, result, name);
}

static void add_inputs(builder *b) {
    const yg_loop_spec *s = &b->loop->spec;
    for (size_t j = 0; j < s->output_count; j++)
        b->slices[b->slice_count++] = add_cotangent(b, s->outputs[j], "output_cotangent");
    for (size_t i = 0; i < s->carry_count; i++)
        b->slices[b->slice_count++] = add_cotangent(b, s->carries[i], "collected_cotangent");
    for (size_t i = 0; i < s->carry_count; i++)
        b->carries[b->carry_count++] = add_cotangent(b, s->next[i], "carry_cotangent");
    for (size_t i = 0; i < s->carry_count; i++)
        b->slices[b->slice_count++] = s->carries[i];
    for (size_t j = 0; j < s->slice_count; j++)
        b->slices[b->slice_count++] = s->slices[j];
    for (size_t k = 0; k < s->captured_count; k++) {
        if (is_float(s->body, s->captured[k]))
            b->carries[b->carry_count++] = new_input(b, s->captured[k], "sum_so_far");
    }
}

static void add_wrt(builder *b, const yg_node *nodes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (is_float(b->loop->spec.body, nodes[i]))
            b->wrt[b->wrt_count++] = nodes[i];
    }
}

static yg_node or_zeros(builder *b, yg_node gradient, yg_node like) {
    return gradient != YG_NONE ? gradient
                               : yg_full(b->body, yg_node_type(b->loop->spec.body, like), 0);
}

static void add_results(builder *b) {
    const yg_loop_spec *s = &b->loop->spec;
    size_t next = 0, done = 0;
    for (size_t i = 0; i < s->carry_count; i++, next++)
        b->next[done++] = or_zeros(b, b->gradients[next], s->carries[i]);
    for (size_t j = 0; j < s->slice_count; j++) {
        if (is_float(s->body, s->slices[j]))
            b->outputs[b->output_count++] = or_zeros(b, b->gradients[next++], s->slices[j]);
    }
    for (; next < b->wrt_count; next++, done++) {
        const yg_node both[] = {b->carries[done], b->gradients[next]};
        b->next[done] =
            both[1] == YG_NONE ? both[0] : yg_apply(b->body, b->body->ops->add, both, 2, NULL);
    }
}

/* Starts the gradient's body with the nodes of the loop's body. Its records are not copied: the
 * loop's body lives as long. */
static bool copy_body(builder *b) {
    const yg_graph *from = b->loop->spec.body;
    b->body = yg_graph_new(from->ops, from->flags);
    for (yg_node node = 0; b->body && node < from->size; node++) {
        if (yg_store_append(b->body, &from->records[node]) == YG_NONE)
            return false;
    }
    return b->body != NULL;
}

static yg_loop_op *build(yg_graph *graph, builder *b) {
    const yg_loop_spec *s = &b->loop->spec;
    if (!allocate(b) || !copy_body(b)) {
        yg_graph_free(b->body);
        yg_fail_memory(&graph->error);
        return NULL;
    }
    add_inputs(b);
    add_wrt(b, s->carries, s->carry_count);
    add_wrt(b, s->slices, s->slice_count);
    add_wrt(b, s->captured, s->captured_count);
    if (!b->body->error.code && yg_grad_of_several(b->body, b->results, b->seeds, b->result_count,
                                                   b->wrt, b->wrt_count, b->gradients))
        add_results(b);
    return yg_loop_op_new(graph, &(yg_loop_spec){.body = b->body,
                                                 .carries = b->carries,
                                                 .next = b->next,
                                                 .carry_count = b->carry_count,
                                                 .slices = b->slices,
                                                 .slice_count = b->slice_count,
                                                 .captured = s->captured,
                                                 .captured_count = s->captured_count,
                                                 .outputs = b->outputs,
                                                 .output_count = b->output_count,
                                                 .iterations = s->iterations,
                                                 .reversed = !s->reversed});
}

static yg_node add_node(yg_graph *graph, const yg_loop_op *loop, yg_node y, yg_node dy) {
    const yg_loop_spec *s = &loop->spec;
    size_t count = 0;
    yg_node *operands =
        yg_pool_take(graph->pool, (size_t)loop->gradient->op.max_operands * sizeof *operands);
    if (!operands) {
        yg_fail_memory(&graph->error);
        return YG_NONE;
    }
    for (size_t i = 0; i < s->carry_count; i++)
        operands[count++] = yg_loop_take(graph, dy, &loop->finals[i]);
    for (size_t k = 0; k < s->captured_count; k++) { /* sums start at -0: -0 + x is x for every x */
        if (is_float(s->body, s->captured[k]))
            operands[count++] = yg_full(graph, yg_node_type(s->body, s->captured[k]), -0.0);
    }
    for (size_t j = 0; j < s->output_count; j++)
        operands[count++] = yg_loop_take(graph, dy, &loop->outputs[j]);
    for (size_t i = 0; i < s->carry_count; i++)
        operands[count++] = yg_loop_take(graph, dy, &loop->carried[i]);
    for (size_t i = 0; i < s->carry_count; i++)
        operands[count++] = yg_loop_take(graph, y, &loop->carried[i]);
    /* Read last: applying operators above may have moved the array of records. */
    const yg_node *given = graph->records[y].operands;
    for (size_t k = s->carry_count; k < graph->records[y].operand_count; k++)
        operands[count++] = given[k];
    return yg_apply(graph, &loop->gradient->op, operands, count, NULL);
}

/* Finds the place of each operand's cotangent in the gradient's result. */
static bool find_parts(yg_graph *graph, yg_loop_op *loop) {
    const yg_loop_spec *s = &loop->spec;
    const size_t operands = s->carry_count + s->slice_count + s->captured_count;
    const yg_loop_part *outputs = loop->gradient->outputs;
    const yg_loop_part *finals = loop->gradient->finals + s->carry_count;
    const yg_loop_part **part = yg_pool_take(graph->pool, operands * sizeof *loop->parts);
    if (!part)
        return yg_fail_memory(&graph->error);
    loop->parts = part;
    for (size_t i = 0; i < s->carry_count; i++)
        *part++ = &loop->gradient->finals[i];
    for (size_t j = 0; j < s->slice_count; j++)
        *part++ = is_float(s->body, s->slices[j]) ? outputs++ : NULL;
    for (size_t k = 0; k < s->captured_count; k++)
        *part++ = is_float(s->body, s->captured[k]) ? finals++ : NULL;
    return true;
}

yg_node yg_loop_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    yg_loop_op *loop = yg_loop_of(graph->records[y].op);
    if (!loop->gradient) {
        builder b = {.loop = loop};
        loop->gradient = build(graph, &b);
        release(&b);
        if (!loop->gradient || !find_parts(graph, loop))
            return YG_NONE;
    }
    if (loop->in != graph || loop->y != y || loop->dy != dy) { /* the node serves all operands */
        loop->gradient_of = add_node(graph, loop, y, dy);
        loop->in = graph;
        loop->y = y;
        loop->dy = dy;
    }
    return loop->gradient_of == YG_NONE ? YG_NONE
                                        : yg_loop_take(graph, loop->gradient_of, loop->parts[k]);
}
