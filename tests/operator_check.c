/*
 * Everything that can be checked of an operator from its descriptor: see operator_check.h.
 */
#include "operator_check.h"

#include "definition_check.h"
#include "gradient_check.h"
#include "graph/program.h"
#include "plan_check.h"
#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t SEED = OPERATOR_CHECK_SEED;

/* ------------------------------------------------------------------------------- descriptor -- */

static bool is_snake_case(const char *name) {
    if (!name || name[0] < 'a' || name[0] > 'z')
        return false;
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool has_kernel(const yg_op *op) {
    for (int dtype = 0; dtype < YG_DTYPE_COUNT; dtype++) {
        if (op->flags & YG_OP_ELEMENTWISE ? op->tile[dtype] != NULL : op->kernel[dtype] != NULL)
            return true;
    }
    return false;
}

static bool check_schema(const yg_op *op, char *why) {
    for (size_t i = 0; i < op->attr_count; i++) {
        const yg_attr_spec *spec = &op->attrs[i];
        if (!is_snake_case(spec->name))
            return fail(why, "attribute %zu has no snake_case name", i);
        if (!spec->doc || !spec->doc[0] || spec->doc[strlen(spec->doc) - 1] == '.')
            return fail(why, "attribute %s: its doc is a phrase without a full stop", spec->name);
        if (spec->kind == YG_ATTR_CHOICE && (!spec->choices || !spec->choices[0]))
            return fail(why, "attribute %s: no choices", spec->name);
        if (spec->kind == YG_ATTR_TEXT && !yg_op_is_composite(op))
            return fail(why, "attribute %s: a node does not keep a text", spec->name);
        if (yg_op_attr(op, spec->name) != (int)i)
            return fail(why, "attribute %s is there twice", spec->name);
    }
    return true;
}

static bool check_attrs(const yg_op *op, char *why) {
    yg_error error = {0};
    bool required = false;
    for (size_t i = 0; i < op->attr_count; i++)
        required = required || op->attrs[i].required;
    yg_attr attrs[16];
    yg_op_defaults(op, attrs);
    if (!required && !yg_op_check_attrs(op, attrs, YG_NOWHERE, &error))
        return fail(why, "the defaults break the schema: %s", error.message);
    for (size_t s = 0; s < op->sample_count; s++) {
        if (!op->samples[s].attrs && required)
            return fail(why, "sample %zu leaves out a required attribute", s);
        if (op->samples[s].attrs &&
            !yg_op_check_attrs(op, op->samples[s].attrs, YG_NOWHERE, &error))
            return fail(why, "sample %zu breaks the schema: %s", s, error.message);
    }
    return true;
}

bool operator_check_descriptor(const yg_op *op, char *why) {
    if (!is_snake_case(op->name))
        return fail(why, "no snake_case name");
    if (!op->formula || !op->formula[0] || !op->doc || !op->doc[0] || !op->group || !op->group[0])
        return fail(why, "formula, doc and group must be there");
    if (op->min_operands < 0 || op->max_operands < op->min_operands ||
        (op->flags & YG_OP_ELEMENTWISE && op->max_operands > YG_ELEMENTWISE_OPERANDS) ||
        (op->max_operands == YG_ANY_COUNT) != ((op->flags & YG_OP_LIST) != 0))
        return fail(why, "takes %d to %d operands", op->min_operands, op->max_operands);
    for (int k = 0; k < op->max_operands && k < YG_OP_NAMED_OPERANDS; k++) {
        if (!(op->flags & YG_OP_LIST) && !is_snake_case(op->operand_names[k]))
            return fail(why, "operand %d has no name", k);
    }
    const bool composite = yg_op_is_composite(op);
    if (composite && (op->vjp || op->vjp_list || op->simplify || has_kernel(op)))
        return fail(why, "a composite has neither a kernel nor a derivative");
    if (!composite && !(op->flags & YG_OP_VIEW) && !has_kernel(op))
        return fail(why, "neither a kernel nor a composite");
    if (!composite && !op->infer && !(op->flags & YG_OP_ELEMENTWISE))
        return fail(why, "no shape rule");
    if (!op->compose && !op->vjp && !op->vjp_list && !(op->flags & YG_OP_NON_DIFFERENTIABLE))
        return fail(why, "no vjp, no definition, and not the flag YG_OP_NON_DIFFERENTIABLE");
    if (op->vjp_add && !op->vjp)
        return fail(why, "a vjp_add without a vjp");
    if (op->vjp_list && (op->vjp || op->results > 1))
        return fail(why, "a vjp_list beside a vjp or for several results");
    if (op->result_count && !composite)
        return fail(why, "a result_count without a composite");
    if ((op->vjp || op->vjp_list) && op->flags & YG_OP_NON_DIFFERENTIABLE)
        return fail(why, "both a vjp and the flag YG_OP_NON_DIFFERENTIABLE");
    if (op->flags & YG_OP_EFFECTS &&
        (composite || op->simplify || op->flags & (YG_OP_ELEMENTWISE | YG_OP_VIEW)))
        return fail(why, "effects, but no whole-tensor kernel, or a simplification");
    if (!op->reference)
        return fail(why, "no reference");
    if (!op->samples || op->sample_count == 0)
        return fail(why, "no sample");
    return check_schema(op, why) && check_attrs(op, why);
}

bool operator_check_arity(const yg_op_set *ops, const yg_op *op, char *why) {
    const yg_type type = yg_type_scalar(YG_F64);
    const bool limited = op->max_operands < YG_ANY_COUNT;
    const int wrong[] = {op->min_operands - 1, limited ? op->max_operands + 1 : -1};
    for (int i = 0; i < 2; i++) {
        if (wrong[i] < 0 || wrong[i] > SAMPLE_RESULTS)
            continue;
        yg_graph *graph = yg_graph_new(ops, 0);
        yg_node operands[SAMPLE_RESULTS], results[SAMPLE_RESULTS];
        for (int k = 0; k < wrong[i]; k++)
            operands[k] = yg_input(graph, "operand", &type);
        const size_t made = yg_apply_all(graph, op, operands, (size_t)wrong[i],
                                         op->samples[0].attrs, results, SAMPLE_RESULTS);
        const yg_error *error = yg_graph_error(graph);
        const bool refused =
            made == 0 && error && error->code == YG_ERROR_ARGUMENT && error->message[0];
        yg_graph_free(graph);
        if (!refused)
            return fail(why, "%d operands are not refused", wrong[i]);
    }
    return true;
}

/* ----------------------------------------------------------------------------------- values -- */

/* A call that has been built, compiled and run. */
typedef struct run {
    yg_graph *graph;
    yg_program *program;
    yg_node inputs[YG_SAMPLE_OPERANDS], results[SAMPLE_RESULTS];
    size_t count; /* of results */
} run;

static void run_free(run *r) {
    yg_program_free(r->program);
    yg_graph_free(r->graph);
    *r = (run){0};
}

static bool run_call(run *r, const sample_call *call, const yg_op_set *ops, unsigned graph_flags,
                     char *why) {
    *r = (run){0};
    r->graph = yg_graph_new(ops, graph_flags);
    if (!r->graph)
        return fail(why, "out of memory");
    r->count = sample_apply(call, r->graph, r->inputs, r->results);
    if (r->count == 0)
        return fail(why, "cannot be built: %s", graph_reason(r->graph));
    yg_error error = {0};
    if (!yg_graph_verify(r->graph, &error))
        return fail(why, "the verifier: %s", error.message);
    r->program = yg_compile(r->graph, r->results, r->count, NULL, 0, NULL, &error);
    if (!r->program)
        return fail(why, "cannot be compiled: %s", error.message);
    sample_fill(call, r->inputs, r->program);
    if (!yg_program_run(r->program, 0, 0, &error))
        return fail(why, "cannot be run: %s", error.message);
    return true;
}

static double value_at(const run *r, size_t result, int64_t i) {
    const yg_type *type = yg_node_type(r->graph, r->results[result]);
    return yg_element_get(type->dtype, yg_program_data(r->program, r->results[result]), i);
}

/* An elementwise operator's shape is that of its operands stretched to each other. */
static bool check_elementwise_shape(const sample_call *call, const yg_type *type, char *why) {
    yg_type shape = call->types[0];
    for (size_t k = 1; k < call->count; k++)
        yg_shape_broadcast(&shape, &call->types[k], &shape);
    char found[YG_TYPE_TEXT], wanted[YG_TYPE_TEXT];
    return yg_shape_equal(&shape, type) ||
           fail(why, "the result is %s, the operands broadcast to %s", yg_type_text(type, found),
                yg_shape_text(&shape, wanted));
}

/* Of result number `result`. */
static bool check_reference(const sample_call *call, const run *r, size_t result,
                            operator_counts *counts, char *why) {
    const yg_type *type = yg_node_type(r->graph, r->results[result]);
    if (call->op->flags & YG_OP_ELEMENTWISE && !check_elementwise_shape(call, type, why))
        return false;
    double *reference = sample_reference(call, result, type);
    if (!reference)
        return fail(why, "out of memory");
    const double tolerance = type->dtype == YG_F32 ? 1e-6 : 1e-12;
    bool good = true;
    for (int64_t i = 0; good && i < yg_type_count(type); i++) {
        counts->values++;
        if (!sample_close(value_at(r, result, i), reference[i], tolerance))
            good = fail(why, "element %lld of result %zu is %.17g, the reference says %.17g",
                        (long long)i, result, value_at(r, result, i), reference[i]);
    }
    free(reference);
    return good;
}

static bool check_values(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                         operator_counts *counts, char *why) {
    sample_call call;
    run r = {0};
    bool good = sample_draw(&call, op, sample, YG_F64, YG_F64, SEED, why) &&
                run_call(&r, &call, ops, 0, why);
    for (size_t i = 0; good && i < (yg_op_is_composite(op) ? 1 : r.count); i++)
        good = check_reference(&call, &r, i, counts, why);
    run_free(&r);
    sample_free(&call);
    return good;
}

static bool compare_narrow(const run *narrow, const run *wide, operator_counts *counts, char *why) {
    if (narrow->count != wide->count)
        return fail(why, "%zu results in f32, %zu in f64", narrow->count, wide->count);
    for (size_t result = 0; result < wide->count; result++) {
        const yg_type *type = yg_node_type(wide->graph, wide->results[result]);
        if (!yg_shape_equal(type, yg_node_type(narrow->graph, narrow->results[result])))
            return fail(why, "the result's shape depends on the element type");
        for (int64_t i = 0; i < yg_type_count(type); i++) {
            counts->narrow++;
            const double found = value_at(narrow, result, i), wanted = value_at(wide, result, i);
            if (!sample_close(found, wanted, 1e-5))
                return fail(why, "element %lld is %.9g in f32, %.17g in f64", (long long)i, found,
                            wanted);
        }
    }
    return true;
}

static bool check_narrow(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                         operator_counts *counts, char *why) {
    sample_call narrow_call, wide_call;
    run narrow = {0}, wide = {0};
    const bool drawn = sample_draw(&narrow_call, op, sample, YG_F32, YG_F32, SEED, why);
    const bool good = sample_draw(&wide_call, op, sample, YG_F64, YG_F32, SEED, why) && drawn &&
                      run_call(&narrow, &narrow_call, ops, 0, why) &&
                      run_call(&wide, &wide_call, ops, YG_GRAPH_F64, why) &&
                      compare_narrow(&narrow, &wide, counts, why);
    run_free(&narrow);
    run_free(&wide);
    sample_free(&narrow_call);
    sample_free(&wide_call);
    return good;
}

/* -------------------------------------------------------------------------------- gradients -- */

static bool check_no_gradient(yg_graph *graph, yg_node y, const yg_node *inputs, size_t count,
                              char *why) {
    yg_node slopes[YG_SAMPLE_OPERANDS];
    const yg_node cotangent = yg_input(graph, "cotangent", yg_node_type(graph, y));
    if (!yg_grad(graph, y, cotangent, inputs, count, slopes))
        return fail(why, "%s", graph_reason(graph));
    for (size_t k = 0; k < count; k++) {
        if (slopes[k] != YG_NONE)
            return fail(why, "non-differentiable, but operand %zu has a gradient", k);
    }
    return true;
}

/* Of result number `result` of the call. */
static bool check_gradient(const yg_op_set *ops, const sample_call *call, size_t result,
                           operator_counts *counts, char *why) {
    yg_graph *graph = yg_graph_new(ops, YG_GRAPH_F64);
    if (!graph)
        return fail(why, "out of memory");
    gradient_leaf leaves[YG_SAMPLE_OPERANDS];
    void *data[YG_SAMPLE_OPERANDS] = {NULL};
    yg_node inputs[YG_SAMPLE_OPERANDS], results[SAMPLE_RESULTS];
    sample_apply(call, graph, inputs, results);
    bool good = yg_graph_error(graph) == NULL;
    for (size_t k = 0; good && k < call->count; k++) {
        data[k] = sample_data(call, k);
        leaves[k] = (gradient_leaf){.node = inputs[k], .data = data[k]};
        good = data[k] != NULL;
    }
    if (!good)
        fail(why, "%s", graph_reason(graph));
    const yg_type *type = good ? yg_node_type(graph, results[result]) : NULL;
    bool moved = false; /* there is an operand to differentiate by */
    for (size_t k = 0; k < call->count; k++)
        moved = moved || (call->types[k].dtype == YG_F64 && yg_type_count(&call->types[k]) > 0);
    if (good && moved && yg_dtype_is_float(type->dtype)) {
        if (call->op->flags & YG_OP_NON_DIFFERENTIABLE)
            good = check_no_gradient(graph, results[result], inputs, call->count, why);
        else
            good = gradient_check(graph, results[result], leaves, call->count, SEED, why);
        yg_error error = {0};
        if (good && !yg_graph_verify(graph, &error))
            good = fail(why, "the verifier, after differentiating: %s", error.message);
        counts->gradients += yg_type_count(type) > 0;
    }
    for (size_t k = 0; k < call->count; k++)
        free(data[k]);
    yg_graph_free(graph);
    return good;
}

static bool check_gradients(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                            operator_counts *counts, char *why) {
    sample_call call;
    bool good = sample_draw(&call, op, sample, YG_F64, YG_F64, SEED, why);
    yg_node inputs[YG_SAMPLE_OPERANDS], results[SAMPLE_RESULTS];
    yg_graph *graph = yg_graph_new(ops, YG_GRAPH_F64);
    const size_t count = good && graph ? sample_apply(&call, graph, inputs, results) : 0;
    if (good && count == 0)
        good = fail(why, "cannot be built: %s", graph_reason(graph));
    for (size_t result = 0; good && result < count; result++)
        good = check_gradient(ops, &call, result, counts, why);
    yg_graph_free(graph);
    sample_free(&call);
    return good;
}

static bool check_definition(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                             operator_counts *counts, char *why) {
    if (!op->compose || yg_op_is_composite(op))
        return true;
    sample_call call;
    const bool good =
        sample_draw(&call, op, sample, YG_F64, YG_F64, SEED, why) &&
        definition_check(ops, &call, SEED, &counts->defined, &counts->defined_slopes, why);
    sample_free(&call);
    return good;
}

/* -------------------------------------------------------------------------------------- all -- */

bool operator_check_sample(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                           operator_counts *counts, char *why) {
    return check_values(ops, op, sample, counts, why) &&
           check_narrow(ops, op, sample, counts, why) &&
           check_gradients(ops, op, sample, counts, why) &&
           check_definition(ops, op, sample, counts, why) &&
           plan_check(ops, op, sample, YG_F64, counts, why) &&
           plan_check(ops, op, sample, YG_F32, counts, why);
}

bool operator_check(const yg_op_set *ops, const yg_op *op, operator_counts *counts, char *why) {
    char reason[WHY_SIZE];
    *counts = (operator_counts){0};
    if (!operator_check_descriptor(op, reason) || !operator_check_arity(ops, op, reason))
        return fail(why, "%s: %s", op->name ? op->name : "an operator", reason);
    for (size_t s = 0; s < op->sample_count; s++) {
        const yg_sample *sample = &op->samples[s];
        if (operator_check_sample(ops, op, sample, counts, reason))
            continue;
        char operands[400] = "";
        for (size_t k = 0; k < YG_SAMPLE_OPERANDS && sample->operands[k]; k++) {
            const size_t used = strlen(operands);
            snprintf(operands + used, sizeof operands - used, "%s%s", k ? ", " : "",
                     sample->operands[k]);
        }
        return fail(why, "%s, sample %zu (%s): %.1000s", op->name, s, operands, reason);
    }
    if (counts->values == 0 || counts->narrow == 0 || counts->plans == 0)
        return fail(why, "%s: its samples hold no element", op->name);
    if ((op->flags & YG_OP_ELEMENTWISE || counts->has_units) && counts->shared == 0)
        return fail(why, "%s: no sample was shared by threads", op->name);
    if (counts->has_rows && counts->chunked == 0)
        return fail(why, "%s: no sample ran in chunks of rows", op->name);
    if (op->compose && !yg_op_is_composite(op) &&
        (counts->defined == 0 ||
         (counts->defined_slopes == 0 && !(op->flags & YG_OP_NON_DIFFERENTIABLE))))
        return fail(why, "%s: its definition was not compared", op->name);
    if (counts->gradients == 0 && op->max_operands > 0 && !(op->flags & YG_OP_NON_DIFFERENTIABLE))
        return fail(why, "%s: no sample has a derivative", op->name);
    return true;
}
