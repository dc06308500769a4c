/*
 * The pass `recompute`: trades time for memory. A value that must wait in memory is dropped, and
 * computed again just before it is read. Train's `recompute: true` asks for it.
 *
 * It works in rounds. A round:
 * 1. finds the node where the most memory is in use, the peak (liveness.h);
 * 2. lists the values that are alive at the peak but not read there: the candidates;
 * 3. drops those that free the most bytes for each operation of computing them again;
 * 4. builds the new graph, in which a copy of each dropped value stands before its next reader. If
 *    the copy needs values that are no longer in memory, they are copied too; that is part of the
 *    price.
 *
 * If the peak does not fall enough for the time it costs, the new graph is thrown away, and the
 * next round drops less. The number of rounds is bounded.
 *
 * In a network of equal layers, cheap values go first (an activation whose operand is kept). Then
 * every second layer is dropped, then every second of the rest: the distance between two kept
 * layers doubles.
 *
 * A copy has the bits of the original, a random operator too: its bits depend only on the seed, its
 * attributes and the step.
 */
#include "liveness.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS      32
#define CHAIN_LIMIT 256   /* the most nodes that computing one dropped value again may take … */
#define CHAIN_READS 1024  /* … and the most operands that they may have */
#define ROUND_SHARE 8     /* a round frees at most 1/8 of the peak; less after a failed one */
#define LEAST_SHARE 128   /* below 1/128 of the peak it is not worth trying */
#define LEAST_FALL  0.005 /* a round must lower the peak by at least this part of it */
#define MOST_PRICE  4.0   /* lowering the peak by x % may cost at most 4x % more operations */

typedef struct candidate {
    yg_node node;
    double ratio; /* bytes freed for each floating-point operation: see ratio_of() */
} candidate;

typedef struct round {
    yg_compiler *compiler;
    yg_request request; /* the graph as it is before the round */
    yg_liveness lives;
    yg_node *next;      /* by root: its first reader after the peak, or YG_NONE */
    yg_node *until;     /* by parameter: the update that is written over it, or YG_NONE */
    bool *dropped;      /* by root: it is not kept over the peak */
    bool *remade;       /* by node: it has been computed again, and the copy is kept */
    bool *listed;       /* by node: it is in `chain` */
    yg_node *chain;     /* the nodes that must be computed again for one value */
    size_t chain_count; /* entries of `chain` */
    yg_node *stack;     /* scratch, with room for every node */
    candidate *candidates;
    size_t candidate_count, dropped_count;
} round;

static void release(round *r) {
    yg_liveness_free(&r->lives);
    free(r->next);
    free(r->until);
    free(r->dropped);
    free(r->remade);
    free(r->listed);
    free(r->chain);
    free(r->stack);
    free(r->candidates);
    *r = (round){0};
}

static bool prepare(round *r, yg_compiler *c) {
    const size_t size = c->graph->size + 1;
    *r = (round){.compiler = c, .request = yg_clone_request(c)};
    r->next = malloc(size * sizeof *r->next);
    r->until = malloc(size * sizeof *r->until);
    r->dropped = calloc(size, sizeof *r->dropped);
    r->remade = calloc(size, sizeof *r->remade);
    r->listed = calloc(size, sizeof *r->listed);
    r->chain = malloc(size * sizeof *r->chain);
    r->stack = malloc(size * sizeof *r->stack);
    r->candidates = malloc(size * sizeof *r->candidates);
    if (!r->next || !r->until || !r->dropped || !r->remade || !r->listed || !r->chain ||
        !r->stack || !r->candidates)
        return yg_fail_memory(c->error);
    memset(r->next, 0xff, size * sizeof *r->next);   /* YG_NONE */
    memset(r->until, 0xff, size * sizeof *r->until); /* YG_NONE */
    for (size_t i = 0; i < c->update_count; i++)
        r->until[c->updates[i].parameter] = c->updates[i].value;
    return yg_liveness_make(&r->request, &r->lives, c->error);
}

/* ----------------------------------------------------------------------------------- a chain -- */

/* Whether a node has to be computed again if node `when` is to read it: it was dropped, was never
 * in memory, or its last reader comes before `when`. */
static bool is_needed(const round *r, yg_node node, yg_node when) {
    const yg_liveness *l = &r->lives;
    const yg_node root = l->root[node];
    const yg_record *record = &l->graph->records[root];
    const yg_node kernel = yg_is_result(record) ? record->operands[0] : root;
    if (record->op->flags & YG_OP_LEAF || yg_has_effects(l->graph, kernel) || r->remade[node] ||
        r->listed[node])
        return false;
    return r->dropped[root] || l->bytes[root] == 0 || l->last[root] < when;
}

