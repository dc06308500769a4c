/*
 * A graph as text, one node in a line, and as input for Graphviz (DOT).
 */
#include "store.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* Marks the nodes that some root or some node with effects needs, or all nodes if there are no
 * roots. Freed by the caller; NULL when out of memory. */
static bool *mark_live(const yg_graph *graph, const yg_node *roots, size_t count) {
    bool *live = calloc(graph->size + 1, sizeof *live);
    if (!live)
        return NULL;
    if (count == 0)
        memset(live, true, graph->size);
    for (size_t i = 0; i < count; i++) {
        if (roots[i] < graph->size)
            live[roots[i]] = true;
    }
    for (size_t next = graph->size; next > 0; next--) {
        const yg_record *record = &graph->records[next - 1];
        live[next - 1] |= yg_has_effects(graph, (yg_node)(next - 1));
        for (uint32_t k = 0; live[next - 1] && k < record->operand_count; k++)
            live[record->operands[k]] = true;
    }
    return live;
}

static void add_constant(yg_text *text, const yg_record *record) {
    const int64_t count = yg_type_count(record->type);
    yg_text_add(text, " ");
    for (int64_t i = 0; i < count && i < 4; i++)
        yg_text_add(text, i ? ", %.9g" : "%.9g",
                    yg_element_get(record->type->dtype, record->data, i));
    if (count > 4)
        yg_text_add(text, ", ...");
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void add_node(yg_text *text, const yg_graph *graph, yg_node node) {
    const yg_record *record = &graph->records[node];
    char type[YG_TYPE_TEXT];
    yg_text_add(text, "%%%u = %s", node, record->op->name);
    if (record->data) {
        add_constant(text, record);
    } else if (!(record->op->flags & YG_OP_LEAF)) {
        yg_text_add(text, "(");
        for (uint32_t k = 0; k < record->operand_count; k++)
            yg_text_add(text, k ? ", %%%u" : "%%%u", record->operands[k]);
        yg_text_add(text, ")");
        yg_text_attrs(text, record->op, record->attrs);
    }
    if (yg_has_effects(graph, node))
        yg_text_add(text, " with effects");
    yg_text_add(text, " : %s", yg_type_text(record->type, type));
    if (record->name[0] || record->origin.line)
        yg_text_add(text, "  #");
    if (record->name[0])
        yg_text_add(text, " %s", record->name);
    if (record->origin.line)
        yg_text_add(text, " %s:%d", record->origin.file ? base_name(record->origin.file) : "",
                    record->origin.line);
    yg_text_add(text, "\n");
}

char *yg_graph_text(const yg_graph *graph, const yg_node *roots, size_t count) {
    bool *live = mark_live(graph, roots, count);
    if (!live)
        return NULL;
    yg_text text = {0};
    for (yg_node node = 0; node < graph->size; node++) {
        if (live[node])
            add_node(&text, graph, node);
    }
    free(live);
    return yg_text_take(&text);
}

/* Adds text to a DOT label, with quotes and backslashes escaped. */
static void add_escaped(yg_text *text, const char *label) {
    for (; *label; label++)
        yg_text_add(text, *label == '"' || *label == '\\' ? "\\%c" : "%c", *label);
}

/* Adds a node to the DOT text. `attrs` is a scratch text for its attributes. */
static void add_dot_node(yg_text *text, yg_text *attrs, const yg_graph *graph, yg_node node) {
    const yg_record *record = &graph->records[node];
    char type[YG_TYPE_TEXT];
    const bool parameter = yg_node_is_parameter(graph, node);
    const char *style = record->data ? "shape=plaintext"
                        : parameter  ? "shape=box, style=\"filled,rounded\", fillcolor=\"#fde7c3\""
                        : record->op->flags & YG_OP_LEAF
                            ? "shape=box, style=\"filled,rounded\", fillcolor=\"#d6e8fb\""
                            : "shape=box, style=rounded";
    yg_text_add(text, "  n%u [%s, label=\"", node, style);
    if (record->data && record->type->rank == 0) {
        yg_text_add(text, "%.6g", yg_element_get(record->type->dtype, record->data, 0));
    } else {
        add_escaped(text, record->name[0] && record->op->flags & YG_OP_LEAF ? record->name
                                                                            : record->op->name);
        attrs->used = 0;
        yg_text_attrs(attrs, record->op, record->attrs);
        if (attrs->used > 0)
            add_escaped(text, attrs->data);
        text->failed |= attrs->failed; /* a label without its attributes would mislead */
        if (record->name[0] && !(record->op->flags & YG_OP_LEAF)) {
            yg_text_add(text, "\\n");
            add_escaped(text, record->name);
        }
        yg_text_add(text, "\\n%s", yg_type_text(record->type, type));
    }
    yg_text_add(text, "\"];\n");
    for (uint32_t k = 0; k < record->operand_count; k++)
        yg_text_add(text, "  n%u -> n%u;\n", record->operands[k], node);
}

char *yg_graph_dot(const yg_graph *graph, const yg_node *roots, size_t count) {
    bool *live = mark_live(graph, roots, count);
    if (!live)
        return NULL;
    yg_text text = {0}, attrs = {0};
    yg_text_add(&text, "digraph model {\n  rankdir=BT;\n"
                       "  node [fontname=\"sans-serif\", fontsize=11];\n");
    for (yg_node node = 0; node < graph->size; node++) {
        if (live[node])
            add_dot_node(&text, &attrs, graph, node);
    }
    yg_text_add(&text, "}\n");
    free(attrs.data);
    free(live);
    return yg_text_take(&text);
}
