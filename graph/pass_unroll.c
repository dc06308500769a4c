/*
 * The pass `unroll`: puts T copies of its body in place of a short loop (yg_loop_unroll). Slices
 * become views of the sequences, and what a loop collects becomes a concatenation. It works in a
 * clone of the graph, round after round, since an unrolled body can have loops of its own.
 *
 * The copies compute what the loop would: the body is the same, with the rewriting rules already
 * applied, and a random operator has the stream of its iteration. Equal nodes merge. So the
 * gradient of an unrolled loop, unrolled too, does not compute again what the loop has computed.
 */
#include "loop_op.h"

#include <stdlib.h>
#include <string.h>

/* A loop that is unrolled. */
typedef struct expansion {
    yg_clone *clone;
    const yg_record *record; /* of its node */
    const yg_loop_spec *spec;
    yg_node **parts;    /* by slice: the slices of its sequence, or NULL */
    bool *needed;       /* by node of the body */
    bool *varies;       /* by node of the body: it may differ from iteration to iteration */
    yg_node *made;      /* by node of the body: its latest copy */
    yg_node *carries;   /* by carry: its value in this iteration, and its last one at the end */
    yg_node *collected; /* by output, by t */
} expansion;

/* One round. */
typedef struct unrolling {
    yg_clone clone;
    bool *live;
    expansion **done; /* by node: of a loop that is unrolled; otherwise NULL */
    yg_node **parts;  /* by node: of a sequence that such a loop has collected, its slices in the
                         clone; otherwise NULL */
} unrolling;

static void *take(yg_clone *d, size_t count, size_t size) {
    void *taken = yg_pool_take(d->compiler->program->pool, (count + 1) * size);
    if (!taken)
        yg_fail_memory(&d->to->error);
    return taken;
}

/* ------------------------------------------------------------------------- slices and parts -- */

/* Appends the node of an operator that the graph itself needs. */
static yg_node append(expansion *e, const yg_op *op, const yg_node *operands, size_t count,
                      const yg_attr *attrs, const yg_type *type) {
    yg_node *own = take(e->clone, count, sizeof *own);
    if (!own)
        return YG_NONE;
    memcpy(own, operands, count * sizeof *own);
    return yg_store_append_merged(e->clone->to, &(yg_record){.op = op,
                                                             .type = type,
                                                             .operands = own,
                                                             .operand_count = (uint32_t)count,
                                                             .attrs = attrs,
                                                             .name = "",
                                                             .origin = e->record->origin});
}

static yg_attr *default_attrs(expansion *e, const yg_op *op) {
    yg_attr *attrs = take(e->clone, op->attr_count, sizeof *attrs);
    if (attrs)
        yg_op_defaults(op, attrs);
    return attrs;
}

static yg_attr *attr_of(const yg_op *op, yg_attr *attrs, const char *name) {
    return &attrs[yg_op_attr(op, name)];
}

/* The same elements under another shape. */
static yg_node reshaped(expansion *e, yg_node x, const yg_type *type) {
    const yg_op *op = e->clone->to->ops->reshape;
    yg_attr *attrs = default_attrs(e, op);
    if (!attrs || x == YG_NONE)
        return YG_NONE;
    yg_attr *shape = attr_of(op, attrs, "shape");
    shape->count = type->rank;
    memcpy(shape->ints, type->shape, (size_t)type->rank * sizeof *shape->ints);
    return append(e, op, &x, 1, attrs, type);
}

/* The type of a sequence with `count` slices. */
static const yg_type *sequence_type(expansion *e, const yg_type *slice, int64_t count) {
    yg_type *type = take(e->clone, 1, sizeof *type);
    return type && yg_loop_sequence_type(slice, count, type, &e->clone->to->error) ? type : NULL;
}

static yg_node slice_at(expansion *e, size_t j, int64_t t) {
    if (e->parts[j])
        return e->parts[j][t];
    const yg_loop_spec *s = e->spec;
    const yg_op *op = e->clone->to->ops->slice;
    const yg_type *type = yg_node_type(s->body, s->slices[j]), *one = sequence_type(e, type, 1);
    const yg_node sequence = e->clone->made[e->record->operands[s->carry_count + j]];
    yg_attr *attrs = default_attrs(e, op);
    if (!attrs || !one)
        return YG_NONE;
    *attr_of(op, attrs, "start") = (yg_attr){.count = 1, .ints = {t}};
    *attr_of(op, attrs, "stop") = (yg_attr){.count = 1, .ints = {t + 1}};
    return reshaped(e, append(e, op, &sequence, 1, attrs, one), type);
}

