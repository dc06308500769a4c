/*
 * Builds a loop: checks what a caller gives, makes the operator, and adds its node.
 */
#include "loop_op.h"
#include "random.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------- the operator -- */

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    (void)error;
    const yg_loop_op *loop = yg_loop_of(call->op);
    memcpy(results, loop->results, loop->result_count * sizeof *results);
    return true;
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    const yg_loop_op *loop = yg_loop_of(call->op);
    plan->flops = loop->flops * (double)loop->spec.iterations;
}

yg_loop_op *yg_loop_of(const yg_op *op) {
    return op->plan == plan ? (yg_loop_op *)(uintptr_t)op : NULL;
}

/* yg_op.vjp of a loop with one result. */
static yg_node vjp_of_one(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    return yg_loop_vjp(graph, y, &dy, k);
}

static const yg_attr_spec attrs[] = {
    [YG_LOOP_WITHIN] = {.name = "within",
                        .kind = YG_ATTR_INTS,
                        .doc = "what the streams of its random operators pass through"},
};

bool yg_loop_sequence_type(const yg_type *slice, int64_t iterations, yg_type *type,
                           yg_error *error) {
    int64_t shape[YG_MAX_RANK + 1] = {iterations};
    memcpy(shape + 1, slice->shape, (size_t)slice->rank * sizeof *shape);
    return yg_type_make(slice->dtype, slice->rank + 1, shape, type, error);
}

static bool list_results(yg_loop_op *loop, yg_error *error) {
    const yg_loop_spec *s = &loop->spec;
    for (size_t i = 0; i < s->carry_count; i++)
        loop->results[i] = *yg_node_type(s->body, s->next[i]);
    for (size_t j = 0; j < s->output_count; j++) {
        if (!yg_loop_sequence_type(yg_node_type(s->body, s->outputs[j]), s->iterations,
                                   &loop->results[s->carry_count + j], error))
            return false;
    }
    return true;
}

bool yg_loop_is_short(const yg_loop_op *loop) {
    if (loop->spec.unroll != YG_UNROLL_SHORT)
        return loop->spec.unroll == YG_UNROLL_ALWAYS;
    return (double)loop->spec.iterations * loop->nodes <= YG_UNROLL_NODES;
}

/* Adds up what the nodes that the results need cost. */
static bool measure(yg_loop_op *loop, yg_error *error) {
    const yg_graph *body = loop->spec.body;
    bool *live = calloc(body->size + 1, sizeof *live);
    if (!live)
        return yg_fail_memory(error);
    yg_clone_live(&(yg_request){.graph = body,
                                .outputs = loop->spec.next,
                                .output_count = loop->spec.carry_count + loop->spec.output_count},
                  live);
    for (yg_node node = 0; node < body->size; node++) {
        const yg_record *record = &body->records[node];
        const yg_loop_op *inner = yg_loop_of(record->op);
        loop->is_random |= live[node] && (record->op->flags & YG_OP_RANDOM) != 0;
        if (!live[node] || record->op->flags & YG_OP_LEAF)
            continue;
        loop->nodes +=
            inner && yg_loop_is_short(inner) ? (double)inner->spec.iterations * inner->nodes : 1;
        if (!(record->op->flags & YG_OP_VIEW))
            loop->flops += yg_plan_of_node(body, node, false).flops;
    }
    free(live);
    return true;
}

static const yg_node *keep(yg_node **room, const yg_node *nodes, size_t count) {
    yg_node *kept = *room;
    if (count > 0)
        memcpy(kept, nodes, count * sizeof *kept);
    *room += count;
    return kept;
}

/* Copies the arrays of the spec. `next` and `outputs` are neighbours: together they are all results
 * of the body. */
static bool keep_spec(yg_loop_op *loop, const yg_loop_spec *s) {
    loop->result_count = s->carry_count + s->output_count;
    const size_t count = 2 * s->carry_count + s->slice_count + s->captured_count + s->output_count;
    yg_node *room = loop->arrays = malloc((count + 1) * sizeof *room);
    loop->results = malloc((loop->result_count + 1) * sizeof *loop->results);
    if (!room || !loop->results)
        return false;
    loop->spec = *s;
    loop->spec.carries = keep(&room, s->carries, s->carry_count);
    loop->spec.slices = keep(&room, s->slices, s->slice_count);
    loop->spec.captured = keep(&room, s->captured, s->captured_count);
    loop->spec.next = keep(&room, s->next, s->carry_count);
    loop->spec.outputs = keep(&room, s->outputs, s->output_count);
    return true;
}

