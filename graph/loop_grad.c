/*
 * Builds the gradient of a loop, which is a loop in the other direction. From the cotangents of the
 * results of iteration t its body computes those of the operands. For t = T - 1, …, 0 it has
 *
 *   carries   the cotangents of the carries, and for each captured tensor the sum of its cotangents
 *             so far
 *   slices    the cotangents of the outputs, the slices of the sequences, and what the loop has
 *             kept of iteration t
 *   outputs   the cotangents of the slices
 *
 * It is built in two steps. First a draft: a copy of the loop's body, differentiated. Then the
 * gradient's body: those nodes of the draft that the cotangents need. Where they need a value that
 * the loop has kept, it becomes an input, and is not computed again.
 */
#include "loop_op.h"

#include <stdlib.h>
#include <string.h>

/* Where an operand of the gradient's node comes from. */
typedef enum source_kind {
    FROM_COTANGENT, /* of result `index` of the loop */
    FROM_RESULT,    /* `index` of the loop */
    FROM_OPERAND,   /* `index` of the loop */
    FROM_NOTHING,   /* a sum before its first term, of the type of operand `index`: -0, since
                       -0 + x is x for every x */
} source_kind;

typedef struct source {
    source_kind kind;
    size_t index;
} source;

/* A gradient for one choice of results that have cotangents. */
struct yg_loop_gradient {
    bool *present;    /* by result of the loop: it has a cotangent */
    yg_loop_op *loop; /* NULL: no operand has a cotangent. Its owner is that of the loop */
    source *sources;  /* by operand of the gradient's node */
    size_t *found_at; /* by operand of the loop: the result that is its cotangent, or NOWHERE */
    yg_loop_gradient *next;
};

/* The latest gradient's node of a graph. It is asked for once for each operand of the loop. */
typedef struct yg_loop_node {
    const yg_loop_gradient *gradient;
    yg_node y;        /* the loop's node */
    yg_node *dy;      /* the cotangents of its results */
    yg_node *results; /* of the gradient's node */
} yg_loop_node;

#define NOWHERE SIZE_MAX

void yg_loop_gradients_free(yg_loop_gradient *first) {
    while (first) {
        yg_loop_gradient *next = first->next;
        free(first->present);
        free(first->sources);
        free(first->found_at);
        free(first);
        first = next;
    }
}

/* ----------------------------------------------------------------------------------- a draft -- */

typedef struct builder {
    const yg_loop_op *loop;
    const yg_loop_spec *spec; /* of the loop */
    yg_loop_gradient *made;
    yg_error *error;
    yg_graph *draft, *body;
    yg_node *copy;            /* by node of the loop's body: its copy in the draft */
    yg_node *final;           /* by node of the draft: its copy in the gradient's body */
    size_t *kept;             /* by node of the draft: the result that keeps it, or NOWHERE */
    bool *needed, *computed;  /* by node of the draft: see find_needed() */
    yg_node *seeded, *seeds;  /* nodes that have a cotangent from outside, and which */
    yg_node *sums;            /* by captured tensor: the input for its sum so far, or YG_NONE */
    yg_node *wrt, *gradients; /* by operand of the loop: its input, and its cotangent */
    size_t seed_count;        /* entries of seeded and seeds */
    yg_node *carries, *next, *slices, *captured, *outputs; /* of the gradient */
    size_t carry_count, slice_count, captured_count, output_count;
    source *starts, *sequences, *tensors; /* of the operands for these */
} builder;

static bool is_float(const yg_graph *graph, yg_node node) {
    return yg_dtype_is_float(graph->records[node].type->dtype);
}

static void release(builder *b) {
    yg_node **nodes[] = {&b->copy, &b->final,  &b->seeded,    &b->seeds,
                         &b->sums, &b->wrt,    &b->gradients, &b->carries,
                         &b->next, &b->slices, &b->captured,  &b->outputs};
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        free(*nodes[i]);
    free(b->kept);
    free(b->needed);
    free(b->computed);
    free(b->starts);
    free(b->sequences);
    free(b->tensors);
    yg_graph_free(b->draft);
}