/* The slices of one output as one tensor. */
static yg_node joined(expansion *e, const yg_node *parts, const yg_type *type) {
    const int64_t count = e->spec->iterations;
    const yg_op *op = e->clone->to->ops->concat;
    const yg_type *one = sequence_type(e, type, 1), *all = sequence_type(e, type, count);
    yg_attr *attrs = default_attrs(e, op);
    yg_node *rows = malloc((size_t)count * sizeof *rows);
    yg_node made = YG_NONE;
    if (!rows)
        yg_fail_memory(&e->clone->to->error);
    for (int64_t t = 0; rows && one && t < count; t++)
        rows[t] = reshaped(e, parts[t], one);
    if (attrs)
        attr_of(op, attrs, "dim")->i = 0;
    if (rows && one && all && attrs && !e->clone->to->error.code)
        made = count == 1 ? rows[0] : append(e, op, rows, (size_t)count, attrs, all);
    free(rows);
    return made;
}

/* ------------------------------------------------------------------------------ iterations -- */

static void release(expansion *e) {
    free(e->parts);
    free(e->needed);
    free(e->varies);
    free(e->made);
}

static bool allocate(expansion *e) {
    const yg_loop_spec *s = e->spec;
    const size_t size = s->body->size + 1;
    size_t collected;
    e->parts = calloc(s->slice_count + 1, sizeof *e->parts);
    e->needed = calloc(size, sizeof *e->needed);
    e->varies = calloc(size, sizeof *e->varies);
    e->made = malloc(size * sizeof *e->made);
    if (!e->parts || !e->needed || !e->varies || !e->made ||
        __builtin_mul_overflow(s->output_count, (size_t)s->iterations, &collected) ||
        collected > SIZE_MAX / 2 / sizeof *e->collected)
        return yg_fail_memory(&e->clone->to->error);
    e->carries = take(e->clone, s->carry_count, sizeof *e->carries);
    e->collected = take(e->clone, collected, sizeof *e->collected);
    return e->carries && e->collected;
}

static void find_nodes(expansion *e) {
    const yg_loop_spec *s = e->spec;
    yg_clone_live(&(yg_request){.graph = s->body,
                                .outputs = s->next,
                                .output_count = s->carry_count + s->output_count},
                  e->needed);
    yg_loop_find_varying(s, e->varies);
}

static void copy_node(expansion *e, yg_node node, int64_t t) {
    yg_graph *to = e->clone->to;
    yg_record record = e->spec->body->records[node];
    yg_node *operands = take(e->clone, record.operand_count, sizeof *operands);
    if (!operands)
        return;
    for (uint32_t k = 0; k < record.operand_count; k++)
        operands[k] = e->made[record.operands[k]];
    record.operands = operands;
    if (record.op->flags & YG_OP_RANDOM) {
        yg_attr *attrs = take(e->clone, record.op->attr_count, sizeof *attrs);
        if (!attrs)
            return;
        yg_loop_attrs(&record, &e->record->attrs[YG_LOOP_WITHIN], t, attrs);
        record.attrs = attrs;
    }
    e->made[node] = yg_store_append_merged(to, &record);
}

static bool copy_iteration(expansion *e, int64_t t, bool is_first) {
    const yg_loop_spec *s = e->spec;
    const yg_graph *body = s->body;
    const yg_node *given = e->record->operands;
    for (size_t i = 0; i < s->carry_count; i++)
        e->made[s->carries[i]] = e->carries[i];
    for (size_t j = 0; j < s->slice_count; j++)
        e->made[s->slices[j]] = slice_at(e, j, t);
    for (size_t k = 0; k < s->captured_count && is_first; k++)
        e->made[s->captured[k]] = e->clone->made[given[s->carry_count + s->slice_count + k]];
    for (yg_node node = 0; node < body->size && !e->clone->to->error.code; node++) {
        const yg_record *record = &body->records[node];
        const bool is_given = record->op->flags & YG_OP_LEAF && !record->data;
        if (e->needed[node] && !is_given && (is_first || e->varies[node]))
            copy_node(e, node, t);
    }
    for (size_t i = 0; i < s->carry_count; i++)
        e->carries[i] = e->made[s->next[i]];
    for (size_t j = 0; j < s->output_count; j++)
        e->collected[j * (size_t)s->iterations + (size_t)t] = e->made[s->outputs[j]];
    return !e->clone->to->error.code;
}

