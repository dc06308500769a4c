/*
 * Heads of scores: see score_head.h.
 */
#include "score_head.h"

#include <stdlib.h>

/* One program in float64 that computes all scores of a way. It has an input for each part. Some
 * constants in it are numbers of examples, so there is one program for each number. */
struct yg_head {
    int64_t examples;
    yg_score_way way;
    yg_graph *graph;
    yg_program *program; /* NULL: no score needs one, or it would take too much memory */
    yg_node *inputs;     /* by part; YG_NONE: no score of the way has it */
    yg_node *outputs;    /* by score; YG_NONE: the score has no head */
};

/* Copying heads out of a network. */
typedef struct copying {
    const yg_score_plan *plan;
    yg_score_way way;
    yg_node *scores, *parts; /* nodes of `from`, in the order of the plan; a part may be YG_NONE */
    const yg_graph *from;
    yg_graph *graph;
    size_t size;
    yg_node *made; /* by node of `from`: its copy in `graph`, or YG_NONE */
    bool *needed;
} copying;

/* The type of a head for a type of the network. Sums of whole numbers over an epoch may be larger
 * than their type, so they become float64 too. Of rows, whole numbers may be indices, and stay what
 * they are. */
static yg_dtype widened(const copying *h, yg_dtype dtype) {
    const bool stays = dtype == YG_BOOL || (h->way == YG_SCORE_ROWS && !yg_dtype_is_float(dtype));
    return stays ? dtype : YG_F64;
}

static yg_type in_f64(const copying *h, const yg_type *type) {
    yg_type wide = *type;
    wide.dtype = widened(h, type->dtype);
    return wide;
}

static yg_node copy_constant(copying *h, yg_node node) {
    const yg_type *type = yg_node_type(h->from, node), wide = in_f64(h, type);
    const void *data = yg_node_constant(h->from, node);
    const int64_t count = yg_type_count(type);
    if (type->dtype == wide.dtype)
        return yg_constant(h->graph, type, data);
    double *values = calloc((size_t)count + 1, sizeof *values);
    for (int64_t i = 0; values && i < count; i++)
        values[i] = yg_element_get(type->dtype, data, i);
    const yg_node copy = values ? yg_constant(h->graph, &wide, values) : YG_NONE;
    free(values);
    return copy;
}

/* Copies a node with several results. The nodes of the others come right after it. */
static yg_node copy_results(copying *h, yg_node node, const yg_node *operands,
                            const yg_attr *attrs) {
    const yg_op *op = yg_node_op(h->from, node);
    const size_t results = (size_t)op->results;
    yg_node *copies = calloc(results, sizeof *copies), first = YG_NONE;
    if (copies && yg_apply_all(h->graph, op, operands, yg_node_operand_count(h->from, node), attrs,
                               copies, results)) {
        for (size_t i = 0; i < results; i++)
            h->made[node + i] = copies[i];
        first = copies[0];
    }
    free(copies);
    return first;
}

/* Copies a node: the same operator on the copies of its operands. A cast to f32 becomes one to f64.
 */
static yg_node copy_node(copying *h, yg_node node) {
    const yg_op *op = yg_node_op(h->from, node);
    const size_t count = yg_node_operand_count(h->from, node);
    yg_node *operands = calloc(count + 1, sizeof *operands);
    yg_attr *attrs = calloc(op->attr_count + 1, sizeof *attrs);
    yg_node copy = YG_NONE;
    for (size_t i = 0; attrs && i < op->attr_count; i++) {
        attrs[i] = yg_node_attrs(h->from, node)[i];
        if (op->attrs[i].kind == YG_ATTR_DTYPE)
            attrs[i].i = widened(h, (yg_dtype)attrs[i].i);
    }
    for (size_t k = 0; operands && k < count; k++)
        operands[k] = h->made[yg_node_operand(h->from, node, k)];
    if (operands && attrs && op->results > 1)
        copy = copy_results(h, node, operands, attrs);
    else if (operands && attrs)
        copy = yg_apply(h->graph, op, operands, count, attrs);
    free(operands);
    free(attrs);
    return copy;
}

/* Whether a score is computed here: it has the way, and its parts are there. */
static bool is_computed(const copying *h, size_t score) {
    return h->plan->scores[score].way == h->way &&
           !yg_score_lacks(&h->plan->scores[score], h->parts);
}

static void make_inputs(copying *h, struct yg_head *head) {
    for (size_t i = 0; i < h->plan->count; i++)
        for (size_t k = 0, n = is_computed(h, i) ? h->plan->scores[i].part_count : 0; k < n; k++) {
            const size_t part = h->plan->scores[i].parts[k];
            const yg_node node = h->parts[part];
            const yg_type type = in_f64(h, yg_node_type(h->from, node));
            if (h->made[node] == YG_NONE)
                h->made[node] = yg_input(h->graph, "part", &type);
            head->inputs[part] = h->made[node];
        }
}

