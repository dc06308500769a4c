/*
 * Gathering scores: see totals.h.
 */
#include "totals.h"

#include "../ops/registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- gathering --- */

bool yg_totals_begin(const yg_score_plan *plan, yg_totals *totals, yg_error *error) {
    size_t count = 2 * plan->count;
    for (size_t i = 0; i < plan->part_count; i++)
        count += (size_t)plan->parts[i].elements;
    *totals = (yg_totals){.count = count, .values = calloc(count, sizeof *totals->values)};
    return totals->values || yg_fail_memory(error);
}

void yg_totals_clear(yg_totals *totals) {
    totals->examples = totals->batches = 0;
    totals->lacks_parts = false;
    memset(totals->values, 0, totals->count * sizeof *totals->values);
}

void yg_totals_free(yg_totals *totals) {
    free(totals->values);
    *totals = (yg_totals){0};
}

static double larger(double a, double b) {
    return a > b || isnan(a) ? a : b;
}

static double smaller(double a, double b) {
    return a < b || isnan(a) ? a : b;
}

/* `first`: no batch was added before. */
static void add_part(const yg_score_part *part, const yg_result *result, double examples,
                     bool first, double *to) {
    for (int64_t i = 0; i < part->elements; i++) {
        const double value = yg_element_get(result->type.dtype, result->data, i);
        if (part->kind == YG_PART_SUM)
            to[i] += value;
        else if (part->kind == YG_PART_MEAN)
            to[i] += examples * value;
        else if (first)
            to[i] = value;
        else
            to[i] = part->kind == YG_PART_MAX ? larger(to[i], value) : smaller(to[i], value);
    }
}

void yg_totals_add(const yg_score_plan *plan, const yg_executable *executable, yg_totals *totals) {
    const double examples = (double)executable->batch;
    double *at = totals->values;
    for (size_t i = 0; i < plan->count; i++) {
        const yg_result *score = i ? &executable->metrics[i - 1] : &executable->loss;
        at[i] = yg_result_scalar(score);
        at[plan->count + i] += examples * at[i];
    }
    at += 2 * plan->count;
    for (size_t i = 0; i < executable->part_count; i++) {
        add_part(&plan->parts[i], &executable->parts[i], examples, totals->batches == 0, at);
        at += plan->parts[i].elements;
    }
    totals->lacks_parts = totals->lacks_parts || executable->part_count != plan->part_count;
    totals->examples += executable->batch;
    totals->batches++;
}

/* ------------------------------------------------------------------------------------ head --- */

/* One program in float64 that computes all scores that have a head. It has an input for each part.
 * Some constants in it are numbers of examples, so there is one program for each number. */
struct yg_head {
    int64_t examples;
    yg_graph *graph;
    yg_program *program;
    yg_node *inputs;  /* by part */
    yg_node *outputs; /* by score; YG_NONE: the score has no head */
};

/* Copying heads out of a network. */
typedef struct copying {
    const yg_score_plan *plan;
    yg_node *scores, *parts; /* nodes of `from`, in the order of the plan */
    const yg_graph *from;
    yg_graph *graph;
    size_t size;
    yg_node *made; /* by node of `from`: its copy in `graph`, or YG_NONE */
    bool *needed;
} copying;

static yg_type in_f64(const yg_type *type) {
    yg_type wide = *type;
    if (type->dtype != YG_BOOL)
        wide.dtype = YG_F64;
    return wide;
}

static yg_node copy_constant(copying *h, yg_node node) {
    const yg_type *type = yg_node_type(h->from, node), wide = in_f64(type);
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
        if (op->attrs[i].kind == YG_ATTR_DTYPE && attrs[i].i != YG_BOOL)
            attrs[i].i = YG_F64;
    }
    for (size_t k = 0; operands && k < count; k++)
        operands[k] = h->made[yg_node_operand(h->from, node, k)];
    if (operands && attrs)
        copy = yg_apply(h->graph, op, operands, count, attrs);
    free(operands);
    free(attrs);
    return copy;
}

/* Marks the nodes between the scores and their parts. A part is an input, so nothing below it is
 * needed. */
static void mark_needed(copying *h) {
    for (size_t i = 0; i < h->plan->count; i++)
        if (h->plan->scores[i].way == YG_SCORE_PARTS)
            h->needed[h->scores[i]] = true;
    for (size_t i = h->size; i-- > 0;)
        for (size_t k = 0; h->needed[i] && h->made[i] == YG_NONE &&
                           k < yg_node_operand_count(h->from, (yg_node)i);
             k++)
            h->needed[yg_node_operand(h->from, (yg_node)i, k)] = true;
}

static bool copy_heads(copying *h, struct yg_head *head, yg_error *error) {
    for (size_t i = 0; i < h->plan->part_count; i++) {
        const yg_node node = h->parts[i];
        const yg_type type = in_f64(yg_node_type(h->from, node));
        if (h->made[node] == YG_NONE)
            h->made[node] = yg_input(h->graph, "part", &type);
        head->inputs[i] = h->made[node];
    }
    mark_needed(h);
    for (size_t i = 0; i < h->size; i++)
        if (h->needed[i] && h->made[i] == YG_NONE)
            h->made[i] = yg_node_constant(h->from, (yg_node)i) ? copy_constant(h, (yg_node)i)
                                                               : copy_node(h, (yg_node)i);
    for (size_t i = 0; i < h->plan->count; i++)
        head->outputs[i] =
            h->plan->scores[i].way == YG_SCORE_PARTS ? h->made[h->scores[i]] : YG_NONE;
    return !yg_graph_error(h->graph) || yg_fail_as(error, yg_graph_error(h->graph));
}

