/*
 * Names and expressions of nodes: see node_names.h.
 */
#include "node_names.h"

#include "../graph/number.h"
#include "../graph/text.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 120 /* bytes of an expression */, LONGEST_LIST = 8 /* numbers */ };

bool yg_node_names_make(yg_network *network, yg_pool *pool, yg_node_names *out) {
    yg_graph *graph = yg_network_graph(network);
    const size_t size = yg_graph_size(graph);
    size_t count;
    *out = (yg_node_names){.graph = graph,
                           .pool = pool,
                           .size = size,
                           .names = yg_pool_take(pool, (size + 1) * sizeof *out->names)};
    if (!out->names)
        return false;
    for (size_t i = 0; i < size; i++) {
        const char *name = yg_node_name(graph, (yg_node)i);
        out->names[i] = *name && !yg_node_constant(graph, (yg_node)i) ? name : NULL;
    }
    const yg_network_layer *layers = yg_network_layers(network, &count);
    for (size_t i = count; i-- > 0;) /* the first of several names of a node remains */
        if (layers[i].depth == 0 && layers[i].output < size)
            out->names[layers[i].output] = layers[i].name;
    return true;
}

yg_node yg_node_names_find(const yg_node_names *names, const char *name) {
    for (size_t i = 0; i < names->size; i++)
        if (names->names[i] && strcmp(names->names[i], name) == 0)
            return (yg_node)i;
    return YG_NONE;
}

/* ----------------------------------------------------------------------------- expressions ---- */

/* How tightly an operator binds its operands. */
enum { SUM = 1, PRODUCT, SIGN, POWER, CALL };

typedef struct writer {
    const yg_node_names *names;
    yg_text text;
} writer;

static void write(writer *w, yg_node node, int around);

static const char *name_of(const writer *w, yg_node node) {
    return node < w->names->size ? w->names->names[node] : NULL;
}

bool yg_node_is_silent(const yg_graph *graph, yg_node node) {
    static const char *const silent[] = {"broadcast", "reshape", "cast"};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (strcmp(yg_node_op(graph, node)->name, silent[i]) == 0)
            return true;
    return false;
}

static bool is_op(const writer *w, yg_node node, const char *name) {
    return !name_of(w, node) && strcmp(yg_node_op(w->names->graph, node)->name, name) == 0;
}

/* The node below those that are not shown. */
static yg_node below(const writer *w, yg_node node) {
    const yg_graph *graph = w->names->graph;
    while (!name_of(w, node) && !yg_node_is_scalar(graph, node, NULL) &&
           yg_node_is_silent(graph, node))
        node = yg_node_operand(graph, node, 0);
    return node;
}

/* A sum of two numbers counts as one. */
static bool is_number(const writer *w, yg_node node, double *number) {
    const yg_graph *graph = w->names->graph;
    double a, b;
    node = below(w, node);
    if (name_of(w, node))
        return false;
    if (yg_node_is_scalar(graph, node, number))
        return true;
    if (!is_op(w, node, "add") || !yg_node_is_scalar(graph, yg_node_operand(graph, node, 0), &a) ||
        !yg_node_is_scalar(graph, yg_node_operand(graph, node, 1), &b))
        return false;
    *number = a + b;
    return true;
}

static void write_number(writer *w, double number) {
    char text[YG_NUMBER_TEXT];
    yg_text_add(&w->text, "%s", yg_number_text(number, text));
}

static void write_pair(writer *w, yg_node a, const char *sign, yg_node b, int level, int around) {
    yg_text_add(&w->text, around > level ? "(" : "");
    write(w, a, level);
    yg_text_add(&w->text, " %s ", sign);
    write(w, b, level + 1);
    yg_text_add(&w->text, around > level ? ")" : "");
}

static bool is_set(const yg_op *op, const yg_attr *attrs, const char *name) {
    for (size_t i = 0; i < op->attr_count; i++)
        if (strcmp(op->attrs[i].name, name) == 0)
            return attrs[i].i != 0;
    return false;
}

