/*
 * Where values stop being finite: see find_nan.h. First the state of every needed value is noted,
 * then the failure is traced back from the loss or the updates.
 */
#include "find_nan.h"

#include <math.h>
#include <stdlib.h>

/* A program keeps all of its outputs. So values are computed in groups of about this many bytes,
 * which is the memory that the search takes beside the executable's. */
static const int64_t WINDOW = 64 << 20;

/* Later is worse. */
typedef enum finiteness { FINITE, INFINITE, NOT_A_NUMBER } finiteness;

typedef struct search {
    const yg_executable *executable;
    yg_graph *graph;
    size_t size;     /* nodes of the graph, and entries of each array */
    bool *needed;    /* the loss or an update depends on the node */
    bool *on_path;   /* not finite, and the failure follows from it through values like it */
    uint8_t *state;  /* by node: a finiteness */
    yg_node *window; /* the nodes that are computed together */
    uint64_t seed, step;
} search;

static finiteness look(const yg_type *type, const void *data) {
    finiteness worst = FINITE;
    const int64_t count = data && yg_dtype_is_float(type->dtype) ? yg_type_count(type) : 0;
    for (int64_t i = 0; i < count && worst != NOT_A_NUMBER; i++) {
        const double value = yg_element_get(type->dtype, data, i);
        if (!isfinite(value))
            worst = isnan(value) ? NOT_A_NUMBER : INFINITE;
    }
    return worst;
}

static bool is_leaf(const yg_graph *graph, yg_node node) {
    return yg_node_op(graph, node)->flags & YG_OP_LEAF;
}

static void look_at_leaf(const search *s, yg_node node) {
    const void *constant = yg_node_constant(s->graph, node);
    const void *data = constant ? constant : yg_program_data(s->executable->program, node);
    s->state[node] = (uint8_t)look(yg_node_type(s->graph, node), data);
}

/* Whether it is one of the operators of shards, which give away gradients. */
static bool has_effects(const search *s, yg_node node) {
    return (yg_node_op(s->graph, node)->flags & YG_OP_EFFECTS) != 0;
}

/* Marks the needed nodes, and notes the states of leaves. */
static void begin(const search *s) {
    const yg_optimizer_graph *updates = &s->executable->updates;
    s->needed[yg_network_loss(s->executable->network)] = true;
    for (size_t i = 0; i < updates->update_count; i++)
        s->needed[updates->updates[i].value] = true;
    for (size_t i = 0; i < s->size; i++)
        s->needed[i] |= has_effects(s, (yg_node)i);
    for (size_t i = s->size; i-- > 0;) {
        const yg_node node = (yg_node)i;
        for (size_t k = 0; s->needed[i] && k < yg_node_operand_count(s->graph, node); k++)
            s->needed[yg_node_operand(s->graph, node, k)] = true;
        if (s->needed[i] && is_leaf(s->graph, node))
            look_at_leaf(s, node);
    }
}

/* Lets a program read the inputs and parameters where the executable has them. */
static bool bind_leaves(const yg_executable *executable, const bool *wanted, yg_program *program,
                        yg_error *error) {
    const yg_graph *graph = yg_network_graph(executable->network);
    for (size_t i = 0; i < yg_graph_size(graph); i++) {
        const yg_node node = (yg_node)i;
        const bool own = yg_node_is_input(graph, node) || yg_node_is_parameter(graph, node);
        void *data = (!wanted || wanted[i]) && own && yg_program_data(program, node)
                         ? yg_program_data(executable->program, node)
                         : NULL;
        if (data && !yg_program_bind(program, node, data, error))
            return false;
    }
    return true;
}

yg_program *yg_nan_compile(const yg_executable *executable, const yg_node *nodes, size_t count,
                           const bool *wanted, yg_error *error) {
    yg_graph *graph = yg_network_graph(executable->network);
    yg_program *program = yg_compile(graph, nodes, count, NULL, 0, NULL, error);
    if (!program || bind_leaves(executable, wanted, program, error))
        return program;
    yg_program_free(program);
    return NULL;
}

