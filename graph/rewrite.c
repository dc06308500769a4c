/*
 * Applies rewriting rules: each rule to the whole graph, in rounds until none matches, at most
 * ROUNDS. See rewrite.h.
 */
#include "rewrite.h"

#include "clone.h"

#include <stdlib.h>
#include <string.h>

/* The graph that a rule is tried on, with the arrays of yg_rewriting. */
typedef struct subject {
    yg_request request;
    bool *live, *matched, *updated;
    uint32_t *uses;
    yg_node *user, *scratch;
    yg_node *operands;   /* room for those of any node */
    const yg_op *absent; /* an operator that the graph is known to have no node of, or NULL */
} subject;

static void release(subject *s) {
    free(s->live);
    free(s->matched);
    free(s->updated);
    free(s->uses);
    free(s->user);
    free(s->scratch);
    free(s->operands);
}

static void count_uses(subject *s) {
    const yg_graph *graph = s->request.graph;
    for (yg_node node = 0; node < graph->size; node++) {
        const yg_record *record = &graph->records[node];
        for (uint32_t k = 0; s->live[node] && k < record->operand_count; k++) {
            s->uses[record->operands[k]]++;
            s->user[record->operands[k]] = node;
        }
    }
    for (size_t i = 0; i < s->request.output_count; i++)
        s->uses[s->request.outputs[i]]++;
    for (size_t i = 0; i < s->request.update_count; i++) {
        s->updated[s->request.updates[i].parameter] = true;
        s->uses[s->request.updates[i].parameter]++;
        s->uses[s->request.updates[i].value]++;
    }
}

static bool prepare(yg_compiler *c, subject *s) {
    const size_t size = c->graph->size + 1;
    release(s);
    *s = (subject){0};
    s->request = yg_clone_request(c);
    s->live = calloc(size, sizeof *s->live);
    s->matched = calloc(size, sizeof *s->matched);
    s->updated = calloc(size, sizeof *s->updated);
    s->uses = calloc(size, sizeof *s->uses);
    s->user = malloc(size * sizeof *s->user);
    s->scratch = malloc(size * sizeof *s->scratch);
    s->operands = malloc((c->graph->operand_room + 1) * sizeof *s->operands);
    if (!s->live || !s->matched || !s->updated || !s->uses || !s->user || !s->scratch ||
        !s->operands)
        return yg_fail_memory(c->error);
    memset(s->user, 0xff, size * sizeof *s->user); /* YG_NONE */
    /* Dead nodes do not count as users even if the pass `dead` is left out. Otherwise leaving out a
     * pass could keep a rule from matching, and so change rounding. */
    s->request.keeps_dead = false;
    yg_clone_live(&s->request, s->live);
    count_uses(s);
    return true;
}

static yg_rewriting rewriting_of(const subject *s) {
    return (yg_rewriting){.graph = s->request.graph,
                          .live = s->live,
                          .uses = s->uses,
                          .user = s->user,
                          .updated = s->updated,
                          .scratch = s->scratch};
}

/* Builds the replacement of a node, and gives it the node's name and place. */
static bool make_equivalent(yg_clone *d, const yg_rule *rule, const yg_rewriting *rewriting,
                            yg_node node) {
    const yg_record *record = &d->from.graph->records[node];
    const yg_node worker = rule->work_of ? rule->work_of(rewriting, node) : node;
    d->to->at = d->from.graph->records[worker].origin;
    const yg_node equivalent = rule->build(rewriting, d->to, node, d->made);
    if (!yg_clone_note(d, worker))
        return false;
    if (equivalent == YG_NONE || !yg_type_equal(d->to->records[equivalent].type, record->type))
        return yg_fail(d->compiler->error, YG_ERROR_INTERNAL, record->origin,
                       "the rule %s has no equivalent of the same type", rule->name);
    if (!d->to->records[equivalent].name[0])
        d->to->records[equivalent].name = record->name;
    d->made[node] = equivalent;
    return true;
}

/* True if an operand has been replaced, so that the node itself may be simplified. A kernel with
 * several results is never simplified: it is copied, with all of its results. */