static bool allocate(builder *b) {
    const yg_loop_spec *s = b->spec;
    const size_t room =
        2 * (s->carry_count + s->slice_count + s->captured_count) + 2 * b->loop->result_count + 1;
    yg_node **nodes[] = {&b->seeded,  &b->seeds, &b->sums,   &b->wrt,      &b->gradients,
                         &b->carries, &b->next,  &b->slices, &b->captured, &b->outputs};
    source **sources[] = {&b->starts, &b->sequences, &b->tensors};
    bool all = true;
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        all &= (*nodes[i] = malloc(room * sizeof(yg_node))) != NULL;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        all &= (*sources[i] = malloc(room * sizeof(source))) != NULL;
    b->copy = malloc((s->body->size + 1) * sizeof *b->copy);
    b->draft = yg_graph_new(s->body->ops, s->body->flags);
    return all && b->copy && b->draft;
}

/* Adds a copy of a record, with `made` for operands. */
static yg_node copy_record(yg_graph *to, const yg_record *record, const yg_node *made) {
    yg_record copied = *record;
    yg_node *operands = NULL;
    if (record->operand_count > 0) {
        operands = yg_pool_take(to->pool, record->operand_count * sizeof *operands);
        if (!operands) {
            yg_fail_memory(&to->error);
            return YG_NONE;
        }
        for (uint32_t k = 0; k < record->operand_count; k++)
            operands[k] = made[record->operands[k]];
    }
    copied.operands = operands;
    yg_graph_at(to, record->origin);
    const bool merges =
        !(record->op->flags & YG_OP_RANDOM) && (!(record->op->flags & YG_OP_LEAF) || record->data);
    const yg_node node = yg_store_add(to, &copied, merges);
    yg_node_set_name(to, node, record->name);
    return node;
}

static bool copy_body(builder *b) {
    const yg_graph *from = b->spec->body;
    for (yg_node node = 0; node < from->size && !b->draft->error.code; node++)
        b->copy[node] = copy_record(b->draft, &from->records[node], b->copy);
    return !b->draft->error.code;
}

/* Adds an input for a cotangent that reaches node `of` of the draft from outside. */
static yg_node add_seed(builder *b, yg_node of, const char *name) {
    b->seeded[b->seed_count] = of;
    return b->seeds[b->seed_count++] = yg_input(b->draft, name, yg_node_type(b->draft, of));
}

/* Adds the cotangents of outputs and carries. Each is an operand of the gradient. */
static void seed_results(builder *b) {
    const yg_loop_spec *s = b->spec;
    for (size_t j = 0; j < s->output_count; j++) {
        const size_t result = s->carry_count + j;
        if (!b->made->present[result])
            continue;
        b->sequences[b->slice_count] = (source){FROM_COTANGENT, result};
        b->slices[b->slice_count++] = add_seed(b, b->copy[s->outputs[j]], "output_cotangent");
    }
    for (size_t i = 0; i < s->carry_count; i++) {
        if (!is_float(s->body, s->carries[i]))
            continue;
        b->starts[b->carry_count] =
            b->made->present[i] ? (source){FROM_COTANGENT, i} : (source){FROM_NOTHING, i};
        b->carries[b->carry_count++] = add_seed(b, b->copy[s->next[i]], "carry_cotangent");
    }
}

/* A captured tensor's cotangent begins with the sum so far, to which each of its users adds. */
static void seed_captured(builder *b) {
    const yg_loop_spec *s = b->spec;
    for (size_t k = 0; k < s->captured_count; k++)
        b->sums[k] = is_float(s->body, s->captured[k])
                         ? add_seed(b, b->copy[s->captured[k]], "sum_so_far")
                         : YG_NONE;
}

static bool differentiate(builder *b) {
    const yg_loop_spec *s = b->spec;
    size_t count = 0;
    seed_results(b);
    seed_captured(b);
    for (size_t i = 0; i < s->carry_count; i++)
        b->wrt[count++] = b->copy[s->carries[i]];
    for (size_t j = 0; j < s->slice_count; j++)
        b->wrt[count++] = b->copy[s->slices[j]];
    for (size_t k = 0; k < s->captured_count; k++)
        b->wrt[count++] = b->copy[s->captured[k]];
    for (size_t i = 0; i < count; i++)
        b->gradients[i] = YG_NONE;
    return !b->draft->error.code && yg_grad_of_several(b->draft, b->seeded, b->seeds, b->seed_count,
                                                       b->wrt, count, b->gradients);
}

/* ------------------------------------------------------------------------- what it gives back --
 */

/* Lists the carries and outputs of the gradient, in nodes of the draft, and where the cotangent of
 * each operand is found. */