/* Fills `chain` with the nodes that have to be computed again so that node `when` can read `node`,
 * `node` included. With `limited`, false if they or their operands are too many. Without the limit
 * on operands, each part of a long list would cost a walk through the whole list. Call end_chain()
 * in any case. */
static bool list_chain(round *r, yg_node node, yg_node when, bool limited) {
    size_t depth = 0, reads = 0;
    r->stack[depth++] = r->chain[r->chain_count++] = node;
    r->listed[node] = true;
    while (depth > 0) {
        const yg_record *record = &r->lives.graph->records[r->stack[--depth]];
        reads += record->operand_count;
        if (limited && reads > CHAIN_READS)
            return false;
        for (uint32_t k = 0; k < record->operand_count; k++) {
            if (!is_needed(r, record->operands[k], when))
                continue;
            if (limited && r->chain_count >= CHAIN_LIMIT)
                return false;
            r->stack[depth++] = r->chain[r->chain_count++] = record->operands[k];
            r->listed[record->operands[k]] = true;
        }
    }
    return true;
}

static void end_chain(round *r) {
    while (r->chain_count > 0)
        r->listed[r->chain[--r->chain_count]] = false;
}

static double flops_of(const yg_graph *graph, yg_node node) {
    const yg_record *record = &graph->records[node];
    if (record->op->flags & YG_OP_VIEW || record->op == graph->ops->broadcast)
        return 0;
    if (!record->op->plan)
        return (double)yg_type_count(record->type);
    return yg_plan_of_node(graph, node, false).flops;
}

/* Whether every parameter that the chain reads still has its old value at `when`. After its update
 * it has not, and a copy of the parameter would cost memory again. */
static bool reads_in_time(const round *r, yg_node when) {
    for (size_t i = 0; i < r->chain_count; i++) {
        const yg_record *record = &r->lives.graph->records[r->chain[i]];
        for (uint32_t k = 0; k < record->operand_count; k++) {
            if (r->until[r->lives.root[record->operands[k]]] < when)
                return false;
        }
    }
    return true;
}

/* The bytes that dropping the value frees at the peak, divided by the floating-point operations of
 * computing it again. 0 if it cannot be computed again at a reasonable price. */
static double ratio_of(round *r, yg_node root) {
    double flops = 1;
    const yg_node when = r->next[root];
    const bool fits = list_chain(r, root, when, true) && reads_in_time(r, when);
    for (size_t i = 0; fits && i < r->chain_count; i++)
        flops += flops_of(r->lives.graph, r->chain[i]);
    end_chain(r);
    return fits ? (double)r->lives.bytes[root] / flops : 0;
}

/* ---------------------------------------------------------------------------------- choosing -- */

static int compare_candidates(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->ratio != y->ratio)
        return x->ratio < y->ratio ? 1 : -1;
    return (x->node > y->node) - (x->node < y->node);
}

/* Lists the values that are alive at the peak, not read there, but read later; best ratio first. */
static void list_candidates(round *r) {
    const yg_liveness *l = &r->lives;
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): prepare() has set l->graph
    const yg_node end = (yg_node)l->graph->size;
    for (yg_node node = end; node-- > l->at;) {
        const yg_record *record = &l->graph->records[node];
        for (uint32_t k = 0; l->live[node] && k < record->operand_count; k++)
            r->next[l->root[record->operands[k]]] = node;
    }
    for (yg_node node = 0; node < l->at; node++) {
        /* Operators with several results are left alone: a copy of one result would compute all of
         * them again. A node with effects runs once. */
        const yg_record *record = &l->graph->records[node];
        if (yg_is_result(record) || record->op->results > 1 || yg_has_effects(l->graph, node) ||
            l->bytes[node] == 0 || l->last[node] == end || r->next[node] == YG_NONE ||
            r->next[node] == l->at)
            continue;
        const double ratio = ratio_of(r, node);
        if (ratio > 0)
            r->candidates[r->candidate_count++] = (candidate){node, ratio};
    }
    qsort(r->candidates, r->candidate_count, sizeof *r->candidates, compare_candidates);
}

/* Drops candidates with at least 0.6 of the best ratio until `limit` bytes are freed. The ratio is
 * worked out again for each: it falls if a value that the copy needs has just been dropped. */
