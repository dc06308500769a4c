/*
 * The list of passes, and which of them a program is compiled with.
 */
#include "plan.h"
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

static int find(const char *name) {
    for (int i = 0; i < YG_PASS_COUNT; i++) {
        if (strcmp(passes[i].name, name) == 0)
            return i;
    }
    return -1;
}

bool yg_plan_choose(yg_compiler *c, const yg_compile_options *options) {
    c->passes = c->flags & YG_PROGRAM_NO_PLAN ? 1u << YG_PASS_DEAD : (1u << YG_PASS_COUNT) - 1;
    for (size_t i = 0; options && i < options->without_count; i++) {
        const int pass = find(options->without[i]);
        if (pass < 0) {
            const char *names[YG_PASS_COUNT];
            char hint[400];
            for (int k = 0; k < YG_PASS_COUNT; k++)
                names[k] = passes[k].name;
            return yg_fail(
                c->error, YG_ERROR_NAME, YG_NOWHERE, "there is no pass '%s'%s", options->without[i],
                yg_suggest(options->without[i], names, YG_PASS_COUNT, hint, sizeof hint));
        }
        c->passes &= ~(1u << pass);
    }
    return true;
}