static bool copy_iterations(expansion *e) {
    const yg_loop_spec *s = e->spec;
    for (size_t i = 0; i < s->carry_count; i++)
        e->carries[i] = e->clone->made[e->record->operands[i]];
    for (int64_t n = 0; n < s->iterations; n++) {
        const int64_t t = s->reversed ? s->iterations - 1 - n : n;
        if (!copy_iteration(e, t, n == 0))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------- the graph -- */

/* Copies the body of loop `node` T times. */
static bool expand(unrolling *u, yg_node node) {
    const yg_record *record = &u->clone.from.graph->records[node];
    expansion *e = u->done[node] = take(&u->clone, 1, sizeof *e);
    if (!e)
        return false;
    *e = (expansion){.clone = &u->clone, .record = record, .spec = &yg_loop_of(record->op)->spec};
    bool good = allocate(e);
    if (good) {
        for (size_t j = 0; j < e->spec->slice_count; j++)
            e->parts[j] = u->parts[record->operands[e->spec->carry_count + j]];
        find_nodes(e);
        good = copy_iterations(e);
    }
    release(e);
    return good;
}

/* Sets what node `node`, a result of a loop that is unrolled, has become. */
static void set_result(unrolling *u, expansion *e, yg_node node, size_t result) {
    const yg_loop_spec *s = e->spec;
    if (result < s->carry_count) {
        u->clone.made[node] = e->carries[result];
        return;
    }
    const size_t j = result - s->carry_count;
    u->parts[node] = e->collected + j * (size_t)s->iterations;
    u->clone.made[node] = joined(e, u->parts[node], yg_node_type(s->body, s->outputs[j]));
}

static bool copy_or_unroll(unrolling *u, yg_node node) {
    const yg_record *record = &u->clone.from.graph->records[node];
    const yg_loop_op *loop = yg_loop_of(record->op);
    if (loop && yg_loop_is_short(loop) && !expand(u, node)) {
        yg_clone_note(&u->clone, node); /* passes the error on */
        return false;
    }
    expansion *e = u->done[yg_is_result(record) ? record->operands[0] : node];
    if (!e)
        return yg_clone_copy(&u->clone, node);
    set_result(u, e, node, yg_is_result(record) ? (size_t)record->attrs[0].i : 0);
    return yg_clone_note(&u->clone, node);
}

static bool copy_graph(unrolling *u) {
    yg_clone *d = &u->clone;
    d->merges = true;
    for (yg_node node = 0; node < d->from.graph->size; node++) {
        if (u->live[node] && !copy_or_unroll(u, node))
            return false;
    }
    return yg_clone_end(d) && yg_clone_adopt(d);
}

static bool unroll_once(yg_compiler *c) {
    const size_t size = c->graph->size;
    const yg_request request = yg_clone_request(c);
    unrolling u = {0};
    bool good = yg_clone_begin(&u.clone, c, &request);
    u.live = calloc(size, sizeof *u.live);
    u.done = calloc(size, sizeof *u.done);
    u.parts = calloc(size, sizeof *u.parts);
    if (!u.live || !u.done || !u.parts)
        good = yg_fail_memory(c->error);
    if (good) {
        yg_clone_live(&request, u.live);
        good = copy_graph(&u);
    }
    free(u.live);
    free(u.done);
    free(u.parts);
    yg_clone_drop(&u.clone);
    return good;
}

static bool has_short_loop(const yg_graph *graph) {
    if (!graph->ops->slice || !graph->ops->concat || !graph->ops->reshape)
        return false;
    for (yg_node node = 0; node < graph->size; node++) {
        const yg_loop_op *loop = yg_loop_of(graph->records[node].op);
        if (loop && yg_loop_is_short(loop))
            return true;
    }
    return false;
}

bool yg_plan_unroll(yg_compiler *c) {
    while (has_short_loop(c->graph)) {
        if (!unroll_once(c))
            return false;
    }
    return true;
}
