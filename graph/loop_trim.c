/*
 * Trims the loops of the graph that is being compiled: each gets an operator of its own, without
 * what the program does not read. Results that nothing reads go, then carries that only they need,
 * then operands. The rewriting rules are applied to what is left of the body. Loops in the body are
 * trimmed too.
 *
 * This is done before it is decided which loops are unrolled, so that both ways run the same body.
 */
#include "loop_op.h"

#include <stdlib.h>
#include <string.h>

/* What a loop's node still has to compute. */
typedef struct trimming {
    yg_compiler *compiler;
    const yg_loop_spec *from;
    yg_error *error;
    yg_node *stack;        /* nodes of the body that are reached, and their operands not yet */
    size_t depth;          /* entries of the stack */
    bool *reached;         /* by node of the body: a result that is read needs it */
    bool *is_read;         /* by result */
    yg_node *carry_of;     /* by node of the body: the index of the carry that it is, or YG_NONE */
    bool *is_carried;      /* by carry */
    yg_update *carried;    /* the carries that are left, and their next values */
    size_t carried_count;  /* entries of carried */
    yg_node *wanted;       /* the outputs that are left */
    size_t wanted_count;   /* entries of wanted */
    yg_node *nodes;        /* room for the arrays of the new spec */
    yg_program *rewritten; /* the body, with the rules applied */
} trimming;

static void release(trimming *t) {
    free(t->stack);
    free(t->reached);
    free(t->carry_of);
    free(t->is_carried);
    free(t->carried);
    free(t->wanted);
    free(t->nodes);
    yg_program_free(t->rewritten);
}

static bool allocate(trimming *t) {
    const yg_loop_spec *s = t->from;
    const size_t size = s->body->size + 1;
    const size_t nodes = 2 * s->carry_count + s->slice_count + s->captured_count + s->output_count;
    t->stack = malloc(size * sizeof *t->stack);
    t->reached = calloc(size, sizeof *t->reached);
    t->carry_of = malloc(size * sizeof *t->carry_of);
    t->is_carried = calloc(s->carry_count + 1, sizeof *t->is_carried);
    t->carried = malloc((s->carry_count + 1) * sizeof *t->carried);
    t->wanted = malloc((s->output_count + 1) * sizeof *t->wanted);
    t->nodes = malloc((nodes + 1) * sizeof *t->nodes);
    if (!t->stack || !t->reached || !t->carry_of || !t->is_carried || !t->carried || !t->wanted ||
        !t->nodes)
        return yg_fail_memory(t->error);
    memset(t->carry_of, 0xff, size * sizeof *t->carry_of); /* YG_NONE */
    for (size_t i = 0; i < s->carry_count; i++)
        t->carry_of[s->carries[i]] = (yg_node)i;
    return true;
}

static void reach(trimming *t, yg_node node) {
    if (!t->reached[node])
        t->stack[t->depth++] = node;
    t->reached[node] = true;
}

/* A carry that is reached needs its value after the iteration before. */
static void find_reached(trimming *t) {
    const yg_loop_spec *s = t->from;
    for (size_t i = 0; i < s->carry_count; i++) {
        t->is_carried[i] = t->is_read[i];
        if (t->is_read[i])
            reach(t, s->next[i]);
    }
    for (size_t j = 0; j < s->output_count; j++) {
        if (t->is_read[s->carry_count + j])
            reach(t, s->outputs[j]);
    }
    while (t->depth > 0) {
        const yg_node node = t->stack[--t->depth];
        const yg_record *record = &s->body->records[node];
        const yg_node carry = t->carry_of[node];
        for (uint32_t k = 0; k < record->operand_count; k++)
            reach(t, record->operands[k]);
        if (carry != YG_NONE) {
            t->is_carried[carry] = true;
            reach(t, s->next[carry]);
        }
    }
}

/* Applies the rules to the part of the body that is reached. */
static bool rewrite(trimming *t) {
    const yg_loop_spec *s = t->from;
    for (size_t i = 0; i < s->carry_count; i++) {
        if (t->is_carried[i])
            t->carried[t->carried_count++] = (yg_update){s->carries[i], s->next[i]};
    }
    for (size_t j = 0; j < s->output_count; j++) {
        if (t->is_read[s->carry_count + j])
            t->wanted[t->wanted_count++] = s->outputs[j];
    }
    t->rewritten = yg_compile_part(&(yg_request){.graph = s->body,
                                                 .outputs = t->wanted,
                                                 .output_count = t->wanted_count,
                                                 .updates = t->carried,
                                                 .update_count = t->carried_count},
                                   t->compiler->options, YG_COMPILE_GRAPH, t->error);
    return t->rewritten != NULL;
}

static const yg_node *take(yg_node **room, const yg_node *end) {
    const yg_node *array = *room;
    *room += end - array;
    return array;
}