static bool compile_head(const yg_score_plan *plan, struct yg_head *head, yg_error *error) {
    const yg_compile_options options = {.threads = 1};
    yg_node *outputs = calloc(plan->count + 1, sizeof *outputs);
    size_t count = 0;
    if (!outputs)
        return yg_fail_memory(error);
    for (size_t i = 0; i < plan->count; i++)
        if (head->outputs[i] != YG_NONE)
            outputs[count++] = head->outputs[i];
    head->program = yg_compile(head->graph, outputs, count, NULL, 0, &options, error);
    free(outputs);
    return head->program != NULL;
}

static void free_head(struct yg_head *head) {
    yg_program_free(head->program);
    yg_graph_free(head->graph);
    free(head->inputs);
    free(head->outputs);
}

/* Finds the scores and their parts in a network of another batch size. */
static bool find_scores(copying *h, yg_network *network, yg_error *error) {
    size_t count;
    const yg_tensor_name *metrics = yg_network_metrics(network, &count);
    h->scores[0] = yg_network_loss(network);
    for (size_t i = 0; i < count; i++)
        h->scores[i + 1] = metrics[i].node;
    return yg_score_plan_locate(h->plan, network, h->parts) ||
           yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE,
                   "the parts of the scores are not found at another batch size");
}

static bool build_head(const yg_score_plan *plan, yg_network *network, struct yg_head *head,
                       yg_error *error) {
    copying h = {.plan = plan, .from = yg_network_graph(network)};
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
    good = good && find_scores(&h, network, error) && copy_heads(&h, head, error) &&
           compile_head(plan, head, error);
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
                                yg_heads *heads, int64_t examples, yg_error *error) {
    for (size_t i = 0; i < heads->count; i++)
        if (heads->heads[i].examples == examples)
            return &heads->heads[i];
    struct yg_head *grown = realloc(heads->heads, (heads->count + 1) * sizeof *grown);
    if (!grown) {
        yg_fail_memory(error);
        return NULL;
    }
    heads->heads = grown;
    struct yg_head head = {.examples = examples};
    yg_network *network = yg_executable_network(options, examples, error);
    const bool good = network && build_head(plan, network, &head, error);
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

/* Puts the totals of the parts into the head's inputs. */
static void fill_head(const yg_score_plan *plan, const struct yg_head *head,
                      const yg_totals *totals) {
    const double *at = totals->values + 2 * plan->count;
    for (size_t i = 0; i < plan->part_count; i++) {
        const yg_score_part *part = &plan->parts[i];
        void *data = yg_program_data(head->program, head->inputs[i]);
        const yg_dtype dtype = yg_node_type(head->graph, head->inputs[i])->dtype;
        for (int64_t k = 0; data && k < part->elements; k++)
            yg_element_set(dtype, data, k,
                           part->kind == YG_PART_MEAN ? at[k] / (double)totals->examples : at[k]);
        at += part->elements;
    }
}

static double *place_of(yg_scores *scores, size_t i) {
    return i ? &scores->metrics[i - 1].value : &scores->loss;
}

static bool run_head(const yg_score_plan *plan, const struct yg_head *head, const yg_totals *totals,
                     yg_scores *scores, yg_error *error) {
    fill_head(plan, head, totals);
    if (!yg_program_run(head->program, 0, 0, error))
        return false;
    for (size_t i = 0; i < plan->count; i++)
        if (head->outputs[i] != YG_NONE)
            *place_of(scores, i) =
                yg_element_get(yg_node_type(head->graph, head->outputs[i])->dtype,
                               yg_program_data(head->program, head->outputs[i]), 0);
    return true;
}

bool yg_totals_finish(const yg_executable_options *options, const yg_score_plan *plan,
                      const yg_totals *totals, yg_heads *heads, yg_scores *scores,
                      yg_error *error) {
    bool by_parts = false;
    scores->examples = totals->examples;
    for (size_t i = 0; i < plan->count; i++) {
        const yg_score_way way = plan->scores[i].way;
        const bool exact = way == YG_SCORE_MEAN || (way == YG_SCORE_PARTS && !totals->lacks_parts);
        const bool of_batches = !exact && totals->batches > 1;
        *place_of(scores, i) = totals->batches == 1
                                   ? totals->values[i]
                                   : totals->values[plan->count + i] / (double)totals->examples;
        if (i)
            scores->metrics[i - 1].of_batches = of_batches;
        else
            scores->loss_of_batches = of_batches;
        by_parts = by_parts || way == YG_SCORE_PARTS;
    }
    if (!by_parts || totals->lacks_parts || totals->batches <= 1)
        return true;
    const struct yg_head *head = get_head(options, plan, heads, totals->examples, error);
    return head && run_head(plan, head, totals, scores, error);
}

/* ---------------------------------------------------------------------------------- scores --- */

bool yg_scores_begin(const yg_score_plan *plan, yg_scores *scores, yg_error *error) {
    const size_t count = plan->count - 1;
    *scores = (yg_scores){.count = count, .metrics = calloc(count + 1, sizeof *scores->metrics)};
    if (!scores->metrics)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        scores->metrics[i].name = plan->scores[i + 1].name;
    return true;
}

void yg_scores_copy(const yg_scores *from, yg_scores *to) {
    yg_score *metrics = to->metrics;
    memcpy(metrics, from->metrics, from->count * sizeof *metrics);
    *to = *from;
    to->metrics = metrics;
}

void yg_scores_free(yg_scores *scores) {
    free(scores->metrics);
    *scores = (yg_scores){0};
}