static bool may_be_simpler(const subject *s, const yg_record *record) {
    if (record->op->results > 1 || yg_is_result(record))
        return false;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        if (s->matched[record->operands[k]])
            return true;
    }
    return false;
}

/* Adds a node through the builder, so that it is simplified and merged like any other. Two
 * permutations that a rule has made neighbours, for one, cancel. */
static bool rebuild(const subject *s, yg_clone *d, yg_node node) {
    const yg_record *record = &d->from.graph->records[node];
    for (uint32_t k = 0; k < record->operand_count; k++)
        s->operands[k] = d->made[record->operands[k]];
    d->to->at = record->origin;
    const yg_node made =
        yg_apply(d->to, record->op, s->operands, record->operand_count, record->attrs);
    if (!yg_clone_note(d, node))
        return false;
    if (!yg_type_equal(d->to->records[made].type, record->type))
        return yg_fail(d->compiler->error, YG_ERROR_INTERNAL, record->origin,
                       "%s has another type when it is built again", record->op->name);
    if (!d->to->records[made].name[0])
        d->to->records[made].name = record->name;
    s->matched[node] = d->to->records[made].op != record->op; /* then its readers are built again */
    d->made[node] = made;
    return true;
}

static bool copy_graph(const subject *s, const yg_rule *rule, yg_clone *d) {
    const yg_rewriting rewriting = rewriting_of(s);
    d->merges = true;
    for (yg_node node = 0; node < s->request.graph->size; node++) {
        if (!s->live[node])
            continue;
        if (!(s->matched[node] ? make_equivalent(d, rule, &rewriting, node)
              : may_be_simpler(s, &s->request.graph->records[node]) ? rebuild(s, d, node)
                                                                    : yg_clone_copy(d, node)))
            return false;
    }
    return yg_clone_end(d) && yg_clone_adopt(d);
}

/* A node with effects is never replaced: its effect would be lost. */
static bool find_matches(subject *s, const yg_rule *rule) {
    const yg_rewriting rewriting = rewriting_of(s);
    bool any = false;
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a request has a graph
    memset(s->scratch, 0xff, s->request.graph->size * sizeof *s->scratch); /* YG_NONE */
    for (yg_node node = 0; node < s->request.graph->size; node++) {
        s->matched[node] = s->live[node] && !yg_has_effects(s->request.graph, node) &&
                           rule->matches(&rewriting, node);
        any |= s->matched[node];
    }
    return any;
}

/* Whether the rule has to be tried on the graph. Sets *present if it has a node of the rule's
 * operator. */
static bool has_candidate(const yg_graph *graph, const yg_rule *rule, bool *present) {
    *present = false;
    for (yg_node node = 0; node < graph->size; node++) {
        if (graph->records[node].op != rule->op)
            continue;
        *present = true;
        if (!rule->candidate || rule->candidate(graph, node))
            return true;
    }
    return false;
}

/* Applies a rule once to the whole graph. Sets *any if it has matched. */
static bool apply(yg_compiler *c, subject *s, const yg_rule *rule, bool *any) {
    bool present;
    if (rule->op == s->absent)
        return true;
    if (!has_candidate(c->graph, rule, &present)) {
        s->absent = present ? s->absent : rule->op;
        return true;
    }
    if (s->request.graph != c->graph && !prepare(c, s))
        return false;
    if (!find_matches(s, rule))
        return true;
    yg_clone d;
    const bool done = yg_clone_begin(&d, c, &s->request) && copy_graph(s, rule, &d);
    yg_clone_drop(&d);
    s->absent = NULL;
    *any = true;
    return done;
}

/* The most rounds. A few are enough, since every rule makes progress; if two rules undid each
 * other, rounds would never end. */
#define ROUNDS 4

bool yg_plan_rewrite(yg_compiler *c) {
    const yg_op_set *set = c->graph->ops;
    subject s = {0};
    bool done = true, any = true;
    for (int round = 0; round < ROUNDS && any && done; round++) {
        any = false;
        for (size_t i = 0; i < set->rule_count && done; i++) {
            if (!set->rules[i]->loops && yg_plan_with_rule(c, set->rules[i]))
                done = apply(c, &s, set->rules[i], &any);
        }
    }
    release(&s);
    return done;
}