static bool is_transpose(const yg_graph *graph, yg_node node) {
    const yg_attr *attrs = yg_node_attrs(graph, node);
    return strcmp(yg_node_op(graph, node)->name, "permute") == 0 && attrs[0].count == 2 &&
           yg_attr_ints(&attrs[0])[0] == 1;
}

static void write_transpose(writer *w, yg_node node, int around);

/* A matrix product, or its transpose: (a @ b).T is b.T @ a.T. */
static void write_matmul(writer *w, yg_node node, bool transposed, int around) {
    const yg_graph *graph = w->names->graph;
    const yg_op *op = yg_node_op(graph, node);
    const yg_attr *attrs = yg_node_attrs(graph, node);
    yg_text_add(&w->text, around > PRODUCT ? "(" : "");
    for (size_t i = 0; i < 2; i++) {
        const size_t k = transposed ? 1 - i : i;
        const int level = i ? SIGN : PRODUCT;
        yg_text_add(&w->text, i ? " @ " : "");
        if (is_set(op, attrs, k ? "transpose_b" : "transpose_a") != transposed)
            write_transpose(w, yg_node_operand(graph, node, k), level);
        else
            write(w, yg_node_operand(graph, node, k), level);
    }
    yg_text_add(&w->text, around > PRODUCT ? ")" : "");
}

static void write_transpose(writer *w, yg_node node, int around) {
    const yg_graph *graph = w->names->graph;
    const yg_node inner = below(w, node);
    if (!name_of(w, inner) && is_transpose(graph, inner)) {
        write(w, yg_node_operand(graph, inner, 0), around);
    } else if (is_op(w, inner, "matmul")) {
        write_matmul(w, inner, true, around);
    } else {
        write(w, node, CALL);
        yg_text_add(&w->text, ".T");
    }
}

/* name(operands, attribute=value) */
static void write_call(writer *w, yg_node node) {
    const yg_graph *graph = w->names->graph;
    const yg_op *op = yg_node_op(graph, node);
    yg_text attrs = {0};
    yg_text_add(&w->text, "%s(", op->name);
    for (size_t k = 0; k < yg_node_operand_count(graph, node); k++) {
        yg_text_add(&w->text, k ? ", " : "");
        write(w, yg_node_operand(graph, node, k), 0);
    }
    yg_text_attrs(&attrs, op, yg_node_attrs(graph, node));
    char *list = yg_text_take(&attrs); /* " {dim=[0], keepdim=true}" */
    if (list && *list)
        yg_text_add(&w->text, ", %.*s", (int)strlen(list) - 3, list + 2);
    free(list);
    yg_text_add(&w->text, ")");
}

/* a ** b, b in the words of a reader: a gradient of a ** 2 has the exponent 2 - 1. */
static void write_power(writer *w, yg_node a, yg_node b, int around) {
    double exponent;
    if (is_number(w, b, &exponent) && exponent == 1) {
        write(w, a, around);
        return;
    }
    yg_text_add(&w->text, around >= POWER ? "(" : "");
    write(w, a, CALL);
    yg_text_add(&w->text, " ** ");
    write(w, b, CALL);
    yg_text_add(&w->text, around >= POWER ? ")" : "");
}

