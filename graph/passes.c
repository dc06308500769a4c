/*
 * The table of passes, made from passes.def. yg_plan_make() runs it in order; yg_compile_passes()
 * lists it for users.
 */
#include "plan_verify.h"
#include "rewrite.h"
#include "spelling.h"

#include <stdlib.h>
#include <string.h>

typedef bool function(yg_compiler *compiler);

/* A function of the table, and its name in messages. Both are NULL where there is none. */
typedef struct action {
    function *run;
    const char *name;
} action;

typedef struct pass {
    const char *name; /* NULL: a step that cannot be left out */
    action run;
    action without;   /* runs instead if the pass is left out; may be none */
    function *verify; /* verifies afterwards; may be NULL */
} pass;

#define NOTHING                                                                                    \
    { NULL, NULL }
#define ACTION(function)                                                                           \
    { function, #function }

static const pass passes[] = {
#define YG_STEP(run, verify)                     {NULL, ACTION(run), NOTHING, verify},
#define YG_PASS(name, doc, run, without, verify) {#name, ACTION(run), ACTION(without), verify},
#define YG_PART(name, run, without, verify)      {#name, ACTION(run), ACTION(without), verify},
#include "passes.def"
#undef YG_STEP
#undef YG_PASS
#undef YG_PART
};

/* The passes that users can leave out. */
static const yg_compile_pass listed[] = {
#define YG_STEP(run, verify)
#define YG_PASS(name, doc, run, without, verify) {#name, doc},
#define YG_PART(name, run, without, verify)
#include "passes.def"
#undef YG_STEP
#undef YG_PASS
#undef YG_PART
};

#define PASSES (sizeof listed / sizeof *listed)

const yg_compile_pass *yg_compile_passes(size_t *count) {
    *count = PASSES;
    return listed;
}

static bool is_named(const yg_compile_options *options, const char *name) {
    for (size_t i = 0; options && i < options->without_count; i++) {
        if (strcmp(options->without[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_left_out(const yg_compiler *c, const char *name) {
    return is_named(c->options, name) ||
           (c->flags & YG_PROGRAM_NO_PLAN && strcmp(name, listed[0].name) != 0);
}

/* Fails, with the nearest name, unless `name` is that of a pass or a rule. */
static bool check_name(yg_compiler *c, const char *name) {
    const yg_op_set *set = c->graph->ops;
    const size_t count = PASSES + set->rule_count;
    const char **names = malloc(count * sizeof *names);
    if (!names)
        return yg_fail_memory(c->error);
    bool known = false;
    for (size_t i = 0; i < count; i++) {
        names[i] = i < PASSES ? listed[i].name : set->rules[i - PASSES]->name;
        known |= strcmp(names[i], name) == 0;
    }
    char hint[400];
    if (!known)
        yg_fail(c->error, YG_ERROR_NAME, YG_NOWHERE, "there is no pass '%s'%s", name,
                yg_suggest(name, names, count, hint, sizeof hint));
    free(names);
    return known;
}

static bool check_names(yg_compiler *c) {
    for (size_t i = 0; c->options && i < c->options->without_count; i++) {
        if (!check_name(c, c->options->without[i]))
            return false;
    }
    return true;
}

/* Adds to an error of the verifier after which pass it was found. Always returns false. */
static bool name_pass(yg_error *error, const pass *p, const char *function) {
    if (!error || error->code != YG_ERROR_INTERNAL)
        return false;
    const yg_error found = *error;
    const yg_origin origin = {.file = found.file, .line = found.line, .column = found.column};
    *error = (yg_error){0};
    if (p->name)
        return yg_fail(error, found.code, origin, "after the pass '%s' (%s): %s", p->name, function,
                       found.message);
    return yg_fail(error, found.code, origin, "after %s: %s", function, found.message);
}

/* Runs a pass and verifies the plan. The graph before the pass is kept until then. */
static bool run_verified(yg_compiler *c, const pass *p, const action *a) {
    yg_before before = {.request = yg_clone_request(c), .own = c->program->own};
    c->before = &before;
    bool done = a->run(c);
    if (done && c->watch)
        c->watch->after(c->watch->context, c, a->name);
    if (done && p->verify && !p->verify(c))
        done = name_pass(c->error, p, a->name);
    c->before = NULL;
    if (before.own != c->program->own)
        yg_store_free(before.own);
    free(before.source);
    return done;
}

/* Steps that decide what is computed. All steps after them, up to the end, decide how. */
static bool is_of_graph(const pass *p) {
    return p->run.run == yg_plan_rewrite || p->run.run == yg_plan_trim_loops;
}

bool yg_plan_make(yg_compiler *c) {
    if (!check_names(c))
        return false;
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        const pass *p = &passes[i];
        const action *a = p->name && is_left_out(c, p->name) ? &p->without : &p->run;
        if (is_of_graph(p) && c->part == YG_COMPILE_PLAN)
            continue;
        if (a->run && !(c->verifies ? run_verified(c, p, a) : a->run(c)))
            return false;
        if (p->run.run == yg_plan_trim_loops && c->part == YG_COMPILE_GRAPH)
            break;
    }
    return true;
}

bool yg_plan_with_rule(const yg_compiler *c, const yg_rule *rule) {
    const bool recomputes = c->options && c->options->recompute;
    return !is_left_out(c, rule->name) && !(rule->keeps && recomputes);
}