/* Lists the operands that are left, in nodes of the rewritten body, and where they are among the
 * operands of the loop: `operands` is their index. */
static yg_loop_spec list_rest(trimming *t, const yg_node *given, yg_node *operands) {
    const yg_loop_spec *s = t->from;
    yg_loop_spec spec = {.iterations = s->iterations, .reversed = s->reversed, .unroll = s->unroll};
    const yg_graph *body = t->rewritten->graph;
    yg_node *room = t->nodes, *end = room;
    for (size_t i = 0; i < s->carry_count; i++) {
        if (t->is_carried[i]) {
            *end++ = yg_program_node(t->rewritten, s->carries[i]);
            *operands++ = given[i];
        }
    }
    spec.carry_count = (size_t)(end - room);
    spec.carries = take(&room, end);
    given += s->carry_count;
    for (size_t j = 0; j < s->slice_count; j++) {
        if (t->reached[s->slices[j]] && yg_program_node(t->rewritten, s->slices[j]) != YG_NONE) {
            *end++ = yg_program_node(t->rewritten, s->slices[j]);
            *operands++ = given[j];
        }
    }
    spec.slice_count = (size_t)(end - room);
    spec.slices = take(&room, end);
    given += s->slice_count;
    for (size_t k = 0; k < s->captured_count; k++) {
        if (t->reached[s->captured[k]] &&
            yg_program_node(t->rewritten, s->captured[k]) != YG_NONE) {
            *end++ = yg_program_node(t->rewritten, s->captured[k]);
            *operands++ = given[k];
        }
    }
    spec.captured_count = (size_t)(end - room);
    spec.captured = take(&room, end);
    for (size_t i = 0; i < t->carried_count; i++)
        *end++ = yg_program_node(t->rewritten, t->carried[i].value);
    spec.next = take(&room, end);
    for (size_t j = 0; j < t->wanted_count; j++)
        *end++ = yg_program_node(t->rewritten, t->wanted[j]);
    spec.outputs = room;
    spec.output_count = t->wanted_count;
    spec.body = (yg_graph *)(uintptr_t)body; /* the program owns it; the loop only reads it */
    return spec;
}

/* Adds the trimmed loop to the program's. */
static yg_loop_op *make_operator(trimming *t, const yg_loop_spec *spec) {
    yg_program *program = t->compiler->program;
    yg_loop_op *loop = yg_loop_op_new(NULL, spec, t->error);
    if (!loop)
        return NULL;
    loop->trimmed = t->rewritten;
    t->rewritten = NULL;
    loop->next = program->loops;
    return program->loops = loop;
}

/* ------------------------------------------------------------------------------- the graph -- */

/* A loop's node of the graph, and what becomes of it. */
typedef struct place {
    bool *is_read; /* by result: something reads it */
    yg_node *made; /* by result: its node in the clone, or YG_NONE */
} place;

typedef struct trimmed_graph {
    yg_clone clone;
    bool *live;
    place *places; /* by node; only those of loops are filled in */
} trimmed_graph;

/* The result of a loop that a node stands for; *loop is the loop's node. False for other nodes. */
static bool is_loop_result(const yg_graph *graph, yg_node node, yg_node *loop, size_t *result) {
    const yg_record *record = &graph->records[node];
    *loop = yg_is_result(record) ? record->operands[0] : node;
    *result = yg_is_result(record) ? (size_t)record->attrs[0].i : 0;
    return yg_loop_of(graph->records[*loop].op) != NULL;
}

static void note_read(trimmed_graph *g, yg_node node) {
    yg_node loop;
    size_t result;
    if (is_loop_result(g->clone.from.graph, node, &loop, &result) && g->places[loop].is_read)
        g->places[loop].is_read[result] = true;
}

static bool find_read(trimmed_graph *g) {
    const yg_request *request = &g->clone.from;
    const yg_graph *graph = request->graph;
    for (yg_node node = 0; node < graph->size; node++) {
        const yg_loop_op *loop = yg_loop_of(graph->records[node].op);
        if (!loop || !g->live[node])
            continue;
        place *at = &g->places[node];
        at->is_read = calloc(loop->result_count, sizeof *at->is_read);
        at->made = malloc(loop->result_count * sizeof *at->made);
        if (!at->is_read || !at->made)
            return yg_fail_memory(g->clone.compiler->error);
        memset(at->made, 0xff, loop->result_count * sizeof *at->made); /* YG_NONE */
    }
    for (size_t i = 0; i < request->output_count; i++)
        note_read(g, request->outputs[i]);
    for (size_t i = 0; i < request->update_count; i++)
        note_read(g, request->updates[i].value);
    for (yg_node node = 0; node < graph->size; node++) {
        const yg_record *record = &graph->records[node];
        for (uint32_t k = 0; g->live[node] && !yg_is_result(record) && k < record->operand_count;
             k++)
            note_read(g, record->operands[k]);
    }
    return true;
}

