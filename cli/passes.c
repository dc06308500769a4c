/*
 * The list of passes, and --without: see passes.h.
 */
#include "passes.h"

#include "../graph/rewrite.h"
#include "../graph/spelling.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

static const pass building[] = {
    {"algebra", "replaces nodes by simpler or stabler equivalents, as they are added",
     YG_GRAPH_NO_ALGEBRA, false},
    {"fold", "evaluates operators on constants, as they are added", YG_GRAPH_NO_FOLD, false},
};

#define BUILDING (sizeof building / sizeof *building)

static bool list_passes(const yg_op_set *set, passes *out) {
    size_t compiling = 0;
    const yg_compile_pass *compile = yg_compile_passes(&compiling);
    const size_t count = BUILDING + set->rule_count + compiling;
    out->list = calloc(count, sizeof *out->list);
    out->names = calloc(count, sizeof *out->names);
    if (!out->list || !out->names) {
        terminal_error("out of memory");
        return false;
    }
    memcpy(out->list, building, sizeof building);
    pass *next = out->list + BUILDING;
    for (size_t i = 0; i < set->rule_count; i++)
        *next++ = (pass){.name = set->rules[i]->name, .doc = set->rules[i]->doc};
    for (size_t i = 0; i < compiling; i++)
        *next++ = (pass){.name = compile[i].name, .doc = compile[i].doc};
    out->count = count;
    return true;
}

size_t passes_find(const passes *passes, const char *name) {
    for (size_t i = 0; i < passes->count; i++)
        if (strcmp(passes->list[i].name, name) == 0)
            return i;
    char hint[400];
    for (size_t i = 0; i < passes->count; i++)
        passes->names[i] = passes->list[i].name;
    terminal_error("there is no pass '%s'%s", name,
                   yg_suggest(name, passes->names, passes->count, hint, sizeof hint));
    return passes->count;
}

/* Reads "fuse,reuse", and marks these passes as left out. */
static bool leave_out(passes *passes, const char *text) {
    char *copy = strdup(text);
    if (!copy) {
        terminal_error("out of memory");
        return false;
    }
    bool good = true;
    for (char *name = copy, *next = NULL; good && name; name = next) {
        next = strchr(name, ',');
        if (next)
            *next++ = '\0';
        const size_t index = passes_find(passes, name);
        good = index < passes->count;
        if (good)
            passes->list[index].left_out = true;
    }
    free(copy);
    return good;
}

bool passes_read(const command_line *line, const yg_op_set *set, passes *out) {
    size_t count = 0;
    const char *const *values = option_texts(line, "without", &count);
    *out = (passes){0};
    bool good = list_passes(set, out);
    for (size_t i = 0; i < count && good; i++)
        good = leave_out(out, values[i]);
    return good;
}

void passes_free(passes *passes) {
    free(passes->list);
    free(passes->names);
    *passes = (struct passes){0};
}

unsigned passes_graph_flags(const passes *passes, size_t end) {
    unsigned flags = 0;
    for (size_t i = 0; i < passes->count; i++)
        if (i >= end || passes->list[i].left_out)
            flags |= passes->list[i].graph_flag;
    return flags;
}

void passes_apply(passes *passes, size_t end, yg_training_step_options *options) {
    options->graph_flags = passes_graph_flags(passes, end);
    options->without = passes->names;
    options->without_count = 0;
    for (size_t i = 0; i < passes->count; i++)
        if (passes->list[i].graph_flag == 0 && (i >= end || passes->list[i].left_out))
            passes->names[options->without_count++] = passes->list[i].name;
}