/* Marks the nodes between the scores and their parts. A part is an input, so nothing below it is
 * needed. */
static void mark_needed(copying *h) {
    for (size_t i = 0; i < h->plan->count; i++)
        if (is_computed(h, i))
            h->needed[h->scores[i]] = true;
    for (size_t i = h->size; i-- > 0;)
        for (size_t k = 0; h->needed[i] && h->made[i] == YG_NONE &&
                           k < yg_node_operand_count(h->from, (yg_node)i);
             k++)
            h->needed[yg_node_operand(h->from, (yg_node)i, k)] = true;
}

static bool copy_heads(copying *h, struct yg_head *head, yg_error *error) {
    make_inputs(h, head);
    mark_needed(h);
    for (size_t i = 0; i < h->size; i++)
        if (h->needed[i] && h->made[i] == YG_NONE)
            h->made[i] = yg_node_constant(h->from, (yg_node)i) ? copy_constant(h, (yg_node)i)
                                                               : copy_node(h, (yg_node)i);
    if (yg_graph_error(h->graph))
        return yg_fail_as(error, yg_graph_error(h->graph));
    for (size_t i = 0; i < h->plan->count; i++) {
        if (!is_computed(h, i))
            continue;
        head->outputs[i] = h->made[h->scores[i]];
        if (head->outputs[i] == YG_NONE)
            return yg_fail_memory(error);
    }
    return true;
}

/* Whether a program of rows takes too much memory. */
static bool is_too_large(const struct yg_head *head, const yg_node *outputs, size_t count,
                         int64_t memory, bool *large, yg_error *error) {
    const yg_compile_options options = {.threads = 1, .flags = YG_PROGRAM_NO_MEMORY};
    yg_program *program = yg_compile(head->graph, outputs, count, NULL, 0, &options, error);
    if (!program)
        return false;
    const yg_program_stats stats = yg_program_get_stats(program);
    *large = stats.arena_bytes + stats.buffer_bytes > memory;
    yg_program_free(program);
    return true;
}

static bool compile_head(const yg_score_plan *plan, struct yg_head *head, int64_t memory,
                         yg_error *error) {
    const yg_compile_options options = {.threads = 1};
    yg_node *outputs = calloc(plan->count + 1, sizeof *outputs);
    size_t count = 0;
    bool large = false;
    if (!outputs)
        return yg_fail_memory(error);
    for (size_t i = 0; i < plan->count; i++)
        if (head->outputs[i] != YG_NONE)
            outputs[count++] = head->outputs[i];
    bool good = count == 0 || head->way != YG_SCORE_ROWS ||
                is_too_large(head, outputs, count, memory, &large, error);
    if (good && count > 0 && !large)
        good = (head->program =
                    yg_compile(head->graph, outputs, count, NULL, 0, &options, error)) != NULL;
    free(outputs);
    return good;
}

static void free_head(struct yg_head *head) {
    yg_program_free(head->program);
    yg_graph_free(head->graph);
    free(head->inputs);
    free(head->outputs);
}

/* Finds the scores and their parts in a network of another batch size. */
static bool find_scores(copying *h, yg_network *network, int64_t examples, yg_error *error) {
    size_t count;
    const yg_tensor_name *metrics = yg_network_metrics(network, &count);
    h->scores[0] = yg_network_loss(network);
    for (size_t i = 0; i < count; i++)
        h->scores[i + 1] = metrics[i].node;
    return yg_score_plan_locate(h->plan, network, examples, h->parts, error);
}

static bool build_head(const yg_score_plan *plan, yg_network *network, struct yg_head *head,
                       int64_t memory, yg_error *error) {
    copying h = {.plan = plan, .way = head->way, .from = yg_network_graph(network)};
    h.size = yg_graph_size(h.from);
    h.graph = head->graph = yg_graph_new(yg_graph_ops(h.from), YG_GRAPH_F64);
    h.made = malloc((h.size + 1) * sizeof *h.made);
    h.needed = calloc(h.size + 1, sizeof *h.needed);
    h.scores = calloc(plan->count + 1, sizeof *h.scores);
    h.parts = calloc(plan->part_count + 1, sizeof *h.parts);
    head->inputs = calloc(plan->part_count + 1, sizeof *head->inputs);
    head->outputs = calloc(plan->count + 1, sizeof *head->outputs);
    bool good =
        h.graph && h.made && h.needed && h.scores && h.parts && head->inputs && head->outputs;
    if (!good)
        yg_fail_memory(error);
    for (size_t i = 0; good && i < h.size; i++)
        h.made[i] = YG_NONE;
    for (size_t i = 0; good && i < plan->part_count; i++)
        head->inputs[i] = YG_NONE;
    for (size_t i = 0; good && i < plan->count; i++)
        head->outputs[i] = YG_NONE;
    good = good && find_scores(&h, network, head->examples, error) && copy_heads(&h, head, error) &&
           compile_head(plan, head, memory, error);
    free(h.made);
    free(h.needed);
    free(h.scores);
    free(h.parts);
    if (!good)
        free_head(head);
    return good;
}

