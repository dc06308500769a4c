/*
 * Takes out of a loop what is the same in each iteration: nodes of the body that depend on captured
 * tensors only. They are built in the outer graph, and the body captures them. So they are computed
 * once, and so are their derivatives: the cotangents of a broadcast bias are added up over the
 * iterations, and reduced to the bias once.
 */
#include "loop_op.h"

#include <stdlib.h>
#include <string.h>

typedef struct hoisting {
    yg_graph *graph; /* the outer graph */
    const yg_loop_spec *spec;
    bool *varies;              /* by node of the body: it may differ from iteration to iteration */
    bool *captures;            /* by node of the body: it depends on a captured tensor */
    yg_node *outside;          /* by node of the body: its node in the outer graph, or YG_NONE */
    bool *is_read;             /* by node of the body: what stays in the body reads it */
    bool *is_needed;           /* by node of the body: what moves reads it */
    yg_node *captured, *given; /* of the loop, those that are added too */
    size_t count;              /* entries of the two */
} hoisting;

static bool allocate(hoisting *h) {
    const size_t size = h->spec->body->size + 1;
    h->varies = calloc(size, sizeof *h->varies);
    h->captures = calloc(size, sizeof *h->captures);
    h->outside = malloc(size * sizeof *h->outside);
    h->is_read = calloc(size, sizeof *h->is_read);
    h->is_needed = calloc(size, sizeof *h->is_needed);
    if (!h->varies || !h->captures || !h->outside || !h->is_read || !h->is_needed)
        return yg_fail_memory(&h->graph->error);
    memset(h->outside, 0xff, size * sizeof *h->outside); /* YG_NONE */
    return true;
}

static void release(hoisting *h) {
    free(h->varies);
    free(h->captures);
    free(h->outside);
    free(h->is_read);
    free(h->is_needed);
}

/* Whether a node moves out of the body. */
static bool moves(const hoisting *h, yg_node node) {
    return h->captures[node] && !h->varies[node] && !yg_node_is_input(h->spec->body, node);
}

/* Whether a node is built outside: it moves, or it is a constant that such a node reads. */
static bool is_built(const hoisting *h, yg_node node) {
    return moves(h, node) || (h->is_needed[node] && !h->captures[node]);
}

static void find_nodes(hoisting *h) {
    const yg_loop_spec *s = h->spec;
    yg_loop_find_varying(s, h->varies);
    for (size_t k = 0; k < s->captured_count; k++)
        h->captures[s->captured[k]] = true;
    for (yg_node node = 0; node < s->body->size; node++) {
        const yg_record *record = &s->body->records[node];
        for (uint32_t k = 0; k < record->operand_count; k++)
            h->captures[node] |= h->captures[record->operands[k]];
    }
    for (size_t i = 0; i < s->carry_count; i++)
        h->is_read[s->next[i]] = true;
    for (size_t j = 0; j < s->output_count; j++)
        h->is_read[s->outputs[j]] = true;
    for (size_t next = s->body->size; next-- > 0;) {
        const yg_node node = (yg_node)next;
        const yg_record *record = &s->body->records[node];
        bool *noted = is_built(h, node) ? h->is_needed : h->is_read;
        for (uint32_t k = 0; k < record->operand_count; k++)
            noted[record->operands[k]] = true;
    }
}

/* Builds a node in the outer graph, with all results of its kernel. */
static bool build(hoisting *h, yg_node node) {
    const yg_record *record = &h->spec->body->records[node];
    const size_t count = record->operand_count, results = yg_op_result_count(record->op);
    if (yg_is_result(record) || record->op == &yg_leaf_constant) {
        if (record->data)
            h->outside[node] = yg_constant(h->graph, record->type, record->data);
        return !h->graph->error.code;
    }
    yg_node *operands = malloc((count + results) * sizeof *operands);
    if (!operands)
        return yg_fail_memory(&h->graph->error);
    for (size_t k = 0; k < count; k++)
        operands[k] = h->outside[record->operands[k]];
    yg_graph_at(h->graph, record->origin);
    const bool built = yg_apply_all(h->graph, record->op, operands, count, record->attrs,
                                    operands + count, results) == results;
    for (size_t i = 0; built && i < results; i++)
        h->outside[node + i] = operands[count + i];
    free(operands);
    return built;
}

/* Makes a node of the body an input, and captures it. */
static void capture(hoisting *h, yg_node node) {
    yg_record *record = &h->spec->body->records[node];
    *record = (yg_record){
        .op = &yg_leaf_input, .type = record->type, .name = record->name, .origin = record->origin};
    h->captured[h->count] = node;
    h->given[h->count++] = h->outside[node];
}

/* The results of a kernel become inputs together: a result of an input would be no node. */
static void capture_all(hoisting *h, yg_node node) {
    const size_t results = yg_op_result_count(h->spec->body->records[node].op);
    bool is_read = false;
    for (size_t i = 0; i < results; i++)
        is_read |= h->is_read[node + i];
    for (size_t i = 0; i < results && is_read; i++)
        capture(h, node + (yg_node)i);
}

static bool hoist(hoisting *h) {
    const yg_graph *body = h->spec->body;
    const yg_origin before = h->graph->at;
    find_nodes(h);
    for (size_t k = 0; k < h->spec->captured_count; k++)
        h->outside[h->spec->captured[k]] = h->given[k];
    bool good = true;
    for (yg_node node = 0; node < body->size && good; node++)
        good = !is_built(h, node) || build(h, node);
    h->graph->at = before;
    for (size_t next = body->size; good && next-- > 0;) {
        if (moves(h, (yg_node)next) && !yg_is_result(&body->records[next]))
            capture_all(h, (yg_node)next);
    }
    return good;
}

bool yg_loop_hoist(yg_graph *graph, const yg_loop_spec *spec, yg_node *captured, yg_node *given,
                   size_t *count) {
    hoisting h = {
        .graph = graph, .spec = spec, .captured = captured, .given = given, .count = *count};
    const bool good = allocate(&h) && hoist(&h);
    release(&h);
    *count = h.count;
    return good;
}
