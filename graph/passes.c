/*
 * The table of passes, made from passes.def. yg_plan_make() runs it in order; yg_compile_passes()
 * lists it for users.
 */
#include "plan.h"
#include "rewrite.h"
#include "spelling.h"

#include <stdlib.h>
#include <string.h>

typedef struct pass {
    const char *name; /* NULL: a step that cannot be left out */
    bool (*run)(yg_compiler *compiler);
    bool (*without)(yg_compiler *compiler); /* runs instead if the pass is left out; may be NULL */
} pass;

static const pass passes[] = {
#define YG_STEP(run)                     {NULL, run, NULL},
#define YG_PASS(name, doc, run, without) {#name, run, without},
#define YG_PART(name, run)               {#name, run, NULL},
#include "passes.def"
#undef YG_STEP
#undef YG_PASS
#undef YG_PART
};

/* The passes that users can leave out. */
static const yg_compile_pass listed[] = {
#define YG_STEP(run)
#define YG_PASS(name, doc, run, without) {#name, doc},
#define YG_PART(name, run)
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

bool yg_plan_make(yg_compiler *c) {
    if (!check_names(c))
        return false;
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        const pass *p = &passes[i];
        const bool left_out = p->name && is_left_out(c, p->name);
        bool (*run)(yg_compiler *) = left_out ? p->without : p->run;
        if (run && !run(c))
            return false;
    }
    return true;
}

bool yg_plan_with_rule(const yg_compiler *c, const yg_rule *rule) {
    return !is_left_out(c, rule->name);
}
