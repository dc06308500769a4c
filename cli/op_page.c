/*
 * The reference page of the operators: see op_page.h.
 */
#include "op_page.h"

#include "../graph/graph.h"
#include "commands.h"
#include "markdown.h"
#include "op_text.h"
#include "session.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ATTRS = 16, MOST_ELEMENTS = 60 };

/* ---------------------------------------------------------------------------------- examples -- */

/* A sample made concrete. */
typedef struct example {
    const yg_op *op;
    size_t count; /* of operands */
    yg_type types[YG_SAMPLE_OPERANDS];
    char names[YG_SAMPLE_OPERANDS][32];
    yg_attr attrs[MOST_ATTRS];
} example;

/* The type that a sample writes as "f[2, 3]": see yg_sample. */
static bool read_type(const char *text, yg_type *type) {
    int64_t shape[YG_MAX_RANK];
    int rank = 0;
    const yg_dtype dtype = text[0] == 'i' ? YG_I32 : text[0] == 'b' ? YG_BOOL : YG_F32;
    for (const char *at = text + 2; *at && *at != ']' && rank < YG_MAX_RANK;) {
        char *end;
        shape[rank++] = strtoll(at, &end, 10);
        at = end + strspn(end, ", ");
    }
    return yg_type_make(dtype, rank, shape, type, NULL);
}

static bool make_example(const yg_op *op, const yg_sample *sample, example *e) {
    *e = (example){.op = op};
    if (sample->attrs)
        memcpy(e->attrs, sample->attrs, op->attr_count * sizeof *e->attrs);
    else
        yg_op_defaults(op, e->attrs);
    for (; e->count < YG_SAMPLE_OPERANDS && sample->operands[e->count]; e->count++) {
        const size_t k = e->count;
        const bool named =
            k < YG_OP_NAMED_OPERANDS && op->operand_names[k] && !(op->flags & YG_OP_LIST);
        if (named)
            snprintf(e->names[k], sizeof e->names[k], "%s", op->operand_names[k]);
        else
            snprintf(e->names[k], sizeof e->names[k], "%c", (char)('a' + k));
        if (!read_type(sample->operands[k], &e->types[k]))
            return false;
    }
    return true;
}

/* Good to read: no scalar, no empty tensor, not many numbers. */
static bool is_clear(const example *e) {
    for (size_t k = 0; k < e->count; k++) {
        const int64_t count = yg_type_count(&e->types[k]);
        if ((k == 0 && e->types[k].rank == 0) || count < 1 || count > MOST_ELEMENTS)
            return false;
    }
    return e->count > 0 || e->op->max_operands == 0;
}

/* The first clear sample, or else the first. */
static bool choose_example(const yg_op *op, example *e) {
    for (size_t s = 0; s < op->sample_count; s++) {
        if (make_example(op, &op->samples[s], e) && is_clear(e))
            return true;
    }
    return op->sample_count > 0 && make_example(op, &op->samples[0], e);
}

/* The types of the results as text, "f32[2, 3], i64[2, 3]"; *count: how many there are. */
static bool result_types(const yg_op_set *set, const example *e, size_t *count, char *text,
                         size_t size) {
    enum { MOST_RESULTS = 64 };
    yg_graph *graph = yg_graph_new(set, 0);
    yg_node operands[YG_SAMPLE_OPERANDS], results[MOST_RESULTS];
    for (size_t k = 0; k < e->count; k++)
        operands[k] = yg_input(graph, e->names[k], &e->types[k]);
    *count = yg_apply_all(graph, e->op, operands, e->count, e->attrs, results, MOST_RESULTS);
    size_t at = 0;
    for (size_t i = 0; i < *count && at < size; i++) {
        char type[YG_TYPE_TEXT];
        at += (size_t)snprintf(text + at, size - at, "%s%s", i == 0 ? "" : ", ",
                               yg_type_text(yg_node_type(graph, results[i]), type));
    }
    yg_graph_free(graph);
    return *count > 0;
}

/* On one line, or on one for each if it would be long. */
static void print_inputs(const example *e) {
    const bool flat = e->count < 4;
    terminal_print(stdout, flat ? "inputs: {" : "inputs:");
    for (size_t k = 0; k < e->count; k++) {
        const yg_type *type = &e->types[k];
        char shape[YG_TYPE_TEXT];
        const char *start = flat ? (k == 0 ? "" : ", ") : "\n  ";
        if (type->dtype == YG_F32)
            terminal_print(stdout, "%s%s: %s", start, e->names[k], yg_shape_text(type, shape));
        else
            terminal_print(stdout, "%s%s: {shape: %s, dtype: %s}", start, e->names[k],
                           yg_shape_text(type, shape), yg_dtype_name(type->dtype));
    }
    terminal_print(stdout, flat ? "}\n" : "\n");
}

