/*
 * The words for a value that is not finite: see nan_report.h.
 */
#include "nan_report.h"

#include "../data/source.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double ORDINARY = 1e3; /* the size of values that have not grown out of hand */

const char *yg_nan_kind(double value) {
    return isnan(value) ? "not a number" : "infinite";
}

void yg_nan_report_begin(yg_nan_report *report, const yg_model *model) {
    *report = (yg_nan_report){.source = {.node = YG_NONE, .example = -1},
                              .origin = {yg_model_path(model), 0, 0}};
}

/* "'h'", or "log(h)" for a node without a name of its own. */
static void tell_node(yg_nan_report *r, yg_node node) {
    const char *name = (size_t)node < r->names.size ? r->names.names[node] : NULL;
    const char *expression = name ? name : yg_node_expression(&r->names, node);
    const yg_graph *graph = yg_network_graph(r->executable->network);
    if (name && strlen(name) <= 100)
        yg_text_add(&r->text, "'%s'", name);
    else if (*expression && strlen(expression) <= 60)
        yg_text_add(&r->text, "`%s`", expression);
    else
        yg_text_add(&r->text, "a node (%s)", yg_node_op(graph, node)->name);
}

/* "; 'h' is from -3 to 2 there" */
static void tell_range(yg_nan_report *r, const yg_nan_range *range) {
    const yg_graph *graph = yg_network_graph(r->executable->network);
    if (yg_node_constant(graph, range->node) || range->elements == 0)
        return;
    yg_text_add(&r->text, "\n  operand ");
    tell_node(r, range->node);
    if (range->finite == 0)
        yg_text_add(&r->text, ": no value is finite");
    else if (range->low == range->high)
        yg_text_add(&r->text, ": %.6g", range->low);
    else
        yg_text_add(&r->text, ": from %.6g to %.6g", range->low, range->high);
    if (range->finite > 0 && range->finite < range->elements)
        yg_text_add(&r->text, ", and %" PRId64 " of %" PRId64 " not finite",
                    range->elements - range->finite, range->elements);
}

static void tell_source(yg_nan_report *r, const char *when) {
    const yg_graph *graph = yg_network_graph(r->executable->network);
    const yg_origin origin = yg_node_origin(graph, r->source.node);
    const char *name = yg_node_name(graph, r->source.node);
    yg_text_add(&r->text, "\nit begins %s: ", when);
    if (*name)
        yg_text_add(&r->text, "'%.100s' (%s", name, yg_node_op(graph, r->source.node)->name);
    else
        yg_text_add(&r->text, "a node (%s", yg_node_op(graph, r->source.node)->name);
    if (origin.line)
        yg_text_add(&r->text, ", %.250s", origin.file ? origin.file : "");
    if (origin.line > 0) /* -1: it comes from the command line */
        yg_text_add(&r->text, ":%d", origin.line);
    yg_text_add(&r->text, ")%s is %s", r->source.gradient ? " among the gradients" : "",
                r->source.nan ? "not a number" : "infinite");
    for (size_t k = 0; k < r->source.operand_count; k++)
        tell_range(r, &r->source.operands[k]);
    if (origin.line)
        r->origin = origin;
}

void yg_nan_look(yg_nan_report *report, const yg_executable_options *options, uint64_t seed,
                 uint64_t step, const char *when) {
    if (!yg_find_nan(report->executable, seed, step, &report->source, NULL))
        report->source.node = YG_NONE;
    if (report->source.node == YG_NONE)
        return;
    yg_nan_describe(report->executable, options, seed, step, &report->source);
    tell_source(report, when);
}

void yg_nan_tell_example(yg_nan_report *report, const yg_example_at *at, int64_t number) {
    const yg_nan_source *source = &report->source;
    const int64_t batch = report->executable->batch;
    char place[300];
    const char *where = number >= 0 ? yg_example_place(at->model, at->data, at->part, at->name,
                                                       at->dtype, number, place, sizeof place)
                                    : NULL;
    const bool all = source->examples == batch && source->examples > 1;
    yg_text_add(&report->text, "\n%s example %" PRId64 " of the batch, counted from 0",
                all                ? "in every example, as in"
                : source->examples ? "in"
                                   : "its largest operand is that of",
                source->example);
    if (where)
        yg_text_add(&report->text, ": %s", where);
    else if (number >= 0)
        yg_text_add(&report->text, ": number %" PRId64 " of the data", number);
    if (source->examples > 1 && !all)
        yg_text_add(&report->text, "; and in %" PRId64 " of the %" PRId64 " others",
                    source->examples - 1, batch - 1);
}

/* Whether the operands are of ordinary size, so that the operator is not defined there, as log(-1)
 * is not. Otherwise values have grown too large. */
static bool is_undefined(const yg_nan_source *source) {
    bool ordinary = source->operand_count > 0;
    for (size_t k = 0; k < source->operand_count; k++) {
        const yg_nan_range *range = &source->operands[k];
        ordinary = ordinary && range->finite == range->elements && range->low > -ORDINARY &&
                   range->high < ORDINARY;
    }
    return ordinary;
}

void yg_nan_tell_advice(yg_nan_report *report, bool untrained) {
    const bool first = report->executable && (untrained || is_undefined(&report->source));
    yg_text_add(&report->text, "\ntry %s",
                report->source.gradient
                    ? "to keep its operand away from where the derivative is infinite, as in "
                      "sqrt(x + 1e-8), or a lower learning rate"
                : first ? "`standardize` or `transform` for the data, another `init`, or to keep "
                          "its operand where the operator is defined, as in log(x + 1e-8)"
                        : "a lower learning rate, `clip_grad_norm: 1`, or `standardize` for the "
                          "inputs");
}

void yg_nan_tell_kept(yg_nan_report *report, const yg_failed_step *failed, const char *command) {
    yg_error error = {0};
    const bool example = report->source.node != YG_NONE && report->source.example >= 0;
    if (!failed->folder || !yg_failed_step_save(failed, &error)) {
        yg_text_add(&report->text, "\nthe batch could not be kept: %s", error.message);
        return;
    }
    yg_text_add(&report->text,
                "\nthe batch and the weights are kept; to look at them:\n  yamlgrad %s "
                "%s/model.yaml --weights %s/weights.safetensors",
                example ? "explain" : command, failed->folder, failed->folder);
    if (example)
        yg_text_add(&report->text, " --example %" PRId64, report->source.example);
}

bool yg_nan_report_fail(yg_nan_report *report, yg_error *error) {
    char *text = yg_text_take(&report->text);
    const bool failed =
        text ? yg_fail(error, YG_ERROR_NUMERIC, report->origin, "%s", text) : yg_fail_memory(error);
    free(text);
    return failed;
}