static void describe(yg_loop_op *loop) {
    const yg_loop_spec *s = &loop->spec;
    const int operands = (int)(s->carry_count + s->slice_count + s->captured_count);
    loop->op = (yg_op){
        .name = "loop",
        .formula = "carries, y[t] = body(carries, x[t], w)",
        .group = "loop",
        .min_operands = operands,
        .max_operands = operands,
        .attrs = attrs,
        .attr_count = sizeof attrs / sizeof *attrs,
        .flags = YG_OP_INTERNAL | (loop->is_random ? YG_OP_RANDOM : 0),
        .results = loop->result_count > 1 ? (int)loop->result_count : 0,
        .infer = infer,
        .plan = plan,
    };
    if (loop->result_count > 1)
        loop->op.vjp_all = yg_loop_vjp;
    else
        loop->op.vjp = vjp_of_one;
    for (int d = 0; d < YG_DTYPE_COUNT; d++)
        loop->op.kernel[d] = yg_loop_run;
}

static void free_loop(yg_loop_op *loop) {
    yg_loop_gradients_free(loop->gradients);
    if (loop->owner)
        yg_graph_free(loop->spec.body);
    yg_program_free(loop->trimmed);
    free(loop->arrays);
    free(loop->results);
    free(loop);
}

void yg_loop_ops_free(yg_loop_op *first) {
    while (first) {
        yg_loop_op *next = first->next;
        free_loop(first);
        first = next;
    }
}

yg_loop_op *yg_loop_op_new(yg_graph *owner, const yg_loop_spec *spec, yg_error *error) {
    yg_loop_op *loop = calloc(1, sizeof *loop);
    if (!loop) {
        if (owner)
            yg_graph_free(spec->body);
        yg_fail_memory(error);
        return NULL;
    }
    loop->owner = owner;
    loop->spec.body = spec->body;
    if (!keep_spec(loop, spec)) {
        yg_fail_memory(error);
        free_loop(loop);
        return NULL;
    }
    if (!list_results(loop, error) || !measure(loop, error)) {
        free_loop(loop);
        return NULL;
    }
    describe(loop);
    if (owner) {
        loop->next = owner->loops;
        owner->loops = loop;
    }
    return loop;
}

/* --------------------------------------------------------------------------- random numbers -- */

int64_t yg_loop_stream(int64_t stream, int64_t t) {
    uint32_t word[4];
    yg_philox(yg_random_key("loop"), (uint64_t)stream, (uint64_t)t, word);
    return (int64_t)(((uint64_t)word[0] << 32 | word[1]) >> 1);
}

void yg_loop_attrs(const yg_record *record, const yg_attr *within, int64_t t, yg_attr *room) {
    const yg_op *op = record->op;
    memcpy(room, record->attrs, op->attr_count * sizeof *room);
    if (yg_loop_of(op)) {
        yg_attr *inner = &room[YG_LOOP_WITHIN];
        inner->ints[inner->count++] = t;
        for (int64_t i = 0; i < within->count; i++)
            inner->ints[inner->count++] = within->ints[i];
        return;
    }
    yg_attr *stream = &room[yg_op_attr(op, "stream")];
    stream->i = yg_loop_stream(stream->i, t);
    for (int64_t i = 0; i < within->count; i++)
        stream->i = yg_loop_stream(stream->i, within->ints[i]);
}

/* Fails if a random operator of the body has no stream that a loop could change, or if loops are
 * nested so deep that the attribute `within` would not hold all their iterations. */