/* Writes an operator with a sign of its own. False if it has none. */
static bool write_sign(writer *w, yg_node node, int around) {
    const yg_graph *graph = w->names->graph;
    const size_t count = yg_node_operand_count(graph, node);
    const yg_node a = count ? yg_node_operand(graph, node, 0) : YG_NONE;
    const yg_node b = count > 1 ? yg_node_operand(graph, node, 1) : YG_NONE;
    const char *name = yg_node_op(graph, node)->name;
    double number;
    if (strcmp(name, "add") == 0 && is_op(w, below(w, a), "negative"))
        write_pair(w, b, "-", yg_node_operand(graph, below(w, a), 0), SUM, around);
    else if (strcmp(name, "add") == 0)
        write_pair(w, a, "+", b, SUM, around);
    else if (strcmp(name, "subtract") == 0)
        write_pair(w, a, "-", b, SUM, around);
    else if (strcmp(name, "multiply") == 0 && is_number(w, a, &number) && number == 1)
        write(w, b, around);
    else if (strcmp(name, "multiply") == 0 && is_number(w, b, &number) && number == 1)
        write(w, a, around);
    else if (strcmp(name, "multiply") == 0)
        write_pair(w, a, "*", b, PRODUCT, around);
    else if (strcmp(name, "divide") == 0)
        write_pair(w, a, "/", b, PRODUCT, around);
    else if (strcmp(name, "matmul") == 0)
        write_matmul(w, node, false, around);
    else if (strcmp(name, "negative") == 0) {
        yg_text_add(&w->text, around > SIGN ? "(-" : "-");
        write(w, a, SIGN);
        yg_text_add(&w->text, around > SIGN ? ")" : "");
    } else if (strcmp(name, "square") == 0) {
        yg_text_add(&w->text, around >= POWER ? "(" : "");
        write(w, a, CALL);
        yg_text_add(&w->text, around >= POWER ? " ** 2)" : " ** 2");
    } else if (strcmp(name, "pow") == 0) {
        write_power(w, a, b, around);
    } else if (is_transpose(graph, node)) {
        write_transpose(w, a, around);
    } else {
        return false;
    }
    return true;
}

/* Writes the operator of a node, whether the node has a name or not. */
static void write_operator(writer *w, yg_node node, int around) {
    if (yg_node_is_silent(w->names->graph, node))
        write(w, yg_node_operand(w->names->graph, node, 0), around);
    else if (!write_sign(w, node, around))
        write_call(w, node);
}

/* A small constant as its list, [1, 2, 5]: dimension `dim` and those behind it, from element *at.
 */
static void write_list(writer *w, const yg_type *type, const void *data, int dim, int64_t *at) {
    if (dim == type->rank) {
        write_number(w, yg_element_get(type->dtype, data, (*at)++));
        return;
    }
    for (int64_t i = 0; i < type->shape[dim]; i++) {
        yg_text_add(&w->text, i == 0 ? "[" : ", ");
        write_list(w, type, data, dim + 1, at);
    }
    yg_text_add(&w->text, "]");
}

static void write_constant(writer *w, yg_node node) {
    const yg_type *type = yg_node_type(w->names->graph, node);
    const int64_t count = yg_type_count(type);
    int64_t at = 0;
    if (count > 0 && count <= LONGEST_LIST)
        write_list(w, type, yg_node_constant(w->names->graph, node), 0, &at);
    else
        yg_text_add(&w->text, "constant");
}

static void write(writer *w, yg_node node, int around) {
    double number;
    if (w->text.used > LONGEST) /* it is thrown away, so the rest need not be written */
        return;
    if (name_of(w, node))
        yg_text_add(&w->text, "%s", name_of(w, node));
    else if (is_number(w, node, &number))
        write_number(w, number);
    else if (yg_node_constant(w->names->graph, node))
        write_constant(w, node);
    else
        write_operator(w, node, around);
}

const char *yg_node_expression(const yg_node_names *names, yg_node node) {
    writer w = {.names = names};
    double number;
    if (yg_node_op(names->graph, node)->flags & YG_OP_LEAF)
        return "";
    if (yg_node_is_scalar(names->graph, node, &number))
        write_number(&w, number);
    else
        write_operator(&w, node, 0);
    const size_t size = w.text.used;
    char *text = yg_text_take(&w.text);
    char *copy = text && size <= LONGEST ? yg_pool_copy(names->pool, text, size) : NULL;
    free(text);
    return copy ? copy : "";
}
