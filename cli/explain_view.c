/*
 * An explanation as text and as JSON: see explain_view.h.
 */
#include "explain_view.h"

#include <inttypes.h>
#include <math.h>

static void add_number(yg_text *text, double value, const explain_style *style) {
    /* -0 would make a reader look for a meaning. */
    yg_text_add(text, "%.*g", style->digits, value == 0 ? 0 : value);
}

static void add_range(yg_text *text, const double *values, int64_t count,
                      const explain_style *style) {
    double least = (double)INFINITY, most = -(double)INFINITY;
    for (int64_t i = 0; i < count; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    if (least > most) {
        yg_text_add(text, "%" PRId64 " nan", count);
        return;
    }
    yg_text_add(text, "%" PRId64 " from ", count);
    add_number(text, least, style);
    yg_text_add(text, " to ");
    add_number(text, most, style);
}

/* Rows of `width` numbers, or less where there are many. */
static void add(yg_text *text, const double *values, int64_t count, int64_t width,
                const explain_style *style) {
    if (count > style->most) {
        add_range(text, values, count, style);
        return;
    }
    yg_text_add(text, count == 1 ? "" : "[");
    for (int64_t i = 0; i < count; i++) {
        yg_text_add(text, "%s", i == 0 ? "" : i % width ? " " : style->between);
        if (isnan(values[i]))
            yg_text_add(text, "%s", style->unknown ? style->unknown : "nan");
        else
            add_number(text, values[i], style);
    }
    yg_text_add(text, count == 1 ? "" : "]");
}

void explain_values(yg_text *text, const yg_type *type, const double *values,
                    const explain_style *style) {
    add(text, values, yg_type_count(type), type->rank ? type->shape[type->rank - 1] : 1, style);
}

void explain_local(yg_text *text, const yg_explained_edge *edge, const yg_type *type,
                   const explain_style *style) {
    if (edge->diagonal)
        explain_values(text, type, edge->local, style);
    else
        add(text, edge->local, edge->rows * edge->columns, edge->columns, style);
}

void explain_chain(yg_text *text, const yg_explained_node *node) {
    yg_text_add(text, "%s", node->gradient_name);
    if (*node->chain)
        yg_text_add(text, *node->gradient_name ? " = %s" : "%s", node->chain);
    if (*node->simplified)
        yg_text_add(text, " = %s", node->simplified);
}

/* ------------------------------------------------------------------------------------ JSON ---- */

static json_t *numbers(const yg_type *type, const double *values) {
    yg_type real = *type;
    real.dtype = YG_F64;
    return values ? json_of_tensor(&real, values) : json_null();
}

static json_t *json_of_edge(const yg_explanation *explanation, const yg_explained_node *node,
                            const yg_explained_edge *edge) {
    json_t *local = json_null();
    if (edge->local && edge->diagonal)
        local = numbers(&node->type, edge->local);
    else if (edge->local) {
        yg_type matrix = {.dtype = YG_F64, .rank = 2, .shape = {edge->rows, edge->columns}};
        local = json_of_tensor(&matrix, edge->local);
    }
    return json_pack("{s:I, s:s, s:s, s:o}", "node", (json_int_t)edge->operand, "name",
                     explanation->nodes[edge->operand].name, "form",
                     !edge->local     ? "none"
                     : edge->diagonal ? "elementwise"
                                      : "matrix",
                     "derivative", local);
}

static json_t *json_of_node(const yg_explanation *explanation, size_t index) {
    static const char *const roles[] = {"input", "target", "parameter", "constant", "result"};
    const yg_explained_node *node = &explanation->nodes[index];
    json_t *operands = json_array(), *shape = json_array();
    for (size_t i = 0; i < node->edge_count; i++)
        json_array_append_new(operands, json_of_edge(explanation, node, &node->edges[i]));
    for (int d = 0; d < node->type.rank; d++)
        json_array_append_new(shape, json_integer((json_int_t)node->type.shape[d]));
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:I, "
                     "s:I, s:o}",
                     "node", (json_int_t)index, "name", node->name, "role", roles[node->role], "op",
                     node->op, "formula", node->formula, "shape", shape, "line",
                     node->origin.line > 0 ? (int)node->origin.line : 0, "operands", operands,
                     "value", numbers(&node->type, node->value), "gradient",
                     numbers(&node->type, node->gradient), "gradient_name", node->gradient_name,
                     "gradient_formula", node->chain, "gradient_simplified", node->simplified,
                     "numeric", numbers(&node->type, node->numeric), "compared",
                     (json_int_t)node->compared, "kinks", (json_int_t)node->kinks, "worst",
                     json_of_number(node->worst));
}

json_t *explain_json(const yg_model *model, const yg_explanation *explanation) {
    json_t *nodes = json_array();
    for (size_t i = 0; i < explanation->count; i++)
        if (json_array_append_new(nodes, json_of_node(explanation, i)) != 0) {
            json_decref(nodes);
            return NULL;
        }
    return json_pack("{s:s, s:I, s:I, s:o, s:b, s:o}", "model", yg_model_name(model), "example",
                     (json_int_t)explanation->example, "examples",
                     (json_int_t)explanation->examples, "loss", json_of_number(explanation->loss),
                     "agrees", (int)explanation->agrees, "nodes", nodes);
}