static bool check_random(yg_graph *graph, const yg_graph *body, int64_t *depth) {
    for (yg_node node = 0; node < body->size; node++) {
        const yg_record *record = &body->records[node];
        const yg_loop_op *inner = yg_loop_of(record->op);
        if (!(record->op->flags & YG_OP_RANDOM))
            continue;
        if (!inner &&
            (record->op->flags & YG_OP_ELEMENTWISE || yg_op_attr(record->op, "stream") < 0)) {
            yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                          "%s in a loop's body draws random numbers that cannot be told apart "
                          "by iteration",
                          record->op->name);
            return false;
        }
        if (inner && inner->depth + record->attrs[YG_LOOP_WITHIN].count + 1 > *depth)
            *depth = inner->depth + record->attrs[YG_LOOP_WITHIN].count + 1;
    }
    if (*depth >= YG_MAX_RANK)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "loops that draw random numbers are nested too deep");
    return !graph->error.code;
}

/* What the streams of a new loop pass through: its number, unless it is the first. */
static yg_attr number_of(const yg_graph *graph, const yg_loop_op *loop) {
    int64_t before = 0;
    for (const yg_loop_op *other = graph->loops; other; other = other->next)
        before += other != loop && other->is_random && !other->is_gradient;
    if (!loop->is_random || before == 0)
        return (yg_attr){0};
    return (yg_attr){.count = 1, .ints = {-before}};
}

/* -------------------------------------------------------------------------------- checking -- */

static bool list_inputs(yg_graph *graph, const yg_graph *body, const yg_node *inputs, size_t count,
                        bool *listed) {
    for (size_t i = 0; i < count; i++) {
        const yg_node node = inputs[i];
        if (node >= body->size || !yg_node_is_input(body, node) || listed[node]) {
            yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                          node < body->size && listed[node]
                              ? "an input of a loop's body is listed twice"
                              : "a loop's body has no input for operand %zu",
                          i);
            return false;
        }
        listed[node] = true;
    }
    return true;
}

/* Each input of the body must be listed once: the loop fills in those only. */
static bool check_inputs(yg_graph *graph, const yg_loop_spec *s) {
    const yg_graph *body = s->body;
    bool *listed = calloc(body->size + 1, sizeof *listed);
    if (!listed)
        return yg_fail_memory(&graph->error);
    bool good = list_inputs(graph, body, s->carries, s->carry_count, listed) &&
                list_inputs(graph, body, s->slices, s->slice_count, listed) &&
                list_inputs(graph, body, s->captured, s->captured_count, listed);
    for (yg_node node = 0; good && node < body->size; node++) {
        const yg_record *record = &body->records[node];
        good = !(record->op->flags & YG_OP_LEAF) || record->data || listed[node];
        if (!good)
            yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                          "the %s '%s' of a loop's body is no carry, slice or captured tensor",
                          record->op->name, record->name);
    }
    free(listed);
    return good;
}

static bool check_results(yg_graph *graph, const yg_loop_spec *s) {
    const yg_graph *body = s->body;
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    for (size_t i = 0; i < s->carry_count; i++) {
        if (s->next[i] >= body->size)
            yg_graph_fail(graph, YG_ERROR_ARGUMENT, "a loop's body does not compute carry %zu", i);
        else if (!yg_type_equal(body->records[s->next[i]].type, body->records[s->carries[i]].type))
            yg_graph_fail(graph, YG_ERROR_SHAPE,
                          "a loop's carry %zu is %s, and of another type after an iteration: %s", i,
                          yg_type_text(body->records[s->carries[i]].type, a),
                          yg_type_text(body->records[s->next[i]].type, b));
    }
    for (size_t j = 0; j < s->output_count && !graph->error.code; j++) {
        if (s->outputs[j] >= body->size)
            yg_graph_fail(graph, YG_ERROR_ARGUMENT, "a loop's body does not compute output %zu", j);
    }
    return !graph->error.code;
}

/* Fails if the body has effects. The gradient of a loop may run a part of its body again, so an
 * effect would be seen twice. */
static bool check_effects(yg_graph *graph, const yg_graph *body) {
    for (yg_node node = 0; node < body->size; node++) {
        if (!yg_has_effects(body, node))
            continue;
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "%s has effects: it cannot be in a loop's body",
                      body->records[node].op->name);
        return false;
    }
    return true;
}

