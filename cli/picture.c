/*
 * The picture of a model: see picture.h.
 *
 * Nodes of the graph belong to layers by their names: "block.0.h.z" is of the deepest layer among
 * block, block.0 and block.0.h. A node without a name is a step on the way to the next one that has
 * a name. What comes after the last named node computes outputs and the loss.
 */
#include "picture.h"

#include "../graph/spelling.h"
#include "../graph/text.h"
#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX

/* A layer of the model. */
typedef struct box {
    const char *name;
    const yg_network_layer *layer;
    size_t row;      /* of the survey */
    size_t parent;   /* the layer around it; NONE: there is none */
    size_t inside;   /* how many layers are directly in it */
    size_t numbered; /* how many of these are called by a number, as copies are */
    size_t child;    /* the first layer in it; NONE: there is none */
    size_t sibling;  /* the next layer in the same layer */
    size_t node;     /* the first node that belongs to it, and to no layer in it */
    bool open;
    bool used; /* a live node belongs to it or to a layer in it */
} box;

typedef struct edge {
    size_t from, to; /* numbers of things: see thing_of() */
} edge;

typedef struct picture {
    const survey *survey;
    yg_graph *graph;
    size_t size; /* of the graph */
    size_t count;
    box *boxes;     /* in the order of the model; boxes[count] stands for the model itself */
    size_t *sorted; /* boxes by their names */
    size_t *owner;  /* by node: its box; NONE: the model itself */
    size_t *next;   /* by node: the next one of the same box */
    size_t *result; /* by node, if it is in no box: 1 + the output that it computes; 0: the loss */
    bool *live;
    edge *edges;
    size_t edge_count, edge_room;
    yg_text *out;
} picture;

/* ---------------------------------------------------------------------------------- boxes ---- */

/* A name, for sorting. */
typedef struct named {
    const char *name;
    size_t box;
} named;

