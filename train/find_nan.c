/*
 * Where values stop being finite: see find_nan.h.
 */
#include "find_nan.h"

#include <math.h>
#include <stdlib.h>

/* Values that are kept at once, in bytes: so much more memory the search may take. */
static const int64_t WINDOW = 64 << 20;

/* In the order of how bad it is. */
typedef enum finiteness { FINITE, INFINITE, NOT_A_NUMBER } finiteness;

typedef struct search {
    const yg_executable *executable;
    yg_graph *graph;
    size_t size;    /* nodes up to the last that is needed */
    bool *needed;   /* for the loss and the updates */
    bool *guilty;   /* the failure comes from it */
    uint8_t *state; /* a finiteness */
    yg_node *window;
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

/* What is needed, and the states of leaves. */
static void begin(const search *s) {
    const yg_optimizer_graph *updates = &s->executable->updates;
    s->needed[yg_network_loss(s->executable->network)] = true;
    for (size_t i = 0; i < updates->update_count; i++)
        s->needed[updates->updates[i].value] = true;
    for (size_t i = s->size; i-- > 0;) {
        const yg_node node = (yg_node)i;
        for (size_t k = 0; s->needed[i] && k < yg_node_operand_count(s->graph, node); k++)
            s->needed[yg_node_operand(s->graph, node, k)] = true;
        if (s->needed[i] && is_leaf(s->graph, node))
            look_at_leaf(s, node);
    }
}

/* Leaves of the program are those of the executable. */
static bool bind_leaves(const search *s, yg_program *program, yg_error *error) {
    for (size_t i = 0; i < s->size; i++) {
        const yg_node node = (yg_node)i;
        const bool own = yg_node_is_input(s->graph, node) || yg_node_is_parameter(s->graph, node);
        void *data = s->needed[i] && own && yg_program_data(program, node)
                         ? yg_program_data(s->executable->program, node)
                         : NULL;
        if (data && !yg_program_bind(program, node, data, error))
            return false;
    }
    return true;
}

static bool look_at_window(const search *s, size_t count, yg_error *error) {
    yg_program *program = yg_compile(s->graph, s->window, count, NULL, 0, NULL, error);
    const bool good = program && bind_leaves(s, program, error) &&
                      yg_program_run(program, s->seed, s->step, error);
    for (size_t i = 0; i < count && good; i++)
        s->state[s->window[i]] = (uint8_t)look(yg_node_type(s->graph, s->window[i]),
                                               yg_program_data(program, s->window[i]));
    yg_program_free(program);
    return good;
}

/* The states of all that is computed. */
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

/* From what failed back along operands that are not finite either. */
static void accuse(const search *s) {
    const yg_optimizer_graph *updates = &s->executable->updates;
    const yg_node loss = yg_network_loss(s->executable->network);
    if (s->state[loss] != FINITE)
        s->guilty[loss] = true;
    else
        for (size_t i = 0; i < updates->update_count; i++)
            s->guilty[updates->updates[i].value] = s->state[updates->updates[i].value] != FINITE;
    for (size_t i = s->size; i-- > 0;)
        for (size_t k = 0; s->guilty[i] && k < yg_node_operand_count(s->graph, (yg_node)i); k++) {
            const yg_node operand = yg_node_operand(s->graph, (yg_node)i, k);
            s->guilty[operand] = s->guilty[operand] || s->state[operand] != FINITE;
        }
}

/* The first that is worse than its operands. */
static yg_node first_guilty(const search *s, bool constants) {
    for (size_t i = 0; i < s->size; i++) {
        const yg_node node = (yg_node)i;
        uint8_t worst = FINITE;
        for (size_t k = 0; k < yg_node_operand_count(s->graph, node); k++) {
            const uint8_t state = s->state[yg_node_operand(s->graph, node, k)];
            worst = state > worst ? state : worst;
        }
        if (s->guilty[i] && s->state[i] > worst && (constants || !yg_node_constant(s->graph, node)))
            return node;
    }
    return YG_NONE;
}

static bool find(const search *s, yg_nan_source *source, yg_error *error) {
    begin(s);
    if (!look_at_all(s, error))
        return false;
    accuse(s);
    source->node = first_guilty(s, false);
    if (source->node == YG_NONE)
        source->node = first_guilty(s, true);
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
                      .guilty = calloc(size, sizeof *s.guilty),
                      .state = calloc(size, sizeof *s.state),
                      .window = calloc(size, sizeof *s.window),
                      .seed = seed,
                      .step = step};
    *source = (yg_nan_source){.node = YG_NONE};
    const bool good = s.needed && s.guilty && s.state && s.window ? find(&s, source, error)
                                                                  : yg_fail_memory(error);
    free(s.needed);
    free(s.guilty);
    free(s.state);
    free(s.window);
    return good;
}
