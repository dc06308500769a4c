/*
 * Results of an executable: see results.h.
 */
#include "results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------- listing --- */

/* The address of a result is left to yg_results_point(). A result may be a parameter or a view of
 * one, and binding parameters frees the buffer that the program had for it. */
static yg_result result_of(const yg_executable *executable, const char *name, yg_node node,
                           yg_origin origin) {
    return (yg_result){.name = name,
                       .node = node,
                       .type = *yg_node_type(yg_network_graph(executable->network), node),
                       .origin = origin};
}

static yg_result *list_named(const yg_executable *executable, const yg_tensor_name *named,
                             size_t count, yg_error *error) {
    yg_result *results = calloc(count + 1, sizeof *results);
    if (!results)
        yg_fail_memory(error);
    for (size_t i = 0; results && i < count; i++)
        results[i] = result_of(executable, named[i].name, named[i].node, named[i].origin);
    return results;
}

bool yg_results_locate_parts(const yg_score_plan *plan, yg_executable *executable,
                             yg_error *error) {
    yg_node *nodes = calloc(plan->part_count + 1, sizeof *nodes);
    executable->parts = calloc(plan->part_count + 1, sizeof *executable->parts);
    const bool good =
        nodes && executable->parts
            ? yg_score_plan_locate(plan, executable->network, executable->batch, nodes, error)
            : yg_fail_memory(error);
    executable->part_count = good ? plan->part_count : 0;
    for (size_t i = 0; i < executable->part_count; i++)
        executable->parts[i] = nodes[i] == YG_NONE
                                   ? (yg_result){.name = "part", .node = YG_NONE}
                                   : result_of(executable, "part", nodes[i], YG_NOWHERE);
    free(nodes);
    return good;
}

static bool list_gradients(yg_executable *executable, const yg_node *gradients, size_t trainable,
                           yg_error *error) {
    size_t count;
    const yg_network_parameter *parameter = yg_network_parameters(executable->network, &count);
    executable->gradients = calloc(trainable + 1, sizeof *executable->gradients);
    if (!executable->gradients)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        if (!parameter[i].trainable)
            continue;
        yg_result *out = &executable->gradients[executable->gradient_count];
        *out = result_of(executable, parameter[i].name, parameter[i].node, parameter[i].origin);
        out->node = gradients[executable->gradient_count++];
    }
    return true;
}

bool yg_results_list(const yg_executable_options *options, yg_executable *executable,
                     const yg_node *gradients, size_t count, yg_error *error) {
    size_t metrics, outputs;
    const yg_tensor_name *metric = yg_network_metrics(executable->network, &metrics);
    const yg_tensor_name *output = yg_network_outputs(executable->network, &outputs);
    if (options->outputs_only) {
        executable->outputs = list_named(executable, output, outputs, error);
        executable->output_count = executable->outputs ? outputs : 0;
        return executable->outputs != NULL;
    }
    executable->loss = result_of(executable, "loss", executable->loss_node, YG_NOWHERE);
    executable->metrics = list_named(executable, metric, metrics, error);
    executable->metric_count = executable->metrics ? metrics : 0;
    return executable->metrics &&
           (!options->gradients || list_gradients(executable, gradients, count, error));
}

static void free_copies(yg_result *results, size_t count) {
    for (size_t i = 0; results && i < count; i++)
        free(results[i].copy);
}

void yg_results_free(yg_executable *executable) {
    free(executable->loss.copy);
    free_copies(executable->metrics, executable->metric_count);
    free_copies(executable->parts, executable->part_count);
    free(executable->metrics);
    free(executable->parts);
    free(executable->outputs);
    free(executable->gradients);
}

/* -------------------------------------------------------------------------------- pointing --- */

/* Whether a result lies in a parameter's bytes: it is that parameter, or a view of it that the
 * program did not copy. The address tells; a view is of operand 0, and is never elementwise. */
static bool lies_in_parameter(yg_executable *executable, const yg_result *result) {
    const yg_graph *graph = yg_network_graph(executable->network);
    yg_node node = result->node;
    while (!yg_node_is_parameter(graph, node)) {
        if (yg_node_operand_count(graph, node) == 0 ||
            yg_node_op(graph, node)->flags & YG_OP_ELEMENTWISE)
            return false;
        node = yg_node_operand(graph, node, 0);
    }
    const char *begin = yg_program_data(executable->program, node), *at = result->source;
    return begin && at >= begin && at < begin + yg_type_bytes(yg_node_type(graph, node));
}

static void point_to(yg_executable *executable, yg_result *results, size_t count) {
    for (size_t i = 0; i < count; i++)
        results[i].data = results[i].source =
            results[i].node == YG_NONE ? NULL
                                       : yg_program_data(executable->program, results[i].node);
}

/* As point_to(), for what a program with updates may write over. */
static bool point_before(yg_executable *executable, yg_result *results, size_t count,
                         yg_error *error) {
    point_to(executable, results, count);
    for (size_t i = 0; i < count && executable->updates.update_count; i++) {
        yg_result *result = &results[i];
        if (result->node == YG_NONE || !lies_in_parameter(executable, result))
            continue;
        if (!result->copy)
            result->copy = calloc(1, (size_t)yg_type_bytes(&result->type) + 1);
        if (!result->copy)
            return yg_fail_memory(error);
        result->data = result->copy;
    }
    return true;
}

bool yg_results_point(yg_executable *executable, yg_error *error) {
    point_to(executable, executable->outputs, executable->output_count);
    point_to(executable, executable->gradients, executable->gradient_count);
    return !executable->loss.name ||
           (point_before(executable, &executable->loss, 1, error) &&
            point_before(executable, executable->metrics, executable->metric_count, error) &&
            point_before(executable, executable->parts, executable->part_count, error));
}

static void copy_before(const yg_result *results, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (results[i].copy)
            memcpy(results[i].copy, results[i].source, (size_t)yg_type_bytes(&results[i].type));
}

void yg_results_before_run(yg_executable *executable) {
    copy_before(&executable->loss, 1);
    copy_before(executable->metrics, executable->metric_count);
    copy_before(executable->parts, executable->part_count);
}

/* --------------------------------------------------------------------------------- reading --- */

double yg_result_scalar(const yg_result *result) {
    return yg_element_get(result->type.dtype, result->data, 0);
}

bool yg_executable_is_finite(const yg_executable *executable) {
    if (isfinite(yg_result_scalar(&executable->loss)))
        return true;
    const yg_score_plan *plan = executable->plan;
    if (!executable->part_count || plan->scores[0].way != YG_SCORE_PARTS)
        return false;
    for (size_t i = 0; i < plan->scores[0].part_count; i++) {
        const yg_result *part = &executable->parts[plan->scores[0].parts[i]];
        if (part->node == YG_NONE)
            return false;
        for (int64_t k = 0; k < yg_type_count(&part->type); k++)
            if (!isfinite(yg_element_get(part->type.dtype, part->data, k)))
                return false;
    }
    return true;
}
