/*
 * The list of passes, and which of them a program is compiled with.
 */
#include "plan.h"
#include "rewrite.h"
#include "spelling.h"

#include <stdlib.h>
#include <string.h>

static const yg_compile_pass passes[] = {
#define YG_PASS(name, NAME, doc) {#name, doc},
#include "passes.def"
#undef YG_PASS
};

const yg_compile_pass *yg_compile_passes(size_t *count) {
    *count = YG_PASS_COUNT;
    return passes;
}

static bool is_left_out(const yg_compile_options *options, const char *name) {
    for (size_t i = 0; options && i < options->without_count; i++) {
        if (strcmp(options->without[i], name) == 0)
            return true;
    }
    return false;
}

/* Of passes and rules. */
static bool check_name(yg_compiler *c, const char *name) {
    const yg_op_set *set = c->graph->ops;
    const size_t count = YG_PASS_COUNT + set->rule_count;
    const char **names = malloc(count * sizeof *names);
    if (!names)
        return yg_fail_memory(c->error);
    bool known = false;
    for (size_t i = 0; i < count; i++) {
        names[i] = i < YG_PASS_COUNT ? passes[i].name : set->rules[i - YG_PASS_COUNT]->name;
        known |= strcmp(names[i], name) == 0;
    }
    char hint[400];
    if (!known)
        yg_fail(c->error, YG_ERROR_NAME, YG_NOWHERE, "there is no pass '%s'%s", name,
                yg_suggest(name, names, count, hint, sizeof hint));
    free(names);
    return known;
}

bool yg_plan_choose(yg_compiler *c) {
    for (size_t i = 0; c->options && i < c->options->without_count; i++) {
        if (!check_name(c, c->options->without[i]))
            return false;
    }
    for (int i = 0; i < YG_PASS_COUNT; i++) {
        if ((i == YG_PASS_DEAD || !(c->flags & YG_PROGRAM_NO_PLAN)) &&
            !is_left_out(c->options, passes[i].name))
            c->passes |= 1u << i;
    }
    /* What runs together needs its memory together, so who asks for less memory has no row loops.
     */
    const bool recompute = c->options && c->options->recompute;
    c->passes &= ~(1u << (recompute ? YG_PASS_ROW_LOOPS : YG_PASS_RECOMPUTE));
    return true;
}

bool yg_plan_with_rule(const yg_compiler *c, const yg_rule *rule) {
    return !(c->flags & YG_PROGRAM_NO_PLAN) && !is_left_out(c->options, rule->name);
}