static void list_results(builder *b) {
    const yg_loop_spec *s = b->spec;
    const yg_node *gradient = b->gradients;
    size_t *found_at = b->made->found_at, carry = 0;
    for (size_t i = 0; i < s->carry_count; i++, gradient++) {
        const bool any = *gradient != YG_NONE;
        *found_at++ = any ? carry : NOWHERE;
        if (is_float(s->body, s->carries[i])) /* it has a next one even if nothing reaches it */
            b->next[carry++] =
                any ? *gradient : yg_full(b->draft, yg_node_type(s->body, s->carries[i]), -0.0);
    }
    const yg_node *of_slices = gradient;
    size_t *slices_at = found_at;
    gradient += s->slice_count;
    found_at += s->slice_count;
    for (size_t k = 0; k < s->captured_count; k++, gradient++) {
        const bool any = *gradient != YG_NONE && *gradient != b->sums[k];
        *found_at++ = any ? carry : NOWHERE;
        if (!any)
            continue;
        b->starts[carry] = (source){FROM_NOTHING, s->carry_count + s->slice_count + k};
        b->carries[carry] = b->sums[k];
        b->next[carry++] = *gradient;
    }
    b->carry_count = carry;
    for (size_t j = 0; j < s->slice_count; j++) {
        slices_at[j] = of_slices[j] == YG_NONE ? NOWHERE : carry + b->output_count;
        if (of_slices[j] != YG_NONE)
            b->outputs[b->output_count++] = of_slices[j];
    }
}

/* ------------------------------------------------------------------------ the gradient's body --
 */

/* Notes which nodes of the draft the loop has kept. Two nodes of the body may have become one. */
static void find_kept(builder *b) {
    const yg_loop_spec *s = b->spec;
    for (size_t node = 0; node < b->draft->size; node++)
        b->kept[node] = NOWHERE;
    for (size_t j = s->output_count; j-- > 0;)
        b->kept[b->copy[s->outputs[j]]] = s->carry_count + j;
    for (size_t i = 0; i < s->slice_count; i++) /* these are read where they are */
        b->kept[b->copy[s->slices[i]]] = NOWHERE;
    for (size_t i = 0; i < s->captured_count; i++)
        b->kept[b->copy[s->captured[i]]] = NOWHERE;
}

/* Sets needed[node] for what the cotangents need, and computed[node] for what is not only read but
 * computed again. All results of a kernel are computed together: builders rely on that. */
static void find_needed(builder *b) {
    const yg_graph *draft = b->draft;
    for (size_t i = 0; i < b->carry_count; i++)
        b->needed[b->next[i]] = true;
    for (size_t j = 0; j < b->output_count; j++)
        b->needed[b->outputs[j]] = true;
    for (size_t next = draft->size; next-- > 0;) {
        const yg_record *record = &draft->records[next];
        b->computed[next] |= b->needed[next] && b->kept[next] == NOWHERE;
        if (!b->computed[next])
            continue;
        for (uint32_t k = 0; k < record->operand_count; k++)
            b->needed[record->operands[k]] = true;
        if (yg_is_result(record))
            b->computed[record->operands[0]] = true;
        for (size_t i = 1; i < yg_op_result_count(record->op); i++)
            b->needed[next + i] = b->computed[next + i] = true;
    }
}

static yg_node new_input(builder *b, yg_node like) {
    const yg_record *record = &b->draft->records[like];
    return yg_input(b->body, record->name, record->type);
}

static bool build_body(builder *b) {
    const size_t size = b->draft->size + 1;
    b->final = malloc(size * sizeof *b->final);
    b->kept = malloc(size * sizeof *b->kept);
    b->needed = calloc(size, sizeof *b->needed);
    b->computed = calloc(size, sizeof *b->computed);
    b->body = yg_graph_new(b->draft->ops, b->draft->flags);
    if (!b->final || !b->kept || !b->needed || !b->computed || !b->body)
        return yg_fail_memory(b->error);
    find_kept(b);
    find_needed(b);
    for (yg_node node = 0; node < b->draft->size; node++) {
        b->final[node] = YG_NONE;
        if (b->computed[node]) {
            b->final[node] = copy_record(b->body, &b->draft->records[node], b->final);
        } else if (b->needed[node]) {
            b->final[node] = new_input(b, node);
            b->sequences[b->slice_count] = (source){FROM_RESULT, b->kept[node]};
            b->slices[b->slice_count++] = node;
        }
    }
    return !b->body->error.code || yg_fail_as(b->error, &b->body->error);
}