static int by_name(const void *a, const void *b) {
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

/* The box whose name is the first `length` bytes of `name`; NONE if there is none. */
static size_t find_box(const picture *p, const char *name, size_t length) {
    size_t low = 0, high = p->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const char *other = p->boxes[p->sorted[middle]].name;
        int order = strncmp(name, other, length);
        if (order == 0 && other[length] != '\0')
            order = -1;
        if (order == 0)
            return p->sorted[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NONE;
}

/* The deepest box that a full name lies in; with `inner`, not the one that has that very name. */
static size_t box_around(const picture *p, const char *name, bool inner) {
    size_t length = strlen(name), found = inner ? NONE : find_box(p, name, length);
    while (found == NONE) {
        while (length > 0 && name[length - 1] != '.')
            length--;
        if (length == 0)
            break;
        found = find_box(p, name, --length);
    }
    return found;
}

/* A name without that of the layer `parent` (NONE: the model) before it. A layer's result has the
 * layer's own name. */
static const char *short_name(const picture *p, const char *name, size_t parent) {
    const size_t length = parent == NONE ? 0 : strlen(p->boxes[parent].name);
    return length && strlen(name) > length && name[length] == '.' ? name + length + 1 : name;
}

/* Puts each box into the list of the layer around it. */
static void link_boxes(picture *p) {
    for (size_t i = 0; i <= p->count; i++)
        p->boxes[i].child = p->boxes[i].sibling = p->boxes[i].node = NONE;
    for (size_t i = p->count; i-- > 0;) {
        box *b = &p->boxes[i];
        b->parent = box_around(p, b->name, true);
        box *around = &p->boxes[b->parent == NONE ? p->count : b->parent];
        const char *name = short_name(p, b->name, b->parent);
        b->sibling = around->child;
        around->child = i;
        around->inside++;
        around->numbered += name[strspn(name, "0123456789")] == '\0';
    }
}

static bool make_boxes(picture *p) {
    size_t ports = 0, targets = 0;
    const yg_network_layer *layers = yg_network_layers(p->survey->network, &p->count);
    yg_network_inputs(p->survey->network, &ports);
    yg_network_targets(p->survey->network, &targets);
    named *names = calloc(p->count + 1, sizeof *names);
    p->boxes = calloc(p->count + 1, sizeof *p->boxes);
    p->sorted = calloc(p->count + 1, sizeof *p->sorted);
    const bool good = names && p->boxes && p->sorted;
    for (size_t i = 0; good && i < p->count; i++) {
        p->boxes[i] =
            (box){.name = layers[i].name, .layer = &layers[i], .row = ports + targets + i};
        names[i] = (named){layers[i].name, i};
    }
    if (good) {
        qsort(names, p->count, sizeof *names, by_name);
        for (size_t i = 0; i < p->count; i++)
            p->sorted[i] = names[i].box;
        link_boxes(p);
    }
    free(names);
    return good;
}

static bool fail_layer(const picture *p, const char *name) {
    const char **names = calloc(p->count + 1, sizeof *names);
    char hint[300] = "";
    for (size_t i = 0; names && i < p->count; i++)
        names[i] = p->boxes[i].name;
    terminal_error("there is no layer '%s'%s", name,
                   names ? yg_suggest(name, names, p->count, hint, sizeof hint) : "");
    free(names);
    return false;
}

static bool open_boxes(picture *p, const char *const *opened, size_t count, bool all) {
    for (size_t i = 0; i < p->count; i++)
        p->boxes[i].open = all && p->boxes[i].layer->type[0] != '\0';
    for (size_t i = 0; i < count; i++) {
        size_t at = find_box(p, opened[i], strlen(opened[i]));
        if (at == NONE)
            return fail_layer(p, opened[i]);
        for (; at != NONE && !p->boxes[at].open; at = p->boxes[at].parent)
            p->boxes[at].open = true;
    }
    return true;
}

/* ---------------------------------------------------------------------------------- nodes ---- */

static bool is_leaf(const picture *p, size_t node) {
    return (yg_node_op(p->graph, (yg_node)node)->flags & YG_OP_LEAF) != 0;
}

/* An input or a target; a parameter and a constant are other leaves. */
static bool is_port(const picture *p, size_t node) {
    return is_leaf(p, node) && yg_node_name(p->graph, (yg_node)node)[0] != '\0' &&
           !yg_node_is_parameter(p->graph, (yg_node)node);
}

static bool is_broadcast(const picture *p, size_t node) {
    return yg_node_op(p->graph, (yg_node)node) == yg_graph_ops(p->graph)->broadcast;
}

/* What a tensor is made of. Broadcasts are not drawn: the builder adds them, and no user wrote
 * them.
 */
static size_t source_of(const picture *p, size_t node) {
    while (is_broadcast(p, node))
        node = yg_node_operand(p->graph, (yg_node)node, 0);
    return node;
}

/* A leaf without a name. */
static bool is_constant(const picture *p, size_t node) {
    return is_leaf(p, node) && yg_node_name(p->graph, (yg_node)node)[0] == '\0';
}

static void mark_live(picture *p) {
    size_t outputs = 0;
    const yg_tensor_name *output = yg_network_outputs(p->survey->network, &outputs);
    const yg_node loss = yg_network_loss(p->survey->network);
    for (size_t i = 0; i < outputs; i++)
        p->live[output[i].node] = true;
    if (loss != YG_NONE)
        p->live[loss] = true;
    for (size_t i = p->size; i-- > 0;)
        for (size_t k = 0; p->live[i] && k < yg_node_operand_count(p->graph, (yg_node)i); k++)
            p->live[yg_node_operand(p->graph, (yg_node)i, k)] = true;
}

/* Notes for each node that computes an output or the loss which of them that is: the first output
 * from that node on. */
static void find_results(picture *p) {
    size_t outputs = 0, current = 0;
    const yg_tensor_name *output = yg_network_outputs(p->survey->network, &outputs);
    for (size_t i = outputs; i-- > 0;)
        p->result[output[i].node] = i + 1;
    for (size_t i = p->size; i-- > 0;) {
        current = p->result[i] ? p->result[i] : current;
        p->result[i] = current;
    }
}

static void find_owners(picture *p) {
    size_t owner = NONE;
    for (size_t i = p->size; i-- > 0;) {
        const char *name = yg_node_name(p->graph, (yg_node)i);
        if (is_leaf(p, i)) {
            const bool parameter = yg_node_is_parameter(p->graph, (yg_node)i);
            p->owner[i] = parameter ? box_around(p, name, false) : NONE;
        } else {
            owner = name[0] ? box_around(p, name, false) : owner;
            p->owner[i] = owner;
        }
        box *around = &p->boxes[p->owner[i] == NONE ? p->count : p->owner[i]];
        p->next[i] = around->node;
        around->node = i;
        for (size_t b = p->owner[i]; p->live[i] && b != NONE && !p->boxes[b].used;
             b = p->boxes[b].parent)
            p->boxes[b].used = true;
    }
}

/* --------------------------------------------------------------------------------- things ---- */

/* A thing is what an arrow leads from or to: box b has the number b, node i the number count + i,
 * output k the number count + size + k, and the loss the number after the last output. */
static size_t output_count(const picture *p) {
    size_t count = 0;
    yg_network_outputs(p->survey->network, &count);
    return count;
}

static size_t result_thing(const picture *p, size_t result) {
    return p->count + p->size + (result ? result - 1 : output_count(p));
}

/* The outermost box around a node that is closed; NONE: all are open. */
static size_t closed_around(const picture *p, size_t node) {
    size_t found = NONE;
    for (size_t b = p->owner[node]; b != NONE; b = p->boxes[b].parent)
        if (!p->boxes[b].open)
            found = b;
    return found;
}

/* What stands for a node in the picture. A node of the model itself that has no name computes an
 * output or the loss. */
static size_t thing_of(const picture *p, size_t node) {
    const size_t closed = closed_around(p, node);
    if (closed != NONE)
        return closed;
    if (!is_leaf(p, node) && p->owner[node] == NONE)
        return result_thing(p, p->result[node]);
    return p->count + node;
}

static bool add_edge(picture *p, size_t from, size_t to) {
    if (from == to)
        return true;
    if (p->edge_count == p->edge_room) {
        const size_t room = p->edge_room ? 2 * p->edge_room : 64;
        edge *grown =
            room < SIZE_MAX / sizeof *grown ? realloc(p->edges, room * sizeof *grown) : NULL;
        if (!grown)
            return false;
        p->edges = grown;
        p->edge_room = room;
    }
    p->edges[p->edge_count++] = (edge){from, to};
    return true;
}

/* Whether an operand is not drawn: a constant, and a layer's parameter unless it stands beside an
 * operator that reads it. */
static bool is_hidden(const picture *p, size_t from, size_t to) {
    return is_constant(p, from) ||
           (to < p->count && is_leaf(p, from) && !is_port(p, from) && p->owner[from] != NONE);
}

static bool list_edges(picture *p) {
    size_t outputs = 0;
    const yg_tensor_name *output = yg_network_outputs(p->survey->network, &outputs);
    const yg_node loss = yg_network_loss(p->survey->network);
    for (size_t i = 0; i < p->size; i++)
        for (size_t k = 0; p->live[i] && k < yg_node_operand_count(p->graph, (yg_node)i); k++) {
            const size_t from = source_of(p, yg_node_operand(p->graph, (yg_node)i, k));
            if (is_broadcast(p, i) || is_hidden(p, from, thing_of(p, i)))
                continue;
            if (!add_edge(p, thing_of(p, from), thing_of(p, i)))
                return false;
        }
    for (size_t i = 0; i < outputs; i++)
        if (!add_edge(p, thing_of(p, source_of(p, output[i].node)), result_thing(p, i + 1)))
            return false;
    return loss == YG_NONE || add_edge(p, thing_of(p, source_of(p, loss)), result_thing(p, 0));
}

static int by_ends(const void *a, const void *b) {
    const edge *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to == y->to ? 0 : x->to < y->to ? -1 : 1;
}

/* -------------------------------------------------------------------------------- drawing ---- */

static void write_escaped(const picture *p, const char *text) {
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            yg_text_add(p->out, "\\");
        yg_text_add(p->out, "%c", *text);
    }
}

static void write_thing(const picture *p, size_t thing, const char *style) {
    yg_text_add(p->out, "  t%zu [%s, label=\"", thing, style);
}

static void write_count(const picture *p, int64_t parameters) {
    char text[32];
    if (parameters > 0)
        yg_text_add(p->out, "\\n%s parameter%s", text_of_count((double)parameters, text),
                    parameters == 1 ? "" : "s");
}

static void write_box(const picture *p, size_t index) {
    const box *b = &p->boxes[index];
    const survey_row *row = &p->survey->rows[b->row];
    const bool layer = b->layer->type[0] != '\0';
    write_thing(p, index,
                layer ? "shape=box, style=filled, fillcolor=\"#d6e8fb\""
                      : "shape=box, style=\"rounded,filled\", fillcolor=\"#f4f4f4\"");
    write_escaped(p, short_name(p, b->name, b->parent));
    if (layer) {
        yg_text_add(p->out, "\\n");
        write_escaped(p, row->type);
        if (b->inside > 1 && b->numbered == b->inside) /* copies, made by `repeat` */
            yg_text_add(p->out, " × %zu", b->inside);
    }
    yg_text_add(p->out, "\\n%s", row->shape);
    write_count(p, row->parameters);
    yg_text_add(p->out, "\"];\n");
}

/* A node of the graph that is drawn by itself: of an open layer, or a leaf. */
static void write_node(const picture *p, size_t node) {
    char shape[SURVEY_SHAPE_TEXT];
    const char *name = yg_node_name(p->graph, (yg_node)node);
    const bool leaf = is_leaf(p, node);
    write_thing(p, p->count + node,
                !leaf              ? "shape=box, style=\"rounded,filled\", fillcolor=white"
                : is_port(p, node) ? "shape=ellipse, style=filled, fillcolor=\"#ddf2d8\""
                                   : "shape=ellipse, style=filled, fillcolor=\"#fde7c3\"");
    if (!leaf)
        write_escaped(p, yg_node_op(p->graph, (yg_node)node)->name);
    if (!leaf && name[0])
        yg_text_add(p->out, "\\n");
    write_escaped(p, short_name(p, name, p->owner[node]));
    yg_text_add(p->out, "\\n%s\"];\n", survey_shape(p->survey, (yg_node)node, shape));
}

/* Whether a node has a place of its own in the picture. */
static bool is_drawn(const picture *p, size_t node) {
    return p->live[node] && !is_constant(p, node) && !is_broadcast(p, node) &&
           thing_of(p, node) == p->count + node;
}

static void write_inside(const picture *p, size_t parent);

/* Writes an open box: a frame. Layers lie in layers as deep as the loader allows. */
static void write_frame(const picture *p, size_t index) {
    const box *b = &p->boxes[index];
    yg_text_add(p->out,
                "  subgraph cluster%zu {\n  style=filled; color=\"#7a9cc0\"; "
                "fillcolor=\"#eef5fc\";\n  label=\"",
                index);
    write_escaped(p, short_name(p, b->name, b->parent));
    if (b->layer->type[0]) {
        yg_text_add(p->out, ": ");
        write_escaped(p, b->layer->type);
    }
    write_count(p, p->survey->rows[b->row].parameters);
    yg_text_add(p->out, "\";\n");
    write_inside(p, index);
    yg_text_add(p->out, "  }\n");
}

/* Writes what is directly in an open box; p->count: in the model itself. */
static void write_inside(const picture *p, size_t parent) {
    for (size_t i = p->boxes[parent].child; i != NONE; i = p->boxes[i].sibling)
        if (p->boxes[i].used && p->boxes[i].open)
            write_frame(p, i);
        else if (p->boxes[i].used)
            write_box(p, i);
    for (size_t i = p->boxes[parent].node; i != NONE; i = p->next[i])
        if (is_drawn(p, i))
            write_node(p, i);
}

static void write_results(const picture *p) {
    size_t outputs = 0;
    const yg_tensor_name *output = yg_network_outputs(p->survey->network, &outputs);
    char shape[SURVEY_SHAPE_TEXT];
    for (size_t i = 0; i < outputs; i++) {
        write_thing(p, result_thing(p, i + 1),
                    "shape=ellipse, style=filled, fillcolor=\"#f3dcf5\"");
        write_escaped(p, output[i].name);
        yg_text_add(p->out, "\\noutput\\n%s\"];\n", survey_output_shape(p->survey, i, shape));
    }
    if (yg_network_loss(p->survey->network) != YG_NONE) {
        write_thing(p, result_thing(p, 0), "shape=ellipse, style=filled, fillcolor=\"#f8d7d3\"");
        yg_text_add(p->out, "loss\"];\n");
    }
}

static void write_picture(picture *p, const char *title) {
    yg_text_add(p->out, "digraph model {\n  rankdir=TB; labelloc=t; fontname=\"sans-serif\"; "
                        "ranksep=0.3;\n  node [fontname=\"sans-serif\", fontsize=11];\n"
                        "  label=\"");
    write_escaped(p, title);
    yg_text_add(p->out, "\";\n");
    write_inside(p, p->count);
    write_results(p);
    qsort(p->edges, p->edge_count, sizeof *p->edges, by_ends);
    for (size_t i = 0; i < p->edge_count; i++)
        if (i == 0 || by_ends(&p->edges[i - 1], &p->edges[i]) != 0)
            yg_text_add(p->out, "  t%zu -> t%zu;\n", p->edges[i].from, p->edges[i].to);
    yg_text_add(p->out, "}\n");
}

char *picture_text(const survey *survey, const char *title, const char *const *opened, size_t count,
                   bool all) {
    yg_text text = {0};
    picture p = {.survey = survey, .graph = yg_network_graph(survey->network), .out = &text};
    p.size = yg_graph_size(p.graph);
    p.owner = calloc(p.size + 1, sizeof *p.owner);
    p.result = calloc(p.size + 1, sizeof *p.result);
    p.next = calloc(p.size + 1, sizeof *p.next);
    p.live = calloc(p.size + 1, sizeof *p.live);
    bool memory = p.owner && p.result && p.next && p.live && make_boxes(&p);
    const bool good = memory && open_boxes(&p, opened, count, all);
    if (good) {
        mark_live(&p);
        find_results(&p);
        find_owners(&p);
        memory = list_edges(&p);
    }
    if (good && memory)
        write_picture(&p, title);
    char *taken = good && memory ? yg_text_take(&text) : NULL;
    if (!memory || (good && !taken))
        terminal_error("out of memory");
    free(p.boxes);
    free(p.sorted);
    free(p.owner);
    free(p.result);
    free(p.next);
    free(p.live);
    free(p.edges);
    return taken;
}