static void print_call(const example *e) {
    const yg_op *op = e->op;
    const bool list = (op->flags & YG_OP_LIST) != 0;
    const char *separator = "";
    terminal_print(stdout, "%s(%s", op->name, list ? "[" : "");
    for (size_t k = 0; k < e->count; k++, separator = ", ")
        terminal_print(stdout, "%s%s", separator, e->names[k]);
    terminal_print(stdout, "%s", list ? "]" : "");
    for (size_t i = 0; i < op->attr_count; i++) {
        char given[400], fallback[400];
        const yg_attr_spec *spec = &op->attrs[i];
        op_value_text(spec, &e->attrs[i], given, sizeof given);
        op_default_text(spec, fallback, sizeof fallback);
        if (strcmp(given, fallback) == 0)
            continue;
        terminal_print(stdout, "%s%s=%s", separator, spec->name, given);
        separator = ", ";
    }
    terminal_print(stdout, ")");
}

static void print_results(size_t count) {
    for (size_t i = 0; i < count; i++)
        terminal_print(stdout, count == 1 ? "%sy" : "%sy%zu", i == 0 ? "" : ", ", i);
}

static bool print_example(const yg_op_set *set, const yg_op *op) {
    example e;
    char types[1000];
    size_t count;
    if (!choose_example(op, &e) || !result_types(set, &e, &count, types, sizeof types))
        return false;
    terminal_print(stdout, "\n```yaml\nformat: 1\n");
    if (e.count > 0)
        print_inputs(&e);
    else
        terminal_print(stdout, "inputs: {x: [1]}    # a model has at least one\n");
    terminal_print(stdout, "graph:\n  ");
    print_results(count);
    terminal_print(stdout, ": ");
    print_call(&e);
    terminal_print(stdout, "    # %s\noutputs: [", types);
    print_results(count);
    terminal_print(stdout, e.count > 0 ? "]\n```\n" : ", x]\n```\n");
    return true;
}

/* -------------------------------------------------------------------------------------- page -- */

static void print_arguments(const yg_op *op) {
    static const char *const heads[] = {"argument", "type", "default", "range", "what"};
    static const char *const lines[] = {"---", "---", "---", "---", "---"};
    terminal_print(stdout, "\n");
    markdown_row(heads, 5);
    markdown_row(lines, 5);
    for (size_t i = 0; i < op->attr_count; i++) {
        const yg_attr_spec *spec = &op->attrs[i];
        char name[80], fallback[200], range[400];
        snprintf(name, sizeof name, "`%s`", spec->name);
        const char *const cells[] = {name, op_kind_name(spec->kind),
                                     op_default_text(spec, fallback, sizeof fallback),
                                     op_range_text(spec, range, sizeof range), spec->doc};
        markdown_row(cells, 5);
    }
}

static bool print_op(const yg_op_set *set, const yg_op *op) {
    char text[512];
    terminal_print(stdout, "\n### %s\n\n", op->name);
    terminal_print(stdout, "    %s\n    %s\n\n", op_signature(op, text, sizeof text), op->formula);
    markdown_paragraph(op->doc);
    if (!op_is_differentiable(op))
        terminal_print(stdout, "\nIt has no gradient.\n");
    if (op->attr_count > 0)
        print_arguments(op);
    return print_example(set, op);
}

/* Whether no listed operator before number i has its group. */
static bool is_first(const yg_op_set *set, size_t i) {
    for (size_t j = 0; j < i; j++) {
        if (op_is_listed(set->ops[j]) && strcmp(set->ops[j]->group, set->ops[i]->group) == 0)
            return false;
    }
    return op_is_listed(set->ops[i]);
}

int op_page_print(const yg_op_set *set) {
    markdown_head("Operators", "ops");
    terminal_print(stdout, "\n");
    markdown_paragraph("Every expression of a model file can call them. Tensors come first, then "
                       "the arguments, by position or by name. The examples are whole models, with "
                       "the type of each result.");
    for (size_t i = 0; i < set->count; i++) {
        if (!is_first(set, i))
            continue;
        terminal_print(stdout, "\n## %s\n", set->ops[i]->group);
        for (size_t j = i; j < set->count; j++) {
            const yg_op *op = set->ops[j];
            if (!op_is_listed(op) || strcmp(op->group, set->ops[i]->group) != 0)
                continue;
            if (!print_op(set, op)) {
                terminal_error("%s: there is no example of it", op->name);
                return STATUS_FAILED;
            }
        }
    }
    return STATUS_OK;
}