static yg_node append_result(yg_clone *d, const yg_loop_op *loop, yg_node first, size_t index) {
    yg_pool *pool = d->compiler->program->pool;
    yg_attr *attr = yg_pool_take(pool, sizeof *attr);
    yg_node *operand = yg_pool_take(pool, sizeof *operand);
    if (!attr || !operand) {
        yg_fail_memory(&d->to->error);
        return YG_NONE;
    }
    attr->i = (int64_t)index;
    *operand = first;
    return yg_store_append(d->to, &(yg_record){.op = &yg_result_op,
                                               .type = &loop->results[index],
                                               .operands = operand,
                                               .operand_count = 1,
                                               .attrs = attr,
                                               .name = "",
                                               .origin = d->to->records[first].origin});
}

/* Appends the node of a trimmed loop, and those of its results. `is_carried` is by carry of the
 * loop before. */
static bool append_loop(trimmed_graph *g, yg_node node, const yg_loop_op *loop,
                        const yg_node *operands, const trimming *t) {
    yg_clone *d = &g->clone;
    yg_record record = d->from.graph->records[node];
    const size_t count = (size_t)loop->op.min_operands;
    yg_node *mapped = yg_pool_take(d->compiler->program->pool, (count + 1) * sizeof *mapped);
    if (!mapped)
        return yg_fail_memory(d->compiler->error);
    for (size_t k = 0; k < count; k++)
        mapped[k] = d->made[operands[k]];
    record.op = &loop->op;
    record.type = loop->results;
    record.operands = mapped;
    record.operand_count = (uint32_t)count;
    const yg_node first = yg_store_append(d->to, &record);
    const size_t results = t->from->carry_count + t->from->output_count;
    for (size_t r = 0, made = 0; r < results && !d->to->error.code; r++) {
        if (r < t->from->carry_count ? !t->is_carried[r] : !t->is_read[r])
            continue;
        g->places[node].made[r] = made == 0 ? first : append_result(d, loop, first, made);
        made++;
    }
    return yg_clone_note(d, node);
}

static bool trim_loop(trimmed_graph *g, yg_node node) {
    yg_compiler *c = g->clone.compiler;
    const yg_record *record = &g->clone.from.graph->records[node];
    trimming t = {.compiler = c,
                  .from = &yg_loop_of(record->op)->spec,
                  .error = c->error,
                  .is_read = g->places[node].is_read};
    yg_node *operands = calloc(record->operand_count + (size_t)1, sizeof *operands);
    bool good = operands != NULL || yg_fail_memory(c->error);
    if (good && (good = allocate(&t))) {
        find_reached(&t);
        good = rewrite(&t);
    }
    if (good) {
        const yg_loop_spec spec = list_rest(&t, record->operands, operands);
        const yg_loop_op *loop = make_operator(&t, &spec);
        good = loop && append_loop(g, node, loop, operands, &t);
    }
    release(&t);
    free(operands);
    return good;
}

static bool copy_graph(trimmed_graph *g) {
    yg_clone *d = &g->clone;
    const yg_graph *graph = d->from.graph;
    d->merges = true;
    for (yg_node node = 0; node < graph->size; node++) {
        yg_node loop;
        size_t result;
        if (!g->live[node])
            continue;
        const bool of_loop = is_loop_result(graph, node, &loop, &result);
        if (!of_loop ? !yg_clone_copy(d, node) : loop == node && !trim_loop(g, node))
            return false;
        if (of_loop)
            d->made[node] = g->places[loop].made[result];
    }
    return yg_clone_end(d) && yg_clone_adopt(d);
}

static bool has_loop(const yg_graph *graph) {
    for (yg_node node = 0; node < graph->size; node++) {
        if (yg_loop_of(graph->records[node].op))
            return true;
    }
    return false;
}

bool yg_plan_trim_loops(yg_compiler *c) {
    if (!has_loop(c->graph))
        return true;
    /* Nodes that are dead do not count as readers even if the pass `dead` is left out: leaving out
     * a pass must not change which rules match in a body. */
    const size_t size = c->graph->size;
    yg_request request = yg_clone_request(c);
    request.keeps_dead = false;
    trimmed_graph g = {0};
    bool good = yg_clone_begin(&g.clone, c, &request);
    g.live = calloc(size, sizeof *g.live);
    g.places = calloc(size, sizeof *g.places);
    if (!g.live || !g.places)
        good = yg_fail_memory(c->error);
    if (good) {
        yg_clone_live(&request, g.live);
        good = find_read(&g) && copy_graph(&g);
    }
    for (size_t node = 0; g.places && node < size; node++) {
        free(g.places[node].is_read);
        free(g.places[node].made);
    }
    free(g.live);
    free(g.places);
    yg_clone_drop(&g.clone);
    return good;
}