/* Lists those of the loop's own operands that the gradient's body reads. */
static void list_operands(builder *b) {
    const yg_loop_spec *s = b->spec;
    for (size_t j = 0; j < s->slice_count; j++) {
        const yg_node node = b->copy[s->slices[j]];
        if (b->final[node] == YG_NONE)
            continue;
        b->sequences[b->slice_count] = (source){FROM_OPERAND, s->carry_count + j};
        b->slices[b->slice_count++] = node;
    }
    for (size_t k = 0; k < s->captured_count; k++) {
        const yg_node node = b->copy[s->captured[k]];
        if (b->final[node] == YG_NONE)
            continue;
        b->tensors[b->captured_count] = (source){FROM_OPERAND, s->carry_count + s->slice_count + k};
        b->captured[b->captured_count++] = node;
    }
}

/* ---------------------------------------------------------------------------- the operator -- */

static void to_final(const builder *b, yg_node *nodes, size_t count) {
    for (size_t i = 0; i < count; i++)
        nodes[i] = b->final[nodes[i]];
}

/* Turns all lists into nodes of the gradient's body. A cotangent that nothing reads is no slice,
 * but it stays a carry. */
static void finish_lists(builder *b) {
    size_t kept = 0;
    for (size_t j = 0; j < b->slice_count; j++) {
        if (b->final[b->slices[j]] == YG_NONE)
            continue;
        b->sequences[kept] = b->sequences[j];
        b->slices[kept++] = b->final[b->slices[j]];
    }
    b->slice_count = kept;
    for (size_t i = 0; i < b->carry_count; i++) {
        if (b->final[b->carries[i]] == YG_NONE)
            b->final[b->carries[i]] = new_input(b, b->carries[i]);
    }
    to_final(b, b->carries, b->carry_count);
    to_final(b, b->next, b->carry_count);
    to_final(b, b->captured, b->captured_count);
    to_final(b, b->outputs, b->output_count);
}

static bool list_sources(builder *b) {
    const size_t count = b->carry_count + b->slice_count + b->captured_count;
    source *sources = b->made->sources = malloc((count + 1) * sizeof *sources);
    if (!sources)
        return yg_fail_memory(b->error);
    memcpy(sources, b->starts, b->carry_count * sizeof *sources);
    memcpy(sources + b->carry_count, b->sequences, b->slice_count * sizeof *sources);
    memcpy(sources + b->carry_count + b->slice_count, b->tensors,
           b->captured_count * sizeof *sources);
    return true;
}

/* The owner of the loop owns its gradients, so they live as long as the loop. */
static bool make_operator(builder *b) {
    const yg_loop_spec spec = {.body = b->body,
                               .carries = b->carries,
                               .next = b->next,
                               .carry_count = b->carry_count,
                               .slices = b->slices,
                               .slice_count = b->slice_count,
                               .captured = b->captured,
                               .captured_count = b->captured_count,
                               .outputs = b->outputs,
                               .output_count = b->output_count,
                               .iterations = b->spec->iterations,
                               .reversed = !b->spec->reversed,
                               .unroll = b->spec->unroll};
    b->body = NULL;
    b->made->loop = yg_loop_op_with_kept(b->loop->owner, &spec, b->error);
    if (!b->made->loop)
        return false;
    b->made->loop->is_gradient = true;
    b->made->loop->depth = b->loop->depth;
    return true;
}

/* Fails if the gradient needs a carry that could not be kept. */
static bool check_carries(builder *b) {
    for (size_t i = 0; i < b->spec->carry_count; i++) {
        if (b->computed[b->copy[b->spec->carries[i]]])
            return yg_fail(b->error, YG_ERROR_SHAPE, b->draft->at,
                           "the gradient of a loop needs carry %zu of each iteration, but a tensor "
                           "of them has too many dimensions",
                           i);
    }
    return true;
}

static bool build(builder *b) {
    if (!allocate(b))
        return yg_fail_memory(b->error);
    if (!copy_body(b) || !differentiate(b))
        return yg_fail_as(b->error, &b->draft->error);
    list_results(b);
    if (b->draft->error.code)
        return yg_fail_as(b->error, &b->draft->error);
    if (b->carry_count + b->output_count == 0)
        return true; /* no operand has a cotangent */
    if (!build_body(b) || !check_carries(b))
        return false;
    list_operands(b);
    finish_lists(b);
    if (b->body->error.code)
        return yg_fail_as(b->error, &b->body->error);
    return list_sources(b) && make_operator(b);
}