static bool check(yg_graph *graph, const yg_loop_spec *s, int64_t *depth) {
    const size_t operands = s->carry_count + s->slice_count + s->captured_count;
    if (yg_graph_error(s->body)) {
        yg_fail_as(&graph->error, yg_graph_error(s->body));
        return false;
    }
    if (s->iterations < 1 || s->carry_count + s->output_count == 0 || operands == 0 ||
        operands > INT_MAX) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "a loop has an operand, a result and an iteration at least");
        return false;
    }
    return check_inputs(graph, s) && check_results(graph, s) && check_effects(graph, s->body) &&
           check_random(graph, s->body, depth);
}

static bool check_operand(yg_graph *graph, const yg_loop_spec *s, yg_node given, yg_node input,
                          bool is_sequence) {
    const yg_type *slice = yg_node_type(s->body, input);
    const yg_type *found = given < graph->size ? graph->records[given].type : NULL;
    yg_type wanted = *slice;
    const bool fits =
        found && (!is_sequence || yg_loop_sequence_type(slice, s->iterations, &wanted, NULL)) &&
        yg_type_equal(found, &wanted);
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!fits)
        yg_graph_fail(graph, YG_ERROR_SHAPE, "a loop's body reads %s%s, which does not fit %s",
                      yg_type_text(slice, a), is_sequence ? " an iteration" : "",
                      found ? yg_type_text(found, b) : "what is no node of this graph");
    return fits;
}

/* ----------------------------------------------------------------------- what gradients read -- */

void yg_loop_find_varying(const yg_loop_spec *s, bool *varies) {
    for (size_t i = 0; i < s->carry_count; i++)
        varies[s->carries[i]] = true;
    for (size_t j = 0; j < s->slice_count; j++)
        varies[s->slices[j]] = true;
    for (yg_node node = 0; node < s->body->size; node++) {
        const yg_record *record = &s->body->records[node];
        varies[node] |= (record->op->flags & YG_OP_RANDOM) != 0;
        for (uint32_t k = 0; k < record->operand_count; k++)
            varies[node] |= varies[record->operands[k]];
    }
}

/* Whether the loop can keep a node for its gradients. What is cheap to make again is not kept, nor
 * is what is the same in each iteration. */
static bool is_kept(const yg_loop_spec *s, yg_node node, const bool *varies) {
    const yg_record *record = &s->body->records[node];
    yg_type type;
    return varies[node] && !(record->op->flags & (YG_OP_LEAF | YG_OP_VIEW)) &&
           record->op != s->body->ops->broadcast &&
           yg_loop_sequence_type(record->type, s->iterations, &type, NULL);
}

/* Appends to the caller's outputs what only gradients read: carries, then other nodes. */
static bool list_outputs(const yg_loop_spec *s, yg_node *outputs, size_t *count) {
    bool *varies = calloc(s->body->size + 1, sizeof *varies);
    bool *listed = calloc(s->body->size + 1, sizeof *listed);
    yg_type type;
    if (varies && listed) {
        *count = 0;
        yg_loop_find_varying(s, varies);
        for (size_t j = 0; j < s->output_count; j++) {
            outputs[(*count)++] = s->outputs[j];
            listed[s->outputs[j]] = true;
        }
        for (size_t i = 0; i < s->carry_count; i++) {
            const yg_node node = s->carries[i];
            if (!listed[node] &&
                yg_loop_sequence_type(yg_node_type(s->body, node), s->iterations, &type, NULL))
                outputs[(*count)++] = node;
        }
        for (yg_node node = 0; node < s->body->size; node++) {
            if (!listed[node] && is_kept(s, node, varies))
                outputs[(*count)++] = node;
        }
    }
    const bool good = varies && listed;
    free(varies);
    free(listed);
    return good;
}

yg_loop_op *yg_loop_op_with_kept(yg_graph *owner, const yg_loop_spec *spec, yg_error *error) {
    yg_loop_spec wider = *spec;
    yg_node *outputs =
        malloc((spec->output_count + spec->carry_count + spec->body->size + 1) * sizeof *outputs);
    yg_loop_op *loop = NULL;
    for (size_t i = 0; i < spec->carry_count; i++)
        spec->body->records[spec->carries[i]].op = &yg_leaf_parameter;
    if (outputs && list_outputs(spec, outputs, &wider.output_count)) {
        wider.outputs = outputs;
        loop = yg_loop_op_new(owner, &wider, error);
    } else {
        yg_graph_free(spec->body);
        yg_fail_memory(error);
    }
    free(outputs);
    return loop;
}