static bool look_at_window(const search *s, size_t count, yg_error *error) {
    yg_program *program = yg_nan_compile(s->executable, s->window, count, s->needed, error);
    const bool good = program && yg_program_run(program, s->seed, s->step, error);
    for (size_t i = 0; i < count && good; i++)
        s->state[s->window[i]] = (uint8_t)look(yg_node_type(s->graph, s->window[i]),
                                               yg_program_data(program, s->window[i]));
    yg_program_free(program);
    return good;
}

/* Notes the states of all nodes that are computed. */
static bool look_at_all(const search *s, yg_error *error) {
    int64_t bytes = 0;
    size_t count = 0;
    for (size_t i = 0; i < s->size; i++) {
        const yg_type *type = yg_node_type(s->graph, (yg_node)i);
        if (!s->needed[i] || is_leaf(s->graph, (yg_node)i) || !yg_dtype_is_float(type->dtype))
            continue;
        s->window[count++] = (yg_node)i;
        bytes += yg_type_bytes(type);
        if (bytes < WINDOW)
            continue;
        if (!look_at_window(s, count, error))
            return false;
        count = 0;
        bytes = 0;
    }
    return !count || look_at_window(s, count, error);
}

/* Marks what failed, then again and again the operands of marked nodes that are not finite. */
static void trace_back(const search *s) {
    const yg_optimizer_graph *updates = &s->executable->updates;
    const yg_node loss = yg_network_loss(s->executable->network);
    if (s->state[loss] != FINITE)
        s->on_path[loss] = true;
    else
        for (size_t i = 0; i < updates->update_count; i++)
            s->on_path[updates->updates[i].value] = s->state[updates->updates[i].value] != FINITE;
    for (size_t i = 0; i < s->size && s->state[loss] == FINITE; i++)
        s->on_path[i] |= has_effects(s, (yg_node)i);
    for (size_t i = s->size; i-- > 0;)
        for (size_t k = 0; s->on_path[i] && k < yg_node_operand_count(s->graph, (yg_node)i); k++) {
            const yg_node operand = yg_node_operand(s->graph, (yg_node)i, k);
            s->on_path[operand] = s->on_path[operand] || s->state[operand] != FINITE;
        }
}

/* The first node on a path that is worse than its operands. */
static yg_node first_on_path(const search *s, bool constants) {
    for (size_t i = 0; i < s->size; i++) {
        const yg_node node = (yg_node)i;
        uint8_t worst = FINITE;
        for (size_t k = 0; k < yg_node_operand_count(s->graph, node); k++) {
            const uint8_t state = s->state[yg_node_operand(s->graph, node, k)];
            worst = state > worst ? state : worst;
        }
        if (s->on_path[i] && s->state[i] > worst &&
            (constants || !yg_node_constant(s->graph, node)))
            return node;
    }
    return YG_NONE;
}

static bool find(const search *s, yg_nan_source *source, yg_error *error) {
    begin(s);
    if (!look_at_all(s, error))
        return false;
    trace_back(s);
    /* An infinite constant is mostly intended, so it is blamed only where nothing else is. */
    source->node = first_on_path(s, false);
    if (source->node == YG_NONE)
        source->node = first_on_path(s, true);
    source->gradient = s->state[yg_network_loss(s->executable->network)] == FINITE;
    source->nan = source->node != YG_NONE && s->state[source->node] == NOT_A_NUMBER;
    return true;
}

bool yg_find_nan(const yg_executable *executable, uint64_t seed, uint64_t step,
                 yg_nan_source *source, yg_error *error) {
    yg_graph *graph = yg_network_graph(executable->network);
    const size_t size = yg_graph_size(graph);
    const search s = {.executable = executable,
                      .graph = graph,
                      .size = size,
                      .needed = calloc(size, sizeof *s.needed),
                      .on_path = calloc(size, sizeof *s.on_path),
                      .state = calloc(size, sizeof *s.state),
                      .window = calloc(size, sizeof *s.window),
                      .seed = seed,
                      .step = step};
    *source = (yg_nan_source){.node = YG_NONE, .example = -1};
    const bool good = s.needed && s.on_path && s.state && s.window ? find(&s, source, error)
                                                                   : yg_fail_memory(error);
    free(s.needed);
    free(s.on_path);
    free(s.state);
    free(s.window);
    return good;
}