static yg_loop_gradient *new_gradient(yg_loop_op *loop, const yg_node *dy, yg_error *error) {
    yg_loop_gradient *made = calloc(1, sizeof *made);
    const size_t operands = (size_t)loop->op.min_operands;
    if (made) {
        made->present = calloc(loop->result_count, sizeof *made->present);
        made->found_at = malloc((operands + 1) * sizeof *made->found_at);
    }
    if (!made || !made->present || !made->found_at) {
        yg_loop_gradients_free(made);
        yg_fail_memory(error);
        return NULL;
    }
    for (size_t r = 0; r < loop->result_count; r++)
        made->present[r] = dy[r] != YG_NONE;
    builder b = {.loop = loop, .spec = &loop->spec, .made = made, .error = error};
    const bool good = build(&b);
    yg_graph_free(b.body);
    release(&b);
    if (!good) {
        yg_loop_gradients_free(made);
        return NULL;
    }
    made->next = loop->gradients;
    return loop->gradients = made;
}

/* The gradient for those results that have a cotangent in dy. */
static yg_loop_gradient *find_gradient(yg_loop_op *loop, const yg_node *dy, yg_error *error) {
    for (yg_loop_gradient *made = loop->gradients; made; made = made->next) {
        bool same = true;
        for (size_t r = 0; r < loop->result_count && same; r++)
            same = made->present[r] == (dy[r] != YG_NONE);
        if (same)
            return made;
    }
    return new_gradient(loop, dy, error);
}

/* -------------------------------------------------------------------------------- the node -- */

static yg_node operand_from(yg_graph *graph, yg_node y, const yg_node *dy, const source *from) {
    switch (from->kind) {
    case FROM_COTANGENT:
        return dy[from->index];
    case FROM_RESULT:
        return y + (yg_node)from->index;
    case FROM_OPERAND:
        return graph->records[y].operands[from->index];
    case FROM_NOTHING:
        break;
    }
    return yg_full(graph, graph->records[graph->records[y].operands[from->index]].type, -0.0);
}

static yg_loop_node *new_node(yg_graph *graph, size_t loop_results, size_t results) {
    yg_loop_node *node = yg_pool_take(graph->pool, sizeof *node);
    yg_node *nodes = yg_pool_take(graph->pool, (loop_results + results) * sizeof *nodes);
    if (!node || !nodes) {
        yg_fail_memory(&graph->error);
        return NULL;
    }
    node->dy = nodes;
    node->results = nodes + loop_results;
    return node;
}

static bool add_node(yg_graph *graph, const yg_loop_gradient *g, yg_node y, const yg_node *dy) {
    const size_t loop_results = yg_op_result_count(graph->records[y].op);
    const size_t count = (size_t)g->loop->op.min_operands;
    yg_loop_node *node = new_node(graph, loop_results, g->loop->result_count);
    yg_node *operands = malloc((count + 1) * sizeof *operands);
    if (!operands)
        yg_fail_memory(&graph->error);
    graph->latest_gradient = NULL;
    if (node && operands) {
        for (size_t k = 0; k < count; k++)
            operands[k] = operand_from(graph, y, dy, &g->sources[k]);
        const yg_attr within = graph->records[y].attrs[YG_LOOP_WITHIN];
        node->gradient = g;
        node->y = y;
        memcpy(node->dy, dy, loop_results * sizeof *dy);
        if (!graph->error.code && yg_loop_apply(graph, g->loop, operands, &within, node->results))
            graph->latest_gradient = node;
    }
    free(operands);
    return graph->latest_gradient != NULL;
}

static bool is_latest(const yg_graph *graph, yg_node y, const yg_node *dy) {
    const yg_loop_node *node = graph->latest_gradient;
    return node && node->y == y &&
           memcmp(node->dy, dy, yg_op_result_count(graph->records[y].op) * sizeof *dy) == 0;
}

yg_node yg_loop_vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    if (!is_latest(graph, y, dy)) {
        const yg_loop_gradient *g =
            find_gradient(yg_loop_of(graph->records[y].op), dy, &graph->error);
        if (!g || !g->loop || !add_node(graph, g, y, dy))
            return YG_NONE;
    }
    const yg_loop_node *node = graph->latest_gradient;
    const size_t found_at = node->gradient->found_at[k];
    return found_at == NOWHERE ? YG_NONE : node->results[found_at];
}
