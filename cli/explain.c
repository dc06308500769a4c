/*
 * yamlgrad explain: one example's way through the network, forward and back.
 */
#include "../train/explain.h"

#include "commands.h"
#include "explain_view.h"
#include "page.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LISTED = 8 /* numbers of a tensor in a table */ };
static const explain_style in_table = {.most = LISTED, .digits = 6, .between = "; "};
static const explain_style compared = {
    .most = LISTED, .digits = 6, .between = "; ", .unknown = "-"};

static void add_text(table *table, yg_text *text) {
    char *cell = yg_text_take(text);
    table_add(table, "%s", cell ? cell : "");
    free(cell);
    *text = (yg_text){0};
}

static void add_shape(table *table, const yg_type *type) {
    char text[YG_TYPE_TEXT];
    table_add(table, "%s", yg_shape_text(type, text));
}

/* A node whose name is its formula has no other to tell. */
static const char *formula_of(const yg_explained_node *node) {
    static const char *const roles[] = {"input", "target", "parameter", "constant", ""};
    if (node->role != YG_EXPLAINED_RESULT)
        return roles[node->role];
    return node->name == node->formula ? "" : *node->formula ? node->formula : node->op;
}

static void print_forward(const yg_explanation *explanation) {
    static const char *const headers[] = {"node", "is", "shape", "value"};
    table table = {.columns = 4, .headers = headers, .align = "llll"};
    yg_text text = {0};
    for (size_t i = 0; i < explanation->count; i++) {
        const yg_explained_node *node = &explanation->nodes[i];
        if (node->role == YG_EXPLAINED_CONSTANT)
            continue;
        table_add(&table, "%s", node->name);
        table_add(&table, "%s", formula_of(node));
        add_shape(&table, &node->type);
        explain_values(&text, &node->type, node->value, &in_table);
        add_text(&table, &text);
    }
    terminal_print(stdout, "\nForward\n");
    table_print(&table, stdout, 0);
}

static void print_locals(const yg_explanation *explanation) {
    static const char *const headers[] = {"derivative of", "by",
                                          "for each element, or as a matrix"};
    table table = {.columns = 3, .headers = headers, .align = "lll"};
    yg_text text = {0};
    for (size_t i = 0; i < explanation->count; i++) {
        const yg_explained_node *node = &explanation->nodes[i];
        for (size_t k = 0; k < node->edge_count; k++) {
            const yg_explained_edge *edge = &node->edges[k];
            const yg_explained_node *operand = &explanation->nodes[edge->operand];
            if (!edge->local || node->moves || operand->role == YG_EXPLAINED_CONSTANT)
                continue;
            table_add(&table, "%s", node->name);
            table_add(&table, "%s", operand->name);
            explain_local(&text, edge, &node->type, &in_table);
            add_text(&table, &text);
        }
    }
    terminal_print(stdout, "\nLocal derivatives\n");
    table_print(&table, stdout, 0);
}

static void print_backward(const yg_explanation *explanation) {
    static const char *const headers[] = {"at", "gradient of the loss", "value", "by differences"};
    table table = {.columns = 4, .headers = headers, .align = "llll"};
    yg_text text = {0};
    for (size_t i = explanation->count; i-- > 0;) {
        const yg_explained_node *node = &explanation->nodes[i];
        if (!node->gradient || node->role == YG_EXPLAINED_TARGET)
            continue;
        table_add(&table, "%s", node->name);
        explain_chain(&text, node);
        add_text(&table, &text);
        explain_values(&text, &node->type, node->gradient, &in_table);
        add_text(&table, &text);
        if (node->numeric && yg_type_count(&node->type) <= LISTED)
            explain_values(&text, &node->type, node->numeric, &compared);
        else
            yg_text_add(&text, "%" PRId64 " compared", node->compared);
        if (node->kinks)
            yg_text_add(&text, ", %" PRId64 " at a kink", node->kinks);
        else if (node->compared)
            yg_text_add(&text, ", off by %.0e", node->worst);
        add_text(&table, &text);
    }
    terminal_print(stdout, "\nBackward\n");
    table_print(&table, stdout, 0);
}

static int show(const command_line *line, const yg_model *model, const char *part,
                const yg_explanation *explanation) {
    if (option_given(line, "html"))
        return page_write(explain_page(model, part, explanation), option_text(line, "html"));
    if (option_given(line, "json"))
        return json_print(explain_json(model, explanation), YG_F64);
    char loss[32];
    snprintf(loss, sizeof loss, "%.9g", number_shown(explanation->loss));
    terminal_print(stdout, "example %" PRId64 " of %" PRId64 " in %s, loss %s\n",
                   explanation->example, explanation->examples, part, loss);
    print_forward(explanation);
    print_locals(explanation);
    print_backward(explanation);
    return STATUS_OK;
}

static const char *const parts[] = {"train", "validation", "test", NULL};

static int run(const command_line *line) {
    session session;
    if (!session_open(line, operand(line, 1), &session))
        return STATUS_FAILED;
    const char *part = parts[option_choice(line, "part", 0)];
    const yg_explain_options options = {
        .weights = option_text(line, "weights"),
        .has_seed = option_given(line, "seed"),
        .seed = (uint64_t)option_int(line, "seed", 0),
        .part = part,
        .example = option_int(line, "example", 0),
        .elements = option_int(line, "elements", 0),
    };
    yg_error error = {0};
    yg_explanation explanation;
    int status;
    if (yg_explain(session.model, &options, &explanation, &error)) {
        status = show(line, session.model, part, &explanation);
        if (status == STATUS_OK && !explanation.agrees) {
            terminal_error("a gradient differs from the differences of the loss");
            status = STATUS_FAILED;
        }
        yg_explanation_free(&explanation);
    } else {
        status = session_fail(&error);
    }
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    {.name = "example",
     .letter = 'n',
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "its number in the part, from 0 (default: 0)",
     .min = 0,
     .max = 9e15},
    {.name = "part",
     .kind = OPTION_CHOICE,
     .argument = "train|validation|test",
     .doc = "the part of the data (default: train)",
     .choices = parts},
    {.name = "html",
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "write a page with the graph and every number in its place instead"},
    OPTION_AT_WEIGHTS,
    OPTION_INITIAL_SEED,
    {.name = "elements",
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "compare at most N elements of a node with differences (default: 64)",
     .min = 1,
     .max = 1e9},
    OPTION_SET,
    OPTION_DATA,
    OPTION_PLUGIN,
    OPTION_JSON,
};

const command command_explain = {
    .name = "explain",
    .operands = "MODEL [RUN.yaml]",
    .summary = "one example's way through the network, with every number",
    .details =
        "Shows what each node computes from one example, its local derivatives, and the\n"
        "gradient of the loss at it, beside what differences of the loss give. Names are\n"
        "those of textbooks: delta2 is the gradient at the pre-activation of a2, dW1 that of\n"
        "W1; `@` is the matrix product and .T the transpose. Computes in float64, as in\n"
        "evaluation.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