/* -------------------------------------------------------------------------------- the node -- */

bool yg_loop_apply(yg_graph *graph, const yg_loop_op *loop, const yg_node *operands,
                   const yg_attr *within, yg_node *results) {
    return yg_apply_all(graph, &loop->op, operands, (size_t)loop->op.min_operands, within, results,
                        loop->result_count) == loop->result_count;
}

static bool check_operands(yg_graph *graph, const yg_loop_spec *s, const yg_node *starts,
                           const yg_node *sequences, const yg_node *captured) {
    bool good = true;
    for (size_t i = 0; good && i < s->carry_count; i++)
        good = check_operand(graph, s, starts[i], s->carries[i], false);
    for (size_t j = 0; good && j < s->slice_count; j++)
        good = check_operand(graph, s, sequences[j], s->slices[j], true);
    for (size_t k = 0; good && k < s->captured_count; k++)
        good = check_operand(graph, s, captured[k], s->captured[k], false);
    return good;
}

/* A loop while it is being built. */
typedef struct loop_call {
    yg_loop_spec spec;
    yg_node *captured; /* what the body captures */
    yg_node *operands; /* of the node: starts, sequences, captured tensors */
    yg_node *results;  /* of the node */
    int64_t depth;     /* yg_loop_op.depth */
} loop_call;

static bool begin(yg_graph *graph, loop_call *call, const yg_node *starts, const yg_node *sequences,
                  const yg_node *captured) {
    yg_loop_spec *s = &call->spec;
    const size_t before = s->carry_count + s->slice_count, most = s->captured_count + s->body->size;
    call->captured = malloc((most + 1) * sizeof *call->captured);
    call->operands = malloc((before + most + 1) * sizeof *call->operands);
    if (!call->captured || !call->operands)
        return yg_fail_memory(&graph->error);
    yg_node *room = call->operands;
    keep(&room, starts, s->carry_count);
    keep(&room, sequences, s->slice_count);
    keep(&room, captured, s->captured_count);
    room = call->captured;
    keep(&room, s->captured, s->captured_count);
    s->captured = call->captured;
    return yg_loop_hoist(graph, s, call->captured, call->operands + before, &s->captured_count);
}

/* Takes over the body. */
static bool add_node(yg_graph *graph, loop_call *call) {
    yg_loop_op *loop = yg_loop_op_with_kept(graph, &call->spec, &graph->error);
    if (!loop)
        return false;
    loop->depth = call->depth;
    call->results = malloc(loop->result_count * sizeof *call->results);
    if (!call->results)
        return yg_fail_memory(&graph->error);
    const yg_attr within = number_of(graph, loop);
    return yg_loop_apply(graph, loop, call->operands, &within, call->results);
}

const yg_loop_spec *yg_loop_spec_of(const yg_op *op) {
    const yg_loop_op *loop = yg_loop_of(op);
    return loop ? &loop->spec : NULL;
}

bool yg_loop(yg_graph *graph, const yg_loop_spec *spec, const yg_node *starts,
             const yg_node *sequences, const yg_node *captured, yg_node *finals, yg_node *outputs) {
    loop_call call = {.spec = *spec};
    bool good = !graph->error.code && check(graph, spec, &call.depth) &&
                check_operands(graph, spec, starts, sequences, captured) &&
                begin(graph, &call, starts, sequences, captured);
    if (!good)
        yg_graph_free(spec->body);
    else
        good = add_node(graph, &call);
    for (size_t i = 0; good && i < spec->carry_count; i++)
        finals[i] = call.results[i];
    for (size_t j = 0; good && j < spec->output_count; j++)
        outputs[j] = call.results[spec->carry_count + j];
    free(call.captured);
    free(call.operands);
    free(call.results);
    return good;
}
