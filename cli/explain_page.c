/*
 * The page of `yamlgrad explain --html`: the graph with each number in its place, and the same as a
 * table. Graphviz draws the graph; without it the page has the table only.
 */
#include "explain_view.h"
#include "graphviz.h"
#include "page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED = 64, LARGEST = 400 /* nodes that are drawn */ };
static const explain_style in_table = {.most = LISTED, .digits = 6, .between = "; "};
static const explain_style compared = {
    .most = LISTED, .digits = 6, .between = "; ", .unknown = "-"};
/* A line break of Graphviz's labels, which page_text() would escape, stands in for it. */
static const explain_style in_picture = {.most = 12, .digits = 4, .between = "\n "};
static const explain_style on_arrow = {.most = 6, .digits = 4, .between = "\n "};

static const char style[] =
    ":root { --value: #1c6b3c; --gradient: #a8321f; }\n"
    "@media (prefers-color-scheme: dark) { :root { --value: #7fd0a0; --gradient: #f0937f; } }\n"
    "body { max-width: none; }\n"
    "td { vertical-align: top; font: 13px/1.5 ui-monospace, monospace; }\n"
    ".value { color: var(--value); } .gradient { color: var(--gradient); }\n"
    ".graph { overflow-x: auto; background: #fff; border: 1px solid var(--line);\n"
    "  border-radius: 6px; padding: 1em; } .graph svg { max-width: 100%; height: auto; }\n"
    "tr:hover td { background: var(--card); }\n";

/* ---------------------------------------------------------------------------------- picture --- */

/* Adds text to a label of Graphviz that is written as HTML; its lines become lines there. */
static void add_lines(yg_text *dot, yg_text *text) {
    char *content = yg_text_take(text);
    for (char *line = content; line && *line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        page_text(dot, line);
        yg_text_add(dot, end ? "<BR/>" : "");
        line = end ? end + 1 : NULL;
    }
    free(content);
    *text = (yg_text){0};
}

static void begin_line(yg_text *dot, const char *color) {
    yg_text_add(dot, "<BR/><FONT POINT-SIZE=\"11\" COLOR=\"%s\">", color);
}

static void add_node(yg_text *dot, const yg_explained_node *node, size_t index) {
    static const char *const fills[] = {"#d6e8fb", "#e4d9f5", "#fde7c3", "#eeeeee", "#ffffff"};
    yg_text text = {0};
    yg_text_add(dot, "  n%zu [fillcolor=\"%s\", label=<<B>", index, fills[node->role]);
    page_text(dot, node->name);
    yg_text_add(dot, "</B>");
    if (node->name != node->formula && *node->formula) {
        yg_text_add(dot, " = ");
        page_text(dot, node->formula);
    }
    begin_line(dot, "#1c6b3c");
    explain_values(&text, &node->type, node->value, &in_picture);
    add_lines(dot, &text);
    yg_text_add(dot, "</FONT>");
    if (node->gradient && node->role != YG_EXPLAINED_TARGET) {
        begin_line(dot, "#a8321f");
        yg_text_add(&text, "%s = ", *node->gradient_name ? node->gradient_name : "gradient");
        if (*node->simplified)
            yg_text_add(&text, "%s = ", node->simplified);
        explain_values(&text, &node->type, node->gradient, &in_picture);
        add_lines(dot, &text);
        yg_text_add(dot, "</FONT>");
    }
    yg_text_add(dot, ">];\n");
}

/* The node that is drawn for one that only moves elements: the one that has them. */
static size_t drawn(const yg_explanation *explanation, size_t index) {
    while (explanation->nodes[index].moves)
        index = explanation->nodes[index].edges[0].operand;
    return index;
}

static bool is_drawn(const yg_explanation *explanation, size_t index) {
    return explanation->nodes[index].role != YG_EXPLAINED_CONSTANT &&
           !explanation->nodes[index].moves;
}

/* An edge, with the local derivative beside it. */
static void add_edge(yg_text *dot, const yg_explanation *explanation, size_t index,
                     const yg_explained_edge *edge) {
    const size_t from = drawn(explanation, edge->operand);
    yg_text text = {0};
    if (explanation->nodes[from].role == YG_EXPLAINED_CONSTANT)
        return;
    yg_text_add(dot, "  n%zu -> n%zu [label=< ", from, index);
    if (edge->local && edge->rows * (edge->diagonal ? 1 : edge->columns) <= on_arrow.most)
        explain_local(&text, edge, &explanation->nodes[index].type, &on_arrow);
    add_lines(dot, &text);
    yg_text_add(dot, ">];\n");
}

static char *picture_of(const yg_explanation *explanation) {
    yg_text dot = {0};
    yg_text_add(&dot, "digraph {\n"
                      "  ranksep=0.35; nodesep=0.35; bgcolor=\"transparent\";\n"
                      "  node [shape=box, style=\"filled,rounded\", color=\"#8899aa\", "
                      "fontname=\"sans-serif\", fontsize=13];\n"
                      "  edge [color=\"#8899aa\", fontname=\"sans-serif\", fontsize=10, "
                      "fontcolor=\"#5d6b7a\"];\n");
    for (size_t i = 0; i < explanation->count; i++)
        if (is_drawn(explanation, i))
            add_node(&dot, &explanation->nodes[i], i);
    for (size_t i = 0; i < explanation->count; i++)
        for (size_t k = 0; is_drawn(explanation, i) && k < explanation->nodes[i].edge_count; k++)
            add_edge(&dot, explanation, i, &explanation->nodes[i].edges[k]);
    yg_text_add(&dot, "}\n");
    return yg_text_take(&dot);
}