static void choose(round *r, int64_t limit) {
    int64_t freed = 0;
    for (size_t i = 0; i < r->candidate_count; i++) {
        const yg_node node = r->candidates[i].node;
        const double least = r->candidates[0].ratio * 0.6;
        if (r->candidates[i].ratio < least)
            break;
        if (freed > 0 && (freed + r->lives.bytes[node] > limit || ratio_of(r, node) < least))
            continue;
        r->dropped[node] = true;
        r->dropped_count++;
        freed += r->lives.bytes[node];
    }
}

/* --------------------------------------------------------------------------------- rewriting -- */

static int compare_nodes(const void *a, const void *b) {
    const yg_node x = *(const yg_node *)a, y = *(const yg_node *)b;
    return (x > y) - (x < y);
}

/* Adds copies of a dropped operand of node `when`, and of everything that it needs. A copy of a
 * dropped value is kept for its later readers. Copies of other nodes serve this chain only: kept
 * until another chain needs them, they would take memory in between. */
static bool remake(round *r, yg_clone *d, yg_node operand, yg_node when) {
    bool done = list_chain(r, operand, when, false);
    qsort(r->chain, r->chain_count, sizeof *r->chain, compare_nodes);
    for (size_t i = 0; i < r->chain_count; i++)
        r->stack[i] = d->made[r->chain[i]];
    for (size_t i = 0; i < r->chain_count && done; i++)
        done = yg_clone_copy(d, r->chain[i]);
    for (size_t i = 0; i < r->chain_count; i++) {
        const yg_node node = r->chain[i];
        if (r->dropped[r->lives.root[node]])
            r->remade[node] = true;
        else
            d->made[node] = r->stack[i];
    }
    end_chain(r);
    return done;
}

/* Builds the new graph: every live node, with copies before the readers of dropped values. */
static bool copy_graph(round *r, yg_clone *d) {
    const yg_liveness *l = &r->lives;
    for (yg_node node = 0; node < l->graph->size; node++) {
        const yg_record *record = &l->graph->records[node];
        if (!l->live[node])
            continue;
        for (uint32_t k = 0; node > l->at && k < record->operand_count; k++) {
            const yg_node operand = record->operands[k];
            if (operand < l->at && r->dropped[l->root[operand]] && !r->remade[operand] &&
                !remake(r, d, operand, node))
                return false;
        }
        if (!yg_clone_copy(d, node))
            return false;
    }
    return yg_clone_end(d);
}

static double total_flops(const yg_liveness *l) {
    double flops = 1;
    for (yg_node node = 0; node < l->graph->size; node++)
        flops += l->live[node] ? flops_of(l->graph, node) : 0;
    return flops;
}

/* Whether the peak has fallen enough for the operations that were added. */
static bool is_worth(const yg_liveness *before, const yg_liveness *after) {
    const double fall = 1 - (double)after->peak / (double)before->peak;
    const double price = total_flops(after) / total_flops(before) - 1;
    return fall >= LEAST_FALL && price <= MOST_PRICE * fall;
}

/* Builds the new graph and estimates its peak. If it is worth it, sets *better, and the compiler
 * goes on with the new graph. Returns false only after a failure. */
static bool try_round(round *r, bool *better) {
    yg_compiler *c = r->compiler;
    yg_clone d;
    yg_liveness after = {0};
    const bool done = yg_clone_begin(&d, c, &r->request) && copy_graph(r, &d) &&
                      yg_liveness_make(&d.result, &after, c->error);
    *better = done && is_worth(&r->lives, &after);
    const bool adopted = !*better || yg_clone_adopt(&d);
    c->program->stats.recomputed += *better ? r->dropped_count : 0;
    yg_liveness_free(&after);
    yg_clone_drop(&d);
    return done && adopted;
}

bool yg_plan_recompute(yg_compiler *c) {
    int64_t share = ROUND_SHARE;
    bool done = true;
    if (!c->options || !c->options->recompute)
        return true;
    c->saves_memory = true;
    for (int i = 0; i < ROUNDS && share <= LEAST_SHARE && done; i++) {
        round r;
        bool better = false;
        done = prepare(&r, c);
        if (done) {
            list_candidates(&r);
            choose(&r, r.lives.peak / share);
            done = r.dropped_count == 0 || try_round(&r, &better);
            if (!better && r.dropped_count <= 1)
                i = ROUNDS; /* it dropped one value at most: there is nothing smaller to try */
        }
        if (!better)
            share *= 2;
        release(&r);
    }
    return done;
}