/* The head for a number of examples, made when first asked for. */
static struct yg_head *get_head(const yg_executable_options *options, const yg_score_plan *plan,
                                const yg_totals *totals, yg_score_way way, yg_heads *heads,
                                yg_error *error) {
    const int64_t examples = totals->examples;
    for (size_t i = 0; i < heads->count; i++)
        if (heads->heads[i].examples == examples && heads->heads[i].way == way)
            return &heads->heads[i];
    struct yg_head *grown = realloc(heads->heads, (heads->count + 1) * sizeof *grown);
    if (!grown) {
        yg_fail_memory(error);
        return NULL;
    }
    heads->heads = grown;
    struct yg_head head = {.examples = examples, .way = way};
    yg_network *network = yg_executable_network(options, examples, error);
    const bool good = network && build_head(plan, network, &head, totals->memory, error);
    yg_network_free(network);
    if (!good)
        return NULL;
    grown[heads->count] = head;
    return &grown[heads->count++];
}

void yg_heads_free(yg_heads *heads) {
    for (size_t i = 0; i < heads->count; i++)
        free_head(&heads->heads[i]);
    free(heads->heads);
    *heads = (yg_heads){0};
}

/* ---------------------------------------------------------------------------------- running -- */

/* Rows are kept example by example. The tensor is [outer, examples · each, inner], where the second
 * of these dimensions is the part's axis. */
static void fill_rows(const yg_score_part *part, const yg_type *type, const void *rows,
                      int64_t examples, void *data) {
    int64_t outer = 1, at = 0;
    for (int d = 0; d < part->axis; d++)
        outer *= type->shape[d];
    const int64_t each = outer ? part->elements / outer : 0;
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < examples; i++)
            for (int64_t k = 0; k < each; k++)
                yg_element_set(type->dtype, data, at++,
                               yg_element_get(part->dtype, rows, (i * outer + o) * each + k));
}

/* Puts the totals of the parts into the head's inputs. */
static void fill_head(const yg_score_plan *plan, const struct yg_head *head,
                      const yg_totals *totals) {
    for (size_t i = 0; i < plan->part_count; i++) {
        const yg_score_part *part = &plan->parts[i];
        void *data =
            head->inputs[i] == YG_NONE ? NULL : yg_program_data(head->program, head->inputs[i]);
        if (!data)
            continue;
        const yg_type *type = yg_node_type(head->graph, head->inputs[i]);
        if (part->kind == YG_PART_ROWS) {
            if (totals->rows[i])
                fill_rows(part, type, totals->rows[i], totals->examples, data);
            continue;
        }
        const double *from = totals->values + part->first;
        const double scale = part->kind == YG_PART_MEAN ? (double)totals->examples : 1;
        for (int64_t k = 0; k < part->elements; k++)
            yg_element_set(type->dtype, data, k, from[k] / scale);
    }
}

static bool run_head(const yg_score_plan *plan, const struct yg_head *head, const yg_totals *totals,
                     yg_scores *scores, yg_error *error) {
    fill_head(plan, head, totals);
    if (!yg_program_run(head->program, 0, 0, error))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        if (head->outputs[i] == YG_NONE || yg_totals_lack(plan, totals, i))
            continue;
        double *to = yg_scores_place(scores, i);
        const yg_dtype dtype = yg_node_type(head->graph, head->outputs[i])->dtype;
        const void *data = yg_program_data(head->program, head->outputs[i]);
        for (int64_t k = 0; k < plan->scores[i].elements; k++)
            to[k] = yg_element_get(dtype, data, k);
        yg_scores_mark(scores, i, false);
    }
    return true;
}

bool yg_head_compute(const yg_executable_options *options, const yg_score_plan *plan,
                     const yg_totals *totals, yg_score_way way, yg_heads *heads, yg_scores *scores,
                     yg_error *error) {
    bool needed = false;
    for (size_t i = 0; i < plan->count; i++)
        needed = needed || (plan->scores[i].way == way && !yg_totals_lack(plan, totals, i));
    if (!needed)
        return true;
    const struct yg_head *head = get_head(options, plan, totals, way, heads, error);
    return head && (!head->program || run_head(plan, head, totals, scores, error));
}