static void add_picture(yg_text *page, const yg_explanation *explanation) {
    char *dot = explanation->count <= LARGEST ? picture_of(explanation) : NULL;
    char *svg = dot ? graphviz_svg(dot) : NULL;
    const char *start = svg ? strstr(svg, "<svg") : NULL;
    if (start)
        yg_text_add(page,
                    "<h2>The graph</h2>\n<p class=\"dim\">Each box has a node's <span "
                    "class=\"value\">value</span> and the <span class=\"gradient\">gradient of "
                    "the loss</span> there; each arrow has the local derivative.</p>\n"
                    "<div class=\"graph\">%s</div>\n",
                    start);
    else
        yg_text_add(page, "<p class=\"dim\">%s</p>\n",
                    dot ? "The graph is drawn where Graphviz is installed (Debian's package is "
                          "graphviz)."
                        : "The graph is too large to be drawn.");
    free(svg);
    free(dot);
}

/* ----------------------------------------------------------------------------------- tables --- */

static void add_cell(yg_text *page, const char *class, yg_text *text) {
    char *content = yg_text_take(text);
    yg_text_add(page, *class ? "<td class=\"%s\">" : "<td>", class);
    page_text(page, content ? content : "");
    free(content);
    *text = (yg_text){0};
}

static void add_forward(yg_text *page, const yg_explanation *explanation) {
    char shape[YG_TYPE_TEXT];
    yg_text text = {0};
    yg_text_add(page, "<h2>Forward</h2>\n<table><tr><th>node<th>is<th>shape<th>value\n");
    for (size_t i = 0; i < explanation->count; i++) {
        const yg_explained_node *node = &explanation->nodes[i];
        if (node->role == YG_EXPLAINED_CONSTANT)
            continue;
        yg_text_add(page, "<tr><td>");
        page_text(page, node->name);
        yg_text_add(page, "<td>");
        page_text(page, node->name == node->formula ? "" : node->formula);
        yg_text_add(page, "<td>%s", yg_shape_text(&node->type, shape));
        explain_values(&text, &node->type, node->value, &in_table);
        add_cell(page, "value", &text);
    }
    yg_text_add(page, "</table>\n");
}

static void add_locals(yg_text *page, const yg_explanation *explanation) {
    yg_text text = {0};
    yg_text_add(page, "<h2>Local derivatives</h2>\n<table><tr><th>of<th>by<th>for each element, or "
                      "as a matrix\n");
    for (size_t i = 0; i < explanation->count; i++)
        for (size_t k = 0; k < explanation->nodes[i].edge_count; k++) {
            const yg_explained_edge *edge = &explanation->nodes[i].edges[k];
            const yg_explained_node *operand = &explanation->nodes[edge->operand];
            if (!edge->local || explanation->nodes[i].moves ||
                operand->role == YG_EXPLAINED_CONSTANT)
                continue;
            yg_text_add(page, "<tr><td>");
            page_text(page, explanation->nodes[i].name);
            yg_text_add(page, "<td>");
            page_text(page, operand->name);
            explain_local(&text, edge, &explanation->nodes[i].type, &in_table);
            add_cell(page, "", &text);
        }
    yg_text_add(page, "</table>\n");
}

static void add_backward(yg_text *page, const yg_explanation *explanation) {
    yg_text text = {0};
    yg_text_add(page, "<h2>Backward</h2>\n<table><tr><th>at<th>gradient of the loss<th>value"
                      "<th>by differences<th>\n");
    for (size_t i = explanation->count; i-- > 0;) {
        const yg_explained_node *node = &explanation->nodes[i];
        if (!node->gradient || node->role == YG_EXPLAINED_TARGET)
            continue;
        yg_text_add(page, "<tr><td>");
        page_text(page, node->name);
        explain_chain(&text, node);
        add_cell(page, "", &text);
        explain_values(&text, &node->type, node->gradient, &in_table);
        add_cell(page, "gradient", &text);
        if (node->numeric && yg_type_count(&node->type) <= LISTED)
            explain_values(&text, &node->type, node->numeric, &compared);
        else
            yg_text_add(&text, "%" PRId64 " compared", node->compared);
        add_cell(page, "", &text);
        if (node->kinks)
            yg_text_add(&text, "%" PRId64 " at a kink", node->kinks);
        else if (node->compared)
            yg_text_add(&text, "off by %.0e", node->worst);
        add_cell(page, "dim", &text);
    }
    yg_text_add(page, "</table>\n");
}

char *explain_page(const yg_model *model, const char *part, const yg_explanation *explanation) {
    yg_text page = {0};
    page_begin(&page, yg_model_name(model), "explained", yg_model_doc(model), style);
    yg_text_add(&page,
                "<p>Example %" PRId64 " of %" PRId64 " in %s. The loss is <b>%.9g</b>. <span "
                "class=\"dim\">@ is the matrix product, .T the transpose; delta is the gradient at "
                "a pre-activation.</span></p>\n",
                explanation->example, explanation->examples, part, explanation->loss);
    add_picture(&page, explanation);
    add_forward(&page, explanation);
    add_locals(&page, explanation);
    add_backward(&page, explanation);
    return page_end(&page);
}
